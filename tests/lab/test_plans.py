"""Plans that really run: on hosts in network namespaces, by the scripts as they were written."""

import json
import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bitpath_cli.model.plan import Expectation, Program
from bitpath_cli.model.reading import reported
from bitpath_cli.model.units import BYTE_PER_SECOND, FLOP_PER_SECOND, ONE
from bitpath_cli.plans import PlanFile
from bitpath_cli.plans.ray import PLAN as RAY
from bitpath_cli.plans.slurm import PLAN as SLURM
from bitpath_cli.plans.torchrun import PLAN as TORCHRUN
from tests.lab import slurm_cluster
from tests.lab.hosts import ROOT, Hosts, hosts, lacking
from tests.plans.examples import group, job, predicted, write

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(bool(lacking()), reason=lacking() or "the lab is complete"),
]
PORT = "29410"
PROGRAM = """
import sys, torch, torch.distributed as dist
dist.init_process_group("gloo")
total = torch.ones(1) * (dist.get_rank() + 1)
dist.all_reduce(total)
print("SUM", int(total), "OF", dist.get_world_size(), *sys.argv[1:])
dist.destroy_process_group()
"""


@pytest.fixture
def two() -> Iterator[Hosts]:
    with hosts(2) as made:
        yield made


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """bitpath with a shorter quick budget, as people find it: on the PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    script = folder / "bitpath"
    script.write_text(
        f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m tests.lab.brief "$@"\n'
    )
    script.chmod(0o755)
    return folder


def start(two: Hosts, host: int, folder: Path, tools: Path, *words: str) -> "subprocess.Popen[str]":
    """A script on a host, as a person there would type it."""
    path = f"{tools}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    return two.start(
        host, "tests.lab.in_folder", str(folder), "env", f"PATH={path}", f"MASTER_PORT={PORT}",
        f"MASTER_ADDR={two.address(0)}", "GLOO_SOCKET_IFNAME=eth0", *words,
    )  # fmt: skip


def end(process: "subprocess.Popen[str]") -> tuple[int, str, str]:
    out, err = process.communicate(timeout=110)
    return process.returncode, out, err


def made(folder: Path, files: tuple[PlanFile, ...]) -> Path:
    folder.mkdir()
    write(files, folder)
    (folder / "train.py").write_text(PROGRAM)
    return folder


def expectations(bandwidth: float) -> tuple[Expectation, ...]:
    """Rates with room for any machine, a thousandth to a thousand times of what is named."""
    return (
        Expectation(
            name="float32 rate", forecast=predicted(200e9, FLOP_PER_SECOND, 1000),
            benchmark="gemm", metric="throughput", parameters={"dtype": "float32"},
            device="today's host",
        ),
        Expectation(
            name="all-reduce bandwidth", forecast=predicted(bandwidth, BYTE_PER_SECOND, 1000),
            benchmark="collectives", metric="beta", parameters={"op": "all_reduce"},
            is_inverse=True,
        ),
    )  # fmt: skip


def test_the_scripts_for_torchrun_train_over_two_hosts(
    two: Hosts, tools: Path, tmp_path: Path
) -> None:
    folder = made(tmp_path / "plan", TORCHRUN.draw(job(group(2))))
    words = (sys.executable, "train.py", "$(id) it's")
    runs = [start(two, host, folder, tools, f"./node-{host}.sh", *words) for host in range(2)]
    for code, out, err in map(end, runs):
        assert code == 0, err
        # Ranks 0 and 1 add 1 and 2.
        assert "SUM 3 OF 2 $(id) it's" in out


def test_without_a_program_the_stand_in_trains_over_two_hosts(
    two: Hosts, tools: Path, tmp_path: Path
) -> None:
    words = ("bitpath", "bench", "training", "--model", "mlp", "--sync", "ddp", "--budget", "quick")
    program = Program(words=(*words, "--json"), is_stand_in=True)
    folder = made(tmp_path / "plan", TORCHRUN.draw(job(group(2), program=program)))
    runs = [start(two, host, folder, tools, f"./node-{host}.sh") for host in range(2)]
    (code, out, err), (other, _, _) = map(end, runs)
    assert (code, other) == (0, 0), err
    (result,) = json.loads(out)["results"]
    assert (result["benchmark"], result["parameters"]["world_size"]) == ("train_step", 2)


def test_verify_measures_the_link_and_compares(two: Hosts, tools: Path, tmp_path: Path) -> None:
    """As forecast, and far below another forecast, which no link reaches."""
    plan = job(group(2), expectations=expectations(1e9))
    folder = made(tmp_path / "plan", TORCHRUN.draw(plan))
    runs = [start(two, host, folder, tools, "./verify.sh", str(host)) for host in range(2)]
    code, out, err = end(runs[0])
    end(runs[1])
    assert code == 0, out + err
    assert "all-reduce bandwidth: as forecast" in out
    assert "float32 rate: as forecast" in out
    other = made(tmp_path / "other", TORCHRUN.draw(job(group(2), expectations=expectations(1e18))))
    words = ("bitpath", "plan", str(folder / "allreduce.json"), "--verify", ".")
    code, out, err = end(start(two, 0, other, tools, *words))
    assert code == 1, out + err
    assert "all-reduce bandwidth: worse" in out


@pytest.mark.skipif(bool(slurm_cluster.lacking()), reason=slurm_cluster.lacking() or "complete")
def test_the_batch_job_trains_on_two_hosts_of_a_slurm_cluster(
    two: Hosts, tools: Path, tmp_path: Path
) -> None:
    small = group(2, memory_needed=100 << 20)
    plan = job(small, cpus=reported(1, ONE, "/proc"))
    folder = made(tmp_path / "plan", SLURM.draw(plan))
    (tmp_path / "slurm").mkdir()
    words = (sys.executable, "train.py", "$(id) it's")
    with slurm_cluster.slurm_cluster(two, tmp_path / "slurm") as slurm:
        path = f"{tools}:{Path(sys.executable).parent}:{os.environ['PATH']}"
        code, out, err = end(
            slurm.run(
                sys.executable, "-m", "tests.lab.in_folder", str(folder), "env", f"PATH={path}",
                "GLOO_SOCKET_IFNAME=eth0", "sbatch", "--wait", "job.sbatch", *words,
            )
        )  # fmt: skip
    (printed,) = (each.read_text() for each in folder.glob("*.out"))
    assert code == 0, out + err + printed
    assert printed.count("SUM 3 OF 2 $(id) it's") == 2


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """Ray's sockets lie below it, and their names are short; asked for first, it goes last."""
    with tempfile.TemporaryDirectory(prefix="bpplan", dir="/tmp") as folder:
        yield Path(folder)


