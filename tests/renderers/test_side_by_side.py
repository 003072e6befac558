"""Comparisons, fleets and histories as drawn: looked at once, and harmless at every width."""

import csv
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from bitpath_cli.model.components.cpu import Cpu
from bitpath_cli.model.components.system import System
from bitpath_cli.model.fleet import Refused
from bitpath_cli.model.history import Series
from bitpath_cli.model.reading import absent, fact, reported
from bitpath_cli.model.report import HostIdentity, Report
from bitpath_cli.model.result import BenchmarkResult, Doubt, Validity
from bitpath_cli.model.units import BYTE_PER_SECOND, FLOP_PER_SECOND, ONE
from bitpath_cli.renderers import csv as csv_renderer
from bitpath_cli.renderers import json as json_renderer
from bitpath_cli.renderers import markdown, table
from bitpath_cli.renderers._comparison import percent
from bitpath_cli.renderers._history import sparkline
from bitpath_cli.workflows._aims import parse_aims
from bitpath_cli.workflows._sources import Found
from bitpath_cli.workflows.collect import Wish, assemble
from bitpath_cli.workflows.compare import compare
from bitpath_cli.workflows.history import history
from tests.sample_report import CREATED, filled, latency, rate, report, result

DRAWN = Path(__file__).parent / "drawn"


def disk(bandwidth: float, p50: float, **changes: Any) -> BenchmarkResult:
    return result("disk", {"operation": "read", "pattern": changes.pop("pattern", "random")},
                  rate("bandwidth", bandwidth, BYTE_PER_SECOND), latency("latency_p50", p50),
                  **changes)  # fmt: skip


def gemm(throughput: float, dtype: str = "float32", size: int = 1024) -> BenchmarkResult:
    return result("gemm", {"dtype": dtype, "m": size, "n": size, "k": size},
                  rate("throughput", throughput, FLOP_PER_SECOND))  # fmt: skip


def host(name: str, *results: BenchmarkResult, kernel: str = "6.1.0", **changes: Any) -> Report:
    told: dict[str, Any] = {
        "host": HostIdentity(name=name, fingerprint=f"{kernel.replace('.', ''):0<16}"),
        "components": (
            filled(System, name=name, kernel=fact(kernel, "uname")),
            filled(Cpu, name="cpu", model=fact("Xeon D-2776NT", "cpuinfo"), caches=(),
                   core_groups=(), physical_cores=reported(16, ONE, "/sys")),
        ),
        "results": results,
    }  # fmt: skip
    return report(**told | changes)


BEFORE = host(
    "edge-01", disk(200e6, 90e-6), disk(2e9, 1e-3, pattern="sequential"), gemm(480e9),
    gemm(900e9, "bfloat16"), result("energy", {}, latency("time", 1.0)),
    aims=parse_aims(("cost=-20%", "gemm.throughput[dtype=float32]=+20%", "tcp.bandwidth=+5%")),
)  # fmt: skip
AFTER = host(
    "edge-01",
    disk(120e6, 91e-6, validity=Validity.DEGRADED, reasons=(Doubt.CONTENDED,)),
    disk(2.05e9, 1.03e-3, pattern="sequential"), gemm(640e9), gemm(905e9, "bfloat16", 2048),
    result("energy", {}).model_copy(
        update={"validity": Validity.INVALID, "missing": absent("no meter can be read")}
    ),
    kernel="6.8.0", created=CREATED + timedelta(days=9),
)  # fmt: skip
COMPARED = compare(BEFORE, AFTER)
NODES = [
    host(f"node-{at}", disk(value, 90e-6), kernel="6.8.0" if at == 1 else "6.1.0")
    for at, value in enumerate((200e6, 201e6, 199e6, 60e6, 400e6))
]
FLEET = assemble(
    (
        *(Found(f"{each.host.name}.json", each) for each in NODES),
        Refused(source="node-9.json", why="unreadable", detail="it is empty",
                next_step="Make a new one: bitpath assess --output report.json"),
    ),
    Wish(include_identifiers=True), lambda _: None,
).head.model_copy(update={"created": CREATED})  # fmt: skip


