"""A hand-made report: a small edge server with a quota, some results, and advice for one workload.

Fields that a test does not care about are Missing, so a new field of a component breaks no test.
"""

from datetime import UTC, datetime
from typing import Any, TypeVar

from bitpath_cli.model.component import Component
from bitpath_cli.model.components.accelerator import AcceleratorSoftware
from bitpath_cli.model.components.cpu import Cache, Cpu
from bitpath_cli.model.components.limits import Limits
from bitpath_cli.model.components.memory import Memory
from bitpath_cli.model.components.network import Nic
from bitpath_cli.model.components.power import PowerMeter
from bitpath_cli.model.components.software import Software
from bitpath_cli.model.components.storage import Disk, Filesystem
from bitpath_cli.model.components.system import System
from bitpath_cli.model.configuration import Configuration, NodeGroup, StrategyName
from bitpath_cli.model.reading import (
    Fact,
    Method,
    Missing,
    Origin,
    Quantity,
    absent,
    assumed,
    denied,
    derived,
    fact,
    measured,
    reported,
    unsupported,
)
from bitpath_cli.model.recommendation import (
    AssumedInput,
    Bottleneck,
    BreakEven,
    Candidate,
    Confidence,
    Recommendation,
    References,
    Remedy,
    Sensitivity,
    Term,
    Terms,
    Violation,
    Weights,
)
from bitpath_cli.model.record import Record
from bitpath_cli.model.report import HostIdentity, Note, ProbeRun, Report, Tool
from bitpath_cli.model.result import (
    BenchmarkResult,
    Ceiling,
    CollectivePoint,
    Direction,
    Doubt,
    Metric,
    Validity,
    metric,
    missing_metric,
)
from bitpath_cli.model.units import (
    BYTE,
    BYTE_PER_SECOND,
    BYTE_SECOND,
    FLOP_PER_SECOND,
    HERTZ,
    JOULE,
    ONE,
    PER_SECOND,
    SECOND,
    Unit,
)

GIB = 1 << 30
EUR = Unit("EUR")
CREATED = datetime(2026, 11, 24, 20, 17, 9, tzinfo=UTC)
NOT_HERE = absent("not recorded in this example")
Kind = TypeVar("Kind", bound=Record)


def filled(kind: type[Kind], **known: Any) -> Kind:
    """A component of which only these fields are known."""
    required = (name for name, field in kind.model_fields.items() if field.is_required())
    return kind(**{name: known.get(name, NOT_HERE) for name in required} | known)


def report(**changes: Any) -> Report:
    """The whole example."""
    told: dict[str, Any] = {
        "tool": Tool(name="bitpath", version="0.1.0"),
        "created": CREATED,
        "host": HostIdentity(name="edge-01", fingerprint="0f1e2d3c4b5a6978"),
        "complete": True,
        "components": components(),
        "probes": (ProbeRun(probe="cpu", seconds=0.012, succeeded=True),),
        "results": results(),
        "recommendation": recommendation(),
        "recommendations": (recommendation(),),
        "notes": (
            Note(
                level="info", text="resnet50-training is an example: no workload was named.",
                next_step="Choose yours: bitpath profiles list",
            ),
        ),
    }  # fmt: skip
    return Report(**told | changes)


