"""Writes the synthetic machines' processors and memory table, which nobody would write by hand.

`python -m tests.machines.synthesise` writes them below tests/machines; the documents that they
follow are named in each machine's outside.json. All other files there are written by hand.
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.recorded import MACHINES

CPUS = "sys/devices/system/cpu"
Group = tuple[int, ...]
X86 = "fpu sse sse2 ht syscall nx lm cx16 sse4_1 sse4_2 movbe popcnt aes xsave avx f16c rdrand "


@dataclass(frozen=True)
class Processors:
    """Groups of logical CPUs that share a thing, the first of each first."""

    cores: tuple[Group, ...]
    packages: tuple[Group, ...]
    dies: tuple[Group, ...]
    last_level: tuple[Group, ...]
    sizes: tuple[str, str, str, str]
    info: Mapping[str, str]
    policy: Mapping[str, str] = field(default_factory=dict)
    policy_per_cpu: bool = True
    offline: str = ""


def processors(of: Processors) -> Iterator[tuple[str, str]]:
    """Paths with the text of a file, or `-> target` for a link."""
    cpus = sorted(cpu for core in of.cores for cpu in core)
    yield f"{CPUS}/online", span(tuple(cpus))
    yield f"{CPUS}/offline", of.offline
    last = int(of.offline.rpartition("-")[2]) if of.offline else cpus[-1]
    yield f"{CPUS}/possible", f"0-{last}"
    yield f"{CPUS}/present", f"0-{last}"
    yield "proc/cpuinfo", "\n\n".join(information(of, cpu) for cpu in cpus) + "\n"
    for core in of.cores:
        yield from topology(of, core)
        yield from caches(of, core)
        for sibling in core[1:]:
            yield f"{CPUS}/cpu{sibling}/topology", f"-> ../cpu{core[0]}/topology"
            yield f"{CPUS}/cpu{sibling}/cache", f"-> ../cpu{core[0]}/cache"
    for name, text in of.policy.items():
        yield f"{CPUS}/cpufreq/policy{cpus[0]}/{name}", text
    for cpu in cpus if of.policy else ():
        own = cpu if of.policy_per_cpu else cpus[0]
        yield f"{CPUS}/cpu{cpu}/cpufreq", f"-> ../cpufreq/policy{own}"
        if of.policy_per_cpu and cpu != cpus[0]:
            yield f"{CPUS}/cpufreq/policy{cpu}", f"-> policy{cpus[0]}"


def topology(of: Processors, core: Group) -> Iterator[tuple[str, str]]:
    """The three lists of a core."""
    folder = f"{CPUS}/cpu{core[0]}/topology"
    yield f"{folder}/core_cpus_list", span(core)
    yield f"{folder}/package_cpus_list", span(holder(of.packages, core))
    if of.dies:
        yield f"{folder}/die_cpus_list", span(holder(of.dies, core))


def caches(of: Processors, core: Group) -> Iterator[tuple[str, str]]:
    """L1 and L2 of a core's own, and the last level that it shares."""
    shared = holder(of.last_level, core)
    for index, (level, kind) in enumerate(
        ((1, "Data"), (1, "Instruction"), (2, "Unified"), (3, "Unified"))
    ):
        folder = f"{CPUS}/cpu{core[0]}/cache/index{index}"
        if index == 3 and core[0] != shared[0]:
            yield folder, f"-> ../../cpu{shared[0]}/cache/index3"
            continue
        yield f"{folder}/level", str(level)
        yield f"{folder}/type", kind
        yield f"{folder}/size", of.sizes[index]
        yield f"{folder}/shared_cpu_list", span(shared if index == 3 else core)


def information(of: Processors, cpu: int) -> str:
    """One processor's block of /proc/cpuinfo."""
    fields = {"processor": str(cpu), **of.info}
    return "\n".join(f"{key}\t: {value}" for key, value in fields.items())


def memory_table(sizes_mib: tuple[int, ...]) -> bytes:
    """Sockets for DDR4-2666 at 2400 MT/s with error correction; a size of 0 is an empty one."""
    table = b""
    for handle, size in enumerate(sizes_mib):
        table += struct.pack(
            "<BBHHHHHHBBBBBHHBBBBBIH", 17, 0x22, handle, 0x1000, 0xFFFE, 72, 64, size, 9, 0, 1, 2,
            0x1A, 0x80, 2666, 3, 4, 5, 6, 2, 0, 2400,
        )  # fmt: skip
        table += b"DIMM\0BANK\0maker\0serial\0tag\0part\0\0"
    return table + struct.pack("<BBH", 127, 4, 0xFEFF) + b"\0\0"


def holder(groups: tuple[Group, ...], core: Group) -> Group:
    """The group that holds a core."""
    return next(group for group in groups if core[0] in group)


def span(cpus: Group) -> str:
    """A CPU list as the kernel writes it."""
    parts: list[list[int]] = []
    for cpu in cpus:
        if parts and parts[-1][1] == cpu - 1:
            parts[-1][1] = cpu
        else:
            parts.append([cpu, cpu])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in parts)


