"""What the edge does with a request in each placement, and what it sends on."""

import contextlib
import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import torch
from torch import Tensor

from bitpath_cli.benchmarks import CannotMeasure
from bitpath_cli.benchmarks._inference_pruning import prune_subject
from bitpath_cli.benchmarks._inference_stages import Stages
from bitpath_cli.benchmarks._inference_subject import Tensors, blame, open_subject
from bitpath_cli.errors import BadModel, BadValue

Kind = Literal["edge", "cloud", "split", "cascade"]

POOL: Final = 32
_POOL_SEED: Final = 500
_JUDGED: Final = 64
_JUDGED_SEED: Final = 900
_SMALLER: Final = "structured:0.5"


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a model runs: at one end, split before module `split`, or as a cascade.

    Of a cascade's requests the share `escalated` goes on, those of which the edge is least sure.
    """

    kind: Kind
    split: int = 0
    escalated: float = 0.0

    def __str__(self) -> str:
        """As it is typed."""
        more = {"split": f":{self.split}", "cascade": f":{self.escalated:g}"}
        return self.kind + more.get(self.kind, "")


@dataclass(frozen=True, slots=True)
class Sent:
    """What the edge made of a request: an answer, or tensors for the service from a module on."""

    answer: Tensor | None
    onward: Tensors = ()
    start: int = 0


class EdgePart:
    """The edge's part of a placement, on a pool of random requests whose answers are known."""

    def __init__(self, name: str, placement: Placement, threads: int, small: str) -> None:
        """Loads what the edge runs; BadModel or BadValue where the placement cannot be."""
        self.placement = placement
        self.threads = threads
        self.prepare()
        try:
            self.subject = open_subject(name)
            self._stages = Stages(self.subject)
            self._small = self._find_small(small) if placement.kind == "cascade" else None
        except CannotMeasure as refusal:
            raise BadModel(small or name, refusal.missing.detail) from refusal
        self._check()
        with blamed(name):
            self.pool = [self.subject.draw(1, _POOL_SEED + index) for index in range(POOL)]
            self.references = [self._stages.run(each) for each in self.pool]
            self._sure = self._judge()

    def at(self, placement: Placement) -> "EdgePart":
        """The same, placed otherwise; a cascade can become any, others no cascade."""
        made = copy.copy(self)
        made.placement = placement
        made._check()
        return made

    def prepare(self) -> None:
        """Called in every thread that computes."""
        torch.set_num_threads(self.threads)

    def going_on(self, placement: Placement) -> tuple[bool, ...]:
        """Which requests of the pool a cascade sends on."""
        cascade = self.at(placement)
        return tuple(cascade.compute(index).answer is None for index in range(POOL))

    def compute(self, index: int) -> Sent:
        """The edge's part for one request of the pool; BadModel where the model raises."""
        with blamed(self.subject.name):
            return self._compute(index)

    def _compute(self, index: int) -> Sent:
        inputs = self.pool[index % POOL]
        if self.placement.kind == "cloud":
            return Sent(None, inputs)
        if self.placement.kind == "edge":
            return Sent(self._stages.run(inputs))
        if self.placement.kind == "split":
            activation = self._stages.run(inputs, 0, self.placement.split)
            return Sent(None, (activation,), self.placement.split)
        assert self._small is not None  # noqa: S101  (a cascade has one)
        answer = self._small.run(inputs)
        least = _at_share(self._sure, self.placement.escalated)
        return Sent(None, inputs) if sureness(answer) < least else Sent(answer)

    @property
    def stages(self) -> Stages:
        """The whole model, module by module."""
        return self._stages

    @property
    def small_weight_bytes(self) -> int:
        """Bytes of a cascade's small model; 0 elsewhere."""
        return 0 if self._small is None else self._small.weight_bytes

    def reference(self, index: int) -> Tensor:
        """What the whole model answers here."""
        return self.references[index % POOL]

    def _find_small(self, small: str) -> Stages:
        """The model named, or ours with half of its channels."""
        if not small:
            return Stages(prune_subject(self.subject, _SMALLER))
        found = open_subject(small)
        return Stages(replace(found, draw=self.subject.draw))

    def _judge(self) -> list[float]:
        """How sure the small model is of requests like these, rising."""
        if self._small is None:
            return []
        return sorted(
            sureness(self._small.run(self.subject.draw(1, _JUDGED_SEED + index)))
            for index in range(_JUDGED)
        )

    def _check(self) -> None:
        count, name = self._stages.count, self.subject.name
        if self.placement.kind == "split" and not 0 < self.placement.split < count:
            raise BadValue(
                "--placement", str(self.placement),
                f"split:1 to split:{count - 1}: {name} has {count} modules"
                if count > 1 else f"another: {name} is no nn.Sequential",
            )  # fmt: skip


@contextlib.contextmanager
def blamed(name: str) -> Iterator[None]:
    """What the model raises becomes BadModel."""
    try:
        with blame(name):
            yield
    except CannotMeasure as refusal:
        raise BadModel(name, refusal.missing.detail) from refusal


def sureness(answer: Tensor) -> float:
    """The largest probability that an answer gives, over its rows' mean; by sign for one output."""
    outputs = answer.double()
    if outputs.ndim < 2 or outputs.shape[-1] == 1:
        return float((outputs.sigmoid() - 0.5).abs().mean() + 0.5)
    return float(outputs.softmax(dim=-1).amax(dim=-1).mean())


def parse_placement(text: str) -> Placement:
    """`edge`, `cloud`, `split:K` or `cascade:F`; BadValue for anything else."""
    kind, colon, rest = text.partition(":")
    if kind in ("edge", "cloud") and not colon:
        return Placement("edge" if kind == "edge" else "cloud")
    if kind == "split" and rest.isdecimal():
        return Placement("split", split=int(rest))
    if kind == "cascade" and _is_share(rest):
        return Placement("cascade", escalated=float(rest))
    raise BadValue(
        "--placement",
        text,
        "edge, cloud, split:K (before module K), cascade:F (a share to escalate)",
    )


def _is_share(text: str) -> bool:
    try:
        return 0 < float(text) < 1
    except ValueError:
        return False


def _at_share(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, round(share * len(ordered)))]
