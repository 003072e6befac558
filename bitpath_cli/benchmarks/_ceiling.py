"""What the installed libraries reach together: the measured ceiling, and what falls short of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bitpath_cli.benchmarks import Context
from bitpath_cli.benchmarks._candidates import (
    DTYPES,
    NUMPY,
    NUMPY_AS_INHERITED,
    ONEDNN,
    TORCH_ALONE,
)
from bitpath_cli.benchmarks._gemm_cases import Shape
from bitpath_cli.benchmarks._inherited import inherited
from bitpath_cli.benchmarks._rate import rate
from bitpath_cli.model.components.software import Software
from bitpath_cli.model.reading import Fact, Method, Missing, Origin, Quantity, absent, failed
from bitpath_cli.model.result import (
    Ceiling,
    Direction,
    Finding,
    Metric,
    Samples,
    metric,
    missing_metric,
)
from bitpath_cli.model.units import Unit, human

TORCH: Final = "product"
GAP: Final = 0.1
"""The share of the ceiling that torch, or an inherited variable, may cost without a word."""

_LONGEST: Final = 40
_NEXT_NUMPY: Final = (
    "A torch that is linked with OpenBLAS computes its products as NumPy does: conda-forge has it "
    "(pytorch=*=cpu_generic* with libblas=*=*openblas)."
)
_NEXT_OPENBLAS: Final = "torch has an OpenBLAS of its own: a newer torch may bring a newer one."
_NEXT_ONEDNN: Final = {
    "float32": "torch computes convolutions by oneDNN already, and products in bfloat16",
    "bfloat16": "torch computes convolutions by oneDNN already",
}
_OF_NUMPY: Final = (NUMPY, NUMPY_AS_INHERITED)


@dataclass(frozen=True, slots=True)
class Library:
    """One library's rate, that of its fastest sample, and its name in words."""

    loop: str
    words: str
    rate: Quantity
    best: float


@dataclass(frozen=True, slots=True)
class Libraries:
    """torch's own rate first, then all others that were measured; `missing` are those that not."""

    torch: Library
    others: tuple[Library, ...]
    missing: Mapping[str, Missing]

    @property
    def fastest(self) -> Library:
        """torch where nothing is faster."""
        return max((self.torch, *self.others), key=lambda each: each.rate.value)

    @property
    def ceiling(self) -> Ceiling | None:
        """The fastest one's rate for comparison; None where torch stands alone."""
        best = self.fastest
        if not self.others:
            return None
        return Ceiling(value=best.rate.value, unit=best.rate.unit, source=f"measured: {best.words}")

    def of(self, loop: str) -> Library | None:
        """The library of a loop, where it was measured."""
        return next((each for each in (self.torch, *self.others) if each.loop == loop), None)


def find_libraries(
    shape: Shape, context: Context, samples: Mapping[str, Samples], unit: Unit, torch_words: str
) -> Libraries:
    """Every library's rate from its loop's samples."""
    words = _words(context, torch_words)
    found = {
        name: Library(
            name,
            words[name],
            rate(each, each.work, unit, f"gemm, {words[name]}"),
            each.work / min(each.seconds_per_operation),
        )
        for name, each in samples.items()
    }
    wanted = [name for name in (NUMPY, ONEDNN) if shape.dtype in DTYPES[name]]
    return Libraries(
        found[TORCH],
        tuple(each for name, each in found.items() if name != TORCH),
        {name: _reason(name, context) for name in wanted if name not in found},
    )


def ceiling_metrics(libraries: Libraries, peak: Ceiling | None) -> tuple[Metric, ...]:
    """The measured ceiling, and each library that was tried for it.

    torch alone is no ceiling of its own.
    """
    unit, origin = libraries.torch.rate.unit, Origin(method=Method.MEASURED, source="gemm")
    found = [
        metric(f"throughput_{each.loop}", each.rate, Direction.HIGHER) for each in libraries.others
    ]
    if found:
        best = libraries.fastest.rate
        found.insert(0, metric("measured_ceiling", best, Direction.HIGHER, ceiling=peak))
    return (
        *found,
        *(missing_metric(f"throughput_{name}", unit, why, Direction.HIGHER, origin)
          for name, why in libraries.missing.items()),
    )  # fmt: skip


def loops_behind(libraries: Libraries) -> dict[str, tuple[str, ...]]:
    """Whose samples each metric rests on."""
    return {
        "throughput": (TORCH,),
        "measured_ceiling": (libraries.fastest.loop,),
        **{f"throughput_{each.loop}": (each.loop,) for each in libraries.others},
    }


