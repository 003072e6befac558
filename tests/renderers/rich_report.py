"""The sample report with what a page draws besides: inputs, ranks in pairs, a second workload."""

from bitpath_cli.model.reading import Quantity, Reading, assumed, derived, failed
from bitpath_cli.model.recommendation import Input, Recommendation, Sensitivity
from bitpath_cli.model.report import Report
from bitpath_cli.model.result import BenchmarkResult, Finding, PairLink, metric
from bitpath_cli.model.units import BYTE, BYTE_PER_SECOND, FLOP, PER_SECOND, SECOND, Unit
from tests.sample_report import EUR, around, latency, recommendation, report

FORWARD_FLOP = 8.18e9
TRAFFIC_BYTES = 222e6
SAMPLES_PER_SECOND = 8.2


def rich_report() -> Report:
    """Two workloads, one of which nothing can run, and a collective with its line and its pairs."""
    advice = advised()
    results = tuple(
        with_pairs(each) if each.benchmark == "collectives" else each for each in report().results
    )
    return report(
        results=results, recommendation=advice,
        recommendations=(advice, recommendation(
            workload="nothing-fits", verdict="none feasible", winner=None, probability_best=None,
            confidence=None, summary="Nothing is feasible: the frame takes 0.4 s to upload.",
            smallest_change="Allow 400 ms instead of 80 ms.", break_even=(), remedies=(),
        )),
    )  # fmt: skip


def advised() -> Recommendation:
    """The sample's advice, with inputs that place it on the roofline and figures in two axes."""
    told = recommendation()
    candidates = tuple(
        each.model_copy(update={"predicted": figures(index)})
        for index, each in enumerate(told.candidates, 1)
    )
    return recommendation(
        candidates=candidates,
        inputs=(
            Input(name="work.forward", reading=assumed(FORWARD_FLOP, FLOP, "profile", 1.05)),
            Input(name="work.traffic", reading=assumed(TRAFFIC_BYTES, BYTE, "profile", 3.0)),
        ),
        sensitivities=tuple(
            Sensitivity(resource=name, target="time", elasticity=value,
                        sentence=f"+10 % {name} gives {value * 10:.1f} % time")
            for name, value in (("network_bandwidth", -0.61), ("compute", -0.35), ("rent", 0.0))
        ),
    )  # fmt: skip


def figures(index: int) -> dict[str, Reading]:
    """What a candidate is predicted to take, the later ones longer and cheaper."""
    return {
        "job_time": derived(36000.0 * index, SECOND, "the cost model"),
        "job_price": derived(400.0 / index, EUR, "the cost model"),
        "samples_per_second": derived(SAMPLES_PER_SECOND, PER_SECOND, "the cost model"),
        "stall_time": failed("not known"),
    }


def with_pairs(result: BenchmarkResult) -> BenchmarkResult:
    """The same with β, a finding, and what three pairs of its ranks reach."""
    beta: Quantity = around(5.3e-10, Unit("s/B"))
    return result.model_copy(
        update={
            "metrics": (*result.metrics, metric("beta", beta, latency("x", 1.0).direction)),
            "findings": (Finding(name="slow_pair", sentence="Ranks 1 and 2 are slow."),),
            "pairs": tuple(
                PairLink(rank_a=a, rank_b=b, latency=around(3e-5, SECOND),
                         bandwidth=around(speed, BYTE_PER_SECOND))
                for a, b, speed in ((0, 1, 2e9), (0, 2, 1.9e9), (1, 2, 0.4e9))
            ),
        }
    )  # fmt: skip
