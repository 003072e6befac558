"""How fast matrices are multiplied, by dtype, size and threads: torch's product of random numbers.

One operation is 2·m·n·k FLOP (OP for integers), as in LAPACK and everywhere in this field.
"""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from bitpath_cli.benchmarks import Benchmark, CannotMeasure, Case, Conclusion, Context, Loop
from bitpath_cli.benchmarks._gemm_cases import (
    SPEAKING_EDGE,
    cpu_cases,
    gpu_cases,
    is_compared,
    shape_of,
)
from bitpath_cli.benchmarks._peak import find_peak
from bitpath_cli.benchmarks._rate import rate
from bitpath_cli.host import Host
from bitpath_cli.model.reading import Missing, unsupported
from bitpath_cli.model.result import (
    Direction,
    Doubt,
    Finding,
    Metric,
    Parameters,
    Samples,
    Validity,
    metric,
)
from bitpath_cli.model.units import (
    BYTE,
    BYTE_PER_SECOND,
    FLOP,
    FLOP_PER_SECOND,
    OP,
    OP_PER_SECOND,
    human,
)

_LOOP: Final = "product"
_TRIAL_SIZE: Final = 256
_LONGEST_SECONDS: Final = {False: 3.0, True: 30.0}
_IMPLAUSIBLE: Final = 1.1
_COPIES: Final = 2
_COPIES_COMPARED: Final = 4
_MEMORY_SHARE: Final = 0.5


def find_cases(context: Context) -> tuple[Case, ...]:
    """Squares by dtype and size, a linear layer's shapes and batches; with one thread and all."""
    version = context.host.outside.installed_version("torch") or "of unknown version"
    common: Parameters = {"library": f"torch {version}"}
    on_gpu = gpu_cases(context, common) if _has_gpu(context.host) else ()
    return (*cpu_cases(context, common), *on_gpu)


@contextlib.contextmanager
def open_loops(case: Case, context: Context) -> Iterator[Mapping[str, Loop]]:
    """The product of a case, then other libraries' where it is compared with them.

    CannotMeasure where memory is short, or a small one shows that it would take for ever.
    """
    from bitpath_cli.benchmarks import _torch_loops
    from bitpath_cli.benchmarks._candidates import open_candidates
    from bitpath_cli.benchmarks._product import Product

    shape = shape_of(case)
    device = _torch_loops.find_device(str(case.parameters["device"]))
    _refuse_the_large(case, context)
    # One thread shows it as well, and waits for no other where a processor is busy elsewhere.
    with _torch_loops.threads(1):
        _refuse_the_hopeless(case, context)
    threads = _threads(case, context)
    with _torch_loops.threads(threads):
        product = Product(
            shape.dtype, shape.m, shape.n, shape.k, device, shape.batch, shape.is_linear
        )
        unit = OP if shape.dtype == "int8" else FLOP
        if device.type != "cpu":
            timed = _torch_loops.GpuTrial(product.multiply, product.find_error, device, flush=True)
            most = _torch_loops.GPU_LOOPS
            yield {_LOOP: Loop(timed, shape.operations, unit, largest_loops=most)}
            return
        own = Loop(
            _torch_loops.CpuTrial(product.multiply, product.find_error), shape.operations, unit
        )
        if not is_compared(case):
            yield {_LOOP: own}
            return
        environment = context.host.outside.environment()
        speaks = _speaks(case, context)
        with open_candidates(product, shape, threads, environment, speaks) as others:
            loops = {name: Loop(trial, shape.operations, unit) for name, trial in others.items()}
            yield {_LOOP: own, **loops}