def components() -> tuple[Component, ...]:
    """The machine."""
    return (
        filled(
            System, name="edge-01", architecture=fact("x86_64", "uname"),
            kernel=fact("Linux 6.1.0-18-amd64", "uname"),
            distribution=fact("Debian GNU/Linux 12", "/etc/os-release"),
            hardware=fact("Dell PowerEdge XR4510c", "DMI"), virtualisation=fact("none", "CPUID"),
            container=fact("docker", "/.dockerenv"), uptime=reported(86400.0 * 12, SECOND, "/proc"),
        ),
        filled(
            Cpu, name="cpu", model=fact("Intel Xeon D-2776NT", "/proc/cpuinfo"),
            vendor=fact("GenuineIntel", "/proc/cpuinfo"),
            logical_cpus=reported(32, ONE, "/sys"), physical_cores=reported(16, ONE, "/sys"),
            sockets=reported(1, ONE, "/sys"), threads_per_core=derived(2, ONE, "topology"),
            isa=fact(("avx2", "avx512f", "avx512_vnni"), "/proc/cpuinfo"),
            caches=(
                Cache(
                    level=3, type="unified", size=reported(25 << 20, BYTE, "/sys"),
                    instances=reported(1, ONE, "/sys"), total=reported(25 << 20, BYTE, "/sys"),
                ),
            ),
            core_groups=(), last_level_cache=reported(25 << 20, BYTE, "/sys"),
            frequency_max=reported(3.2e9, HERTZ, "cpufreq"),
            governor=fact("performance", "cpufreq"),
        ),
        filled(
            Limits, name="limits", host_cpus=reported(32, ONE, "/sys"),
            quota_cpus=reported(7.5, ONE, "cgroup"), effective_cpus=derived(7.5, ONE, "quota"),
            threads=derived(7, ONE, "floor"), cpu_limit_source=fact("cgroup quota", "cgroup"),
            host_memory=reported(64 * GIB, BYTE, "/proc"),
            memory_limit=reported(16 * GIB, BYTE, "cgroup"),
            effective_memory=derived(16 * GIB, BYTE, "limit"),
            memory_limit_source=fact("cgroup memory.max", "cgroup"),
        ),
        filled(
            Memory, name="memory", total=reported(64 * GIB, BYTE, "/proc"),
            available=reported(40 * GIB, BYTE, "/proc"), huge_page_pools=(), nodes=(),
            module_speed=denied(
                "/sys/firmware/dmi/tables/DMI: Permission denied",
                "read access to /sys/firmware/dmi/tables/DMI",
            ),
            modules=denied(
                "/sys/firmware/dmi/tables/DMI: Permission denied",
                "read access to /sys/firmware/dmi/tables/DMI",
            ),
        ),
        filled(
            Disk, name="nvme0n1", size=reported(960e9, BYTE, "/sys"),
            model=fact("Micron 7450", "/sys"), medium=fact("nvme", "/sys"),
        ),
        filled(
            Filesystem, name="/data", type=fact("ext4", "mountinfo"),
            devices=fact(("nvme0n1",), "/sys"), available=reported(512 * GIB, BYTE, "statvfs"),
            total=reported(880 * GIB, BYTE, "statvfs"), is_target=True,
        ),
        filled(
            Nic, name="eth0", medium="physical", default_route=True, state=fact("up", "/sys"),
            speed=reported(1.25e9, BYTE_PER_SECOND, "/sys"), driver=fact("ice", "/sys"),
            mtu=reported(1500, BYTE, "/sys"),
        ),
        filled(
            Nic, name="docker0", medium="bridge", default_route=False, state=fact("down", "/sys"),
            speed=unsupported("/sys/class/net/docker0/speed: -1"),
        ),
        filled(
            AcceleratorSoftware, name="nvidia",
            library=absent("NVML: libnvidia-ml.so.1 was not found: no NVIDIA driver is installed"),
        ),
        filled(
            PowerMeter, name="package-0", source="rapl", scope="cpu_package",
            energy=denied(
                "/sys/class/powercap/intel-rapl:0/energy_uj: Permission denied",
                "read access to /sys/class/powercap/intel-rapl:0/energy_uj",
            ),
        ),
        filled(
            Software, name="libraries", python=fact("3.11.7", "platform"),
            torch=fact("2.13.0", "package metadata"), numpy=fact("2.4.6", "package metadata"),
        ),
    )  # fmt: skip


def results() -> tuple[BenchmarkResult, ...]:
    """One result of each benchmark, in several conditions."""
    return (
        result("gemm", {"dtype": "float32", "m": 512, "n": 512, "k": 512, "threads": 7},
               rate("throughput", 310e9, FLOP_PER_SECOND, 605e9, "7 cores × 3.2 GHz × 32")),
        result("gemm", {"dtype": "float32", "m": 4096, "n": 4096, "k": 4096, "threads": 7},
               rate("throughput", 480e9, FLOP_PER_SECOND, 605e9, "7 cores × 3.2 GHz × 32")),
        result("gemm", {"dtype": "int8", "m": 2048, "n": 2048, "k": 2048, "threads": 7},
               rate("throughput", 1.31e12, FLOP_PER_SECOND)),
        result("memory_bandwidth", {"kernel": "triad", "threads": 7},
               rate("triad", 61.4e9, BYTE_PER_SECOND, 64e9, "4 × DDR4-2933, one socket's share")),
        result("disk", {"operation": "read", "pattern": "sequential", "block_size": 1 << 20,
                        "depth": 1, "direct": True, "engine": "builtin"},
               rate("bandwidth", 2.1e9, BYTE_PER_SECOND, 7.88e9, "PCIe 4.0 ×4"),
               latency("latency_p99", 0.9e-3)),
        result("disk", {"operation": "read", "pattern": "random", "block_size": 4096,
                        "depth": 32, "direct": True, "engine": "builtin"},
               rate("iops", 212e3, PER_SECOND), latency("latency_p50", 148e-6)),
        result("tcp", {"streams": 1}, rate("bandwidth", 4.4e9, BYTE_PER_SECOND),
               latency("latency_p50", 14e-6),
               validity=Validity.DEGRADED, reasons=(Doubt.LOOPBACK_ONLY,)),
        result("collectives", {"op": "all_reduce", "world_size": 4, "backend": "gloo",
                               "dtype": "float32"},
               rate("busbw_peak", 1.9e9, BYTE_PER_SECOND, 4.4e9, "raw sockets, in this run"),
               latency("alpha", 61e-6), points=points(),
               validity=Validity.DEGRADED, reasons=(Doubt.LOOPBACK_ONLY, Doubt.CONTENDED)),
        result("energy", {}, missing_metric("power", Unit("W"), denied(
            "no meter can be read", "read access to /sys/class/powercap/intel-rapl:0/energy_uj"),
            Direction.LOWER, Origin(method=Method.MEASURED, source="rapl"))),
        BenchmarkResult(
            benchmark="inference", revision=1, validity=Validity.INVALID, duration_seconds=20.0,
            missing=Missing(reason="failed", detail="it did not end within 20 s",
                            hint="bitpath bench inference --budget thorough"),
        ),
    )  # fmt: skip


