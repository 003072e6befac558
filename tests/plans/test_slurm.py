import re
import subprocess
from pathlib import Path

import pytest

from bitpath_cli.model.units import SECOND
from bitpath_cli.plans.slurm import PLAN
from tests.plans.examples import (
    GIB,
    HOSTILE,
    called,
    check_scripts,
    group,
    hostile,
    job,
    named,
    predicted,
    service,
    stub,
    write,
)


def directives(text: str) -> dict[str, str]:
    """What sbatch reads, until the first line that is no comment."""
    found = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        if line.startswith("#SBATCH "):
            name, _, value = line.removeprefix("#SBATCH --").partition("=")
            found[name] = value
    return found


def test_it_asks_for_what_is_known() -> None:
    # 1 GiB for the model and 512 MiB for the runtime are 1536 MiB; ÷ 0.92 that is 1669.6.
    told = directives(named(PLAN.draw(job()), "job.sbatch"))
    assert told == {
        "job-name": "resnet50-training", "nodes": "2", "ntasks-per-node": "1",
        "cpus-per-task": "8", "mem": "1670M", "time": "1-03:47:00",
        "output": "resnet50-training-%j.out",
    }  # fmt: skip


def test_it_never_asks_for_more_memory_than_a_node_has() -> None:
    full = job(group(2, memory_needed=15.9 * GIB, memory=16 * GIB))
    assert directives(named(PLAN.draw(full), "job.sbatch"))["mem"] == f"{16 * 1024 - 1}M"


def test_what_is_not_known_is_left_to_the_cluster_and_said() -> None:
    text = named(PLAN.draw(job(group(2, "a100", accelerators=4))), "job.sbatch")
    told = directives(text)
    assert told["gpus-per-node"] == "4"
    assert "mem" not in told
    assert "cpus-per-task" not in told
    assert "# --cpus-per-task is left to the cluster: unknown (the profile of a100" in text


@pytest.mark.parametrize(
    ("seconds", "limit"),
    [(60, "0-00:01:00"), (61, "0-00:02:00"), (86_399, "1-00:00:00"), (90_000, "1-01:00:00")],
)
def test_the_time_limit_is_the_upper_end_in_whole_minutes(seconds: float, limit: str) -> None:
    forecast = {"job_time": predicted(seconds, SECOND, 1.0)}
    assert directives(named(PLAN.draw(job(forecast=forecast)), "job.sbatch"))["time"] == limit


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_becomes_a_directive_or_a_command(tmp_path: Path, text: str) -> None:
    files = PLAN.draw(hostile(job(), text))
    told = directives(named(files, "job.sbatch"))
    assert set(told) <= {"job-name", "nodes", "ntasks-per-node", "mem", "time", "output"}
    assert re.fullmatch(r"[a-z0-9-]+", told["job-name"])
    write(files, tmp_path)
    stubs = stub(tmp_path / "bin", "srun")
    (tmp_path / "bin" / "scontrol").write_text("#!/bin/sh\necho node0\n")
    (tmp_path / "bin" / "scontrol").chmod(0o755)
    done = subprocess.run(
        ["./job.sbatch"], cwd=tmp_path, capture_output=True, text=True, check=True,
        env={**stubs, "SLURM_SUBMIT_DIR": str(tmp_path), "SLURM_JOB_NODELIST": "node[0-1]",
             "SLURM_JOB_ID": "7"},
    )  # fmt: skip
    assert called(done.stdout) == [
        "srun", "--kill-on-bad-exit=1", "./node.sh", "python3", "train.py", text,
    ]  # fmt: skip
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize("count", [1, 2])
def test_shellcheck_finds_nothing(tmp_path: Path, count: int) -> None:
    check_scripts(PLAN.draw(job(group(count))), tmp_path)


def test_what_it_cannot_express_is_refused() -> None:
    assert PLAN.refuse(service()) == "Slurm runs jobs that end, not services"
    assert "two places" in PLAN.refuse(job(group(1), group(1, "a100", "cloud")))
    assert "two kinds" in PLAN.refuse(job(group(1), group(1, "a100")))
    assert PLAN.refuse(job(group(1), group(3))) == ""
