"""One case a launcher, with the launcher itself: Slurm, Open MPI, torchrun, Ray.

There is no Kubernetes to be had here: its case starts the processes itself, with the environment
and the host names that pods of an Indexed Job and of a PyTorchJob have.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lab import ray_cluster, slurm_cluster
from tests.lab.extent import full
from tests.lab.hosts import ROOT, Hosts, hosts, lacking

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(bool(lacking()), reason=lacking() or "the lab is complete"),
]
BENCH = ("-m", "tests.lab.brief", "bench", "allreduce", "-b", "quick", "--json", "--max-size",
         "64KiB")  # fmt: skip
SHORT = {"LAB_SECONDS": "6"}


@pytest.fixture
def two() -> Iterator[Hosts]:
    with hosts(2) as made:
        yield made


@pytest.fixture
def folder() -> Iterator[Path]:
    """With a short name, for sockets lie in it."""
    with tempfile.TemporaryDirectory(prefix="bpl", dir="/tmp") as name:
        yield Path(name)


def end(process: "subprocess.Popen[str]") -> tuple[int, str, str]:
    out, err = process.communicate(timeout=90)
    return process.returncode, out, err


def parameters(text: str, err: str) -> dict[str, Any]:
    """Of the one result, after whose correctness nothing may be in doubt."""
    try:
        (result,) = json.loads(text)["results"]
    except ValueError as error:
        raise AssertionError(text + err) from error
    assert result["points"], result
    assert all(each["wrong"] == 0 for each in result["points"])
    assert "loopback_only" not in result["reasons"]
    told: dict[str, Any] = result["parameters"]
    return told


@pytest.mark.skipif(bool(slurm_cluster.lacking()), reason=slurm_cluster.lacking() or "complete")
def test_srun_needs_no_flags(two: Hosts, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_SECONDS", SHORT["LAB_SECONDS"])
    with slurm_cluster.slurm_cluster(two, folder) as slurm:
        code, out, err = end(slurm.run("srun", "-N2", sys.executable, *BENCH))
        assert code == 0, err
        told = parameters(out, err)
        assert (told["world_size"], told["nodes"], told["interface"]) == (2, 2, "eth0")


@full
@pytest.mark.skipif(bool(slurm_cluster.lacking()), reason=slurm_cluster.lacking() or "complete")
def test_sbatch_starts_two_ranks_on_each_node(
    two: Hosts, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAB_SECONDS", SHORT["LAB_SECONDS"])
    job = folder / "job.sh"
    job.write_text(f"#!/bin/sh\nsrun --ntasks-per-node=2 {sys.executable} {' '.join(BENCH)}\n")
    with slurm_cluster.slurm_cluster(two, folder) as slurm:
        code, _, err = end(
            slurm.run(
                "sbatch", "--wait", "-N2", "--ntasks-per-node=2", f"--chdir={ROOT}",
                f"--output={folder}/out", f"--error={folder}/err", str(job),
            )
        )  # fmt: skip
        assert code == 0, err + (folder / "err").read_text()
        told = parameters((folder / "out").read_text(), (folder / "err").read_text())
        assert (told["world_size"], told["nodes"]) == (4, 2)


@pytest.mark.skipif(
    shutil.which("mpirun") is None, reason="needs mpirun, of Debian's openmpi-bin: make lab"
)
@pytest.mark.parametrize("ranks", [2, pytest.param(4, marks=full)])
def test_mpirun_needs_no_flags(two: Hosts, folder: Path, ranks: int) -> None:
    names = name_hosts(two, folder, "node0", "node1")
    agent = str(Path(__file__).parent / "mpi-agent")
    code, out, err = end(
        two.run(
            0, "mpirun", "--allow-run-as-root", "--mca", "plm_rsh_agent", agent,
            "--mca", "oob_tcp_if_include", "eth0", "-np", str(ranks),
            "-H", f"node0:{ranks // 2},node1:{ranks // 2}", "-x", "LAB_SECONDS",
            "--map-by", "node", sys.executable, *BENCH,
            names=names, name="node0",
            environment={**SHORT, "LAB_SPACES": two.spaces, "LAB_NAMES": str(names)},
        )
    )  # fmt: skip
    assert code == 0, err
    told = parameters(out, err)
    assert (told["world_size"], told["nodes"], told["interface"]) == (ranks, 2, "eth0")


def name_hosts(two: Hosts, folder: Path, *names: str) -> Path:
    file = folder / "hosts"
    lines = [f"{two.address(host)} {name}" for host, name in enumerate(names)]
    file.write_text("\n".join(["127.0.0.1 localhost", *lines, ""]))
    return file


def indexed_job(index: int) -> dict[str, str]:
    """What a pod of an Indexed Job is told, and what its manifest must add."""
    return {"JOB_COMPLETION_INDEX": str(index), "WORLD_SIZE": "2"}


def pytorch_job(index: int) -> dict[str, str]:
    """What the training operator sets in the pods of a PyTorchJob."""
    return {
        "MASTER_ADDR": "train-0", "MASTER_PORT": "23456", "WORLD_SIZE": "2", "RANK": str(index),
        "PET_NNODES": "2", "PET_NODE_RANK": str(index), "PYTHONUNBUFFERED": "1",
    }  # fmt: skip


@pytest.mark.parametrize("pod", [indexed_job, pytest.param(pytorch_job, marks=full)])
def test_the_environment_of_pods_is_enough(two: Hosts, folder: Path, pod: Any) -> None:
    domain = "train.default.svc.cluster.local"
    names = name_hosts(
        two, folder, *(f"train-{index}.{domain} train-{index}" for index in range(2))
    )
    runs = [
        two.run(
            host, sys.executable, *BENCH, names=names, name=f"train-{host}",
            environment={**SHORT, **pod(host)},
        )
        for host in range(2)
    ]  # fmt: skip
    code, out, err = end(runs[0])
    assert (code, end(runs[1])[:2]) == (0, (0, "")), err
    told = parameters(out, err)
    assert (told["world_size"], told["nodes"], told["interface"]) == (2, 2, "eth0")


@pytest.mark.parametrize("ranks", [1, pytest.param(2, marks=full)])
def test_torchrun_tells_the_ranks_where_they_are(two: Hosts, ranks: int) -> None:
    runs = [
        two.run(
            host, sys.executable, "-m", "torch.distributed.run", "--nnodes=2",
            f"--node-rank={host}", f"--nproc-per-node={ranks}",
            f"--master-addr={two.address(0)}", "--master-port=29400", *BENCH,
            environment={**SHORT, "TORCH_CPP_LOG_LEVEL": "ERROR"},
        )
        for host in range(2)
    ]  # fmt: skip
    code, out, err = end(runs[0])
    assert (code, end(runs[1])[:2]) == (0, (0, "")), err
    told = parameters(out, err)
    assert (told["world_size"], told["nodes"]) == (2 * ranks, 2)
    assert "socket.cpp" not in err


def ray_bench(two: Hosts, address: str, *more: str) -> "subprocess.Popen[str]":
    return two.run(
        0, sys.executable, *BENCH, "--launcher", "ray", "--ray-address", address,
        "--progress-timeout", "6s", *more, environment=SHORT,
    )  # fmt: skip


@pytest.mark.skipif(bool(ray_cluster.lacking()), reason=ray_cluster.lacking() or "complete")
def test_a_ray_cluster_gets_an_actor_on_each_node(two: Hosts, folder: Path) -> None:
    with ray_cluster.ray_cluster(two, folder) as address:
        code, out, err = end(ray_bench(two, address))
        assert code == 0, err
        told = parameters(out, err)
        assert (told["world_size"], told["nodes"], told["interface"]) == (2, 2, "eth0")
        assert what_is_left(two, address) == "[] 2.0"


@full
@pytest.mark.skipif(bool(ray_cluster.lacking()), reason=ray_cluster.lacking() or "complete")
def test_a_ray_node_that_dies_is_named(two: Hosts, folder: Path) -> None:
    with ray_cluster.ray_cluster(two, folder) as address:
        running = ray_bench(two, address, "--max-size", "64MiB")
        two.wait_for_process(1, "bitpath_cli.nursery")
        two.kill(1)
        code, _, err = end(running)
        assert code == 4, err
        assert "Node 1 (" in err
        assert two.address(1) in err


@full
@pytest.mark.skipif(bool(ray_cluster.lacking()), reason=ray_cluster.lacking() or "complete")
def test_a_cluster_that_is_none_of_ours_is_refused_in_time(two: Hosts) -> None:
    two.start(0, "http.server", "6379", "--bind", two.address(0))
    two.wait_for_listener(0, "6379")
    code, _, err = end(ray_bench(two, f"{two.address(0)}:6379", "--join-timeout", "5s"))
    assert code == 4
    assert f"No Ray cluster took this host within 5 s at {two.address(0)}:6379" in err


def what_is_left(two: Hosts, address: str) -> str:
    """Placement groups that still stand, and the processors that are free."""
    asked = (
        "import ray, sys; from ray.util import placement_group_table as table;"
        "ray.init(address=sys.argv[1], _node_ip_address=sys.argv[2], log_to_driver=False);"
        "left = [each for each in table().values() if each['state'] != 'REMOVED'];"
        "print(left, ray.available_resources()['CPU'])"
    )
    _, out, _ = end(two.run(0, sys.executable, "-c", asked, address, two.address(0)))
    return out.strip()
