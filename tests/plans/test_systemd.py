import re
import shutil
import subprocess
from pathlib import Path

import pytest

from bitpath_cli.model.plan import Blueprint, Program
from bitpath_cli.plans.systemd import PLAN
from tests.plans.examples import HOSTILE, check_scripts, group, hostile, job, named, service, write

ACCELERATED = service(group(device="jetson", accelerators=1, samples=None))


def analyze(*words: str) -> "subprocess.CompletedProcess[str]":
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("needs the program systemd-analyze")
    return subprocess.run([program, *words], capture_output=True, text=True, check=False)


def settings(text: str) -> list[str]:
    """The names that are set, in order."""
    return [
        line.partition("=")[0]
        for line in text.splitlines()
        if line and not line.startswith(("#", "["))
    ]


@pytest.mark.parametrize(
    "made", [service(), ACCELERATED, *(hostile(service(), text) for text in HOSTILE)]
)
def test_systemd_takes_the_unit(tmp_path: Path, made: Blueprint) -> None:
    files = PLAN.draw(made)
    write(files, tmp_path)
    (unit,) = tmp_path.glob("*.service")
    done = analyze("verify", str(unit))
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


@pytest.mark.parametrize("made", [service(), ACCELERATED])
def test_the_unit_is_exposed_little(tmp_path: Path, made: Blueprint) -> None:
    write(PLAN.draw(made), tmp_path)
    done = analyze(
        "security", "--offline=true", "--threshold=16", str(tmp_path / "cameras.service")
    )
    assert done.returncode == 0, done.stdout[-300:]


def test_limits_follow_the_memory_model_and_the_report() -> None:
    text = named(PLAN.draw(service()), "cameras.service")
    # 1 GiB and 512 MiB for the runtime; ÷ 0.92; 8 CPUs.
    assert "\nMemoryMax=1670M\n" in text
    assert "\nMemoryHigh=1536M\n" in text
    assert "\nCPUQuota=800%\n" in text


def test_what_is_not_known_is_not_limited_and_said() -> None:
    text = named(PLAN.draw(ACCELERATED), "cameras.service")
    assert "CPUQuota" not in settings(text)
    assert "# No CPUQuota: unknown (the profile of jetson does not say" in text
    assert "PrivateDevices" not in settings(text)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_becomes_a_setting(text: str) -> None:
    tame = settings(named(PLAN.draw(service(cpus=ACCELERATED.cpus)), "cameras.service"))
    (wild,) = (
        each.text for each in PLAN.draw(hostile(service(), text)) if each.name.endswith(".service")
    )
    # Another machine than the assessed host has no known CPUs.
    assert settings(wild) == [name for name in tame if name != "CPUQuota"]
    assert re.search(r"^ExecStart=/usr/bin/python3 -m http.server 8080 \S", wild, re.M)


def test_shellcheck_finds_nothing(tmp_path: Path) -> None:
    check_scripts(PLAN.draw(service()), tmp_path)


def test_what_it_cannot_express_is_refused() -> None:
    assert "a job that ends" in PLAN.refuse(job())
    assert "several hosts" in PLAN.refuse(service(group(2, samples=None)))
    assert "only an image" in PLAN.refuse(service(program=Program(image="a:1")))
    assert "absolute path" in PLAN.refuse(service(program=Program(words=("@/bin/sh",))))
    assert PLAN.refuse(service()) == ""
