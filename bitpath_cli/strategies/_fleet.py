"""Sets of the hosts that a fleet really has: of one kind, or of two with their own share each."""

from collections.abc import Iterator
from itertools import combinations
from typing import Final

from bitpath_cli.model.configuration import Tenure
from bitpath_cli.strategies import Machine, Question
from bitpath_cli.strategies._columns import Nodes

_KINDS_PAIRED: Final = 8


def tenure_here(index: int, machine: Machine) -> Tenure:
    """How a machine at the edge is had: today's host and a fleet's are there, others are bought."""
    return "owned" if index == 0 or machine.hosts else "bought"


def most_together(question: Question, machine: Machine) -> int:
    """How many of a machine could work together: those there are, or as many as the site says.

    A service has some at every place.
    """
    serving = question.workload.serving
    places = 1 if serving is None else max(1, int(serving.places.value))
    there = len(machine.hosts) // places if machine.hosts else question.largest_cluster
    return min(there, question.largest_cluster)


def mixed_sets(question: Question) -> Iterator[tuple[Nodes, Nodes]]:
    """Hosts of two kinds, for every two of the eight mightiest kinds: all, half or one of each."""
    kinds = [index for index, each in enumerate(question.machines) if each.hosts]
    kinds.sort(key=lambda index: (-_might(question.machines[index]), index))
    for pair in combinations(sorted(kinds[:_KINDS_PAIRED]), 2):
        first, second = (_counts(most_together(question, question.machines[i])) for i in pair)
        sizes = {
            (min(one, question.largest_cluster - other), other) for one in first for other in second
        }
        for one, other in sorted(sizes):
            if one > 0:
                yield Nodes(pair[0], one, "owned"), Nodes(pair[1], other, "owned")


def _might(machine: Machine) -> float:
    return len(machine.hosts) * max(rate.value for rate in machine.rates.values())


def _counts(most: int) -> list[int]:
    return sorted({1, max(1, most // 2), most})
