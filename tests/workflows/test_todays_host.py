import pytest

from bitpath_cli.errors import UnmeasuredHost
from bitpath_cli.model.components.limits import Limits
from bitpath_cli.model.reading import Quantity, derived, measured
from bitpath_cli.model.report import Report
from bitpath_cli.model.result import (
    BenchmarkResult,
    Direction,
    Doubt,
    Parameters,
    Validity,
    metric,
)
from bitpath_cli.model.units import (
    BYTE,
    BYTE_PER_SECOND,
    FLOP_PER_SECOND,
    OP_PER_SECOND,
    SECOND,
    WATT,
    Unit,
)
from bitpath_cli.workflows._combine import product, scaled, total
from bitpath_cli.workflows._question import question_for
from bitpath_cli.workflows._todays_host import todays_machine
from tests.questions import exact, job, site
from tests.sample_report import filled, report


def result(
    benchmark: str,
    parameters: Parameters,
    validity: Validity = Validity.VALID,
    reasons: tuple[Doubt, ...] = (),
    **figures: tuple[float, Unit],
) -> BenchmarkResult:
    """A result whose figures are known within 1 %."""
    return BenchmarkResult(
        benchmark=benchmark, revision=1, parameters=parameters, validity=validity, reasons=reasons,
        duration_seconds=1.0,
        metrics=tuple(
            metric(
                name, measured(value, unit, benchmark, value * 0.99, value * 1.01), Direction.HIGHER
            )
            for name, (value, unit) in figures.items()
        ),
    )  # fmt: skip


def gemm(
    dtype: str, edge: int, rate: float, threads: int = 2, n: int | None = None
) -> BenchmarkResult:
    told: Parameters = {
        "dtype": dtype, "m": edge, "n": n or edge, "k": edge, "device": "cpu", "threads": threads,
    }  # fmt: skip
    unit = OP_PER_SECOND if dtype == "int8" else FLOP_PER_SECOND
    return result("gemm", told, throughput=(rate, unit))


TRIAD = result("memory_bandwidth", {"threads": 2}, triad=(40e9, BYTE_PER_SECOND))
ONE_THREAD = result("memory_bandwidth", {"threads": 1}, triad=(30e9, BYTE_PER_SECOND))


def measured_host(*results: BenchmarkResult) -> Report:
    limits = filled(Limits, name="limits", effective_memory=derived(8e9, BYTE, "cgroup"))
    return report(components=(limits,), results=results)


def test_the_best_rate_of_each_dtype_and_the_curve_by_matrix_edge() -> None:
    found = todays_machine(
        measured_host(
            gemm("float32", 256, 120e9), gemm("float32", 1024, 190e9), gemm("float32", 2048, 200e9),
            gemm("bfloat16", 1024, 800e9), gemm("int8", 1024, 1.9e12), ONE_THREAD, TRIAD,
        ),
        site(),
    )  # fmt: skip
    assert {name: rate.value for name, rate in found.rates.items()} == {
        "float32": 200e9, "bfloat16": 800e9, "int8": 1.9e12,
    }  # fmt: skip
    assert list(found.curve) == [(256.0, 0.6), (1024.0, 0.95), (2048.0, 1.0)]
    assert found.memory_bandwidth.value == 40e9
    assert found.memory.value == 8e9


def test_the_most_threads_count_and_skinny_products_do_not() -> None:
    found = todays_machine(
        measured_host(
            gemm("float32", 1024, 300e9, threads=1), gemm("float32", 1024, 190e9, threads=2),
            gemm("float32", 1024, 999e9, n=1), TRIAD,
        ),
        site(),
    )  # fmt: skip
    assert found.rates["float32"].value == 190e9


def test_batches_and_a_linear_layers_rows_are_no_squares() -> None:
    """32 products of 256³ at once say nothing about one, and a layer may have as many rows."""

    def named(shape: str, edge: int, **more: int) -> BenchmarkResult:
        told = gemm("float32", edge, 999e9)
        return told.model_copy(update={"parameters": {**told.parameters, **more, "shape": shape}})

    found = todays_machine(
        measured_host(
            gemm("float32", 256, 120e9), gemm("float32", 1024, 200e9),
            named("batched", 256, batch=32), named("skinny", 32), TRIAD,
        ),
        site(),
    )  # fmt: skip
    assert found.rates["float32"].value == 200e9
    assert list(found.curve) == [(256.0, 0.6), (1024.0, 1.0)]


def test_the_rate_is_torchs_and_not_the_ceiling_of_all_libraries() -> None:
    fast = result(
        "gemm", gemm("float32", 1024, 1e11).parameters,
        throughput=(111e9, FLOP_PER_SECOND), measured_ceiling=(239e9, FLOP_PER_SECOND),
    )  # fmt: skip
    found = todays_machine(measured_host(fast, TRIAD), site())
    assert found.rates["float32"].value == 111e9


