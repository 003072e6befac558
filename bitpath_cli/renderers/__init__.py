"""The forms in which a report is shown: one file per form, each ending in a `RENDERER`."""

from collections.abc import Callable
from dataclasses import dataclass

from bitpath_cli.model.report import Report


@dataclass(frozen=True, slots=True)
class Renderer:
    """The room's contract: the file suffix that names the form, and a report as text.

    `needs` are the libraries that it imports while it renders.
    """

    summary: str
    suffix: str
    render: Callable[[Report], str]
    needs: tuple[str, ...] = ()
