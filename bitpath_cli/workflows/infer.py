"""`bench inference` on this host: its cases, and what narrowing and pruning gain."""

import contextlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, get_args

from bitpath_cli.benchmarks import inference
from bitpath_cli.benchmarks._inference_terms import (
    BATCHES,
    ENGINES,
    EXPORTED,
    ONNX,
    PRECISIONS,
    PRUNING,
    SCENARIOS,
    SIZED,
)
from bitpath_cli.errors import BadModel, BadValue, UnknownName
from bitpath_cli.host import Host
from bitpath_cli.model.components.limits import Limits
from bitpath_cli.model.reading import Quantity
from bitpath_cli.model.report import Report
from bitpath_cli.model.result import BenchmarkResult, Finding, Metric, Parameters
from bitpath_cli.probes import Question
from bitpath_cli.stats import Interval, ratio_interval
from bitpath_cli.workflows._jobs import find_context
from bitpath_cli.workflows.assess import Progress, Wish, assess
from bitpath_cli.workflows.inspect import inspect
from bitpath_cli.workflows.lessons import ModelName

NAME: Final = "inference"
MODELS: Final[tuple[str, ...]] = get_args(ModelName)
_SHORT: Final = {"fp32": "float32", "bf16": "bfloat16", "int8": "int8-static"}
_COMPARED: Final = ("model", "scenario", "batch_size", "engine", "threads")


@dataclass(frozen=True, slots=True)
class Asked:
    """What `bench inference` was asked; an empty choice is made from the others.

    `limit_seconds` is the SLO that so large a share, `percentile`, of a server's answers keeps.
    """

    model: str = inference.MODEL
    scenarios: tuple[str, ...] = ()
    precisions: tuple[str, ...] = ()
    engine: str = ""
    batch_sizes: tuple[int, ...] = ()
    prunings: tuple[str, ...] = ("none",)
    limit_seconds: float | None = None
    percentile: float = inference.PERCENTILE
    threads: int | None = None

    def cases(self, is_quick: bool) -> tuple[Parameters, ...]:
        """Every combination; BadValue or UnknownName for what cannot be asked."""
        check_model(self.model)
        engine = self._find_engine()
        precisions = self._find_precisions(engine, is_quick)
        engine = engine or ("compiled" if any("int8" in each for each in precisions) else "eager")
        if self.limit_seconds is None and "server" in self.scenarios:
            raise BadValue(
                "--scenario", "server", "server with a limit to keep, such as --slo 50ms"
            )
        if not 0 < self.percentile < 1:
            raise BadValue("--percentile", f"{100 * self.percentile:g}", "a number such as 99")
        default = ("single_stream", "offline", *(("server",) if self.limit_seconds else ()))
        threads = self.threads or count_threads()
        return tuple(
            inference.make_case(
                self.model, scenario, precision, engine, batch, pruning, threads,
                self.limit_seconds, self.percentile,
            ).parameters
            for scenario in _known(self.scenarios or default, SCENARIOS, "--scenario")
            for batch in self.batch_sizes or (BATCHES[scenario],)
            for pruning in self._find_prunings()
            for precision in precisions
        )  # fmt: skip

    def _find_engine(self) -> str:
        if self.model.endswith(ONNX):
            if self.engine not in ("", "onnxruntime"):
                raise BadValue("--engine", self.engine, "onnxruntime, for a file in its format")
            return "onnxruntime"
        return _known((self.engine,), ENGINES, "--engine")[0] if self.engine else ""

    def _find_precisions(self, engine: str, is_quick: bool) -> tuple[str, ...]:
        """float32 always comes first: the others are compared with it."""
        told = tuple(_SHORT.get(each, each) for each in self.precisions)
        if not told:
            told = {
                "eager": ("bfloat16",), "onnxruntime": ("int8-dynamic", "int8-static"),
            }.get(engine, ("bfloat16",) if is_quick else ("bfloat16", "int8-static"))  # fmt: skip
        return tuple(dict.fromkeys(("float32", *_known(told, PRECISIONS, "--precision"))))

    def _find_prunings(self) -> tuple[str, ...]:
        for each in self.prunings:
            if not PRUNING.fullmatch(each):
                raise BadValue(
                    "--prune", each, "structured:0.5 or unstructured:0.5, the share to take out"
                )
        return tuple(dict.fromkeys(("none", *self.prunings)))


def check_model(name: str) -> None:
    """UnknownName or BadModel for a model that is not there; its code is not run yet."""
    if name.endswith((EXPORTED, ONNX)):
        if not Path(name).is_file():
            raise BadModel(name, "there is no such file")
    elif name not in MODELS and ":" not in name:
        raise UnknownName(
            "model", name, MODELS,
            "Your own is named as package.module:factory, FILE.onnx or FILE.pt2.",
        )  # fmt: skip


