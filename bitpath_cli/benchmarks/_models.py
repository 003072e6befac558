"""Four families of models in small, with data that they can learn: what training really does.

The shapes follow the families' founding papers in small: He et al., Deep Residual Learning (2015),
CIFAR form; Vaswani et al., Attention Is All You Need (2017), decoder alone; Naumov et al., DLRM
(2019). Each sample is one record of bytes, so that it can be read from storage.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional

Family = Literal["mlp", "resnet", "transformer", "recommender"]
FAMILIES: Final[tuple[Family, ...]] = get_args(Family)
_BYTE: Final = 256
_CLASSES: Final = 10
_SIDE: Final = 32
_PATCHES: Final = 4
_MLP_INPUTS: Final = 1024
_VOCABULARY: Final = 512
_TOKENS: Final = 64
_TABLES: Final = 8
_ROWS: Final = 8192
_DENSE: Final = 32
_FACTORS: Final = 32


@dataclass(frozen=True, slots=True)
class Kind:
    """A family: its model, what a record holds, and how both become a loss.

    `make` draws so many records [n, record_bytes] of uint8; `decode` turns them into inputs and
    targets; `loss` compares outputs with targets, as a mean over the batch.
    """

    build: Callable[[], nn.Module]
    record_bytes: int
    make: Callable[[int, torch.Generator], Tensor]
    decode: Callable[[Tensor], tuple[Tensor, Tensor]]
    loss: Callable[[Tensor, Tensor], Tensor]
    learning_rate: float


def build(family: Family, seed: int = 0) -> nn.Module:
    """The family's model in float32; equal seeds give equal weights."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return KINDS[family].build()


def sample_inputs(family: Family, count: int, seed: int = 1) -> tuple[Tensor, Tensor]:
    """Inputs [count, ...] and targets that `build(family)` can learn."""
    kind = KINDS[family]
    return kind.decode(kind.make(count, torch.Generator().manual_seed(seed)))


def count_parameters(model: nn.Module) -> int:
    """Elements of everything that is trained."""
    return sum(each.numel() for each in model.parameters())


def count_forward_flop(family: Family) -> int:
    """FLOP of one sample's forward pass, 2 × multiply-adds, as torch's own counter has them."""
    from torch.utils.flop_counter import FlopCounterMode

    inputs, _ = sample_inputs(family, 1)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        # In evaluation some layers take a fused way that the counter does not see.
        build(family).train()(inputs)
    return int(counter.get_total_flops())


class _Block(nn.Module):
    """Two 3 × 3 convolutions and a way around them."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        """Halves the side where `stride` is 2."""
        super().__init__()
        self.first = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.first_norm = nn.BatchNorm2d(outputs)
        self.second = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.second_norm = nn.BatchNorm2d(outputs)
        is_same = stride == 1 and inputs == outputs
        self.around = (
            nn.Identity() if is_same else nn.Conv2d(inputs, outputs, 1, stride, bias=False)
        )

    def forward(self, images: Tensor) -> Tensor:
        """[n, inputs, s, s] to [n, outputs, s / stride, s / stride]."""
        inner = functional.relu(self.first_norm(self.first(images)))
        return functional.relu(self.second_norm(self.second(inner)) + self.around(images))


def _resnet() -> nn.Module:
    stages = [(16, 16, 1), (16, 16, 1), (16, 32, 2), (32, 32, 1), (32, 64, 2), (64, 64, 1)]
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU(),
        *(_Block(*each) for each in stages),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, _CLASSES),
    )  # fmt: skip


def _mlp() -> nn.Module:
    return nn.Sequential(
        nn.Linear(_MLP_INPUTS, 1024), nn.ReLU(), nn.Linear(1024, 1024), nn.ReLU(),
        nn.Linear(1024, 512), nn.ReLU(), nn.Linear(512, _CLASSES),
    )  # fmt: skip


class _Transformer(nn.Module):
    """A decoder over a small vocabulary: every token may see those before it."""

    def __init__(self, width: int = 192, layers: int = 4, heads: int = 6) -> None:
        """About two million parameters."""
        super().__init__()
        self.tokens = nn.Embedding(_VOCABULARY, width)
        self.places = nn.Parameter(0.02 * torch.randn(_TOKENS, width))
        layer = nn.TransformerEncoderLayer(
            width, heads, 4 * width, dropout=0.0, batch_first=True, norm_first=True
        )
        self.layers = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.head = nn.Linear(width, _VOCABULARY)
        mask = nn.Transformer.generate_square_subsequent_mask(_TOKENS)
        self.register_buffer("mask", mask, persistent=False)

    def forward(self, tokens: Tensor) -> Tensor:
        """[n, t] token numbers to [n, t, vocabulary]."""
        inner = self.tokens(tokens) + self.places
        logits: Tensor = self.head(self.layers(inner, mask=self.mask, is_causal=True))
        return logits


class _Recommender(nn.Module):
    """Tables of rows looked up by number, products between them, and two small perceptrons."""

    def __init__(self) -> None:
        """Nearly all parameters are in the tables."""
        super().__init__()
        tables = [nn.Embedding(_ROWS, _FACTORS) for _ in range(_TABLES)]
        for table in tables:
            nn.init.normal_(table.weight, std=_FACTORS**-0.5)
        self.tables = nn.ModuleList(tables)
        self.bottom = nn.Sequential(nn.Linear(_DENSE, 64), nn.ReLU(), nn.Linear(64, _FACTORS))
        pairs = (_TABLES + 1) * _TABLES // 2
        self.top = nn.Sequential(nn.Linear(pairs + _FACTORS, 128), nn.ReLU(), nn.Linear(128, 1))
        self.first, self.second = torch.triu_indices(_TABLES + 1, _TABLES + 1, 1)

    def forward(self, features: Tensor) -> Tensor:
        """[n, dense + tables], row numbers as whole floats last, to a logit [n]."""
        dense = self.bottom(features[:, :_DENSE])
        rows = features[:, _DENSE:].long()
        looked_up = [table(rows[:, index]) for index, table in enumerate(self.tables)]
        vectors = torch.stack([dense, *looked_up], dim=1)
        products = torch.bmm(vectors, vectors.transpose(1, 2))
        chosen = products[:, self.first, self.second]
        logits: Tensor = self.top(torch.cat([dense, chosen], dim=1))
        return logits.squeeze(1)


def _truth(seed: int, *shape: int) -> Tensor:
    """The hidden rule behind a family's data, the same in every process."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def _make_vectors(count: int, source: torch.Generator) -> Tensor:
    return _make_classes(_truth(11, _CLASSES, _MLP_INPUTS), count, source)


