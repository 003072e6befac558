"""The report as the one JSON document that docs/report.schema.json describes."""

from bitpath_cli.model.record import Record
from bitpath_cli.model.report import Report
from bitpath_cli.renderers import Renderer


def render(report: Report) -> str:
    """Base units and all digits: what is rounded here could never be compared again."""
    return report.model_dump_json(indent=2) + "\n"


def render_record(found: Record) -> str:
    """Any other document of ours, in the same way."""
    return found.model_dump_json(indent=2) + "\n"


RENDERER = Renderer(summary="everything, for programs", suffix=".json", render=render)
