"""Takes out of a report what identifies a machine, a network or a person, before it is handed on.

Every identifier becomes a token, the same wherever it stands in the document: hosts are called
after their fingerprint, the rest is numbered, because a hash of an address would give it away.
Names are known by their fields, and from there in free text too; everything else by its form.
Everything that was measured stays.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from bitpath_cli.model.components.network import Route
from bitpath_cli.model.components.storage import Filesystem
from bitpath_cli.model.components.system import System
from bitpath_cli.model.fleet import Fleet, FleetTerms, HomogeneousGroup
from bitpath_cli.model.reading import Fact, Missing
from bitpath_cli.model.report import HostIdentity, Report
from bitpath_cli.model.result import BenchmarkResult
from bitpath_cli.redaction._forms import LOCAL_NAMES, Forms
from bitpath_cli.redaction._walk import Walk

_PEER_PARAMETERS: Final = ("peer", "host", "address")
_TOKEN: Final = re.compile(r"host-[0-9a-f]{6}(?:-\d+)?")
"""What an earlier redaction called a host."""
_SERVER: Final = re.compile(r"([\w][\w.-]+):/|//([\w][\w.-]+)/")
"""The server of a network filesystem, as in `server:/export` and `//server/share`."""
_HOME: Final = re.compile(r"/(?:home|Users)/([\w.-]+)")
_SHORTEST_NAME: Final = 4


def is_token(name: str) -> bool:
    """Whether a host's name is what a redaction called it, so that nobody can reach it by that."""
    return _TOKEN.fullmatch(name) is not None


def redact(report: Report) -> Report:
    """The same report without identifiers; its fingerprint still tells equal machines."""
    return Redactor().redact(report)


class Redactor:
    """Redacts reports that are handed on together, so that their tokens agree.

    `names` are hosts' names that may stand in any of them, such as all of a fleet's.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._hosts: dict[tuple[str, str], str] = {}
        self._forms = Forms()
        self._others: dict[str, str] = {}
        self._seen: dict[str, str] = {}
        self._meet(names, "peer")

    def _meet(self, names: Iterable[str], kind: str) -> None:
        """Give tokens to names that were not heard of before; what was seen without them is old."""
        new = [name for name in dict.fromkeys(names) if _tells(name) and name not in self._others]
        if new:
            self._others |= {name: self._forms.token(kind, name) for name in new}
            self._seen.clear()

    def redact(self, report: Report) -> Report:
        """The report, and what it holds of other hosts, with a token for every identifier."""
        if report.fleet is not None:
            return self._redact_fleet(report, report.fleet)
        host = self.name_host(report)
        self._meet(_peers(report), "peer")
        self._meet(_people(report), "account")
        own = self._spellings(report.host.name, host)
        walk = Walk(self._forms, own, self._others, self._seen)
        found = walk.record(report.model_copy(update={"members": ()}))
        components = zip(report.components, found.components, strict=True)
        results = zip(report.results, found.results, strict=True)
        return found.model_copy(
            update={
                "host": HostIdentity(name=host, fingerprint=report.host.fingerprint),
                "components": tuple(self._rename(*each, host) for each in components),
                "results": tuple(self._rename_peers(*each) for each in results),
                "members": tuple(self.redact(each) for each in report.members),
            }
        )

    def _redact_fleet(self, report: Report, fleet: Fleet) -> Report:
        """The members, and what was found out about them under the names that they have now."""
        self._meet((each.host.name for each in report.members), "peer")
        members = tuple(self.redact(each) for each in report.members)
        labels = [each.name for each in fleet.nodes]
        names = {
            label: label if each.host.name == was.host.name else each.host.name
            for label, each, was in zip(labels, members, report.members, strict=True)
        }
        walk = Walk(
            self._forms, {name: token for name, token in names.items() if _tells(name)},
            self._others, {},
        )  # fmt: skip
        told = report.model_copy(update={"members": (), "fleet": None})
        return walk.record(told).model_copy(
            update={
                "host": report.host,
                "members": members,
                "fleet": rename_nodes(fleet, names, self.text),
            }
        )

    def text(self, text: str) -> str:
        """Free text that belongs to no host, such as the names of files."""
        return Walk(self._forms, {}, self._others, self._seen).text(text)

    def name_host(self, report: Report) -> str:
        """A token of its own for every host, also where machines are equal."""
        name, fingerprint = report.host.name, report.host.fingerprint
        if _TOKEN.fullmatch(name):
            return name
        key = (name, fingerprint)
        plain = f"host-{fingerprint[:6]}"
        if key not in self._hosts:
            same = sum(each.startswith(plain) for each in self._hosts.values())
            self._hosts[key] = f"{plain}-{same + 1}" if same else plain
        return self._hosts[key]

    def _spellings(self, name: str, host: str) -> dict[str, str]:
        """A host's full name, its first part, and the domain that its neighbours share."""
        first, _, domain = name.partition(".")
        own = {each: host for each in (name, first) if _tells(each)}
        return own | {domain: self._forms.token("domain", domain)} if "." in domain else own

    def _rename(self, old: Any, new: Any, host: str) -> Any:
        """The one system bears the host's name and a route its peer's, whatever they look like."""
        if isinstance(old, System):
            return new.model_copy(update={"name": host})
        if isinstance(old, Route):
            return new.model_copy(update={"name": self._forms.token("peer", old.name)})
        return new

    def _rename_peers(self, old: BenchmarkResult, new: BenchmarkResult) -> BenchmarkResult:
        """A result whose peers are tokens, however short their names are."""
        peers = {
            name: self._forms.token("peer", value)
            for name, value in old.parameters.items()
            if name in _PEER_PARAMETERS and isinstance(value, str) and value not in LOCAL_NAMES
        }
        return new.model_copy(update={"parameters": new.parameters | peers}) if peers else new


