"""A Ray cluster with a node on every host of the lab, without its dashboard and usage reports."""

import contextlib
import shutil
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from tests.lab.hosts import Hosts

PORT = 6379
_STORE_BYTES = 80_000_000


def lacking() -> str:
    """Why there can be no cluster here, or nothing."""
    return "" if find_spec("ray") else "needs Ray: pip install 'bitpath-cli[ray]'"


@contextlib.contextmanager
def ray_cluster(made: Hosts, folder: Path) -> Iterator[str]:
    """The cluster's address; `folder` must have a short name, because sockets lie in it."""
    ray = shutil.which("ray", path=str(Path(sys.executable).parent)) or "ray"
    address = f"{made.address(0)}:{PORT}"
    try:
        for host in range(made.count):
            role = ("--head", f"--port={PORT}", "--include-dashboard=false") if host == 0 else (
                f"--address={address}",
            )  # fmt: skip
            started = made.run(
                host, ray, "start", *role, f"--node-ip-address={made.address(host)}",
                "--num-cpus=1", f"--object-store-memory={_STORE_BYTES}", "--disable-usage-stats",
                *((f"--temp-dir={folder}",) if host == 0 else ()),
            )  # fmt: skip
            out, err = started.communicate(timeout=60)
            assert started.returncode == 0, out + err
        yield address
    finally:
        for host in range(made.count):
            made.kill(host)
