import pytest
import torch

from bitpath_cli.benchmarks._convolution import Convolution
from bitpath_cli.benchmarks._product import Product

CPU = torch.device("cpu")
pytestmark = pytest.mark.skipif(
    not torch.backends.mkldnn.is_available(),  # type: ignore[no-untyped-call]
    reason="needs a torch that is built with oneDNN",
)


@pytest.mark.parametrize("m", [64, 50])
def test_a_convolution_is_the_same_product(m: int) -> None:
    """Of 64 rows each of 16 images has 4; 50 rows are one image."""
    product = Product("float32", m, 48, 80, CPU)
    convolution = Convolution(product, "float32")
    a, b = product.operands
    images = convolution.multiply()
    assert torch.allclose(images.permute(0, 2, 3, 1).reshape(m, 48), a @ b, atol=1e-4)
    assert convolution.find_error() is None


def test_a_wrong_pixel_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    convolution = Convolution(Product("float32", 16, 48, 80, CPU), "float32")
    right = convolution.multiply

    def corrupt() -> torch.Tensor:
        found = right().clone()
        found[15, 47, 0, 0] += 1
        return found

    monkeypatch.setattr(convolution, "multiply", corrupt)
    assert str(convolution.find_error()).startswith("element (15, 47) of the product is ")


def test_what_onednn_does_not_compute_is_no_candidate() -> None:
    with pytest.raises(RuntimeError):
        Convolution(Product("float64", 16, 16, 16, CPU), "float64")
