"""Kubernetes manifests of training: an Indexed Job whose pods find each other, and its checks."""

from collections.abc import Sequence
from typing import Any

from bitpath_cli.model.plan import Blueprint
from bitpath_cli.plans._containers import (
    Manifest,
    apart,
    image,
    labels,
    metadata,
    object_name,
    pod,
    quiet,
    resources,
    words,
)
from bitpath_cli.plans._layout import nodes

_PORT = 29500
_INDEX = "metadata.annotations['batch.kubernetes.io/job-completion-index']"
_NODE_CHECK = (
    "bitpath", "assess", "--budget", "quick", "--only", "gemm", "--only", "memory_bandwidth",
    "--only", "disk", "--json",
)  # fmt: skip


def headless(blueprint: Blueprint, job: str) -> Manifest:
    """The names of a job's pods: JOB-0.JOB and so on."""
    return {
        "apiVersion": "v1", "kind": "Service", "metadata": metadata(blueprint, job),
        "spec": {
            "clusterIP": "None", "selector": labels(job), "publishNotReadyAddresses": True,
            "ports": [{"name": "rendezvous", "port": _PORT}],
        },
    }  # fmt: skip


def training_job(blueprint: Blueprint) -> Manifest:
    """One torchrun in each pod, one pod on each node."""
    all_nodes = nodes(blueprint)
    command = [
        "torchrun", f"--nnodes={len(all_nodes)}", "--node-rank=$(NODE_RANK)",
        f"--nproc-per-node={all_nodes[0].ranks}", "--master-addr=$(MASTER_ADDR)",
        "--master-port=$(MASTER_PORT)", "--no-python", *words(blueprint.program.words),
    ]  # fmt: skip
    # An image with an entry point of its own is left to it.
    return indexed(
        blueprint, object_name(blueprint), command if blueprint.program.words else [],
        len(all_nodes),
    )  # fmt: skip


def checks(blueprint: Blueprint) -> list[Manifest]:
    """What measures the forecast again: the network between the pods, and a node."""
    count = len(nodes(blueprint))
    found = []
    if count > 1:
        job = object_name(blueprint, "-allreduce")
        command = quiet(
            ("bitpath", "bench", "allreduce", "--launcher", "env", "--budget", "quick", "--json")
        )
        found += [headless(blueprint, job), indexed(blueprint, job, command, count)]
    return [*found, node_check(blueprint)]


def node_check(blueprint: Blueprint) -> Manifest:
    """The benchmarks of one node."""
    return indexed(blueprint, object_name(blueprint, "-node"), quiet(_NODE_CHECK), 1)


def indexed(blueprint: Blueprint, job: str, command: Sequence[str], count: int) -> Manifest:
    """A Job of so many pods at once; one that fails ends it, for the others would wait for it."""
    group = blueprint.configuration.nodes[0]
    container: Manifest = {
        "name": "main", "image": image(blueprint), "imagePullPolicy": "IfNotPresent",
        **({"command": list(command)} if command else {}),
        "env": _environment(job, count),
        "resources": resources(blueprint, group),
    }  # fmt: skip
    template: dict[str, Any] = {
        "metadata": {"labels": labels(job)},
        "spec": {
            **pod(container, group), "restartPolicy": "Never", "subdomain": job,
            "affinity": apart(job),
        },
    }  # fmt: skip
    return {
        "apiVersion": "batch/v1", "kind": "Job", "metadata": metadata(blueprint, job),
        "spec": {
            "completionMode": "Indexed", "completions": count, "parallelism": count,
            "backoffLimit": 0, "template": template,
        },
    }  # fmt: skip


def _environment(job: str, count: int) -> list[Manifest]:
    """What torchrun and bitpath's own launcher read; NODE_RANK is the pod's index."""
    return [
        {"name": "NODE_RANK", "valueFrom": {"fieldRef": {"fieldPath": _INDEX}}},
        {"name": "WORLD_SIZE", "value": str(count)},
        {"name": "MASTER_ADDR", "value": f"{job}-0.{job}"},
        {"name": "MASTER_PORT", "value": str(_PORT)},
        {"name": "HOME", "value": "/scratch"},
    ]
