"""Who may import whom, read from the source: what docs/decisions/0001-rooms.md decides, enforced.

Imports inside functions count as much as those at the top; only the rule on heavy libraries tells
the two apart.
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Final

import pytest

from bitpath_cli import discover

PACKAGE: Final = Path(__file__).parent.parent / "bitpath_cli"
COMMON: Final = frozenset({"model", "stats", "errors", "amounts", "discover", "__version__"})
OUTERMOST: Final = frozenset({"commands", "renderers", "plans", "__main__"})
ALLOWED: Final[dict[str, frozenset[str]]] = {
    "__main__": frozenset({"commands"}),
    "commands": frozenset(
        {"workflows", "renderers", "plans", "readers", "catalogue", "archive", "redaction"}
    ),
    "strategies": frozenset({"prediction", "cost"}),
    "probes": frozenset({"meters", "host"}),
    "monitoring": frozenset({"meters", "host"}),
    "evidence": frozenset({"meters", "host"}),
    "verdict": frozenset({"evidence"}),
    "harness": frozenset({"meters", "host"}),
    "isolation": frozenset({"host", "nursery"}),
    "benchmarks": frozenset({"host"}),
    "launchers": frozenset({"host", "isolation"}),
    "serving": frozenset({"host"}),
    "meters": frozenset({"host"}),
    "catalogue": frozenset(),
    "model": frozenset(),
    "stats": frozenset(),
    "errors": frozenset(),
    "discover": frozenset(),
    **dict.fromkeys(
        ("prediction", "cost", "renderers", "plans", "readers", "archive", "redaction", "amounts",
         "nursery", "host", "__init__"),
        frozenset(),
    ),
}  # fmt: skip
CONSTANTS: Final = {
    "probes": "PROBE", "benchmarks": "BENCHMARK", "launchers": "LAUNCHER", "meters": "METER",
    "renderers": "RENDERER", "strategies": "STRATEGY", "commands": "COMMAND", "plans": "PLAN",
    "readers": "READER",
}  # fmt: skip
CONTRACTS: Final = {room: constant.capitalize() for room, constant in CONSTANTS.items()}
HEAVY: Final = frozenset(
    {
        "torch",
        "pandas",
        "pynvml",
        "numpy",
        "ray",
        "jinja2",
        "matplotlib",
        "scipy",
        "pint",
        "prometheus_client",
        "aiohttp",
    }
)
TORCH_AT_THE_TOP: Final = frozenset({"prediction", "cost", "strategies"})
VAGUE: Final = frozenset({"util", "utils", "helper", "helpers", "common", "manager", "base"})
REACHING_OUT: Final = frozenset({"requests", "urllib.request", "http.client", "aiohttp", "httpx"})
SPEAKING: Final = "serving"
"""The one room that answers and asks over HTTP, when it is told to."""


@dataclass(frozen=True, slots=True)
class Import:
    """A module's name as it is imported, and whether that happens when the file is loaded."""

    name: str
    at_the_top: bool


@dataclass(frozen=True, slots=True)
class Source:
    """A file of the package."""

    path: Path
    tree: ast.Module

    @property
    def module(self) -> str:
        parts = self.path.relative_to(PACKAGE.parent).with_suffix("").parts
        return ".".join(part for part in parts if part != "__init__")

    @property
    def room(self) -> str:
        parts = self.path.relative_to(PACKAGE).with_suffix("").parts
        return parts[0]

    @property
    def is_furniture(self) -> bool:
        return self.path.stem.startswith("_")

    @property
    def is_member(self) -> bool:
        return self.room in CONSTANTS and self.path.parent != PACKAGE and not self.is_furniture

    def imports(self) -> Iterator[Import]:
        yield from _imports(self.tree, at_the_top=True)


