from pathlib import Path

import pytest
import torch

from bitpath_cli.benchmarks import _streams, memory_bandwidth
from bitpath_cli.benchmarks._streams import Streams
from bitpath_cli.model.components.memory import Memory
from bitpath_cli.model.reading import derived
from bitpath_cli.model.result import Doubt, Validity
from bitpath_cli.model.units import BYTE, BYTE_PER_SECOND
from tests.benchmarks.scenes import MIB, context, samples
from tests.sample_report import filled

KERNELS = ["copy", "scale", "add", "triad"]
CPU = torch.device("cpu")


def write(root: Path, policy: str) -> None:
    folder = root / "sys/kernel/mm/transparent_hugepage"
    folder.mkdir(parents=True)
    (folder / "enabled").write_text(policy)


def test_the_cases_are_all_threads_and_one(tmp_path: Path) -> None:
    write(tmp_path, "always [madvise] never\n")
    found = memory_bandwidth.find_cases(context(tmp_path, threads=8))

    assert [each.parameters["threads"] for each in found] == [8, 1]
    assert found[0].parameters["array_bytes"] == 128 * MIB
    assert found[0].parameters["variant"] == "stream-like"
    assert found[0].parameters["huge_pages"] == "madvise"
    assert len(memory_bandwidth.find_cases(context(tmp_path, threads=1))) == 1


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


@pytest.mark.parametrize("kernel", KERNELS)
def test_every_kernel_computes_what_its_name_says(kernel: str) -> None:
    streams = Streams(8 * 1000, CPU)
    a, b, c = streams._a, streams._b, streams._c
    for array, value in ((a, 5.0), (b, 7.0), (c, 11.0)):
        array.fill_(value)
    streams.kernel(kernel)()

    wanted = {"copy": (5, 7, 5), "scale": (5, 33, 11), "add": (5, 7, 12), "triad": (40, 7, 11)}
    for array, value in zip((a, b, c), wanted[kernel], strict=True):
        assert bool((array == float(value)).all())


@pytest.mark.parametrize("kernel", KERNELS)
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
    scene = context(tmp_path, memory_bytes=12 * MIB)
    (case, _) = memory_bandwidth.find_cases(scene)
    assert case.parameters["array_bytes"] == MIB
    with memory_bandwidth.open_loops(case, scene) as loops:
        works = {name: loop.work for name, loop in loops.items()}
        assert works == {"copy": 2 * MIB, "scale": 2 * MIB, "add": 3 * MIB, "triad": 3 * MIB}
        for loop in loops.values():
            assert loop.unit == BYTE
            assert loop.trial.find_error() is None
            assert loop.trial.run(2) > 0


def test_bandwidth_is_bytes_over_median_time(tmp_path: Path) -> None:
    scene = context(tmp_path)
    (case, _) = memory_bandwidth.find_cases(scene)
    told = {name: samples(6e9, BYTE, (2.0,) * 6, loops=2) for name in KERNELS}
    found = memory_bandwidth.conclude(case, scene, told)

    assert [each.name for each in found.metrics] == KERNELS
    assert {(each.value, each.unit) for each in found.metrics} == {(6e9, "B/s")}
    assert found.validity is Validity.VALID
    assert "stream-like" in found.metrics[0].origin.source


def test_arrays_that_memory_did_not_allow_are_doubted(tmp_path: Path) -> None:
    scene = context(tmp_path, cache_bytes=64 * MIB, memory_bytes=1024 * MIB)
    (case, _) = memory_bandwidth.find_cases(scene)
    told = {name: samples(6e9, BYTE, (2.0,) * 6) for name in KERNELS}
    found = memory_bandwidth.conclude(case, scene, told)
    assert found.reasons == found.metrics[0].reasons == (Doubt.TOO_SMALL,)
    assert found.validity is Validity.DEGRADED


def test_a_kernel_that_the_budget_did_not_reach_is_missing(tmp_path: Path) -> None:
    scene = context(tmp_path)
    (case, _) = memory_bandwidth.find_cases(scene)
    found = memory_bandwidth.conclude(case, scene, {"copy": samples(6e9, BYTE, (2.0,) * 6)})
    assert [each.kind for each in found.metrics] == ["quantity", *["missing"] * 3]
    assert found.metrics[3].missing is not None
    assert "--budget" in found.metrics[3].missing.hint


def test_the_channels_bandwidth_is_the_ceiling_where_it_is_known(tmp_path: Path) -> None:
    channels = derived(48e9, BYTE_PER_SECOND, "2 × DDR5-3000")
    scene = context(
        tmp_path,
        filled(Memory, name="memory", channels_bandwidth=channels, nodes=(), huge_page_pools=()),
    )
    (case, _) = memory_bandwidth.find_cases(scene)
    found = memory_bandwidth.conclude(case, scene, {"copy": samples(6e9, BYTE, (0.25,) * 6)})
    assert found.metrics[0].fraction_of_ceiling == 0.5
    assert found.metrics[0].ceiling is not None
    assert found.metrics[0].ceiling.source == "2 × DDR5-3000"
