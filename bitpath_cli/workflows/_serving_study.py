"""What is measured beside the candidates: the model alone at both ends, and the way between."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from bitpath_cli.errors import BadValue
from bitpath_cli.serving.client import Client
from bitpath_cli.workflows._edge_part import EdgePart, Placement
from bitpath_cli.workflows._serving_alone import AtCentre, measure_centre, measure_edge, parts_of
from bitpath_cli.workflows._serving_forecast import Learnt, message_sizes
from bitpath_cli.workflows._serving_link import (
    Exchanged,
    Passage,
    measure_passage,
    measure_request,
)
from bitpath_cli.workflows.assess import Progress
from bitpath_cli.workflows.infer import find_quota
from bitpath_cli.workflows.remote import REQUEST_SECONDS, Link, check_served, find_interface

_SHARE: Final = 0.08
_MOST_SECONDS: Final = 4.0
_LINK_SHARE: Final = 0.12
_MOST_LINK_SECONDS: Final = 8.0
_AGAIN_SHARE: Final = 0.015


@dataclass(frozen=True, slots=True)
class Study:
    """What is asked of the parts; `is_shared` where both ends use this host's processors.

    `part` is a cascade's, of which every placement is made; `seconds` is what the trial may take.
    """

    part: EdgePart
    seconds: float
    link: Link | None
    pause: float
    is_shared: bool
    progress: Progress

    @property
    def again_seconds(self) -> float:
        """How long each end's model is measured once more, about."""
        return min(_MOST_SECONDS, _AGAIN_SHARE * self.seconds)


def learn(study: Study) -> Learnt:
    """All of it, in a part of the seconds that the trial may take."""
    seconds = study.seconds
    quota = find_quota()
    own = quota if quota is None or not study.is_shared else quota / 2
    alone = min(_MOST_SECONDS, _SHARE * seconds)
    study.progress.stage(f"{study.part.subject.name} alone")
    parts, threads = parts_of(study.part), study.part.threads
    edge = measure_edge(study.part, alone, study.pause, own)
    if study.link is None:
        return Learnt(parts, (edge,), (), None, (own, None), (threads, threads))
    study.progress.stage("the way to the service")
    linking = min(_MOST_LINK_SECONDS, _LINK_SHARE * seconds)
    sizes = (parts.entering_bytes, parts.answer_bytes)
    # Whatever the way is like, half of the time is left for what is compared.
    patience = study.seconds / 2
    try:
        centre, passage, told = asyncio.run(
            asyncio.wait_for(_ask(study, study.link, (alone, linking), sizes), patience)
        )
    except TimeoutError as error:
        raise BadValue(
            "--cap", f"{study.seconds:.0f} s",
            f"more: {study.link.url} and the way there were not measured in {patience:.0f} s",
        ) from error  # fmt: skip
    theirs, used = _told_of(told, study)
    if study.is_shared:
        theirs = own
    return Learnt(
        parts, (edge,), (centre,), passage,
        (own, theirs),
        (threads, used),
    )  # fmt: skip


def learn_again(study: Study, known: Learnt, placement: Placement, patience: float) -> Learnt:
    """One more round of what the placement uses: the model alone, and requests of just its size.

    Of what does not end within that patience, nothing is known anew.
    """
    own, theirs = known.quotas
    if placement.kind != "cloud":
        edge = measure_edge(study.part, study.again_seconds, study.pause, own)
        known = replace(known, edges=(*known.edges, edge))
    if placement.kind == "edge" or study.link is None or known.passage is None:
        return known
    size = message_sizes(known.parts, placement)[0]
    asking = _ask_again(study, study.link, theirs, known.threads[1], size)
    try:
        found, sent, opening = asyncio.run(asyncio.wait_for(asking, max(0.0, patience)))
    except TimeoutError:
        return known
    passage = known.passage.having(sent, opening)
    return replace(known, centres=(*known.centres, found), passage=passage)


async def _ask(
    study: Study, link: Link, seconds: tuple[float, float], sizes: tuple[Sequence[int], int]
) -> tuple[AtCentre, Passage, dict[str, object]]:
    interface = find_interface(link.url)
    async with Client(link.url, link.token, REQUEST_SECONDS) as client:
        told = await client.describe()
        check_served(told, study.part, link)
        quota, threads = _told_of(told, study)
        centre = await measure_centre(
            client, study.part.subject, seconds[0], study.pause, quota, threads
        )
        passage = await measure_passage(
            client, link, interface, max(sizes[0]), sizes[1], study.pause, seconds[1]
        )
    return centre, passage, told


def _told_of(told: dict[str, object], study: Study) -> tuple[float | None, int]:
    """The service's quota, if it has one, and how many threads it computes with."""
    quota, threads = told.get("quota"), told.get("threads")
    return (
        float(quota) if isinstance(quota, int | float) else None,
        threads if isinstance(threads, int) else study.part.threads,
    )


async def _ask_again(
    study: Study, link: Link, quota: float | None, threads: int, size: int
) -> tuple[AtCentre, Exchanged, float]:
    seconds = study.again_seconds
    async with Client(link.url, link.token, REQUEST_SECONDS) as client:
        centre = await measure_centre(
            client, study.part.subject, seconds, study.pause, quota, threads
        )
    return centre, *await measure_request(link, size, study.pause, seconds)
