import pytest

from bitpath_cli.errors import BadValue
from bitpath_cli.launchers import Place, environment

TORCHRUN = {
    "RANK": "1", "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1",
    "MASTER_PORT": "29511", "TORCHELASTIC_USE_AGENT_STORE": "True",
}  # fmt: skip
SRUN = {
    "SLURM_PROCID": "0", "SLURM_NTASKS": "4", "SLURM_STEP_ID": "0", "SLURM_STEP_NUM_NODES": "1",
    "SLURM_JOB_ID": "10007", "MASTER_ADDR": "127.0.0.1",
}  # fmt: skip
MPIRUN = {
    "OMPI_COMM_WORLD_RANK": "2",
    "OMPI_COMM_WORLD_SIZE": "3",
    "OMPI_COMM_WORLD_LOCAL_SIZE": "3",
}
INDEXED = {"JOB_COMPLETION_INDEX": "1", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1"}


def place(told: dict[str, str]) -> Place:
    found = environment.find_place(told, 60, 30)
    assert found is not None
    return found


def test_nothing_started_us() -> None:
    assert environment.find_place({"PATH": "/bin", "RANK": "3"}, 60, 30) is None


def test_one_rank_alone_measures_as_if_nothing_had_started_it() -> None:
    assert environment.find_place({**TORCHRUN, "RANK": "0", "WORLD_SIZE": "1"}, 60, 30) is None


def test_an_allocation_without_a_step_starts_no_ranks() -> None:
    assert environment.find_place({"SLURM_PROCID": "0", "SLURM_NTASKS": "4"}, 60, 30) is None


def test_torchrun_keeps_a_store_of_its_own() -> None:
    found = place(TORCHRUN)
    assert (found.node, found.nodes, found.hosts, found.port) == (1, 2, 1, 29511)
    assert not found.keeps_store
    assert found.called == "rank"


def test_slurm_ranks_meet_at_a_port_that_follows_from_the_job() -> None:
    found = place(SRUN)
    assert (found.node, found.nodes, found.hosts, found.port) == (0, 4, 1, 29507)
    assert found.keeps_store


def test_open_mpi_ranks_of_one_host_need_no_address() -> None:
    found = place(MPIRUN)
    assert (found.node, found.nodes, found.hosts, found.host) == (2, 3, 1, "127.0.0.1")


def test_hosts_cannot_meet_on_loopback() -> None:
    with pytest.raises(BadValue, match="all 2 hosts can reach"):
        place(INDEXED)


def test_an_address_that_is_nowhere_to_be_found_is_asked_for() -> None:
    with pytest.raises(BadValue, match="rank 0's address"):
        place({**MPIRUN, "OMPI_COMM_WORLD_LOCAL_SIZE": "1"})


@pytest.mark.parametrize(
    ("nodes", "first"),
    [("gpu[007-009,012],login", "gpu007"), ("a,b", "a"), ("n[3]", "n3"), ("solo", "solo")],
)
def test_the_first_of_a_node_list(nodes: str, first: str) -> None:
    assert environment.first_and_last(nodes)[0] == first


def test_both_ends_of_a_node_list() -> None:
    assert environment.first_and_last("gpu[007-009,012],login") == ("gpu007", "login")
    assert environment.first_and_last("n[1-4,7]") == ("n1", "n7")


def test_hosts_are_counted_where_the_starter_says_how_many() -> None:
    torchrun = {**TORCHRUN, "WORLD_SIZE": "4", "GROUP_WORLD_SIZE": "1"}
    assert place(torchrun).hosts == 1
    assert place(torchrun).most_on_one_host == 4
    assert place({**MPIRUN, "OMPI_MCA_orte_num_nodes": "1"}).hosts == 1


def test_steps_of_one_slurm_job_meet_at_different_ports() -> None:
    assert place({**SRUN, "SLURM_STEP_ID": "1"}).port == place(SRUN).port + 1


def test_the_rank_at_mpiruns_own_address_keeps_the_store() -> None:
    told = {
        **MPIRUN, "OMPI_MCA_orte_hnp_uri": "1.0;tcp://127.0.0.1:4000", "OMPI_COMM_WORLD_RANK": "1",
    }  # fmt: skip
    assert place({**told, "OMPI_COMM_WORLD_LOCAL_RANK": "0"}).keeps_store
    assert not place({**told, "OMPI_COMM_WORLD_LOCAL_RANK": "1"}).keeps_store


def test_a_pod_must_be_told_how_many_there_are() -> None:
    with pytest.raises(BadValue, match="WORLD_SIZE"):
        environment.find_place({"JOB_COMPLETION_INDEX": "0"}, 60, 30)


@pytest.mark.parametrize(
    ("name", "index", "first"),
    [
        ("train-3.train.default.svc.cluster.local", 3, "train-0.train.default.svc.cluster.local"),
        ("a-b-12.svc", 12, "a-b-0.svc"),
        ("train-3", 3, ""),
        ("train-13.svc", 3, ""),
    ],
)
def test_pod_0_has_the_name_of_every_pod_but_for_its_number(
    name: str, index: int, first: str
) -> None:
    assert environment._first_pod(name, index) == first
