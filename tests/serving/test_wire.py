import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitpath_cli.serving.wire import ITEM_BYTES, Array, BadMessage, Message, pack, unpack

SHAPES = st.lists(st.integers(1, 5), min_size=1, max_size=4).map(tuple)


@st.composite
def arrays(draw: st.DrawFn) -> Array:
    dtype, shape = draw(st.sampled_from(sorted(ITEM_BYTES))), draw(SHAPES)
    size = ITEM_BYTES[dtype]
    for each in shape:
        size *= each
    return Array(dtype, shape, draw(st.binary(min_size=size, max_size=size)))


TOLD = st.dictionaries(st.text(max_size=8), st.floats(allow_nan=False, allow_infinity=False))
MESSAGES = st.builds(
    Message,
    st.lists(arrays(), min_size=1, max_size=3).map(tuple),
    TOLD.filter(lambda told: len(told) < 10),
)


@given(MESSAGES)
def test_what_is_packed_is_what_comes_out(message: Message) -> None:
    found = unpack(pack(message))
    assert [(each.dtype, each.shape, bytes(each.data)) for each in found.arrays] == [
        (each.dtype, each.shape, each.data) for each in message.arrays
    ]
    assert found.told == message.told


@given(MESSAGES, st.data())
def test_a_message_that_was_cut_is_refused(message: Message, data: st.DataObject) -> None:
    body = pack(message)
    with pytest.raises(BadMessage):
        unpack(body[: data.draw(st.integers(0, len(body) - 1))])


@given(st.binary(max_size=200))
def test_noise_is_refused_and_raises_nothing_else(body: bytes) -> None:
    with pytest.raises(BadMessage):
        unpack(body)


def body(header: object, values: bytes = b"") -> bytes:
    text = json.dumps(header).encode()
    return len(text).to_bytes(4, "big") + text + values


def tensor(dtype: object = "float32", shape: object = (2,)) -> dict[str, object]:
    return {"dtype": dtype, "shape": shape}


@pytest.mark.parametrize(
    ("header", "values", "words"),
    [
        ([], b"", "something else"),
        ({"tensors": [], "told": {}}, b"", "1 to 16 tensors"),
        ({"tensors": [tensor()] * 17, "told": {}}, bytes(136), "1 to 16 tensors"),
        ({"tensors": [tensor("object")], "told": {}}, bytes(8), "dtype is one of"),
        ({"tensors": [tensor(["float32"])], "told": {}}, bytes(8), "dtype is one of"),
        ({"tensors": [tensor(shape=[-1, -2])], "told": {}}, bytes(8), "whole numbers"),
        ({"tensors": [tensor(shape=[True])], "told": {}}, bytes(4), "whole numbers"),
        ({"tensors": [tensor(shape=[2.0])], "told": {}}, bytes(8), "whole numbers"),
        ({"tensors": [tensor(shape=[1] * 9)], "told": {}}, bytes(4), "whole numbers"),
        ({"tensors": [tensor(shape=[1 << 39, 1 << 39])], "told": {}}, bytes(4), "longer than"),
        ({"tensors": [tensor()], "told": {}}, bytes(7), "longer than the message"),
        ({"tensors": [tensor()], "told": {}}, bytes(9), "longer than its tensors"),
        ({"tensors": [tensor() | {"more": 1}], "told": {}}, bytes(8), "described by"),
        ({"tensors": [tensor()], "told": {"a": "b"}}, bytes(8), "finite numbers"),
        ({"tensors": [tensor()], "told": {"a": float("inf")}}, bytes(8), "finite numbers"),
        ({"tensors": [tensor()], "told": {"a": 10**400}}, bytes(8), "finite numbers"),
    ],
)
def test_what_does_not_add_up_is_refused(header: object, values: bytes, words: str) -> None:
    with pytest.raises(BadMessage, match=words):
        unpack(body(header, values))


def test_a_header_deeper_than_any_is_refused() -> None:
    text = b"[" * 60_000
    with pytest.raises(BadMessage, match="not JSON"):
        unpack(len(text).to_bytes(4, "big") + text)
