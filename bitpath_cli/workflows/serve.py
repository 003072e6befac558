"""Answers with a model over HTTP until it is stopped, and says how it is asked."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bitpath_cli import archive
from bitpath_cli.benchmarks._tcp_connect import place
from bitpath_cli.benchmarks._tcp_hello import make_token
from bitpath_cli.errors import BadValue, CannotListen, UnwritableOutput
from bitpath_cli.launchers._way import is_loopback
from bitpath_cli.serving.service import BODY_BYTES, Bounds, serve
from bitpath_cli.workflows.peers import parse_place, read_token

PORT: Final = 29471
HERE: Final = f"127.0.0.1:{PORT}"


@dataclass(frozen=True, slots=True)
class Offer:
    """What is served and where; without a token file a token is made and said once."""

    model: str
    place: str = HERE
    token_file: Path | None = None
    precision: str = "float32"
    engine: str = "eager"
    batch_size: int = 1
    threads: int | None = None
    most_waiting: int = 32
    request_seconds: float = 30.0
    body_bytes: int = BODY_BYTES


def offer(wanted: Offer, remark: Callable[[str], None]) -> None:
    """Serve until a signal comes.

    Raises CannotListen for an address that others reach when no token file was named, BadModel for
    a model that cannot be had.
    """
    from bitpath_cli.workflows._served_model import open_served
    from bitpath_cli.workflows.infer import check_model, count_threads, find_quota

    host, port = parse_place("--listen", wanted.place)
    check_model(wanted.model)
    is_local = _is_loopback(host)
    if not is_local and wanted.token_file is None:
        raise CannotListen(
            f"{host}:{port}", "other hosts reach that address, and no token file was named",
            "Name one with --token-file FILE; where there is no such file, it is made.",
        )  # fmt: skip
    token = make_token() if wanted.token_file is None else _find_token(wanted.token_file)
    threads = wanted.threads or count_threads()
    with open_served(
        wanted.model, wanted.precision, wanted.engine, wanted.batch_size, threads, find_quota()
    ) as model:

        def say(bound: int) -> None:
            where = f"http://{place(host, bound)}"
            modules = model.describe()["modules"]
            remark(f"Serving {wanted.model} in {wanted.precision}, {modules} modules, at {where}")
            if wanted.token_file is None:
                remark(f"The token, said this once: {token}")
            if not is_local:
                remark("What is sent, the token included, can be read on the way.")
            remark("On the other host, with the token in a file, type:")
            remark(f"  bitpath bench inference --model {wanted.model} --remote {where} "
                   f"--token-file {wanted.token_file or 'FILE'}")  # fmt: skip

        bounds = Bounds(wanted.body_bytes, wanted.most_waiting, wanted.request_seconds)
        serve(model, host, port, token, bounds, say)


def _find_token(path: Path) -> str:
    """The token in a file, which is made, for its owner alone, where there is none."""
    if path.exists():
        return read_token("--token-file", path)
    token = make_token()
    archive.check_writable(path)
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(number, "w") as file:
            file.write(f"{token}\n")
    except OSError as error:
        raise UnwritableOutput(
            str(path), error.strerror or str(error), "Name another with --token-file."
        ) from error
    return token


def _is_loopback(host: str) -> bool:
    try:
        return is_loopback("127.0.0.1" if host == "localhost" else host)
    except ValueError as error:
        raise BadValue("--listen", host, "an address of this host, such as 10.0.0.1") from error
