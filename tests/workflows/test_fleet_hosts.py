"""A fleet's hosts as kinds of machine: who is alike, who is left out, who holds the others up."""

import pytest

from bitpath_cli.errors import UnmeasuredHost
from bitpath_cli.model.recommendation import TERM_NAMES
from bitpath_cli.model.site import Site
from bitpath_cli.workflows._fleet_hosts import fleet_of
from bitpath_cli.workflows._judgement import Wishes
from bitpath_cli.workflows._question import question_for
from bitpath_cli.workflows.advise import recommend
from tests.questions import GBIT, job, link, site
from tests.workflows.fleets import fleet, host, pairs, tcp

BALANCED = Wishes("balanced", dict.fromkeys(TERM_NAMES, 1.0), "the test")
FASTEST = Wishes("speed", {name: float(name == "compute") for name in TERM_NAMES}, "the test")


def ours() -> Site:
    """A place that can neither buy nor rent, with a fast network."""
    return site(lan=link(10 * GBIT, 10 * GBIT, 1e-4), without_cloud=True)


def test_hosts_alike_become_one_machine_as_fast_as_the_slowest_of_them() -> None:
    found = fleet_of(fleet(host("a1", 200e9), host("a2", 210e9), host("a3", 190e9)), ours())
    (kind,) = found.machines
    assert kind.name == "host like a1"
    assert kind.hosts == ("a1", "a2", "a3")
    assert kind.rates["float32"].value == 190e9
    assert kind.rates["float32"].origin.source.endswith("a3, the slowest of 3 alike")
    assert set(kind.prices) == {"owned"}
    assert found.notes == ()


def test_a_straggler_is_a_kind_of_its_own_and_is_named() -> None:
    found = fleet_of(fleet(host("a1"), host("a2"), host("a3"), host("slow", 100e9)), ours())
    assert [each.hosts for each in found.machines] == [("a1", "a2", "a3"), ("slow",)]
    (note,) = found.notes
    assert note.startswith("slower than a1, a2, a3: slow, with 50 % of the float32 rate;")


def test_a_slow_memory_alone_tells_a_host_apart_too() -> None:
    found = fleet_of(fleet(host("a1"), host("a2"), host("a3", triad=20e9)), ours())
    assert [each.hosts for each in found.machines] == [("a1", "a2"), ("a3",)]
    assert "a3, with 50 % of the memory rate" in found.notes[0]


def test_a_member_that_was_not_measured_is_left_out_by_name() -> None:
    found = fleet_of(fleet(host("a1"), host("bare", None)), ours())
    assert [each.hosts for each in found.machines] == [("a1",)]
    (note,) = found.notes
    assert note.startswith("left out, for want of a valid rate of matrix products (gemm): bare")
    with pytest.raises(UnmeasuredHost):
        fleet_of(fleet(host("bare", None)), ours())


def test_more_than_32_kinds_are_not_weighed_and_that_is_said() -> None:
    members = [host(f"h{number:02d}", 10e9 * 1.5**number) for number in range(34)]
    found = fleet_of(fleet(*members), ours())
    assert len(found.machines) == 32
    assert any(note.startswith("2 hosts of 2 more kinds were left out") for note in found.notes)


def test_a_fleet_s_distributed_uses_real_hosts_and_divides_the_batch_by_their_speed() -> None:
    """Three at 200 and one at 100 GFLOP/s: of 256 samples 256/3.5 = 73.1, so 74, and half of it."""
    members = [host(f"fast-{number}") for number in (1, 2, 3)] + [host("slow", 100e9)]
    question = question_for(fleet(*members), job(256), ours())
    found = recommend(question, FASTEST)
    assert found.winner is not None
    assert found.winner.strategy == "distributed"
    assert [group.hosts for group in found.winner.nodes] == [
        ("fast-1", "fast-2", "fast-3"), ("slow",),
    ]  # fmt: skip
    assert {group.tenure for group in found.winner.nodes} == {"owned"}
    samples = [group.expected.samples for group in found.winner.nodes if group.expected]
    assert [getattr(each, "value", None) for each in samples] == [74, 37]
    assert any("slower than fast-1" in note for note in found.notes)
    assert any("fast-1, fast-2, fast-3" in note for note in found.notes)


def test_fewer_nodes_than_the_fleet_has_are_used_where_the_person_says_so() -> None:
    question = question_for(fleet(*(host(f"a{n}") for n in range(6))), job(256), ours(), 2)
    found = recommend(question, BALANCED)
    assert found.winner is not None
    assert sum(group.count for group in found.winner.nodes) <= 2


def test_a_host_behind_a_slow_link_is_a_kind_of_its_own_and_the_others_keep_their_wire() -> None:
    """1 Gbit/s among all but d, which is reached at 0.1: the set of three never waits for it."""
    addresses = ("10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4")
    names = ("a", "b", "c", "d")
    rates = {
        (one, other): 0.1 * GBIT if other == 3 else GBIT
        for one in range(4) for other in range(one + 1, 4)
    }  # fmt: skip
    members = [host(n, address=at) for n, at in zip(names, addresses, strict=True)]
    question = question_for(fleet(*members, results=(pairs(addresses, rates),)), job(256), ours())
    assert [each.hosts for each in question.machines] == [("a", "b", "c"), ("d",)]
    assert question.links[0, 0].bandwidth.value == GBIT
    assert question.links[0, 0].latency.value == 5e-5
    assert question.links[0, 1].bandwidth.value == 0.1 * GBIT
    assert any("slow links" in note and "– d 10 %" in note for note in question.notes)


def test_what_members_measured_to_each_other_is_no_uplink_and_what_lies_outside_is() -> None:
    members = (host("node-a", 200e9, tcp("node-b", GBIT), tcp("cloud.example", 3e6)),
               host("node-b"))  # fmt: skip
    question = question_for(fleet(*members), job(256), ours())
    assert question.site.uplink.up.value == 3e6
    assert question.links[0, 0].bandwidth.value == GBIT
    assert question.links[0, 0].latency.value == 1e-4
