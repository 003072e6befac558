"""Judges all configurations of all strategies: feasible or not, how good, how surely."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import torch
from torch import Tensor

from bitpath_cli import discover, strategies
from bitpath_cli.cost.objective import Ratios, currency, geometric, objective, ratios
from bitpath_cli.cost.pareto import dominated
from bitpath_cli.cost.terms import TermTensors
from bitpath_cli.cost.uncertainty import Draws, Ranking, rank
from bitpath_cli.errors import UnfitWorkload
from bitpath_cli.model.configuration import StrategyName
from bitpath_cli.model.reading import unsupported
from bitpath_cli.model.recommendation import TERM_NAMES, Goal, TermName
from bitpath_cli.strategies import (
    Machine,
    Outcome,
    Plans,
    Question,
    Strategy,
    evaluate,
    join,
    reference,
    select,
)
from bitpath_cli.workflows._selection import (
    REMOVED_BELOW,
    best_of_each,
    countable,
    nearest_of_each,
    promising,
)

DECAY: Final = 0.1
"""The λ of the optimiser's decay: doubling one resource must lower L by 2.4 % to be worth it."""

AT_RISK_BELOW: Final = 0.9
LIKELY: Final = 0.5
_BLOCK: Final = 8192
ENDLESS: Final = unsupported("requests arrive faster than they are answered: the queue never ends")


@dataclass(frozen=True, slots=True)
class Wishes:
    """The weights in use and where they came from, budgets as references, and how many draws.

    `is_sunk` counts what is owned already as paid for; the reference counts it amortised as ever.
    `decay` is the λ that holds the optimiser to today's infrastructure, beside those of the terms.
    """

    goal: Goal
    lambdas: Mapping[TermName, float]
    lambdas_source: str
    references: Mapping[TermName, float] = field(default_factory=dict)
    is_sunk: bool = False
    draws: int = 1000
    decay: float = DECAY


@dataclass(frozen=True, slots=True)
class Judgement:
    """Rows are the configurations that were drawn, of all that were considered.

    `amortised` is the question in which nothing is paid for yet. `best` gives each strategy's best
    feasible row, `nearest` the row that fails by least.
    """

    question: Question
    amortised: Question
    wishes: Wishes
    plans: Plans
    names: tuple[StrategyName, ...]
    considered: int
    nominal: Outcome
    drawn: Outcome
    reference: TermTensors
    ratios: Ratios
    scores: Tensor
    geometric: Tensor
    currency: Tensor
    probability_feasible: Tensor
    dominated: Tensor
    best: Mapping[StrategyName, int]
    nearest: Mapping[StrategyName, int]
    ranking: Ranking | None
    draws: Draws
    winner: int | None

    def rivals(self) -> tuple[StrategyName, ...]:
        """The strategies that compete, in the order of the ranking's rows; today does not."""
        return tuple(name for name in self.best if name != "today")


def judge(question: Question, wishes: Wishes) -> Judgement:
    """Enumerate, price, reduce to the promising ones, draw, and rank.

    On one thread: these tensors are small, and on a busy machine threads would wait for each other.
    """
    torch.set_num_threads(1)
    amortised = question
    if wishes.is_sunk:
        question = _sunk(question)
    plans, names = every_plan(question)
    considered = len(names)
    today = [index for index, name in enumerate(names) if name == "today"]
    if not today:
        allowed = ", ".join(question.workload.work.precisions)
        raise UnfitWorkload(
            question.workload.name,
            f"this host was measured in none of the precisions it allows ({allowed})",
        )
    here = select(plans, torch.tensor(today))
    base = _referred(reference(amortised, here, Draws(1)), wishes)
    lambdas = dict(wishes.lambdas)
    kept = promising(names, *priced(question, plans, base, lambdas))
    plans, names = select(plans, kept), tuple(names[int(index)] for index in kept)
    nominal = evaluate(question, plans, Draws(1))
    draws = Draws(wishes.draws)
    drawn = evaluate(question, plans, draws)
    # Draws of its own, which are the same: what is sunk here is not sunk in the reference.
    drawn_base = _referred(reference(amortised, here, Draws(wishes.draws)), wishes)
    probability = drawn.feasible().double().mean(dim=1)
    scaled = ratios(nominal.total(), base)
    scores = countable(objective(scaled, lambdas).squeeze(1))
    sound = (probability >= LIKELY) & nominal.feasible().squeeze(1) & torch.isfinite(scores)
    best = best_of_each(names, scores, probability, sound)
    ranking, winner = _rank(drawn, drawn_base, lambdas, best, scores, probability, sound)
    return Judgement(
        question=question, amortised=amortised, wishes=wishes, plans=plans, names=names,
        considered=considered, nominal=nominal, drawn=drawn, reference=base, ratios=scaled,
        scores=scores, geometric=geometric(scaled, lambdas).squeeze(1),
        currency=_in_currency(question, nominal).squeeze(1),
        probability_feasible=probability,
        dominated=_dominated(nominal, probability),
        best=best, nearest=nearest_of_each(names, scores, excess_of(nominal)),
        ranking=ranking, draws=draws, winner=winner,
    )  # fmt: skip


