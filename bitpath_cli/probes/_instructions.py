"""The processor's name and the instruction sets that decide what numeric libraries can use.

Read from /proc/cpuinfo. ARM's numbers are those of the kernel's arch/arm64/include/asm/cputype.h.
"""

from collections.abc import Mapping
from typing import Final

from bitpath_cli.host import Host
from bitpath_cli.model.reading import Fact, Missing, absent, fact
from bitpath_cli.probes import _sysfs
from bitpath_cli.probes._topology import FOLDER

CPUINFO: Final = "/proc/cpuinfo"
MIDR: Final = f"{FOLDER}/cpu0/regs/identification/midr_el1"

# In the order of their age, x86 first; all other flags say little about numeric speed.
_DECISIVE: Final = (
    "sse4_2", "avx", "f16c", "fma", "avx2", "avx512f", "avx512dq", "avx512bw", "avx512vl",
    "avx512_vnni", "avx512_bf16", "avx512_fp16", "avx_vnni", "avx_ifma", "avx_vnni_int8",
    "avx_ne_convert", "avx10", "amx_tile", "amx_int8", "amx_bf16", "amx_fp16", "amx_complex",
    "asimd", "asimdhp", "asimddp", "asimdfhm", "sve", "sve2", "i8mm", "bf16", "svei8mm", "svebf16",
    "sme", "sme2",
)  # fmt: skip
_IMPLEMENTERS: Final = {
    0x41: "Arm", 0x46: "Fujitsu", 0x48: "HiSilicon", 0x4E: "NVIDIA", 0x50: "APM",
    0x51: "Qualcomm", 0x61: "Apple", 0xC0: "Ampere",
}  # fmt: skip
_PARTS: Final = {
    (0x41, 0xD03): "Cortex-A53", (0x41, 0xD04): "Cortex-A35", (0x41, 0xD05): "Cortex-A55",
    (0x41, 0xD07): "Cortex-A57", (0x41, 0xD08): "Cortex-A72", (0x41, 0xD09): "Cortex-A73",
    (0x41, 0xD0A): "Cortex-A75", (0x41, 0xD0B): "Cortex-A76", (0x41, 0xD0C): "Neoverse N1",
    (0x41, 0xD0D): "Cortex-A77", (0x41, 0xD40): "Neoverse V1", (0x41, 0xD41): "Cortex-A78",
    (0x41, 0xD42): "Cortex-A78AE", (0x41, 0xD44): "Cortex-X1", (0x41, 0xD46): "Cortex-A510",
    (0x41, 0xD47): "Cortex-A710", (0x41, 0xD49): "Neoverse N2", (0x41, 0xD4D): "Cortex-A715",
    (0x41, 0xD4F): "Neoverse V2", (0x41, 0xD80): "Cortex-A520", (0x41, 0xD81): "Cortex-A720",
    (0x41, 0xD84): "Neoverse V3", (0x41, 0xD85): "Cortex-X925", (0x41, 0xD8E): "Neoverse N3",
    (0x46, 0x001): "A64FX", (0x4E, 0x003): "Denver", (0x4E, 0x004): "Carmel",
    (0xC0, 0xAC3): "Ampere-1", (0xC0, 0xAC4): "Ampere-1A",
}  # fmt: skip


def instruction_sets(fields: Mapping[str, str] | Missing) -> Fact | Missing:
    """The decisive extensions among the flags (x86) or Features (ARM)."""
    if isinstance(fields, Missing):
        return fields
    for key in ("flags", "Features"):
        if key in fields:
            flags = frozenset(fields[key].split())
            found = tuple(name for name in _DECISIVE if name in flags)
            return fact(found, f"{CPUINFO} {key}")
    return absent(f"{CPUINFO} lists no flags for this architecture")


def vendor(host: Host, fields: Mapping[str, str] | Missing) -> Fact | Missing:
    """Who made the core: an x86 vendor string, or ARM's implementer."""
    if not isinstance(fields, Missing) and "vendor_id" in fields:
        return fact(fields["vendor_id"], f"{CPUINFO} vendor_id")
    code, source = _midr(host, fields)
    if isinstance(code, Missing):
        return code
    implementer = code[0]
    if implementer not in _IMPLEMENTERS:
        return absent(f"{source}: implementer 0x{implementer:02x} has no name here")
    return fact(_IMPLEMENTERS[implementer], source)


def model(host: Host, fields: Mapping[str, str] | Missing) -> Fact | Missing:
    """The processor's name; on ARM the core's, whose `model name` only repeats the architecture."""
    named = (
        absent(f"{CPUINFO} has no model name")
        if isinstance(fields, Missing) or not fields.get("model name")
        else fact(fields["model name"], f"{CPUINFO} model name")
    )
    code, source = _midr(host, fields)
    if isinstance(code, Missing):
        return fields if isinstance(fields, Missing) else named
    implementer, part = code
    if (implementer, part) not in _PARTS:
        return named
    return fact(f"{_IMPLEMENTERS[implementer]} {_PARTS[implementer, part]}", source)


def family(fields: Mapping[str, str] | Missing) -> Fact | Missing:
    """What tells steppings apart where the name does not."""
    if isinstance(fields, Missing):
        return fields
    for keys in (
        ("cpu family", "model", "stepping"),
        ("CPU implementer", "CPU part", "CPU variant", "CPU revision"),
    ):
        if all(key in fields for key in keys):
            words = ", ".join(f"{key.removeprefix('CPU ')} {fields[key]}" for key in keys)
            return fact(words.removeprefix("cpu "), CPUINFO)
    return absent(f"{CPUINFO} names no family")


def told(fields: Mapping[str, str] | Missing, key: str) -> Fact | Missing:
    """One field as it stands."""
    if isinstance(fields, Missing):
        return fields
    if not fields.get(key):
        return absent(f"{CPUINFO} has no {key}")
    return fact(fields[key], f"{CPUINFO} {key}")


def read_cpuinfo(text: str | Missing) -> Mapping[str, str] | Missing:
    """The first processor's fields."""
    return text if isinstance(text, Missing) else _sysfs.parse_fields(text)


def parse_midr(register: int) -> tuple[int, int]:
    """Implementer and part of ARM's Main ID Register: bits 24 to 31 and 4 to 15."""
    return register >> 24 & 0xFF, register >> 4 & 0xFFF


def _midr(host: Host, fields: Mapping[str, str] | Missing) -> tuple[tuple[int, int] | Missing, str]:
    if not isinstance(fields, Missing):
        implementer, part = fields.get("CPU implementer", ""), fields.get("CPU part", "")
        if implementer.startswith("0x") and part.startswith("0x"):
            return (int(implementer, 16), int(part, 16)), f"{CPUINFO} CPU implementer, CPU part"
    register = _sysfs.integer(host, MIDR)
    return (register if isinstance(register, Missing) else parse_midr(register)), MIDR
