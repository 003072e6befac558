"""An unnamed file that is written past the page cache, block by block.

After open(2): O_TMPFILE makes a file that no name leads to, so nothing can be left behind; O_DIRECT
wants memory, offsets and lengths aligned, which mmap and multiples of 4 KiB are.
"""

import contextlib
import errno
import fcntl
import mmap
import os
import random
import secrets
import signal
from array import array
from collections.abc import Iterator
from typing import Final

from bitpath_cli.host import monotonic

PAGE_BYTES: Final = 4096
BLOCK_BYTES: Final = 1 << 20
_PAGES: Final = BLOCK_BYTES // PAGE_BYTES
_WORDS_PER_PAGE: Final = PAGE_BYTES // 8
# What a kernel or a filesystem without O_TMPFILE answers.
_NO_TMPFILE: Final = frozenset({errno.EISDIR, errno.ENOENT, errno.EOPNOTSUPP})


def make_unnamed(directory: str) -> int:
    """A descriptor of a new file without a name; OSError says why there can be none."""
    try:
        return os.open(directory, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if error.errno not in _NO_TMPFILE or not os.path.isdir(directory):  # noqa: PTH112
            raise
    path = f"{directory}/.bitpath-{secrets.token_hex(8)}"
    # No signal may come between the name's birth and its end.
    held = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600)
        os.unlink(path)  # noqa: PTH108
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)
    return descriptor


class DirectFile:
    """Blocks of 1 MiB that no other block equals, each page of them stamped with its own number."""

    def __init__(self, descriptor: int, largest_bytes: int) -> None:
        """Takes O_DIRECT on; OSError EINVAL where the filesystem refuses it."""
        self.descriptor = descriptor
        self.size_bytes = 0
        fcntl.fcntl(descriptor, fcntl.F_SETFL, os.O_DIRECT)
        pages = largest_bytes // PAGE_BYTES
        first = secrets.randbits(62)
        self._stamps = memoryview(array("Q", range(first, first + pages)))
        self._block = mmap.mmap(-1, BLOCK_BYTES)
        self._block.write(os.urandom(BLOCK_BYTES))
        self._stamped = memoryview(self._block).cast("Q")[::_WORDS_PER_PAGE]

    def append(self) -> float:
        """Write one block behind the last and return its seconds."""
        seconds = self._write(self.size_bytes)
        self.size_bytes += BLOCK_BYTES
        return seconds

    def overwrite(self, block: int) -> float:
        """Write one block over what it held and return its seconds; it holds the same stamps."""
        return self._write(block * BLOCK_BYTES)

    def _write(self, offset: int) -> float:
        page = offset // PAGE_BYTES
        self._stamped[:] = self._stamps[page : page + _PAGES]
        begin = monotonic()
        written = os.pwrite(self.descriptor, self._block, offset)
        if written != BLOCK_BYTES:
            # Asked for the rest, the kernel says why: the disk is full, or a limit is reached.
            rest = memoryview(self._block)[written:]
            os.pwrite(self.descriptor, rest, offset + written)
        return monotonic() - begin

    def use_cache(self) -> None:
        """Read and write through the page cache from now on, as programs do."""
        fcntl.fcntl(self.descriptor, fcntl.F_SETFL, 0)

    def drop_cache(self) -> None:
        """Have the page cache forget the file, so that the next read is the device's."""
        os.fsync(self.descriptor)
        os.posix_fadvise(self.descriptor, 0, 0, os.POSIX_FADV_DONTNEED)

    def sync(self) -> None:
        """Wait until the device has everything."""
        os.fsync(self.descriptor)

    def fill(self, size_bytes: int, limit_seconds: float) -> None:
        """Write up to so many bytes, but no longer than the limit, and at least one block."""
        end = monotonic() + limit_seconds
        while self.size_bytes < size_bytes:
            self.append()
            if monotonic() > end:
                break
        self.sync()

    def find_damage(self, blocks: int | None = None, probes: int = 16) -> str | None:
        """Whether pages here and there of the first blocks still hold what was written there."""
        pages = self.size_bytes // PAGE_BYTES if blocks is None else blocks * _PAGES
        page = mmap.mmap(-1, PAGE_BYTES)
        for _ in range(probes):
            number = random.randrange(pages)  # noqa: S311
            got = os.preadv(self.descriptor, [page], number * PAGE_BYTES)
            if got != PAGE_BYTES or int.from_bytes(page[:8], "little") != self._stamps[number]:
                return f"page {number} of the file did not hold what was written into it"
        return None


@contextlib.contextmanager
def unnamed_file(directory: str, largest_bytes: int) -> Iterator[DirectFile]:
    """A file for as long as the context lasts, and not a moment longer."""
    descriptor = make_unnamed(directory)
    try:
        yield DirectFile(descriptor, largest_bytes)
    finally:
        os.close(descriptor)