TWO_SOCKETS = ((0, 1, 4, 5), (2, 3, 6, 7))
FOUR_CORES = ((0, 4), (1, 5), (2, 6), (3, 7))
MACHINES_OF = {
    "xeon-rapl": Processors(
        cores=FOUR_CORES, packages=TWO_SOCKETS, dies=TWO_SOCKETS, last_level=TWO_SOCKETS,
        sizes=("48K", "32K", "1280K", "24576K"),
        info={
            "vendor_id": "GenuineIntel", "cpu family": "6", "model": "106",
            "model name": "Intel(R) Xeon(R) Gold 6326 CPU @ 2.90GHz", "stepping": "6",
            "microcode": "0xd0003e7", "cpu MHz": "3300.000", "cache size": "24576 KB",
            "flags": X86 + "fma avx2 avx512f avx512dq avx512bw avx512vl avx512_vnni",
        },
        policy={
            "scaling_cur_freq": "3300000", "scaling_min_freq": "800000",
            "scaling_max_freq": "3500000", "cpuinfo_min_freq": "800000",
            "cpuinfo_max_freq": "3500000", "base_frequency": "2900000",
            "scaling_governor": "performance", "scaling_driver": "intel_pstate",
        },
    ),
    "epyc-two-die": Processors(
        cores=FOUR_CORES, packages=(tuple(range(8)),), dies=TWO_SOCKETS, last_level=FOUR_CORES,
        sizes=("32K", "64K", "512K", "8192K"),
        info={
            "vendor_id": "AuthenticAMD", "cpu family": "23", "model": "1",
            "model name": "AMD EPYC Embedded 3451 16-Core Processor", "stepping": "2",
            "microcode": "0x8001250", "cpu MHz": "2150.000", "cache size": "512 KB",
            "flags": X86 + "fma avx2",
        },
        policy={
            "scaling_cur_freq": "2150000", "scaling_min_freq": "1200000",
            "scaling_max_freq": "2150000", "cpuinfo_min_freq": "1200000",
            "cpuinfo_max_freq": "2150000", "scaling_governor": "ondemand",
            "scaling_driver": "acpi-cpufreq",
        },
    ),
    "dgx-8gpu": Processors(
        cores=FOUR_CORES, packages=TWO_SOCKETS, dies=TWO_SOCKETS, last_level=TWO_SOCKETS,
        sizes=("48K", "32K", "2048K", "107520K"),
        info={
            "vendor_id": "GenuineIntel", "cpu family": "6", "model": "143",
            "model name": "Intel(R) Xeon(R) Platinum 8480C", "stepping": "8",
            "microcode": "0x2b000461", "cpu MHz": "3800.000", "cache size": "107520 KB",
            "flags": X86 + "fma avx2 avx512f avx512dq avx512bw avx512vl avx512_vnni avx_vnni "
            "avx512_bf16 avx512_fp16 amx_bf16 amx_tile amx_int8",
        },
    ),
    "container-v2": Processors(
        cores=((0, 2), (1, 3)), packages=((0, 1, 2, 3),), dies=((0, 1, 2, 3),),
        last_level=((0, 1, 2, 3),), sizes=("48K", "32K", "1280K", "55296K"),
        info={
            "vendor_id": "GenuineIntel", "cpu family": "6", "model": "106",
            "model name": "Intel(R) Xeon(R) Platinum 8375C CPU @ 2.90GHz", "stepping": "6",
            "microcode": "0xd0003f6", "cpu MHz": "2899.998", "cache size": "55296 KB",
            "flags": X86 + "hypervisor fma avx2 avx512f avx512dq avx512bw avx512vl avx512_vnni",
        },
    ),
    "container-v1": Processors(
        cores=((0,), (1,), (2,), (3,)), packages=((0,), (1,), (2,), (3,)), dies=(),
        last_level=((0,), (1,), (2,), (3,)), sizes=("32K", "32K", "4096K", "16384K"),
        info={
            "vendor_id": "GenuineIntel", "cpu family": "6", "model": "85",
            "model name": "Intel Xeon Processor (Skylake, IBRS)", "stepping": "4",
            "microcode": "0x1", "cpu MHz": "2294.608", "cache size": "16384 KB",
            "flags": X86 + "hypervisor fma avx2 avx512f avx512dq avx512bw avx512vl",
        },
    ),
    "jetson": Processors(
        cores=((0,), (1,), (2,), (3,)), packages=((0, 1, 2, 3),), dies=(),
        last_level=((0, 1, 2, 3),), sizes=("64K", "64K", "256K", "2048K"),
        info={
            "model name": "ARMv8 Processor rev 1 (v8l)", "BogoMIPS": "62.50",
            "Features": "fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid "
            "asimdrdm lrcpc dcpop asimddp uscat ilrcpc flagm",
            "CPU implementer": "0x41", "CPU architecture": "8", "CPU variant": "0x0",
            "CPU part": "0xd42", "CPU revision": "1",
        },
        policy={
            "scaling_cur_freq": "806400", "scaling_min_freq": "729600",
            "scaling_max_freq": "960000", "cpuinfo_min_freq": "115200",
            "cpuinfo_max_freq": "1510400", "scaling_governor": "schedutil",
            "scaling_driver": "tegra194",
        },
        policy_per_cpu=False, offline="4-5",
    ),
}  # fmt: skip


def write(root: Path) -> None:
    """Write every machine's processors below `root`."""
    for name, machine in MACHINES_OF.items():
        for path, text in processors(machine):
            place = root / name / path
            place.parent.mkdir(parents=True, exist_ok=True)
            if text.startswith("-> "):
                place.unlink(missing_ok=True)
                place.symlink_to(text.removeprefix("-> "))
            else:
                place.write_text(f"{text}\n")
    table = root / "epyc-two-die/sys/firmware/dmi/tables/DMI"
    table.parent.mkdir(parents=True, exist_ok=True)
    table.write_bytes(memory_table((16384, 16384, 0, 0x7FFF)))


if __name__ == "__main__":
    write(MACHINES)