def result(
    benchmark: str, parameters: dict[str, Any], *metrics: Metric,
    validity: Validity = Validity.VALID, reasons: tuple[Doubt, ...] = (),
    points: tuple[CollectivePoint, ...] = (),
) -> BenchmarkResult:  # fmt: skip
    """A result with these metrics."""
    return BenchmarkResult(
        benchmark=benchmark, revision=1, parameters=parameters, validity=validity, reasons=reasons,
        duration_seconds=1.5, metrics=metrics, points=points,
    )  # fmt: skip


def rate(
    name: str, value: float, unit: Unit, ceiling: float | None = None, source: str = "spec"
) -> Metric:
    """A higher-is-better metric, 2 % wide on each side."""
    top = None if ceiling is None else Ceiling(value=ceiling, unit=unit, source=source)
    return metric(name, around(value, unit), Direction.HIGHER, ceiling=top)


def latency(name: str, seconds: float) -> Metric:
    """A lower-is-better metric."""
    return metric(name, around(seconds, SECOND), Direction.LOWER)


def around(value: float, unit: Unit) -> Quantity:
    """A measured value, 2 % wide on each side."""
    return measured(value, unit, "this run", value * 0.98, value * 1.02)


def points() -> tuple[CollectivePoint, ...]:
    """Two message sizes of an all-reduce over four ranks."""
    return tuple(
        CollectivePoint(
            size_bytes=size, time=around(seconds, SECOND),
            algbw=around(size / seconds, BYTE_PER_SECOND),
            busbw=around(1.5 * size / seconds, BYTE_PER_SECOND),
            mean_time=around(seconds, SECOND), wrong=0,
        )
        for size, seconds in ((1024, 122e-6), (1 << 26, 0.053))
    )  # fmt: skip


def recommendation(**changes: Any) -> Recommendation:
    """Advice in which the hybrid wins, the cloud comes second and the edge alone is too slow."""
    winner = candidate("hybrid", "2 × today + 1 × a10g", (0.41, 0.8, 0.3, 0.9, 0.55), 0.59, 0.86)
    told: dict[str, Any] = {
        "workload": "resnet50-training", "workload_is_example": True, "site": "default",
        "goal": "balanced", "unit_of_account": "one training job",
        "lambdas": Weights(compute=1, storage=1, bandwidth=1, hardware=1, energy=1),
        "lambdas_source": "goal 'balanced'",
        "references": References(
            compute=derived(93600, SECOND, "today's host"),
            storage=derived(2.1e16, BYTE_SECOND, "today's host"),
            bandwidth=derived(1.2e13, BYTE, "uplink"), hardware=assumed(210, EUR, "site", 1.05),
            energy=assumed(3.1e7, JOULE, "site", 1.5),
        ),
        "references_explained": "One job on today's host alone, where the data is born.",
        "winner": winner.configuration, "verdict": "clear",
        "summary": "Train on both: two hosts and one rented A10G finish in 10.7 h for 189 EUR.",
        "probability_best": 0.86, "robust": True,
        "confidence": Confidence(
            draws=2000, probability_best=0.86, expected_regret=0.012, rank_low=1, rank_high=2,
            simplex_share=0.71,
        ),
        "configurations_considered": 412,
        "candidates": candidates(winner),
        "bottleneck": Bottleneck(
            resource="storage", elasticity=-0.3, runner_up="compute", balanced=False,
            sentence="storage bandwidth: +10 % gives -2.8 % time",
        ),
        "bottleneck_today": Bottleneck(
            resource="network", elasticity=-0.61, runner_up="compute", balanced=False,
            sentence="network bandwidth: +10 % gives -5.6 % time",
        ),
        "sensitivities": (
            Sensitivity(resource="network", target="time", elasticity=-0.61,
                        sentence="+10 % network gives -5.6 % time"),
        ),
        "break_even": (
            BreakEven(
                quantity="the price of an A10G", at=assumed(2.1, Unit("EUR/s"), "site", 1.0),
                now=assumed(1.0, Unit("EUR/s"), "site", 1.05), other="cloud_native",
                sentence="The hybrid wins until an A10G costs more than 2.10 EUR an hour.",
            ),
        ),
        "remedies": (
            Remedy(name="local SGD, H = 8", change_in_score=-0.11, cost=derived(0, EUR, "free"),
                   sentence="Average the models every 8 steps: L falls by 0.11, at no cost."),
        ),
        "smallest_change": "",
        "assumptions": (
            AssumedInput(
                name="price of electricity", reading=assumed(8.3e-8, Unit("EUR/J"), "site", 1.5),
                next_step="State it in your site profile: place.tariff",
            ),
        ),
        "notes": ("The uplink was not measured; the site's 100 Mbit/s were used.",),
    }  # fmt: skip
    return Recommendation(**told | changes)


