import os
from pathlib import Path

import pytest
import torch

from bitpath_cli.benchmarks import CannotMeasure, Case, _streams, memory_bandwidth
from bitpath_cli.benchmarks._streams import Rereading, Streams
from bitpath_cli.model.components.memory import Memory
from bitpath_cli.model.reading import derived
from bitpath_cli.model.result import Doubt, Validity
from bitpath_cli.model.units import BYTE, BYTE_PER_SECOND
from tests.benchmarks.scenes import MIB, context, samples
from tests.sample_report import filled

KERNELS = ["triad", "copy", "scale", "add", "read"]
STREAM = KERNELS[:4]
CPU = torch.device("cpu")


def write(root: Path, policy: str) -> None:
    folder = root / "sys/kernel/mm/transparent_hugepage"
    folder.mkdir(parents=True)
    (folder / "enabled").write_text(policy)


def test_the_headline_cases_are_all_threads_and_one(tmp_path: Path) -> None:
    write(tmp_path, "always [madvise] never\n")
    found = memory_bandwidth.find_cases(context(tmp_path, threads=8, quick=True))

    assert [each.parameters["threads"] for each in found] == [8, 1]
    assert found[0].parameters["array_bytes"] == 128 * MIB
    assert found[0].parameters["variant"] == "stream-like"
    assert found[0].parameters["huge_pages"] == "madvise"
    assert len(memory_bandwidth.find_cases(context(tmp_path, threads=1, quick=True))) == 1


@pytest.mark.parametrize(
    ("threads", "counts"), [(1, [1]), (2, [2, 1]), (6, [6, 1, 2, 4]), (8, [8, 1, 2, 4])]
)
def test_threads_grow_by_powers_of_two(tmp_path: Path, threads: int, counts: list[int]) -> None:
    found = memory_bandwidth.find_cases(context(tmp_path, threads=threads))
    streams = [each for each in found if each.parameters["variant"] == "stream-like"]
    assert [each.parameters["threads"] for each in streams] == counts


def test_between_one_thread_and_all_triad_alone_is_measured(tmp_path: Path) -> None:
    scene = context(tmp_path, threads=8, memory_bytes=12 * MIB)
    _, _, two, *_ = memory_bandwidth.find_cases(scene)
    assert two.parameters["threads"] == 2
    with memory_bandwidth.open_loops(two, scene) as loops:
        assert list(loops) == ["triad"]
    found = memory_bandwidth.conclude(two, scene, {"triad": samples(6e9, BYTE, (2.0,) * 6)})
    assert [each.name for each in found.metrics] == ["triad", "huge_page_share"]


@pytest.mark.parametrize(
    ("cache_mib", "memory_mib", "array_mib"),
    [
        (32, 8192, 128),
        # Small caches would make arrays that a clock cannot time.
        (1, 8192, 64),
        # Nothing is known of the caches.
        (0, 8192, 256),
        # Three arrays take a quarter of the memory at most.
        (1152, 12288, 1024),
    ],
)
def test_arrays_are_four_times_the_caches_within_a_share_of_memory(
    tmp_path: Path, cache_mib: int, memory_mib: int, array_mib: int
) -> None:
    scene = context(tmp_path, cache_bytes=cache_mib * MIB, memory_bytes=memory_mib * MIB)
    found = memory_bandwidth.find_cases(scene)
    assert found[0].parameters["array_bytes"] == array_mib * MIB
    assert found[0].parameters["huge_pages"] == "unknown"


@pytest.mark.parametrize("kernel", STREAM)
def test_every_kernel_computes_what_its_name_says(kernel: str) -> None:
    streams = Streams(8 * 1000, CPU)
    a, b, c = streams._a, streams._b, streams._c
    for array, value in ((a, 5.0), (b, 7.0), (c, 11.0)):
        array.fill_(value)
    streams.kernel(kernel)()

    wanted = {"copy": (5, 7, 5), "scale": (5, 33, 11), "add": (5, 7, 12), "triad": (40, 7, 11)}
    for array, value in zip((a, b, c), wanted[kernel], strict=True):
        assert bool((array == float(value)).all())


