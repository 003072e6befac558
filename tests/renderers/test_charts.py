"""What charts are drawn from: places on the roofline, axes, lines, and when there is no chart."""

import itertools
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitpath_cli.model.reading import failed
from bitpath_cli.model.result import BenchmarkResult, CostSegment, Doubt, PairLink, Validity
from bitpath_cli.model.units import BYTE_PER_SECOND, FLOP_PER_SECOND, SECOND, Unit
from bitpath_cli.renderers._charts import Numbers, draw_chart, shade, short
from bitpath_cli.renderers._charts_axes import spread_out
from bitpath_cli.renderers._charts_collective import draw_collective
from bitpath_cli.renderers._charts_elasticities import draw_elasticities
from bitpath_cli.renderers._charts_front import draw_front
from bitpath_cli.renderers._charts_pairs import draw_pairs
from bitpath_cli.renderers._charts_roofline import draw_roofline, find_spot
from bitpath_cli.renderers._charts_terms import draw_scores, draw_terms
from bitpath_cli.renderers._decision import columns
from tests.renderers.rich_report import FORWARD_FLOP, SAMPLES_PER_SECOND, TRAFFIC_BYTES, advised
from tests.sample_report import around, points, rate, recommendation, report, result

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def test_a_workload_stands_at_its_flop_per_byte_and_at_its_predicted_rate() -> None:
    spot = find_spot(advised())
    assert spot is not None
    assert spot.intensity == pytest.approx(FORWARD_FLOP / TRAFFIC_BYTES)
    assert spot.attained == pytest.approx(3 * FORWARD_FLOP * SAMPLES_PER_SECOND)


def test_half_as_many_bytes_in_half_the_precision() -> None:
    told = advised()
    candidates = tuple(
        each.model_copy(
            update={"configuration": each.configuration.model_copy(update={"precision": "float16"})}
        )
        for each in told.candidates
    )
    spot = find_spot(told.model_copy(update={"candidates": candidates}))
    assert spot is not None
    assert spot.intensity == pytest.approx(2 * FORWARD_FLOP / TRAFFIC_BYTES)


def test_a_workload_without_its_inputs_is_not_on_the_roofline() -> None:
    assert find_spot(recommendation()) is None
    chart = draw_roofline(report())
    assert chart is not None
    assert [row[0] for row in chart.numbers.rows] == [
        "float32 ceiling", "memory, triad",
    ]  # fmt: skip


def test_no_roofline_without_memory_and_none_from_a_wrong_answer() -> None:
    gemm = result("gemm", {"dtype": "float32"}, rate("throughput", 1e12, FLOP_PER_SECOND))
    memory = result("memory_bandwidth", {}, rate("triad", 5e10, BYTE_PER_SECOND))
    wrong = memory.model_copy(
        update={"validity": Validity.INVALID, "reasons": (Doubt.WRONG_RESULT,)}
    )
    assert draw_roofline(report(results=(gemm,))) is None
    assert draw_roofline(report(results=(gemm, wrong))) is None
    assert draw_roofline(report(results=(gemm, memory))) is not None


def test_the_roof_is_that_of_square_products() -> None:
    """A batch may be faster; a linear layer's row is bound by memory."""
    memory = result("memory_bandwidth", {}, rate("triad", 5e10, BYTE_PER_SECOND))
    square, batch = (
        result("gemm", {"dtype": "float32", **more}, rate("throughput", value, FLOP_PER_SECOND))
        for value, more in ((1e12, {}), (2e12, {"shape": "batched"}))
    )
    chart = draw_roofline(report(results=(batch, square, memory)))
    assert chart is not None
    assert chart.numbers.rows[0] == ("float32 ceiling", "", "1 TFLOP/s")


def all_reduce(**changes: object) -> BenchmarkResult:
    found = result("collectives", {"op": "all_reduce", "world_size": 4}, points=points())
    return found.model_copy(update=changes)