def test_the_job_for_ray_trains_on_a_cluster_of_two_hosts(
    short_folder: Path, two: Hosts, tools: Path, tmp_path: Path
) -> None:
    pytest.importorskip("ray", reason="needs the package ray")
    folder = made(tmp_path / "plan", RAY.draw(job(group(2))))
    small = ("--num-cpus=1", "--object-store-memory=80000000", "--include-dashboard=false")
    start(
        two, 0, folder, tools, "RAY_PORT=6391", "./node.sh", "head", two.address(0),
        f"--temp-dir={short_folder}", *small,
    )  # fmt: skip
    wait_for_listener(two, 0, 6391)
    start(
        two, 1, folder, tools, "RAY_PORT=6391", "./node.sh", "worker", two.address(1),
        two.address(0), *small[:2],
    )  # fmt: skip
    words = (sys.executable, str(folder / "train.py"), "$(id) it's")
    run = start(
        two, 0, folder, tools, f"RAY_ADDRESS={two.address(0)}:6391", sys.executable, "job.py",
        "--stdout", "node-0.txt", *words,
    )  # fmt: skip
    code, out, err = end(run)
    assert code == 0, out + err
    assert "SUM 3 OF 2 $(id) it's" in (folder / "node-0.txt").read_text()


def wait_for_listener(two: Hosts, host: int, port: int) -> None:
    while f":{port} " not in two.listeners(host):
        select.select([], [], [], 0.1)