@pytest.mark.parametrize("kernel", STREAM)
def test_every_kernel_is_checked_element_by_element(
    kernel: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_streams, "_CHUNK", 1000)
    streams = Streams(8 * 2_100, CPU)
    assert streams.find_error(kernel) is None

    right = streams.kernel(kernel)

    def skip_the_end(name: str) -> object:
        def run() -> None:
            right()
            {"copy": streams._c, "scale": streams._b, "add": streams._c, "triad": streams._a}[name][
                -1
            ] = -1.0

        return run

    monkeypatch.setattr(streams, "kernel", skip_the_end)
    assert streams.find_error(kernel) == f"element 2099 of {kernel} is -1"


def test_words_are_counted_as_stream_counts_them(tmp_path: Path) -> None:
    scene = context(tmp_path, memory_bytes=12 * MIB, quick=True)
    (case, _) = memory_bandwidth.find_cases(scene)
    assert case.parameters["array_bytes"] == MIB
    with memory_bandwidth.open_loops(case, scene) as loops:
        works = {name: loop.work for name, loop in loops.items()}
        assert works == {
            "copy": 2 * MIB, "scale": 2 * MIB, "add": 3 * MIB, "triad": 3 * MIB, "read": MIB,
        }  # fmt: skip
        for loop in loops.values():
            assert loop.unit == BYTE
            assert loop.trial.find_error() is None
            assert loop.trial.run(2) > 0


def test_bandwidth_is_bytes_over_median_time(tmp_path: Path) -> None:
    scene = context(tmp_path, quick=True)
    (case, _) = memory_bandwidth.find_cases(scene)
    told = {name: samples(6e9, BYTE, (2.0,) * 6, loops=2) for name in KERNELS}
    found = memory_bandwidth.conclude(case, scene, told)

    *kernels, pages = found.metrics
    assert [each.name for each in kernels] == KERNELS
    assert {(each.value, each.unit) for each in kernels} == {(6e9, "B/s")}
    assert pages.name == "huge_page_share"
    assert pages.missing is not None
    assert found.validity is Validity.VALID
    assert "stream-like" in found.metrics[0].origin.source


def test_arrays_that_memory_did_not_allow_are_doubted(tmp_path: Path) -> None:
    scene = context(tmp_path, cache_bytes=64 * MIB, memory_bytes=1024 * MIB, quick=True)
    (case, _) = memory_bandwidth.find_cases(scene)
    told = {name: samples(6e9, BYTE, (2.0,) * 6) for name in KERNELS}
    found = memory_bandwidth.conclude(case, scene, told)
    assert found.reasons == found.metrics[0].reasons == (Doubt.TOO_SMALL,)
    assert found.validity is Validity.DEGRADED


def test_a_kernel_that_the_budget_did_not_reach_is_missing(tmp_path: Path) -> None:
    scene = context(tmp_path, quick=True)
    (case, _) = memory_bandwidth.find_cases(scene)
    found = memory_bandwidth.conclude(case, scene, {"triad": samples(6e9, BYTE, (2.0,) * 6)})
    assert [each.kind for each in found.metrics] == ["quantity", *["missing"] * 5]
    assert found.metrics[3].missing is not None
    assert "--budget" in found.metrics[3].missing.hint


def test_the_channels_bandwidth_is_the_ceiling_where_it_is_known(tmp_path: Path) -> None:
    channels = derived(48e9, BYTE_PER_SECOND, "2 × DDR5-3000")
    scene = context(
        tmp_path,
        filled(Memory, name="memory", channels_bandwidth=channels, nodes=(), huge_page_pools=()),
        quick=True,
    )
    (case, _) = memory_bandwidth.find_cases(scene)
    found = memory_bandwidth.conclude(case, scene, {"triad": samples(6e9, BYTE, (0.25,) * 6)})
    assert found.metrics[0].fraction_of_ceiling == 0.5
    assert found.metrics[0].ceiling is not None
    assert found.metrics[0].ceiling.source == "2 × DDR5-3000"


def test_a_sum_that_leaves_an_element_out_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    streams = Streams(8 * 5000, CPU)
    assert streams.find_error("read") is None
    whole = torch.sum
    monkeypatch.setattr(torch, "sum", lambda array: whole(array[:-1]))
    # 4096·4095/2 + 904·903/2, and 903 less.
    assert streams.find_error("read") == "the sum is 8.79381e+06, not 8.79472e+06"