def conclude(case: Case, context: Context, samples: Mapping[str, Samples]) -> Conclusion:
    """The throughput beside the theoretical peak where that is known, else the measured ceiling.

    A linear layer with few rows is bound by memory: it has the bandwidth that it takes instead.
    """
    from bitpath_cli.benchmarks import _torch_loops
    from bitpath_cli.benchmarks._ceiling import (
        ceiling_metrics,
        find_libraries,
        find_shortfalls,
        loops_behind,
    )

    shape = shape_of(case)
    own = samples[_LOOP]
    unit = OP_PER_SECOND if own.unit == OP else FLOP_PER_SECOND
    words = _torch_loops.library()
    throughput = rate(own, own.work, unit, f"gemm, {words}")
    if shape.is_linear:
        moved = rate(own, shape.size_bytes, BYTE_PER_SECOND, "gemm, A, B and C counted once each")
        bandwidth = metric("bandwidth", moved, Direction.HIGHER)
        return Conclusion((metric("throughput", throughput, Direction.HIGHER), bandwidth))
    is_on_cpu, threads = case.parameters["device"] == "cpu", _threads(case, context)
    peak = find_peak(context.components, shape.dtype, threads) if is_on_cpu else None
    if not is_compared(case):
        return _conclusion(
            _judged(metric("throughput", throughput, Direction.HIGHER, ceiling=peak))
        )
    libraries = find_libraries(shape, context, samples, unit, words)
    shown = metric("throughput", throughput, Direction.HIGHER, ceiling=peak or libraries.ceiling)
    metrics = [_judged(each) for each in (shown, *ceiling_metrics(libraries, peak))]
    findings: tuple[Finding, ...] = ()
    if _speaks(case, context):
        environment = context.host.outside.environment()
        findings = find_shortfalls(libraries, shape, threads, environment)
    return replace(_conclusion(*metrics), rests_on=loops_behind(libraries), findings=findings)


def _conclusion(*metrics: Metric) -> Conclusion:
    return Conclusion(metrics, validity=metrics[0].validity, reasons=metrics[0].reasons)


def _judged(found: Metric) -> Metric:
    """Nothing is believed that is faster than the theoretical peak."""
    share = found.fraction_of_ceiling
    if share is None or share <= _IMPLAUSIBLE:
        return found
    return found.model_copy(update={"validity": Validity.INVALID, "reasons": (Doubt.IMPLAUSIBLE,)})


def _threads(case: Case, context: Context) -> int:
    return int(case.parameters.get("threads", context.threads))


def _speaks(case: Case, context: Context) -> bool:
    """Whether what is found out at this product is told: once for a dtype is enough."""
    return int(case.parameters["m"]) == SPEAKING_EDGE and _threads(case, context) == context.threads


def _refuse_the_large(case: Case, context: Context) -> None:
    """The matrices, and what checks them; other libraries have matrices of their own."""
    needed = shape_of(case).size_bytes * (_COPIES_COMPARED if is_compared(case) else _COPIES)
    if needed > _MEMORY_SHARE * context.memory_bytes:
        raise CannotMeasure(
            unsupported(
                f"the matrices take {human(needed, BYTE)}, too much of the "
                f"{human(context.memory_bytes, BYTE)} that may be used",
                "give it more memory, or use a smaller --budget, which has smaller ones",
            )
        )


def _refuse_the_hopeless(case: Case, context: Context) -> None:
    """Some dtypes have no fast path: float16 on many processors runs at 0.3 GFLOP/s."""
    from bitpath_cli.benchmarks._product import time_trial
    from bitpath_cli.benchmarks._torch_loops import find_device

    shape = shape_of(case)
    dtype, m, n, k = shape.dtype, shape.m, shape.n, shape.k
    try:
        seconds = time_trial(dtype, _TRIAL_SIZE, find_device(str(case.parameters["device"])))
    except (RuntimeError, NotImplementedError, AttributeError) as error:
        words = " ".join(str(error).split())[:200]
        raise CannotMeasure(unsupported(f"torch multiplies no {dtype} here: {words}")) from error
    expected = seconds * shape.operations / (2 * _TRIAL_SIZE**3)
    if expected > _LONGEST_SECONDS[context.thorough]:
        speed = 2 * _TRIAL_SIZE**3 / seconds / 1e9
        raise CannotMeasure(
            unsupported(
                f"{dtype} reaches only {speed:.2g} GFLOP/s at {_TRIAL_SIZE}³: one product of "
                f"{m}×{n}×{k} would take {expected:.2g} s",
                "choose a dtype that this processor computes fast",
            )
        )


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
