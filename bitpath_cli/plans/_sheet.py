"""Fills the templates; a text that nothing has quoted cannot get into one."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bitpath_cli.errors import MissingLibrary
from bitpath_cli.model.plan import Blueprint
from bitpath_cli.plans import PlanFile, _words
from bitpath_cli.plans._numbers import numbers

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES: Final = Path(__file__).parent / "templates"


class Quoted(str):
    """Text that is safe where it stands."""

    __slots__ = ()


def fill(template: str, blueprint: Blueprint, **told: Any) -> str:
    """A template's text; `numbers` and `blueprint` are known in all of them."""
    text = (
        _environment()
        .get_template(template)
        .render(blueprint=blueprint, numbers=numbers(blueprint), **told)
    )
    return text if text.endswith("\n") else f"{text}\n"


def document(blueprint: Blueprint) -> PlanFile:
    """plan.json, which `bitpath plan --verify` reads."""
    return PlanFile("plan.json", blueprint.model_dump_json(indent=2) + "\n")


def script(name: str, template: str, blueprint: Blueprint, **told: Any) -> PlanFile:
    """A template as an executable file."""
    return PlanFile(name, fill(template, blueprint, **told), is_script=True)


def _environment() -> "Environment":
    try:
        import jinja2
    except ImportError as error:
        raise MissingLibrary("jinja2", "the scripts of a plan are filled in by it") from error

    # Escaping for HTML would spoil scripts; `finalize` refuses what no filter has quoted.
    made = jinja2.Environment(  # noqa: S701
        loader=jinja2.FileSystemLoader(TEMPLATES), undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, finalize=_checked,
    )  # fmt: skip
    made.filters |= {
        "sh": lambda text: Quoted(_words.sh(str(text))),
        "sh_line": lambda words: Quoted(_words.sh_line(words)),
        "comment": lambda text: Quoted(_words.comment(str(text))),
        "code": lambda text: Quoted(f"`{_words.comment(str(text)).replace('`', chr(39))}`"),
        "name": lambda text: Quoted(_words.name(str(text))),
        "systemd": lambda text: Quoted(_words.systemd(str(text))),
        "systemd_line": lambda words: Quoted(_systemd_line(words)),
        "comments": lambda lines: Quoted("\n".join(f"# {each}" for each in lines)),
        "paragraph": lambda lines: Quoted("\n".join(f"    {each}" for each in lines)),
    }
    return made


def _systemd_line(words: Iterable[str]) -> str:
    return " ".join(_words.systemd(each) for each in words)


def _checked(value: object) -> object:
    if isinstance(value, int | Quoted):
        return value
    raise TypeError(f"{value!r} would get into a script without being quoted")