def test_a_working_set_is_read_as_often_as_told(monkeypatch: pytest.MonkeyPatch) -> None:
    reading = Rereading(8 * 5000, 3)
    assert reading.read_bytes == 3 * 8 * 5000
    assert reading.find_error() is None
    once = reading._array.sum
    monkeypatch.setattr(reading, "read", once)
    assert reading.find_error() == "the sum is 8.79472e+06, not 2.63841e+07"


def test_the_share_in_huge_pages_is_that_of_all_processes(tmp_path: Path) -> None:
    scene = context(tmp_path, quick=True)
    (case, _) = memory_bandwidth.find_cases(scene)
    told = samples(6e9, BYTE, *((2.0,) * 6,) * 3)
    seen = tuple(
        each.model_copy(update={"evidence": {"huge_page_share": (share,)}})
        for each, share in zip(told.blocks, (0.98, 0.0, 0.97), strict=True)
    )
    found = memory_bandwidth.conclude(
        case, scene, {"triad": told.model_copy(update={"blocks": seen})}
    )
    assert found.metrics[-1].value == 0.97


def test_arrays_beyond_memory_are_refused_before_any_is_made(tmp_path: Path) -> None:
    scene = context(tmp_path, memory_bytes=30 * MIB, quick=True)
    (case, _) = memory_bandwidth.find_cases(scene)
    vast = Case({**case.parameters, "array_bytes": 10 * MIB})
    with pytest.raises(CannotMeasure, match="three arrays take 30 MiB, and 30 MiB of memory"):
        memory_bandwidth.open_loops(vast, scene).__enter__()


def machine(root: Path, *cpulists: str) -> None:
    for number, cpulist in enumerate(cpulists):
        folder = root / f"sys/devices/system/node/node{number}"
        folder.mkdir(parents=True)
        (folder / "cpulist").write_text(f"{cpulist}\n")


def test_every_node_is_read_from_the_first_and_thoroughly_from_all(tmp_path: Path) -> None:
    machine(tmp_path, "0", "1")

    def placements(*, thorough: bool) -> list[tuple[object, ...]]:
        names = ("placement", "cpu_node", "memory_node", "threads")
        found = memory_bandwidth.find_cases(context(tmp_path, thorough=thorough))
        return [
            tuple(each.parameters[name] for name in names)
            for each in found
            if "cpu_node" in each.parameters
        ]

    assert placements(thorough=False) == [("local", 0, 0, 1), ("remote", 0, 1, 1)]
    assert len(placements(thorough=True)) == 4


def test_one_node_has_no_far_memory(tmp_path: Path) -> None:
    machine(tmp_path, "0-1")
    found = memory_bandwidth.find_cases(context(tmp_path))
    assert not any("cpu_node" in each.parameters for each in found)


def numa_maps(streams_at: int, near: int, far: int) -> str:
    return (
        f"1000 default file=/bin/python mapped=9 N0=9\n{streams_at:x} default N0={near} N1={far}\n"
    )


@pytest.mark.parametrize(("near", "far", "is_refused"), [(100, 3, False), (50, 50, True)])
def test_pages_that_did_not_go_to_their_node_give_no_result(
    tmp_path: Path, near: int, far: int, is_refused: bool
) -> None:
    machine(tmp_path, ",".join(str(each) for each in sorted(os.sched_getaffinity(0))))
    scene = context(tmp_path, memory_bytes=12 * MIB)
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/numa_maps").write_text(numa_maps(0x2000, near, far))
    case = Case(
        {"variant": "stream-like", "array_bytes": MIB, "dtype": "float64", "device": "cpu",
         "placement": "local", "cpu_node": 0, "memory_node": 0, "threads": 1}
    )  # fmt: skip
    before = os.sched_getaffinity(0)
    if is_refused:
        with pytest.raises(CannotMeasure, match="only 50% of the arrays' pages lies on node 0"):
            memory_bandwidth.open_loops(case, scene).__enter__()
    else:
        with memory_bandwidth.open_loops(case, scene) as loops:
            assert loops["triad"].trial.find_error() is None
    assert os.sched_getaffinity(0) == before


def test_a_node_that_is_gone_gives_no_result(tmp_path: Path) -> None:
    case = Case(
        {"variant": "stream-like", "array_bytes": MIB, "device": "cpu", "cpu_node": 0,
         "memory_node": 7, "threads": 1}
    )  # fmt: skip
    with pytest.raises(CannotMeasure, match="no NUMA node 7"):
        memory_bandwidth.open_loops(case, context(tmp_path)).__enter__()
