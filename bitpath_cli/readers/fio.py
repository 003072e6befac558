"""fio's JSON, by its manual (fio.readthedocs.io, "JSON output") and its own files of version 3.

Version 3 says latencies in nanoseconds and `bw` in KiB/s beside `bw_bytes`; version 2 said
microseconds under other names and is refused.
"""

import re
from typing import Any, Final, Literal

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
from bitpath_cli.model.units import BYTE_PER_SECOND, PER_SECOND, SECOND
from bitpath_cli.readers import NOT_OURS, Reader
from bitpath_cli.readers._figures import File

_VERSION: Final = re.compile(r"fio-(\d+)\.\S*")
_SIZE: Final = re.compile(r"(\d{1,12})\s*([kmgtp]?)(i?)b?", re.IGNORECASE)
_DEFAULT_BLOCK: Final = 4096
_KIB: Final = 1024
_NANOSECOND: Final = 1e-9
_PERCENTILES: Final = (("latency_p50", 50.0), ("latency_p95", 95.0), ("latency_p99", 99.0))
_OPERATIONS: Final[tuple[Literal["read", "write"], ...]] = ("read", "write")


def recognises(text: str) -> bool:
    """fio writes its version first."""
    return '"fio version"' in text[:20_000]


def read(text: str, path: str) -> tuple[BenchmarkResult, ...]:
    """One `disk` result a job and operation that moved something."""
    file = File(path, "fio")
    document = file.parse(text)
    version = file.word(document, "fio version")
    found = _VERSION.fullmatch(version)
    if found is None or found[1] != "3":
        file.refuse(f"it is of version '{version}', and version 3 is read")
    common = document.get("global options")
    options = common if isinstance(common, dict) else {}
    results = [
        result
        for job in file.tables(document, "jobs")
        for result in _job(file, version, job, options)
    ]
    if not results:
        file.refuse("no job in it read or wrote anything")
    return tuple(results)


def _job(
    file: File, version: str, job: dict[str, Any], common: dict[str, Any]
) -> list[BenchmarkResult]:
    own = job.get("job options")
    options = {**common, **(own if isinstance(own, dict) else {})}
    error = file.number(job, "error") if "error" in job else 0.0
    results = []
    for operation in _OPERATIONS:
        told = job.get(operation)
        if not isinstance(told, dict) or not file.number(told, "total_ios"):
            continue
        parameters = _parameters(file, options, operation, told)
        name = file.word(job, "jobname", "unnamed")
        source = f"{version}, job '{name}' in {file.path}"
        results.append(_result(file, parameters, told, source, int(error)))
    return results


def _result(
    file: File, parameters: Parameters, told: dict[str, Any], source: str, error: int
) -> BenchmarkResult:
    seconds = file.number(told, "runtime") / 1000
    if error or not seconds:
        why = f"fio ended with error {error}" if error else "fio gives it no runtime"
        return BenchmarkResult(
            benchmark="disk", revision=NOT_OURS, parameters=parameters, validity=Validity.INVALID,
            duration_seconds=seconds, missing=failed(f"{why} ({source})"),
        )  # fmt: skip
    # Nobody proved that a device served what fio did not ask to bypass the page cache.
    doubts = () if parameters["direct"] else (Doubt.UNPROVEN_IO,)
    validity = Validity.DEGRADED if doubts else Validity.VALID
    return BenchmarkResult(
        benchmark="disk", revision=NOT_OURS, parameters=parameters, validity=validity,
        reasons=doubts, duration_seconds=seconds,
        metrics=_metrics(file, told, source, doubts, validity),
    )  # fmt: skip


def _metrics(
    file: File, told: dict[str, Any], source: str, doubts: tuple[Doubt, ...], validity: Validity
) -> tuple[Metric, ...]:
    bandwidth = reported(_bandwidth(file, told), BYTE_PER_SECOND, source)
    iops = reported(file.number(told, "iops"), PER_SECOND, source)
    found = [
        metric("bandwidth", bandwidth, Direction.HIGHER, reasons=doubts, validity=validity),
        metric("iops", iops, Direction.HIGHER, reasons=doubts, validity=validity),
    ]
    which, percentiles = _percentiles(file, told)
    for name, percent in _PERCENTILES:
        if percent not in percentiles:
            continue
        seconds = percentiles[percent] * _NANOSECOND
        latency = reported(seconds, SECOND, f"{source}, {which} latency")
        found.append(metric(name, latency, Direction.LOWER, reasons=doubts, validity=validity))
    return tuple(found)


