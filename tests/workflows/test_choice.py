"""What --only and --skip leave over."""

import pytest

from bitpath_cli.errors import UnknownName
from bitpath_cli.workflows._choice import Choice

PROBES = ("cpu", "limits", "memory")
BENCHMARKS = ("disk", "gemm")


@pytest.mark.parametrize(
    ("choice", "probes", "benchmarks"),
    [
        (Choice(), PROBES, BENCHMARKS),
        (Choice(only=("gemm",)), PROBES, ("gemm",)),
        (Choice(only=("cpu",)), ("cpu",), ()),
        (Choice(only=("cpu", "disk")), ("cpu",), ("disk",)),
        (Choice(skip=("disk", "memory")), ("cpu", "limits"), ("gemm",)),
        (Choice(only=("gemm", "disk"), skip=("disk",)), PROBES, ("gemm",)),
        (Choice(only=("gemm",), skip=("gemm",)), PROBES, ()),
    ],
)
def test_probes_and_benchmarks_to_run(
    choice: Choice, probes: tuple[str, ...], benchmarks: tuple[str, ...]
) -> None:
    choice.check(PROBES, BENCHMARKS)
    assert choice.probes(PROBES) == probes
    assert choice.benchmarks(BENCHMARKS) == benchmarks


@pytest.mark.parametrize("choice", [Choice(only=("gem",)), Choice(skip=("gem",))])
def test_an_unknown_name_is_refused_with_what_was_probably_meant(choice: Choice) -> None:
    with pytest.raises(UnknownName, match=r"called 'gem'\. Did you mean 'gemm'"):
        choice.check(PROBES, BENCHMARKS)
