"""Kubernetes manifests of a service: Deployment, Service, autoscaler with computed bounds."""

import math
from dataclasses import dataclass
from typing import Any, Final

from bitpath_cli.model.configuration import NodeGroup
from bitpath_cli.model.plan import Blueprint
from bitpath_cli.model.reading import Quantity
from bitpath_cli.model.units import significant
from bitpath_cli.plans._containers import (
    REQUESTED_SHARE,
    Manifest,
    apart,
    image,
    labels,
    metadata,
    object_name,
    pod,
    resources,
    words,
)
from bitpath_cli.plans._layout import accelerators, cpus

PLANNED_UTILISATION: Final = 0.7
"""What the cost model plans services with."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The fewest and the most replicas, and the sentence that says why."""

    least: int
    most: int
    sentence: str


def bounds(blueprint: Blueprint, group: NodeGroup) -> Bounds:
    """What the two ends of the utilisation's interval need at the planned 0.7, spares kept.

    A place has the machines that were planned for it and no more; a cloud has more.
    """
    count = math.ceil(group.count)
    busy = blueprint.forecast.get("utilisation")
    if not isinstance(busy, Quantity) or busy.low is None or busy.high is None:
        return Bounds(count, count, f"{count} as planned: no utilisation is forecast")
    expected, low, high = (
        max(1, math.ceil(count * each / PLANNED_UTILISATION - 1e-9))
        for each in (busy.value, busy.low, busy.high)
    )
    spares = max(0, count - expected)
    least = min(count, low + spares)
    most = max(count, high + spares)
    sentence = (
        f"In the busiest hour {count} would be busy {significant(100 * busy.value)} % of the time "
        f"[{significant(100 * busy.low)} to {significant(100 * busy.high)} %]. At 70 % that takes "
        f"{expected} [{low} to {high}], and {spares} spare"
    )
    if group.place == "edge" and most > count:
        return Bounds(least, count, f"{sentence}; a place has {count}, so {most} cannot be had.")
    return Bounds(least, most, f"{sentence}.")


def service(blueprint: Blueprint, group: NodeGroup, suffix: str) -> list[Manifest]:
    """The objects of one group of nodes, at every place or at the centre."""
    name = object_name(blueprint, suffix)
    return [
        _deployment(blueprint, group, name),
        {
            "apiVersion": "v1", "kind": "Service", "metadata": metadata(blueprint, name),
            "spec": {
                "selector": labels(name),
                "ports": [
                    {"name": "http", "port": blueprint.program.port, "targetPort": "http"}
                ],
            },
        },
        _autoscaler(blueprint, group, name),
    ]  # fmt: skip


def _deployment(blueprint: Blueprint, group: NodeGroup, name: str) -> Manifest:
    """Without replicas: those are the autoscaler's."""
    program = blueprint.program
    alive = {"tcpSocket": {"port": "http"}}
    container: Manifest = {
        "name": "main", "image": image(blueprint), "imagePullPolicy": "IfNotPresent",
        **({"command": words(program.words)} if program.words else {}),
        "ports": [{"name": "http", "containerPort": program.port}],
        "env": [{"name": "HOME", "value": "/scratch"}],
        "resources": resources(blueprint, group),
        "startupProbe": {**alive, "periodSeconds": 2, "failureThreshold": 150},
        "readinessProbe": {**alive, "periodSeconds": 5},
        "livenessProbe": {**alive, "periodSeconds": 10, "failureThreshold": 6},
    }  # fmt: skip
    return {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata(blueprint, name),
        "spec": {
            "selector": {"matchLabels": labels(name)},
            "strategy": {
                "type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0}
            },
            "template": {
                "metadata": {"labels": labels(name)},
                "spec": {**pod(container, group), "affinity": apart(name)},
            },
        },
    }  # fmt: skip


def _autoscaler(blueprint: Blueprint, group: NodeGroup, name: str) -> Manifest:
    found = bounds(blueprint, group)
    return {
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": metadata(blueprint, name),
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
            "minReplicas": found.least, "maxReplicas": found.most,
            "metrics": [_metric(blueprint, group)],
        },
    }  # fmt: skip


def _metric(blueprint: Blueprint, group: NodeGroup) -> dict[str, Any]:
    """CPU time where the CPUs compute and are known; else requests a second, which 0.7 allows."""
    answering = blueprint.forecast.get("service_time")
    known = isinstance(cpus(blueprint, group), Quantity) and not accelerators(group)
    if known or not isinstance(answering, Quantity) or answering.value <= 0:
        share = round(100 * PLANNED_UTILISATION / REQUESTED_SHARE)
        target = {"type": "Utilization", "averageUtilization": share}
        return {"type": "Resource", "resource": {"name": "cpu", "target": target}}
    thousandths = max(1, math.floor(1000 * PLANNED_UTILISATION / answering.value))
    return {
        "type": "Pods",
        "pods": {
            "metric": {"name": "http_requests_per_second"},
            "target": {"type": "AverageValue", "averageValue": f"{thousandths}m"},
        },
    }
