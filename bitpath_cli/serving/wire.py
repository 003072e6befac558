"""Tensors as bytes: a length, a JSON header that names type and shape of each, then their values.

Whatever does not add up is refused before a byte of it is used.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

ITEM_BYTES: Final[Mapping[str, int]] = {
    "float64": 8, "float32": 4, "bfloat16": 2, "float16": 2,
    "int64": 8, "int32": 4, "int16": 2, "int8": 1, "uint8": 1,
}  # fmt: skip
"""The types that travel, by torch's names; all in the byte order of x86 and ARM, little-endian."""

_LENGTH_BYTES: Final = 4
_LONGEST_HEADER: Final = 64 << 10
_MOST_TENSORS: Final = 16
_MOST_DIMENSIONS: Final = 8


class BadMessage(ValueError):
    """Bytes that are no message of ours."""


@dataclass(frozen=True, slots=True)
class Array:
    """A tensor's bytes, in order of its last dimension first."""

    dtype: str
    shape: tuple[int, ...]
    data: bytes | memoryview


@dataclass(frozen=True, slots=True)
class Message:
    """Tensors, and numbers told beside them, such as the seconds that they cost."""

    arrays: tuple[Array, ...]
    told: Mapping[str, float] = field(default_factory=dict)


def pack(message: Message) -> bytes:
    """A message as bytes."""
    header = json.dumps(
        {
            "tensors": [{"dtype": each.dtype, "shape": each.shape} for each in message.arrays],
            "told": dict(message.told),
        }
    ).encode()
    parts = (each.data for each in message.arrays)
    return b"".join((len(header).to_bytes(_LENGTH_BYTES, "big"), header, *parts))


def unpack(body: bytes) -> Message:
    """The message in some bytes; BadMessage where they are none."""
    view = memoryview(body)
    length = int.from_bytes(view[:_LENGTH_BYTES], "big")
    end = _LENGTH_BYTES + length
    if len(view) < _LENGTH_BYTES or length > _LONGEST_HEADER or end > len(view):
        raise BadMessage("the header does not fit into the message")
    try:
        header = json.loads(bytes(view[_LENGTH_BYTES:end]))
    except (ValueError, RecursionError) as error:
        raise BadMessage("the header is not JSON") from error
    if not isinstance(header, dict) or set(header) != {"tensors", "told"}:
        raise BadMessage("the header holds something else than tensors and what is told of them")
    return Message(_read_arrays(header["tensors"], view[end:]), _read_told(header["told"]))


def _read_arrays(described: Any, values: memoryview) -> tuple[Array, ...]:
    if not isinstance(described, list) or not 1 <= len(described) <= _MOST_TENSORS:
        raise BadMessage(f"a message holds 1 to {_MOST_TENSORS} tensors")
    arrays, begin = [], 0
    for each in described:
        dtype, shape = _read_kind(each)
        end = begin + ITEM_BYTES[dtype] * math.prod(shape)
        if end > len(values):
            raise BadMessage("a tensor is longer than the message")
        arrays.append(Array(dtype, shape, values[begin:end]))
        begin = end
    if begin != len(values):
        raise BadMessage("the message is longer than its tensors")
    return tuple(arrays)


def _read_kind(described: Any) -> tuple[str, tuple[int, ...]]:
    if not isinstance(described, dict) or set(described) != {"dtype", "shape"}:
        raise BadMessage("a tensor is described by its dtype and its shape")
    dtype, shape = described["dtype"], described["shape"]
    if dtype not in ITEM_BYTES if isinstance(dtype, str) else True:
        raise BadMessage(f"a tensor's dtype is one of {', '.join(ITEM_BYTES)}")
    if (
        not isinstance(shape, list)
        or len(shape) > _MOST_DIMENSIONS
        or not all(map(_is_size, shape))
    ):
        raise BadMessage(f"a shape is at most {_MOST_DIMENSIONS} whole numbers from 1 on")
    return dtype, tuple(shape)


def _is_size(found: Any) -> bool:
    return type(found) is int and 1 <= found < 1 << 40


def _read_told(told: Any) -> dict[str, float]:
    if not isinstance(told, dict) or len(told) > _MOST_TENSORS:
        raise BadMessage("what is told beside tensors are a few numbers")
    found = {}
    for name, value in told.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not _is_finite(value):
            raise BadMessage("what is told beside tensors are finite numbers")
        found[name] = float(value)
    return found


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        return False