def name_code(*models: str) -> tuple[str, ...]:
    """What is said before code of the user's runs, which it does only because he named it."""
    return tuple(
        f"{each} is imported, from {Path.cwd()} or what is installed, and called."
        for each in models
        if ":" in each and not each.endswith((EXPORTED, ONNX)) and not each.startswith(SIZED)
    )


def count_threads() -> int:
    """What this process may use, by affinity and quota."""
    host = Host()
    found = inspect(host, Question(), ("limits",))
    return find_context(host, found.components, ".", False).threads


def find_quota() -> float | None:
    """How many processors a control group lets this process use; None where none bounds it."""
    found = inspect(Host(), Question(), ("limits",))
    limits = next((each for each in found.components if isinstance(each, Limits)), None)
    known = None if limits is None else limits.quota_cpus
    return known.value if isinstance(known, Quantity) else None


def infer(asked: Asked, wish: Wish, progress: Progress) -> Report:
    """Measure the cases and say what each narrowing and pruning gained; as `assess` otherwise."""
    cases = asked.cases(is_quick=wish.budget == "quick")
    with _scratch():
        report = assess(replace(wish, only=(NAME,), asked={NAME: cases}), progress)
    results = tuple(_compare(each, report.results) for each in report.results)
    return report.model_copy(update={"results": results})


@contextlib.contextmanager
def _scratch() -> Iterator[None]:
    """Compiled and exported models go where nothing stays, even of a process that is killed."""
    before = os.environ.get("TMPDIR")
    with tempfile.TemporaryDirectory(prefix="bitpath-") as folder:
        os.environ["TMPDIR"] = folder
        try:
            yield
        finally:
            os.environ.pop("TMPDIR")
            if before is not None:
                os.environ["TMPDIR"] = before


def _compare(result: BenchmarkResult, others: Sequence[BenchmarkResult]) -> BenchmarkResult:
    """The result with a finding on how much faster it is than float32, unpruned, beside it."""
    plain = next((each for each in others if _is_plain_of(each, result)), None)
    if plain is None or plain is result:
        return result
    speed = _speed_up(plain, result)
    if speed is None:
        return result
    told = result.parameters
    pruned = f", pruned {told['pruning']}," if told["pruning"] != "none" else ""
    sentence = (
        f"{told['precision']}{pruned} is {_words(speed)} {told['scenario']} with batches "
        f"of {told['batch_size']} on {told['engine']}{_agreement(result)}."
    )
    found = Finding(name="speed_up", sentence=sentence)
    return result.model_copy(update={"findings": (*result.findings, found)})


def _is_plain_of(other: BenchmarkResult, result: BenchmarkResult) -> bool:
    told = other.parameters
    return (
        other.benchmark == result.benchmark == NAME
        and (told.get("precision"), told.get("pruning")) == ("float32", "none")
        and all(told.get(each) == result.parameters.get(each) for each in _COMPARED)
    )


def _speed_up(plain: BenchmarkResult, result: BenchmarkResult) -> Interval | None:
    """How many times as fast, by the scenario's own metric."""
    is_closed = result.parameters["scenario"] in ("single_stream", "multi_stream")
    name = "latency_p50" if is_closed else "throughput"
    ours, theirs = (_interval(each.metric(name)) for each in (result, plain))
    if ours is None or theirs is None:
        return None
    return ratio_interval(theirs, ours) if is_closed else ratio_interval(ours, theirs)


def _interval(metric: Metric | None) -> Interval | None:
    if metric is None or metric.value is None or metric.low is None or metric.high is None:
        return None
    return Interval(metric.value, metric.low, metric.high, metric.level or 0.0)


def _words(speed: Interval) -> str:
    bounds = f"{speed.value:.2f}× ({speed.low:.2f}–{speed.high:.2f})"
    if speed.high < 1:
        return f"slower than float32 here, at {bounds} its speed in"
    if speed.low <= 1:
        return f"no faster than float32 within the noise, at {bounds} its speed in"
    return f"{bounds} as fast as float32 in"


def _agreement(result: BenchmarkResult) -> str:
    agreed, moved = result.metric("top1_agreement"), result.metric("relative_error")
    if agreed is None or agreed.value is None or moved is None or moved.value is None:
        return ""
    return (
        f"; {agreed.value:.1%} of its top-1 answers are the same, outputs moved {moved.value:.1%}"
    )


def _known(told: Sequence[str], names: tuple[str, ...], option: str) -> tuple[str, ...]:
    for each in told:
        if each not in names:
            raise BadValue(option, each, f"one of {', '.join(names)}")
    return tuple(told)
