"""How a step's communication came about, in a formula for every way of training together."""

from typing import Final

from bitpath_cli.strategies import SYNCHRONISATIONS, JobPlans, Question

_RING: Final = "a ring takes 2(N−1)·latency + 2(N−1)/N·gradient/bandwidth"
_BESIDE: Final = f"{_RING}, bucket by bucket beside backward"
_INSIDE: Final = (
    "; between the g devices of a node max(0, 2(g−1)/g·what is reduced/link − overlap·backward)"
)
_FORMULAS: Final = {
    "none": "nothing between nodes",
    "all-reduce": _BESIDE,
    "zero-1": _BESIDE,
    "zero-2": f"{_BESIDE}, of (rounds+1)/2 gradients",
    "zero-3": f"{_BESIDE}, of 1.5·rounds gradients",
    "fp16-compress": f"{_BESIDE}, of half the gradient; 3·gradient/memory rate for coding, "
    "and on CPUs trained·(N−1)/N sums of 16 bits",
    "parameter-server": "2·latency + 2(N−1)·gradient/bandwidth; 8·gradient/memory rate for copies",
    "powersgd": f"twice, of 4·rank·√(trained·operations) bytes, {_RING}; 6·rank·trained/rate + "
    "11·gradient/memory rate for coding",
    "local-sgd": f"{_RING}, every H-th step",
    "slow-momentum": f"{_RING}, every H-th step; then 19·gradient/memory rate",
}


def communication(question: Question, plans: JobPlans, row: int) -> str:
    """What synchronising adds; gradients have 4 bytes a trained parameter."""
    kind = SYNCHRONISATIONS[int(plans.synchronisation[row])]
    told = f"step − step without synchronising; {_FORMULAS[kind]}"
    machines = (plans.machine[row], plans.other_machine[row])
    if any(question.machines[int(each)].devices > 1 for each in machines):
        told += _INSIDE
    return told
