"""Whether torch can use what a driver sees: from its build, the environment, or torch itself."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from bitpath_cli.host import Host
from bitpath_cli.model.reading import Fact, Missing, Quantity, derived, fact, unsupported
from bitpath_cli.model.units import ONE
from bitpath_cli.probes import Question
from bitpath_cli.probes._libraries import SOURCE, TorchAnswer, ask

Vendor = Literal["nvidia", "amd", "intel"]
_LOCALS: Final = {"nvidia": "cu", "amd": "rocm", "intel": "xpu"}
_BUILDS: Final = ("cpu", "cu", "rocm", "xpu")
_VISIBLE: Final = {
    "nvidia": ("CUDA_VISIBLE_DEVICES",),
    "amd": ("HIP_VISIBLE_DEVICES", "CUDA_VISIBLE_DEVICES"),
    "intel": (),
}
_NAMES: Final = {"nvidia": "NVIDIA", "amd": "AMD", "intel": "Intel"}
_HINTS: Final = {
    "nvidia": "bitpath assess asks torch itself",
    "amd": "bitpath assess asks torch itself",
    "intel": "python -c 'import torch; print(torch.xpu.is_available())'",
}
_HIDES_ALL: Final = ("", "-1", "NoDevFiles")


@dataclass(frozen=True, slots=True)
class Seen:
    """A device: its UUID, its architecture such as `sm_90`, and why nothing can compute on it."""

    uuid: str = ""
    architecture: str = ""
    obstacle: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """For each device whether torch can use it, how many it can, and why they are not all."""

    usable: tuple[Fact | Missing, ...]
    count: Quantity | Missing
    mismatch: Fact | Missing


def judge(host: Host, question: Question, vendor: Vendor, seen: Sequence[Seen]) -> Verdict:
    """Torch is asked, in a subprocess, only where its metadata leaves the answer open."""
    if not seen:
        return Verdict((), derived(0, ONE, "no device is seen"), fact(False, "no device is seen"))
    if all(device.obstacle for device in seen):
        return _none(seen, seen[0].obstacle, "/sys/bus/pci/devices")
    version = host.outside.installed_version("torch")
    if version is None:
        return _none(seen, "torch is not installed")
    obstacle = _wrong_build(version, vendor) or _hidden(host, vendor)
    if obstacle:
        return _none(seen, obstacle)
    unknown = unsupported(
        f"the metadata of torch {version} is silent on {_NAMES[vendor]} devices",
        _HINTS[vendor],
    )
    # The script asks torch's CUDA interface, which ROCm shares and Intel's does not.
    if not question.ask_libraries or vendor == "intel":
        return Verdict((unknown,) * len(seen), unknown, unknown)
    answer = ask(host)
    if isinstance(answer, Missing):
        return Verdict((answer,) * len(seen), answer, answer)
    if answer.torch is None:
        return _none(seen, f"torch cannot be imported: {answer.torch_error}")
    return compare(vendor, seen, answer.torch)


def compare(vendor: Vendor, seen: Sequence[Seen], torch: TorchAnswer) -> Verdict:
    """What torch says of itself against what the driver sees."""
    if not (torch.hip if vendor == "amd" else torch.cuda):
        return _none(seen, f"torch {torch.version} is a build for {torch.build}", SOURCE)
    if not torch.cuda_usable:
        return _none(
            seen,
            f"torch {torch.version} ({torch.build}) cannot start the driver's runtime: the driver "
            "is too old for it, or the process may not open the devices",
            SOURCE,
        )
    visible = {uuid.removeprefix("GPU-") for uuid in torch.devices if uuid}
    by_uuid = any(device.uuid.removeprefix("GPU-") in visible for device in seen if device.uuid)
    if not by_uuid:
        return _by_number(seen, torch)
    reasons = [_reason(device, visible, torch) for device in seen]
    usable = tuple(fact(not reason, SOURCE) for reason in reasons)
    number = sum(not reason for reason in reasons)
    return Verdict(usable, derived(number, ONE, SOURCE), _mismatch(number, len(seen), reasons))


def _reason(device: Seen, visible: set[str], torch: TorchAnswer) -> str:
    if device.uuid.removeprefix("GPU-") not in visible:
        return "torch does not list it: CUDA_VISIBLE_DEVICES or the container hides it"
    if device.architecture and not runs(device.architecture, torch.architectures):
        return f"torch was built for {', '.join(torch.architectures)}, not {device.architecture}"
    return ""


def runs(architecture: str, built: Sequence[str]) -> bool:
    """Whether code for one of `built` runs: same major and no newer minor, or PTX no newer.

    NVIDIA's CUDA C++ Programming Guide, sections on binary and PTX compatibility.
    """
    wanted = _capability(architecture)
    for each in built:
        major, minor = _capability(each)
        if each.startswith("compute_") and (major, minor) <= wanted:
            return True
        if each.startswith("sm_") and major == wanted[0] and minor <= wanted[1]:
            return True
    return False


def _capability(architecture: str) -> tuple[int, int]:
    digits = re.sub(r"\D", "", architecture) or "0"
    return int(digits[:-1] or 0), int(digits[-1])


def _by_number(seen: Sequence[Seen], torch: TorchAnswer) -> Verdict:
    """Without UUIDs that both sides tell only the numbers can be compared."""
    number = min(len(torch.devices), len(seen))
    if number in (0, len(seen)):
        usable: tuple[Fact | Missing, ...] = (fact(number > 0, SOURCE),) * len(seen)
    else:
        which = unsupported(f"torch can use {number} of {len(seen)} and does not tell which")
        usable = (which,) * len(seen)
    hidden = "" if number == len(seen) else "the environment or the container hides the others"
    return Verdict(usable, derived(number, ONE, SOURCE), _mismatch(number, len(seen), [hidden]))


def _mismatch(number: int, seen: int, reasons: Sequence[str]) -> Fact:
    if number == seen:
        return fact(False, SOURCE)
    told = "; ".join(dict.fromkeys(reason for reason in reasons if reason))
    return fact(f"torch can use {number} of {seen}: {told}", SOURCE)


def _none(seen: Sequence[Seen], why: str, source: str = "package metadata") -> Verdict:
    return Verdict(
        (fact(False, source),) * len(seen),
        derived(0, ONE, why),
        fact(f"torch can use none of {len(seen)}: {why}", source),
    )


def _wrong_build(version: str, vendor: Vendor) -> str:
    """Why a build with a local version such as +cpu or +cu128 cannot use a vendor's devices."""
    local = version.partition("+")[2]
    build = next((each for each in _BUILDS if re.fullmatch(rf"{each}[\d.]*", local)), "")
    if not build or build == _LOCALS[vendor]:
        return ""
    return f"torch {version} is a build for {local}"


def _hidden(host: Host, vendor: Vendor) -> str:
    environment = host.outside.environment()
    for name in _VISIBLE[vendor]:
        if name in environment and environment[name].split(",")[0].strip() in _HIDES_ALL:
            return f"{name} is set to '{environment[name]}', which hides every device"
    return ""
