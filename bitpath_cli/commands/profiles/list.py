"""`bitpath profiles list`: every profile that can be named."""

from bitpath_cli.commands import Command, Example
from bitpath_cli.commands._options import Json
from bitpath_cli.commands.profiles._kind import KindOption


def list_profiles(kind: KindOption = None, as_json: Json = False) -> None:
    """List the profiles that can be named: those shipped, and your own."""
    import json

    from bitpath_cli import catalogue
    from bitpath_cli.commands._listing import Row
    from bitpath_cli.commands._listing import show as show_rows
    from bitpath_cli.commands._screen import say

    kinds = catalogue.KINDS if kind is None else (kind,)
    found = tuple(each for one in kinds for each in catalogue.entries(one))
    if as_json:
        told = [
            {
                "kind": each.kind, "name": each.name, "path": str(each.path),
                "shipped": each.is_shipped, "used": not each.is_shadowed,
                "summary": each.summary, "problem": each.problem,
            }
            for each in found
        ]  # fmt: skip
        say(json.dumps(told, indent=2, ensure_ascii=False) + "\n")
        return
    show_rows(
        [
            Row(
                each.kind, each.name, each.problem or each.summary,
                _remark(each.is_shipped, each.is_shadowed, each.problem),
            )
            for each in found
        ]
    )  # fmt: skip


def _remark(shipped: bool, shadowed: bool, problem: str) -> str:
    if problem:
        return "not usable"
    if shadowed:
        return "hidden by another of this name"
    return "" if shipped else "yours"


COMMAND = Command(
    run=list_profiles,
    panel="Reports and profiles",
    examples=(
        Example("bitpath profiles list", "all of them"),
        Example("bitpath profiles list --kind device", "the machines that could be had"),
    ),
)
