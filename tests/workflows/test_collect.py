"""Many reports as one: who is kept, who is alike, who stands out, and what reading them costs."""

import json
import tracemalloc
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from time import process_time
from typing import Any

import pytest

from bitpath_cli import archive
from bitpath_cli.errors import UnreadableReport
from bitpath_cli.model.components.cpu import Cpu
from bitpath_cli.model.components.software import Software
from bitpath_cli.model.fleet import Fleet
from bitpath_cli.model.reading import Missing, Quantity, fact, reported
from bitpath_cli.model.report import HostIdentity, Note, Report
from bitpath_cli.model.result import BenchmarkResult, Validity
from bitpath_cli.model.units import BYTE_PER_SECOND, ONE
from bitpath_cli.workflows import collect as workflow
from bitpath_cli.workflows.collect import Collected, Wish, collect
from bitpath_cli.workflows.frames import frames
from bitpath_cli.workflows.spool import Spool, document
from tests.sample_report import CREATED, filled, latency, missing_term, rate, report, result

SECRETS = Wish(include_identifiers=True)


class Silent:
    def stage(self, words: str) -> None: ...


def disk(bandwidth: float, **changes: Any) -> BenchmarkResult:
    return result("disk", {"operation": "read", "peer": changes.pop("peer", "x")},
                  rate("bandwidth", bandwidth, BYTE_PER_SECOND), **changes)  # fmt: skip


def node(name: str, *results: BenchmarkResult, cores: int = 8, **changes: Any) -> Report:
    """A host of so many cores; equal cores are equal hardware."""
    told: dict[str, Any] = {
        "host": HostIdentity(name=name, fingerprint=f"{cores:016x}"), "results": results,
        "components": (
            filled(Cpu, name="cpu", model=fact("Xeon", "cpuinfo"), caches=(), core_groups=(),
                   physical_cores=reported(cores, ONE, "/sys")),
            *changes.pop("others", ()),
        ),
    }  # fmt: skip
    return report(**told | changes)


def gathered(
    folder: Path, reports: Sequence[Report], wish: Wish = SECRETS
) -> tuple[Collected, list[Report]]:
    """What collecting these files gives, and the members in the order in which they were taken."""
    for number, each in enumerate(reports):
        archive.save(each, folder / f"r{number:04}.json")
    members: list[Report] = []
    found = collect([folder], wish, Silent(), members.append)
    return found, [members[at] for at in found.kept]


def fleet_of(found: Collected) -> Fleet:
    assert found.head.fleet is not None
    return found.head.fleet


def test_members_are_whole_and_the_fleet_report_can_be_read_again(tmp_path: Path) -> None:
    reports = [node(f"node-{at}", disk(1e9)) for at in range(3)]
    found, members = gathered(tmp_path, reports)
    assert members == reports
    with Spool() as spool:
        for each in members:
            spool.add(each.model_dump_json())
        archive.write_parts(tmp_path / "fleet.json",
                            document(found.handed_on, spool.texts(range(3))))  # fmt: skip
    again = archive.load(tmp_path / "fleet.json")
    assert again.members == tuple(reports)
    assert again.fleet == found.head.fleet


def test_a_fleet_report_can_be_collected_again(tmp_path: Path) -> None:
    reports = tuple(node(f"node-{at}", disk(1e9)) for at in range(3))
    archive.save(report(members=reports, results=()), tmp_path / "fleet.json")
    members: list[Report] = []
    collect([tmp_path / "fleet.json"], SECRETS, Silent(), members.append)
    assert tuple(members) == reports


