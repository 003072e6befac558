"""A real training step, on one host or over many: where its time goes, and whether it learns.

Judging a way of synchronising by what is learnt in equal time, not by its speed alone, follows
MLPerf Training (Mattson et al., 2020) in small.
"""

import contextlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from bitpath_cli.benchmarks import Benchmark, CannotMeasure, Case, Context, Loop
from bitpath_cli.benchmarks._directory import explain
from bitpath_cli.benchmarks._steps import conclude
from bitpath_cli.model.reading import Missing, failed, unsupported
from bitpath_cli.model.result import Parameters
from bitpath_cli.model.units import ONE

if TYPE_CHECKING:
    from bitpath_cli.benchmarks._learner import Learner

_SEED: Final = 5
_DATA_BYTES: Final = 16 << 20


def find_cases(context: Context) -> tuple[Case, ...]:
    """The convolutional network on this host alone; `bench training` asks for others."""
    return (Case({"model": "resnet", "sync": "single", "every": 1, "batch_size": 64}),)


@contextlib.contextmanager
def open_loops(case: Case, context: Context) -> Iterator[Mapping[str, Loop]]:
    """The step as it is synchronised, and beside it the same with nobody to wait for."""
    from bitpath_cli.benchmarks._learner import learn, pretend
    from bitpath_cli.benchmarks._models import FAMILIES

    told, ranks = case.parameters, 1 if context.ranks is None else context.ranks.size
    ranks = int(told.get("participants", ranks))
    family = next(each for each in FAMILIES if each == told["model"])
    batch = int(told["batch_size"]) // ranks
    if batch < 1:
        raise CannotMeasure(
            unsupported(
                f"a batch of {told['batch_size']} leaves some of {ranks} ranks without a sample",
                f"give --batch-size {ranks} or more",
            )
        )
    if "simulated_rate" in told:
        yield _loops(pretend(family, told, context, batch), told)
        return
    try:
        with learn(family, told, context, batch, _SEED) as learners:
            yield _loops(learners, told)
    except OSError as error:
        raise CannotMeasure(explain(error, context.directory)) from error
    except MemoryError as error:
        raise CannotMeasure(_too_large(batch)) from error
    except RuntimeError as error:
        # What torch raises when its allocator is refused; there is no class of its own on the CPU.
        if "not enough memory" not in str(error):
            raise
        raise CannotMeasure(_too_large(batch)) from error


def _too_large(batch: int) -> Missing:
    return failed(
        f"a batch of {batch} a rank and its activations do not fit in memory",
        "give a smaller --batch-size",
    )


def _loops(learners: "Mapping[str, Learner]", told: Parameters) -> Mapping[str, Loop]:
    """An operation's work is the samples that all ranks train on in it."""
    return {
        name: Loop(
            each.trial, float(each.steps * int(told["batch_size"])), ONE, evidence=each.evidence
        )
        for name, each in learners.items()
    }


BENCHMARK = Benchmark(
    summary="Training steps of a small model, alone or synchronised over ranks",
    revision=1,
    find_cases=find_cases,
    open=open_loops,
    conclude=conclude,
    needs=("torch",),
    blocks=2,
    weight=0.5,
    writes_bytes=_DATA_BYTES,
)
