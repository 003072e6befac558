"""AMD GPUs, from the files of amdgpu and of the compute driver below /sys.

The files are described in the kernel's Documentation/gpu/amdgpu; ROCm's own libraries are not asked
because each works with its own release of the driver only.
"""

from typing import Final

from bitpath_cli.host import Host
from bitpath_cli.model.component import Component
from bitpath_cli.model.components.accelerator import Accelerator, AcceleratorSoftware, PeerLink
from bitpath_cli.model.reading import (
    Missing,
    Quantity,
    Statement,
    absent,
    derived,
    fact,
    failed,
    reported,
    unsupported,
)
from bitpath_cli.model.units import BYTE, ONE
from bitpath_cli.probes import Probe, Question, _drm
from bitpath_cli.probes._accelerator import Values, accelerator
from bitpath_cli.probes._kfd import Node, nodes
from bitpath_cli.probes._micro import watts
from bitpath_cli.probes._pci import (
    AMD,
    DISPLAY,
    PROCESSING,
    PciDevice,
    describe,
    devices,
    without_driver,
)
from bitpath_cli.probes._sysfs import first, parse_fields, quantity, statement, text
from bitpath_cli.probes._usable import Seen, judge

_ROCM: Final = "/opt/rocm/.info/version"
_OTHERWISE: Final = unsupported("the driver's files do not tell", "amd-smi, of the installed ROCm")
_NO_COMPUTE: Final = absent(
    "the compute driver does not list this GPU", "load amdgpu with compute support (CONFIG_HSA_AMD)"
)
_SECOND_DIE: Final = "a board of two dies meters and limits both at the first one"


def find(host: Host, question: Question) -> tuple[Component, ...]:
    """Every AMD GPU and, where there is one, what torch can use of them."""
    listed = devices(host, DISPLAY, PROCESSING)
    cards = [] if isinstance(listed, Missing) else [each for each in listed if each.vendor == AMD]
    if not cards:
        return ()
    by_address = {node.address: node for node in nodes(host)}
    found = [by_address.get(each.address) for each in cards]
    verdict = judge(host, question, "amd", [_seen(host, each) for each in cards])
    names = {node.number: f"amd{index}" for index, node in enumerate(found) if node}
    accelerators = tuple(
        _accelerator(host, index, each, found[index], names).model_copy(update={"usable": usable})
        for index, (each, usable) in enumerate(zip(cards, verdict.usable, strict=True))
    )
    return (
        *accelerators,
        AcceleratorSoftware(
            name="amd",
            library=statement(host, _ROCM),
            driver=describe_driver(accelerators),
            runtime=statement(host, _ROCM),
            devices_seen=derived(len(cards), ONE, "devices of vendor 1002 on the PCI bus"),
            devices_usable=verdict.count,
            mismatch=verdict.mismatch,
        ),
    )


def describe_driver(accelerators: tuple[Accelerator, ...]) -> Statement:
    """The driver of the first GPU that has one."""
    return first(*(each.driver for each in accelerators))


def _seen(host: Host, card: PciDevice) -> Seen:
    uuid = text(host, f"{card.path}/unique_id")
    obstacle = without_driver(host, card, "amdgpu")
    return Seen("" if isinstance(uuid, Missing) else uuid, obstacle=obstacle)


def _accelerator(
    host: Host, index: int, card: PciDevice, node: Node | None, names: dict[int, str]
) -> Accelerator:
    path = card.path
    core, core_max = _drm.clocks(host, f"{path}/pp_dpm_sclk")
    memory, memory_max = _drm.clocks(host, f"{path}/pp_dpm_mclk")
    values: Values = {
        **describe(host, card),
        **_compute(node),
        **_sensed(host, path),
        "uuid": statement(host, f"{path}/unique_id"),
        "model": first(statement(host, f"{path}/product_name"), fact(f"AMD {card.identity}", path)),
        "memory_total": quantity(host, f"{path}/mem_info_vram_total", BYTE),
        "memory_used": quantity(host, f"{path}/mem_info_vram_used", BYTE),
        "clock_core": core,
        "clock_core_max": core_max,
        "clock_memory": memory,
        "clock_memory_max": memory_max,
        "partitioning": statement(host, f"{path}/current_compute_partition"),
        "utilisation": quantity(host, f"{path}/gpu_busy_percent", ONE, 0.01),
        **_errors(host, path),
    }
    return accelerator("amd", index, values, _OTHERWISE, peers=_peers(node, names))


def _compute(node: Node | None) -> Values:
    if node is None:
        return {"architecture": _NO_COMPUTE, "memory_kind": _NO_COMPUTE}
    source = "/sys/class/kfd/kfd/topology"
    return {
        "architecture": fact(node.architecture, source) if node.architecture else _NO_COMPUTE,
        "memory_kind": fact("unified" if node.unified else "dedicated", source),
    }


def _sensed(host: Host, path: str) -> Values:
    folder = _drm.sensors(host, path)
    if not folder:
        none = absent(f"{path} has no hwmon folder: amdgpu is not bound to the device")
        return dict.fromkeys(("power", "power_limit", "power_limit_default", "temperature"), none)
    power = first(
        watts(host, f"{folder}/power1_average", _SECOND_DIE),
        watts(host, f"{folder}/power1_input", _SECOND_DIE),
    )
    return {
        "power": power,
        "power_limit": watts(host, f"{folder}/power1_cap", _SECOND_DIE),
        "power_limit_default": watts(host, f"{folder}/power1_cap_default", _SECOND_DIE),
        "temperature": _drm.degrees(host, folder, "junction", "edge"),
    }


def _errors(host: Host, path: str) -> Values:
    """Memory errors, which amdgpu counts exactly where the memory corrects some of them."""
    source = f"{path}/ras/umc_err_count"
    words = text(host, source)
    if isinstance(words, Missing):
        return {"ecc": words, "uncorrected_errors": words}
    number = parse_fields(words).get("ue", "")
    errors: Quantity | Missing = (
        reported(int(number), ONE, source)
        if number.isdigit()
        else failed(f"{source} holds no number of uncorrected errors")
    )
    return {"ecc": fact(True, source), "uncorrected_errors": errors}


def _peers(node: Node | None, names: dict[int, str]) -> tuple[PeerLink, ...]:
    if node is None:
        return ()
    return tuple(
        PeerLink(
            peer=names[other],
            path=fact(kind, "/sys/class/kfd/kfd/topology"),
            nvlinks=absent(f"{kind} joins them, not NVLink"),
        )
        for other, kind in sorted(set(node.links))
        if other in names
    )


PROBE = Probe(summary="AMD GPUs and what torch can use of them", find=find)
