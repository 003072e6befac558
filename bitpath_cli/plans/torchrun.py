"""torchrun: a script for each node, for jobs on any machines that reach each other."""

from bitpath_cli.model.plan import Blueprint
from bitpath_cli.plans import Plan, PlanFile
from bitpath_cli.plans._layout import Node, nodes, threads
from bitpath_cli.plans._sheet import document, fill, script


def refuse(blueprint: Blueprint) -> str:
    """A service is no job of ranks."""
    return "" if blueprint.task == "training" else "torchrun starts training jobs, not services"


def draw(blueprint: Blueprint) -> tuple[PlanFile, ...]:
    """A script a node, the guide, and the script that measures again."""
    all_nodes = nodes(blueprint)
    head = blueprint.program.hosts[0] if blueprint.program.hosts else ""
    told: dict[str, object] = {"nodes": all_nodes, "head": head}
    return (
        PlanFile("README.md", fill("torchrun_readme.md.jinja", blueprint, **told)),
        document(blueprint),
        *(_script(blueprint, each, told) for each in all_nodes),
        script("verify.sh", "torchrun_verify.sh.jinja", blueprint, **told),
    )


def _script(blueprint: Blueprint, node: Node, told: dict[str, object]) -> PlanFile:
    return script(
        f"node-{node.number}.sh", "torchrun_node.sh.jinja", blueprint,
        node=node, threads=threads(blueprint, node), **told,
    )  # fmt: skip


PLAN = Plan(summary="a script for each node, for training jobs", refuse=refuse, draw=draw)
