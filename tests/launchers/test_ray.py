import socket
from importlib.util import find_spec

import pytest

from bitpath_cli.errors import BadValue, PeerFailed
from bitpath_cli.launchers import ray

pytestmark = pytest.mark.skipif(
    find_spec("ray") is None, reason="needs Ray: pip install 'bitpath-cli[ray]'"
)


def test_without_ray_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray, "find_spec", lambda _name: None)
    with pytest.raises(BadValue, match=r"pip install 'bitpath-cli\[ray\]'"):
        ray.find_place("10.0.0.1:6379", None, 5, 5)


@pytest.mark.parametrize("address", ["", "10.0.0.1", "ray://10.0.0.1:10001", "10.0.0.1:0"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(BadValue, match="HOST:PORT of the cluster's head"):
        ray.find_place(address, None, 5, 5)


def test_an_address_at_which_nothing_listens_is_named_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(PeerFailed, match=r"No Ray cluster answers at .*: connection refused"):
        ray.find_place(f"127.0.0.1:{port}", None, 5, 5)


def test_what_listens_and_is_no_cluster_is_given_up_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PeerFailed, match=r"No Ray cluster took this host within 2 s"):
            ray.find_place(f"127.0.0.1:{port}", None, 2, 5)
