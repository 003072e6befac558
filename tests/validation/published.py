"""What our formulas say of figures that others published, with the residuals, as Markdown.

The figures and their sources are in published.toml; nothing is fitted to a figure that is then
predicted.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch

from bitpath_cli import catalogue
from bitpath_cli.benchmarks._alpha_beta import fit_curve
from bitpath_cli.cost.objective import GOALS
from bitpath_cli.model.reading import Quantity, derived
from bitpath_cli.model.units import SECOND
from bitpath_cli.prediction.communication import NCCL, all_reduce, overlapped_backward
from bitpath_cli.prediction.compute import forward_time
from bitpath_cli.prediction.memory import GRADIENT_BYTES, STATE_BYTES
from bitpath_cli.strategies import Machine, MeasuredSteps
from bitpath_cli.workflows._judgement import Wishes, judge
from bitpath_cli.workflows._question import OVERLAP_ACCELERATOR, SLOWDOWN
from tests.questions import exact, job, machine, question, work

FIGURES: Final = tomllib.loads((Path(__file__).parent / "published.toml").read_text("utf-8"))
PAGE: Final = Path(__file__).parent.parent.parent / "docs" / "validation.md"
ALLOWED: Final = 0.15
_HEADING: Final = "## Published figures"
_GPUS_A_NODE: Final = 8


@dataclass(frozen=True, slots=True)
class Residual:
    """A published figure beside ours, both in the unit that the page prints."""

    what: str
    published: float
    ours: float
    unit: str
    why: str = ""

    @property
    def error(self) -> float:
        """How far ours is off, as a share of what was published."""
        return self.ours / self.published - 1


def all_reduces() -> Iterator[Residual]:
    """Every second size of a table, from lines fitted to the others."""
    for told in FIGURES["all_reduce"]:
        points = [(float(size), seconds * 1e-6) for size, seconds in told["points"]]
        fitted, left_out = points[::2], points[1::2]
        curve = fit_curve([size for size, _ in fitted], [seconds for _, seconds in fitted])
        if curve is None:
            raise ValueError(f"no line can be fitted to {told['what']}")
        share = 2 * (told["ranks"] - 1) / told["ranks"]
        for size, seconds in left_out:
            yield Residual(
                f"{told['what']}, {size / 2**10:,.0f} KiB", share * size / seconds / 1e9,
                share * size / curve.at(size) / 1e9, "GB/s", told["why"],
            )  # fmt: skip


def buses() -> Iterator[Residual]:
    """The bus bandwidth of a ring for messages so large that β alone counts."""
    size = torch.tensor(8e9, dtype=torch.float64)
    for told in FIGURES["bus"]:
        ranks = torch.tensor(float(told["ranks"]), dtype=torch.float64)
        beta = torch.tensor(1 / (told["link"] * told["reached"]), dtype=torch.float64)
        seconds = all_reduce(ranks, size, torch.zeros_like(beta), beta, ("ring",))
        ours = float(2 * (ranks - 1) / ranks * size / seconds)
        yield Residual(
            told["what"], told["published"] / 1e9, ours / 1e9, "GB/s", told.get("why", "")
        )


def scaling() -> Iterator[Residual]:
    """From a node of eight GPUs to two and four of them, as `recommend` predicts more nodes."""
    told = FIGURES["scaling"]
    for curve in told["curve"]:
        for gpus in (16, 32):
            published = curve["rates"][str(gpus)]
            ours = curve["batch"] * gpus / _step_of(told, curve, gpus // _GPUS_A_NODE)
            why = ""
            if abs(ours / published - 1) > ALLOWED:
                why = _exposed(told, curve, gpus)
            yield Residual(f"{curve['what']}, {gpus} GPUs", published, ours, "1/s", why)


def megatron() -> Iterator[Residual]:
    """The step of one model that eight devices share, from their datasheet."""
    told = FIGURES["megatron"]
    tokens_width = told["batch"] * told["sequence"] * told["hidden"]
    kept = _activations(told, sequence_parallel=False)
    yield Residual(
        f"{told['what']}: activations of a device", told["activations_gib"], kept / 2**30, "GiB"
    )
    yield Residual(
        "the same: a step, everything computed again", told["seconds_full"],
        _megatron_step(told, tokens_width, flop_again=1.0, traffic_again=1.0), "s",
    )  # fmt: skip
    attention = 4 * told["batch"] * told["sequence"] ** 2 * told["hidden"] * told["layers"]
    scores = 5 * told["heads"] * told["sequence"] / told["hidden"]
    yield Residual(
        "the same: a step, only attention computed again", told["seconds_selective"],
        _megatron_step(
            told, tokens_width, flop_again=attention / _forward_flop(told),
            traffic_again=scores / (34 + scores),
        ), "s",
        "every product is taken to reach the 0.869 of the peak that large ones do, and every "
        "other kernel all of memory's rate, while here each is cut in eight; Calculon, whose "
        "efficiencies by size were set by hand on this very machine, is 8.9 % off at most",
    )  # fmt: skip


def skypilot() -> Iterator[Residual]:
    """Hours and dollars of the job on each machine, its steps counted from the first one's."""
    first, *_ = FIGURES["skypilot"]["machine"]
    for told, (hours, dollars) in zip(FIGURES["skypilot"]["machine"], _jobs(), strict=True):
        if told is not first:
            yield Residual(f"{told['what']}: the job", told["hours"], hours, "h")
        yield Residual(f"{told['what']}: its price", told["dollars"], dollars, "USD")


