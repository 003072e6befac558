"""Many small files in a folder of their own: opened, read and closed, as a data set of files is.

They need names, so they can be left behind where the process is killed outright: the folder is
locked (flock(2)) for as long as it is used, and whoever comes next removes one that is not.
"""

import contextlib
import fcntl
import mmap
import os
import random
import secrets
import signal
from array import array
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Final

from bitpath_cli.benchmarks import Context
from bitpath_cli.benchmarks._at_once import run_at_once
from bitpath_cli.benchmarks._byte_account import ByteAccount
from bitpath_cli.benchmarks._directory import refusal
from bitpath_cli.benchmarks._disk_kinds import SMALL_FILE_BYTES, Kind
from bitpath_cli.benchmarks._latency import thin
from bitpath_cli.benchmarks._rounds import Rounds
from bitpath_cli.host import monotonic

_PREFIX: Final = ".bitpath-files-"
_STAMP_BYTES: Final = 8


class SmallFiles:
    """Paths of files that are all of one size; each begins with its own number."""

    def __init__(self, folder: str) -> None:
        self.paths: list[str] = []
        self._folder = folder
        self._first = secrets.randbits(62)

    def fill(self, count: int, limit_seconds: float) -> None:
        """Write so many, past the page cache, but no longer than the limit and at least one."""
        end = monotonic() + limit_seconds
        content = mmap.mmap(-1, SMALL_FILE_BYTES)
        content.write(os.urandom(SMALL_FILE_BYTES))
        for number in range(count):
            path = f"{self._folder}/{number:06d}"
            content[:_STAMP_BYTES] = (self._first + number).to_bytes(_STAMP_BYTES, "little")
            with _opened(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_DIRECT) as descriptor:
                if os.pwrite(descriptor, content, 0) != SMALL_FILE_BYTES:
                    os.pwrite(descriptor, content, 0)
            self.paths.append(path)
            if monotonic() > end:
                return

    def drop_cache(self) -> None:
        """Have the page cache forget what is in them; names and inodes it may keep."""
        for path in self.paths:
            with _opened(path, os.O_RDONLY) as descriptor:
                os.fsync(descriptor)
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)

    def find_damage(self) -> str | None:
        """Whether a file still begins with its own number."""
        number = random.randrange(len(self.paths))  # noqa: S311
        with _opened(self.paths[number], os.O_RDONLY) as descriptor:
            got = os.pread(descriptor, _STAMP_BYTES, 0)
        if int.from_bytes(got, "little") == self._first + number:
            return None
        return f"file {number} did not hold what was written into it"


class FileReads:
    """Every file once in a shuffled order, by so many threads; then the cache forgets them."""

    def __init__(self, kind: Kind, files: SmallFiles, context: Context) -> None:
        self._kind = kind
        self._files = files
        self._directory = context.directory
        self._buffers = [mmap.mmap(-1, SMALL_FILE_BYTES) for _ in range(kind.depth)]
        self._rounds = Rounds(self._start_over)
        self._latencies = array("d")
        self._account = ByteAccount(context, "read")

    def run(self, operations: int) -> float:
        """See Trial."""
        seconds = 0.0
        try:
            for now in self._rounds.take(operations * self._kind.requests):
                with self._account.asking(len(now) * SMALL_FILE_BYTES):
                    pending = iter(now)
                    work = [partial(self._work, pending, each) for each in self._buffers]
                    seconds += run_at_once(work, OSError)
        except OSError as error:
            raise refusal(error, self._directory) from error
        return seconds

    def find_error(self) -> str | None:
        """See Trial: whether a file still holds what was written into it."""
        return self._files.find_damage()

    def evidence(self) -> Mapping[str, tuple[float, ...]]:
        """See Loop."""
        return {
            **self._account.evidence(),
            "latency": thin(self._latencies),
            "file_bytes": (float(len(self._files.paths) * SMALL_FILE_BYTES),),
            "wrong": (float(self.find_error() is not None),),
        }

    def _start_over(self) -> list[str]:
        self._files.drop_cache()
        return random.sample(self._files.paths, len(self._files.paths))

    def _work(self, pending: Iterator[str], buffer: mmap.mmap) -> None:
        into, keep = [buffer], self._latencies.append
        for path in pending:
            begin = monotonic()
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                got = os.preadv(descriptor, into, 0)
            finally:
                os.close(descriptor)
            keep(monotonic() - begin)
            if got != SMALL_FILE_BYTES:
                words = f"something cut a test file short: {got} of {SMALL_FILE_BYTES} B were left"
                raise OSError(None, words)


@contextlib.contextmanager
def small_files(directory: str) -> Iterator[SmallFiles]:
    """An empty folder for as long as the context lasts, SIGTERM included."""
    folder = f"{directory}/{_PREFIX}{secrets.token_hex(8)}"
    before = signal.signal(signal.SIGTERM, _leave)
    try:
        os.mkdir(folder, 0o700)  # noqa: PTH102
        try:
            with _locked(folder):
                yield SmallFiles(folder)
        finally:
            _remove(folder)
    finally:
        signal.signal(signal.SIGTERM, before)


def sweep(directory: str) -> None:
    """Remove what a process that was killed outright has left in a directory."""
    with contextlib.suppress(OSError), os.scandir(directory) as entries:
        left = [
            each.path
            for each in entries
            if each.name.startswith(_PREFIX)
            and each.is_dir(follow_symlinks=False)
            and each.stat(follow_symlinks=False).st_uid == os.geteuid()
        ]
        for folder in left:
            # Another process that measures here holds its own.
            with contextlib.suppress(OSError), _locked(folder):
                _remove(folder)


@contextlib.contextmanager
def _locked(folder: str) -> Iterator[None]:
    with _opened(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW) as descriptor:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


@contextlib.contextmanager
def _opened(path: str, flags: int) -> Iterator[int]:
    descriptor = os.open(path, flags | os.O_CLOEXEC, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _remove(folder: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        for name in os.listdir(folder):  # noqa: PTH208
            with contextlib.suppress(FileNotFoundError):
                os.unlink(f"{folder}/{name}")  # noqa: PTH108
        os.rmdir(folder)  # noqa: PTH106


def _leave(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)
