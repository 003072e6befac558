import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bitpath_cli.host import Host, Output
from bitpath_cli.model.components.software import Software
from bitpath_cli.model.reading import Fact, Missing, Reason, absent, failed
from bitpath_cli.probes import Question
from bitpath_cli.probes._libraries import Answer, arguments, parse
from bitpath_cli.probes.software import PROBE, parse_build, parse_environment
from tests.recorded import Recorded, recorded
from tests.tree import number, said, why, write

TORCH = {
    "version": "2.13.0+cu130",
    "cuda": "13.0",
    "hip": None,
    "threads": 8,
    "interop_threads": 4,
    "configuration": (
        "  - Intel(R) oneAPI Math Kernel Library Version 2024.2-Product Build 20240605 for\n"
        "  - Build settings: BLAS_INFO=mkl, BUILD_TYPE=Release"
    ),
    "cpu_capability": "AVX512",
    "cudnn": "91900",
    "nccl": "2.29.3",
    "gloo": True,
    "cuda_usable": True,
    "architectures": ["sm_90"],
    "devices": ["5f0c"],
}
NUMPY = {"version": "2.4.6", "blas": "scipy-openblas 0.3.31", "blas_core": "Haswell"}
ISA = "onednn_verbose,v1,info,cpu,isa:Intel AVX-512 with Intel DL Boost\n"


class Asked(Recorded):
    """A machine whose subprocess answers what the test says."""

    def __init__(self, answer: Output | Missing, **told: Any) -> None:
        super().__init__({"affinity": [0], "hostname": "asked", "machine": "x86_64", **told}, None)
        self.answer = answer
        self.runs: list[tuple[str, ...]] = []

    def run(self, arguments: Sequence[str], limit_seconds: float) -> Output | Missing:
        assert limit_seconds > 0
        self.runs.append(tuple(arguments))
        return self.answer


def answered(**parts: object) -> Output:
    return Output(0, f"{ISA}\n{json.dumps(parts)}\n", "")


def find(host: Host, ask_libraries: bool = False) -> Software:
    (found,) = PROBE.find(host, Question(ask_libraries=ask_libraries))
    assert isinstance(found, Software)
    return found


def machine(tmp_path: Path, answer: Output | Missing, **told: Any) -> tuple[Host, Asked]:
    outside = Asked(answer, **told)
    return Host(tmp_path, outside), outside


BOTH = {"torch": "2.13.0+cu130", "numpy": "2.4.6"}


def test_without_leave_no_subprocess_is_started(tmp_path: Path) -> None:
    host, outside = machine(tmp_path, absent("not to be asked"), distributions=BOTH)
    found = find(host)
    assert outside.runs == []
    assert said(found.torch) == "2.13.0+cu130"
    assert said(found.torch_build) == "CUDA 13.0"
    assert said(found.numpy) == "2.4.6"
    for unknown in (found.torch_threads, found.blas, found.onednn_isa, found.gloo):
        assert why(unknown).reason is Reason.UNSUPPORTED
        assert "assess" in why(unknown).hint


def test_the_library_s_own_words(tmp_path: Path) -> None:
    host, outside = machine(tmp_path, answered(torch=TORCH, numpy=NUMPY), distributions=BOTH)
    found = find(host, ask_libraries=True)
    assert outside.runs == [arguments()]
    assert said(found.torch_build) == "CUDA 13.0"
    assert number(found.torch_threads) == 8
    assert number(found.torch_interop_threads) == 4
    assert said(found.blas) == "mkl 2024.2"
    assert said(found.cpu_capability) == "AVX512"
    assert said(found.onednn_isa) == "Intel AVX-512 with Intel DL Boost"
    assert said(found.cuda) == "13.0"
    assert said(found.cuda_usable) is True
    assert said(found.cudnn) == "91900"
    assert said(found.nccl) == "2.29.3"
    assert said(found.gloo) is True
    assert said(found.numpy_blas) == "scipy-openblas 0.3.31, kernels for Haswell"


