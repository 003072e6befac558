"""The only door to the machine: files below a root, commands, clocks, limits, libraries and NVML.

Whatever the machine refuses comes back as a Missing. A recorded machine is a folder with its files
below it and an `Outside` that answers what is not a file; see tests/recorded.py.
"""

import contextlib
import errno
import fnmatch
import importlib.metadata
import os
import resource
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Final, Protocol

from bitpath_cli.model.reading import Missing, absent, denied, failed, unsupported

READ_LIMIT: Final = 1 << 20
_LINKS_LIMIT: Final = 40
_DENIED: Final = frozenset({errno.EACCES, errno.EPERM})
_ABSENT: Final = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ENODEV, errno.ENXIO})
_UNSUPPORTED: Final = frozenset({errno.EINVAL, errno.EOPNOTSUPP, errno.ENOTTY, errno.ENODATA})


@dataclass(frozen=True, slots=True)
class Space:
    """What statvfs tells of a filesystem: bytes in all and for this user, and free inodes."""

    total_bytes: int
    available_bytes: int
    available_inodes: int


@dataclass(frozen=True, slots=True)
class Output:
    """What a command printed and how it ended."""

    code: int
    stdout: str
    stderr: str


class Outside(Protocol):
    """What of a machine is not a file below its root."""

    def affinity(self) -> tuple[int, ...]:
        """The logical CPUs that this process may run on."""
        ...

    def environment(self) -> Mapping[str, str]:
        """The environment; probes pick named variables and never dump it."""
        ...

    def user_id(self) -> int:
        """The effective user id."""
        ...

    def process_id(self) -> str:
        """The name of this process's folder in /proc."""
        ...

    def hostname(self) -> str:
        """The node's name."""
        ...

    def machine(self) -> str:
        """The hardware name, as `uname -m` prints it."""
        ...

    def ulimit(self, name: str) -> int | Missing | None:
        """The soft limit `RLIMIT_<name>`, None for unlimited."""
        ...

    def space(self, path: str) -> Space | Missing:
        """The filesystem's room at a path; a hung network filesystem ends in a Missing."""
        ...

    def device_number(self, path: str) -> tuple[int, int] | Missing:
        """Major and minor of the device that holds a path."""
        ...

    def installed_version(self, distribution: str) -> str | None:
        """The version of an installed Python distribution, without importing it."""
        ...

    def run(self, arguments: Sequence[str], limit_seconds: float) -> Output | Missing:
        """Run a program without a shell, with the C locale and a time limit."""
        ...

    def nvml(self) -> ModuleType | Missing:
        """The module `pynvml`, initialised, or why NVML cannot be asked."""
        ...

    def refusal(self, path: str) -> int | None:
        """The errno with which a recorded machine refused to read a path."""
        ...


class Host:
    """Reads below `root` and asks `outside` for the rest."""

    def __init__(self, root: Path = Path("/"), outside: Outside | None = None) -> None:
        """The live machine unless told otherwise."""
        self.root = root
        self.outside: Outside = Live() if outside is None else outside

    def read_text(self, path: str, limit: int = READ_LIMIT) -> str | Missing:
        """A file's text without its closing newline; `path` begins with a slash."""
        try:
            found = self._locate(path)
            with found.open("rb") as file:
                return file.read(limit).decode("utf-8", "replace").strip("\n\0")
        except OSError as error:
            return _refused(path, error)

    def read_bytes(self, path: str, limit: int = READ_LIMIT) -> bytes | Missing:
        """A file's bytes."""
        try:
            with self._locate(path).open("rb") as file:
                return file.read(limit)
        except OSError as error:
            return _refused(path, error)

    def names(self, path: str) -> tuple[str, ...] | Missing:
        """The names in a folder, in natural order: cpu2 before cpu10."""
        try:
            return tuple(sorted(os.listdir(self._locate(path)), key=natural_key))  # noqa: PTH208
        except OSError as error:
            return _refused(path, error)

    def matching(self, folder: str, pattern: str) -> tuple[str, ...]:
        """Full paths of a folder's names that match a shell pattern; none where unreadable."""
        found = self.names(folder)
        if isinstance(found, Missing):
            return ()
        return tuple(f"{folder}/{name}" for name in found if fnmatch.fnmatchcase(name, pattern))

    def exists(self, path: str) -> bool:
        """Whether there is such a path."""
        try:
            self._locate(path).lstat()
        except OSError:
            return False
        return True

    def resolve(self, path: str) -> str | Missing:
        """The path with every link followed, still as seen from the machine's root."""
        try:
            found = self._locate(path)
            found.lstat()
        except OSError as error:
            return _refused(path, error)
        return "/" + str(found.relative_to(self.root)).removeprefix(".")

    def _locate(self, path: str) -> Path:
        """The real place of a path below the root: links never lead out of a recorded machine."""
        if (number := self.outside.refusal(path)) is not None:
            raise OSError(number, os.strerror(number), path)
        if self.root == Path("/"):
            return Path(os.path.realpath(path))
        pending = [part for part in reversed(path.split("/")) if part not in ("", ".")]
        place, links = self.root, 0
        while pending:
            part = pending.pop()
            if part == "..":
                place = place.parent if place != self.root else place
                continue
            step = place / part
            if not step.is_symlink():
                place = step
                continue
            links += 1
            if links > _LINKS_LIMIT:
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
            target = str(step.readlink())
            place = self.root if target.startswith("/") else place
            pending += [each for each in reversed(target.split("/")) if each not in ("", ".")]
        real = "/" + str(place.relative_to(self.root))
        if (number := self.outside.refusal(real)) is not None:
            raise OSError(number, os.strerror(number), path)
        return place


