"""`bitpath schema`: JSON schemas of what bitpath writes and reads, generated from its types."""

from typing import Annotated, Literal

import typer

from bitpath_cli.commands import Command, Example

Document = Literal["report", "workload", "site", "device"]


def schema(
    document: Annotated[Document, typer.Argument(help="The document to describe.")],
) -> None:
    """Print the JSON schema of a report, or of a profile as it is typed in TOML."""
    from bitpath_cli.commands._screen import say

    say(generate(document))


def generate(document: Document) -> str:
    """The schema as text; a report's describes what is written, so defaults are always there."""
    import json

    from bitpath_cli import catalogue
    from bitpath_cli.model.report import Report

    found = (
        Report.model_json_schema(mode="serialization")
        if document == "report"
        else catalogue.schema(document)
    )
    told = {"$schema": "https://json-schema.org/draft/2020-12/schema", **found}
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


COMMAND = Command(
    run=schema,
    panel="Reports and profiles",
    examples=(
        Example("bitpath schema report", "what report.json holds"),
        Example("bitpath schema report > report.schema.json", "for a validator or an editor"),
    ),
)
