"""Several files as one report: what is of one host put together, many hosts as a fleet."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from bitpath_cli import archive
from bitpath_cli.errors import UnreadableReport
from bitpath_cli.model.fleet import Refused
from bitpath_cli.model.report import Report
from bitpath_cli.workflows._sources import Found, find_files, read, without_collector
from bitpath_cli.workflows.collect import Progress, Wish, assemble


def gather(paths: Sequence[Path], progress: Progress) -> Report:
    """One report as it stands; of several the fleet, or one host's with all that it measured.

    Raises UnreadableReport for what cannot be read: advice for a part would be advice for another
    fleet.
    """
    with without_collector():
        if len(paths) == 1 and not paths[0].is_dir():
            return archive.load(paths[0])
        hosts = _by_host(_all(find_files(paths), progress))
        if not hosts:
            raise UnreadableReport(
                str(paths[0]), "there is no file that ends in .json in it",
                "Make a report: bitpath assess --output report.json",
            )  # fmt: skip
        if len(hosts) == 1:
            return hosts[0].report
        members: list[Report] = []
        found = assemble(hosts, Wish(include_identifiers=True), members.append)
        kept = tuple(members[at] for at in found.kept)
        return found.head.model_copy(update={"members": kept})


def _all(files: Sequence[Path], progress: Progress) -> Iterable[Found]:
    for number, file in enumerate(files):
        if number % 20 == 0:
            progress.stage(f"reading report {number + 1:,} of {len(files):,}")
        for each in read(file):
            if isinstance(each, Refused):
                raise UnreadableReport(each.source, each.detail, each.next_step)
            yield each


def _by_host(found: Iterable[Found]) -> list[Found]:
    """One a host, in the order in which they were met."""
    hosts: dict[tuple[str, str, str], list[Found]] = {}
    for each in found:
        host = each.report.host
        hosts.setdefault((host.name, host.fingerprint, each.identity), []).append(each)
    return [_together(each) for each in hosts.values()]


def _together(found: Sequence[Found]) -> Found:
    """The report of a host that knows most of its hardware, with what the others measured.

    Of two results of one benchmark with the same parameters the younger stands.
    """
    if len(found) == 1:
        return found[0]
    by_age = sorted(found, key=lambda each: each.report.created)
    whole = max(by_age, key=lambda each: (len(each.report.components), each.report.created))
    results = {
        (result.benchmark, repr(sorted(result.parameters.items()))): result
        for each in by_age
        for result in each.report.results
    }
    report = whole.report.model_copy(
        update={
            "results": tuple(results.values()), "recommendation": None, "recommendations": (),
        }
    )  # fmt: skip
    return Found(whole.source, report, whole.identity)
