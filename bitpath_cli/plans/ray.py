"""Ray: a cluster, and a job that puts one torchrun on each of its nodes."""

from typing import Any

from bitpath_cli.model.plan import Blueprint
from bitpath_cli.plans import Plan, PlanFile
from bitpath_cli.plans._layout import accelerators, nodes, places
from bitpath_cli.plans._numbers import numbers
from bitpath_cli.plans._sheet import TEMPLATES, document, fill, script
from bitpath_cli.plans._words import name
from bitpath_cli.plans._yaml import dump


def refuse(blueprint: Blueprint) -> str:
    """A service, or nodes of two places or kinds."""
    if blueprint.task == "serving":
        return "the Ray job starts training jobs, not services"
    if len(places(blueprint)) > 1:
        return "its nodes are at two places, and a Ray cluster needs one network"
    if len({group.device for group in blueprint.configuration.nodes}) > 1:
        return "its nodes are of two kinds, and this job asks for one"
    return ""


def draw(blueprint: Blueprint) -> tuple[PlanFile, ...]:
    """The cluster, the job, and the script that measures again."""
    told = {
        "nodes": nodes(blueprint),
        "accelerators": accelerators(blueprint.configuration.nodes[0]),
    }
    job = (TEMPLATES / "ray_job.py.txt").read_text(encoding="utf-8")
    return (
        PlanFile("README.md", fill("ray_readme.md.jinja", blueprint, **told)),
        document(blueprint),
        PlanFile("cluster.yaml", _cluster(blueprint)),
        script("node.sh", "ray_node.sh.jinja", blueprint, **told),
        PlanFile("job.py", job),
        script("verify.sh", "ray_verify.sh.jinja", blueprint, **told),
    )


def _cluster(blueprint: Blueprint) -> str:
    """For `ray up`: hosts that are there already, reached over ssh."""
    count = len(nodes(blueprint))
    given = [each.rpartition("@") for each in blueprint.program.hosts]
    hosts = [host for _, _, host in given]
    hosts += [f"node-{number}" for number in range(len(hosts), count)]
    users = [user for user, _, _ in given if user]
    document: dict[str, Any] = {
        "cluster_name": name(blueprint.workload),
        "provider": {"type": "local", "head_ip": hosts[0], "worker_ips": hosts[1:count]},
        "auth": {"ssh_user": users[0] if users else "user"},
        "min_workers": count - 1,
        "max_workers": count - 1,
        "head_start_ray_commands": [
            "ray stop",
            "ray start --head --port=6379 --autoscaling-config=~/ray_bootstrap_config.yaml",
        ],
        "worker_start_ray_commands": ["ray stop", "ray start --address=$RAY_HEAD_IP:6379"],
    }
    needed = (
        "Put in your hosts (node-0 and so on) and your account on them (auth.ssh_user)."
        if len(given) < count or not users
        else "The hosts and the account are those that were given."
    )
    return dump([document], [needed, "", *numbers(blueprint)])


PLAN = Plan(summary="a cluster and a job, for training jobs", refuse=refuse, draw=draw)
