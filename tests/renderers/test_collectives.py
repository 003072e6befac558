"""Collectives on the terminal: tables, curves and heat maps from figures that were made by hand."""

import pytest
from rich.cells import cell_len

from bitpath_cli.model.reading import absent, derived, fact
from bitpath_cli.model.result import (
    BenchmarkResult,
    Ceiling,
    CollectivePoint,
    Finding,
    PairLink,
    RankTiming,
)
from bitpath_cli.model.units import BYTE_PER_SECOND, ONE, SECOND
from bitpath_cli.renderers._collective_figures import (
    HEADS,
    columns,
    heat_map,
    rows,
    short_size,
    title,
)
from bitpath_cli.renderers.table import render_table
from tests.sample_report import around, rate, report, result

TOP = Ceiling(value=100e6, unit=BYTE_PER_SECOND, source="raw sockets")


def point(size: int, busbw: float, wrong: int = 0) -> CollectivePoint:
    return CollectivePoint(
        size_bytes=size, time=around(size / busbw, SECOND), algbw=around(busbw, BYTE_PER_SECOND),
        busbw=around(busbw, BYTE_PER_SECOND), mean_time=around(size / busbw, SECOND), wrong=wrong,
        ceiling=TOP,
    )  # fmt: skip


def pair(first: int, second: int, bandwidth: float, latency: float = 50e-6) -> PairLink:
    return PairLink(
        rank_a=first, rank_b=second, latency=around(latency, SECOND),
        bandwidth=around(bandwidth, BYTE_PER_SECOND),
    )  # fmt: skip


POINTS = (point(1024, 12.5e6), point(1 << 20, 50e6), point(64 << 20, 100e6))
PAIRS = tuple(
    pair(first, second, 10e6 if 2 in (first, second) else 100e6)
    for first in range(4)
    for second in range(first + 1, 4)
)
FOUR = result(
    "collectives",
    {"op": "all_reduce", "dtype": "float32", "backend": "gloo", "world_size": 4, "nodes": 4,
     "interface": "eth0"},
    rate("busbw_peak", 100e6, BYTE_PER_SECOND, 100e6, "raw sockets"), points=POINTS,
).model_copy(
    update={
        "pairs": PAIRS,
        "ranks": tuple(
            RankTiming(
                rank=rank, source_address=fact(f"10.0.0.{rank}", "a test"),
                lateness=derived(rank * 1e-3, SECOND, "a test"),
                transfer=around(0.3, SECOND), last_share=derived(0.25, ONE, "a test"),
            )
            for rank in range(4)
        ),
        "findings": (
            Finding(name="slow_host", sentence="The host of rank 2 is slow.", ranks=(2,),
                    next_step="Look at its cable."),
        ),
    }
)  # fmt: skip


def drawn(*results: BenchmarkResult, width: int = 80) -> str:
    return render_table(report(results=results, recommendations=()), width, colour=False)


def test_a_row_has_what_people_know_from_nccl_tests() -> None:
    assert dict(zip(HEADS, rows(POINTS)[1], strict=True)) == {
        "size": "1 MiB", "time": "21 ms", "95 %": "[20.6 – 21.4]", "p95": "?", "mean": "21 ms",
        "algbw": "50 MB/s", "busbw": "50 MB/s", "of ceiling": "50 %", "wrong": "0",
    }  # fmt: skip


def test_a_wide_screen_has_room_for_the_intervals() -> None:
    assert "[20.6 – 21.4]" in drawn(FOUR, width=110)
    assert "[20.6 – 21.4]" not in drawn(FOUR, width=80)


def test_the_curve_by_hand() -> None:
    """Of four rows of eighths: 12.5 % is half a row, 50 % two rows and 100 % all of them."""
    bars, full, ceiling_row = columns(POINTS, 4)
    assert ["".join(bar) for bar in bars] == ["   ▄", "  ██", "████"]
    assert (full, ceiling_row) == (100e6, 0)


def test_the_ceiling_lies_below_what_passes_it() -> None:
    _, full, ceiling_row = columns((point(1024, 400e6),), 4)
    assert (full, ceiling_row) == (400e6, 3)


def test_without_bus_bandwidth_the_curve_is_flat() -> None:
    alone = POINTS[0].model_copy(update={"busbw": absent("one rank"), "ceiling": None})
    bars, full, ceiling_row = columns((alone,), 2)
    assert (bars, full, ceiling_row) == (((" ", " "),), 0.0, -1)


def test_a_pair_is_shaded_by_its_share_of_the_median() -> None:
    """Six pairs, three at 100 MB/s and three at 10: the median of 55 makes the slow ones dark."""
    found = heat_map(PAIRS)
    assert found.ranks == (0, 1, 2, 3)
    assert (found.cells[0, 1].shade, found.cells[0, 1].number) == ("░", "100")
    assert (found.cells[1, 2].shade, found.cells[1, 2].number) == ("█", "10")
    assert (found.cells[2, 0].number, found.time_unit) == ("50", "µs")
    assert (2, 2) not in found.cells


@pytest.mark.parametrize(("size", "words"), [(1024, "1K"), (1020, "1020B"), (64 << 20, "64M")])
def test_sizes_are_short_on_the_axis(size: int, words: str) -> None:
    assert short_size(size) == words


def test_a_title_says_what_was_measured_among_whom() -> None:
    assert title(FOUR) == "all_reduce of float32, gloo, 4 ranks on 4 hosts by eth0"


def test_collectives_alone_are_shown_in_full() -> None:
    text = drawn(FOUR)
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert "size time p95 mean algbw busbw of ceiling wrong" in lines
    assert "64 MiB 671 ms ? 671 ms 100 MB/s 100 MB/s 100 % 0" in lines
    assert "1 ░ 50 · █ 10 ░ 100" in lines
    assert "→ The host of rank 2 is slow. (rank 2 is at 10.0.0.2) Look at its cable." in text


def test_among_other_results_they_have_one_line() -> None:
    text = drawn(FOUR, result("tcp", {}, rate("bandwidth", 1e9, BYTE_PER_SECOND)))
    assert "algbw" not in text
    assert "all_reduce busbw" in text


def test_several_collectives_name_whose_finding_it_is() -> None:
    other = FOUR.model_copy(update={"parameters": {**FOUR.parameters, "op": "broadcast"}})
    text = drawn(FOUR, other)
    assert "→ all_reduce: The host of rank 2 is slow." in text
    assert "→ broadcast: The host of rank 2 is slow." in text


@pytest.mark.parametrize("width", [40, 60, 80, 100, 160])
@pytest.mark.parametrize("ranks", [2, 4, 9, 40])
def test_no_line_is_wider_than_the_screen(width: int, ranks: int) -> None:
    pairs = tuple(
        pair(first, second, 1e6 * (1 + first))
        for first in range(ranks)
        for second in range(first + 1, ranks)
    )
    points = tuple(point(1024 << step, 50e6) for step in range(19))
    wide = FOUR.model_copy(update={"pairs": pairs, "points": points})
    lines = drawn(wide, width=width).splitlines()
    assert max(cell_len(line) for line in lines) <= width
