"""The names that --only and --skip take, with what each needs and writes."""

from bitpath_cli import benchmarks, discover, probes
from bitpath_cli.workflows.roster import roster


def test_it_names_every_benchmark_and_every_probe_with_a_sentence() -> None:
    found = roster()
    assert tuple(each.name for each in found) == (
        *discover.names(benchmarks), *discover.names(probes),
    )  # fmt: skip
    assert all(each.summary for each in found)


def test_a_benchmark_says_what_it_needs_and_writes() -> None:
    told = {each.name: each.summary for each in roster()}
    assert "needs torch" in told["gemm"]
    assert "writes at most" in told["disk"]
    assert "writes" not in told["gemm"]
