"""The recommendation put to the test: candidates run in small, predicted beside measured."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bitpath_cli import catalogue
from bitpath_cli.errors import BadValue, PeerFailed
from bitpath_cli.host import Host
from bitpath_cli.model.recommendation import Goal
from bitpath_cli.model.report import Report
from bitpath_cli.model.result import BenchmarkResult, Parameters
from bitpath_cli.model.trial import Check
from bitpath_cli.probes import Question
from bitpath_cli.workflows import measure
from bitpath_cli.workflows._todays_host import todays_machine
from bitpath_cli.workflows._trial_check import cases_of, find_gauges, judge_checks
from bitpath_cli.workflows.crew import Crew
from bitpath_cli.workflows.inspect import inspect
from bitpath_cli.workflows.lessons import BATCHES, ModelName, SyncName
from bitpath_cli.workflows.trial_report import KeptResults, TriedOut, concluded

GOALS: Final[tuple[Goal, ...]] = ("balanced", "speed", "cost", "energy")
PROBES: Final = ("cpu", "limits", "memory", "network", "storage", "system")
_LINK_SHARE: Final = 0.25
# The models' gradients and buckets lie between these.
_SMALLEST_BYTES: Final = 16 << 10
_LARGEST_BYTES: Final = 16 << 20
_PATIENCE_SECONDS: Final = 20.0
_START_SECONDS: Final = 3.0
_START_ALONE_SECONDS: Final = 1.0
_LEAST_SECONDS: Final = 1.0
_CHECK_SECONDS: Final = 6.0
# Shares of the batch; the smallest is divided by the hosts. No candidate has one of them.
_CALIBRATED: Final = (0.35, 0.6, 0.9)


@dataclass(frozen=True, slots=True)
class Attempted:
    """A candidate to run: so many nodes that train together in one way."""

    nodes: int
    sync: SyncName
    every: int


@dataclass(frozen=True, slots=True)
class TrialWish:
    """What to try. `cap_seconds` bounds the measuring, `batch` 0 is the model's usual one.

    `hosts` says how many there are; `keep` are the JSON files that always hold what is known so
    far; `simulated_rate` in FLOP/s makes ranks sleep, not compute.
    """

    model: ModelName = "resnet"
    site: str = catalogue.DEFAULT_SITE
    syncs: tuple[SyncName, ...] = ("ddp", "local-sgd")
    every: int = 8
    batch: int = 0
    cap_seconds: float = 120.0
    directory: str = "."
    hosts: int = 1
    crew: Crew | None = None
    keep: tuple[Path, ...] = ()
    simulated_rate: float | None = None

    @property
    def global_batch(self) -> int:
        """Samples of a step, over all nodes of a candidate."""
        return self.batch or BATCHES[self.model]

    @property
    def starting_seconds(self) -> float:
        """What looking at the host and starting the ranks of every case takes, about.

        The rest of the cap is measuring.
        """
        cases = len(self.candidates()) + len(_CALIBRATED) + (self.hosts > 1)
        starting = cases * (_START_SECONDS if self.hosts > 1 else _START_ALONE_SECONDS)
        return _CHECK_SECONDS + starting

    def check(self) -> None:
        """BadValue where the cap leaves no time to measure, or nothing can be compared."""
        least = self.starting_seconds + _LEAST_SECONDS * (len(self.candidates()) + 3)
        if self.cap_seconds < least:
            raise BadValue(
                "--cap", f"{self.cap_seconds:g} s", f"{least:.0f} s or more for these candidates"
            )
        unknown = [each for each in self.syncs if each not in MODELLED]
        if unknown:
            known = ", ".join(each for each in MODELLED if each != "single")
            raise BadValue("--sync", unknown[0], f"what the cost model predicts: {known}")

    def candidates(self) -> tuple[Attempted, ...]:
        """One node; then 2, 4, … and all nodes, in every way of synchronising."""
        counts = sorted(
            {*(2**power for power in range(1, 12) if 2**power < self.hosts), self.hosts}
        )
        return (
            Attempted(1, "single", 1),
            *(
                Attempted(count, sync, self.every if sync in _AVERAGING else 1)
                for count in counts
                if count > 1
                for sync in self.syncs
            ),
        )


MODELLED: Final[Mapping[SyncName, str]] = {
    "single": "none", "ddp": "all-reduce", "local-sgd": "local-sgd", "momentum": "slow-momentum",
    "parameter-server": "parameter-server", "fp16-compress": "fp16-compress",
    "powersgd": "powersgd",
}  # fmt: skip
"""What the cost model calls the ways of synchronising that it knows."""

_AVERAGING: Final = ("local-sgd", "momentum")


@dataclass
class Evidence:
    """What the trial measured: the link, the steps of ranks that train alone, the candidates.

    `checks` are resources of this host beside what its report says of them.
    """

    checks: tuple[Check, ...] = ()
    link: BenchmarkResult | None = None
    alone: list[BenchmarkResult] = field(default_factory=list)
    runs: dict[Attempted, BenchmarkResult] = field(default_factory=dict)
    failure: PeerFailed | None = None
    is_interrupted: bool = False


def run_trial(
    wish: TrialWish,
    report: Report | None,
    progress: measure.Progress,
    on_result: Callable[[BenchmarkResult], None],
    host: Host | None = None,
) -> Evidence:
    """Look at this host again, then measure the link, steps alone, and every candidate.

    What fails leaves the rest.
    """
    host = host or Host()
    found = Evidence()
    looked = inspect(host, Question(wish.directory), PROBES)
    components = looked.components

    def go(
        asked: Mapping[str, tuple[Parameters, ...]], seconds: float, crew: Crew | None
    ) -> list[BenchmarkResult]:
        got: list[BenchmarkResult] = []

        def keep(result: BenchmarkResult) -> None:
            got.append(result)
            on_result(result)

        budget = measure.Budget("trial", seconds, patience_seconds=_PATIENCE_SECONDS)
        try:
            done = measure.measure(
                host, components, wish.directory, tuple(asked), budget, progress, keep,
                crew=crew, asked=asked,
            )  # fmt: skip
        except PeerFailed as error:
            found.failure = error
            return got
        found.is_interrupted = found.is_interrupted or done.is_interrupted
        return got

    gauges = () if report is None else find_gauges(report)
    again = go(cases_of(gauges), _CHECK_SECONDS, None) if gauges else []
    seconds = wish.cap_seconds - wish.starting_seconds
    link_seconds = seconds * _LINK_SHARE if wish.hosts > 1 else 0.0
    if wish.hosts > 1 and not _is_over(found):
        link = go({"collectives": (_link_case(wish),)}, link_seconds, wish.crew)
        found.link = next(iter(link), None)
    if report is not None:
        found.checks = judge_checks(report, gauges, again, found.link, components)
    if _is_over(found):
        return found
    attempted = wish.candidates()
    alone = _alone_cases(wish)
    cases = [*alone, *(_case(wish, each) for each in attempted)]
    results = go({"train_step": tuple(cases)}, seconds - link_seconds, wish.crew)
    found.alone = results[: len(alone)]
    found.runs = dict(zip(attempted, results[len(alone) :], strict=False))
    return found


def try_out(wish: TrialWish, report: Report | None, progress: measure.Progress) -> TriedOut:
    """Run the trial and weigh it; what was run before a failure counts.

    Raises UnmeasuredHost where nothing was run that a prediction could rest on, and PeerFailed
    where another host was lost before that.
    """
    site = catalogue.site(wish.site)
    if report is not None:
        # What the report lacks must be known before anything is measured.
        todays_machine(report, site)
    wish.check()
    kept = KeptResults(report, wish.keep)
    found = run_trial(wish, report, progress, kept.keep)
    if report is None:
        return TriedOut(None, found.failure, found.is_interrupted)
    if found.failure is not None and not found.alone:
        raise found.failure
    if found.is_interrupted and not found.alone:
        raise KeyboardInterrupt
    from bitpath_cli.workflows._trial_weighing import weigh

    trial = weigh(wish, report, found)
    return concluded(
        report, trial, kept.results, found.failure, is_interrupted=found.is_interrupted
    )


def _is_over(found: Evidence) -> bool:
    return found.failure is not None or found.is_interrupted


def _link_case(wish: TrialWish) -> Parameters:
    return {
        "op": "all_reduce", "world_size": wish.hosts, "backend": "gloo", "dtype": "float32",
        "diagnosis": "overlap", "min_size": _SMALLEST_BYTES, "max_size": _LARGEST_BYTES,
    }  # fmt: skip


def _alone_cases(wish: TrialWish) -> list[Parameters]:
    """Every host for itself, all at once, with batches that no candidate has."""
    smallest = max(1, round(_CALIBRATED[0] * wish.global_batch / wish.hosts))
    larger = (max(smallest + 1, round(share * wish.global_batch)) for share in _CALIBRATED[1:])
    batches = dict.fromkeys((smallest, *larger))
    return [_training(wish, "single", 1, batch * wish.hosts) for batch in batches]


def _case(wish: TrialWish, candidate: Attempted) -> Parameters:
    """A node alone is tried on every host at once: what each shares with others counts the same."""
    if candidate.nodes == 1:
        return _training(wish, "single", 1, wish.global_batch * wish.hosts)
    told = _training(wish, candidate.sync, candidate.every, wish.global_batch)
    return {**told, "participants": candidate.nodes}


def _training(wish: TrialWish, sync: SyncName, every: int, batch: int) -> Parameters:
    told: Parameters = {
        "model": wish.model, "sync": sync, "every": every, "batch_size": batch,
        "world_size": wish.hosts,
    }  # fmt: skip
    if wish.simulated_rate is None:
        return told
    return {**told, "simulated_rate": wish.simulated_rate}
