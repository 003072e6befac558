"""systemd: a unit for a service on one host, with the limits and hardening that users expect."""

import re
from typing import Final

from bitpath_cli.model.plan import Blueprint
from bitpath_cli.model.reading import Quantity
from bitpath_cli.plans import Plan, PlanFile
from bitpath_cli.plans._layout import MIB, accelerators, cpus, memory_limit, memory_needed, nodes
from bitpath_cli.plans._numbers import describe
from bitpath_cli.plans._sheet import Quoted, document, fill, script
from bitpath_cli.plans._words import comment, name

_EXECUTABLE: Final = re.compile(r"/[^\0]*|[A-Za-z0-9][A-Za-z0-9._+-]*")


def refuse(blueprint: Blueprint) -> str:
    """A job, a service of several hosts, or a container without a program."""
    if blueprint.task == "training":
        return "a unit keeps a service up, and this is a job that ends"
    if len(nodes(blueprint)) > 1:
        return "its requests are shared by several hosts, and a unit serves on one"
    if not blueprint.program.words:
        return "a unit starts a program, and only an image was given"
    if not _EXECUTABLE.fullmatch(blueprint.program.words[0]):
        return "systemd wants an absolute path, or a plain name, as the program"
    return ""


def draw(blueprint: Blueprint) -> tuple[PlanFile, ...]:
    """The unit, the guide, and the script that measures again."""
    group = blueprint.configuration.nodes[0]
    told = {
        "nodes": nodes(blueprint),
        "limits": _limits(blueprint),
        "unit": Quoted(name(blueprint.workload)),
        "accelerators": accelerators(group),
    }
    return (
        PlanFile("README.md", fill("systemd_readme.md.jinja", blueprint, **told)),
        document(blueprint),
        PlanFile(
            f"{name(blueprint.workload)}.service",
            fill("systemd_unit.service.jinja", blueprint, **told),
        ),
        script("verify.sh", "systemd_verify.sh.jinja", blueprint, **told),
    )


def _limits(blueprint: Blueprint) -> Quoted:
    """Memory and CPUs as far as the memory model and the report know them, each with its reason."""
    group = blueprint.configuration.nodes[0]
    needed, limit = memory_needed(blueprint, group), memory_limit(blueprint, group)
    processors = cpus(blueprint, group)
    lines = []
    if isinstance(limit, Quantity) and isinstance(needed, Quantity):
        lines += [
            f"# {comment(describe(limit))}",
            f"MemoryMax={int(limit.value / MIB)}M",
            f"# {comment(describe(needed))}",
            f"MemoryHigh={int(min(needed.value, limit.value) / MIB)}M",
        ]
    else:
        lines.append(f"# No MemoryMax: {comment(describe(limit))}")
    if isinstance(processors, Quantity):
        lines += [
            f"# The CPUs of the assessed host: {comment(describe(processors))}",
            f"CPUQuota={round(100 * processors.value)}%",
        ]
    else:
        lines.append(f"# No CPUQuota: {comment(describe(processors))}")
    return Quoted("\n".join(lines))


PLAN = Plan(summary="a hardened unit, for a service on one host", refuse=refuse, draw=draw)