def _imports(node: ast.AST, at_the_top: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (Import(each.name, at_the_top) for each in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, "imports are absolute"
            yield from (Import(f"{child.module}.{each.name}", at_the_top) for each in child.names)
        else:
            inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            typing_only = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
            yield from _imports(child, at_the_top and not inside and not typing_only)


@cache
def sources() -> tuple[Source, ...]:
    return tuple(
        Source(path, ast.parse(path.read_text(encoding="utf-8")))
        for path in sorted(PACKAGE.rglob("*.py"))
    )


def room_of(name: str) -> str | None:
    """The room of `bitpath_cli.room.…`; None for what is not ours."""
    parts = name.split(".")
    return parts[1] if parts[0] == PACKAGE.name and len(parts) > 1 else None


def may_import(room: str, other: str) -> bool:
    if room in ("model", "stats", "errors", "discover"):
        return other == room
    if room == "workflows":
        return other not in OUTERMOST
    return other == room or other in COMMON or other in ALLOWED[room]


def test_the_map_knows_every_room() -> None:
    assert {each.room for each in sources()} <= {*ALLOWED, "workflows"}


def test_rooms_import_only_what_lies_below_them() -> None:
    wrong = [
        f"{each.module} imports {found.name}"
        for each in sources()
        for found in each.imports()
        if (other := room_of(found.name)) is not None and not may_import(each.room, other)
    ]
    assert not wrong


def test_no_file_of_a_room_imports_a_member_of_it() -> None:
    """Members know only their room's contract and furniture."""
    wrong = []
    for each in sources():
        if each.room not in CONSTANTS:
            continue
        members = {other.module for other in sources() if other.is_member} - {
            f"{PACKAGE.name}.{each.room}"
        }
        wrong += [
            f"{each.module} imports {found.name}"
            for found in each.imports()
            if room_of(found.name) == each.room
            and any(found.name == name or found.name.startswith(f"{name}.") for name in members)
            and not each.module.startswith(_folder(found.name, members))
        ]
    assert not wrong


def _folder(name: str, members: set[str]) -> str:
    """The member folder that a name lies in, for commands that are folders of commands."""
    inside = [member for member in members if name.startswith(f"{member}._")]
    return max(inside, key=len, default="\0")


def test_only_workflows_reach_into_the_furniture_of_another_room() -> None:
    wrong = [
        f"{each.module} imports {found.name}"
        for each in sources()
        for found in each.imports()
        if (other := room_of(found.name)) not in (None, each.room)
        and any(part.startswith("_") for part in found.name.split(".")[2:])
        and each.room not in ("workflows", "__main__")
        and other != "__version__"
    ]
    assert not wrong


def test_heavy_libraries_are_imported_only_where_they_are_used() -> None:
    def may(each: Source, library: str) -> bool:
        if library in ("torch", "numpy"):
            return each.room in TORCH_AT_THE_TOP or each.is_furniture
        return False

    wrong = [
        f"{each.module} imports {found.name} at its top"
        for each in sources()
        for found in each.imports()
        if found.at_the_top
        and (library := found.name.split(".")[0]) in HEAVY
        and not may(each, library)
    ]
    assert not wrong


def test_nothing_reaches_out_to_the_network_by_itself_or_runs_what_it_received() -> None:
    wrong = [
        f"{each.module} imports {found.name}"
        for each in sources()
        for found in each.imports()
        if found.name.split(".")[0] in ("pickle", "marshal", "shelve")
        or (
            each.room != SPEAKING
            and any(f"{found.name}.".startswith(f"{name}.") for name in REACHING_OUT)
        )
    ]
    wrong += [
        f"{each.module}, line {node.lineno}: {node.func.id}"
        for each in sources()
        for node in ast.walk(each.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        and node.func.id in ("eval", "exec")
    ]  # fmt: skip
    assert not wrong


@pytest.mark.parametrize("room", sorted(CONSTANTS))
def test_every_member_ends_in_its_typed_constant(room: str) -> None:
    members = [
        each for each in sources()
        if each.room == room and each.is_member and each.path.stem != "__init__"
    ]  # fmt: skip
    wrong = [each.module for each in members if _last_name(each.tree) != CONSTANTS[room]]
    assert not wrong
    if not members:
        return
    contract = getattr(import_module(f"{PACKAGE.name}.{room}"), CONTRACTS[room])
    for each in members:
        folder, _, name = each.module.rpartition(".")
        assert discover.member(import_module(folder), name, CONSTANTS[room], contract)


def _last_name(tree: ast.Module) -> str:
    last = tree.body[-1]
    if isinstance(last, ast.Assign) and isinstance(last.targets[0], ast.Name):
        return last.targets[0].id
    if isinstance(last, ast.AnnAssign) and isinstance(last.target, ast.Name):
        return last.target.id
    return ""


def test_every_file_says_in_its_first_line_what_is_in_it() -> None:
    wrong = [
        each.module
        for each in sources()
        if not (ast.get_docstring(each.tree) or "").split("\n\n")[0].endswith(".")
    ]
    assert not wrong


def test_no_file_and_no_folder_has_a_name_that_says_nothing() -> None:
    wrong = [
        str(each.path)
        for each in sources()
        for part in each.path.relative_to(PACKAGE).with_suffix("").parts
        if part.strip("_") in VAGUE
    ]
    assert not wrong


def test_every_library_that_is_imported_is_declared() -> None:
    declared = {
        "typer", "rich", "psutil", "pynvml", "pydantic", "pydantic_core", "torch", "pandas",
        "numpy", "pint", "jinja2", "matplotlib", "yaml", "prometheus_client", "ray", "aiohttp",
    }  # fmt: skip
    found = {
        top
        for each in sources()
        for one in each.imports()
        if (top := one.name.split(".")[0]) not in sys.stdlib_module_names and top != PACKAGE.name
    }
    assert found <= declared
