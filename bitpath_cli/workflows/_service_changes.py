"""What else could be done to the service that is recommended, on the same model.

Its search has tried what the profile allows: machines, batches, nodes that follow the load. Left
are numbers of fewer bits than the profile names, and a cache before it all.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import torch

from bitpath_cli.cost.uncertainty import Draws
from bitpath_cli.model.recommendation import Remedy
from bitpath_cli.model.workload import Serving
from bitpath_cli.prediction.memory import WEIGHT_BYTES
from bitpath_cli.strategies import PRECISIONS, ServicePlans, evaluate, select
from bitpath_cli.workflows._judgement import Judgement, scored
from bitpath_cli.workflows._one_change import as_remedy

CACHED: Final = 0.3
"""A guess, said with what comes of it: how much is asked again differs from service to service.

What a machine sends at its own pace, such as a camera, is never asked again.
"""

_NOTICED: Final = 1e-3


def service_remedies(judged: Judgement, row: int) -> tuple[Remedy, ...]:
    """The changes that take something off L and keep all limits, the largest first."""
    plans, serving = select(judged.plans, torch.tensor([row])), judged.question.workload.serving
    if not isinstance(plans, ServicePlans) or serving is None:
        return ()
    score, price = judged.scores[[row]], judged.nominal.total().hardware[[row], 0]
    found = []
    for words, changed, rate in _changes(judged, plans, serving):
        levers = {"request_rate": torch.tensor([rate], dtype=torch.float64)}
        then = evaluate(judged.question, changed, Draws(1), levers)
        if bool(then.feasible().all()):
            scores = torch.cat([score, scored(judged, then)[:, 0]])
            money = torch.cat([price, then.total().hardware[:, 0]])
            found.append(as_remedy(judged, words, scores, money))
    least = -_NOTICED * float(score)
    helpful = (each for each in found if each.change_in_score < least)
    return tuple(sorted(helpful, key=lambda each: each.change_in_score))


def _changes(
    judged: Judgement, plans: ServicePlans, serving: Serving
) -> Iterator[tuple[str, ServicePlans, float]]:
    """Each change in words, the plans after it, and the share of the requests that is left."""
    yield from _narrower(judged, plans)
    if serving.arrival == "poisson":
        said = f"answer {100 * CACHED:g} % from a cache (that share is a guess)"
        yield said, _fewer_nodes(plans, 1 - CACHED), 1 - CACHED


def _narrower(judged: Judgement, plans: ServicePlans) -> Iterator[tuple[str, ServicePlans, float]]:
    """Precisions of fewer bytes that all of its machines have and the profile does not name."""
    question = judged.question
    used = {
        int(machine[0])
        for machine, count in (
            (plans.machine, plans.count), (plans.central_machine, plans.central_count),
        )
        if float(count[0]) > 0
    }  # fmt: skip
    now = PRECISIONS[int(plans.precision[0])]
    for index, each in enumerate(PRECISIONS):
        able = all(each in question.machines[machine].rates for machine in used)
        is_new = each not in question.workload.work.precisions
        if able and is_new and WEIGHT_BYTES[each] < WEIGHT_BYTES[now]:
            words = f"compute in {each} (whether its answers stay good, the profile does not say)"
            yield words, replace(plans, precision=torch.full_like(plans.precision, index)), 1.0


def _fewer_nodes(plans: ServicePlans, share: float) -> ServicePlans:
    """So large a share of the central nodes in each hour, whole ones and at least one."""
    present = plans.central_count > 0
    hours = torch.ceil(plans.hours * share - 1e-9).clamp_min(1.0) * present.unsqueeze(1)
    return replace(plans, hours=hours, central_count=hours.amax(dim=1))
