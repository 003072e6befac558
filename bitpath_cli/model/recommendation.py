"""What to run a workload on and why: candidates, their terms, the winner, what would flip it."""

from typing import Literal

from pydantic import FiniteFloat

from bitpath_cli.model.configuration import Configuration, StrategyName
from bitpath_cli.model.reading import Missing, Origin, Quantity, Reading, absent
from bitpath_cli.model.record import Record
from bitpath_cli.model.units import Unit

TermName = Literal["compute", "storage", "bandwidth", "hardware", "energy"]
TERM_NAMES: tuple[TermName, ...] = ("compute", "storage", "bandwidth", "hardware", "energy")
Goal = Literal["balanced", "cost", "speed", "energy"]


class NodeShare(Record):
    """A node's part of a term; the parts sum to the whole."""

    node: str
    count: float
    value: FiniteFloat
    unit: Unit


class Term(Record):
    """One of the five terms of one candidate, and its ratio to the reference."""

    kind: Literal["quantity", "missing"] = "quantity"
    value: FiniteFloat | None
    unit: Unit
    low: FiniteFloat | None = None
    high: FiniteFloat | None = None
    level: float | None = None
    origin: Origin
    ratio: FiniteFloat | None
    per_node: tuple[NodeShare, ...] = ()
    missing: Missing | None = None

    @property
    def reading(self) -> Quantity | Missing:
        """The same as a reading."""
        if self.missing is not None or self.value is None:
            return self.missing or absent("no value")
        return Quantity(
            value=self.value, unit=self.unit, origin=self.origin,
            low=self.low, high=self.high, level=self.level,
        )  # fmt: skip


class Terms(Record):
    """C_T, S, B, C_H and E, per job or per month of service."""

    compute: Term
    storage: Term
    bandwidth: Term
    hardware: Term
    energy: Term

    def by_name(self, name: TermName) -> Term:
        """The term of that name."""
        found: Term = getattr(self, name)
        return found


class Violation(Record):
    """A constraint that a configuration fails, in a sentence with its numbers."""

    constraint: str
    limit: Reading
    predicted: Reading
    sentence: str
    probability_feasible: float
    binds: bool = True
    removes: bool


class Candidate(Record):
    """A configuration that was judged. Lower `score` is better; 1 is like today's host."""

    strategy: StrategyName
    configuration: Configuration
    feasible: bool
    at_risk: bool
    violations: tuple[Violation, ...] = ()
    terms: Terms
    score: FiniteFloat | None
    view_currency: Reading
    view_geometric: FiniteFloat | None
    dominated: bool
    on_front: bool
    probability_best: float
    predicted: dict[str, Reading] = {}
    verdict: str


class Weights(Record):
    """The λ of every term."""

    compute: FiniteFloat
    storage: FiniteFloat
    bandwidth: FiniteFloat
    hardware: FiniteFloat
    energy: FiniteFloat


class References(Record):
    """What each term is divided by; Missing leaves the term out for all candidates."""

    compute: Reading
    storage: Reading
    bandwidth: Reading
    hardware: Reading
    energy: Reading


class Sensitivity(Record):
    """∂ log(target) / ∂ log(resource): +1 % of the resource changes the target by this many %."""

    resource: str
    target: str
    elasticity: FiniteFloat
    sentence: str


class Bottleneck(Record):
    """The resource with the most negative elasticity of time, and the next one.

    A recommendation has that of its winner, and that of today's host.
    """

    resource: str
    elasticity: FiniteFloat
    sentence: str
    runner_up: str | None
    balanced: bool


class BreakEven(Record):
    """Where the winner changes when one quantity moves and all else stays."""

    quantity: str
    at: Quantity
    now: Quantity
    other: StrategyName
    sentence: str


class Remedy(Record):
    """A what-if on the same model: what it changes in L, and what it costs where that is known."""

    name: str
    change_in_score: FiniteFloat
    cost: Reading
    sentence: str


Tier = Literal["measured", "extrapolated", "datasheet", "guess"]


class Support(Record):
    """What one resource that decides the time was taken from, and why its tier is no better."""

    resource: str
    tier: Tier
    sentence: str


class Evidence(Record):
    """On what the winner's time rests: the weakest tier of what decides it, the weakest first.

    Measured on this hardware; measured, but outside of what is asked; from datasheets; guessed.
    """

    tier: Tier
    supports: tuple[Support, ...]


class Purchasable(Record):
    """A resource of the recommended nodes: what more of it brings, and how much of it to have.

    `elasticity` is −∂ log L/∂ log x with its price left out. More of it pays while that adds less
    than `pays_below` times as much to what the nodes cost and draw; None where that has no weight.
    `factor` is what the optimiser makes of it at the assumed `price_share`, as a multiple of now.
    """

    resource: str
    elasticity: FiniteFloat
    pays_below: FiniteFloat | None
    price_share: Quantity
    probability_first: float
    factor: FiniteFloat
    sentence: str


class NextMoney(Record):
    """Where the next unit of money should go: the continuous resources, what brings most first.

    L is descended by both rules from several starts; `score` is the better one's and `disagreement`
    how far the other ended above it, as a share.
    """

    decay: FiniteFloat
    rule: Literal["sgd", "adam"]
    score_now: FiniteFloat
    score: FiniteFloat
    disagreement: FiniteFloat
    resources: tuple[Purchasable, ...]
    mix: str
    assumption: str
    sentence: str


class Confidence(Record):
    """How sure the ranking is over draws from the readings' spreads, shared by all candidates."""

    draws: int
    probability_best: float
    expected_regret: FiniteFloat
    rank_low: int
    rank_high: int
    simplex_share: float


class AssumedInput(Record):
    """A number that was not measured, how wide its spread is, and how it would be known.

    `confidence_if_known` is about what P(best) would rise to.
    """

    name: str
    reading: Quantity
    confidence_if_known: float = 0.0
    next_step: str


class Measurement(Record):
    """What could still be measured: the inputs that it would tell, and what is typed for it.

    Both confidences are P(best): as it is, and about what it would rise to.
    """

    what: str
    inputs: tuple[str, ...]
    command: str
    confidence_now: FiniteFloat
    confidence_if_known: FiniteFloat
    sentence: str


class Formula(Record):
    """A figure of the winner, and the formula that it follows from."""

    name: str
    formula: str
    value: Reading


class Input(Record):
    """A quantity that the winner's figures or the references were computed from."""

    name: str
    reading: Quantity


class Recommendation(Record):
    """The answer for one workload at one site."""

    workload: str
    workload_is_example: bool
    site: str
    goal: Goal
    unit_of_account: str
    lambdas: Weights
    lambdas_source: str
    references: References
    references_explained: str
    winner: Configuration | None
    verdict: Literal["clear", "tie", "none feasible"]
    summary: str
    tied_with: tuple[StrategyName, ...] = ()
    probability_best: float | None
    robust: bool
    confidence: Confidence | None
    configurations_considered: int
    candidates: tuple[Candidate, ...]
    bottleneck: Bottleneck | None
    bottleneck_today: Bottleneck | None = None
    sensitivities: tuple[Sensitivity, ...] = ()
    break_even: tuple[BreakEven, ...] = ()
    remedies: tuple[Remedy, ...] = ()
    remedies_today: tuple[Remedy, ...] = ()
    next_money: NextMoney | None = None
    evidence: Evidence | None = None
    smallest_change: str = ""
    assumptions: tuple[AssumedInput, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    formulas: tuple[Formula, ...] = ()
    inputs: tuple[Input, ...] = ()
    notes: tuple[str, ...] = ()