class Live:
    """The machine that this process runs on."""

    def affinity(self) -> tuple[int, ...]:
        """See Outside."""
        return tuple(sorted(os.sched_getaffinity(0)))

    def environment(self) -> Mapping[str, str]:
        """See Outside."""
        return os.environ

    def user_id(self) -> int:
        """See Outside."""
        return os.geteuid()

    def process_id(self) -> str:
        """See Outside."""
        return "self"

    def hostname(self) -> str:
        """See Outside."""
        return os.uname().nodename

    def machine(self) -> str:
        """See Outside."""
        return os.uname().machine

    def ulimit(self, name: str) -> int | Missing | None:
        """See Outside."""
        try:
            soft, _ = resource.getrlimit(getattr(resource, f"RLIMIT_{name}"))
        except (AttributeError, OSError, ValueError) as error:
            return unsupported(f"RLIMIT_{name}: {error}")
        return None if soft == resource.RLIM_INFINITY else soft

    def space(self, path: str) -> Space | Missing:
        """See Outside."""
        answer: list[Space | Missing] = []

        def ask() -> None:
            try:
                told = os.statvfs(path)
            except OSError as error:
                answer.append(_refused(path, error))
                return
            answer.append(
                Space(told.f_blocks * told.f_frsize, told.f_bavail * told.f_frsize, told.f_favail)
            )

        asking = threading.Thread(target=ask, daemon=True, name="statvfs")
        asking.start()
        asking.join(2.0)
        if answer:
            return answer[0]
        return failed(
            f"{path}: the filesystem did not answer within 2 s",
            "a network filesystem whose server is gone does this; see 'mount'",
        )

    def device_number(self, path: str) -> tuple[int, int] | Missing:
        """See Outside."""
        try:
            number = Path(path).stat().st_dev
        except OSError as error:
            return _refused(path, error)
        return os.major(number), os.minor(number)

    def installed_version(self, distribution: str) -> str | None:
        """See Outside."""
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            return importlib.metadata.version(distribution)
        return None

    def run(self, arguments: Sequence[str], limit_seconds: float) -> Output | Missing:
        """See Outside."""
        environment = {**os.environ, "LC_ALL": "C"}
        try:
            done = subprocess.run(  # noqa: S603  (an argument list, never a shell)
                list(arguments), capture_output=True, text=True, errors="replace",
                timeout=limit_seconds, env=environment, stdin=subprocess.DEVNULL, check=False,
            )  # fmt: skip
        except OSError as error:
            return _refused(arguments[0], error)
        except subprocess.TimeoutExpired:
            return failed(f"{arguments[0]} did not end within {limit_seconds:g} s")
        return Output(done.returncode, done.stdout, done.stderr)

    def nvml(self) -> ModuleType | Missing:
        """See Outside."""
        try:
            import pynvml
        except ImportError:
            return absent("the package nvidia-ml-py is not installed", "pip install nvidia-ml-py")
        if not hasattr(pynvml, "_nvmlGetFunctionPointer"):
            return unsupported(
                "another package took the name pynvml",
                "pip uninstall pynvml nvidia-ml-py3, then pip install nvidia-ml-py",
            )
        try:
            pynvml.nvmlInit()
        except pynvml.NVMLError as error:
            return _no_nvml(pynvml, error)
        return pynvml  # type: ignore[no-any-return]

    def refusal(self, path: str) -> int | None:
        """The live machine refuses by itself."""
        return None


def monotonic() -> float:
    """Seconds on the monotonic clock."""
    return time.perf_counter()


def natural_key(name: str) -> tuple[tuple[int, str], ...]:
    """Sorts names so that numbers in them count as numbers."""
    parts: list[tuple[int, str]] = []
    digits = ""
    for character in name:
        if character.isdigit():
            digits += character
            continue
        if digits:
            parts.append((int(digits), ""))
            digits = ""
        parts.append((0, character))
    if digits:
        parts.append((int(digits), ""))
    return tuple(parts)


def _refused(path: str, error: OSError) -> Missing:
    number = error.errno or 0
    words = f"{path}: {os.strerror(number) if number else error}"
    if number in _DENIED:
        return denied(words, f"read access to {path}")
    if number in _ABSENT:
        return absent(words)
    if number in _UNSUPPORTED:
        return unsupported(words)
    return failed(words)


def _no_nvml(pynvml: ModuleType, error: Exception) -> Missing:
    """NVML's refusals, told apart: no library is not the same as no GPU."""
    code = getattr(error, "value", None)
    if code == pynvml.NVML_ERROR_LIBRARY_NOT_FOUND:
        return absent("NVML: libnvidia-ml.so.1 was not found: no NVIDIA driver is installed")
    if code == pynvml.NVML_ERROR_DRIVER_NOT_LOADED:
        return failed(
            "NVML: the NVIDIA kernel driver is not loaded",
            "load the module nvidia, or give the container its devices",
        )
    if code == pynvml.NVML_ERROR_LIB_RM_VERSION_MISMATCH:
        return failed(
            "NVML: library and kernel driver are of different versions",
            "the driver was upgraded under a running kernel: reboot",
        )
    if code == pynvml.NVML_ERROR_NO_PERMISSION:
        return denied("NVML: no permission", "access to /dev/nvidiactl and /dev/nvidia*")
    return failed(f"NVML: {error}")