def test_each_range_of_sizes_has_its_own_line() -> None:
    beta = around(5e-10, Unit("s/B"))
    segments = tuple(
        CostSegment(from_bytes=begin, to_bytes=end, alpha=around(2e-5, SECOND), beta=beta,
                    largest_error=0.1)
        for begin, end in ((1024, 32768), (65536, 1 << 26))
    )  # fmt: skip
    bare = draw_collective("c", all_reduce())
    lined = draw_collective("c", all_reduce(segments=segments))
    assert bare is not None
    assert lined is not None
    assert lined.svg.count("<path") - bare.svg.count("<path") == 2
    assert [row[0] for row in lined.numbers.rows] == ["1 KiB", "64 MiB"]


def test_a_collective_of_one_rank_has_no_curve() -> None:
    lonely = tuple(
        each.model_copy(update={"busbw": failed("one rank has nobody to exchange bytes with")})
        for each in points()
    )
    assert draw_collective("c", all_reduce(points=lonely)) is None


def test_pairs_are_drawn_where_there_are_pairs() -> None:
    pair = PairLink(rank_a=0, rank_b=1, latency=around(1e-5, SECOND),
                    bandwidth=around(2e9, BYTE_PER_SECOND))  # fmt: skip
    unknown = pair.model_copy(update={"bandwidth": failed("it did not answer")})
    assert draw_pairs("p", all_reduce()) is None
    assert draw_pairs("p", all_reduce(pairs=(unknown,))) is None
    chart = draw_pairs("p", all_reduce(pairs=(pair,)))
    assert chart is not None
    assert chart.numbers.rows == (("0 and 1", "2 GB/s", "10 µs"),)


def test_a_decision_without_figures_has_no_charts_of_them() -> None:
    bare = recommendation(candidates=(), sensitivities=(), winner=None)
    assert draw_scores("k", columns(bare)) is None
    assert draw_terms("k", bare) is None
    assert draw_front("k", recommendation()) is None
    assert draw_elasticities("k", bare) is None


def test_the_front_says_of_every_point_where_it_stands() -> None:
    chart = draw_front("k", advised())
    assert chart is not None
    assert [row[-1] for row in chart.numbers.rows] == [
        "recommended", "on the front", "not feasible", "on the front", "not feasible",
        "on the front",
    ]  # fmt: skip


def test_drawings_hold_text_and_the_pages_colours_alone() -> None:
    def paint(axes: "Axes") -> None:
        axes.set_xlabel("$x$ <b>")

    chart = draw_chart("k", "<title>", "a & b", Numbers((), ()), 200, paint)
    assert ">$x$ &lt;b&gt;</text>" in chart.svg
    assert "&lt;title&gt;</title>" in chart.svg
    assert "style=" not in chart.svg
    assert set(re.findall(r"#[0-9a-f]{6}\b", chart.svg)) == set()
    assert all(name.startswith("k-") for name in re.findall(r' id="([^"]+)"', chart.svg))


def test_long_names_are_cut_and_steering_characters_left_out() -> None:
    assert short("x" * 100, 10) == "xxxxxxxxx…"
    assert short("a\x1b[31m\nb\u202e", 48) == "a[31m b"


@pytest.mark.parametrize(("share", "step"), [(-1.0, "00"), (0.0, "00"), (0.5, "08"), (2.0, "16")])
def test_shades_have_steps(share: float, step: str) -> None:
    assert shade(share) == f"#20{step}00"


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.floats(0.01, 0.2))
def test_labels_keep_their_order_and_their_distance(places: list[float], gap: float) -> None:
    moved = spread_out(places, gap)
    ordered = [moved[at] for at in sorted(range(len(places)), key=lambda at: places[at])]
    assert all(
        after - before >= gap - 1e-9
        for before, after in itertools.pairwise(ordered)
    )  # fmt: skip


def test_labels_that_do_not_collide_stay_where_they_are() -> None:
    assert spread_out([0.9, 0.1, 0.5], 0.1) == [0.9, 0.1, 0.5]
    assert spread_out([0.5, 0.5], 0.1) == pytest.approx([0.45, 0.55])
