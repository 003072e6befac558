"""iperf3's JSON, by its manual page and its own files of version 3; rates are the receiver's.

What a sender counts includes what still lies in its buffers: on a 1 Gbit/s link short runs then
claim more than the link carries.
"""

import ipaddress
import re
from typing import Any, Final

from bitpath_cli.model.reading import failed, reported
from bitpath_cli.model.result import (
    BenchmarkResult,
    Direction,
    Doubt,
    Metric,
    Parameters,
    Validity,
    metric,
)
from bitpath_cli.model.units import BYTE_PER_SECOND, ONE, SECOND
from bitpath_cli.readers import NOT_OURS, Reader
from bitpath_cli.readers._figures import File

_VERSION: Final = re.compile(r"iperf (\d{1,4})\.(\d{1,4})\S*")
_ONE_THREAD_A_STREAM: Final = (3, 16)
_BUSY_PERCENT: Final = 90.0
_MICROSECOND: Final = 1e-6
_BITS: Final = 8


def recognises(text: str) -> bool:
    """Every file of iperf3 has the time when the test began, or how it failed."""
    head = text[:200_000]
    return '"iperf ' in head or ('"test_start"' in head and '"start"' in head)


def read(text: str, path: str) -> tuple[BenchmarkResult, ...]:
    """One `tcp` result, or two where both directions ran at once."""
    file = File(path, "iperf3")
    document = file.parse(text)
    start = file.table(document, "start")
    version = file.word(start, "version")
    found = _VERSION.fullmatch(version)
    if found is None or found[1] != "3":
        file.refuse(f"it is of version '{version}', and version 3 is read")
    if "error" in document:
        file.refuse(f"iperf3 itself failed: {file.word(document, 'error').rstrip('.')}")
    test = file.table(start, "test_start")
    protocol = file.word(test, "protocol")
    if protocol != "TCP":
        file.refuse(f"it is a test of {protocol or 'no protocol'}, and those of TCP are read")
    end = file.table(document, "end")
    threads = (
        1 if (3, int(found[2])) < _ONE_THREAD_A_STREAM else int(file.number(test, "num_streams", 1))
    )
    is_reverse = bool(file.number(test, "reverse")) if "reverse" in test else False
    is_both = bool(file.number(test, "bidir")) if "bidir" in test else False
    told = _Told(file, version, start, test, end, threads)
    results = [told.result("receive" if is_reverse else "send", "", is_both)]
    if is_both:
        if "sum_received_bidir_reverse" not in end:
            file.refuse("both directions share one name in it, as old versions wrote them")
        results.append(told.result("receive", "_bidir_reverse", is_both))
    return tuple(results)


class _Told:
    """What one file says of a test, in either direction."""

    def __init__(
        self, file: File, version: str, start: dict[str, Any], test: dict[str, Any],
        end: dict[str, Any], threads: int,
    ) -> None:  # fmt: skip
        self._file = file
        self._start = start
        self._test = test
        self._end = end
        self._threads = threads
        self._source = f"{version}, counted by the receiver, in {file.path}"

    def result(self, direction: str, suffix: str, is_both: bool) -> BenchmarkResult:
        """The result of one direction."""
        file = self._file
        received = file.table(self._end, f"sum_received{suffix}")
        seconds = file.number(received, "seconds")
        parameters = self._parameters(direction, is_both)
        if not seconds or not file.number(received, "bytes"):
            return BenchmarkResult(
                benchmark="tcp", revision=NOT_OURS, parameters=parameters,
                validity=Validity.INVALID, duration_seconds=seconds,
                missing=failed(f"nothing arrived ({self._source})"),
            )  # fmt: skip
        doubts = self._doubts()
        validity = Validity.DEGRADED if doubts else Validity.VALID
        return BenchmarkResult(
            benchmark="tcp", revision=NOT_OURS, parameters=parameters, validity=validity,
            reasons=doubts, duration_seconds=seconds,
            metrics=self._metrics(received, suffix, doubts, validity),
        )  # fmt: skip

    def _metrics(
        self, received: dict[str, Any], suffix: str, doubts: tuple[Doubt, ...], validity: Validity
    ) -> tuple[Metric, ...]:
        file = self._file
        rate = file.number(received, "bits_per_second") / _BITS
        expected = file.number(received, "bytes") / file.number(received, "seconds")
        if abs(rate - expected) > 0.02 * expected:
            file.refuse(f"bits_per_second says {rate:g} B/s, bytes and seconds {expected:g} B/s")
        bandwidth = reported(rate, BYTE_PER_SECOND, self._source)
        found = [metric("bandwidth", bandwidth, Direction.HIGHER, reasons=doubts,
                        validity=validity)]  # fmt: skip
        sent = self._end.get(f"sum_sent{suffix}")
        if isinstance(sent, dict) and "retransmits" in sent:
            count = reported(file.number(sent, "retransmits"), ONE, self._source)
            found.append(metric("retransmits", count, Direction.LOWER, reasons=doubts,
                                validity=validity))  # fmt: skip
        trips = self._round_trips()
        if trips and not suffix:
            mean = sum(trips) / len(trips) * _MICROSECOND
            loaded = reported(mean, SECOND, f"{self._source}, TCP's own smoothed round trip")
            found.append(metric("round_trip_loaded", loaded, Direction.LOWER, reasons=doubts,
                                validity=validity))  # fmt: skip
        return tuple(found)

    def _round_trips(self) -> list[float]:
        streams = self._file.tables(self._end, "streams") if "streams" in self._end else []
        senders = [each["sender"] for each in streams if isinstance(each.get("sender"), dict)]
        found = [self._file.number(each, "mean_rtt") for each in senders if "mean_rtt" in each]
        return [each for each in found if each > 0]

    def _parameters(self, direction: str, is_both: bool) -> Parameters:
        other = self._start.get("connecting_to") or self._start.get("accepted_connection") or {}
        peer = self._file.word(other, "host", "unknown") if isinstance(other, dict) else "unknown"
        found: Parameters = {
            "peer": "loopback" if self._is_loopback() else peer,
            "streams": int(self._file.number(self._test, "num_streams", 1)),
            "direction": direction,
            "engine": "iperf3",
        }
        return {**found, "both_ways": True} if is_both else found

    def _is_loopback(self) -> bool:
        """Whether both ends are one host: then nothing crossed a network."""
        ends = self._file.tables(self._start, "connected") if "connected" in self._start else []
        return any(
            _is_loopback(self._file.word(each, "remote_host"))
            or each.get("remote_host") == each.get("local_host")
            for each in ends
        )

    def _doubts(self) -> tuple[Doubt, ...]:
        found = [Doubt.LOOPBACK_ONLY] if self._is_loopback() else []
        cpu = self._end.get("cpu_utilization_percent")
        if isinstance(cpu, dict):
            shares = [self._file.number(cpu, name) for name in ("host_total", "remote_total")
                      if name in cpu]  # fmt: skip
            if max(shares, default=0.0) >= _BUSY_PERCENT * self._threads:
                found.append(Doubt.CPU_BOUND)
        return tuple(found)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host == "localhost"


READER = Reader(summary="iperf3, --json, version 3", recognises=recognises, read=read)
