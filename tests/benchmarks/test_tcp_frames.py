import json
import socket
from collections.abc import Iterator

import pytest

from bitpath_cli.benchmarks._tcp_frames import (
    LONGEST_BYTES,
    Garbled,
    drop,
    number,
    receive,
    send,
    word,
)

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def framed(text: bytes) -> bytes:
    return len(text).to_bytes(4, "big") + text


def test_an_object_comes_as_it_was_sent(pair: Pair) -> None:
    send(pair[0], {"do": "pace", "bytes": 65536})
    send(pair[0], {})
    assert receive(pair[1], 5) == {"do": "pace", "bytes": 65536}
    assert receive(pair[1], 5) == {}


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", "a message of 1397966893 bytes"),
        ((LONGEST_BYTES + 1).to_bytes(4, "big"), "a message of 65537 bytes"),
        (framed(b"{"), "not JSON"),
        (framed(b"\xff\xfe"), "not JSON"),
        (framed(b"[" * 60_000), "not JSON"),
        (framed(b"[1]"), "not an object"),
    ],
)
def test_what_is_no_frame_is_refused(pair: Pair, sent: bytes, words: str) -> None:
    pair[0].sendall(sent)
    with pytest.raises(Garbled, match=words):
        receive(pair[1], 5)


def test_a_frame_that_is_never_finished_ends_with_the_limit(pair: Pair) -> None:
    pair[0].sendall(framed(b"{}")[:5])
    with pytest.raises(TimeoutError):
        receive(pair[1], 0.05)


def test_an_end_that_is_gone_is_an_error(pair: Pair) -> None:
    drop(pair[0])
    with pytest.raises(ConnectionError):
        receive(pair[1], 5)
    drop(pair[0])


def test_a_frame_that_would_be_refused_is_not_sent(pair: Pair) -> None:
    with pytest.raises(ValueError, match="too long"):
        send(pair[0], {"text": "x" * LONGEST_BYTES})


def test_fields_are_of_the_type_that_is_meant() -> None:
    frame = json.loads(
        '{"name": "bbr", "count": 3, "bad": "\\u001b[31m", "no": true, "big": 1e999, "long": 1'
        + "0" * 400
        + "}"
    )
    assert (word(frame, "name"), word(frame, "bad"), word(frame, "count")) == ("bbr", "", "")
    assert len(word({"name": "x" * 1000}, "name")) == 253
    assert number(frame, "count") == 3.0
    for name in ("name", "no", "big", "long", "absent"):
        with pytest.raises(Garbled):
            number(frame, name)
