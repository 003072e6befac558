"""Writes what is no report (a comparison, a history, a fleet) in the forms that it has."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from bitpath_cli import archive
from bitpath_cli.commands._screen import say
from bitpath_cli.errors import BadValue

Forms = Mapping[str, Callable[[], str]]


def check(outputs: Sequence[Path] | None, suffixes: Sequence[str]) -> None:
    """Refuse at once a form that there is not, and a place that cannot be written."""
    for path in outputs or ():
        if path.suffix not in suffixes:
            allowed = f"a name that ends in {', '.join(sorted(suffixes))}"
            raise BadValue("--output", str(path), allowed)
        archive.check_writable(path)


def deliver(
    forms: Forms, outputs: Sequence[Path] | None, as_json: bool, screen: Callable[[], str]
) -> None:
    """Files first, because a screen may go away; the screen in any case."""
    try:
        for path in outputs or ():
            archive.write(path, forms[path.suffix]())
    finally:
        say(forms[".json"]() if as_json else screen())
