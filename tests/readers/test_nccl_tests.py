"""nccl-tests' text and JSON. Every output here is synthetic: made up after its source."""

import json
from typing import Any

import pytest

from bitpath_cli.errors import UnreadableEvidence
from bitpath_cli.model.reading import Missing, Quantity
from bitpath_cli.model.result import BenchmarkResult, Doubt, Validity
from bitpath_cli.readers import nccl_tests

VERSION = "# nccl-tests version 2.17.2 nccl-headers=22803 nccl-library=22803\n"
STARTING = "# Collective test starting: all_reduce_perf\n"
PLAN = (
    "# nThread 1 nGpus 1 minBytes 1048576 maxBytes 4194304 step: 2(factor) warmup iters: 1 "
    "iters: 20 agg iters: 1 validation: 1 graph: 0 unalign: 0\n#\n# Using devices\n"
)
HEAD = """\
#
#                                                       out-of-place            in-place
#    size    count    type   redop    root     time   algbw   busbw  #wrong     time   algbw   busbw  #wrong
#     (B) (elements)                           (us)  (GB/s)  (GB/s)             (us)  (GB/s)  (GB/s)
"""  # noqa: E501  (as it is printed)
ROWS = """\
  1048576   262144   float     sum      -1   100.00   10.49   15.73       0   102.00   10.28   15.42       0
  2097152   524288   float     sum      -1   150.00   13.98   20.97       0   151.00   13.89   20.83       0
  4194304  1048576   float     sum      -1   250.00   16.78   25.17       0   251.00   16.71   25.07       0
"""  # noqa: E501  (as it is printed)
FOOT = "# Out of bounds values : 0 OK\n# Avg bus bandwidth    : 20.53\n#\n"


def ranks(count: int = 4, hosts: int = 4) -> str:
    return "".join(
        f"#  Rank {rank:2} Group  0 Pid {6899 + rank:6} on node-{rank % hosts} device  0 "
        "[0000:04:00] SYNTHETIC GPU\n"
        for rank in range(count)
    )


def text(
    rows: str = ROWS, head: str = HEAD, version: str = VERSION, starting: str = STARTING,
    devices: str | None = None, foot: str = FOOT,
) -> str:  # fmt: skip
    told = ranks() if devices is None else devices
    return version + starting + PLAN + told + head + rows + foot


def read(told: str, path: str = "nccl.txt") -> tuple[BenchmarkResult, ...]:
    return nccl_tests.read(told, path)


def busbws(found: BenchmarkResult) -> list[float]:
    return [each.busbw.value for each in found.points if isinstance(each.busbw, Quantity)]


def test_out_of_place_and_in_place_are_two_results() -> None:
    out, in_place = read(text())
    assert (out.parameters["in_place"], in_place.parameters["in_place"]) == (False, True)
    assert out.parameters == {
        "op": "all_reduce", "world_size": 4, "nodes": 4, "backend": "nccl", "dtype": "float32",
        "in_place": False, "engine": "nccl-tests",
    }  # fmt: skip
    assert [each.size_bytes for each in out.points] == [1 << 20, 2 << 20, 4 << 20]
    assert [each.time.value for each in out.points] == pytest.approx([100e-6, 150e-6, 250e-6])
    assert [each.time.value for each in in_place.points] == pytest.approx([102e-6, 151e-6, 251e-6])


def test_rates_follow_from_sizes_and_times() -> None:
    """By hand: 4 MiB in 250 µs are 16.777216 GB/s, and 2·3/4 of that 25.165824."""
    out, _ = read(text())
    assert out.points[2].algbw.value == pytest.approx(16.777216e9)
    assert busbws(out)[2] == pytest.approx(25.165824e9)
    peak = out.metric("busbw_peak")
    assert peak is not None
    assert peak.value == pytest.approx(25.165824e9)
    assert peak.origin.source == "nccl-tests 2.17.2, in nccl.txt"
    assert out.duration_seconds == pytest.approx(20 * 500e-6)


def test_what_was_not_checked_is_in_doubt_though_the_sum_says_ok() -> None:
    out, _ = read(text(rows=ROWS.replace("      0", "    N/A")))
    assert (out.validity, out.reasons) == (Validity.DEGRADED, (Doubt.UNCHECKED,))


def test_wrong_elements_leave_no_speed_to_believe() -> None:
    wrong = ROWS.replace("25.17       0", "25.17       3")
    out, in_place = read(text(rows=wrong))
    assert (out.validity, out.points[2].wrong) == (Validity.INVALID, 3)
    assert in_place.validity is Validity.VALID


def test_old_versions_print_an_error_where_new_ones_count() -> None:
    head = HEAD.replace("#wrong", "error ").replace(
        "    root     time", "     time").replace("# nccl-tests", "#")  # fmt: skip
    rows = ROWS.replace("      -1", "").replace("      0", "  2e-06")
    found = read(text(rows, head, version="", starting=""), "all_reduce_perf.txt")
    assert found[0].validity is Validity.VALID
    assert "of a version that it does not say" in found[0].metrics[0].origin.source
    failed = FOOT.replace("0 OK", "2 FAILED")
    found = read(text(rows, head, version="", starting="", foot=failed), "all_reduce_perf.txt")
    assert found[0].validity is Validity.INVALID


def test_columns_of_every_iteration_do_not_disturb() -> None:
    head = HEAD.replace("#wrong", "#wrong  i_min i_max i_p99 i_cv%")
    rows = ROWS.replace("       0", "       0   9.0   11.0  10.9  2.1")
    out, in_place = read(text(rows, head))
    assert [each.time.value for each in in_place.points] == pytest.approx([102e-6, 151e-6, 251e-6])
    assert out.validity is Validity.VALID


