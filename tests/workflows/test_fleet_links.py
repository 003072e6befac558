"""Links between a fleet's hosts: the slower way, the slow end, and ranks that nobody can place."""

from bitpath_cli.workflows._fleet_links import HostLinks, Link, find_links
from tests.questions import exact
from tests.workflows.fleets import fleet, host, pairs, tcp


def test_of_two_ways_the_slower_counts_and_of_several_streams_the_best() -> None:
    told = (
        tcp("b", 1e8, "send", 1), tcp("b", 1.2e8, "send", 4), tcp("b", 0.9e8, "receive", 4),
        tcp("b", 2.1e8, "both", 4),
    )  # fmt: skip
    found = find_links(fleet(host("a", 1e11, *told), host("b")), ("a", "b"))
    (link,) = found.known.values()
    assert link.bandwidth is not None and link.bandwidth.value == 0.9e8
    assert link.latency is not None and link.latency.value == 1e-4


def test_a_peer_with_a_port_is_the_member_of_that_name() -> None:
    found = find_links(fleet(host("a", 1e11, tcp("b:29470", 1e8)), host("b")), ("a", "b"))
    assert set(found.known) == {("a", "b")}


def test_ranks_are_hosts_by_the_address_that_their_routes_leave_from() -> None:
    members = (host("a", address="10.0.0.1"), host("b", address="10.0.0.2"))
    told = pairs(("10.0.0.2", "10.0.0.1"), {(0, 1): 1e8})
    found = find_links(fleet(*members, results=(told,)), ("a", "b"))
    assert set(found.known) == {("a", "b")}
    assert found.notes == ()


def test_ranks_at_addresses_of_no_member_are_not_guessed_and_that_is_said() -> None:
    told = pairs(("10.9.0.2", "10.9.0.1"), {(0, 1): 1e8})
    found = find_links(fleet(host("a"), host("b"), results=(told,)), ("a", "b"))
    assert not found.known
    (note,) = found.notes
    assert "which of its ranks is which host cannot be told" in note


def test_the_end_whose_other_links_are_worse_leaves() -> None:
    """c – d is slow; d's other links are at 70 and c's at 100, so d leaves and no one else."""
    rates = {("a", "b"): 100, ("a", "c"): 100, ("b", "c"): 100, ("a", "d"): 70, ("b", "d"): 70,
             ("c", "d"): 10}  # fmt: skip
    known = {pair: Link(None, exact(rate)) for pair, rate in rates.items()}
    assert HostLinks(known, ()).divide(["a", "b", "c", "d"]) == [["a", "b", "c"], ["d"]]
    assert HostLinks({}, ()).divide(["a", "b"]) == [["a", "b"]]


def test_the_slowest_link_within_and_between_kinds_counts() -> None:
    rates = {("a", "b"): 100, ("a", "c"): 90, ("b", "c"): 80, ("a", "d"): 20, ("b", "d"): 30}
    known = {pair: Link(exact(1 / rate), exact(rate)) for pair, rate in rates.items()}
    found = HostLinks(known, ()).among([("a", "b", "c"), ("d",), ("e",)])
    assert {kinds: link.bandwidth.value for kinds, link in found.items() if link.bandwidth} == {
        (0, 0): 80, (0, 1): 20,
    }  # fmt: skip
    slowest = found[0, 1].latency
    assert slowest is not None and slowest.value == 1 / 20
