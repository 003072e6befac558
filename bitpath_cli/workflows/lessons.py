"""Which trainings to measure: the cases that `bench training` asks of the benchmark train_step."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal, TypeVar, get_args

from bitpath_cli.errors import BadValue
from bitpath_cli.model.result import Parameters
from bitpath_cli.workflows.crew import Crew

ModelName = Literal["mlp", "resnet", "transformer", "recommender"]
SyncName = Literal[
    "single", "ddp", "local-sgd", "post-local-sgd", "momentum", "parameter-server", "powersgd",
    "fp16-compress",
]  # fmt: skip
_MODELS: Final[tuple[ModelName, ...]] = get_args(ModelName)
_SYNCS: Final[tuple[SyncName, ...]] = get_args(SyncName)
_Name = TypeVar("_Name", bound=str)
BATCHES: Final[dict[ModelName, int]] = {
    "mlp": 256, "resnet": 64, "transformer": 16, "recommender": 512,
}  # fmt: skip


def models(told: Iterable[str]) -> tuple[ModelName, ...]:
    """The models of these names; BadValue for another."""
    return tuple(_known(each, _MODELS, "--model") for each in told)


def syncs(told: Iterable[str]) -> tuple[SyncName, ...]:
    """The ways of synchronising of these names; BadValue for another."""
    return tuple(_known(each, _SYNCS, "--sync") for each in told)


def _known(told: str, names: tuple[_Name, ...], option: str) -> _Name:
    found = next((each for each in names if each == told), None)
    if found is None:
        raise BadValue(option, told, f"one of {', '.join(names)}")
    return found


@dataclass(frozen=True, slots=True)
class Lesson:
    """What was asked for; a batch of 0 is the model's usual one, over all ranks together.

    `simulated_rate` in FLOP/s makes the ranks sleep instead of compute.
    """

    models: tuple[ModelName, ...] = ("resnet",)
    syncs: tuple[SyncName, ...] = ()
    every: int = 8
    batch: int = 0
    ranks: int = 1
    simulated_rate: float | None = None

    def cases(self, crew: Crew | None) -> tuple[Parameters, ...]:
        """One case for each model and way of synchronising; BadValue where they cannot be."""
        ranks = self.ranks if crew is None else crew.place.nodes * crew.ranks_here
        if self.every < 1:
            raise BadValue("--every", str(self.every), "1 or more steps")
        if self.batch < 0:
            raise BadValue("--batch-size", str(self.batch), "1 or more samples")
        syncs = self.syncs or (("single",) if ranks == 1 else ("ddp",))
        talking = [each for each in syncs if each != "single"]
        if ranks == 1 and talking:
            raise BadValue(
                "--sync", talking[0],
                "single, because there is one rank; start more with --nproc-per-node or --nnodes",
            )  # fmt: skip
        return tuple(self._case(model, sync, ranks) for model in self.models for sync in syncs)

    def _case(self, model: ModelName, sync: SyncName, ranks: int) -> Parameters:
        told: Parameters = {
            "model": model, "sync": sync, "every": self.every,
            "batch_size": self.batch or BATCHES[model] * ranks, "world_size": ranks,
        }  # fmt: skip
        if self.simulated_rate is None:
            return told
        return {**told, "simulated_rate": self.simulated_rate}
