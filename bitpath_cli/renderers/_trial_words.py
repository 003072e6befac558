"""What a trial says in words, the same on the terminal, on a page and in Markdown."""

from typing import Final, Literal

from bitpath_cli.model.reading import Quantity
from bitpath_cli.model.trial import Comparison, Decision, Held, Tried

_FIGURES: Final = {
    "step_time": "a step", "compute": "the job", "storage": "kept", "bandwidth": "moved",
    "hardware": "cost", "energy": "energy",
}  # fmt: skip
_FIGURES_OF_SERVICES: Final = {
    **_FIGURES, "latency_p50": "p50", "latency_p95": "p95", "latency_p99": "p99",
    "compute": "all answers",
}  # fmt: skip
_RESOURCES: Final = {
    "compute": "computing", "memory_bandwidth": "memory", "storage": "loading",
    "network": "communication",
}  # fmt: skip


def figure(tried: Tried, found: Comparison) -> str:
    """What a compared figure is called."""
    return (_FIGURES if tried.sync else _FIGURES_OF_SERVICES)[found.name]


def held(found: Held) -> str:
    """The resource and its share of the step; both where neither is it alone."""
    told = f"{_RESOURCES[found.resource]} {found.share.value:.0%}"
    if not found.is_balanced:
        return told
    return f"{told}, {_RESOURCES[found.runner_up]} {found.runner_up_share.value:.0%}"


def error(found: Comparison) -> str:
    """How far the measured figure is from the predicted one."""
    return f"{found.error.value:+.1%}" if isinstance(found.error, Quantity) else "?"


def verdict(found: Decision) -> Literal["right", "a tie", "wrong"]:
    """Whether the recommended candidate was the best one."""
    if not found.is_right:
        return "wrong"
    return "right" if found.recommended == found.best else "a tie"
