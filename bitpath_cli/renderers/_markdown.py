"""Markdown's parts: tables, bullets, and text that must not become markup."""

from collections.abc import Iterable, Iterator, Sequence

from bitpath_cli.model.visible import visible


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A table and an empty line."""
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(plain(cell) for cell in row)} |"
    yield ""


def bullets(items: Iterable[str]) -> Iterator[str]:
    """A list and an empty line, or nothing."""
    told = [f"- {plain(each)}" for each in items]
    if told:
        yield from told
        yield ""


def section(title: str, items: Iterable[str]) -> Iterator[str]:
    """A heading and a list, or nothing."""
    told = tuple(items)
    if told:
        yield f"## {title}"
        yield ""
        yield from bullets(told)


def plain(text: str) -> str:
    """What a machine or a profile says must not become markup.

    `|` would end a cell, `<` open HTML, and `](` a link or an image that is fetched where it is
    shown.
    """
    flat = " ".join(visible(text).split())
    flat = flat.replace("|", "\\|").replace("<", "&lt;").replace("`", "'")
    return flat.replace("](", "]\\(").replace("][", "]\\[").replace("]:", "]\\:")