def test_an_invalid_result_does_not_count() -> None:
    wrong = gemm("float32", 1024, 1e15).model_copy(update={"validity": Validity.INVALID})
    found = todays_machine(measured_host(wrong, gemm("float32", 256, 1e11), TRIAD), site())
    assert found.rates["float32"].value == 1e11


@pytest.mark.parametrize(
    ("results", "missing"),
    [((TRIAD,), "gemm"), ((gemm("float32", 256, 1e11),), "memory bandwidth")],
)
def test_what_was_not_measured_is_not_made_up(
    results: tuple[BenchmarkResult, ...], missing: str
) -> None:
    with pytest.raises(UnmeasuredHost, match=missing):
        todays_machine(measured_host(*results), site())


def test_a_host_without_a_disk_result_reads_at_a_guess_that_is_called_one() -> None:
    found = todays_machine(measured_host(gemm("float32", 256, 1e11), TRIAD), site())
    assert "a guess" in found.storage_rate.origin.source
    disk = result(
        "disk", {"operation": "read", "pattern": "sequential"}, bandwidth=(1.2e9, BYTE_PER_SECOND)
    )
    told = todays_machine(measured_host(gemm("float32", 256, 1e11), TRIAD, disk), site())
    assert told.storage_rate.value == 1.2e9


def reduced(**more: object) -> BenchmarkResult:
    return result(
        "collectives", {"op": "all_reduce", "world_size": 2},
        alpha=(5e-5, SECOND), beta=(8e-9, Unit("s/B")),
    ).model_copy(update=more)  # fmt: skip


def test_an_all_reduce_over_a_network_is_the_wire_and_one_over_loopback_is_not() -> None:
    base, own = (gemm("float32", 256, 1e11), TRIAD), site(without_cloud=True)
    crossed = question_for(measured_host(*base, reduced()), job(), own)
    assert crossed.wire.latency.value == 5e-5
    assert crossed.wire.bandwidth.value == pytest.approx(1.25e8)
    here = reduced(validity=Validity.DEGRADED, reasons=(Doubt.LOOPBACK_ONLY,))
    looped = question_for(measured_host(*base, here), job(), own)
    assert looped.wire.latency.value == pytest.approx(1e-4)


def test_the_spread_of_a_product_is_that_of_independent_factors() -> None:
    found = product(FLOP_PER_SECOND, "peak × share", exact(1e12, FLOP_PER_SECOND, 1.5), exact(0.8))
    assert found.value == pytest.approx(8e11)
    assert (found.low, found.high) == pytest.approx((8e11 / 1.5, 1.2e12), rel=1e-3)
    both = product(FLOP_PER_SECOND, "two", exact(1, factor=1.5), exact(1, factor=1.5))
    assert isinstance(both, Quantity)
    assert both.high == pytest.approx(1.5**2**0.5, rel=1e-3)


def test_the_sum_of_an_exact_and_a_wide_part_is_less_wide() -> None:
    found = total(BYTE, "sum", exact(50, BYTE), exact(50, BYTE, 2))
    assert found.value == 100
    assert found.high == pytest.approx(100 * 2**0.5, rel=1e-3)
    assert scaled(found, 3).low == pytest.approx(300 / 2**0.5, rel=1e-3)


def drawn(meter: str, load: str, watts: float) -> BenchmarkResult:
    return result("energy", {"meter": meter, "load": load}, power=(watts, WATT))


def test_power_is_the_walls_before_the_counters_and_those_before_the_site() -> None:
    base = (gemm("float32", 256, 1e11), TRIAD)
    counted = (
        drawn("counters", "idle", 40), drawn("counters", "cpu", 120),
        drawn("counters", "cuda:0", 300),
    )  # fmt: skip
    assumed = todays_machine(measured_host(*base), site())
    assert (assumed.power_idle.value, assumed.power_max.value) == (50, 150)
    found = todays_machine(measured_host(*base, *counted), site())
    assert (found.power_idle.value, found.power_max.value) == pytest.approx((52, 390))
    assert "a guess" in found.power_max.origin.source
    wall = (drawn("wall", "idle", 85), drawn("wall", "full", 310))
    best = todays_machine(measured_host(*base, *counted, *wall), site())
    assert (best.power_idle.value, best.power_max.value) == (85, 310)


def test_a_link_to_a_peer_is_the_uplink_that_the_strategies_weigh() -> None:
    base, own = (gemm("float32", 256, 1e11), TRIAD), site(without_cloud=True)
    up = result(
        "tcp", {"peer": "cloud", "direction": "send", "streams": 4},
        bandwidth=(3e6, BYTE_PER_SECOND),
    )  # fmt: skip
    found = question_for(measured_host(*base, up), job(), own)
    assert found.site.uplink.up.value == 3e6
    assert found.site.uplink.down == own.uplink.down
