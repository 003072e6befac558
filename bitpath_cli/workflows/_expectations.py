"""What each node of a configuration is expected to be able to do, and given to do."""

from typing import Final

from bitpath_cli.model.configuration import NodeExpectation
from bitpath_cli.model.reading import Quantity, Reading, absent, derived
from bitpath_cli.model.units import BYTE, ONE, Unit
from bitpath_cli.strategies import PRECISIONS
from bitpath_cli.workflows._judgement import Judgement

_FIGURES: Final = {"memory_needed": BYTE, "samples": ONE, "samples_at_once": ONE}
_SOURCES: Final = {
    "memory_needed": "the memory model: state, activations or working set",
    "samples": "the global batch, divided by the nodes' speed",
    "samples_at_once": "as many as fit in 0.92 of the memory",
}


def expectation(judged: Judgement, machine: int, which: int, row: int) -> NodeExpectation:
    """Of the nodes of a row's first (0) or second (1) group."""
    chosen = judged.question.machines[machine]
    told = {name: _figure(judged, name, unit, which, row) for name, unit in _FIGURES.items()}
    return NodeExpectation(
        accelerators=chosen.devices if chosen.is_accelerator else 0,
        memory=chosen.memory,
        compute_rate=_rate(judged, machine, row),
        memory_bandwidth=chosen.memory_bandwidth,
        storage_rate=chosen.storage_rate,
        **told,
    )


def _rate(judged: Judgement, machine: int, row: int) -> Quantity:
    """In the precision that is computed in; nodes that only prepare the data may lack it."""
    rates = judged.question.machines[machine].rates
    return rates.get(PRECISIONS[int(judged.plans.precision[row])]) or next(iter(rates.values()))


def _figure(judged: Judgement, name: str, unit: Unit, which: int, row: int) -> Reading:
    found = judged.nominal.details.get(f"{name}.{which}")
    if found is None:
        return absent("a service answers request by request")
    return derived(float(found[row].mean()), unit, _SOURCES[name])
