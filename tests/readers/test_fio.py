"""fio's JSON: recorded files, made-up ones with faults, and fio itself where it is installed."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from bitpath_cli.errors import UnreadableEvidence
from bitpath_cli.model.reading import Method
from bitpath_cli.model.result import BenchmarkResult, Doubt, Validity
from bitpath_cli.readers import fio

FIO = shutil.which("fio")
OPTIONS = {"rw": "randread", "bs": "4k", "iodepth": "32", "ioengine": "libaio", "direct": "1"}
SIDE: dict[str, Any] = {
    "io_bytes": 204722176, "bw_bytes": 204517658, "bw": 199724, "iops": 49931.07, "runtime": 1001,
    "total_ios": 49981,
    "clat_ns": {"percentile": {"50.000000": 71168, "95.000000": 88576, "99.000000": 109056}},
}  # fmt: skip
NOTHING = {"io_bytes": 0, "bw_bytes": 0, "bw": 0, "iops": 0.0, "runtime": 0, "total_ios": 0}


def document(
    options: dict[str, Any] | None = None, side: dict[str, Any] | None = None, **changes: Any
) -> dict[str, Any]:
    """A file of one job that only reads; `side` changes what it says of reading."""
    job = {
        "jobname": "r", "error": 0, "job options": OPTIONS | (options or {}),
        "read": SIDE | (side or {}), "write": NOTHING,
    }  # fmt: skip
    return {"fio version": "fio-3.33", "jobs": [job | changes]}


def read(told: dict[str, Any]) -> BenchmarkResult:
    (found,) = fio.read(json.dumps(told), "fio.json")
    return found


def value(found: BenchmarkResult, name: str) -> float:
    one = found.metric(name)
    assert one is not None
    assert one.value is not None
    return one.value


def test_rates_are_in_bytes_and_latencies_in_seconds() -> None:
    found = read(document())
    assert value(found, "bandwidth") == 204517658
    assert value(found, "iops") == 49931.07
    assert value(found, "latency_p50") == pytest.approx(71.168e-6)
    assert value(found, "latency_p99") == pytest.approx(109.056e-6)
    assert found.duration_seconds == 1.001
    assert found.parameters == {
        "operation": "read", "pattern": "random", "direct": True, "block_size": 4096,
        "depth": 32, "engine": "fio libaio",
    }  # fmt: skip


def test_the_source_names_tool_version_job_and_file_and_the_kind_of_latency() -> None:
    found = read(document())
    assert found.metrics[0].origin.method is Method.REPORTED
    assert found.metrics[0].origin.source == "fio-3.33, job 'r' in fio.json"
    assert found.metrics[2].origin.source.endswith("completion latency")
    total = read(document(side={"lat_ns": {"percentile": {"50.000000": 80000}}}))
    assert value(total, "latency_p50") == pytest.approx(80e-6)
    assert total.metrics[2].origin.source.endswith("total latency")


def test_without_bw_bytes_kib_are_used() -> None:
    told = document()
    del told["jobs"][0]["read"]["bw_bytes"]
    assert value(read(told), "bandwidth") == 199724 * 1024


def test_two_rates_that_differ_are_refused() -> None:
    with pytest.raises(UnreadableEvidence, match=r"bw says .* and bw_bytes"):
        read(document(side={"bw_bytes": 199724}))


@pytest.mark.parametrize(
    ("options", "parameter", "expected"),
    [
        ({"bs": "1m"}, "block_size", 1 << 20),
        ({"bs": "128KiB"}, "block_size", 128 << 10),
        ({"bs": "512"}, "block_size", 512),
        ({"bs": "4k,64k"}, "block_size", 4096),
        ({"bs": "4k", "kb_base": "1000"}, "block_size", 4000),
        ({"bs": "4ki", "kb_base": "1000"}, "block_size", 4096),
        ({"bssplit": "4k/50:8k/50"}, "block_size", "about 4096"),
        ({"rw": "read"}, "pattern", "sequential"),
        ({"rw": "randrw"}, "mixed", True),
        ({"numjobs": "4"}, "jobs", 4),
        ({"direct": "0"}, "direct", False),
    ],
)
def test_options_become_parameters(
    options: dict[str, str], parameter: str, expected: object
) -> None:
    assert read(document(options)).parameters[parameter] == expected


def test_global_options_hold_where_the_job_has_none() -> None:
    told = document()
    told["global options"] = told["jobs"][0].pop("job options")
    assert read(told).parameters["depth"] == 32


def test_reading_through_the_page_cache_is_in_doubt() -> None:
    found = read(document({"direct": "0"}))
    assert (found.validity, found.reasons) == (Validity.DEGRADED, (Doubt.UNPROVEN_IO,))


def test_a_job_that_failed_has_no_speed() -> None:
    found = read(document(error=5))
    assert found.metrics == ()
    assert found.missing is not None
    assert found.missing.detail.startswith("fio ended with error 5")


def test_both_operations_of_a_job_are_results() -> None:
    found = fio.read(json.dumps(document({"rw": "randrw"}, write=SIDE)), "fio.json")
    assert [each.parameters["operation"] for each in found] == ["read", "write"]


def test_lines_that_fio_prints_above_its_json_do_not_matter() -> None:
    text = "fio: this platform does not support process shared mutexes\n"
    assert len(fio.read(text + json.dumps(document(), indent=1), "fio.json")) == 1


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"fio version": "fio-2.1.11", "jobs": []}, "of version 'fio-2.1.11', and version 3"),
        ({"fio version": "fio-4.0", "jobs": []}, "of version 'fio-4.0'"),
        ({"fio version": 3, "jobs": []}, "'fio version' is 3 where a text was due"),
        ({"fio version": "fio-3.33"}, "'jobs' is missing where a list"),
        ({"fio version": "fio-3.33", "jobs": [7]}, "'jobs' is .* where a list of objects"),
        ({"fio version": "fio-3.33", "jobs": []}, "no job in it read or wrote"),
        (document(side={"iops": "many"}), "'iops' is 'many' where a number"),
        (document(side={"iops": -1}), "'iops' is -1"),
        (document(side={"iops": True}), "'iops' is True where a number"),
        (document(side={"iops": 10**400}), "'iops' is larger than any number"),
        (document({"iodepth": "deep"}), "'iodepth' is 'deep'"),
        (document({"bs": "a lot"}), "'bs' is 'a lot'"),
        (document(side={"clat_ns": None, "clat": {"percentile": {}}}), "not in nanoseconds"),
    ],
)
def test_what_it_does_not_know_is_refused_by_name(told: dict[str, Any], words: str) -> None:
    with pytest.raises(UnreadableEvidence, match=rf"fio\.json .* results of fio: .*{words}"):
        fio.read(json.dumps(told), "fio.json")


@pytest.mark.parametrize("text", ['{"fio version": "fio-3.33", "jo', "{" * 100_000, "[" * 100_000,
                                  '{"fio version": NaN, }'])  # fmt: skip
def test_broken_json_is_refused(text: str) -> None:
    with pytest.raises(UnreadableEvidence, match=r"cut short|nested too deeply|a text was due"):
        fio.read(text, "fio.json")


def test_infinity_is_no_number() -> None:
    text = json.dumps(document()).replace("49931.07", "1e999")
    with pytest.raises(UnreadableEvidence, match="'iops' is inf"):
        fio.read(text, "fio.json")


@pytest.mark.skipif(FIO is None, reason="fio is not installed")
def test_what_fio_writes_today_is_read(tmp_path: Path) -> None:
    output = tmp_path / "out.json"
    subprocess.run(
        [str(FIO), "--name=probe", "--rw=randrw", "--bs=4k", "--size=1m", "--ioengine=psync",
         "--io_size=256k", f"--filename={tmp_path / 'file'}", "--output-format=json",
         f"--output={output}"],
        check=True, capture_output=True, timeout=60, cwd=tmp_path,
    )  # fmt: skip
    text = output.read_text()
    assert fio.recognises(text)
    found = fio.read(text, "out.json")
    assert {each.parameters["operation"] for each in found} == {"read", "write"}
    moved = sum(value(each, "iops") * each.duration_seconds * 4096 for each in found)
    assert moved == pytest.approx(256 * 1024, rel=0.05)