def _bandwidth(file: File, told: dict[str, Any]) -> float:
    """`bw_bytes`, or `bw` in KiB/s where there is none; the two must agree where both are."""
    kib = file.number(told, "bw") * _KIB
    if "bw_bytes" not in told:
        return kib
    size_bytes = file.number(told, "bw_bytes")
    if abs(size_bytes - kib) > max(2 * _KIB, 0.01 * size_bytes):
        file.refuse(f"bw says {kib:g} B/s and bw_bytes {size_bytes:g} B/s")
    return size_bytes


def _percentiles(file: File, told: dict[str, Any]) -> tuple[str, dict[float, float]]:
    """Of the whole latency where fio was asked for them, else of completion, its default."""
    for name, which in (("lat_ns", "total"), ("clat_ns", "completion")):
        table = told.get(name)
        if isinstance(table, dict) and isinstance(table.get("percentile"), dict):
            found = file.table(table, "percentile")
            return which, {_percent(file, each): file.number(found, each) for each in found}
    if "lat" in told or "clat" in told:
        file.refuse("its latencies are not in nanoseconds, as those of version 3 are")
    return "no", {}


def _percent(file: File, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        file.refuse(f"'{text}' is no percentile")


def _parameters(
    file: File, options: dict[str, Any], operation: str, told: dict[str, Any]
) -> Parameters:
    mode = file.word(options, "rw", file.word(options, "readwrite", "read"))
    jobs = _count(file, options, "numjobs")
    found: Parameters = {
        "operation": operation,
        "pattern": "random" if "rand" in mode else "sequential",
        "direct": file.word(options, "direct", "0") in ("1", "true"),
        "block_size": _block_size(file, options, operation, told),
        "depth": _count(file, options, "iodepth"),
        "engine": f"fio {file.word(options, 'ioengine', 'psync')}",
    }
    if jobs > 1:
        found["jobs"] = jobs
    if _is_mixed(mode):
        found["mixed"] = True
    return found


def _is_mixed(mode: str) -> bool:
    """Reads and writes at once disturb each other, so they are another case."""
    return mode.partition(":")[0] in ("rw", "readwrite", "randrw")


def _count(file: File, options: dict[str, Any], name: str) -> int:
    text = file.word(options, name, "1")
    if not re.fullmatch(r"[0-9]{1,9}", text) or not int(text):
        file.refuse(f"'{name}' is '{text}'")
    return int(text)


def _block_size(
    file: File, options: dict[str, Any], operation: str, told: dict[str, Any]
) -> int | str:
    """The size that was asked for; the mean of the requests where it was a range."""
    typed = file.word(options, "bs", file.word(options, "blocksize", ""))
    parts = [part.strip() for part in typed.split(",") if part.strip()]
    if any(name in options for name in ("bsrange", "blocksize_range", "bssplit")):
        mean = file.number(told, "io_bytes") / file.number(told, "total_ios", 1)
        return f"about {mean:.0f}"
    if not parts:
        return _DEFAULT_BLOCK
    part = parts[min(_OPERATIONS.index("write" if operation == "write" else "read"),
                     len(parts) - 1)]  # fmt: skip
    found = _SIZE.fullmatch(part)
    if found is None:
        file.refuse(f"'bs' is '{part}'")
    # With kb_base=1024, the default, fio's k is 1024 with or without an i.
    base = 1000 if file.word(options, "kb_base", "1024") == "1000" and not found[3] else 1024
    power = " kmgtp".index((found[2] or " ").lower())
    return int(found[1]) * int(base**power)


READER = Reader(summary="fio, --output-format=json, version 3", recognises=recognises, read=read)
