"""`bitpath monitor` as a person meets it: screens, pipes, signals, and what cannot be."""

import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

BITPATH = [sys.executable, "-m", "bitpath_cli", "monitor"]
ALWAYS = """\
[always]
metric = "memory_available_share"
when = "below"
raise = "200%"
severity = "{}"
summary = "It always fires"
"""


def run(*arguments: str, **settings: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*BITPATH, *arguments], capture_output=True, text=True, timeout=60, **settings
    )


def test_in_a_pipe_it_prints_lines_of_json_and_ends_with_0() -> None:
    done = run("--interval", "100ms", "--duration", "300ms")
    kinds = [json.loads(line)["kind"] for line in done.stdout.splitlines()]
    assert (kinds[0], kinds.count("sample"), kinds[-1]) == ("start", 3, "end")
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize(("severity", "code"), [("info", 0), ("critical", 1)])
def test_what_fired_decides_the_exit_code(tmp_path: Path, severity: str, code: int) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text(ALWAYS.format(severity))
    done = run("--interval", "100ms", "--duration", "100ms", "--rules", str(rules))
    assert done.returncode == code
    assert '"kind":"fired"' in done.stdout


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_it_with_its_last_line_and_its_code(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    log = tmp_path / "log.jsonl"
    with subprocess.Popen(
        [*BITPATH, "--interval", "100ms", "--log", str(log)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        while '"kind":"sample"' not in process.stdout.readline():
            pass
        process.send_signal(number)
        rest, told = process.communicate(timeout=60)
    assert process.returncode == code
    assert "Traceback" not in told
    for text in (rest, log.read_text()):
        assert json.loads(text.splitlines()[-1])["kind"] == "end"


def test_a_reader_that_goes_away_ends_it_without_a_word() -> None:
    with subprocess.Popen(
        [*BITPATH, "--interval", "100ms"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr is not None
        told = process.stderr.read()
        process.wait(60)
    assert (process.returncode, told) == (141, b"")


@contextmanager
def terminal(columns: int, rows: int, *arguments: str) -> Iterator[tuple[int, int]]:
    """The process and our end of its terminal, which has that size from the start."""
    ours, theirs = pty.openpty()
    resize(ours, columns, rows)
    environment = {**os.environ, "TERM": "xterm", "NO_COLOR": "1"}
    environment.pop("COLUMNS", None)
    process = subprocess.Popen(
        [*BITPATH, "--interval", "100ms", *arguments], stdin=theirs, stdout=theirs, stderr=theirs,
        start_new_session=True, env=environment,
    )  # fmt: skip
    os.close(theirs)
    try:
        yield process.pid, ours
    finally:
        process.kill()
        process.wait(60)
        os.close(ours)


def resize(end: int, columns: int, rows: int) -> None:
    fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def read_until(end: int, words: bytes, limit_seconds: float = 60.0) -> bytes:
    """Everything up to some words; all of it where the other end goes away first."""
    told, deadline = b"", time.monotonic() + limit_seconds
    while words not in told and time.monotonic() < deadline:
        if select.select([end], [], [], 0.5)[0]:
            try:
                told += os.read(end, 1 << 16)
            except OSError:
                break
    return told


def read_to_end(end: int) -> None:
    """Until no process has the other end open, which reading answers with an error."""
    with suppress(OSError):
        while os.read(end, 4096):
            pass


def test_on_a_terminal_there_is_a_screen_and_afterwards_the_one_of_before() -> None:
    with terminal(90, 30) as (process, end):
        told = read_until(end, b"COMPUTE")
        assert told.startswith(b"\x1b[?1049h\x1b[?25l")
        os.kill(process, signal.SIGINT)
        told = read_until(end, b"bitpath itself used")
    assert b"\x1b[?25h\x1b[?1049l" in told
    assert told.rindex(b"\x1b[?1049l") < told.index(b"Watched for")


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (200, 2)])
def test_a_terminal_can_be_resized_to_nothing_and_back(size: tuple[int, int]) -> None:
    with terminal(80, 24, "--duration", "2s") as (_process, end):
        told = read_until(end, b"COMPUTE")
        resize(end, *size)
        told += read_until(end, b"Watched for")
    assert b"Watched for" in told
    assert b"Traceback" not in told
    assert b"bug" not in told


def test_a_terminal_that_goes_away_ends_it() -> None:
    with terminal(80, 24) as (process, end):
        read_until(end, b"COMPUTE")
        os.kill(process, signal.SIGHUP)
        read_until(end, b"bitpath itself used")
        # A terminal that nobody reads holds up whoever sets it back as it was.
        read_to_end(end)
        assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 129


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--interval", "1 fortnight"), "a time from 0.1s to 1min"),
        (("--duration", "-3s"), "a time such as"),
        (("--rules", "/nonexistent.toml"), "Bad rules: /nonexistent.toml: it cannot be read"),
        (("--against", "/nonexistent.json"), "cannot be read as a report"),
        (("--prometheus", "0.0.0.0:0"), "nothing asks them for a secret"),
        (("--prometheus-token", "/etc/hostname"), "together with --prometheus"),
        (("--log", "/nonexistent/log.jsonl"), "cannot be written"),
        (("--textfile", "metrics.txt"), "ends in .prom"),
        (("--export-rules", "/nonexistent/rules.yml"), "cannot be written"),
    ],
)
def test_what_cannot_be_is_a_paragraph_and_2(arguments: tuple[str, ...], words: str) -> None:
    done = (
        run(*arguments, "--duration", "100ms") if "--duration" not in arguments else run(*arguments)
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert words in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_a_full_disk_is_said_and_ends_nothing(tmp_path: Path) -> None:
    done = run("--interval", "100ms", "--duration", "300ms", "--log", "/dev/full")
    last = json.loads(done.stdout.splitlines()[-1])
    assert done.returncode == 0
    assert any("lacks 3 samples" in each for each in last["remarks"])
