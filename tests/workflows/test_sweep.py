from types import ModuleType

import pytest

from bitpath_cli.errors import BadValue, UnknownName
from bitpath_cli.host import Host
from bitpath_cli.model.reading import Missing, absent
from bitpath_cli.model.result import Parameters
from bitpath_cli.workflows.sweep import find_sweep
from tests.recorded import Recorded

NO_GPU = absent("libnvidia-ml.so.1 was not found: no NVIDIA driver is installed")


def host(gpus: int | Missing = NO_GPU, **environment: str) -> Host:
    """A machine with so many NVIDIA GPUs."""
    nvml: ModuleType | Missing = NO_GPU
    if not isinstance(gpus, Missing):
        nvml = ModuleType("pynvml")
        nvml.__dict__["nvmlDeviceGetCount"] = lambda: gpus
    return Host(outside=Recorded({"environment": environment}, lambda: nvml))


def sweep(*operations: str, **changes: object) -> tuple[Parameters, ...]:
    told = {
        "dtypes": ("float32",), "smallest_bytes": None, "largest_bytes": None, "backend": "gloo",
        "diagnose": False, "host": host(), **changes,
    }  # fmt: skip
    return find_sweep(operations or ("all_reduce",), **told)  # type: ignore[arg-type]


def test_a_case_for_every_collective_and_type_and_each_once() -> None:
    found = sweep("all_gather", "broadcast", "all_gather", dtypes=("int8", "float64"))
    assert [(each["op"], each["dtype"]) for each in found] == [
        ("all_gather", "int8"), ("all_gather", "float64"),
        ("broadcast", "int8"), ("broadcast", "float64"),
    ]  # fmt: skip


def test_sizes_are_parameters_only_where_they_were_typed() -> None:
    assert sweep() == ({"op": "all_reduce", "dtype": "float32", "backend": "gloo"},)
    (found,) = sweep(smallest_bytes=1024.0, largest_bytes=1e6)
    assert (found["min_size"], found["max_size"]) == (1024, 1_000_000)


def test_the_first_all_reduce_alone_is_diagnosed() -> None:
    found = sweep("broadcast", "all_reduce", dtypes=("float32", "int8"), diagnose=True)
    assert [each.get("diagnosis") for each in found] == [None, None, True, None]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"smallest_bytes": 2048.0, "largest_bytes": 1024.0}, "no more than --max-size"),
        ({"largest_bytes": 0.0}, "--max-size: '0 B' cannot be used"),
        ({"backend": "nccl"}, "gloo here; NCCL needs NVIDIA GPUs, and libnvidia-ml.so.1"),
        ({"backend": "nccl", "host": host(0)}, "and the driver sees none"),
    ],
)
def test_what_cannot_be_had_is_refused_by_name(changes: dict[str, object], words: str) -> None:
    with pytest.raises(BadValue) as refusal:
        sweep(**changes)
    assert words in str(refusal.value)


def test_a_collective_by_another_name_is_guessed() -> None:
    with pytest.raises(UnknownName) as refusal:
        sweep("allreduce")
    assert "Did you mean 'all_reduce'" in str(refusal.value)
    with pytest.raises(UnknownName):
        sweep(dtypes=("float8",))


def test_nccl_has_a_rank_for_each_gpu_and_keeps_only_its_own_variables() -> None:
    machine = host(4, NCCL_ALGO="Ring", NCCL_DEBUG_FILE="/home/someone/log", HOME="/home/someone")
    assert sweep(backend="nccl", host=machine) == (
        {"op": "all_reduce", "dtype": "float32", "backend": "nccl", "world_size": 4,
         "NCCL_ALGO": "Ring"},
    )  # fmt: skip


@pytest.mark.parametrize("gpus", [NO_GPU, 0, 1])
def test_auto_takes_gloo_without_two_gpus(gpus: int | Missing) -> None:
    assert sweep(backend="auto", host=host(gpus))[0]["backend"] == "gloo"
