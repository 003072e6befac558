"""What a job's figures do not hold: accuracy that a way of training costs, a purchase at once."""

from collections.abc import Mapping, Sequence
from typing import Final

from bitpath_cli.model.configuration import Configuration
from bitpath_cli.model.result import BenchmarkResult, Validity
from bitpath_cli.model.units import Unit, human, significant
from bitpath_cli.strategies import Question

_CAVEATS: Final[Mapping[str, str]] = {
    "local-sgd": "averaging models only every few steps can cost accuracy or take more steps",
    "slow-momentum": "averaging models only every few steps can cost accuracy or take more steps; "
    "the slow momentum made up for much of it where it was published",
    "fp16-compress": "gradients in 16 bits can overflow or lose the smallest ones",
    "powersgd": "gradients as two thin factors are an approximation; what is lost is added to the "
    "next step, yet a rank that is too low costs accuracy",
}
_BENCHMARKED: Final[Mapping[str, str]] = {
    "local-sgd": "local-sgd", "slow-momentum": "momentum", "fp16-compress": "fp16-compress",
    "powersgd": "powersgd",
}  # fmt: skip
_EXACT: Final = "ddp"
_YEAR_SECONDS: Final = 365.25 * 86400


def kind(configuration: Configuration) -> str:
    """How it synchronises, without its interval or its rank."""
    return configuration.synchronisation.partition(" ")[0]


def caveats(
    configurations: Sequence[Configuration], results: Sequence[BenchmarkResult]
) -> tuple[str, ...]:
    """A sentence for each way among them that changes what is learnt, with losses if measured."""
    names = dict.fromkeys(kind(each) for each in configurations)
    return tuple(
        f"{name}: {_CAVEATS[name]}; that is not in these numbers{_measured(name, results)}"
        for name in names
        if name in _CAVEATS
    )


def _measured(name: str, results: Sequence[BenchmarkResult]) -> str:
    """The losses of a small model that was trained both ways, else the command that tries it."""
    trained = [
        each
        for each in results
        if each.benchmark == "train_step" and each.validity is not Validity.INVALID
    ]
    pairs = [
        (each, other)
        for each in trained
        if each.parameters.get("sync") == _BENCHMARKED[name]
        for other in trained
        if other.parameters.get("sync") == _EXACT and _is_same_lesson(each, other)
    ]
    found = next((told for pair in pairs if (told := _losses(*pair))), "")
    if found:
        return f"; {found}"
    sync = _BENCHMARKED[name]
    return f"; see it on a small model: bitpath bench training --sync ddp --sync {sync}"


def _is_same_lesson(one: BenchmarkResult, other: BenchmarkResult) -> bool:
    keys = ("model", "batch_size", "world_size", "participants")
    return all(one.parameters.get(key) == other.parameters.get(key) for key in keys)


def _losses(result: BenchmarkResult, exact: BenchmarkResult) -> str:
    """Both losses at the last number of samples that both had seen."""
    curves = [_curve(each) for each in (result, exact)]
    if not all(curves):
        return ""
    seen = min(max(curve) for curve in curves)
    mine, theirs = (_at(curve, seen) for curve in curves)
    model = result.parameters.get("model")
    return (
        f"on this report's small {model} the loss after {seen:.0f} samples was "
        f"{significant(mine)} against {significant(theirs)} with ddp"
    )


def _curve(result: BenchmarkResult) -> dict[float, float]:
    samples = result.samples.get("step")
    if samples is None or not samples.blocks:
        return {}
    told = samples.blocks[0].evidence
    return dict(zip(told.get("curve_samples", ()), told.get("curve_loss", ()), strict=False))


def _at(curve: Mapping[float, float], seen: float) -> float:
    """The loss on the line between the two nearest looks."""
    before = max((each for each in curve if each <= seen), default=min(curve))
    after = min((each for each in curve if each >= seen), default=max(curve))
    if before == after:
        return curve[before]
    share = (seen - before) / (after - before)
    return curve[before] + share * (curve[after] - curve[before])


def purchases(question: Question, winner: Configuration | None) -> tuple[str, ...]:
    """What buying costs at once, where a job is charged only its share of the machines' lives."""
    if winner is None or question.workload.task != "training":
        return ()
    prices = {each.name: each.prices.get("bought") for each in question.machines}
    bought = [
        group.count * price.value
        for group in winner.nodes
        if group.tenure == "bought" and (price := prices.get(group.device)) is not None
    ]
    if not bought:
        return ()
    site = question.site
    paid, years = sum(bought), significant(site.lifetime.value / _YEAR_SECONDS, 2)
    return (
        f"to buy costs {human(paid, Unit(site.currency))} at once; the job is charged its hours of "
        f"{years} years in which they have work {significant(100 * site.duty.value, 2)} % of the "
        "time: with less to do for them, rent (lifetime and duty stand in the site's profile)",
    )