def candidates(winner: Candidate) -> tuple[Candidate, ...]:
    """The best of each strategy, today's host last but one, and one more of the Pareto front."""
    too_slow = Violation(
        constraint="deadline", limit=assumed(86400, SECOND, "workload", 1.0),
        predicted=derived(93600, SECOND, "model"), probability_feasible=0.02, removes=True,
        sentence="The job would take 26 h, and the deadline is 24 h.",
    )  # fmt: skip
    return (
        winner,
        candidate("cloud_native", "1 × a100", (0.2, 0.5, 1.9, 0.7, 0.2), 0.7, 0.1),
        candidate("edge", "1 × today", (1.0, 1.0, 0.0, 1.0, 1.0), 0.8, 0.0, too_slow),
        candidate("distributed", "4 × today", (0.5, 4.0, 2.6, 1.0, 1.4), 1.9, 0.04),
        candidate("today", "this host as it is", (1.0, 1.0, 0.0, 1.0, 1.0), 0.8, 0.0, too_slow),
        candidate("cloud_native", "2 × a100", (0.12, 0.9, 1.9, 0.9, 0.3), 0.82, 0.0),
    )


def candidate(
    strategy: StrategyName, label: str, ratios: tuple[float, ...], score: float,
    probability: float, *violations: Violation,
) -> Candidate:  # fmt: skip
    """A candidate whose terms are these multiples of the references."""
    compute, storage, bandwidth, hardware, energy = ratios
    return Candidate(
        strategy=strategy,
        configuration=Configuration(
            label=label, strategy=strategy, precision="float32",
            nodes=(NodeGroup(device="host", count=1, place="edge", tenure="owned", role="worker"),),
        ),
        feasible=not violations, at_risk=False, violations=violations,
        terms=Terms(
            compute=term(93600, SECOND, compute), storage=term(2.1e16, BYTE_SECOND, storage),
            bandwidth=term(1.2e13, BYTE, bandwidth), hardware=term(210, EUR, hardware),
            energy=term(3.1e7, JOULE, energy),
        ),
        score=score, view_currency=assumed(210 * hardware, EUR, "site", 1.2),
        view_geometric=score, dominated=False, on_front=True, probability_best=probability,
        verdict=f"{label}: L = {score}, mostly {'time' if compute > bandwidth else 'bandwidth'}.",
    )  # fmt: skip


def term(reference: float, unit: Unit, ratio: float) -> Term:
    """A derived term with its spread."""
    value = reference * ratio
    return Term(
        value=value, unit=unit, low=value * 0.9, high=value * 1.1, level=0.8, ratio=ratio,
        origin=Origin(method=Method.DERIVED, source="model"),
    )  # fmt: skip


def missing_term(unit: Unit) -> Term:
    """A term that nobody could compute."""
    return Term(
        kind="missing", value=None, unit=unit, ratio=None, missing=absent("no power is known"),
        origin=Origin(method=Method.DERIVED, source="model"),
    )  # fmt: skip


def yes(value: bool) -> Fact:
    """A fact that is true or false."""
    return fact(value, "example")
