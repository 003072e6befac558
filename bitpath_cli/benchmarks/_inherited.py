"""Variables of the environment that choose a library's kernels or place its threads.

Their names are from the documentation of OpenBLAS, BLIS, oneMKL, oneDNN, ATen and OpenMP 5.2, §21.
Numbers of threads are left out: these are set by hand wherever something is measured.
"""

from collections.abc import Mapping
from typing import Final

_OPENMP: Final = ("OMP_", "GOMP_", "KMP_")
_OTHER_BLAS: Final = ("OPENBLAS_", "GOTO_", "BLIS_")
_PREFIXES: Final = {
    "numpy": (*_OTHER_BLAS, "MKL_", *_OPENMP),
    "torch": (*_OTHER_BLAS, "MKL_", *_OPENMP, "ONEDNN_", "DNNL_", "ATEN_"),
}
_HARMLESS: Final = ("_NUM_THREADS", "_VERBOSE")


def inherited(environment: Mapping[str, str], library: str) -> tuple[str, ...]:
    """The variables that concern a library and are set, in order of name.

    A torch that was built with MKL, by its own words, reads no other BLAS's.
    """
    name = library.partition(" ")[0]
    prefixes = _PREFIXES[name]
    if name == "torch" and "(mkl)" in library:
        prefixes = tuple(each for each in prefixes if each not in _OTHER_BLAS)
    return tuple(
        each
        for each in sorted(environment)
        if each.startswith(prefixes) and not each.endswith(_HARMLESS)
    )


def without(environment: Mapping[str, str], names: tuple[str, ...]) -> dict[str, str]:
    """The environment but for these variables."""
    return {name: value for name, value in environment.items() if name not in names}
