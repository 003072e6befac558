"""What the answer rests on that was not measured, and what knowing it would be worth."""

from typing import Final

from bitpath_cli.cost.uncertainty import confidence_if_known, sigma
from bitpath_cli.model.reading import Method, Quantity
from bitpath_cli.model.recommendation import AssumedInput
from bitpath_cli.workflows._judgement import Judgement
from bitpath_cli.workflows._measurements import inputs_of_all, way_to_measure

_WIDE: Final = 0.35
_WORTH: Final = 0.03
_OF_WORKLOAD: Final = ("work", "data", "training", "serving", "cascade", "limit")


def assumptions(judged: Judgement, row: int) -> tuple[AssumedInput, ...]:
    """The wide guesses, and what would settle the choice; what is worth most comes first.

    Knowing an input is worth the rise of the winner's probability when the draws are sorted into
    classes by that input, and each class may choose its own strategy.
    """
    if judged.ranking is None or judged.winner is None:
        return ()
    now = float(judged.ranking.probability_best.max())
    found = []
    for each in inputs_of_all(judged, row):
        if each.reading.origin.method is not Method.ASSUMED or sigma(each.reading) == 0:
            continue
        drawn = judged.draws.of(each.name, each.reading)
        known = max(now, confidence_if_known(judged.ranking.winners, drawn))
        if sigma(each.reading) >= _WIDE or known - now >= _WORTH:
            found.append(_assumed(judged, each.name, each.reading, known))
    return tuple(sorted(found, key=lambda each: (-each.confidence_if_known, -sigma(each.reading))))


def _assumed(judged: Judgement, name: str, reading: Quantity, known: float) -> AssumedInput:
    return AssumedInput(
        name=name, reading=reading, confidence_if_known=known, next_step=_next_step(judged, name)
    )


def _next_step(judged: Judgement, name: str) -> str:
    """How it would be known: by measuring, or by stating what only a person knows."""
    way = way_to_measure(judged, name)
    if way is not None:
        return f"measure it: {way.command}"
    owner = name.partition(".")[0]
    if owner in _OF_WORKLOAD:
        shown = judged.question.workload.name
        return f"state it in a profile of your own, from: bitpath profiles show {shown}"
    if (device := _device_of(judged, name)) is not None:
        return f"state it in a device profile of your own, from: bitpath profiles show {device}"
    shown = judged.question.site.name
    return f"state it in a site profile of your own, from: bitpath profiles show {shown}"


def _device_of(judged: Judgement, name: str) -> str | None:
    """The device whose profile gives the input: what it draws and holds, what it costs to buy."""
    for each in judged.question.machines:
        device = each.hardware.partition(" × ")[2]
        own = f"{each.hardware}." in name or name == f"{each.name}.price.bought"
        if device and own and not name.endswith(".availability"):
            return device
    return None
