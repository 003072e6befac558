"""Slurm: a batch job that starts torchrun on each of its nodes."""

import math
from typing import Final

from bitpath_cli.model.plan import Blueprint
from bitpath_cli.model.reading import Quantity
from bitpath_cli.plans import Plan, PlanFile
from bitpath_cli.plans._layout import (
    MIB,
    accelerators,
    cpus,
    memory_limit,
    nodes,
    places,
    threads,
)
from bitpath_cli.plans._numbers import describe
from bitpath_cli.plans._sheet import Quoted, document, fill, script
from bitpath_cli.plans._words import comment

_LONGEST_DAYS: Final = 365


def refuse(blueprint: Blueprint) -> str:
    """A service, nodes of two places, or nodes of two kinds."""
    if blueprint.task == "serving":
        return "Slurm runs jobs that end, not services"
    if len(places(blueprint)) > 1:
        return "its nodes are at two places, and a Slurm cluster is one"
    if len({group.device for group in blueprint.configuration.nodes}) > 1:
        return "its nodes are of two kinds, and this batch job asks for one"
    return ""


def draw(blueprint: Blueprint) -> tuple[PlanFile, ...]:
    """The batch job, what it starts on each node, and the job that measures again."""
    all_nodes = nodes(blueprint)
    told = {
        "nodes": all_nodes,
        "node": all_nodes[0],
        "threads": threads(blueprint, all_nodes[0]),
        "requests": _requests(blueprint),
        "time_limit": _time_limit(blueprint),
    }
    return (
        PlanFile("README.md", fill("slurm_readme.md.jinja", blueprint, **told)),
        document(blueprint),
        script("job.sbatch", "slurm_job.sbatch.jinja", blueprint, **told),
        script("node.sh", "slurm_node.sh.jinja", blueprint, **told),
        script("verify.sbatch", "slurm_verify.sbatch.jinja", blueprint, **told),
    )


def _requests(blueprint: Blueprint) -> Quoted:
    """The lines that ask for what each node needs, or say why it is not known."""
    group = blueprint.configuration.nodes[0]
    memory, processors = memory_limit(blueprint, group), cpus(blueprint, group)
    lines = []
    if accelerators(group):
        lines.append(f"#SBATCH --gpus-per-node={accelerators(group)}")
    if isinstance(processors, Quantity):
        lines.append(f"#SBATCH --cpus-per-task={max(1, int(processors.value))}")
    else:
        lines.append(f"# --cpus-per-task is left to the cluster: {describe(processors)}")
    if isinstance(memory, Quantity):
        lines.append(f"#SBATCH --mem={int(memory.value / MIB)}M")
        lines.append(f"# Memory: {describe(memory)}")
    else:
        lines.append(f"# --mem is left to the cluster: {describe(memory)}")
    return Quoted("\n".join(_line(each) for each in lines))


def _line(text: str) -> str:
    return text if text.startswith("#SBATCH") else f"# {comment(text.removeprefix('# '))}"


def _time_limit(blueprint: Blueprint) -> Quoted:
    """The upper end of the forecast job time, or no limit of ours."""
    forecast = blueprint.forecast.get("job_time")
    if not isinstance(forecast, Quantity):
        return Quoted("# --time is left to the cluster: no job time is forecast.")
    seconds = forecast.value if forecast.high is None else forecast.high
    hours, minutes = divmod(math.ceil(seconds / 60), 60)
    days, hours = divmod(hours, 24)
    if days >= _LONGEST_DAYS:
        return Quoted("# --time is left to the cluster: the job may take longer than a year.")
    limit = f"{days}-{hours:02d}:{minutes:02d}:00"
    return Quoted(f"# The upper end of the forecast job time.\n#SBATCH --time={limit}")


PLAN = Plan(summary="a batch job, for training jobs", refuse=refuse, draw=draw)
