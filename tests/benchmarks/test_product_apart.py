import os
from collections.abc import Mapping
from pathlib import Path

import psutil
import pytest

from bitpath_cli.benchmarks import _product_apart
from bitpath_cli.benchmarks._product_apart import NoAnswer, product_apart

pytest.importorskip("numpy")
SHAPE = (48, 64, 80)


def environment(**more: str) -> Mapping[str, str]:
    return {**os.environ, **more}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_process_of_its_own_multiplies_times_and_checks(dtype: str) -> None:
    with product_apart("numpy", dtype, SHAPE, 1, environment()) as trial:
        assert trial.find_error() is None
        assert trial.run(1) > 0
        assert trial.run(2000) > trial.run(1)
        process = psutil.Process(trial.process.pid)
    assert not process.is_running()


def test_torch_can_be_asked_as_well() -> None:
    with product_apart("torch", "bfloat16", SHAPE, 1, environment()) as trial:
        assert trial.find_error() is None
        assert trial.run(3) > 0


def test_the_process_has_its_own_environment_and_its_threads_by_hand() -> None:
    told = environment(OPENBLAS_NUM_THREADS="7", BITPATH_SEEN="yes")
    with product_apart("numpy", "float32", SHAPE, 2, told) as trial:
        seen = psutil.Process(trial.process.pid).environ()
    assert seen["BITPATH_SEEN"] == "yes"
    assert {seen[name] for name in _product_apart._THREADS} == {"2"}


def test_what_a_library_prints_is_no_answer() -> None:
    with product_apart("torch", "bfloat16", SHAPE, 1, environment(ONEDNN_VERBOSE="1")) as trial:
        assert trial.run(2) > 0


def test_a_library_that_cannot_be_loaded_is_told(tmp_path: Path) -> None:
    (tmp_path / "numpy.py").write_text("raise ImportError('libopenblas.so.0 is missing')")
    told = environment(PYTHONPATH=str(tmp_path))
    with (
        pytest.raises(NoAnswer, match=r"ImportError: libopenblas\.so\.0 is missing"),
        product_apart("numpy", "float32", SHAPE, 1, told),
    ):
        pass


def test_a_process_that_dies_between_two_answers_is_told() -> None:
    with product_apart("numpy", "float32", SHAPE, 1, environment()) as trial:
        trial.process.kill()
        trial.process.wait()
        with pytest.raises(NoAnswer, match="has ended"):
            trial.run(1)


def test_one_that_never_answers_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    silent = tmp_path / "silent.py"
    silent.write_text("import signal\nsignal.pause()\n")
    monkeypatch.setattr(_product_apart, "_SCRIPT", str(silent))
    monkeypatch.setattr(_product_apart, "_START_SECONDS", 0.3)
    monkeypatch.setattr(_product_apart, "_END_SECONDS", 0.1)
    before = set(psutil.Process().children())
    with (
        pytest.raises(NoAnswer, match=r"has not answered for 0\.3 s"),
        product_apart("numpy", "float32", SHAPE, 1, environment()),
    ):
        pass
    assert set(psutil.Process().children()) == before
