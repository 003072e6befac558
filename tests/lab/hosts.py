"""Hosts on one machine: network namespaces joined by a bridge, whose links can be shaped and cut.

The switch is a namespace of its own, so nothing is changed outside of what is made here.
"""

import contextlib
import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tests.lab import groups

ROOT = Path(__file__).parent.parent.parent
# The shell's name is the host's: sh -c SCRIPT NAME FILE PROGRAM...
_NAMED = 'hostname "$0" && mount --bind "$1" /etc/hosts && shift && exec "$@"'


def lacking() -> str:
    """Why there can be no hosts here, or nothing."""
    if os.geteuid() != 0:
        return "needs root to make network namespaces"
    for tool in ("ip", "tc"):
        if shutil.which(tool) is None:
            return f"needs the program {tool}, of Debian's iproute2: make lab"
    space = f"bp{os.getpid()}t"
    try:
        _ask("ip", "netns", "add", space)
        _ask("ip", "netns", "del", space)
    except subprocess.CalledProcessError as error:
        return f"ip netns: {error.stderr.strip()}"
    return ""


class Hosts:
    """The hosts by number, and what was started on them."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._name = f"bp{os.getpid()}"
        self._started: list[subprocess.Popen[str]] = []

    @property
    def spaces(self) -> str:
        """What the names of all hosts' namespaces begin with; a host's number ends it."""
        return f"{self._name}n"

    def address(self, host: int) -> str:
        return f"10.78.0.{10 + host}"

    def start(self, host: int, *words: str) -> "subprocess.Popen[str]":
        """Start a program of this interpreter on a host, in a session of its own."""
        return self.run(host, sys.executable, "-m", *words)

    def run(
        self,
        host: int,
        *words: str,
        environment: Mapping[str, str] | None = None,
        names: Path | None = None,
        name: str = "",
        sees_groups: bool = False,
    ) -> "subprocess.Popen[str]":
        """Start any program on a host.

        `names` takes the place of /etc/hosts there, and `name` is the host's own. With
        `sees_groups` it keeps the control groups in sight, which `ip netns exec` hides behind a
        /sys of its own.
        """
        inside = [shutil.which("ip") or "ip", "netns", "exec", self._space(host)]
        if sees_groups:
            inside += groups.visible()
        if names is not None:
            inside += ["unshare", "--uts", "--mount", "sh", "-c", _NAMED, name, str(names)]
        process = subprocess.Popen(
            (*inside, *words),
            cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            start_new_session=True,
            env={**os.environ, "COLUMNS": "400", **(environment or {})},
        )  # fmt: skip
        self._started.append(process)
        return process

    def kill(self, host: int) -> None:
        """End every process of a host at once, as a power failure would."""
        for process in self.processes(host):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)

    def processes(self, host: int) -> list[int]:
        return [int(each) for each in _ask("ip", "netns", "pids", self._space(host)).split()]

    def listeners(self, host: int) -> str:
        return _ask("ip", "netns", "exec", self._space(host), "ss", "-Hltn")

    def connections(self, host: int) -> str:
        """Established connections of a host, the first sign that hosts have met."""
        return _ask("ip", "netns", "exec", self._space(host), "ss", "-Htn", "state", "established")

    def wait_until_met(self, host: int) -> None:
        """Until gloo's connections to host 0 stand beside those of the store."""
        while self.connections(host).count(self.address(0)) < 4:
            select.select([], [], [], 0.1)

    def wait_for_process(self, host: int, words: str) -> None:
        """Until a program with these words in its command line runs there."""
        while not any(words in _command(each) for each in self.processes(host)):
            select.select([], [], [], 0.05)

    def wait_for_listener(self, host: int, port: str) -> None:
        """Until something listens on a port there."""
        while f":{port} " not in self.listeners(host):
            select.select([], [], [], 0.05)

    def shape(self, rate: str | None) -> None:
        """Bound every link in both directions, or take the bounds away."""
        for host in range(self.count):
            if rate is None:
                for ask in (
                    ("-n", self._space(host), "qdisc", "del", "dev", "eth0", "root"),
                    ("-n", f"{self._name}s", "qdisc", "del", "dev", f"p{host}", "root"),
                ):
                    with contextlib.suppress(subprocess.CalledProcessError):
                        _ask("tc", *ask)
                continue
            words = ("root", "tbf", "rate", rate, "burst", "128kb", "latency", "50ms")
            _ask("tc", "-n", self._space(host), "qdisc", "replace", "dev", "eth0", *words)
            _ask("tc", "-n", f"{self._name}s", "qdisc", "replace", "dev", f"p{host}", *words)

    @contextlib.contextmanager
    def lengthened(self, host: int, round_trip: float) -> Iterator[None]:
        """Every round trip from a host takes so many seconds more, until the context ends."""
        switch, own, devices = f"{self._name}s", f"br{host + 1}", (f"a{host}", f"b{host}")
        inside = (shutil.which("ip") or "ip", "netns", "exec", switch)
        words = (sys.executable, "-m", "tests.lab.delay_line", *devices, str(round_trip / 2))
        process = subprocess.Popen((*inside, *words), cwd=ROOT, text=True, stdout=subprocess.PIPE)
        self._started.append(process)
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            _ask("ip", "-n", switch, "link", "add", own, "type", "bridge")
            _ask("ip", "-n", switch, "link", "set", own, "up")
            for device, bridge in ((devices[0], own), (devices[1], "br0"), (f"p{host}", own)):
                _ask("ip", "-n", switch, "link", "set", device, "master", bridge, "up")
            yield
        finally:
            _ask("ip", "-n", switch, "link", "set", f"p{host}", "master", "br0")
            _ask("ip", "-n", switch, "link", "del", own)
            self._started.remove(process)
            process.kill()
            process.communicate()

    def cut(self, host: int) -> None:
        """Take a host's link down at the switch."""
        _ask("ip", "-n", f"{self._name}s", "link", "set", f"p{host}", "down")

    def part(self, host: int, other: int) -> None:
        """Let two hosts not reach each other, as a filter between them does."""
        for here, there in ((host, other), (other, host)):
            to = f"{self.address(there)}/32"
            _ask("ip", "-n", self._space(here), "route", "add", "blackhole", to)

    def give_address(self, host: int, address: str) -> None:
        """One more address for a host's interface, ready to be used."""
        again = ("nodad",) if ":" in address else ()
        _ask("ip", "-n", self._space(host), "addr", "add", address, "dev", "eth0", *again)

    def build(self) -> None:
        switch = f"{self._name}s"
        _ask("ip", "netns", "add", switch)
        _ask("ip", "-n", switch, "link", "add", "br0", "type", "bridge")
        _ask("ip", "-n", switch, "link", "set", "br0", "up")
        for host in range(self.count):
            space, port = self._space(host), f"p{host}"
            _ask("ip", "netns", "add", space)
            _ask("ip", "link", "add", "eth0", "netns", space, "type", "veth",
                 "peer", "name", port, "netns", switch)  # fmt: skip
            _ask("ip", "-n", switch, "link", "set", port, "master", "br0", "up")
            _ask("ip", "-n", space, "addr", "add", f"{self.address(host)}/24", "dev", "eth0")
            for device in ("lo", "eth0"):
                _ask("ip", "-n", space, "link", "set", device, "up")

    def remove(self) -> None:
        """End all that was started and take the namespaces away, whatever state they are in."""
        for host in range(self.count):
            with contextlib.suppress(subprocess.CalledProcessError):
                self.kill(host)
        for process in self._started:
            process.kill()
            process.communicate()
        for space in (*(self._space(host) for host in range(self.count)), f"{self._name}s"):
            with contextlib.suppress(subprocess.CalledProcessError):
                _ask("ip", "netns", "del", space)

    def _space(self, host: int) -> str:
        return f"{self._name}n{host}"


@contextlib.contextmanager
def hosts(count: int) -> Iterator[Hosts]:
    """So many hosts, gone afterwards."""
    made = Hosts(count)
    try:
        made.build()
        yield made
    finally:
        made.remove()


def _command(process: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{process}/cmdline").read_text(errors="replace")
    return ""


def _ask(*words: str) -> str:
    asked: Sequence[str] = words
    return subprocess.run(asked, check=True, capture_output=True, text=True).stdout
