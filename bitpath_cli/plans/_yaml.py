"""Documents as YAML, written by PyYAML so that no value can be taken for anything else."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from bitpath_cli.errors import MissingLibrary
from bitpath_cli.plans._words import comment

Document = Mapping[str, Any]


def dump(documents: Iterable[Document], comments: Iterable[str]) -> str:
    """One file: the comments, then the documents in order, keys as they were written."""
    try:
        import yaml  # type: ignore[import-untyped]
    except ImportError as error:
        raise MissingLibrary("pyyaml", "manifests are written by it") from error

    head = "".join(f"# {_kept_indent(each)}".rstrip() + "\n" for each in comments)
    # Parts that documents share would be written as anchors and aliases.
    separate = json.loads(json.dumps(list(documents)))
    body: str = yaml.safe_dump_all(
        separate, sort_keys=False, allow_unicode=False, width=1000, explicit_start=True
    )
    return head + body


def _kept_indent(line: str) -> str:
    return f"  {comment(line)}" if line.startswith("  ") else comment(line)
