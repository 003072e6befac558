"""Parts of Kubernetes manifests: names, labels, pods that may do little, and what they ask for."""

import math
import re
from collections.abc import Sequence
from typing import Any, Final

from bitpath_cli.model.configuration import NodeGroup
from bitpath_cli.model.plan import Blueprint
from bitpath_cli.model.reading import Quantity
from bitpath_cli.plans._layout import MIB, accelerators, cpus, memory_limit, memory_needed
from bitpath_cli.plans._words import comment, kubernetes, name

Manifest = dict[str, Any]
_LABEL_VALUE: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")
_AMD: Final = re.compile(r"mi[0-9]{3}")
REQUESTED_SHARE: Final = 0.9
"""Of a node's CPUs: the kubelet and the system keep some, so a request for all is not granted."""

_USER: Final = 65532
"""The number that images without a root user give to `nonroot`."""


def image(blueprint: Blueprint) -> str:
    """The image that was named, or the one that the plan's Containerfile builds."""
    return blueprint.program.image or f"bitpath:{blueprint.tool.version}"


def metadata(blueprint: Blueprint, object_name: str) -> Manifest:
    """A name, the labels by which its pods are found, and where the numbers came from."""
    return {
        "name": object_name,
        "labels": labels(object_name),
        "annotations": {
            "bitpath/workload": comment(blueprint.workload),
            "bitpath/configuration": comment(blueprint.configuration.label),
            "bitpath/report-fingerprint": comment(blueprint.host.fingerprint),
        },
    }


def labels(object_name: str) -> dict[str, str]:
    """What selects the pods of one object."""
    return {"app.kubernetes.io/name": object_name, "app.kubernetes.io/managed-by": "bitpath"}


def object_name(blueprint: Blueprint, suffix: str = "") -> str:
    """The workload's name as a DNS label."""
    return f"{name(blueprint.workload)}{suffix}"


def words(program: Sequence[str]) -> list[str]:
    """A command that no variable is put into."""
    return [kubernetes(each) for each in program]


def resources(blueprint: Blueprint, group: NodeGroup) -> Manifest:
    """Requests and limits as far as the memory model and the report know them."""
    requests: dict[str, str] = {}
    limits: dict[str, str] = {}
    needed, limit = memory_needed(blueprint, group), memory_limit(blueprint, group)
    processors = cpus(blueprint, group)
    if isinstance(processors, Quantity):
        # A limit would throttle; the request keeps others away.
        requests["cpu"] = f"{math.floor(1000 * REQUESTED_SHARE * processors.value)}m"
    if isinstance(needed, Quantity) and isinstance(limit, Quantity):
        requests["memory"] = f"{int(min(needed.value, limit.value) / MIB)}Mi"
        limits["memory"] = f"{int(limit.value / MIB)}Mi"
    if accelerators(group):
        vendor = "amd.com" if _AMD.search(group.device.lower()) else "nvidia.com"
        limits[f"{vendor}/gpu"] = str(accelerators(group))
    return {key: value for key, value in (("requests", requests), ("limits", limits)) if value}


def pod(container: Manifest, group: NodeGroup | None = None) -> Manifest:
    """A pod that runs as nobody, changes no root file system and has a directory of its own."""
    found: Manifest = {
        "automountServiceAccountToken": False,
        "securityContext": {
            "runAsNonRoot": True, "runAsUser": _USER, "runAsGroup": _USER, "fsGroup": _USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [hardened(container)],
        "volumes": [
            {"name": "scratch", "emptyDir": {}},
            {"name": "shared-memory", "emptyDir": {"medium": "Memory"}},
        ],
    }  # fmt: skip
    # The offers of clouds are called as their instance types, which nodes carry as a label.
    if group is not None and group.place == "cloud" and _LABEL_VALUE.fullmatch(group.device):
        found["nodeSelector"] = {"node.kubernetes.io/instance-type": group.device}
    return found


def hardened(container: Manifest) -> Manifest:
    """A container without privileges, which writes to /scratch alone."""
    return {
        **container,
        "securityContext": {
            "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "workingDir": "/scratch",
        "volumeMounts": [
            {"name": "scratch", "mountPath": "/scratch"},
            {"name": "scratch", "mountPath": "/tmp", "subPath": "tmp"},  # noqa: S108
            {"name": "shared-memory", "mountPath": "/dev/shm"},  # noqa: S108
        ],
    }  # fmt: skip


def apart(object_name: str) -> Manifest:
    """One pod on each node."""
    term = {
        "labelSelector": {"matchLabels": labels(object_name)},
        "topologyKey": "kubernetes.io/hostname",
    }
    return {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}


def quiet(program: Sequence[str]) -> list[str]:
    """A command whose stdout is its answer alone; what it says beside goes to the pod's status."""
    return ["sh", "-c", 'exec "$@" 2>/dev/termination-log', "sh", *program]
