"""`bitpath schema`: the JSON schema of report.json, generated from the types that write it."""

from typing import Annotated, Literal

import typer

from bitpath_cli.commands import Command, Example


def schema(
    document: Annotated[Literal["report"], typer.Argument(help="The document to describe.")],
) -> None:
    """Print the JSON schema of a document that bitpath writes."""
    from bitpath_cli.commands._screen import say

    del document  # Typer refuses any other.
    say(generate())


def generate() -> str:
    """The schema of a report as it is written: a field with a default is always there."""
    import json

    from bitpath_cli.model.report import Report

    told = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Report.model_json_schema(mode="serialization"),
    }
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


COMMAND = Command(
    run=schema,
    panel="Reports and profiles",
    examples=(
        Example("bitpath schema report", "what report.json holds"),
        Example("bitpath schema report > report.schema.json", "for a validator or an editor"),
    ),
)
