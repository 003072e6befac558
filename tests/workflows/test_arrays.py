import pytest

from bitpath_cli.errors import BadValue
from bitpath_cli.workflows.arrays import find_arrays
from tests.recorded import recorded


def test_the_size_takes_the_place_of_the_chosen_one() -> None:
    found = find_arrays(1 << 20, recorded("epyc-two-die"))
    assert {each["array_bytes"] for each in found} == {1 << 20}
    assert [each["threads"] for each in found][-1] == 1
    assert {each["variant"] for each in found} == {"stream-like"}


@pytest.mark.parametrize("size_bytes", [1e15, 1e300, 4095, 0])
def test_what_does_not_fit_into_memory_is_refused_with_what_would(size_bytes: float) -> None:
    with pytest.raises(BadValue, match=r"--array-size: .* cannot be used") as refused:
        find_arrays(size_bytes, recorded("epyc-two-die"))
    assert "for each of three arrays" in refused.value.why