def test_a_host_is_asked_once(tmp_path: Path) -> None:
    host, outside = machine(tmp_path, answered(torch=TORCH, numpy=NUMPY), distributions=BOTH)
    assert find(host, ask_libraries=True) == find(host, ask_libraries=True)
    assert len(outside.runs) == 1


def test_a_build_without_cuda_says_that_it_has_none(tmp_path: Path) -> None:
    cpu = {**TORCH, "version": "2.13.0+cpu", "cuda": None, "cudnn": None, "nccl": None}
    cpu |= {"cuda_usable": False, "architectures": [], "devices": []}
    told = {"torch": "2.13.0+cpu", "numpy": "2.4.6"}
    host, _ = machine(tmp_path, answered(torch=cpu, numpy=NUMPY), distributions=told)
    found = find(host, ask_libraries=True)
    assert said(found.torch_build) == "cpu"
    assert said(found.cuda_usable) is False
    for part in (found.cuda, found.cudnn, found.nccl):
        assert why(part).reason is Reason.ABSENT
    assert why(find(host).cuda).reason is Reason.ABSENT


def test_a_rocm_build_is_named(tmp_path: Path) -> None:
    rocm = {**TORCH, "version": "2.13.0+rocm6.4", "cuda": None, "hip": "6.4.43482"}
    host, _ = machine(tmp_path, answered(torch=rocm, numpy=NUMPY), distributions=BOTH)
    assert said(find(host, ask_libraries=True).torch_build) == "ROCm 6.4.43482"


def test_a_torch_that_cannot_be_imported_leaves_numpy_s_answer(tmp_path: Path) -> None:
    answer = answered(torch_error="OSError: libcudart.so.13 not found", numpy=NUMPY)
    host, _ = machine(tmp_path, answer, distributions=BOTH)
    found = find(host, ask_libraries=True)
    assert said(found.torch) == "2.13.0+cu130"
    assert why(found.torch_threads).reason is Reason.FAILED
    assert "libcudart" in why(found.cuda_usable).detail
    assert isinstance(found.numpy_blas, Fact)


def test_a_numpy_that_cannot_be_imported_leaves_torch_s_answer(tmp_path: Path) -> None:
    host, _ = machine(
        tmp_path, answered(torch=TORCH, numpy_error="ImportError: no"), distributions=BOTH
    )
    found = find(host, ask_libraries=True)
    assert why(found.numpy_blas).reason is Reason.FAILED
    assert number(found.torch_threads) == 8


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (Output(-11, "", "Fatal Python error: Segmentation fault\n"), "Segmentation"),
        (Output(0, "", ""), "nothing"),
        (Output(0, "onednn_verbose,v1\n", ""), "nonsense"),
        (Output(0, '{"torch": {"version": 2}}\n', ""), "nonsense"),
        (failed("python did not end within 60 s"), "60 s"),
    ],
)
def test_a_subprocess_that_dies_hangs_or_babbles_is_a_reason(
    tmp_path: Path, answer: Output | Missing, word: str
) -> None:
    host, _ = machine(tmp_path, answer, distributions=BOTH)
    found = find(host, ask_libraries=True)
    assert why(found.torch_threads).reason is Reason.FAILED
    assert word in why(found.torch_threads).detail
    assert said(found.torch_build) == "CUDA 13.0"


def test_without_libraries_there_is_nobody_to_ask(tmp_path: Path) -> None:
    host, outside = machine(tmp_path, failed("not to be asked"))
    found = find(host, ask_libraries=True)
    assert outside.runs == []
    assert why(found.torch).reason is Reason.ABSENT
    assert why(found.torch).hint == "pip install torch"
    assert why(found.gloo).reason is Reason.ABSENT
    assert why(found.nccl).reason is Reason.ABSENT
    assert why(found.numpy_blas).reason is Reason.ABSENT


