"""Which matrix products are measured: by dtype, shape and threads, as the budget allows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from bitpath_cli.benchmarks import Case, Context
from bitpath_cli.model.result import Parameters

Kind = Literal["square", "vector", "skinny", "batched"]

SPEAKING_EDGE: Final = 1024
"""The edge of the square product that speaks for the others of its dtype."""

_COMPARED_FROM: Final = 256
_COMPARED_DTYPES: Final = ("float32", "float64", "bfloat16")

_SIZES: Final[Mapping[str, tuple[int, ...]]] = {
    "float32": (256, 1024, 2048), "bfloat16": (1024, 2048), "int8": (1024, 2048),
    "float64": (1024,), "float16": (512,),
}  # fmt: skip
_SIZES_THOROUGH: Final = (256, 512, 1024, 2048, 4096)
# Where a processor has no fast path for it, it is slower by a hundred times.
_SIZES_FLOAT16_THOROUGH: Final = (256, 512, 1024)
_ONE_THREAD_SIZE: Final = 1024
_ROWS: Final = (1, 8, 32)
_LAYERS: Final = {False: (4096,), True: (1024, 4096)}
_LAYER_DTYPES: Final = {False: ("float32", "bfloat16"), True: ("float32", "bfloat16", "int8")}
_BATCHES: Final = {False: ((32, 256),), True: ((512, 64), (32, 256))}
_BATCH_DTYPES: Final = {
    False: ("float32", "bfloat16"), True: ("float32", "bfloat16", "float64"),
}  # fmt: skip
_GPU: Final = "cuda:0"
_GPU_DTYPES: Final = ("float32", "tf32", "bfloat16", "float16", "int8", "float64")
_GPU_HALVES: Final = ("bfloat16", "float16")
_GPU_SIZES: Final = {False: (4096,), True: (1024, 2048, 4096, 8192)}
# Of the inputs and of the output.
_ELEMENT_BYTES: Final = {
    "float64": (8, 8), "float32": (4, 4), "tf32": (4, 4), "bfloat16": (2, 2), "float16": (2, 2),
    "int8": (1, 4),
}  # fmt: skip
_SMALL_WEIGHT: Final = 0.5
_COMPARED_FACTOR: Final = 1.5


@dataclass(frozen=True, slots=True)
class Shape:
    """So many products at once of [m, k] with [k, n].

    Those of a linear layer (vector and skinny) have the weights transposed in memory.
    """

    dtype: str
    m: int
    n: int
    k: int
    batch: int = 1
    kind: Kind = "square"

    @property
    def operations(self) -> float:
        """FLOP of all of them, or OP."""
        return 2.0 * self.batch * self.m * self.n * self.k

    @property
    def is_linear(self) -> bool:
        """Whether it is a linear layer's."""
        return self.kind in ("vector", "skinny")

    @property
    def size_bytes(self) -> float:
        """The bytes of A, B and C, each counted once."""
        m, n, k = self.m, self.n, self.k
        inputs, output = _ELEMENT_BYTES[self.dtype]
        return float(self.batch * ((m * k + k * n) * inputs + m * n * output))


def shape_of(case: Case) -> Shape:
    """What a case's parameters say; those of a square product do not name its kind."""
    told = case.parameters
    kinds: dict[str, Kind] = {"vector": "vector", "skinny": "skinny", "batched": "batched"}
    return Shape(
        str(told["dtype"]), int(told["m"]), int(told["n"]), int(told["k"]),
        int(told.get("batch", 1)), kinds.get(str(told.get("shape")), "square"),
    )  # fmt: skip


def is_compared(case: Case) -> bool:
    """Whether other libraries are tried beside torch."""
    shape = shape_of(case)
    is_on_cpu = case.parameters["device"] == "cpu"
    is_large = shape.kind == "square" and shape.m >= _COMPARED_FROM
    return is_on_cpu and is_large and shape.dtype in _COMPARED_DTYPES


def cpu_cases(context: Context, common: Parameters) -> Iterator[Case]:
    """Squares first: the cost model takes its rates from them."""
    one_thread = {**common, "threads": 1}
    common = {**common, "threads": context.threads}
    for dtype in _SIZES:
        for size in _sizes(dtype, context.thorough):
            yield _square(dtype, size, "cpu", common)
        if context.threads > 1 and dtype != "float16":
            yield _square(dtype, _ONE_THREAD_SIZE, "cpu", one_thread)
    if context.quick:
        return
    yield from _layers(context, common)
    yield from _batches(context, common)
    if context.thorough and context.threads > 1:
        for dtype in _LAYER_DTYPES[False]:
            yield _layer(dtype, _ROWS[0], _LAYERS[False][0], "cpu", one_thread)
            yield _layer(dtype, _ROWS[-1], _LAYERS[False][0], "cpu", one_thread)
            yield _batch(dtype, *_BATCHES[False][0], "cpu", one_thread)


def gpu_cases(context: Context, common: Parameters) -> Iterator[Case]:
    """The same on the first GPU, whose threads nobody sets."""
    for dtype in _GPU_DTYPES:
        for size in _GPU_SIZES[context.thorough]:
            yield _square(dtype, size, _GPU, common)
    if context.quick:
        return
    for dtype in _GPU_HALVES:
        for rows in _ROWS:
            yield _layer(dtype, rows, _LAYERS[False][0], _GPU, common)
        yield _batch(dtype, *_BATCHES[False][0], _GPU, common)


def _sizes(dtype: str, thorough: bool) -> tuple[int, ...]:
    if not thorough:
        return _SIZES[dtype]
    return _SIZES_FLOAT16_THOROUGH if dtype == "float16" else _SIZES_THOROUGH


def _layers(context: Context, common: Parameters) -> Iterator[Case]:
    for dtype in _LAYER_DTYPES[context.thorough]:
        for edge in _LAYERS[context.thorough]:
            for rows in _ROWS:
                yield _layer(dtype, rows, edge, "cpu", common)


def _batches(context: Context, common: Parameters) -> Iterator[Case]:
    for dtype in _BATCH_DTYPES[context.thorough]:
        for batch, edge in _BATCHES[context.thorough]:
            yield _batch(dtype, batch, edge, "cpu", common)


def _square(dtype: str, size: int, device: str, common: Parameters) -> Case:
    """Larger products take longer, if not by as much as they have more to do."""
    case = Case(_parameters(dtype, size, size, size, device, common))
    factor = _COMPARED_FACTOR if is_compared(case) else 1.0
    weight = max(_SMALL_WEIGHT, (size / 1024) ** 1.5) * factor
    return Case(case.parameters, weight)


def _layer(dtype: str, rows: int, edge: int, device: str, common: Parameters) -> Case:
    shape = {**_parameters(dtype, rows, edge, edge, device, common)}
    return Case({**shape, "shape": "vector" if rows == 1 else "skinny"}, _SMALL_WEIGHT)


def _batch(dtype: str, batch: int, edge: int, device: str, common: Parameters) -> Case:
    shape = _parameters(dtype, edge, edge, edge, device, common)
    return Case({**shape, "batch": batch, "shape": "batched"}, _SMALL_WEIGHT)


def _parameters(dtype: str, m: int, n: int, k: int, device: str, common: Parameters) -> Parameters:
    return {"dtype": dtype, "m": m, "n": n, "k": k, "device": device, **common}