def test_what_cannot_be_read_is_named_and_the_rest_stands(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"schema_version": 1,')
    (tmp_path / "b.json").write_text("[" * 100_000)
    newer = {**json.loads(report().model_dump_json()), "schema_version": 7}
    (tmp_path / "c.json").write_text(json.dumps(newer))
    found, members = gathered(tmp_path, [node("node-1", disk(1e9))])
    assert [each.host.name for each in members] == ["node-1"]
    refused = {Path(each.source).name: each for each in fleet_of(found).refused}
    assert "cut short" in refused["a.json"].detail
    assert "nested too deeply" in refused["b.json"].detail
    assert "format version 7" in refused["c.json"].detail
    assert {each.why for each in refused.values()} == {"unreadable"}
    assert not found.head.complete


def test_the_same_report_twice_counts_once(tmp_path: Path) -> None:
    found, members = gathered(tmp_path, [node("a", disk(1e9)), node("a", disk(1e9))])
    assert len(members) == 1
    assert [each.why for each in fleet_of(found).refused] == ["duplicate"]
    assert found.head.complete


@pytest.mark.parametrize("younger_first", [True, False])
def test_the_younger_of_two_reports_of_a_host_stands(tmp_path: Path, younger_first: bool) -> None:
    old = node("a", disk(1e9))
    young = node("a", disk(2e9), created=CREATED + timedelta(days=1))
    found, members = gathered(tmp_path, [young, old] if younger_first else [old, young])
    assert members == [young]
    (refused,) = fleet_of(found).refused
    assert refused.why == "superseded"
    assert Path(refused.source).name == ("r0001.json" if younger_first else "r0000.json")


def test_equal_machines_are_told_apart_though_their_names_were_taken_out(tmp_path: Path) -> None:
    tokens = [node("host-000000", disk(1e9), created=CREATED + timedelta(seconds=at))
              for at in range(3)]  # fmt: skip
    found, members = gathered(tmp_path, tokens)
    assert len(members) == 3
    assert len({each.name for each in fleet_of(found).nodes}) == 3


def test_nothing_at_all_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UnreadableReport, match=r"no file that ends in \.json"):
        gathered(tmp_path, [])
    with pytest.raises(UnreadableReport, match="No such file"):
        collect([tmp_path / "none"], SECRETS, Silent(), lambda _: None)
    (tmp_path / "a.json").write_text("")
    with pytest.raises(UnreadableReport, match=r"a\.json .*it is empty"):
        gathered(tmp_path, [])


def test_nodes_of_the_same_hardware_are_one_group_whatever_their_software(tmp_path: Path) -> None:
    def with_torch(name: str, version: str, cores: int = 8) -> Report:
        return node(name, cores=cores,
                    others=(filled(Software, name="s", torch=fact(version, "pip")),))  # fmt: skip

    found, _ = gathered(
        tmp_path,
        [with_torch("a", "2.12"), with_torch("b", "2.13"), with_torch("c", "2.13"),
         with_torch("d", "2.13", cores=64)],
    )  # fmt: skip
    first, second = fleet_of(found).groups
    assert (first.nodes, second.nodes) == (("a", "b", "c"), ("d",))
    assert first.hardware == "Xeon × 8"
    (mixture,) = first.mixtures
    assert mixture.what == "torch"
    assert mixture.values == {"2.12": ("a",), "2.13": ("b", "c")}


def test_a_slow_node_stands_out_with_its_metric_and_how_far(tmp_path: Path) -> None:
    """By hand: 100, 101, 99, 102, 60: median 100, MAD 1, floor 3: 60 is 13.3 away and −40 %."""
    values = (100e6, 101e6, 99e6, 102e6, 60e6)
    nodes = [node(f"n{at}", disk(each, peer=f"p{at}")) for at, each in enumerate(values)]
    (outlier,) = fleet_of(gathered(tmp_path, nodes)[0]).outliers
    assert (outlier.node, outlier.metric, outlier.nodes) == ("n4", "bandwidth", 5)
    assert outlier.median == 100e6
    assert outlier.deviation == pytest.approx(-0.4)
    assert outlier.distance == pytest.approx(-40 / 3)
    assert outlier.worse


def test_a_longer_latency_is_worse_and_a_shorter_one_better(tmp_path: Path) -> None:
    values = (1e-3, 1e-3, 1e-3, 2e-3, 0.5e-3)
    nodes = [node(f"n{at}", result("tcp", {}, latency("latency_p50", each)))
             for at, each in enumerate(values)]  # fmt: skip
    found = fleet_of(gathered(tmp_path, nodes)[0]).outliers
    assert [(each.node, each.worse) for each in found] == [("n3", True), ("n4", False)]


def test_ten_percent_is_within_what_machines_drift(tmp_path: Path) -> None:
    nodes = [node(f"n{at}", disk(each)) for at, each in enumerate((1e9, 1e9, 1e9, 0.9e9))]
    assert fleet_of(gathered(tmp_path, nodes)[0]).outliers == ()


@pytest.mark.parametrize(
    "odd",
    [
        node("odd", disk(1e6), cores=64),
        node("odd", disk(1e6, validity=Validity.INVALID)),
        node("odd", disk(1e6).model_copy(update={"revision": 2})),
    ],
    ids=["other hardware", "invalid", "another revision"],
)
def test_only_usable_values_of_like_nodes_are_held_against_each_other(
    tmp_path: Path, odd: Report
) -> None:
    nodes = [*(node(f"n{at}", disk(1e9)) for at in range(4)), odd]
    assert fleet_of(gathered(tmp_path, nodes)[0]).outliers == ()


def test_two_nodes_cannot_tell_which_of_them_is_odd(tmp_path: Path) -> None:
    nodes = [node("a", disk(1e9)), node("b", disk(1e6))]
    assert fleet_of(gathered(tmp_path, nodes)[0]).outliers == ()


