"""A fleet's findings as sentences and rows: groups, outliers, the terms' sums, what was refused."""

from collections.abc import Iterator, Sequence
from typing import Final

from bitpath_cli.model.fleet import Fleet, FleetTerms, HomogeneousGroup, Outlier, Refused
from bitpath_cli.model.recommendation import TERM_NAMES
from bitpath_cli.renderers._comparison import condition, percent, varied
from bitpath_cli.renderers._words import amount, interval, label, reading, term_name

MOST_NODES: Final = 20
_NAMES: Final = 4


def about(fleet: Fleet) -> tuple[tuple[str, str], ...]:
    """What stands at the head: how many nodes, groups, outliers and refusals."""
    standing_out = len({each.node for each in fleet.outliers if each.worse})
    counts = [
        ("nodes", f"{len(fleet.nodes):,} in {counted(len(fleet.groups), 'group')}"),
        ("outliers", f"{counted(standing_out, 'node')} worse than its like"),
    ]
    if fleet.refused:
        counts.append(("left out", counted(len(fleet.refused), "source")))
    return tuple(counts)


def group_sentence(group: HomogeneousGroup) -> str:
    """How many nodes of what, and which."""
    return f"{counted(len(group.nodes), 'node')} of {group.hardware}: {some(group.nodes)}"


def mixtures(group: HomogeneousGroup) -> Iterator[str]:
    """What differs within a group; the rarer a value the sooner it is named."""
    for each in group.mixtures:
        rare_first = sorted(each.values.items(), key=lambda pair: len(pair[1]))
        told = "; ".join(f"{value} on {some(names)}" for value, names in rare_first)
        yield f"{each.what} differs: {told}"


def outlier_sentences(found: Sequence[Outlier]) -> Iterator[str]:
    """Which metric, how far, and with which interval; with what tells these results apart."""
    told = varied((each.benchmark, each.parameters) for each in found)
    yield from (_outlier(each, told[each.benchmark]) for each in found)


def _outlier(each: Outlier, told: Sequence[str]) -> str:
    where = condition(each.parameters, told)
    bounds = interval(each.value) if each.value.kind == "quantity" else ""
    return (
        f"{each.node}: {' '.join(part for part in (label(each.benchmark), where) if part)} "
        f"{label(each.metric)} {reading(each.value)} {bounds}".rstrip()
        + f", {percent(each.deviation)} against {amount(each.median, each.unit)} "
        f"of {each.nodes} nodes ({abs(each.distance):.1f} robust σ)"
    )


def outlier_heads(fleet: Fleet) -> tuple[tuple[str, tuple[Outlier, ...]], ...]:
    """The outliers on the worse side first, then those on the better one."""
    worse = tuple(each for each in fleet.outliers if each.worse)
    better = tuple(each for each in fleet.outliers if not each.worse)
    return tuple(
        (title, found)
        for title, found in (("Worse than its like", worse), ("Better than its like", better))
        if found
    )


def term_rows(terms: FleetTerms) -> tuple[tuple[str, ...], ...]:
    """A row a node and one for the sums, each with the five terms."""
    rows = [
        (each.node, *(reading(each.terms[name]) for name in TERM_NAMES))
        for each in terms.nodes[:MOST_NODES]
    ]
    if len(terms.nodes) > MOST_NODES:
        rows.append((f"and {len(terms.nodes) - MOST_NODES} more", *("",) * len(TERM_NAMES)))
    rows.append((f"Σ {len(terms.nodes)}", *(reading(terms.sums[name]) for name in TERM_NAMES)))
    return tuple(rows)


def term_heads() -> tuple[str, ...]:
    """The five terms' names over the columns."""
    return ("node", *(term_name(name) for name in TERM_NAMES))


def refusal(each: Refused) -> str:
    """What was left out, and why."""
    return f"{each.source}: {each.why}, {each.detail}. {each.next_step}".rstrip()


def counted(count: int, noun: str) -> str:
    """`1 node`, `2 nodes`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def some(names: tuple[str, ...]) -> str:
    """The first few names, and how many more there are."""
    told = ", ".join(names[:_NAMES])
    return told + (f" and {len(names) - _NAMES} more" if len(names) > _NAMES else "")
