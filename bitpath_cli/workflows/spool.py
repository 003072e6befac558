"""A fleet's members on disk while the rest is read, and the whole document in parts at the end."""

import tempfile
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Self

from bitpath_cli.model.report import Report


class Spool:
    """A nameless file that only this process can read, and that is gone with it."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="bitpath-fleet-")  # noqa: SIM115  (see __exit__)
        self._places: list[tuple[int, int]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._file.close()

    def add(self, text: str) -> None:
        """Keep one member's text."""
        content = text.encode()
        self._places.append((self._file.tell(), len(content)))
        self._file.write(content)

    def texts(self, numbers: Iterable[int]) -> Iterator[str]:
        """The texts of those that stand, each read when it is its turn."""
        for number in numbers:
            offset, length = self._places[number]
            self._file.seek(offset)
            yield self._file.read(length).decode()


def document(head: Report, members: Iterable[str]) -> Iterator[str]:
    """The JSON of a fleet report whose members are JSON already, in parts."""
    text = head.model_dump_json(exclude={"members"})
    yield text.removesuffix("}") + ',"members":['
    for number, member in enumerate(members):
        yield f"{',' if number else ''}\n{member}"
    yield "\n]}\n"
