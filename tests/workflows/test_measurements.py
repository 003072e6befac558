"""What could still be measured: the command for each input, and what it would be worth."""

from dataclasses import replace

import pytest

from bitpath_cli.model.units import BYTE_PER_SECOND
from bitpath_cli.strategies import Question
from bitpath_cli.workflows._judgement import judge
from bitpath_cli.workflows._measurements import measurements, way_to_measure
from bitpath_cli.workflows.advise import recommend
from tests.questions import GBIT, exact, job, machine, question, site, wire
from tests.workflows.test_fleet_hosts import BALANCED, FASTEST


def unsure_of_the_network() -> Question:
    """Two nodes or one: whether the wire carries enough decides, and its rate is × ÷ 3."""
    workload = job(2)
    assert workload.training is not None
    bare = workload.training.model_copy(update={"local_steps": ()})
    workload = workload.model_copy(update={"training": bare})
    over = replace(wire(), bandwidth=exact(0.2 * GBIT, BYTE_PER_SECOND, 3.0))
    return question(workload, at=site(without_cloud=True), over=over)


def test_the_network_is_named_with_its_command_and_what_knowing_it_is_worth() -> None:
    found = recommend(unsure_of_the_network(), FASTEST)
    first = found.measurements[0]
    assert first.what == "the network between the nodes"
    assert "wire.bandwidth" in first.inputs
    assert first.confidence_now < 0.9
    assert first.confidence_if_known > 0.95
    now, known = (f"{100 * each:.2g}" for each in (first.confidence_now, first.confidence_if_known))
    assert first.sentence == (
        f"measure the network between the nodes: it would raise the confidence from {now} % to "
        f"about {known} %: {first.command}"
    )
    assert first.command.startswith("bitpath bench allreduce --nnodes 2 --node-rank R --rendezvous")


def test_nothing_is_to_be_measured_where_all_is_known() -> None:
    found = recommend(question(job(32), at=site(without_cloud=True)), FASTEST)
    assert found.measurements == ()


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("today's host.storage_rate", ""),
        ("today.storage_rate", "bitpath bench storage --dir DIR -o storage.json"),
        ("today.power_max", "bitpath bench power -o power.json"),
        ("uplink.up", "bitpath bench network --listen ADDRESS"),
        ("work.forward", "bitpath profiles new --model package.module:factory"),
        ("2 × card.rate.float16", "bitpath assess -o card.json on a machine with one"),
        ("2 × card.memory_bandwidth", "--measured card=card.json"),
        ("2 × card.power_max", ""),
        ("site.duty", ""),
        ("training.epochs", ""),
    ],
)
def test_the_command_for_each_input(name: str, command: str) -> None:
    card = replace(machine("card-2"), hardware="2 × card")
    judged = judge(question(job(256), (card,)), BALANCED)
    way = way_to_measure(judged, name)
    assert (way is None) == (command == "")
    assert way is None or command in way.command


def test_the_best_known_first() -> None:
    judged = judge(unsure_of_the_network(), FASTEST)
    assert judged.winner is not None
    found = measurements(judged, judged.winner)
    gains = [each.confidence_if_known for each in found]
    assert gains == sorted(gains, reverse=True)
