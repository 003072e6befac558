import pytest
import torch

from bitpath_cli.benchmarks import _torch_loops
from bitpath_cli.benchmarks._torch_loops import CpuTrial, GpuTrial


class Event:
    """A device event of which only the order is known: each pair lies 2 ms apart."""

    def __init__(self, log: list[str]) -> None:
        self._log = log

    def record(self) -> None:
        self._log.append("event")

    def elapsed_time(self, end: "Event") -> float:
        assert end is not self
        return 2.0


def test_a_processor_runs_the_operation_as_often_as_told() -> None:
    runs: list[int] = []
    trial = CpuTrial(lambda: runs.append(1), lambda: "wrong")
    assert trial.run(3) >= 0
    assert runs == [1, 1, 1]
    assert trial.find_error() == "wrong"


def test_a_gpu_is_timed_by_its_events_and_flushed_outside_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log: list[str] = []
    monkeypatch.setattr(_torch_loops, "_event", lambda: Event(log))
    monkeypatch.setattr(torch.cuda, "synchronize", lambda _device: log.append("wait"))
    monkeypatch.setattr(_torch_loops, "_FLUSH_BYTES", 8)
    trial = GpuTrial(lambda: log.append("work"), lambda: None, torch.device("cpu"), flush=True)
    monkeypatch.setattr(trial._flush, "zero_", lambda: log.append("flush"))

    assert trial.run(3) == 0.006
    assert log == ["flush", "event", "work", "event"] * 3 + ["wait"]
    assert trial.find_error() is None


def test_the_library_is_named_with_its_blas() -> None:
    assert _torch_loops.library().startswith(f"torch {torch.__version__} (")
