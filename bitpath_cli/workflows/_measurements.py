"""What could still be measured, the command that does it, and how much surer it would make."""

from dataclasses import dataclass
from typing import Final

from bitpath_cli.cost.information import confidence_if_all_known
from bitpath_cli.cost.uncertainty import Ranking, sigma
from bitpath_cli.model.reading import Method
from bitpath_cli.model.recommendation import Input, Measurement
from bitpath_cli.model.units import significant
from bitpath_cli.workflows._certainty import probabilities
from bitpath_cli.workflows._judgement import Judgement
from bitpath_cli.workflows._reckoning import inputs

_WORTH: Final = 0.01
_COUNTED: Final = frozenset(
    {"work.parameters", "work.forward", "work.operations", "work.traffic", "work.activation"}
)
_WIRE: Final = ("wire.latency", "wire.bandwidth", "wire.slowdown")


@dataclass(frozen=True, slots=True)
class Way:
    """One measurement: what of, and what is typed for it."""

    what: str
    command: str


def inputs_of_all(judged: Judgement, row: int) -> tuple[Input, ...]:
    """What the row and every strategy's best were computed from."""
    found: dict[str, Input] = {}
    for each in dict.fromkeys((row, *judged.best.values())):
        found |= {told.name: told for told in inputs(judged, each)}
    return tuple(found.values())


def way_to_measure(judged: Judgement, name: str) -> Way | None:
    """How an input would be measured; None for what only a person can state."""
    if name in _COUNTED:
        return Way(
            "the model's own counts", "bitpath profiles new --model package.module:factory"
        )  # fmt: skip
    if name.startswith(_WIRE):
        if name in _WIRE and _all_links_known(judged):
            return None
        return Way("the network between the nodes", _network(judged))
    if name.startswith("model.step."):
        return Way(
            "how far predicted steps are off", "bitpath trial report.json --calibrate -o trial.json"
        )  # fmt: skip
    if name.startswith("uplink."):
        return Way(
            "the link to the cloud",
            "bitpath bench network --listen ADDRESS on a machine there; "
            "bitpath bench network --peer ADDRESS --token TOKEN -o uplink.json here",
        )
    return _of_machine(judged, name)


def _all_links_known(judged: Judgement) -> bool:
    """Whether every link within and between a fleet's kinds was measured: then no other is used."""
    kinds = [at for at, each in enumerate(judged.question.machines) if each.hosts]
    met = [(one, other) for one in kinds for other in kinds if one < other]
    met += [(one, one) for one in kinds if len(judged.question.machines[one].hosts) > 1]
    return bool(kinds) and all(pair in judged.question.links for pair in met)


def _network(judged: Judgement) -> str:
    hosts = [name for each in judged.question.machines for name in each.hosts]
    where = f"each of the {len(hosts)} hosts" if len(hosts) > 1 else "each of two such hosts"
    return (
        f"bitpath bench allreduce --nnodes {max(2, len(hosts))} --node-rank R "
        f"--rendezvous HOST:29500 -o network.json on {where}, R from 0 and HOST that of R = 0"
    )


def _of_machine(judged: Judgement, name: str) -> Way | None:
    """What a benchmark on the machine itself would tell."""
    owners = {"today": "this host", "every host": "each host"}
    owners |= {each.name: f"{each.name}" for each in judged.question.machines if each.hosts}
    owner, what = next(
        ((each, name[len(each) + 1 :]) for each in owners if name.startswith(f"{each}.")), ("", "")
    )
    if what == "storage_rate":
        return Way(
            f"the disk of {owners[owner]}", "bitpath bench storage --dir DIR -o storage.json"
        )
    if what in ("power_idle", "power_max"):
        return Way(
            f"the power of {owners[owner]}",
            "bitpath bench power -o power.json, where a meter can be read",
        )
    return None if owner else _of_device(judged, name)


def _of_device(judged: Judgement, name: str) -> Way | None:
    """A machine that could be had: assess one like it, and name the report beside this one's."""
    for each in judged.question.machines:
        device = each.hardware.partition(" × ")[2]
        if device and name.startswith(
            tuple(
                f"{each.hardware}.{what}" for what in ("rate.", "memory_bandwidth", "storage_rate")
            )
        ):
            return Way(
                f"what {device} really reaches",
                f"bitpath assess -o {device}.json on a machine with one; then add to this command "
                f"--measured {device}={device}.json",
            )
    return None


def measurements(judged: Judgement, row: int) -> tuple[Measurement, ...]:
    """Every measurement that is still to be had, what is worth most first."""
    if judged.ranking is None or judged.winner is None:
        return ()
    ways: dict[Way, list[Input]] = {}
    for each in inputs_of_all(judged, row):
        unmeasured = each.reading.origin.method is Method.ASSUMED and sigma(each.reading) > 0
        way = way_to_measure(judged, each.name) if unmeasured else None
        if way is not None:
            ways.setdefault(way, []).append(each)
    found = [_worth(judged, judged.ranking, way, told) for way, told in ways.items()]
    return tuple(sorted(found, key=lambda each: -each.confidence_if_known))


def _worth(judged: Judgement, ranking: Ranking, way: Way, told: list[Input]) -> Measurement:
    """From the winner's confidence to that of whoever would then be named."""
    now = probabilities(judged)[judged.names[judged.winner or 0]]
    drawn = [judged.draws.of(each.name, each.reading) for each in told]
    known = min(1.0, confidence_if_all_known(ranking.winners, drawn))
    if known < float(ranking.probability_best.max()) + _WORTH:
        known = now
    return Measurement(
        what=way.what, inputs=tuple(each.name for each in told), command=way.command,
        confidence_now=now, confidence_if_known=known, sentence=_sentence(way, now, known),
    )  # fmt: skip


def _sentence(way: Way, now: float, known: float) -> str:
    before, after = (f"{significant(100 * each, 2)} %" for each in (now, known))
    if known == now:
        return f"measure {way.what}: it would not change the confidence of {before}: {way.command}"
    return (
        f"measure {way.what}: it would raise the confidence from {before} to about {after}: "
        f"{way.command}"
    )