def find_shortfalls(
    libraries: Libraries, shape: Shape, threads: int, environment: Mapping[str, str]
) -> tuple[Finding, ...]:
    """A library that is faster than torch, and variables that make one slower."""
    at = f"{shape.dtype}, {shape.m}³, {threads} thread{'s' if threads > 1 else ''}"
    found = (
        _faster_library(libraries, shape.dtype, at),
        _slowed(libraries, at, environment, NUMPY, NUMPY_AS_INHERITED),
        _slowed(libraries, at, environment, TORCH_ALONE, TORCH),
    )
    return tuple(each for each in found if each is not None)


def _faster_library(libraries: Libraries, dtype: str, at: str) -> Finding | None:
    torch, best = libraries.torch, libraries.fastest
    if best.loop == TORCH_ALONE or not _is_apart(torch, best):
        return None
    onednn = libraries.of(ONEDNN)
    steps = []
    if best.loop in _OF_NUMPY:
        # As torch's build names OpenBLAS.
        steps.append(_NEXT_OPENBLAS if "(open)" in torch.words else _NEXT_NUMPY)
    if onednn is not None and _is_apart(torch, onednn):
        told = "" if best is onednn else f" (here oneDNN reaches {_shown(onednn.rate)})"
        steps.append(f"{_NEXT_ONEDNN[dtype]}{told}.")
    return Finding(
        name="faster_library",
        sentence=f"{at}: {best.words} reaches {_shown(best.rate)}, torch's own product "
        f"{_shown(torch.rate)}, {100 * torch.rate.value / best.rate.value:.0f} % of it.",
        next_step=" ".join(steps),
    )


def _slowed(
    libraries: Libraries, at: str, environment: Mapping[str, str], free: str, bound: str
) -> Finding | None:
    """Variables, where a fresh process without them is faster."""
    without, as_inherited = libraries.of(free), libraries.of(bound)
    if without is None or as_inherited is None or not _is_apart(as_inherited, without):
        return None
    library = "NumPy" if free == NUMPY else "torch"
    names = inherited(environment, "numpy" if free == NUMPY else libraries.torch.words)
    return Finding(
        name="inherited_environment",
        sentence=f"{at}: {library} reaches {_shown(without.rate)} in a fresh process without the "
        f"inherited {_settings(environment, names)}, and {_shown(as_inherited.rate)} with "
        f"{'it' if len(names) == 1 else 'them'}.",
        next_step=f"Take {'it' if len(names) == 1 else 'them'} out of the environment: "
        f"unset {' '.join(names)}",
    )


def _is_apart(slower: Library, faster: Library) -> bool:
    """Whether even the slower one's fastest sample falls short of the other by more than a share.

    What else runs while one of them has its turn makes its samples slower, and none faster.
    """
    low = faster.rate.value if faster.rate.low is None else faster.rate.low
    return slower.best < (1 - GAP) * low


def _words(context: Context, torch: str) -> dict[str, str]:
    """What each loop computes with."""
    environment = context.host.outside.environment()
    numpy = f"NumPy {context.host.outside.installed_version('numpy') or 'of unknown version'}"
    software = next((each for each in context.components if isinstance(each, Software)), None)
    if software is not None and isinstance(software.numpy_blas, Fact):
        # What follows the comma are the kernels, which the environment may have chosen.
        numpy += f" with {str(software.numpy_blas.value).partition(',')[0]}"
    for_numpy, for_torch = (", ".join(inherited(environment, it)) for it in ("numpy", torch))
    apart = f" without the inherited {for_numpy}" if for_numpy else ""
    return {
        TORCH: torch,
        NUMPY: f"{numpy}{apart}",
        NUMPY_AS_INHERITED: f"{numpy} with the inherited {for_numpy}",
        ONEDNN: "oneDNN by a 1×1 convolution of torch's",
        TORCH_ALONE: f"{torch} without the inherited {for_torch}",
    }


def _reason(name: str, context: Context) -> Missing:
    if name == NUMPY and context.host.outside.installed_version("numpy") is None:
        return absent("numpy is not installed", "pip install numpy")
    if name == NUMPY:
        return failed(
            "the budget was spent before its turn, or it cannot be loaded",
            "python -c 'import numpy' shows whether it can; if so, use a larger --budget",
        )
    return failed(
        "the budget was spent before its turn, or this torch does not use oneDNN here",
        "use a larger --budget",
    )


def _settings(environment: Mapping[str, str], names: tuple[str, ...]) -> str:
    return ", ".join(f"{name}={environment[name][:_LONGEST]}" for name in names)


def _shown(reading: Quantity) -> str:
    return human(reading.value, reading.unit)
