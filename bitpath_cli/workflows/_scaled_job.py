"""A job in small as a workload, and the question about it, from what the trial itself measured."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Final

from bitpath_cli.errors import UnmeasuredHost
from bitpath_cli.model.reading import Method, Origin, Quantity, assumed
from bitpath_cli.model.report import Report
from bitpath_cli.model.result import BenchmarkResult
from bitpath_cli.model.site import Site
from bitpath_cli.model.units import BYTE, FLOP, ONE, SECOND, Unit
from bitpath_cli.model.workload import Data, Residency, Training, Work, Workload
from bitpath_cli.prediction.interpolation import between
from bitpath_cli.strategies import MeasuredReductions, MeasuredSteps, Question
from bitpath_cli.workflows._combine import scaled
from bitpath_cli.workflows._process_spread import process_spread, with_spread
from bitpath_cli.workflows._question import question_for

STEPS: Final = 200
"""How many steps the job in small has: enough that starting up decides nothing."""

# What the training benchmark's own PowerSGD has.
_POWER_RANK: Final = 2
_STEP: Final = "step"
_COMPUTING: Final = ("forward", "backward")
_WAITING: Final = ("load", "combine", "optimise", "average")
_UNKNOWN_SLOWDOWN: Final = assumed(
    1.5, ONE, "a guess between a wire that only waits and one that needs the computing core", 1.3
)


@dataclass(frozen=True, slots=True)
class Sizes:
    """What a family's model is: parameters, FLOP of a sample forward, bytes of a record."""

    parameters: float
    forward_flop: float
    record_bytes: float


def sizes_of(result: BenchmarkResult) -> Sizes:
    """From the evidence that every training carries."""
    samples = result.samples[_STEP]
    first = {
        name: samples.evidence(name)[0] for name in ("parameters", "forward_flop", "record_bytes")
    }
    return Sizes(first["parameters"], first["forward_flop"], first["record_bytes"])


def small_job(name: str, sizes: Sizes, batch: int, intervals: tuple[int, ...]) -> Workload:
    """So many steps of the model with that global batch; no limits but memory's."""
    source = "counted on the small model"
    return Workload(
        name=name, summary=f"{STEPS} steps of a small model", field="trial", task="training",
        is_example=False,
        work=Work(
            parameters=_exact(sizes.parameters, ONE, source),
            forward=_exact(max(sizes.forward_flop, 1.0), FLOP, source),
            operations=_exact(1, ONE, source), traffic_bytes=_exact(0, BYTE, source),
            activation_bytes=_exact(1, BYTE, "what it takes was measured with the step"),
            efficiency_cpu=_exact(1, ONE, source), efficiency_accelerator=_exact(1, ONE, source),
            overhead_cpu=_exact(0, SECOND, source), overhead_accelerator=_exact(0, SECOND, source),
            precisions=("float32",),
        ),
        data=Data(
            samples=_exact(STEPS * batch, ONE, "the job in small"),
            sample_bytes=_exact(sizes.record_bytes, BYTE, source), born="edge",
        ),
        training=Training(
            epochs=_exact(1, ONE, "the job in small"),
            global_batch=_exact(batch, ONE, "the job in small"), optimiser="momentum",
            checkpoints_kept=_exact(1, ONE, "the last"), local_steps=intervals,
            compression_ranks=(_POWER_RANK,),
        ),
        residency=Residency(allowed="anywhere", reason="synthetic data", binds=False),
    )  # fmt: skip


def small_question(
    report: Report,
    site: Site,
    workload: Workload,
    alone: Sequence[BenchmarkResult],
    reductions: BenchmarkResult | None,
    hosts: int,
) -> Question:
    """Today's host with its measured steps, up to so many hosts, and the wire as measured."""
    bare = site.model_copy(update={"purchases": (), "cloud": None})
    asked = question_for(report, workload, bare, hosts)
    here = replace(asked.machines[0], steps=measured_steps(alone))
    wire = asked.wire
    if reductions is not None:
        wire = replace(wire, reductions=measured_reductions(reductions))
    # The steps themselves were measured, and their spread is how far processes differ.
    return replace(asked, machines=(here,), wire=wire, step_error=None)


def measured_steps(results: Sequence[BenchmarkResult]) -> MeasuredSteps:
    """Steps of ranks that train alone, by a rank's batch; UnmeasuredHost where there is none."""
    usable = [each for each in results if each.metric("step_time") is not None]
    if not usable:
        raise UnmeasuredHost("training step of the small model", "Give the trial a longer --cap.")
    usable.sort(key=batch_of)
    spread = process_spread(usable, _STEP)
    parts = [tuple(with_spread(part, spread) for part in _parts(each)) for each in usable]
    facts = usable[-1].samples[_STEP].blocks[0].evidence
    return MeasuredSteps(
        samples=tuple(batch_of(each) for each in usable),
        forward=tuple(each[0] for each in parts),
        backward=tuple(each[1] for each in parts),
        rest=tuple(each[2] for each in parts),
        buckets=tuple(zip(facts["bucket_bytes"], facts["bucket_ready"], strict=True)),
    )


def backward_alone(steps: MeasuredSteps, samples: float) -> float:
    """Seconds of a rank's backward without others: on the lines between the measured batches."""
    seconds = (each.value for each in steps.backward)
    return between(tuple(zip(steps.samples, seconds, strict=True)), samples)


def measured_reductions(result: BenchmarkResult) -> MeasuredReductions:
    """All-reduces by size, with what they and computing cost each other."""
    return MeasuredReductions(
        ranks=int(result.parameters["world_size"]),
        sizes=tuple(float(each.size_bytes) for each in result.points),
        seconds=tuple(each.time for each in result.points),
        slowdown=result.figure("overlap_compute_slowdown") or _UNKNOWN_SLOWDOWN,
        slowdown_reduction=result.figure("overlap_comm_slowdown") or _UNKNOWN_SLOWDOWN,
    )


def batch_of(result: BenchmarkResult) -> float:
    """Samples a step of each rank that trains."""
    told = result.parameters
    ranks = int(told.get("participants", told.get("world_size", 1)))
    return int(told["batch_size"]) // ranks


def _parts(result: BenchmarkResult) -> tuple[Quantity, Quantity, Quantity]:
    """Forward, backward and the rest: the step's time, divided as rank 0's was."""
    whole = result.figure("step_time")
    if whole is None:
        raise UnmeasuredHost("training step of the small model", "Give the trial a longer --cap.")
    samples = result.samples[_STEP]
    forward, backward = (median(samples.evidence(f"{name}_seconds")) for name in _COMPUTING)
    others = [samples.evidence(f"{name}_seconds") for name in _WAITING]
    known = [median(each) for each in others if each]
    # Ranks that only pretend have no other parts: what their step takes beyond is the rest.
    seconds = forward + backward + sum(known) if known else whole.value
    shares = (forward / seconds, backward / seconds)
    return (
        scaled(whole, shares[0]), scaled(whole, shares[1]), scaled(whole, 1 - sum(shares))
    )  # fmt: skip


def _exact(value: float, unit: Unit, source: str) -> Quantity:
    return Quantity(value=value, unit=unit, origin=Origin(method=Method.DERIVED, source=source))