def rename_nodes(
    fleet: Fleet, names: Mapping[str, str], replace: Callable[[str], str] = str
) -> Fleet:
    """The same fleet with other names for its nodes; `replace` is for the names of sources."""

    def of(name: str) -> str:
        return names.get(name, name)

    return fleet.model_copy(
        update={
            "nodes": tuple(each.model_copy(update={"name": of(each.name)}) for each in fleet.nodes),
            "groups": tuple(_rename_group(each, of) for each in fleet.groups),
            "outliers": tuple(
                each.model_copy(update={"node": of(each.node)}) for each in fleet.outliers
            ),
            "terms": tuple(_rename_terms(each, of) for each in fleet.terms),
            "refused": tuple(
                each.model_copy(
                    update={"source": replace(each.source), "detail": replace(each.detail)}
                )
                for each in fleet.refused
            ),
        }
    )


def _rename_group(group: HomogeneousGroup, of: Callable[[str], str]) -> HomogeneousGroup:
    mixtures = tuple(
        each.model_copy(
            update={"values": {value: tuple(map(of, names)) for value, names in
                               each.values.items()}}
        )
        for each in group.mixtures
    )  # fmt: skip
    return group.model_copy(update={"nodes": tuple(map(of, group.nodes)), "mixtures": mixtures})


def _rename_terms(terms: FleetTerms, of: Callable[[str], str]) -> FleetTerms:
    nodes = tuple(each.model_copy(update={"node": of(each.node)}) for each in terms.nodes)
    return terms.model_copy(update={"nodes": nodes})


def _peers(report: Report) -> Iterator[str]:
    """Other hosts that a report names in its fields."""
    for result in report.results:
        for name in _PEER_PARAMETERS:
            value = result.parameters.get(name)
            if isinstance(value, str) and value not in LOCAL_NAMES:
                yield value
    for component in report.components:
        if isinstance(component, Route):
            yield component.name
        if isinstance(component, Filesystem):
            yield from _server(component.source)


def _people(report: Report) -> Iterator[str]:
    """Users whose home directories a report mentions."""
    texts = [each.name for each in report.components if isinstance(each, Filesystem)]
    texts += [each.text for each in report.notes]
    return (name for text in texts for name in _HOME.findall(text) if _tells(name))


def _server(source: Fact | Missing) -> Iterator[str]:
    text = source.value if isinstance(source, Fact) else ""
    found = _SERVER.match(text) if isinstance(text, str) else None
    if found is not None:
        yield found[1] or found[2]


def _tells(name: str) -> bool:
    return len(name) >= _SHORTEST_NAME and name not in LOCAL_NAMES
