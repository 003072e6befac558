"""Kubernetes: an Indexed Job, or a Deployment that scales, and a DaemonSet that assesses nodes."""

from collections.abc import Iterable
from typing import Final

from bitpath_cli.model.configuration import NodeGroup
from bitpath_cli.model.plan import Blueprint
from bitpath_cli.model.reading import Missing
from bitpath_cli.plans import Plan, PlanFile
from bitpath_cli.plans._containers import (
    REQUESTED_SHARE,
    Manifest,
    hardened,
    image,
    labels,
    metadata,
    pod,
)
from bitpath_cli.plans._job_manifests import checks, headless, node_check, training_job
from bitpath_cli.plans._layout import cpus, memory_limit, nodes, places
from bitpath_cli.plans._numbers import describe, numbers
from bitpath_cli.plans._service_manifests import bounds, service
from bitpath_cli.plans._sheet import document, fill, script
from bitpath_cli.plans._yaml import dump

_SIDES: Final = {"edge": "edge", "cloud": "central", "lan": "lan"}
_RATE_METRIC: Final = (
    "http_requests_per_second is a metric of yours, through a metrics adapter; its target is "
    "0.7 / service time."
)


def refuse(blueprint: Blueprint) -> str:
    """A job over two places or two kinds of nodes."""
    if blueprint.task == "serving":
        return ""
    if len(places(blueprint)) > 1:
        return "its nodes are at two places, and a Job runs in one cluster"
    if len({group.device for group in blueprint.configuration.nodes}) > 1:
        return "its nodes are of two kinds, and this Job asks for one"
    return ""


def draw(blueprint: Blueprint) -> tuple[PlanFile, ...]:
    """The manifests, the image's recipe, and the script that measures again."""
    serving = blueprint.task == "serving"
    manifests = _service_files(blueprint) if serving else _job_files(blueprint)
    measuring = [node_check(blueprint)] if serving else checks(blueprint)
    jobs = [each["metadata"]["name"] for each in measuring if each["kind"] == "Job"]
    told = {
        "nodes": nodes(blueprint), "manifests": [each.name for each in manifests], "jobs": jobs,
        "image": image(blueprint), "serving": serving,
    }  # fmt: skip
    return (
        PlanFile("README.md", fill("kubernetes_readme.md.jinja", blueprint, **told)),
        document(blueprint),
        *manifests,
        _file("assess.yaml", blueprint, [_assess(blueprint)], ["Assesses every node."]),
        _file("verify.yaml", blueprint, measuring, ["Measures again what the forecast rests on."]),
        script("verify.sh", "kubernetes_verify.sh.jinja", blueprint, **told),
        *_recipe(blueprint),
    )


def _job_files(blueprint: Blueprint) -> tuple[PlanFile, ...]:
    job = training_job(blueprint)
    group = blueprint.configuration.nodes[0]
    documents = [headless(blueprint, job["metadata"]["name"]), job]
    return (_file("job.yaml", blueprint, documents, _why(blueprint, group)),)


def _service_files(blueprint: Blueprint) -> tuple[PlanFile, ...]:
    """A file for each group of nodes, because each is applied to another cluster."""
    groups = blueprint.configuration.nodes
    files = []
    for group in groups:
        side = f"-{_SIDES[group.place]}" if len(groups) > 1 else ""
        documents = service(blueprint, group, side)
        why = [bounds(blueprint, group).sentence, *_why(blueprint, group)]
        if documents[-1]["spec"]["metrics"][0]["type"] == "Pods":
            why.append(_RATE_METRIC)
        files.append(_file(f"service{side}.yaml", blueprint, documents, why))
    return tuple(files)


def _why(blueprint: Blueprint, group: NodeGroup) -> list[str]:
    """Where the requests and limits come from, or why there is none."""
    memory, processors = memory_limit(blueprint, group), cpus(blueprint, group)
    return [
        f"Memory limit: {describe(memory)}"
        if not isinstance(memory, Missing)
        else f"No memory limit: {memory.detail}.",
        f"CPU request: {REQUESTED_SHARE:.0%} of {describe(processors)}"
        if not isinstance(processors, Missing)
        else f"No CPU request: {processors.detail}.",
    ]


def _assess(blueprint: Blueprint) -> Manifest:
    """Assesses once on every node, prints the report in JSON, and rests."""
    label = "bitpath-assess"
    rest = {
        "name": "rest", "image": image(blueprint), "imagePullPolicy": "IfNotPresent",
        "command": ["sleep", "infinity"],
        "resources": {"requests": {"cpu": "1m", "memory": "8Mi"}, "limits": {"memory": "32Mi"}},
    }  # fmt: skip
    measure = {
        "name": "assess", "image": image(blueprint), "imagePullPolicy": "IfNotPresent",
        "command": ["bitpath", "assess", "--json", "--dir", "/scratch"],
        "env": [{"name": "HOME", "value": "/scratch"}],
        "resources": {"requests": {"cpu": "1", "memory": "2Gi"}},
    }  # fmt: skip
    return {
        "apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": metadata(blueprint, label),
        "spec": {
            "selector": {"matchLabels": labels(label)},
            "template": {
                "metadata": {"labels": labels(label)},
                "spec": {
                    **pod(rest),
                    "initContainers": [hardened(measure)],
                    "tolerations": [{"operator": "Exists"}],
                },
            },
        },
    }  # fmt: skip


def _recipe(blueprint: Blueprint) -> tuple[PlanFile, ...]:
    """How to build the image, where none was named."""
    if blueprint.program.image:
        return ()
    return (PlanFile("Containerfile", fill("kubernetes_containerfile.jinja", blueprint)),)


def _file(
    file: str, blueprint: Blueprint, documents: Iterable[Manifest], why: Iterable[str]
) -> PlanFile:
    return PlanFile(file, dump(documents, [*why, "", *numbers(blueprint)]))


PLAN = Plan(
    summary="an Indexed Job, or a Deployment that scales; and a DaemonSet that assesses every node",
    refuse=refuse,
    draw=draw,
)
