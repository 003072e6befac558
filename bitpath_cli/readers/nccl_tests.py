"""nccl-tests' output, as the text that it prints and as the JSON that its -J writes.

Columns, keys and units are those of its src/util.cu: times in µs, rates in 10⁹ B/s. Its JSON holds
the whole environment of the run, of which nothing is taken over.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from bitpath_cli.model.result import BenchmarkResult
from bitpath_cli.readers import Reader
from bitpath_cli.readers._figures import File
from bitpath_cli.readers._nccl_points import Row, Run, make_results, operation_of

_JSON_VERSIONS: Final = (2, 3)
_LAUNCHER: Final = re.compile(r"^\[\d+,\d+\]<std(?:out|err)>:\s?")
_VERSION: Final = re.compile(r"# nccl-tests version (\S+)")
_STARTING: Final = re.compile(r"# Collective test starting: (\S+)")
_RANK: Final = re.compile(r"#\s+Rank\s+(\d{1,6}) .* on\s+(\S+) device ")
_HEADS: Final = re.compile(r"#\s+size\s+count\s+type\b")
_BOUNDS: Final = re.compile(r"# Out of bounds values\s*:\s*(\d+)")
_ITERATIONS: Final = re.compile(r"warmup iters: \d+ iters: (\d{1,9})\b")
_ROW: Final = re.compile(r"\s*\d+\s+\d+\s+[a-z]\w*\s")


def recognises(text: str) -> bool:
    """The head of the text's table, or the keys of the JSON."""
    head = text[:200_000]
    is_text = "algbw" in head and "busbw" in head and "redop" in head
    return is_text or ('"nccl_version"' in head and '"config"' in head)


def read(text: str, path: str) -> tuple[BenchmarkResult, ...]:
    """`collectives` results, one for out of place and one for in place where both were run."""
    file = File(path, "nccl-tests")
    if text.lstrip().startswith("{"):
        return _read_json(file, text)
    return _read_text(file, text)


def _read_json(file: File, text: str) -> tuple[BenchmarkResult, ...]:
    document = file.parse(text)
    version = document.get("version")
    if version not in _JSON_VERSIONS:
        known = " and ".join(map(str, _JSON_VERSIONS))
        file.refuse(f"its JSON is of version {str(version)[:20]}, and versions {known} are read")
    config = file.table(document, "config")
    # A process writes one device of its own, whatever number of them it drives.
    a_process = file.number(config, "nthreads", 1) * file.number(config, "ngpus", 1)
    devices = file.tables(config, "devices")
    ranks = int(len(devices) * a_process)
    hosts = {file.word(each, "hostname") for each in devices}
    arguments = document.get("args")
    program = arguments[0] if isinstance(arguments, list) and arguments else ""
    name = f"{str(program).rpartition('/')[2]} {file.path}"
    run = Run(
        file, operation_of(file, name), ranks, len(hosts),
        f"nccl-tests JSON {version}, NCCL {file.number(document, 'nccl_version'):.0f}, "
        f"in {file.path}", file.number(config, "iterations", 1),
    )  # fmt: skip
    rows = [row for each in file.tables(document, "results") for row in _json_rows(file, each)]
    return make_results(run, rows)


def _json_rows(file: File, told: dict[str, Any]) -> Iterator[Row]:
    for name in ("out_of_place", "in_place"):
        if told.get(name) is None:
            continue
        side = file.table(told, name)
        if "time" not in side and "cpu_time" in side:
            file.refuse("it holds the CPU's time (-C 1) and not that of the collective")
        wrong = None if side.get("nwrong") is None else int(file.number(side, "nwrong"))
        yield Row(
            size_bytes=int(file.number(told, "size")), dtype=file.word(told, "type"),
            redop=file.word(told, "redop"), root=file.word(told, "root").strip(),
            in_place=name == "in_place", time_us=file.number(side, "time"),
            algbw=file.number(side, "alg_bw"), busbw=file.number(side, "bus_bw"), wrong=wrong,
        )  # fmt: skip


def _read_text(file: File, text: str) -> tuple[BenchmarkResult, ...]:
    lines = [_LAUNCHER.sub("", line) for line in text.splitlines()]
    version = next((found[1] for line in lines if (found := _VERSION.match(line))), "")
    if version and not version.startswith("2."):
        file.refuse(f"it is of version {version[:20]}, and version 2 is read")
    heads = next((line for line in lines if _HEADS.match(line)), None)
    if heads is None:
        file.refuse("there is no head of a table with size, count and type in it")
    places = [found for line in lines if (found := _RANK.match(line))]
    ranks = [int(found[1]) for found in places]
    if not ranks:
        file.refuse("it does not say which ranks took part")
    if len(set(ranks)) < len(ranks):
        file.refuse(
            "a rank stands in it more than once: several jobs wrote into one file, as they do "
            "where nccl-tests was built without MPI=1"
        )
    program = next((found[1] for line in lines if (found := _STARTING.match(line))), file.path)
    bounds = next((int(found[1]) for line in lines if (found := _BOUNDS.match(line))), None)
    columns = heads.lstrip("# ").split()
    rows = [row for line in lines if _ROW.match(line) for row in _text_rows(file, columns, line)]
    iterations = next((float(found[1]) for line in lines if (found := _ITERATIONS.search(line))), 1)
    run = Run(
        file, operation_of(file, program), max(ranks) + 1,
        len({found[2] for found in places}),
        f"nccl-tests {version or 'of a version that it does not say'}, in {file.path}",
        iterations,
        # Without a check (-c 0) this sum is 0 as well; only old versions have nothing else.
        bounds if "error" in columns else None,
    )  # fmt: skip
    return make_results(run, rows)


def _text_rows(file: File, columns: Sequence[str], line: str) -> Iterator[Row]:
    """A line's two sides, found by the head's names: columns differ between versions."""
    cells = line.split()
    if len(cells) < len(columns):
        file.refuse(f"a row has {len(cells)} columns where its head has {len(columns)}")
    begins = [at for at, name in enumerate(columns) if name == "time"]
    if not begins:
        file.refuse("its head has no column 'time'; with -C 1 it is the CPU's time")
    about = dict(zip(columns[: begins[0]], cells, strict=False))
    for number, begin in enumerate(begins):
        side = dict(zip(columns[begin : begin + 4], cells[begin : begin + 4], strict=True))
        yield Row(
            size_bytes=int(_number(file, about.get("size", ""))), dtype=about.get("type", ""),
            redop=about.get("redop", "none"), root=about.get("root", "-1"),
            in_place=number == 1, time_us=_number(file, side.get("time", "")),
            algbw=_number(file, side.get("algbw", "")), busbw=_number(file, side.get("busbw", "")),
            wrong=_wrong(file, side),
        )  # fmt: skip


def _wrong(file: File, side: dict[str, str]) -> int | None:
    """Wrong elements; old versions print the largest error there, which is no count."""
    text = side.get("#wrong", "N/A")
    return None if text == "N/A" else int(_number(file, text))


def _number(file: File, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        file.refuse(f"'{text[:20]}' stands where a number was due")
    return file.number({text: value}, text)


READER = Reader(summary="nccl-tests, its text and its JSON (-J)", recognises=recognises, read=read)