def advised() -> tuple[str, str]:
    """What `recommend` advises for the goal cost, and what the cheapest hour would be."""
    told = FIGURES["skypilot"]["machine"]
    machines = tuple(_rented(each) for each in told)
    batch = 32.0
    asked = job(batch, exact(_steps() * batch / 90), work(parameters=110e6, activations=1e6))
    asked = asked.model_copy(update={"data": asked.data.model_copy(update={"born": "cloud"})})
    found = judge(
        question(asked, machines, largest_cluster=1),
        Wishes("cost", GOALS["cost"], "the goal 'cost'", draws=20),
    )
    if found.winner is None:
        raise ValueError("one of them is feasible")
    winner = found.question.machines[int(found.plans.machine[found.winner])].name
    cheapest = min(told, key=lambda each: float(each["spent"] / each["duration"]))
    return winner, str(cheapest["what"])


def lines() -> list[str]:
    """The section of docs/validation.md."""
    first, last = FIGURES["scaling"], FIGURES["megatron"]
    advice, cheapest = advised()
    return [
        f"\n{_HEADING}\n",
        "What the formulas of `prediction/` say of figures that others published, with what is "
        "known of their hardware from datasheets. Nothing is fitted to a figure that is then "
        "predicted. Sources and figures: `tests/validation/published.toml`.\n",
        "### All-reduce by size: every second line of a table, from the others\n",
        *_sources("all_reduce"),
        *_table(all_reduces()),
        "\n### Bus bandwidth of large messages, from the link\n",
        *_sources("bus"),
        *_table(buses()),
        "\n### Data-parallel training: from one node of eight GPUs to two and four nodes\n",
        f"{first['source']} ({first['date']}). A node's own step is 8 × batch over its published "
        f"rate; the link is 100 Gbit/s; κ = {SLOWDOWN.value:g} and the share of backward that "
        f"communication may hide behind, {OVERLAP_ACCELERATOR.value:g}, are those that `recommend` "
        "assumes where nothing was measured.\n",
        *_table(scaling()),
        "\nWhy the last two are so slow there is not known: the same model on the same link is "
        "predicted well for OneFlow. The page does not say which transport these runs used; the "
        "repository's NVIDIADeepLearningExamples/PyTorch/BERT/README.md says that its containers "
        "lacked the InfiniBand driver, so that NCCL used sockets. Measuring the link, as `bitpath "
        "bench allreduce` does, would tell.",
        "\n### A step on datasheet hardware\n",
        f"{last['source']} ({last['date']}). Rates, memory and link of the A100 as its profile has "
        "them. The models of that table that are cut into pipelines are left out: no strategy here "
        "plans a pipeline.\n",
        *_table(megatron()),
        "\n### The cheapest hour is not the cheapest job\n",
        f"{FIGURES['skypilot']['source']} ({FIGURES['skypilot']['date']}). The job has as many "
        "steps as the first line's hours and seconds a step come to; an hour's price is what was "
        "spent over how long.\n",
        *_table(skypilot()),
        f"\n`recommend` with the goal cost advises: {advice}. The cheapest hour is that of: "
        f"{cheapest}.",
    ]


def page() -> str:
    """The section alone."""
    return "\n".join(lines()).lstrip("\n") + "\n"


def _table(found: Iterator[Residual]) -> Iterator[str]:
    yield "| | published | ours | off by |"
    yield "|---|---|---|---|"
    reasons: dict[str, list[str]] = {}
    for each in found:
        yield (
            f"| {each.what} | {each.published:.4g} {each.unit} | {each.ours:.4g} {each.unit} | "
            f"{each.error:+.1%} |"
        )
        if abs(each.error) > ALLOWED:
            reasons.setdefault(each.why, []).append(each.what)
    for why, rows in reasons.items():
        yield f"\nMore than {ALLOWED:.0%} off, {'; '.join(rows)}: {why}."


def _sources(section: str) -> Iterator[str]:
    for told in FIGURES[section]:
        share = f"; reached of the link: {told['reached_source']}" if "reached" in told else ""
        yield f"- {told['what']}: {told['source']} ({told['date']}){share}"
    yield ""


def _step_of(told: Mapping[str, Any], curve: Mapping[str, Any], nodes: int) -> float:
    """Seconds of a step on so many nodes, from one's own."""
    alone = curve["batch"] * _GPUS_A_NODE / curve["rates"]["8"]
    one = torch.ones((), dtype=torch.float64)
    backward = overlapped_backward(
        one * (alone * 2 / 3), GRADIENT_BYTES * curve["parameters"], one * nodes,
        one * told["latency"], one / told["link"], NCCL,
        one * OVERLAP_ACCELERATOR.value, one * SLOWDOWN.value,
    )  # fmt: skip
    return float(alone / 3 + backward)


