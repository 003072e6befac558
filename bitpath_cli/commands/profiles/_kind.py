"""The kinds of profile, and the kind of one that was named without it."""

from typing import Annotated, Literal

import typer

KindName = Literal["workload", "device", "site"]
KindOption = Annotated[
    KindName | None,
    typer.Option(
        "--kind", "-k", metavar="KIND", help="workload, device or site.", show_default=False
    ),
]


def kind_of(name: str, kind: KindName | None) -> KindName:
    """The kind that was asked for, else that of the file, else the first that knows the name."""
    from pathlib import Path

    from bitpath_cli import catalogue
    from bitpath_cli.errors import UnknownName

    if kind is not None:
        return kind
    if Path(name).is_file():
        return catalogue.kind_of(Path(name))
    known = {each: catalogue.names(each) for each in catalogue.KINDS}
    found = next((each for each, names in known.items() if name in names), None)
    if found is None:
        everything = tuple(sorted(each for names in known.values() for each in names))
        raise UnknownName("profile", name, everything, "See them all: bitpath profiles list")
    return found
