import pytest
import torch

from bitpath_cli.benchmarks import _bare_product
from bitpath_cli.benchmarks._bare_product import NumpyProduct, TorchProduct, find_error

pytest.importorskip("numpy")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_product_is_right_and_a_wrong_element_in_its_last_row_is_found(
    dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    product = NumpyProduct(dtype, 30, 40, 50)
    assert find_error(product, dtype) == ""
    right = product.multiply

    def corrupt() -> object:
        right()
        product._c[29, 39] += 1
        return product._c

    monkeypatch.setattr(product, "multiply", corrupt)
    assert find_error(product, dtype).startswith("element (29, 39) of the product is ")


def test_coarse_sums_are_no_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    """A product of bfloat16 keeps its own bound and not that of float32."""
    monkeypatch.setenv("OMP_NUM_THREADS", str(torch.get_num_threads()))
    product = TorchProduct("bfloat16", 30, 40, 50)
    assert find_error(product, "bfloat16") == ""
    assert find_error(product, "float32") != ""


def test_a_product_that_was_never_computed_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    product = NumpyProduct("float32", 30, 40, 50)
    monkeypatch.setattr(product, "multiply", lambda: None)
    assert find_error(product, "float32") != ""
    assert set(_bare_product._PRODUCTS) == {"numpy", "torch"}