def _exposed(told: Mapping[str, Any], curve: Mapping[str, Any], gpus: int) -> str:
    """What the published step leaves for communication, said as a rate: a cause, not a proof."""
    nodes = gpus // _GPUS_A_NODE
    alone = curve["batch"] * _GPUS_A_NODE / curve["rates"]["8"]
    exposed = curve["batch"] * gpus / curve["rates"][str(gpus)] - alone
    sent = 2 * (nodes - 1) / nodes * GRADIENT_BYTES * curve["parameters"]
    return (
        f"the step there grows by {exposed * 1e3:.0f} ms, as if the gradients were sent at "
        f"{sent / exposed / 1e9:.1f} of the link's {told['link'] / 1e9:g} GB/s with nothing hidden "
        "behind computing"
    )


def _forward_flop(told: Mapping[str, Any]) -> float:
    """24·B·s·h² + 4·B·s²·h a layer, and the logits: 2·B·s·h·V."""
    tokens = told["batch"] * told["sequence"]
    hidden, sequence = told["hidden"], told["sequence"]
    layer = 24 * tokens * hidden**2 + 4 * tokens * sequence * hidden
    return float(told["layers"] * layer + 2 * tokens * hidden * told["vocabulary"])


def _activations(told: Mapping[str, Any], *, sequence_parallel: bool) -> float:
    """Bytes of half precision that a device keeps: s·b·h·(10 + 24/t + 5·a·s/(h·t)) a layer.

    With sequence parallelism the 10 is divided too (Korthikanti et al., equations 2 and 4).
    """
    width = told["batch"] * told["sequence"] * told["hidden"]
    shared = told["devices"]
    whole = 10 / shared if sequence_parallel else 10
    scores = 5 * told["heads"] * told["sequence"] / told["hidden"] / shared
    return float(told["layers"] * width * (whole + 24 / shared + scores))


def _megatron_step(
    told: Mapping[str, Any], width: float, *, flop_again: float, traffic_again: float
) -> float:
    """Forward, shares of it again, backward, all-reduces of activations, and Adam."""
    device = catalogue.device(told["device"])
    if not isinstance(device.link, Quantity):
        raise TypeError("the profile of that device has a link")
    shared, one = told["devices"], torch.ones((), dtype=torch.float64)
    rate = device.rates["float16"].value * device.matrix_share.value
    memory_rate = device.memory_bandwidth.value
    is_selective = flop_again < 1
    # What is kept is written once and read once more.
    traffic = 2 * _activations(told, sequence_parallel=is_selective)
    computing = _forward_flop(told) / shared
    seconds = forward_time(
        one * computing * (3 + flop_again), one * rate, one * traffic * (3 + traffic_again),
        one * memory_rate, torch.zeros_like(one),
    )  # fmt: skip
    beta = one / (device.link.value * told["reached"])
    once = all_reduce(one * shared, one * 2 * width, torch.zeros_like(one), beta, ("ring",))
    # Two a layer on the way there and two back; two more where all is computed again.
    reducing = told["layers"] * (4 if is_selective else 6) * once
    parameters = 12 * told["layers"] * told["hidden"] ** 2 + told["vocabulary"] * told["hidden"]
    optimiser = 2 * STATE_BYTES["adam"] * parameters / shared / memory_rate
    return float(seconds + reducing + optimiser)


def _steps() -> float:
    first = FIGURES["skypilot"]["machine"][0]
    return float(first["hours"] * 3600 / first["step"])


def _jobs() -> Iterator[tuple[float, float]]:
    for told in FIGURES["skypilot"]["machine"]:
        seconds = _steps() * told["step"]
        yield seconds / 3600, seconds * told["spent"] / told["duration"]


def _rented(told: Mapping[str, Any]) -> Machine:
    """A rented machine whose step of this model is known."""
    step, batch = told["step"], 32.0
    third = derived(step / 3, SECOND, "a third of the published step")
    rest = derived(0.0, SECOND, "part of it")
    hourly = told["spent"] / told["duration"] * 3600
    made = machine(told["what"], 1e13, at="cloud", accelerator=True, rent=hourly, memory=1.6e10)
    double = derived(step * 2 / 3, SECOND, "two thirds of the published step")
    steps = MeasuredSteps((batch,), (third,), (double,), (rest,), ((4.4e8, 1.0),))
    return Machine(**{**{name: getattr(made, name) for name in made.__slots__}, "steps": steps})


def main() -> None:
    """Write the section, which is the page's last, anew; the rest needs `make validate`."""
    before, _, _ = PAGE.read_text(encoding="utf-8").partition(_HEADING)
    PAGE.write_text(before + page(), encoding="utf-8")


if __name__ == "__main__":
    main()