def _make_images(count: int, source: torch.Generator) -> Tensor:
    """Large patches of colour: a pattern that small filters can see."""
    patches = _truth(12, _CLASSES, 3, _PATCHES, _PATCHES)
    images = functional.interpolate(patches, size=(_SIDE, _SIDE))
    return _make_classes(images.flatten(1), count, source)


def _make_classes(patterns: Tensor, count: int, source: torch.Generator) -> Tensor:
    """A class's pattern under noise of twice its strength, and the class as the last byte."""
    size = patterns.shape[1]
    labels = torch.randint(_CLASSES, (count,), generator=source)
    noisy = patterns[labels] + 2 * torch.randn(count, size, generator=source)
    pixels = (128 + 24 * noisy).clamp(0, _BYTE - 1).to(torch.uint8)
    return torch.cat([pixels, labels.to(torch.uint8).unsqueeze(1)], dim=1)


def _decode_classes(records: Tensor, shape: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    inputs = (records[:, :-1].float() - 128) / 48
    return inputs.view(len(records), *shape), records[:, -1].long()


def _make_text(count: int, source: torch.Generator) -> Tensor:
    """Each token decides the next in nine cases of ten; tokens are two bytes each."""
    follows = torch.randperm(_VOCABULARY, generator=torch.Generator().manual_seed(13))
    tokens = torch.empty(count, _TOKENS + 1, dtype=torch.long)
    tokens[:, 0] = torch.randint(_VOCABULARY, (count,), generator=source)
    for place in range(_TOKENS):
        strays = torch.rand(count, generator=source) < 0.1
        random = torch.randint(_VOCABULARY, (count,), generator=source)
        tokens[:, place + 1] = torch.where(strays, random, follows[tokens[:, place]])
    return torch.stack([tokens // _BYTE, tokens % _BYTE], dim=2).view(count, -1).to(torch.uint8)


def _decode_text(records: Tensor) -> tuple[Tensor, Tensor]:
    pairs = records.view(len(records), -1, 2).long()
    tokens = pairs[:, :, 0] * _BYTE + pairs[:, :, 1]
    return tokens[:, :-1], tokens[:, 1:]


def _make_clicks(count: int, source: torch.Generator) -> Tensor:
    """A click where the dense features and the rows' hidden tastes agree more often than not."""
    weights, tastes = _truth(17, _DENSE), _truth(18, _TABLES, _ROWS)
    dense = torch.randint(_BYTE, (count, _DENSE), generator=source)
    # Few rows are asked for often and most rarely, as in logs.
    rows = (_ROWS * torch.rand(count, _TABLES, generator=source) ** 3).long()
    scores = ((dense - 128) / 74) @ weights / 4
    scores += torch.stack([tastes[i, rows[:, i]] for i in range(_TABLES)]).sum(0) / 4
    clicked = torch.rand(count, generator=source) < torch.sigmoid(2 * scores)
    numbers = torch.stack([rows // _BYTE, rows % _BYTE], dim=2).view(count, -1)
    return torch.cat([dense, numbers, clicked.long().unsqueeze(1)], dim=1).to(torch.uint8)


def _decode_clicks(records: Tensor) -> tuple[Tensor, Tensor]:
    dense = (records[:, :_DENSE].float() - 128) / 74
    pairs = records[:, _DENSE:-1].view(len(records), _TABLES, 2).float()
    return torch.cat([dense, pairs[:, :, 0] * _BYTE + pairs[:, :, 1]], dim=1), records[
        :, -1
    ].float()


KINDS: Final[dict[Family, Kind]] = {
    "mlp": Kind(
        _mlp, _MLP_INPUTS + 1, _make_vectors, lambda r: _decode_classes(r, (_MLP_INPUTS,)),
        functional.cross_entropy, 0.01,
    ),
    "resnet": Kind(
        _resnet, 3 * _SIDE * _SIDE + 1, _make_images,
        lambda r: _decode_classes(r, (3, _SIDE, _SIDE)), functional.cross_entropy, 0.01,
    ),
    "transformer": Kind(
        _Transformer, 2 * (_TOKENS + 1), _make_text, _decode_text,
        lambda o, t: functional.cross_entropy(o.flatten(0, 1), t.flatten()), 0.05,
    ),
    "recommender": Kind(
        _Recommender, _DENSE + 2 * _TABLES + 1, _make_clicks, _decode_clicks,
        functional.binary_cross_entropy_with_logits, 0.3,
    ),
}  # fmt: skip
