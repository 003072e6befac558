"""fio as the engine: the real one where it is installed, and ones that misbehave."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bitpath_cli.benchmarks import CannotMeasure, Context, _fio
from bitpath_cli.benchmarks._direct_io import DirectFile, unnamed_file
from bitpath_cli.benchmarks._disk_kinds import RAW, Kind
from bitpath_cli.benchmarks._fio import Fio, find_fio, run_job
from bitpath_cli.benchmarks._fio_trial import FioTrial, find_requests
from bitpath_cli.host import Host, monotonic
from bitpath_cli.model.reading import Missing, Reason
from tests.benchmarks.places import disk_directory

MIB = 1 << 20
SEQUENTIAL_READ, SEQUENTIAL_WRITE, RANDOM_READ, DEEP_READ = RAW
Install = Callable[..., Fio]

with_fio = pytest.mark.skipif(shutil.which("fio") is None, reason="fio is not installed: make lab")


def answer(**changes: Any) -> str:
    """What fio 3.33 says of 16 random reads of 4 KiB, shortened; `changes` are the read's own."""
    read = {
        "io_bytes": 16 * 4096, "runtime": 2,
        "lat_ns": {"mean": 60_000.0, "N": 16, "bins": {"50432": 12, "90624": 4}}, **changes,
    }  # fmt: skip
    job = {"error": 0, "usr_cpu": 10.0, "sys_cpu": 40.0, "read": read}
    return "fio: a note that comes before\n" + json.dumps(
        {"fio version": "fio-3.33", "jobs": [job]}, indent=1
    )


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """A program named fio that says what it is told to, and is the only one on the path."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    monkeypatch.setattr(_fio, "_ASK_SECONDS", 1.0)
    monkeypatch.setattr(_fio, "_RUN_SECONDS", 1.0)

    def write(run: str = "", version: str = "fio-3.33", engines: str = "libaio io_uring") -> Fio:
        script = folder / "fio"
        script.write_text(
            "#!/bin/sh\n"
            f'case "$1" in --version) {version if "sleep" in version else f"echo {version}"};;\n'
            f"--enghelp) echo {engines};; *) {run}\n;; esac\n"
        )
        script.chmod(0o755)
        return Fio(str(script), "3.33", "libaio")

    return write


def refused(fio: Fio, kind: Kind = RANDOM_READ, count: int = 16) -> Missing:
    with pytest.raises(CannotMeasure) as caught:
        run_job(fio, kind, 0, MIB, count)
    return caught.value.missing


def said(install: Install, tmp_path: Path, text: str, end: str = "") -> Fio:
    (tmp_path / "said").write_text(text)
    return install(f"cat {tmp_path / 'said'}; {end}")


def test_what_fio_says_becomes_seconds_and_latencies(install: Install, tmp_path: Path) -> None:
    done = run_job(said(install, tmp_path, answer()), RANDOM_READ, 0, MIB, 16)
    assert done.seconds == pytest.approx(2e-3)
    assert done.cpu_seconds == pytest.approx(1e-3)
    assert done.latencies == pytest.approx({50_432e-9: 12, 90_624e-9: 4})


def test_writes_take_the_sum_of_their_times_and_of_the_fsyncs(
    install: Install, tmp_path: Path
) -> None:
    told = json.loads(answer().split("\n", 1)[1])
    job = told["jobs"][0]
    job["write"] = {**job.pop("read"), "io_bytes": 64 * MIB}
    job["sync"] = {"lat_ns": {"mean": 2_000_000.0, "N": 3}}
    done = run_job(said(install, tmp_path, json.dumps(told)), SEQUENTIAL_WRITE, 0, 64 * MIB, 64)
    assert done.seconds == pytest.approx(64 * 60e-6 + 4 * 2e-3)


def test_the_command_is_bounded_and_makes_no_file(install: Install, tmp_path: Path) -> None:
    fio = install(f'echo "$@" > {tmp_path / "asked"}; exit 1')
    refused(fio, SEQUENTIAL_WRITE, 32)
    words = set((tmp_path / "asked").read_text().split())
    assert {
        f"--filename=/proc/{os.getpid()}/fd/0", "--allow_file_create=0", "--direct=1",
        "--rw=write", "--bs=1048576", "--iodepth=1", f"--size={MIB}", f"--io_size={32 * MIB}",
        "--fsync=16", "--overwrite=1", "--output-format=json+",
    } <= words  # fmt: skip


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "did not answer in JSON"),
        ("Segmentation", "did not answer in JSON"),
        (answer()[:200], "did not answer in JSON"),
        ("{}", "tells of no single job"),
        ('{"jobs": [1]}', "tells of no single job"),
        (answer(io_bytes=4096), "moved 4096 B of 65536 B"),
        (answer(runtime=0), "gave its job no runtime"),
        (answer(runtime="2"), "there is no number 'runtime'"),
        (answer(runtime=True), "there is no number 'runtime'"),
        (answer(runtime=float("nan")), "answered 'runtime' with nan"),
        (answer(runtime=-1), "answered 'runtime' with -1"),
        (answer(lat_ns=None), "there is no table 'lat_ns'"),
        (answer(lat_ns={}), "there is no table 'bins'"),
        (answer(lat_ns={"bins": {"a": 1}}), "its bins are no counts"),
        (answer().replace('"error": 0', '"error": 5'), "failed"),
    ],
)
def test_an_answer_of_another_form_is_named(
    install: Install, tmp_path: Path, text: str, words: str
) -> None:
    found = refused(said(install, tmp_path, text))
    assert found.reason is Reason.FAILED
    assert found.detail.startswith("fio 3.33 ")
    assert words in found.detail
    assert "--engine builtin" in found.hint


@pytest.mark.parametrize(
    ("run", "words"),
    [
        ("echo nonsense; echo no room left >&2; exit 1", "failed: no room left"),
        ("exec sleep 60", "did not end within 1 s and was stopped"),
        ("exec cat /dev/zero", "it printed more than 4194304 B and was stopped"),
    ],
)
def test_a_fio_that_fails_hangs_or_floods_is_named_in_seconds(
    install: Install, run: str, words: str
) -> None:
    begin = monotonic()
    assert words in refused(install(run)).detail
    assert monotonic() - begin < 10


@pytest.mark.parametrize(
    ("told", "reason", "words"),
    [
        ({"version": "fio-2.99"}, Reason.UNSUPPORTED, "of version 'fio-2.99', and version 3"),
        ({"version": "fio-4.0"}, Reason.UNSUPPORTED, "of version 'fio-4.0'"),
        ({"version": ""}, Reason.UNSUPPORTED, "of version 'unknown'"),
        ({"version": "exec sleep 60"}, Reason.FAILED, "did not end within 1 s"),
        ({"engines": "psync sync"}, Reason.UNSUPPORTED, "neither of libaio and io_uring"),
    ],
)
def test_a_fio_that_cannot_be_used_is_named(
    install: Install, told: dict[str, str], reason: Reason, words: str
) -> None:
    install(**told)
    found = find_fio()
    assert isinstance(found, Missing)
    assert found.reason is reason
    assert words in found.detail
    assert "--engine builtin" in found.hint


def test_a_fio_with_io_uring_alone_uses_that(install: Install) -> None:
    install(engines="psync io_uring")
    found = find_fio()
    assert isinstance(found, Fio)
    assert found.engine == "io_uring"


def test_no_fio_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = find_fio()
    assert isinstance(found, Missing)
    assert (found.reason, found.detail) == (Reason.ABSENT, "fio is not installed")


@pytest.mark.parametrize(
    ("kind", "seconds", "requests"),
    [
        (RANDOM_READ, 50e-6, 4096),
        (DEEP_READ, 1.4e-3, 16384),
        (SEQUENTIAL_READ, 1e-3, 256),
        (SEQUENTIAL_READ, 0.5, 1),
        (RANDOM_READ, 1e-9, 16384),
    ],
)
def test_a_run_of_fio_lasts_a_fifth_of_a_second_or_has_as_much_as_it_may(
    kind: Kind, seconds: float, requests: int
) -> None:
    assert find_requests(kind, seconds) == requests


@pytest.fixture
def file(tmp_path: Path) -> Iterator[DirectFile]:
    for directory in disk_directory(tmp_path):
        with unnamed_file(str(directory), 16 * MIB) as made:
            made.fill(16 * MIB, 60)
            yield made
            assert list(directory.iterdir()) == []


@with_fio
@pytest.mark.parametrize("kind", RAW, ids=lambda kind: f"{kind.pattern} {kind.operation}")
def test_the_real_fio_on_our_own_file(file: DirectFile, kind: Kind) -> None:
    fio = find_fio()
    assert isinstance(fio, Fio)
    place = f"/proc/self/fd/{file.descriptor}"
    context = Context(
        host=Host(), threads=2, memory_bytes=64 * MIB, cache_bytes=0,
        directory=str(Path(place).readlink().parent),
    )  # fmt: skip
    before = Path(place).read_bytes()
    trial = FioTrial(kind, file, context, fio)
    assert trial.run(2) > 0
    seen = trial.evidence()
    asked = 2 * kind.work_bytes
    assert sum(seen["asked_bytes"]) == asked
    assert len(seen["latency"]) == 2 * kind.requests
    assert min(seen["latency"]) > 0
    assert os.fstat(file.descriptor).st_size == 16 * MIB
    assert (Path(place).read_bytes() == before) is (kind.operation == "read")
    if "moved_bytes" in seen:
        assert seen["moved_bytes"][0] >= asked