def test_marks_of_mpirun_and_lines_of_nccl_in_between_do_not_disturb() -> None:
    rows = "node-0:12:34 [0] NCCL INFO comm 0x7f rank 0 nranks 4 - Init COMPLETE\n" + ROWS
    marked = "".join(f"[1,0]<stdout>:{line}\n" for line in text(rows).splitlines())
    assert read(marked) == read(text())


def test_one_rank_alone_has_no_bus_bandwidth_and_not_one_of_zero() -> None:
    rows = "  4194304  1048576   float     sum      -1   250.00   16.78    0.00       0   250.00   16.78    0.00       0\n"  # noqa: E501
    out, _ = read(text(rows, devices=ranks(1, 1)))
    assert isinstance(out.points[0].busbw, Missing)
    peak = out.metric("busbw_peak")
    assert peak is not None
    assert peak.missing is not None
    assert out.parameters["nodes"] == 1


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (text(version="# nccl-tests version 3.0.1\n"), "of version 3.0.1, and version 2"),
        (text(devices=""), "which ranks took part"),
        (text(devices=ranks() + ranks()), "a rank stands in it more than once.*MPI=1"),
        (text(rows=ROWS + ROWS), "a size stands in it more than once.*MPI=1"),
        (text(devices=ranks(8, 8)), "busbw of .* 8 ranks make"),
        (text(rows=ROWS.replace("100.00", "10.00")), "algbw of 1048576 B"),
        (text(rows=""), "no row with a size and a time"),
        (text(rows=ROWS.replace("   102.00   10.28   15.42       0", "")), "has 9 columns where"),
        (text(rows=ROWS.replace("100.00", "nan")), "is nan"),
        (text(rows=ROWS.replace("100.00", "a lot")), "columns|'a' stands where a number"),
        (text(head=HEAD.replace(" time", " cputime")), "the CPU's time"),
        (text(head=""), "no head of a table"),
        (text(starting=""), "which collective it is of"),
        (text(starting="# Collective test starting: hypercube_perf\n"), "which collective"),
    ],
)
def test_what_it_does_not_know_is_refused_by_name(told: str, words: str) -> None:
    with pytest.raises(UnreadableEvidence, match=rf"nccl\.txt .* of nccl-tests: .*{words}"):
        read(told)


def document(**changes: Any) -> dict[str, Any]:
    """What -J writes of two sizes over two hosts with two GPUs each."""

    def side(time: float, algbw: float) -> dict[str, Any]:
        return {"time": time, "alg_bw": algbw, "bus_bw": algbw * 1.5, "nwrong": 0.0}

    devices = [{"rank": rank, "hostname": f"node-{rank // 2}", "device_info": "SYNTHETIC GPU"}
               for rank in range(4)]  # fmt: skip
    told: dict[str, Any] = {
        "version": 3, "start_time": "2026-01-01 00:00:00",
        "args": ["/opt/nccl-tests/build/all_reduce_perf", "-J", "out.json"],
        "env": ["HOME=/root", "AWS_SECRET_ACCESS_KEY=abc123"], "nccl_version": 22803,
        "config": {"nthreads": 1, "ngpus": 1, "iterations": 20, "devices": devices},
        "results": [
            {"size": 1 << 20, "count": 262144, "type": "half", "redop": "sum", "root": "    -1",
             "out_of_place": side(100.0, 10.48576), "in_place": side(102.0, 10.280157)},
            {"size": 1 << 21, "count": 524288, "type": "half", "redop": "sum", "root": "    -1",
             "out_of_place": None, "in_place": side(151.0, 13.888424)},
        ],
    }  # fmt: skip
    return told | changes


def test_its_json_says_the_same() -> None:
    told = json.dumps(document())
    assert nccl_tests.recognises(told)
    out, in_place = read(told, "out.json")
    assert [each.size_bytes for each in out.points] == [1 << 20]
    assert [each.size_bytes for each in in_place.points] == [1 << 20, 1 << 21]
    assert (out.parameters["world_size"], out.parameters["nodes"]) == (4, 2)
    assert out.parameters["dtype"] == "float16"
    assert out.metrics[0].origin.source == "nccl-tests JSON 3, NCCL 22803, in out.json"


def test_nothing_of_the_environment_is_taken_over() -> None:
    found = read(json.dumps(document()), "out.json")
    written = "".join(each.model_dump_json() for each in found)
    assert "AWS_SECRET_ACCESS_KEY" not in written
    assert "abc123" not in written


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (document(version=99), "version 99, and versions 2 and 3"),
        (document(version=None), "version None"),
        (document(config={}), "'devices' is missing|'nthreads' is missing"),
        (document(results=[]), "no row with a size"),
        (document(args=[]), "which collective"),
        (document(nccl_version="two"), "'nccl_version' is 'two'"),
    ],
)
def test_json_that_it_does_not_know_is_refused(told: dict[str, Any], words: str) -> None:
    with pytest.raises(UnreadableEvidence, match=words):
        read(json.dumps(told), "out.json")


def test_unchecked_json_and_nan_are_told_apart() -> None:
    told = document()
    for row in told["results"]:
        row["in_place"]["nwrong"] = None
    told["results"][0]["out_of_place"]["time"] = "nan"
    with pytest.raises(UnreadableEvidence, match="'time' is 'nan' where a number was due"):
        read(json.dumps(told), "out.json")
    told["results"][0]["out_of_place"]["time"] = 100.0
    out, in_place = read(json.dumps(told), "out.json")
    assert (out.reasons, in_place.reasons) == ((), (Doubt.UNCHECKED,))
