"""What one change to today's host would do, each the best of its kind on the same model.

A change is of the precision, of what is computed at once, of the number of such hosts and how they
keep together, or of the machine: one that is bought, or rented. Configurations that differ in more
than one are answers, not steps.
"""

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from bitpath_cli.cost.uncertainty import Draws
from bitpath_cli.model.reading import derived
from bitpath_cli.model.recommendation import Remedy
from bitpath_cli.model.units import Unit, human, significant
from bitpath_cli.strategies import (
    PRECISIONS,
    SYNCHRONISATIONS,
    JobPlans,
    Machine,
    Plans,
    evaluate,
    select,
)
from bitpath_cli.workflows._judgement import Judgement, every_plan, priced
from bitpath_cli.workflows._selection import ordered

_NOTICED: Final = 1e-3
_KINDS: Final = ("precision", "batch", "nodes", "machine")


@dataclass(frozen=True, slots=True)
class _Aspects:
    """What of a configuration may be changed, a column each [C]; NaN for a mixture of machines."""

    precision: Tensor
    batch: Tensor
    nodes: Tensor
    machine: Tensor


def changes_from_today(judged: Judgement) -> tuple[Remedy, ...]:
    """The best of every kind of change, by what it takes off L; what does not help is left out.

    Nothing where today's host never ends: no change takes a number off an endless L.
    """
    plans, names = every_plan(judged.question)
    today = names.index("today")
    one = torch.nonzero(_number_changed(plans, today) == 1).flatten()
    near = select(plans, torch.cat([torch.tensor([today]), one]))
    lambdas = dict(judged.wishes.lambdas)
    scores, excess = priced(judged.question, near, judged.reference, lambdas)
    if not bool(torch.isfinite(scores[0])):
        return ()
    aspects = _aspects(near)
    rows = []
    for kind, where in _by_kind(aspects, near, judged):
        able = torch.nonzero(where & (excess <= 1) & torch.isfinite(scores)).flatten()
        if len(able):
            rows.append((kind, int(able[ordered(scores[able])[0]])))
    money = evaluate(judged.question, near, Draws(1)).total().hardware.squeeze(1)
    found = [
        as_remedy(judged, _words(judged, near, row, kind), scores[[0, row]], money[[0, row]])
        for kind, row in rows
    ]
    least = -_NOTICED * float(scores[0])
    helpful = (each for each in found if each.change_in_score < least)
    return tuple(sorted(helpful, key=lambda each: each.change_in_score))


def _by_kind(aspects: _Aspects, plans: Plans, judged: Judgement) -> list[tuple[str, Tensor]]:
    """Which rows changed what; machines that are rented are another kind than bought ones."""
    cloud = torch.tensor([each.place == "cloud" for each in judged.question.machines])
    changed = {name: _changed(getattr(aspects, name), 0) for name in _KINDS}
    rented = cloud[_first_machine(plans)]
    return [
        *((name, changed[name]) for name in ("precision", "batch", "nodes")),
        ("buy", changed["machine"] & ~rented),
        ("rent", changed["machine"] & rented),
    ]


def _aspects(plans: Plans) -> _Aspects:
    """`nodes` of a service are those at a place, or at the centre where it has none there."""
    precision = plans.precision.double()
    if isinstance(plans, JobPlans):
        mixed = (plans.other_count > 0) & (plans.other_machine != plans.machine)
        mixed = mixed | plans.prepared
        nodes = plans.count + plans.other_count
        batch = torch.ones_like(nodes)
    else:
        mixed = (plans.central_count > 0) & (plans.count > 0)
        nodes = torch.where(plans.count > 0, plans.count, plans.central_count)
        batch = plans.batch
    machine = torch.where(mixed, torch.nan, _first_machine(plans).double())
    return _Aspects(precision, batch, nodes, machine)


def _first_machine(plans: Plans) -> Tensor:
    """Of the group that has nodes."""
    second = plans.other_machine if isinstance(plans, JobPlans) else plans.central_machine
    return torch.where(plans.count > 0, plans.machine, second)


def _changed(values: Tensor, row: int) -> Tensor:
    return ~(values == values[row])


def _number_changed(plans: Plans, today: int) -> Tensor:
    """In how many aspects every row differs from today's; a mixture differs in two."""
    aspects = _aspects(plans)
    number = torch.stack([_changed(getattr(aspects, name), today) for name in _KINDS]).sum(dim=0)
    return number + torch.isnan(aspects.machine).long()


def as_remedy(judged: Judgement, words: str, scores: Tensor, money: Tensor) -> Remedy:
    """A change in words, with L and the hardware's price before and after it."""
    was, now = float(scores[0]), float(scores[1])
    spent = float(money[1] - money[0])
    unit = Unit(judged.question.site.currency)
    sign = "+" if spent >= 0 else "−"
    return Remedy(
        name=words, change_in_score=now - was,
        cost=derived(spent, unit, "hardware beside today's, per unit of account"),
        sentence=f"{words}: L {significant(was)} → {significant(now)}, "
        f"hardware {sign}{human(abs(spent), unit)}",
    )  # fmt: skip


def _words(judged: Judgement, plans: Plans, row: int, kind: str) -> str:
    if kind == "precision":
        return f"compute in {PRECISIONS[int(plans.precision[row])]}"
    if kind == "batch" and not isinstance(plans, JobPlans):
        return f"answer up to {int(plans.batch[row])} requests together"
    if kind == "nodes" and isinstance(plans, JobPlans):
        number = significant(float(plans.count[row] + plans.other_count[row]))
        way = SYNCHRONISATIONS[int(plans.synchronisation[row])]
        every = int(plans.interval[row])
        return f"{number} such hosts, {way}{f' every {every} steps' if every > 1 else ''}"
    if kind == "nodes":
        return f"{significant(float(plans.count[row]))} such hosts at every place"
    machine: Machine = judged.question.machines[int(_first_machine(plans)[row])]
    return f"{kind} {machine.name} instead"
