"""Runs the cases in a lab of namespaces: a trial typed on every host, as a person would."""

import contextlib
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bitpath_cli import archive
from bitpath_cli.model.report import Report
from tests.lab.groups import Group, group
from tests.lab.hosts import Hosts, hosts
from tests.validation.cases import Case

_CORES = 2
_LIMIT_SECONDS = 300.0
_PORT = 29555
_ASSESSED = ("gemm", "memory_bandwidth", "cpu", "limits", "memory", "system", "software", "network")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a case came to: the report of host 0, or why there is none."""

    case: Case
    report: Report | None
    failure: str = ""


def assess(lab: Hosts, folder: Path, more: Sequence[str] = ()) -> Path:
    """A quick assessment of host 0 on its one core, with what else is named."""
    path = folder / "host.json"
    only = [word for name in (*_ASSESSED, *more) for word in ("--only", name)]
    words = ("bitpath_cli", "assess", "--budget", "quick", *only, "--output", str(path))
    process = lab.run(0, *pinned(0), sys.executable, "-m", *words, sees_groups=True)
    out, err = process.communicate(timeout=_LIMIT_SECONDS)
    if process.returncode != 0:
        raise RuntimeError(f"the host could not be assessed: {err or out}")
    return path


def run(cases: Sequence[Case], folder: Path) -> Iterator[Outcome]:
    """The cases one after the other, each in the lab that it shares with its neighbours."""
    for count in sorted({case.hosts for case in cases}):
        with hosts(count) as lab:
            report = assess(lab, folder)
            for index, case in enumerate(case for case in cases if case.hosts == count):
                lab.shape(None if case.link == "unshaped" else case.link)
                with contextlib.ExitStack() as stack:
                    groups = [stack.enter_context(group(cpus=each)) for each in case.quota]
                    yield _try(lab, case, report, folder / f"{count}-{index}.json", groups)


def start(
    lab: Hosts, case: Case, report: Path, output: Path, groups: Sequence[Group]
) -> "list[subprocess.Popen[str]]":
    """The trial as it is typed on every host; host 0 writes `output`."""
    processes = []
    for host in range(case.hosts):
        words = [
            "bitpath_cli", "trial", str(report), "--model", case.model, "--cap", case.cap,
            "--dir", str(output.parent),
        ]  # fmt: skip
        if case.hosts > 1:
            words += ["--nnodes", str(case.hosts), "--node-rank", str(host)]
            words += ["--rendezvous", f"{lab.address(0)}:{_PORT}"]
        if case.simulated_rate:
            words += ["--simulated-rate", case.simulated_rate]
        if host == 0:
            words += ["--output", str(output)]
        process = lab.run(host, *pinned(host), sys.executable, "-m", *words, sees_groups=True)
        for own in groups[host : host + 1]:
            for place in own.folders:
                (place / "cgroup.procs").write_text(str(process.pid))
        processes.append(process)
    return processes


def _try(lab: Hosts, case: Case, report: Path, output: Path, groups: Sequence[Group]) -> Outcome:
    processes = start(lab, case, report, output, groups)
    said = [finish(each) for each in processes]
    if processes[0].returncode != 0 or not output.exists():
        told = " | ".join(each.strip().replace("\n", " ")[-300:] for each in said)
        return Outcome(case, None, told)
    return Outcome(case, archive.load(output))


def finish(process: "subprocess.Popen[str]") -> str:
    """What it said on its way; it is killed where it does not end."""
    try:
        _, err = process.communicate(timeout=_LIMIT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        _, err = process.communicate()
        return f"it did not end within {_LIMIT_SECONDS:g} s: {err}"
    return err


def pinned(host: int) -> tuple[str, ...]:
    """One core a host, in turn."""
    return (shutil.which("taskset") or "taskset", "-c", str(host % _CORES))
