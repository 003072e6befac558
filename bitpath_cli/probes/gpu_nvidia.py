"""NVIDIA GPUs: from NVML where it answers, and from the PCI bus and /proc where it does not."""

from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final

from bitpath_cli.host import Host
from bitpath_cli.meters.nvml import ask, handles
from bitpath_cli.model.component import Component
from bitpath_cli.model.components.accelerator import Accelerator, AcceleratorSoftware
from bitpath_cli.model.reading import (
    Missing,
    Quantity,
    Statement,
    absent,
    derived,
    fact,
    reported,
    unsupported,
)
from bitpath_cli.model.units import ONE
from bitpath_cli.probes import Probe, Question, _nvml, _tegra
from bitpath_cli.probes._accelerator import Values, accelerator
from bitpath_cli.probes._nvlink import find_peers
from bitpath_cli.probes._pci import (
    DISPLAY,
    NVIDIA,
    PROCESSING,
    PciDevice,
    describe,
    devices,
    without_driver,
)
from bitpath_cli.probes._sysfs import first, parse_fields, text
from bitpath_cli.probes._usable import Seen, judge

_PROC: Final = "/proc/driver/nvidia"
_PENDING: Final = unsupported("whether torch can use it is judged for all GPUs together")


@dataclass(frozen=True, slots=True)
class _Found:
    """The GPUs that a source sees; `count` is Missing where that source cannot be asked."""

    accelerators: tuple[Accelerator, ...]
    seen: tuple[Seen, ...]
    count: Quantity | Missing


def find(host: Host, question: Question) -> tuple[Component, ...]:
    """Every GPU, and what the driver sees against what torch can use."""
    nvml = host.outside.nvml()
    found = _unseen(host, nvml) if isinstance(nvml, Missing) else _from_nvml(host, nvml)
    if not found.accelerators and _tegra.is_tegra(host):
        found = _built_in(host, _reason(nvml))
    verdict = judge(host, question, "nvidia", found.seen)
    accelerators = tuple(
        each.model_copy(update={"usable": usable})
        for each, usable in zip(found.accelerators, verdict.usable, strict=True)
    )
    software = AcceleratorSoftware(
        name="nvidia",
        library=_version(nvml, "nvmlSystemGetNVMLVersion"),
        driver=_driver(host, nvml),
        runtime=_runtime(nvml),
        devices_seen=found.count,
        devices_usable=found.count if isinstance(found.count, Missing) else verdict.count,
        mismatch=found.count if isinstance(found.count, Missing) else verdict.mismatch,
    )
    return (*accelerators, software)


def _from_nvml(host: Host, nvml: ModuleType) -> _Found:
    found = handles(nvml)
    if isinstance(found, Missing):
        return _unseen(host, found)
    peers = find_peers(nvml, [each for each in found if not isinstance(each[1], Missing)])
    on_tegra = _tegra.describe(host) if _tegra.is_tegra(host) else {}
    accelerators, seen = [], []
    for index, handle in found:
        if isinstance(handle, Missing):
            accelerators.append(accelerator("nvidia", index, {}, handle))
            seen.append(Seen())
            continue
        values = _nvml.describe(host, nvml, handle)
        partitioning, partitions = _nvml.find_partitions(nvml, handle)
        values = _completed({**values, "partitioning": partitioning}, on_tegra)
        one = accelerator(
            "nvidia", index, values, _PENDING, partitions=partitions, peers=peers[index]
        )
        accelerators.append(one)
        seen.append(_identify(nvml, handle))
    count = reported(len(found), ONE, "nvmlDeviceGetCount")
    return _Found(tuple(accelerators), tuple(seen), count)


def _identify(nvml: ModuleType, handle: Any) -> Seen:
    uuid = ask(nvml, "nvmlDeviceGetUUID", handle)
    architecture = _nvml.capability(nvml, handle)
    return Seen(
        "" if isinstance(uuid, Missing) else str(uuid),
        "" if isinstance(architecture, Missing) else architecture,
    )


def _completed(values: Values, others: Values) -> Values:
    """On a Jetson the device tree fills in what NVML refuses to tell, with its own reasons."""
    return {
        name: others[name] if name in others and isinstance(value, Missing) else value
        for name, value in values.items()
    }


def _built_in(host: Host, why: Missing) -> _Found:
    only = accelerator("nvidia", 0, _tegra.describe(host), why)
    return _Found((only,), (Seen(),), derived(1, ONE, f"{_tegra.TREE}/compatible"))


def _unseen(host: Host, why: Missing) -> _Found:
    """Cards on the bus whose driver's library does not answer."""
    cards = devices(host, DISPLAY, PROCESSING)
    if isinstance(cards, Missing):
        return _Found((), (), why)
    nvidia = [card for card in cards if card.vendor == NVIDIA]
    accelerators = tuple(
        accelerator("nvidia", index, {**describe(host, card), "model": _model(host, card)}, why)
        for index, card in enumerate(nvidia)
    )
    count = derived(len(nvidia), ONE, "devices of vendor 10de on the PCI bus")
    seen = tuple(Seen(obstacle=without_driver(host, card, "nvidia")) for card in nvidia)
    return _Found(accelerators, seen, count)


def _model(host: Host, card: PciDevice) -> Statement:
    path = f"{_PROC}/gpus/{card.address}/information"
    found = text(host, path)
    if isinstance(found, Missing):
        return fact(f"NVIDIA {card.identity}", card.path)
    model = parse_fields(found).get("Model")
    return fact(model, path) if model else unsupported(f"{path} names no model")


def _driver(host: Host, nvml: ModuleType | Missing) -> Statement:
    path = f"{_PROC}/version"
    words = text(host, path)
    loaded: Statement = words if isinstance(words, Missing) else fact(words.splitlines()[0], path)
    return first(_version(nvml, "nvmlSystemGetDriverVersion"), loaded, _tegra.release(host))


def _version(nvml: ModuleType | Missing, question: str) -> Statement:
    return nvml if isinstance(nvml, Missing) else _nvml.told(nvml, question)


def _runtime(nvml: ModuleType | Missing) -> Statement:
    """The newest CUDA that the driver offers: NVML writes 12.4 as 12040."""
    if isinstance(nvml, Missing):
        return nvml
    question = "nvmlSystemGetCudaDriverVersion_v2"
    number = ask(nvml, question)
    if isinstance(number, Missing):
        return number
    return fact(f"CUDA {number // 1000}.{number % 1000 // 10}", question)


def _reason(nvml: ModuleType | Missing) -> Missing:
    return nvml if isinstance(nvml, Missing) else absent("NVML lists no GPU")


PROBE = Probe(summary="NVIDIA GPUs, their links and what torch can use of them", find=find)
