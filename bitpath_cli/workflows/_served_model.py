"""A model as the service asks it: whole in any precision, or from one of its modules on."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from bitpath_cli.benchmarks import CannotMeasure
from bitpath_cli.benchmarks._inference_stages import Stages
from bitpath_cli.benchmarks._inference_subject import Subject, Tensors, open_subject
from bitpath_cli.benchmarks._precision import Ready, make_ready
from bitpath_cli.errors import BadModel
from bitpath_cli.serving.wire import Array
from bitpath_cli.workflows._tensors import from_array, to_array


@dataclass(frozen=True, slots=True)
class ServedModel:
    """See serving.service.Answering; `stages` is None where only the whole can be asked."""

    subject: Subject
    ready: Ready
    stages: Stages | None
    precision: str
    engine: str
    threads: int
    quota: float | None = None

    def describe(self) -> Mapping[str, Any]:
        """See Answering."""
        return {
            "model": self.subject.name, "digest": self.subject.digest(),
            "precision": self.precision, "engine": self.engine, "threads": self.threads,
            "quota": self.quota,
            "modules": 1 if self.stages is None else self.stages.count,
        }  # fmt: skip

    def prepare(self) -> None:
        """See Answering: threads are set for the thread that computes."""
        torch.set_num_threads(self.threads)

    def answer(self, start: int, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
        """See Answering."""
        inputs = tuple(from_array(each) for each in arrays)
        with torch.inference_mode():
            return (to_array(self._compute(start, inputs)),)

    def _compute(self, start: int, inputs: Tensors) -> Tensor:
        if start == 0:
            self._check(inputs)
            return self.ready.answer(*self.ready.adapt(inputs)).float()
        if self.stages is None or start >= self.stages.count:
            raise ValueError(f"the model cannot be entered at module {start}")
        return self.stages.run(inputs, start)

    def _check(self, inputs: Tensors) -> None:
        """ValueError for what the model was not made for: it may do anything with it."""
        expected = self.subject.draw(1, 0)
        kinds = [(each.dtype, each.shape[1:]) for each in expected]
        if [(each.dtype, each.shape[1:]) for each in inputs] != kinds:
            words = ", ".join(f"{dtype} [n, {tuple(shape)}]" for dtype, shape in kinds)
            raise ValueError(f"the inputs must be {words}")


@contextlib.contextmanager
def open_served(
    name: str, precision: str, engine: str, batch: int, threads: int, quota: float | None = None
) -> Iterator[ServedModel]:
    """The model of that name, ready to be asked; BadModel where it cannot be.

    `quota` is how many processors this process may use; who asks is told.
    """
    torch.set_num_threads(threads)
    try:
        subject = open_subject(name)
        with make_ready(subject, precision, engine, batch, threads) as ready:
            is_plain = (precision, engine) == ("float32", "eager")
            stages = Stages(subject) if is_plain else None
            yield ServedModel(subject, ready, stages, precision, engine, threads, quota)
    except CannotMeasure as refusal:
        problem = f"{refusal.missing.detail}; {refusal.missing.hint}".rstrip("; ")
        raise BadModel(name, problem) from refusal