def test_packages_beside_torch_tell_versions_without_asking(tmp_path: Path) -> None:
    told = {"torch": "2.13.0", "nvidia-nccl-cu13": "2.29.3", "nvidia-cudnn-cu12": "9.10.2.21"}
    host, _ = machine(tmp_path, absent("not to be asked"), distributions=told)
    found = find(host)
    assert said(found.nccl) == "2.29.3"
    assert said(found.cudnn) == "9.10.2.21"
    assert why(found.cuda).reason is Reason.UNSUPPORTED
    assert why(found.torch_build).reason is Reason.UNSUPPORTED


@pytest.mark.parametrize(
    ("version", "build"),
    [
        ("2.13.0+cpu", "cpu"),
        ("2.6.0+cu126", "CUDA 12.6"),
        ("2.9.0+cu130", "CUDA 13.0"),
        ("2.8.0+rocm6.4", "ROCm 6.4"),
    ],
)
def test_a_version_s_local_part_names_the_build(version: str, build: str) -> None:
    assert said(parse_build(version)) == build


@pytest.mark.parametrize("version", ["2.13.0", "2.13.0+custom", "2.9.0a0+git1234"])
def test_other_versions_do_not_tell_the_build(version: str) -> None:
    assert why(parse_build(version)).reason is Reason.UNSUPPORTED


def test_only_variables_that_matter_are_taken() -> None:
    environment = {"SECRET_TOKEN": "x", "OMP_NUM_THREADS": "3", "NCCL_IB_HCA": "mlx5", "PATH": "/"}
    assert parse_environment(environment) == ("NCCL_IB_HCA=mlx5", "OMP_NUM_THREADS=3")
    assert parse_environment({}) == ()


def test_a_recorded_environment() -> None:
    found = find(recorded("epyc-two-die"))
    assert said(found.environment) == ("OMP_NUM_THREADS=4", "OMP_PROC_BIND=close")


def test_mpi_is_named_by_what_its_links_lead_to(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "/usr/bin/mpirun": "-> ../../etc/alternatives/mpirun",
            "/etc/alternatives/mpirun": "-> /usr/bin/mpirun.openmpi",
            "/usr/bin/mpirun.openmpi": "",
        },
    )
    host, outside = machine(
        tmp_path,
        absent("not to be asked"),
        distributions={"mpi4py": "4.1.2"},
        environment={"PATH": "relative::/bin:/usr/bin"},
    )
    assert said(find(host).mpi) == ("mpirun.openmpi", "mpi4py 4.1.2")
    assert outside.runs == []
    without, _ = machine(tmp_path / "empty", absent("not to be asked"))
    assert why(find(without).mpi).reason is Reason.ABSENT


def test_the_script_cannot_be_shadowed_by_files_of_the_working_directory(tmp_path: Path) -> None:
    (tmp_path / "torch.py").write_text("raise SystemExit('shadowed')")
    (tmp_path / "numpy.py").write_text("raise SystemExit('shadowed')")
    (tmp_path / "json.py").write_text("raise SystemExit('shadowed')")
    done = subprocess.run(
        arguments(), capture_output=True, text=True, timeout=100, cwd=tmp_path, check=False
    )
    answer = parse(Output(done.returncode, done.stdout, done.stderr))
    assert isinstance(answer, Answer), answer
    assert answer.torch is not None, answer.torch_error
    assert answer.numpy is not None, answer.numpy_error
    assert answer.torch.version == Host().outside.installed_version("torch")
    assert answer.torch.threads >= 1
    assert answer.torch.blas
    assert answer.torch.gloo
    assert answer.numpy.blas


def test_asking_metadata_loads_no_library() -> None:
    script = (
        "import sys; from bitpath_cli.host import Host; from bitpath_cli.probes import Question;"
        "from bitpath_cli.probes.software import PROBE; PROBE.find(Host(), Question());"
        "print([name for name in ('torch', 'numpy', 'pandas') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=100, check=True
    )
    assert done.stdout.strip() == "[]"
