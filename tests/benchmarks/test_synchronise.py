"""Ways of synchronising between two real processes: whose model ends where, for what bytes."""

import json

import pytest
import torch
from pydantic import BaseModel

from bitpath_cli.benchmarks._models import KINDS, build, sample_inputs
from bitpath_cli.benchmarks._synchronise import AVERAGING, SYNCS, Sync, bytes_per_step, replicate
from bitpath_cli.launchers import Launch
from bitpath_cli.launchers.local import LAUNCHER
from bitpath_cli.model.protocols import Ranks
from bitpath_cli.nursery import Send

_EVERY = 4


class Path(BaseModel):
    """How far the ranks' models lay apart after each step, and how far rank 0's moved in all."""

    apart: list[float]
    moved: float


def _train_all(ranks: Ranks, _request: str, _send: Send) -> str:
    """Every way in turn, on data of each rank's own."""
    return json.dumps({sync: _train(ranks, sync).model_dump() for sync in SYNCS})


def _train(ranks: Ranks, sync: Sync) -> Path:
    import torch.distributed as dist

    kind, model = KINDS["recommender"], build("recommender")
    replica = replicate(sync, model, kind.learning_rate, _EVERY)
    begun = torch.cat([each.detach().flatten() for each in model.parameters()])
    apart, mine = [], begun
    for step in range(2 * _EVERY):
        inputs, targets = sample_inputs("recommender", 32, seed=100 * ranks.rank + step)
        kind.loss(replica.forward(inputs), targets).backward()  # type: ignore[no-untyped-call]
        replica.combine()
        replica.optimise()
        replica.average()
        replica.clear()
        mine = torch.cat([each.detach().flatten() for each in model.parameters()])
        theirs = mine.clone()
        dist.broadcast(theirs, src=0)
        gap = (mine - theirs).abs().max().reshape(1)
        dist.all_reduce(gap, op=dist.ReduceOp.MAX)
        apart.append(float(gap))
    return Path(apart=apart, moved=float((mine - begun).abs().max()))


@pytest.fixture(scope="module")
def paths() -> dict[str, Path]:
    told = LAUNCHER.run(Launch(size=2, threads=1, limit_seconds=100), _train_all, "")
    return {sync: Path.model_validate(path) for sync, path in json.loads(told).items()}


@pytest.mark.parametrize(
    "sync", [each for each in SYNCS if each not in AVERAGING and each != "single"]
)
def test_ranks_with_other_data_keep_one_model_after_every_step(
    sync: Sync, paths: dict[str, Path]
) -> None:
    assert max(paths[sync].apart) < 1e-5
    assert paths[sync].moved > 1e-3


@pytest.mark.parametrize("sync", ["local-sgd", "momentum"])
def test_averaging_brings_the_models_together_every_so_many_steps(
    sync: Sync, paths: dict[str, Path]
) -> None:
    together = [index for index, gap in enumerate(paths[sync].apart) if gap < 1e-5]
    assert together == [_EVERY - 1, 2 * _EVERY - 1]


def test_post_local_sgd_begins_as_ddp_and_then_drifts_between_averages(
    paths: dict[str, Path],
) -> None:
    apart = paths["post-local-sgd"].apart
    assert max(apart[:_EVERY]) < 1e-5
    assert max(apart[_EVERY:]) > 1e-4


def test_alone_each_goes_its_own_way(paths: dict[str, Path]) -> None:
    assert min(paths["single"].apart) > 1e-3


def test_bytes_by_hand() -> None:
    model = torch.nn.Linear(1000, 200)
    size = 4 * (1000 * 200 + 200)
    assert bytes_per_step("single", model, 4, 1) == 0
    assert bytes_per_step("ddp", model, 1, 1) == 0
    assert bytes_per_step("ddp", model, 4, 1) == pytest.approx(1.5 * size)
    assert bytes_per_step("fp16-compress", model, 4, 1) == pytest.approx(0.75 * size)
    assert bytes_per_step("local-sgd", model, 4, 8) == pytest.approx(1.5 * size / 8)
    # Two factors of rank 2 take the matrix's place; the bias is sent whole.
    assert bytes_per_step("powersgd", model, 4, 1) == pytest.approx(1.5 * 4 * (2 * 1200 + 200))
