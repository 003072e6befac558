"""`bitpath bench network`: the benchmark tcp, on this host alone or with another."""

from pathlib import Path
from typing import Annotated

import typer

from bitpath_cli.commands import Command, Example
from bitpath_cli.commands._options import Budget, Json, Outputs, Repeat
from bitpath_cli.commands.bench._run import run

_PANEL = "Between two hosts"
_Address = Annotated[
    str,
    typer.Argument(
        metavar="HOST:PORT", help="With --listen: where. Loopback unless you name an address.",
        show_default=False,
    ),
]  # fmt: skip
_Listen = Annotated[
    bool,
    typer.Option(
        "--listen", rich_help_panel=_PANEL, help="Serve one test from another host, then end."
    ),
]
_Peer = Annotated[
    str,
    typer.Option(
        metavar="HOST[:PORT]", rich_help_panel=_PANEL, help="Measure with the listener there."
    ),
]
_Token = Annotated[
    str,
    typer.Option(metavar="TOKEN", rich_help_panel=_PANEL, help="What that listener printed."),
]
_TokenFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", rich_help_panel=_PANEL, help="A token of your own, the same on both hosts."
    ),
]
_Allow = Annotated[
    list[str] | None,
    typer.Option(
        metavar="HOST", rich_help_panel=_PANEL,
        help="With --listen: let this host in, without a token (repeatable).",
    ),
]  # fmt: skip
_For = Annotated[
    str,
    typer.Option(
        "--for", metavar="TIME", rich_help_panel=_PANEL,
        help="With --listen: end after this time at the latest.",
    ),
]  # fmt: skip


def network(
    address: _Address = "",
    listen: _Listen = False,
    peer: _Peer = "",
    token: _Token = "",
    token_file: _TokenFile = None,
    allow: _Allow = None,
    longest: _For = "15min",
    budget: Budget = "standard",
    repeat: Repeat = 1,
    output: Outputs = None,
    as_json: Json = False,
) -> None:
    """How fast TCP is to another host; without one, over loopback, which is no network."""
    from bitpath_cli.workflows.peers import meet, read_token

    told = token or ("" if token_file is None else read_token("--token-file", token_file))
    if listen:
        _refuse(bool(peer), "--peer", "beside --listen", "one of the two on each host")
        _refuse(bool(output), "--output", "beside --listen", "it on the other host, which measures")
        _serve(address, told, token_file, tuple(allow or ()), longest)
        return
    _refuse(bool(address), "HOST:PORT", "without --listen", "--peer to name another host")
    _refuse(bool(allow), "--allow", "without --listen", "it on the host that listens")
    _refuse(bool(told) and not peer, "--token", "without --peer", "it with --peer or --listen")
    if not peer:
        run(("tcp",), budget, output, as_json, repeat=repeat)
        return
    with meet((peer,), (told,) if told else ()) as peers:
        run(("tcp",), budget, output, as_json, repeat=repeat, peers=peers)


def _refuse(is_wrong: bool, option: str, how: str, allowed: str) -> None:
    from bitpath_cli.errors import BadValue

    if is_wrong:
        raise BadValue(option, how, allowed)


def _serve(
    address: str, token: str, token_file: Path | None, allowed: tuple[str, ...], longest: str
) -> None:
    from bitpath_cli.amounts import parse
    from bitpath_cli.commands._screen import remark
    from bitpath_cli.model.units import SECOND
    from bitpath_cli.workflows.listen import Offer, listen

    offer = Offer(
        place=address, token=token, token_file="" if token_file is None else str(token_file),
        allowed=allowed, limit_seconds=parse(longest, SECOND, "--for"),
    )  # fmt: skip
    listen(offer, remark)


COMMAND = Command(
    run=network,
    panel="Look and measure",
    examples=(
        Example("bitpath bench network --listen 10.0.0.1", "on one host; it prints the next line"),
        Example("bitpath bench network --peer 10.0.0.1 --token …", "on the other, as it was told"),
        Example("bitpath bench network", "loopback: the processors' own limit, and no network"),
    ),
)
