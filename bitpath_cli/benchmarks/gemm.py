"""How fast matrices are multiplied, by dtype, size and threads: torch's product of random numbers.

One operation is 2·m·n·k FLOP (OP for integers), as in LAPACK and everywhere in this field.
"""

import contextlib
from collections.abc import Iterator, Mapping
from typing import Final

from bitpath_cli.benchmarks import Benchmark, CannotMeasure, Case, Conclusion, Context, Loop
from bitpath_cli.benchmarks._peak import find_peak
from bitpath_cli.benchmarks._rate import rate
from bitpath_cli.host import Host
from bitpath_cli.model.reading import Missing, unsupported
from bitpath_cli.model.result import Direction, Doubt, Parameters, Samples, Validity, metric
from bitpath_cli.model.units import FLOP, FLOP_PER_SECOND, OP, OP_PER_SECOND

_LOOP: Final = "product"
_TRIAL_SIZE: Final = 256
_LONGEST_SECONDS: Final = {False: 3.0, True: 30.0}
_IMPLAUSIBLE: Final = 1.1
_CPU_SIZES: Final[Mapping[str, tuple[int, ...]]] = {
    "float32": (256, 1024, 2048), "bfloat16": (1024, 2048), "int8": (1024, 2048),
    "float64": (1024,),
}  # fmt: skip
_CPU_SIZES_THOROUGH: Final = (256, 512, 1024, 2048, 4096)
_ONE_THREAD_SIZE: Final = 1024
_GPU_DTYPES: Final = ("float32", "tf32", "bfloat16", "float16", "int8", "float64")
_GPU_SIZES: Final = {False: (4096,), True: (1024, 2048, 4096, 8192)}


def find_cases(context: Context) -> tuple[Case, ...]:
    """Every dtype at every size with all threads, at one size with one thread, and on a GPU."""
    version = context.host.outside.installed_version("torch") or "of unknown version"
    common = {"library": f"torch {version}"}
    cases = []
    for dtype, sizes in _CPU_SIZES.items():
        for size in _CPU_SIZES_THOROUGH if context.thorough else sizes:
            cases.append(_case(dtype, size, "cpu", {**common, "threads": context.threads}))
        if context.threads > 1:
            cases.append(_case(dtype, _ONE_THREAD_SIZE, "cpu", {**common, "threads": 1}))
    if _has_gpu(context.host):
        for dtype in _GPU_DTYPES:
            cases += [_case(dtype, size, "cuda:0", common) for size in _GPU_SIZES[context.thorough]]
    return tuple(cases)


@contextlib.contextmanager
def open_loops(case: Case, context: Context) -> Iterator[Mapping[str, Loop]]:
    """The product of a case; CannotMeasure where a small one shows that it would take for ever."""
    from bitpath_cli.benchmarks import _torch_loops
    from bitpath_cli.benchmarks._product import Product

    dtype, m, n, k = _shape(case)
    device = _torch_loops.find_device(str(case.parameters["device"]))
    # One thread shows it as well, and waits for no other where a processor is busy elsewhere.
    with _torch_loops.threads(1):
        _refuse_the_hopeless(case, context)
    with _torch_loops.threads(int(case.parameters.get("threads", context.threads))):
        product = Product(dtype, m, n, k, device)
        unit = OP if dtype == "int8" else FLOP
        if device.type == "cpu":
            trial = _torch_loops.CpuTrial(product.multiply, product.find_error)
            yield {_LOOP: Loop(trial, 2.0 * m * n * k, unit)}
        else:
            timed = _torch_loops.GpuTrial(product.multiply, product.find_error, device, flush=True)
            most = _torch_loops.GPU_LOOPS
            yield {_LOOP: Loop(timed, 2.0 * m * n * k, unit, largest_loops=most)}


def conclude(case: Case, context: Context, samples: Mapping[str, Samples]) -> Conclusion:
    """The throughput, beside the processor's theoretical peak where that is known."""
    from bitpath_cli.benchmarks import _torch_loops

    dtype, *_ = _shape(case)
    found = samples[_LOOP]
    unit = OP_PER_SECOND if found.unit == OP else FLOP_PER_SECOND
    is_cpu = case.parameters["device"] == "cpu"
    threads = int(case.parameters.get("threads", context.threads))
    ceiling = find_peak(context.components, dtype, threads) if is_cpu else None
    throughput = rate(found, found.work, unit, f"gemm, {_torch_loops.library()}")
    reasons: tuple[Doubt, ...] = ()
    validity = Validity.VALID
    if ceiling is not None and throughput.value > _IMPLAUSIBLE * ceiling.value:
        reasons, validity = (Doubt.IMPLAUSIBLE,), Validity.INVALID
    shown = metric(
        "throughput", throughput, Direction.HIGHER,
        ceiling=ceiling, reasons=reasons, validity=validity,
    )  # fmt: skip
    return Conclusion((shown,), validity=validity, reasons=reasons)


def _refuse_the_hopeless(case: Case, context: Context) -> None:
    """Some dtypes have no fast path: float16 on many processors runs at 0.3 GFLOP/s."""
    from bitpath_cli.benchmarks._product import time_trial
    from bitpath_cli.benchmarks._torch_loops import find_device

    dtype, m, n, k = _shape(case)
    try:
        seconds = time_trial(dtype, _TRIAL_SIZE, find_device(str(case.parameters["device"])))
    except (RuntimeError, NotImplementedError, AttributeError) as error:
        words = " ".join(str(error).split())[:200]
        raise CannotMeasure(unsupported(f"torch multiplies no {dtype} here: {words}")) from error
    expected = seconds * (m * n * k) / _TRIAL_SIZE**3
    if expected > _LONGEST_SECONDS[context.thorough]:
        speed = 2 * _TRIAL_SIZE**3 / seconds / 1e9
        raise CannotMeasure(
            unsupported(
                f"{dtype} reaches only {speed:.2g} GFLOP/s at {_TRIAL_SIZE}³: one product of "
                f"{m}×{n}×{k} would take {expected:.0f} s",
                "choose a dtype that this processor computes fast",
            )
        )


def _case(dtype: str, size: int, device: str, more: Mapping[str, str | int]) -> Case:
    """Larger products take longer, if not by as much as they have more to do."""
    shape: Parameters = {"dtype": dtype, "m": size, "n": size, "k": size, "device": device}
    return Case({**shape, **more}, weight=max(0.5, (size / 1024) ** 1.5))


def _shape(case: Case) -> tuple[str, int, int, int]:
    told = case.parameters
    return str(told["dtype"]), int(told["m"]), int(told["n"]), int(told["k"])


def _has_gpu(host: Host) -> bool:
    nvml = host.outside.nvml()
    if isinstance(nvml, Missing):
        return False
    try:
        return int(nvml.nvmlDeviceGetCount()) > 0
    except nvml.NVMLError:
        return False


BENCHMARK = Benchmark(
    summary="Matrix products by dtype, size and threads",
    revision=1,
    find_cases=find_cases,
    open=open_loops,
    conclude=conclude,
    needs=("torch",),
    blocks=3,
    fills_processors=True,
    weight=2.0,
)
