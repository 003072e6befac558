"""Constraints that jobs and services share: stated limits, and where data may go."""

import torch
from torch import Tensor

from bitpath_cli.model.workload import Limit
from bitpath_cli.strategies import Bound, ConstraintName
from bitpath_cli.strategies._world import World


def limit_bound(world: World, name: ConstraintName, predicted: Tensor, limit: Limit) -> Bound:
    """What is predicted against a limit of the workload."""
    return Bound(name, predicted, world.of(f"limit.{name}", limit.at), limit.binds)


def residency_bounds(world: World, uses_cloud: tuple[Tensor, ...]) -> tuple[Bound, ...]:
    """Data that may not leave the site, or the region: 1 where it would, against a limit of 0."""
    residency, cloud = world.question.workload.residency, world.question.site.cloud
    stays = residency.allowed == "anywhere" or (
        residency.allowed == "region" and cloud is not None and cloud.within_region
    )
    if stays:
        return ()
    leaves = torch.stack([each.double() for each in uses_cloud]).amax(dim=0)
    none = torch.zeros((1, world.draws.count), dtype=torch.float64)
    return (Bound("residency", leaves + none, none, residency.binds),)