def test_the_terms_of_every_node_add_up(tmp_path: Path) -> None:
    nodes = [node(f"n{at}") for at in range(3)]
    (terms,) = fleet_of(gathered(tmp_path, nodes)[0]).terms
    one, total = terms.nodes[0].terms["hardware"], terms.sums["hardware"]
    assert isinstance(one, Quantity)
    assert isinstance(total, Quantity)
    assert total.value == pytest.approx(3 * one.value)
    assert one.low is not None
    assert total.low == pytest.approx(3 * one.low)
    assert (terms.workload, terms.unit_of_account) == ("resnet50-training", "one training job")


def test_a_term_that_one_node_lacks_makes_no_sum_without_it(tmp_path: Path) -> None:
    whole = node("a")
    advice = whole.recommendations[0]
    candidates = tuple(
        each.model_copy(update={"terms": each.terms.model_copy(
            update={"energy": missing_term(each.terms.energy.unit)})})
        for each in advice.candidates
    )  # fmt: skip
    partly = node("b", recommendations=(advice.model_copy(update={"candidates": candidates}),))
    (terms,) = fleet_of(gathered(tmp_path, [whole, partly])[0]).terms
    missing = terms.sums["energy"]
    assert isinstance(missing, Missing)
    assert missing.detail == "not known of b"
    assert isinstance(terms.sums["hardware"], Quantity)


def test_what_is_handed_on_has_tokens_and_the_screen_has_names(tmp_path: Path) -> None:
    nodes = [
        node(f"secret-{at}", disk(value, peer=f"secret-{(at + 1) % 4}"),
             notes=(Note(level="info", text=f"secret-{(at + 2) % 4} was slow"),))
        for at, value in enumerate((1e9, 1e9, 1e9, 1e6))
    ]  # fmt: skip
    (tmp_path / "secret-9.json").write_text("")
    found, members = gathered(tmp_path, nodes, Wish())
    assert fleet_of(found).outliers[0].node == "secret-3"
    written = found.handed_on.model_dump_json() + "".join(e.model_dump_json() for e in members)
    assert "secret" not in written
    handed_on = found.handed_on.fleet
    assert handed_on is not None
    assert [each.name for each in handed_on.nodes] == [each.host.name for each in members]
    assert handed_on.outliers[0].node == members[3].host.name
    assert handed_on.groups[0].nodes == tuple(each.host.name for each in members)


def test_samples_are_left_out_where_the_file_could_not_be_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workflow, "_SAMPLES_LIMIT", 1000)
    found, members = gathered(tmp_path, [node("a", disk(1e9))])
    assert not fleet_of(found).has_samples
    assert all(not each.samples for member in members for each in member.results)
    assert "raw samples were left out" in found.head.notes[0].text


def test_the_frames_hold_every_node_figure_and_term(tmp_path: Path) -> None:
    nodes = [node(f"n{at}", disk(1e9), disk(2e9, peer="y")) for at in range(2)]
    found, members = gathered(tmp_path, nodes)
    told = frames(found.head.model_copy(update={"members": tuple(members)}))
    assert list(told.nodes["host"]) == ["n0", "n1"]
    assert list(told.nodes["group"]) == [1, 1]
    bandwidth = told.metrics[told.metrics["metric"] == "bandwidth"]
    assert list(bandwidth.groupby("host")["value"].max()) == [2e9, 2e9]
    assert set(told.terms["term"]) == {"compute", "storage", "bandwidth", "hardware", "energy"}
    assert len(frames(nodes[0]).metrics) == 2


def test_a_figure_that_is_missing_is_nan_and_says_why() -> None:
    told = frames(report()).metrics
    power = told[told["metric"] == "power"].iloc[0]
    assert power["value"] != power["value"]
    assert power["missing"] == "no meter can be read"


def test_a_report_costs_little_time_and_what_is_kept_of_it_little_memory(tmp_path: Path) -> None:
    """So that a thousand take ten seconds at most and one report's memory: 10 ms and 20 kB each.

    Time is the processor's, so that a busy machine does not matter much; it is about half of that.
    """
    text = report().model_dump_json()
    for at in range(200):
        (tmp_path / f"n{at}.json").write_text(text.replace("edge-01", f"node-{at:04}"))
    begin = process_time()
    with Spool() as spool:
        collect([tmp_path], Wish(), Silent(), lambda member: spool.add(member.model_dump_json()))
    assert process_time() - begin < 200 * 0.010
    tracemalloc.start()
    kept = collect([tmp_path], Wish(), Silent(), lambda _: None)
    now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(kept.kept) == 200
    assert now < 200 * 20_000
    assert peak < 200 * 20_000 + 10_000_000