class Silent:
    def stage(self, words: str) -> None: ...


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Twelve days of one host, with a jump, a gap, another kernel and a broken file."""
    folder = tmp_path_factory.mktemp("history")
    for day in range(12):
        results = () if day == 2 else (disk(200e6 if day < 5 else 120e6, 90e-6 + day * 1e-6),)
        each = host("edge-01", *results, kernel="6.1.0" if day < 9 else "6.8.0",
                    created=CREATED + timedelta(days=day))  # fmt: skip
        (folder / f"{day:02}.json").write_text(each.model_dump_json())
    (folder / "broken.json").write_text("{")
    found = history([folder], Silent())
    refused = tuple(each.model_copy(update={"source": "broken.json"}) for each in found.refused)
    return found.model_copy(update={"refused": refused})


Screen = Callable[[int, bool], str]
SCREENS: list[Screen] = [
    lambda width, colour: table.render_comparison(COMPARED, width, colour),
    lambda width, colour: table.render_table(FLEET, width, colour),
]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("comparison-80.txt", table.render_comparison(COMPARED, 80, colour=False)),
        ("comparison-160.txt", table.render_comparison(COMPARED, 160, colour=False)),
        ("comparison.md", markdown.render_comparison(COMPARED)),
        ("fleet-80.txt", table.render_table(FLEET, 80, colour=False)),
        ("fleet.md", markdown.RENDERER.render(FLEET)),
    ],
)
def test_it_looks_as_it_did_when_it_was_looked_at(name: str, text: str) -> None:
    assert text == (DRAWN / name).read_text(encoding="utf-8")


def test_a_history_looks_as_it_did_when_it_was_looked_at(told: Any) -> None:
    drawn = table.render_history(told, 80, colour=False)
    assert drawn == (DRAWN / "history-80.txt").read_text(encoding="utf-8")
    assert markdown.render_history(told) == (DRAWN / "history.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("width", [40, 60, 80, 120, 160, 240])
def test_no_line_is_wider_than_the_screen(screen: Screen, width: int) -> None:
    assert max(cell_len(line) for line in screen(width, False).splitlines()) <= width


@pytest.mark.parametrize("width", [40, 60, 80, 120, 160, 240])
def test_no_line_of_a_history_is_wider_than_the_screen(told: Any, width: int) -> None:
    lines = table.render_history(told, width, colour=False).splitlines()
    assert max(cell_len(line) for line in lines) <= width


@pytest.mark.parametrize("screen", SCREENS)
def test_colour_changes_no_word(screen: Screen) -> None:
    from rich.text import Text

    assert Text.from_ansi(screen(100, True)).plain.split() == screen(100, False).split()


def test_json_keeps_every_digit_and_can_be_read_again() -> None:
    text = json_renderer.render_record(COMPARED)
    assert type(COMPARED).model_validate_json(text) == COMPARED


def test_a_history_as_csv_has_a_row_a_figure_and_report(told: Any) -> None:
    rows = list(csv.DictReader(StringIO(csv_renderer.render_history(told))))
    bandwidth = [each for each in rows if each["name"] == "bandwidth"]
    assert len(bandwidth) == 12
    assert [each["value"] for each in bandwidth].count("") == 1
    assert {each["gap"] for each in bandwidth} == {"", "not measured"}


@pytest.mark.parametrize(
    ("change", "words"),
    [(0.123, "+12 %"), (-0.034, "−3.4 %"), (0.0, "+0.0 %"), (9.0, "×10"), (43.0, "×44")],
)
def test_changes_are_percentages_until_factors_are_plainer(change: float, words: str) -> None:
    assert percent(change) == words


def test_a_course_runs_from_lowest_to_highest_with_dots_for_gaps(told: Any) -> None:
    series: Series = told.hosts[0].series[0]
    assert sparkline(series, 60) == "██·██▁▁▁▁"
    assert sparkline(series, 3) == "▅▅▅"
