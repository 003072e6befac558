import subprocess
from pathlib import Path

import pytest

from bitpath_cli.model.plan import Program
from bitpath_cli.plans.torchrun import PLAN
from tests.plans.examples import (
    HOSTILE,
    called,
    check_scripts,
    group,
    hostile,
    job,
    named,
    service,
    stub,
    write,
)


def run(folder: Path, *words: str, **more: str) -> list[str]:
    """What torchrun is called with by a script."""
    done = subprocess.run(
        words, cwd=folder, env={**stub(folder / "bin", "torchrun"), **more},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert not (folder / "owned").exists()
    return called(done.stdout)


def test_each_node_has_its_own_number_and_ranks(tmp_path: Path) -> None:
    made = job(group(1), group(2, "a100", accelerators=4))
    write(PLAN.draw(made), tmp_path)
    assert run(tmp_path, "./node-0.sh", MASTER_ADDR="10.0.0.1") == [
        "torchrun", "--nnodes=3", "--node-rank=0", "--nproc-per-node=1",
        "--master-addr=10.0.0.1", "--master-port=29500", "--no-python", "python3", "train.py",
    ]  # fmt: skip
    last = run(tmp_path, "./node-2.sh", MASTER_ADDR="10.0.0.1", MASTER_PORT="1234")
    assert last[2:6] == [
        "--node-rank=2", "--nproc-per-node=4", "--master-addr=10.0.0.1", "--master-port=1234",
    ]  # fmt: skip


def test_words_after_the_script_are_run_instead(tmp_path: Path) -> None:
    write(PLAN.draw(job()), tmp_path)
    found = run(tmp_path, "./node-1.sh", "my trainer", "--lr", "$(id)", MASTER_ADDR="h")
    assert found[-3:] == ["my trainer", "--lr", "$(id)"]


def test_one_node_needs_no_address(tmp_path: Path) -> None:
    write(PLAN.draw(job(group(1))), tmp_path)
    assert run(tmp_path, "./node-0.sh")[1:3] == ["--standalone", "--nproc-per-node=1"]


def test_without_an_address_a_node_says_what_to_set(tmp_path: Path) -> None:
    write(PLAN.draw(job()), tmp_path)
    done = subprocess.run(
        ["./node-1.sh"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "MASTER_ADDR: set it to the address of node 0" in done.stderr


def test_a_host_that_was_named_is_the_address(tmp_path: Path) -> None:
    program = Program(words=("true",), hosts=("10.9.8.7", "10.9.8.6"))
    write(PLAN.draw(job(program=program)), tmp_path)
    assert "--master-addr=10.9.8.7" in run(tmp_path, "./node-1.sh")


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_gets_out_of_its_place(tmp_path: Path, text: str) -> None:
    made = hostile(job(), text)
    write(PLAN.draw(made), tmp_path)
    assert run(tmp_path, "./node-0.sh")[-3:] == ["python3", "train.py", text]


@pytest.mark.parametrize("made", [job(), job(group(1)), hostile(job(), HOSTILE[0])])
def test_shellcheck_finds_nothing(tmp_path: Path, made: object) -> None:
    check_scripts(PLAN.draw(made), tmp_path)  # type: ignore[arg-type]


def test_threads_are_those_that_the_host_may_use() -> None:
    assert "OMP_NUM_THREADS:-8}" in named(PLAN.draw(job()), "node-0.sh")
    other = job(group(2, "a100", accelerators=1))
    assert "OMP_NUM_THREADS" not in named(PLAN.draw(other), "node-0.sh")


def test_the_same_blueprint_gives_the_same_bytes() -> None:
    assert PLAN.draw(job()) == PLAN.draw(job())


def test_the_numbers_stand_in_every_script_with_units_and_intervals() -> None:
    text = named(PLAN.draw(job()), "node-1.sh")
    assert "# Planned by bitpath from the report of 2026-11-24 20:17 UTC" in text
    assert "#   step_time: 500 ms = 0.5 [0.4 to 0.625 at 80 %] s, derived: the cost model" in text


def test_a_service_is_refused() -> None:
    assert PLAN.refuse(service()) == "torchrun starts training jobs, not services"
    assert PLAN.refuse(job()) == ""