def priced(
    question: Question, plans: Plans, base: TermTensors, lambdas: dict[TermName, float]
) -> tuple[Tensor, Tensor]:
    """L and `excess_of` of configurations, block by block: memory does not grow with them."""
    draws, scores, excess = Draws(1), [], []
    for rows in torch.split(torch.arange(len(plans.machine)), _BLOCK):
        outcome = evaluate(question, select(plans, rows), draws)
        scores.append(countable(objective(ratios(outcome.total(), base), lambdas).squeeze(1)))
        excess.append(excess_of(outcome))
    return torch.cat(scores), torch.cat(excess)


def scored(judged: Judgement, outcome: Outcome) -> Tensor:
    """L of an outcome [C, D] by the judgement's weights and references."""
    return objective(ratios(outcome.total(), judged.reference), dict(judged.wishes.lambdas))


def _sunk(question: Question) -> Question:
    """The same where what is owned costs nothing more; copies of it are still to be bought."""
    first, *others = question.machines
    machines = (_paid_for(first), *(_paid_for(each) if each.hosts else each for each in others))
    return replace(question, machines=machines)


def _paid_for(machine: Machine) -> Machine:
    free = machine.prices["owned"].model_copy(update={"value": 0.0, "low": 0.0, "high": 0.0})
    return replace(machine, prices={**machine.prices, "owned": free})


def every_plan(question: Question) -> tuple[Plans, tuple[StrategyName, ...]]:
    """The configurations of all strategies, and whose they are."""
    parts: list[Plans] = []
    names: list[StrategyName] = []
    for member in discover.names(strategies):
        strategy = discover.member(strategies, member, "STRATEGY", Strategy)
        training = question.workload.task == "training"
        plans = strategy.plan_job(question) if training else strategy.plan_service(question)
        parts.append(plans)
        names += [strategy.name] * len(plans.machine)
    return join(parts), tuple(names)


def _referred(base: TermTensors, wishes: Wishes) -> TermTensors:
    """The reference, with the budgets that the user gives in its place."""
    budgets = {
        name: torch.full_like(base.compute, value) for name, value in wishes.references.items()
    }
    return replace(base, **budgets)


def excess_of(outcome: Outcome) -> Tensor:
    """By what factor the worst binding constraint is missed, [C]; at most 1 where none is.

    An endless wait has no factor; the utilisation or the uplink that causes it has one.
    """
    worst = torch.zeros(len(outcome.elapsed), dtype=torch.float64)
    for bound in outcome.bounds:
        if bound.binds:
            tiny = torch.full_like(bound.limit, 1e-12)
            ratio = (bound.predicted / torch.maximum(bound.limit, tiny)).mean(dim=1)
            worst = torch.maximum(worst, torch.nan_to_num(ratio, nan=torch.inf, posinf=0.0))
    return worst


def _rank(
    drawn: Outcome,
    base: TermTensors,
    lambdas: dict[TermName, float],
    best: Mapping[StrategyName, int],
    scores: Tensor,
    probability: Tensor,
    sound: Tensor,
) -> tuple[Ranking | None, int | None]:
    """Strategies against each other, each by its best configuration.

    One that is feasible as expected wins before any that is only possibly so, and of those the
    likeliest.
    """
    rows = [row for name, row in best.items() if name != "today"]
    if not rows:
        return None, None
    index = torch.tensor(rows)
    drawn_scores = objective(ratios(drawn.total().rows(index), base), lambdas)
    ranking = rank(drawn_scores, drawn.feasible()[index])
    return ranking, min(rows, key=lambda row: _order(row, scores, probability, sound))


def _order(
    row: int, scores: Tensor, probability: Tensor, sound: Tensor
) -> tuple[bool, float, float]:
    if bool(sound[row]):
        return False, 0.0, float(scores[row])
    return True, -float(probability[row]), float(scores[row])


def _in_currency(question: Question, outcome: Outcome) -> Tensor:
    """All terms in the site's currency; electricity only where the site itself pays for it."""
    site, terms = question.site, outcome.total()
    own = replace(terms, energy=outcome.details["paid_energy"])
    return currency(
        own,
        torch.tensor(site.value_of_time.value, dtype=torch.float64),
        torch.tensor(site.place.tariff.value, dtype=torch.float64),
        torch.zeros((), dtype=torch.float64),
    )


def _dominated(outcome: Outcome, probability: Tensor) -> Tensor:
    """Among what is feasible: some other configuration is nowhere worse and somewhere better."""
    terms = outcome.total()
    columns = [terms.named(name).squeeze(1) for name in TERM_NAMES]
    values = torch.stack([*columns, outcome.elapsed.squeeze(1)], dim=1)
    able = torch.nonzero(probability >= REMOVED_BELOW).flatten()
    answer = torch.ones(len(values), dtype=torch.bool)
    if len(able):
        scale = values[able].abs().amax(dim=0).clamp_min(1e-300)
        answer[able] = dominated(values[able] / scale)
    return answer
