"""Today's host as a report measured it: rates, efficiency by size, memory, storage and power."""

from typing import Final

from bitpath_cli.errors import UnmeasuredHost
from bitpath_cli.model.components.accelerator import Accelerator
from bitpath_cli.model.components.limits import Limits
from bitpath_cli.model.reading import Quantity, assumed
from bitpath_cli.model.report import Report
from bitpath_cli.model.result import BenchmarkResult
from bitpath_cli.model.site import Site
from bitpath_cli.model.units import FLOP_PER_SECOND, ONE, WATT
from bitpath_cli.model.workload import Precision
from bitpath_cli.strategies import PRECISIONS, Machine
from bitpath_cli.workflows._combine import product
from bitpath_cli.workflows._machines import UNKNOWN_STORAGE

TODAY: Final = "today's host"
_UNSEEN: Final = assumed(
    1.3, ONE, "times 1.3 for what no counter sees (fans, disks, the supply's losses), a guess", 1.2
)


def todays_machine(report: Report, site: Site) -> Machine:
    """This host as the report measured it; UnmeasuredHost where compute or memory is unknown."""
    limits = next((each for each in report.components if isinstance(each, Limits)), None)
    if limits is None or not isinstance(limits.effective_memory, Quantity):
        raise UnmeasuredHost("amount of usable memory", "Write a new one: bitpath assess")
    device = _device_measured(report)
    rates, curve = _rates(report, device)
    if not rates:
        raise UnmeasuredHost("rate of matrix products (gemm)", "Measure it: bitpath bench compute")
    bandwidth = _memory_bandwidth(report, device)
    if bandwidth is None:
        raise UnmeasuredHost("memory bandwidth", "Measure it: bitpath bench memory")
    gpu = next((each for each in report.components if isinstance(each, Accelerator)), None)
    on_gpu = device != "cpu" and gpu is not None and isinstance(gpu.memory_total, Quantity)
    memory = limits.effective_memory
    if on_gpu and gpu is not None and isinstance(gpu.memory_total, Quantity):
        memory = gpu.memory_total
    return Machine(
        name=TODAY, hardware="today", place="edge", is_accelerator=on_gpu, devices=1,
        rates=rates, curve=curve, memory_bandwidth=bandwidth, memory=memory,
        storage_rate=_storage_rate(report) or UNKNOWN_STORAGE,
        power_idle=_power(report, is_idle=True) or site.today.power_idle,
        power_max=_power(report, is_idle=False) or site.today.power_max,
        prices={"owned": site.today.price, "bought": site.today.price},
        availability=site.today.availability,
        host_memory=limits.effective_memory if on_gpu else None,
    )  # fmt: skip


def _device_measured(report: Report) -> str:
    """The device whose rates count: a GPU where one was measured, else the CPU."""
    names = {str(each.parameters.get("device", "cpu")) for each in _valid(report, "gemm")}
    accelerators = sorted(name for name in names if name != "cpu")
    return accelerators[0] if accelerators else "cpu"


def _rates(
    report: Report, device: str
) -> tuple[dict[Precision, Quantity], tuple[tuple[float, float], ...]]:
    """The best rate of every dtype with all threads, and float32's efficiency by matrix edge."""
    rates: dict[Precision, Quantity] = {}
    curve: tuple[tuple[float, float], ...] = ()
    for precision in PRECISIONS:
        found = _squares(report, device, precision)
        if not found:
            continue
        best = max(found.values(), key=lambda each: each.value)
        rates[precision] = best
        if precision == "float32" or not curve:
            curve = tuple(
                (float(edge), rate.value / best.value) for edge, rate in sorted(found.items())
            )
    return rates, curve


def _squares(report: Report, device: str, precision: str) -> dict[int, Quantity]:
    """Rates by the edge of square products, each with the most threads that were tried."""
    threads: dict[int, int] = {}
    found: dict[int, Quantity] = {}
    for result in _valid(report, "gemm"):
        told = result.parameters
        edge, used = int(told.get("m", 0)), int(told.get("threads", 1))
        if told.get("dtype") != precision or str(told.get("device", "cpu")) != device:
            continue
        if edge != told.get("n") or edge != told.get("k") or used < threads.get(edge, 0):
            continue
        # Batches of small products, and the few rows of a linear layer, name their shape.
        if "shape" in told:
            continue
        rate = result.figure("throughput")
        if rate is not None:
            threads[edge] = used
            found[edge] = rate.model_copy(update={"unit": FLOP_PER_SECOND})
    return found


def _memory_bandwidth(report: Report, device: str) -> Quantity | None:
    best: Quantity | None = None
    for result in _valid(report, "memory_bandwidth"):
        triad = result.figure("triad")
        same = str(result.parameters.get("device", "cpu")) == device
        if triad is not None and same and (best is None or triad.value > best.value):
            best = triad
    return best


def _storage_rate(report: Report) -> Quantity | None:
    for result in _valid(report, "disk"):
        told = result.parameters
        if told.get("operation") == "read" and told.get("pattern") == "sequential":
            return result.figure("bandwidth")
    return None


def _power(report: Report, *, is_idle: bool) -> Quantity | None:
    """At rest or at full load: a meter's at the wall first, else counters' with what they miss."""
    found: dict[str, list[Quantity]] = {}
    for each in _valid(report, "energy"):
        figure = each.figure("power")
        if figure is not None and (each.parameters.get("load") == "idle") == is_idle:
            found.setdefault(str(each.parameters.get("meter")), []).append(figure)
    for meter in sorted(found, key=lambda name: name != "wall"):
        known = max(found[meter], key=lambda each: each.value)
        if meter == "wall":
            return known
        return product(WATT, f"{known.origin.source}; {_UNSEEN.origin.source}", known, _UNSEEN)
    return None


def _valid(report: Report, benchmark: str) -> list[BenchmarkResult]:
    return [each for each in report.results if each.benchmark == benchmark and each.is_usable]
