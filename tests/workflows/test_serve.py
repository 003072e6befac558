import signal
import socket
import stat
from pathlib import Path

import pytest

from bitpath_cli.errors import BadModel, BadValue, CannotListen, UnknownName, UnwritableOutput
from bitpath_cli.workflows._served_model import open_served
from bitpath_cli.workflows._tensors import to_array
from bitpath_cli.workflows.serve import Offer, _find_token, offer
from tests.workflows.served import OWN, served

FACTORIES = OWN.partition(":")[0]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_and_frees_its_port(number: signal.Signals) -> None:
    with served(OWN) as made:
        port = int(made.link.url.rpartition(":")[2])
        made.process.send_signal(number)
        assert made.process.wait(20) == 128 + number
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0


def refuse(wanted: Offer) -> None:
    offer(wanted, lambda _: pytest.fail("it must not serve"))


@pytest.mark.parametrize("place", ["0.0.0.0:0", "10.1.2.3:80", "[::]:80"])
def test_others_are_not_let_in_without_a_token_file(place: str) -> None:
    with pytest.raises(CannotListen, match="no token file was named"):
        refuse(Offer(OWN, place=place))


def test_what_cannot_be_served_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="resnet"):
        refuse(Offer("resnet5"))
    with pytest.raises(BadModel, match="KeyError"):
        refuse(Offer(f"{FACTORIES}:broken", place="127.0.0.1:0"))
    with pytest.raises(BadModel, match="--engine compiled"):
        refuse(Offer(OWN, place="127.0.0.1:0", precision="int8-static"))
    with pytest.raises(BadModel, match="there is no such file"):
        refuse(Offer(str(tmp_path / "gone.onnx")))
    with pytest.raises(BadValue, match="--listen"):
        refuse(Offer(OWN, place="no-such-name.invalid:80"))


def test_a_token_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "token"
    token = _find_token(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert _find_token(path) == token == path.read_text().strip()
    with pytest.raises(UnwritableOutput):
        _find_token(tmp_path / "no" / "such" / "folder")


def test_a_model_is_asked_whole_or_from_a_module_on() -> None:
    with open_served(OWN, "float32", "eager", 1, 1) as model:
        assert model.describe()["modules"] == 3
        inputs = tuple(map(to_array, model.subject.draw(2, 1)))
        (whole,) = model.answer(0, inputs)
        assert whole.shape == (2, 3)
        with pytest.raises(ValueError, match="the inputs must be"):
            model.answer(0, (whole,))
        with pytest.raises(ValueError, match="cannot be entered at module 3"):
            model.answer(3, inputs)


def test_a_narrowed_model_is_asked_whole_alone() -> None:
    with open_served("mlp", "bfloat16", "eager", 1, 1) as model:
        assert model.describe()["modules"] == 1
        inputs = tuple(map(to_array, model.subject.draw(1, 1)))
        (answer,) = model.answer(0, inputs)
        assert answer.dtype == "float32"
        with pytest.raises(ValueError, match="cannot be entered"):
            model.answer(1, inputs)
