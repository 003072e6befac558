"""Finds alert rules: shipped or at a path, read as profiles are and checked field by field."""

from pathlib import Path

from bitpath_cli.catalogue._files import parse_toml, read_text
from bitpath_cli.catalogue._lines import lines_of
from bitpath_cli.catalogue._places import shipped_folder
from bitpath_cli.errors import BadProfile, BadRules
from bitpath_cli.monitoring.alerts import Rule
from bitpath_cli.monitoring.prometheus_rules import export
from bitpath_cli.monitoring.rules import Document, read_rules


def load(path: Path | None) -> tuple[Rule, ...]:
    """The rules of a file, or the shipped ones; BadRules for what is wrong with it."""
    file = shipped_folder("workload").parent / "rules" / "default.toml" if path is None else path
    try:
        text = read_text(file)
        content = parse_toml(file, text)
    except BadProfile as fault:
        raise BadRules.from_profile(str(file), fault) from fault
    return read_rules(Document(str(file), content, lines_of(text)))


def as_prometheus(path: Path | None) -> str:
    """The same rules as a file for Prometheus."""
    return export(load(path))
