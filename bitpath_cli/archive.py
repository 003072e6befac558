"""Loads, migrates and atomically saves reports; the format's history stands in model/report.py."""

import contextlib
import json
import os
import secrets
import stat
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import IO, Any, Final

from pydantic import ValidationError

from bitpath_cli.errors import UnreadableReport, UnwritableOutput
from bitpath_cli.model.report import SCHEMA_VERSION, Report

SIZE_LIMIT: Final = 256 << 20
_PIECE_BYTES: Final = 1 << 20
_OWNER_ALONE: Final = 0o600
_UPGRADE: Final = "Upgrade this one: pip install --upgrade bitpath-cli"
_MAKE_ANEW: Final = "Make a new one: bitpath assess --output report.json"

Document = dict[str, Any]
Step = Callable[[Document], Document]
STEPS: Final[Mapping[int, Step]] = {}
"""From each old version the step to the next; version 1 is the first, so there is none yet."""


def load(path: str | Path) -> Report:
    """The report in a file, brought to today's format; UnreadableReport says what is wrong."""
    return parse(str(path), _read(Path(path)))


def parse(source: str, content: bytes) -> Report:
    """The report in a document that came from elsewhere; UnreadableReport calls it `source`."""
    document = migrate(source, _parse(source, content), STEPS, SCHEMA_VERSION)
    try:
        return Report.model_validate(document)
    except ValidationError as error:
        raise UnreadableReport(source, _explain(error), _MAKE_ANEW) from error
    except RecursionError as error:
        raise UnreadableReport(source, "it is nested too deeply", _MAKE_ANEW) from error


def migrate(path: str, document: Document, steps: Mapping[int, Step], newest: int) -> Document:
    """Take one step after the other until the document has the newest version."""
    version = document.get("schema_version")
    if not isinstance(version, int) or isinstance(version, bool):
        raise UnreadableReport(path, "it has no schema_version, so it is not ours", _MAKE_ANEW)
    if version > newest:
        raise UnreadableReport(
            path,
            f"it has format version {version}, and this bitpath reads versions up to {newest}",
            _UPGRADE,
        )
    for step in range(version, newest):
        if step not in steps:
            raise UnreadableReport(path, f"nobody knows its format version {version}", _MAKE_ANEW)
        document = {**steps[step](document), "schema_version": step + 1}
    return document


def save(report: Report, path: str | Path) -> None:
    """Write a report as JSON; the file is whole or not there, and its owner alone may read it."""
    write(path, report.model_dump_json(indent=2) + "\n")


def write(path: str | Path, text: str) -> None:
    """Write a file as a whole: a temporary one beside it takes its place when it is complete.

    Raises UnwritableOutput, and leaves nothing behind, for any refusal of the system.
    """
    write_parts(path, (text,))


def write_parts(path: str | Path, parts: Iterable[str]) -> None:
    """The same for a text that never stands in memory as a whole."""
    target = Path(os.path.realpath(path))
    try:
        if target.exists() and not target.is_file():
            _write_into(target, parts)
        else:
            _replace(target, parts)
    except OSError as error:
        raise _unwritable(str(path), error) from error


def write_folder(
    folder: str | Path, files: Mapping[str, str], scripts: frozenset[str], *, replace: bool
) -> None:
    """Write files into a folder, each whole or not there, all of them complete before the first.

    Raises UnwritableOutput before anything is changed where one is there already and `replace` is
    false, and for any refusal of the system. `scripts` may be executed.
    """
    target = Path(os.path.realpath(folder))
    there = sorted(name for name in files if os.path.lexists(target / name))
    if there and not replace:
        shown = ", ".join(there[:3]) + (" and more" if len(there) > 3 else "")
        raise UnwritableOutput(
            str(folder), f"it already holds {shown}", "Name another directory, or add --force."
        )
    written: list[tuple[Path, Path]] = []
    made_folder = False
    try:
        made_folder = not target.exists()
        target.mkdir(exist_ok=True)
        for name, text in files.items():
            waiting = target / f"{_prefix(target / name)}{secrets.token_hex(8)}.tmp"
            written.append((waiting, target / name))
            _write_new(waiting, (text,), 0o777 if name in scripts else 0o666)
        for waiting, final in written:
            waiting.replace(final)
        _sync_folder(target)
    except BaseException as error:
        for waiting, _ in written:
            with contextlib.suppress(OSError):
                waiting.unlink()
        if made_folder:
            with contextlib.suppress(OSError):
                target.rmdir()
        if isinstance(error, OSError):
            raise _unwritable(str(folder), error) from error
        raise


