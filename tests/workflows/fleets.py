"""Hosts of a fleet as their reports measured them, in round numbers."""

from bitpath_cli.model.components.limits import Limits
from bitpath_cli.model.components.network import Route
from bitpath_cli.model.fleet import Fleet, FleetNode
from bitpath_cli.model.reading import Quantity, absent, derived, fact, measured
from bitpath_cli.model.report import HostIdentity, Report
from bitpath_cli.model.result import (
    BenchmarkResult,
    Direction,
    Doubt,
    PairLink,
    RankTiming,
    Validity,
    metric,
)
from bitpath_cli.model.units import BYTE, BYTE_PER_SECOND, FLOP_PER_SECOND, SECOND, Unit
from tests.sample_report import CREATED, filled, report

_OUTSIDE = absent("not asked")


def host(
    name: str,
    rate: float | None = 200e9,
    *more: BenchmarkResult,
    triad: float = 40e9,
    address: str = "",
) -> Report:
    """A host with 8 GB; without a rate nothing can be recommended for it."""
    limits = filled(Limits, name="limits", effective_memory=derived(8e9, BYTE, "cgroup"))
    routes = [
        filled(Route, name="elsewhere", source_address=fact(address, "the kernel"))
    ] if address else []  # fmt: skip
    told = [_gemm(rate)] if rate is not None else []
    return report(
        host=HostIdentity(name=name, fingerprint=f"{abs(hash(name)):016x}"[:16]),
        components=(limits, *routes), recommendation=None, recommendations=(), notes=(),
        results=(*told, _result("memory_bandwidth", triad=(triad, BYTE_PER_SECOND)), *more),
    )  # fmt: skip


def fleet(*members: Report, results: tuple[BenchmarkResult, ...] = ()) -> Report:
    """A report of them together."""
    nodes = tuple(
        FleetNode(
            name=each.host.name, fingerprint=each.host.fingerprint, created=each.created,
            complete=True, group=1, results=len(each.results),
        )
        for each in members
    )  # fmt: skip
    return report(
        host=HostIdentity(name="fleet", fingerprint="0" * 16), created=CREATED, components=(),
        results=results, members=members, recommendation=None, recommendations=(), notes=(),
        fleet=Fleet(nodes=nodes),
    )  # fmt: skip


def tcp(
    peer: str, rate: float, direction: str = "send", streams: int = 1, trip: float = 2e-4
) -> BenchmarkResult:
    """What a host measured to another one."""
    return _result(
        "tcp", peer=peer, direction=direction, streams=streams,
        bandwidth=(rate, BYTE_PER_SECOND), latency_p50=(trip, SECOND),
    )  # fmt: skip


def pairs(addresses: tuple[str, ...], rates: dict[tuple[int, int], float]) -> BenchmarkResult:
    """An all-reduce with the links of every two ranks, 50 µs one way."""
    return BenchmarkResult(
        benchmark="collectives", revision=1, validity=Validity.VALID, duration_seconds=1.0,
        parameters={"op": "all_reduce", "nodes": len(addresses), "world_size": len(addresses)},
        ranks=tuple(
            RankTiming(
                rank=rank, source_address=fact(address, "introduction"), lateness=_OUTSIDE,
                transfer=_OUTSIDE, last_share=_OUTSIDE,
            )
            for rank, address in enumerate(addresses)
        ),
        pairs=tuple(
            PairLink(
                rank_a=one, rank_b=other, latency=_exact(5e-5, SECOND),
                bandwidth=_exact(rate, BYTE_PER_SECOND),
            )
            for (one, other), rate in rates.items()
        ),
    )  # fmt: skip


def _gemm(rate: float) -> BenchmarkResult:
    return _result(
        "gemm", dtype="float32", m=4096, n=4096, k=4096, device="cpu", threads=2,
        throughput=(rate, FLOP_PER_SECOND),
    )  # fmt: skip


def _result(benchmark: str, **told: object) -> BenchmarkResult:
    figures = {name: each for name, each in told.items() if isinstance(each, tuple)}
    parameters = {name: each for name, each in told.items() if isinstance(each, str | int)}
    return BenchmarkResult(
        benchmark=benchmark, revision=1, parameters=parameters, validity=Validity.VALID,
        reasons=tuple[Doubt, ...](), duration_seconds=1.0,
        metrics=tuple(
            metric(name, _exact(value, unit), Direction.HIGHER)
            for name, (value, unit) in figures.items()
        ),
    )  # fmt: skip


def _exact(value: float, unit: Unit) -> Quantity:
    return measured(value, unit, "this run", value, value)
