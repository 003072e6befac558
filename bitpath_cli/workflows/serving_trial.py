"""A service's placements put to the test: run, and beside them what their parts foretell."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from bitpath_cli import catalogue
from bitpath_cli.benchmarks._load import Arrival, Traffic
from bitpath_cli.errors import BadModel, BadValue, PeerFailed
from bitpath_cli.host import monotonic
from bitpath_cli.model.report import Report
from bitpath_cli.model.result import BenchmarkResult
from bitpath_cli.workflows._edge_part import Placement, parse_placement
from bitpath_cli.workflows._own_service import own_service
from bitpath_cli.workflows._placement_report import as_result
from bitpath_cli.workflows._serving_alone import prepare
from bitpath_cli.workflows._serving_forecast import Forecast, Learnt, best_split, forecast
from bitpath_cli.workflows._serving_study import Study, learn, learn_again
from bitpath_cli.workflows._serving_terms import find_nodes
from bitpath_cli.workflows._serving_verdict import Told, weigh
from bitpath_cli.workflows._serving_weighing import Attempted, Kept
from bitpath_cli.workflows.assess import Progress
from bitpath_cli.workflows.infer import check_model, count_threads
from bitpath_cli.workflows.peers import parse_place, read_token
from bitpath_cli.workflows.remote import REQUEST_SECONDS, Link, is_local, measure_placement
from bitpath_cli.workflows.trial_report import KeptResults, TriedOut, concluded

LEAST_CAP_SECONDS: Final = 20.0
_ESCALATED: Final = 0.3
_START_SECONDS: Final = 0.8
# The model at both ends, and what is not counted before each.
_AGAIN_COSTS: Final = 3.5
_LEAST_RUN_SECONDS: Final = 1.0
_LEAST_PAUSE_SECONDS: Final = 0.01
# Beyond what TCP waits before it forgets what a connection can carry (RFC 5681, 4.1).
_MOST_PAUSE_SECONDS: Final = 0.25
_FULL: Final = 1.0


@dataclass(frozen=True, slots=True)
class ServingWish:
    """What to try. `cap_seconds` bounds all of it; no placements means every kind that can be.

    No answer but the share above `percentile` may take longer than `limit_seconds`.
    `serve_on` is HOST:PORT of `bitpath serve`; without it a process of our own answers on
    loopback. `stays` says why data may not leave the edge, `words` what the model stands for.
    """

    model: str = "resnet"
    name: str = ""
    placements: tuple[str, ...] = ()
    serve_on: str = ""
    token_file: Path | None = None
    rate: float = 10.0
    arrival: Arrival = "poisson"
    small: str = ""
    site: str = catalogue.DEFAULT_SITE
    threads: int | None = None
    cap_seconds: float = 120.0
    limit_seconds: float | None = None
    percentile: float = 0.95
    stays: str = ""
    words: str = ""
    keep: tuple[Path, ...] = ()

    @property
    def pause(self) -> float:
        """Seconds to rest between single measurements: about what requests leave between them."""
        return min(_MOST_PAUSE_SECONDS, max(_LEAST_PAUSE_SECONDS, 1 / self.rate))

    def check(self) -> None:
        """BadValue, UnknownName or BadModel for what cannot be tried, before anything runs."""
        for each in (self.model, *filter(None, (self.small,))):
            check_model(each)
        if self.cap_seconds < LEAST_CAP_SECONDS:
            raise BadValue("--cap", f"{self.cap_seconds:g} s", f"{LEAST_CAP_SECONDS:g} s or more")
        if not self.rate > 0:
            raise BadValue("--rate", f"{self.rate:g}/s", "more than 0")
        for placement in self.placements:
            parse_placement(placement)
        if self.serve_on and self.token_file is None:
            raise BadValue(
                "--token-file", "", "the file with the token that bitpath serve was given"
            )


@dataclass
class _Run:
    """A trial on its way: what has been done, and until when it may go on."""

    wish: ServingWish
    study: Study
    deadline: float
    progress: Progress
    attempts: list[Attempted] = field(default_factory=list)
    failure: PeerFailed | None = None
    is_interrupted: bool = False

    @property
    def left(self) -> float:
        """Seconds until the cap."""
        return self.deadline - monotonic()


def try_service(wish: ServingWish, report: Report, progress: Progress) -> TriedOut:
    """Measure the parts, run every placement, and put what the parts foretell beside it.

    Raises UnmeasuredHost for a report that does not tell what today's host is, BadModel for a model
    that cannot be run here, and PeerFailed where the service was lost before anything ran.
    """
    wish.check()
    ends = find_nodes(report, catalogue.site(wish.site))
    deadline = monotonic() + wish.cap_seconds
    threads = wish.threads or count_threads()
    is_shared = not wish.serve_on
    if is_shared and wish.threads is None:
        threads = max(1, threads // 2)
    kept = KeptResults(report, wish.keep)
    must_cascade = any(each.startswith("cascade") for each in wish.placements)
    part = prepare(wish.model, wish.small, threads, must_cascade)
    if monotonic() >= deadline:
        raise BadValue("--cap", f"{wish.cap_seconds:g} s", "more: making the model ready took it")
    with _service(wish, threads, progress) as link:
        study = Study(part, deadline - monotonic(), link, wish.pause, is_shared, progress)
        run = _Run(wish, study, deadline, progress)
        learnt, traffic = _run_all(run, learn(study), kept.keep)
    limit = None
    if wish.limit_seconds is not None:
        limit = Kept(wish.limit_seconds, wish.percentile)
    told = Told(
        wish.name or f"{wish.model} service", wish.words or f"{wish.model} in small", wish.site,
        ends, limit, wish.stays, link is not None and is_local(link.url),
    )  # fmt: skip
    trial = weigh(told, learnt, run.attempts, traffic)
    return concluded(report, trial, kept.results, run.failure, is_interrupted=run.is_interrupted)


@contextlib.contextmanager
def _service(wish: ServingWish, threads: int, progress: Progress) -> Iterator[Link | None]:
    if wish.stays:
        yield None
    elif wish.serve_on:
        assert wish.token_file is not None  # noqa: S101  (checked)
        host, port = parse_place("--serve-on", wish.serve_on.removeprefix("http://"))
        place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        yield Link(f"http://{place}", read_token("--token-file", wish.token_file))
    else:
        progress.stage("starting a service on this host")
        with own_service(wish.model, threads) as link:
            yield link


def _run_all(
    run: _Run, learnt: Learnt, keep: Callable[[BenchmarkResult], None]
) -> tuple[Learnt, Traffic]:
    """Every placement with the same arrivals; what fails is named and the others go on.

    Before each but the edge as the first, the model is measured alone once more, and the way with
    messages of just its size.
    """
    placements = _placements(run, learnt)
    share = run.left / len(placements) - _START_SECONDS - _AGAIN_COSTS * run.study.again_seconds
    traffic = Traffic(run.wish.rate, max(_LEAST_RUN_SECONDS, share), run.wish.arrival)
    for placement in placements:
        why = _why_not(run, _foretell(run, learnt, placement, traffic).utilisation, traffic)
        if not why:
            try:
                if run.attempts or placement.kind != "edge":
                    patience = run.left - traffic.seconds
                    learnt = learn_again(run.study, learnt, placement, patience)
                run.attempts.append(_attempt(run, placement, traffic, keep))
            except PeerFailed as lost:
                run.failure, why = lost, lost.what
            except KeyboardInterrupt:
                run.is_interrupted, why = True, "it was interrupted"
        if why:
            run.attempts.append(Attempted(placement, None, failure=why))
    if not any(each.result is not None for each in run.attempts):
        if run.failure is not None:
            raise run.failure
        if run.is_interrupted:
            raise KeyboardInterrupt
    run.attempts = [
        replace(each, forecast=_foretell(run, learnt, each.placement, traffic))
        for each in run.attempts
    ]
    return learnt, traffic


def _foretell(run: _Run, learnt: Learnt, placement: Placement, traffic: Traffic) -> Forecast:
    is_cascade = placement.kind == "cascade"
    going_on = run.study.part.going_on(placement) if is_cascade else ()
    return forecast(learnt, placement, traffic, going_on)


def _attempt(
    run: _Run, placement: Placement, traffic: Traffic, keep: Callable[[BenchmarkResult], None]
) -> Attempted:
    """One placement run; why it could not where it was the model's or the placement's own fault."""
    run.progress.stage(f"{run.wish.model}, {placement}, {traffic.seconds:.0f} s")
    patience = max(_LEAST_RUN_SECONDS, min(REQUEST_SECONDS, run.left - traffic.seconds))
    try:
        result = measure_placement(
            run.wish.model, placement, traffic, run.study.link, run.study.part.threads,
            run.wish.small, patience, run.study.part,
        )  # fmt: skip
    except (BadModel, BadValue) as fault:
        return Attempted(placement, None, failure=f"{fault.what} {fault.why}".strip())
    is_near = run.study.link is not None and is_local(run.study.link.url)
    keep(as_result(result, run.study.part.threads, is_near))
    if result.failed == result.requests:
        return Attempted(placement, None, failure="no request was answered in time")
    return Attempted(placement, None, result)


def _placements(run: _Run, learnt: Learnt) -> list[Placement]:
    if run.wish.placements:
        chosen = [parse_placement(each) for each in run.wish.placements]
    else:
        split = best_split(learnt)
        chosen = [
            Placement("edge"), Placement("cloud"),
            *([] if split is None else [Placement("split", split=split)]),
            *([Placement("cascade", escalated=_ESCALATED)] if learnt.edges[0].small else []),
        ]  # fmt: skip
    return [each for each in chosen if each.kind == "edge" or run.study.link is not None] or [
        Placement("edge")
    ]


def _why_not(run: _Run, utilisation: float, traffic: Traffic) -> str:
    """Why a placement is not run: it would not end, or there is no time left for it."""
    if run.failure is not None or run.is_interrupted or run.left < traffic.seconds:
        return "the trial ended before its turn"
    if utilisation >= _FULL:
        return f"it would be asked for {utilisation:.2f} times what it can answer"
    return ""
