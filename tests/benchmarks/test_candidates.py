from collections.abc import Mapping

import pytest
import torch

from bitpath_cli.benchmarks import _candidates
from bitpath_cli.benchmarks._candidates import open_candidates
from bitpath_cli.benchmarks._gemm_cases import Shape
from bitpath_cli.benchmarks._product import Product
from bitpath_cli.benchmarks._product_apart import NoAnswer

pytest.importorskip("numpy")
CPU = torch.device("cpu")
CLEAN: Mapping[str, str] = {"PATH": "/usr/bin:/bin"}
SLOWED = {**CLEAN, "OPENBLAS_CORETYPE": "Haswell"}
needs_onednn = pytest.mark.skipif(
    not torch.backends.mkldnn.is_available(),  # type: ignore[no-untyped-call]
    reason="needs a torch that is built with oneDNN",
)


def names(dtype: str, environment: Mapping[str, str], speaks: bool = True) -> list[str]:
    """Of those that could be had, each with a right answer and a time."""
    product = Product(dtype, 48, 64, 80, CPU)
    with open_candidates(product, Shape(dtype, 48, 64, 80), 1, environment, speaks) as found:
        assert all(each.find_error() is None and each.run(2) > 0 for each in found.values())
        return list(found)


@needs_onednn
def test_every_library_that_multiplies_the_dtype() -> None:
    assert names("float32", CLEAN) == ["onednn", "numpy"]
    assert names("float64", CLEAN) == ["numpy"]


@needs_onednn
def test_an_inherited_variable_is_looked_at_once_for_each_dtype() -> None:
    assert names("float32", SLOWED) == ["onednn", "numpy", "numpy_inherited"]
    assert names("float32", SLOWED, speaks=False) == ["onednn", "numpy"]


@needs_onednn
def test_variables_of_torch_are_looked_at_in_a_fresh_process() -> None:
    told = {**CLEAN, "OMP_WAIT_POLICY": "passive"}
    assert names("float32", told) == ["onednn", "numpy", "numpy_inherited", "torch_uninherited"]


def test_what_the_candidates_are_started_with(monkeypatch: pytest.MonkeyPatch) -> None:
    """NumPy without the variables, and once more with them; a refusal leaves it out."""
    seen: list[Mapping[str, str]] = []

    def refuse(*asked: object) -> object:
        seen.append(asked[-1])  # type: ignore[arg-type]
        raise NoAnswer("it cannot be loaded")

    monkeypatch.setattr(_candidates, "product_apart", refuse)
    product = Product("float64", 16, 16, 16, CPU)
    with open_candidates(product, Shape("float64", 16, 16, 16), 1, SLOWED, True) as found:
        assert found == {}
    assert seen == [CLEAN, SLOWED]