def _write_new(path: Path, parts: Iterable[str], mode: int) -> None:
    """Write a file that was not there; the umask takes from `mode` what it takes from others'."""
    number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with os.fdopen(number, "w", encoding="utf-8") as file:
        file.writelines(parts)
        file.flush()
        os.fsync(file.fileno())


def check_writable(path: str | Path) -> None:
    """Raise UnwritableOutput now rather than after minutes of measuring."""
    target = Path(os.path.realpath(path))
    try:
        if target.is_dir():
            raise IsADirectoryError(21, "Is a directory")
        if target.exists() and not target.is_file():
            return
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=_prefix(target)):
            pass
    except OSError as error:
        raise _unwritable(str(path), error) from error


def _replace(target: Path, parts: Iterable[str]) -> None:
    # The name is known before the file is there, so that no signal falls between the two.
    name = target.parent / f"{_prefix(target)}{secrets.token_hex(8)}.tmp"
    try:
        _write_new(name, parts, _OWNER_ALONE)
        name.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            name.unlink()
        raise
    _sync_folder(target.parent)


def _write_into(target: Path, parts: Iterable[str]) -> None:
    """A pipe or a device is written as it is: renaming would put a file in its place."""
    with target.open("w", encoding="utf-8") as file:
        file.writelines(parts)


def _sync_folder(folder: Path) -> None:
    """Make the new name durable; some filesystems cannot, and the file is whole all the same."""
    with contextlib.suppress(OSError):
        number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def _prefix(target: Path) -> str:
    # 255 bytes is the longest name that Linux filesystems take, and ours adds a few.
    return f".{target.name[:40]}."


def _unwritable(path: str, error: OSError) -> UnwritableOutput:
    problem = os.strerror(error.errno) if error.errno else str(error)
    folder = str(Path(path).parent)
    steps: Mapping[type[OSError], str] = {
        FileNotFoundError: f"Make the directory first: mkdir -p {folder}",
        IsADirectoryError: f"Name a file in it: --output {Path(path) / 'report.json'}",
        PermissionError: "Name a directory that you may write to.",
    }
    return UnwritableOutput(
        path, problem, steps.get(type(error), "Name a place on another filesystem.")
    )


def _read(path: Path) -> bytes:
    try:
        if stat.S_ISREG(path.stat().st_mode) and path.stat().st_size > SIZE_LIMIT:
            raise UnreadableReport(str(path), "it is larger than 256 MiB", _MAKE_ANEW)
        with path.open("rb") as file:
            content = _read_at_most(file, SIZE_LIMIT + 1)
    except OSError as error:
        problem = os.strerror(error.errno) if error.errno else str(error)
        raise UnreadableReport(str(path), problem, _MAKE_ANEW) from error
    if len(content) > SIZE_LIMIT:
        raise UnreadableReport(str(path), "it is larger than 256 MiB", _MAKE_ANEW)
    return content


def _read_at_most(file: IO[bytes], most: int) -> bytes:
    """In pieces: asked for it all at once, Python would first reserve the whole of `most`."""
    pieces: list[bytes] = []
    while most > 0 and (piece := file.read(min(most, _PIECE_BYTES))):
        pieces.append(piece)
        most -= len(piece)
    return b"".join(pieces)


def _parse(path: str, content: bytes) -> Document:
    if not content.strip():
        raise UnreadableReport(path, "it is empty", _MAKE_ANEW)
    try:
        document = json.loads(content)
    except json.JSONDecodeError as error:
        ends = error.pos >= len(error.doc.rstrip()) or "Unterminated" in error.msg
        problem = (
            "it ends in the middle, so it was cut short"
            if ends
            else f"it is not JSON (line {error.lineno}, column {error.colno}: {error.msg})"
        )
        raise UnreadableReport(path, problem, _MAKE_ANEW) from error
    except RecursionError as error:
        raise UnreadableReport(path, "it is nested too deeply", _MAKE_ANEW) from error
    except ValueError as error:
        raise UnreadableReport(path, f"it is not JSON ({error})", _MAKE_ANEW) from error
    if not isinstance(document, dict):
        raise UnreadableReport(path, "it is JSON, but not a report", _MAKE_ANEW)
    return document


def _explain(error: ValidationError) -> str:
    first, *more = error.errors(include_url=False, include_context=False)
    place = ".".join(str(step) for step in first["loc"]) or "the document"
    others = f", and {len(more)} more like it" if more else ""
    return f"{place}: {first['msg']}{others}"
