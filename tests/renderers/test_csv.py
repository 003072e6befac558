"""The table of metrics: one row each, all digits, and no cell that a spreadsheet would run."""

import csv
import io

import pytest

from bitpath_cli.model.report import HostIdentity, Report
from bitpath_cli.model.units import PER_SECOND
from bitpath_cli.renderers.csv import RENDERER
from tests.sample_report import rate, report, result

SAMPLE = report()


def rows(told: Report) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(RENDERER.render(told))))


def test_every_metric_and_every_point_has_its_row() -> None:
    metrics = sum(len(each.metrics) for each in SAMPLE.results)
    points = sum(3 * len(each.points) for each in SAMPLE.results)
    whole = [each for each in SAMPLE.results if each.missing is not None]
    assert len(rows(SAMPLE)) == metrics + points + len(whole)


def test_a_row_holds_base_units_all_digits_and_where_they_come_from() -> None:
    (row,) = [
        each for each in rows(SAMPLE)
        if each["benchmark"] == "gemm" and "m=4096" in each["parameters"]
    ]  # fmt: skip
    assert row == {
        "host": "edge-01", "benchmark": "gemm",
        "parameters": "dtype=float32; m=4096; n=4096; k=4096; threads=7", "name": "throughput",
        "value": "480000000000.0", "unit": "FLOP/s", "low": "470400000000.0",
        "high": "489600000000.0", "level": "0.95", "origin": "measured", "source": "this run",
        "ceiling": "605000000000.0", "ceiling_source": "7 cores × 3.2 GHz × 32",
        "validity": "valid", "reasons": "", "missing": "",
    }  # fmt: skip


def test_what_is_missing_has_no_value_and_says_why() -> None:
    found = {each["benchmark"]: each for each in rows(SAMPLE)}
    assert (found["energy"]["value"], found["energy"]["missing"]) == ("", "no meter can be read")
    assert found["inference"]["missing"] == "it did not end within 20 s"


def test_doubts_stand_beside_the_number() -> None:
    (peak,) = [each for each in rows(SAMPLE) if each["name"] == "busbw_peak"]
    assert (peak["validity"], peak["reasons"]) == ("valid", "loopback_only contended")


def test_points_carry_their_size() -> None:
    sizes = [each["parameters"].rpartition("size_bytes=")[2] for each in rows(SAMPLE)
             if each["name"] == "busbw"]  # fmt: skip
    assert sizes == ["1024", "67108864"]


def test_members_have_their_rows_under_their_names() -> None:
    other = report(host=HostIdentity(name="edge-02", fingerprint="ff"))
    fleet = report(results=(), members=(SAMPLE, other))
    assert {each["host"] for each in rows(fleet)} == {"edge-01", "edge-02"}


@pytest.mark.parametrize(
    "name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "＝1", "=cmd|' /C calc'!A0"]
)
def test_no_text_is_a_formula(name: str) -> None:
    strange = report(host=HostIdentity(name=name, fingerprint=name))
    assert {each["host"] for each in rows(strange)} == {f"'{name}"}


def test_a_negative_number_stays_one() -> None:
    cold = rate("change", 1.0, PER_SECOND).model_copy(
        update={"value": -2.5, "low": -2.6, "high": -2.4}
    )
    (row,) = rows(report(results=(result("gemm", {"=x": "=y"}, cold),)))
    assert (row["value"], row["low"]) == ("-2.5", "-2.6")
    assert row["parameters"] == "'=x==y"


def test_quotes_commas_and_lines_survive() -> None:
    strange = report(host=HostIdentity(name='a,"b"\nc', fingerprint="ff"))
    assert {each["host"] for each in rows(strange)} == {'a,"b"\nc'}


def test_pandas_reads_it_as_it_is() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.read_csv(io.StringIO(RENDERER.render(SAMPLE)))
    assert frame["value"].dtype == float
    assert frame[frame["name"] == "throughput"]["value"].max() == 1.31e12
