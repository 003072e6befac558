"""What this machine draws when it rests and when it computes, by the counters that it has.

The loops keep the machine in a state for long enough; the joules are counted around them like those
of every benchmark, so that power and J/FLOP here and there are the same figures.
"""

import contextlib
import time
from collections.abc import Iterator, Mapping
from typing import Final

from bitpath_cli.benchmarks import Benchmark, Case, Conclusion, Context, Loop
from bitpath_cli.host import monotonic
from bitpath_cli.model.components.accelerator import Accelerator
from bitpath_cli.model.components.power import PowerMeter
from bitpath_cli.model.reading import Missing, Quantity, unsupported
from bitpath_cli.model.result import Parameters, Samples
from bitpath_cli.model.units import FLOP, SECOND

IDLE: Final = "idle"
_NAP_SECONDS: Final = 0.1
# Ten samples last longer than the slowest counters take between two steps of theirs.
_SAMPLE_SECONDS: Final = 0.25
_SUMMED: Final = frozenset({"cpu_package", "dram", "gpu_board", "platform"})
_EDGE: Final = {"cpu": 2048, "cuda:0": 8192}
_DTYPE: Final = "float32"
_LOOP: Final = "state"
_STATE_WALL: Final = "--wall-watts IDLE:LOAD takes what a meter at the wall shows"


def find_cases(context: Context) -> tuple[Case, ...] | Missing:
    """Idle first, then the processors and a GPU at full load; why not, where nothing counts."""
    meters = [each for each in context.components if isinstance(each, PowerMeter)]
    if not any(each.scope in _SUMMED and isinstance(each.energy, Quantity) for each in meters):
        return _why(meters)
    told: Parameters = {"meter": "counters"}
    devices = ["cpu"]
    gpus = [each for each in context.components if isinstance(each, Accelerator)]
    if any(each.vendor == "nvidia" for each in gpus):
        devices.append("cuda:0")
    loads = [{**told, "load": device, "threads": context.threads} for device in devices]
    return (Case({**told, "load": IDLE}), *(Case(each) for each in loads))


def _why(meters: list[PowerMeter]) -> Missing:
    """The first meter's own reason, with what a person can do instead."""
    for each in meters:
        if isinstance(each.energy, Missing) and not isinstance(each.power, Quantity):
            hint = f"{each.energy.hint}; {_STATE_WALL}" if each.energy.hint else _STATE_WALL
            return each.energy.model_copy(update={"hint": hint})
    return unsupported(
        "the meters here count no energy, and only tell the power of an instant", _STATE_WALL
    )


class Nap:
    """A Trial that leaves the machine alone."""

    def run(self, operations: int) -> float:
        """See Trial."""
        begun = monotonic()
        time.sleep(operations * _NAP_SECONDS)
        return monotonic() - begun

    def find_error(self) -> str | None:
        """See Trial; nothing is computed."""
        return None


@contextlib.contextmanager
def open_loops(case: Case, context: Context) -> Iterator[Mapping[str, Loop]]:
    """One loop that holds the machine in the case's state."""
    load = str(case.parameters["load"])
    if load == IDLE:
        yield {_LOOP: Loop(Nap(), _NAP_SECONDS, SECOND, sample_seconds=_SAMPLE_SECONDS)}
        return
    from bitpath_cli.benchmarks import _torch_loops
    from bitpath_cli.benchmarks._product import Product

    edge, device = _EDGE[load], _torch_loops.find_device(load)
    with _torch_loops.threads(int(case.parameters["threads"])):
        product = Product(_DTYPE, edge, edge, edge, device)
        trial = (
            _torch_loops.CpuTrial(product.multiply, product.find_error)
            if device.type == "cpu"
            else _torch_loops.GpuTrial(product.multiply, product.find_error, device, flush=True)
        )
        yield {
            _LOOP: Loop(
                trial, 2.0 * edge**3, FLOP, sample_seconds=_SAMPLE_SECONDS,
                largest_loops=_torch_loops.GPU_LOOPS,
            )
        }  # fmt: skip


def conclude(case: Case, context: Context, samples: Mapping[str, Samples]) -> Conclusion:
    """Nothing of its own: power and joules per FLOP are counted around the loop."""
    return Conclusion(())


BENCHMARK = Benchmark(
    summary="Power when idle and at full load, and J/FLOP, where a counter can be read",
    revision=1,
    find_cases=find_cases,
    open=open_loops,
    conclude=conclude,
    needs=("torch",),
    blocks=3,
    fills_processors=True,
    weight=0.6,
)
