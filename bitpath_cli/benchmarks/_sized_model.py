"""A network of a stated size: so many FLOP an answer, so many bytes asked and answered.

It stands in for a workload whose own model is not here: what is computed and what crosses a link
are as large, and as in vision networks (He et al., 2015) activations shrink towards the end.
"""

import math
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn

from bitpath_cli.amounts import parse
from bitpath_cli.benchmarks._inference_terms import SIZED
from bitpath_cli.errors import BadModel, BadValue
from bitpath_cli.model.units import BYTE, FLOP

_ALLOWED: Final = f"{SIZED}FLOP:REQUEST:REPLY, such as {SIZED}100MFLOP:256KiB:1KiB"
_FLOAT_BYTES: Final = 4
_SIDE: Final = 32
_POOLED: Final = 4
_USUAL: Final = 32
_MOST_BLOCKS: Final = 16
_KERNEL: Final = 3
_MOST_FLOP: Final = 1e12
_MOST_BYTES: Final = 1 << 28
_MOST_NAMES: Final = 256


@dataclass(frozen=True, slots=True)
class Size:
    """FLOP of an answer, about; bytes of a request and of a reply, to a float's four."""

    flop: float
    request_bytes: int
    reply_bytes: int

    def __str__(self) -> str:
        """As it is typed."""
        return f"{SIZED}{self.flop:.4g}FLOP:{self.request_bytes}B:{self.reply_bytes}B"


def parse_size(name: str) -> Size:
    """The size in a name that begins with `sized:`; BadModel for what cannot be."""
    words = name.removeprefix(SIZED).split(":")
    if len(words) != 3:
        raise BadModel(name, f"it is written {_ALLOWED}")
    try:
        flop = parse(words[0], FLOP, "FLOP")
        asked, answered = (parse(each, BYTE, "bytes") for each in words[1:])
    except BadValue as error:
        raise BadModel(name, f"it is written {_ALLOWED}: {error.what}") from error
    sizes = (asked, answered)
    if not 0 < flop <= _MOST_FLOP or not all(_FLOAT_BYTES <= each <= _MOST_BYTES for each in sizes):
        raise BadModel(name, "it has up to 1 TFLOP, and 4 B to 256 MiB each way")
    return Size(flop, round(asked), round(answered))


def build_sized(size: Size) -> tuple[nn.Module, Tensor]:
    """The network, and an example of its input [1, floats]."""
    floats = size.request_bytes // _FLOAT_BYTES
    planes = -(-floats // _SIDE**2)
    blocks = min(_MOST_BLOCKS, max(2, round(size.flop / _convolution(_USUAL, _USUAL))))
    wide = _find_width(size.flop, planes, blocks)
    early, deep = blocks // 2, wide * _POOLED
    modules: list[nn.Module] = [
        nn.Unflatten(1, (1, -1)), nn.AdaptiveAvgPool1d(planes * _SIDE**2), nn.Flatten(),
        nn.Unflatten(1, (planes, _SIDE, _SIDE)),
    ]  # fmt: skip
    narrow = planes
    for _ in range(early):
        modules += _block(narrow, wide)
        narrow = wide
    modules.append(nn.MaxPool2d(_POOLED))
    for _ in range(blocks - early):
        modules += _block(narrow, deep)
        narrow = deep
    return nn.Sequential(*modules, *_head(deep, size)), torch.zeros(1, floats)


def _convolution(narrow: int, wide: int) -> float:
    """FLOP; after the pooling there are a sixteenth of the places and four times the planes."""
    return 2.0 * _KERNEL**2 * narrow * wide * _SIDE**2


def _find_width(flop: float, planes: int, blocks: int) -> int:
    """How many planes, so that the first convolution and all others come to about that."""
    place = _convolution(1, 1)
    first, others = place * planes, place * (blocks - 1)
    root = math.sqrt(first**2 + 4 * others * flop)
    return max(1, round((root - first) / (2 * others)))


def _block(narrow: int, wide: int) -> list[nn.Module]:
    return [nn.Conv2d(narrow, wide, _KERNEL, padding=_KERNEL // 2), nn.ReLU()]


def _head(deep: int, size: Size) -> list[nn.Module]:
    floats = size.reply_bytes // _FLOAT_BYTES
    names = min(floats, _MOST_NAMES)
    head: list[nn.Module] = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(deep, names)]
    if floats > names:
        head += [nn.Unflatten(1, (1, -1)), nn.Upsample(size=floats), nn.Flatten()]
    return head
