"""Which of bitpath's own training benchmarks stands in for a user's program."""

import re
from typing import Final

from bitpath_cli.model.configuration import Configuration
from bitpath_cli.model.recommendation import Recommendation

_FAMILIES: Final[tuple[tuple[str, str], ...]] = (
    (r"gpt|bert|llm|llama|language|text|sentiment|transformer|chat|token", "transformer"),
    (r"recommend|dlrm|click|ranking|embedding", "recommender"),
    (r"resnet|image|imaging|vision|perception|inspection|traffic|camera|unet|driving", "resnet"),
)
_LAST_RESORT: Final = "mlp"
_SYNCS: Final = {
    "none": "single", "all-reduce": "ddp", "local-sgd": "local-sgd", "slow-momentum": "momentum",
    "parameter-server": "parameter-server", "fp16-compress": "fp16-compress",
    "powersgd": "powersgd",
}  # fmt: skip
_EVERY: Final = re.compile(r"every (\d+) steps")


def stand_in(configuration: Configuration, advice: Recommendation) -> tuple[str, ...]:
    """The benchmark of the family that the workload's name suggests, with its batch."""
    batch = next(
        (each.reading.value for each in advice.inputs if each.name == "training.batch"), None
    )
    words = ["bitpath", "bench", "training", "--model", _family(advice.workload)]
    words += _synchronisation(configuration)
    if batch is not None:
        words += ["--batch-size", str(round(batch))]
    return tuple(words)


def _family(workload: str) -> str:
    return next((name for words, name in _FAMILIES if re.search(words, workload)), _LAST_RESORT)


def _synchronisation(configuration: Configuration) -> list[str]:
    """The benchmark's own name for it; sharding sends about what ddp does, and stands as that."""
    kind = configuration.synchronisation.partition(" ")[0]
    interval = _EVERY.search(configuration.synchronisation)
    return ["--sync", _SYNCS.get(kind, "ddp"), *(["--every", interval[1]] if interval else [])]
