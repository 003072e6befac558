"""What torch and numpy say about themselves, from the subprocess `_ask_torch.py`."""

import re
import sys
from functools import lru_cache
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from bitpath_cli.host import Host, Output
from bitpath_cli.model.reading import Missing, failed
from bitpath_cli.model.record import Record

SOURCE: Final = "torch, asked in a subprocess"
_LIMIT_SECONDS: Final = 60.0
_ISA: Final = re.compile(r"^onednn_verbose,.*\binfo,cpu,isa:(.+)$", re.MULTILINE)
_MKL: Final = re.compile(r"Math Kernel Library Version (\S+?)-")


class TorchAnswer(Record):
    """torch's own words; None where the build has no such part."""

    version: str
    cuda: str | None
    hip: str | None
    threads: int
    interop_threads: int
    configuration: str
    cpu_capability: str
    cudnn: str | None
    nccl: str | None
    gloo: bool
    cuda_usable: bool
    architectures: tuple[str, ...]
    devices: tuple[str, ...]

    @property
    def build(self) -> str:
        """What the build is for: `cpu`, `CUDA 12.8` or `ROCm 6.4`."""
        if self.hip:
            return f"ROCm {self.hip}"
        return f"CUDA {self.cuda}" if self.cuda else "cpu"

    @property
    def blas(self) -> str:
        """The BLAS that the build was linked with, and MKL's version; empty where untold."""
        named = re.search(r"\bBLAS_INFO=(\w+)", self.configuration)
        version = _MKL.search(self.configuration)
        name = named.group(1) if named else ""
        return f"{name} {version.group(1)}" if name == "mkl" and version else name


class NumpyAnswer(Record):
    """numpy's own words; `blas_core` is None unless its BLAS is an OpenBLAS."""

    version: str
    blas: str
    blas_core: str | None


class Answer(Record):
    """Both libraries' answers; None with an error where a library could not be asked."""

    torch: TorchAnswer | None = None
    torch_error: str = ""
    numpy: NumpyAnswer | None = None
    numpy_error: str = ""
    onednn_isa: str = ""


def arguments() -> tuple[str, ...]:
    """The command: -P keeps the script's and the user's folders from shadowing libraries."""
    return sys.executable, "-P", str(Path(__file__).with_name("_ask_torch.py"))


@lru_cache(maxsize=4)
def ask(host: Host) -> Answer | Missing:
    """Start the subprocess and read its answer: about a second, so each host is asked once."""
    printed = host.outside.run(arguments(), _LIMIT_SECONDS)
    return printed if isinstance(printed, Missing) else parse(printed)


def parse(printed: Output) -> Answer | Missing:
    """The JSON in the last line, and oneDNN's instruction set from the lines above it."""
    lines = [line for line in printed.stdout.splitlines() if line.strip()]
    if printed.code != 0 or not lines:
        said = printed.stderr.strip().splitlines()[-1:] or ["and said nothing"]
        return failed(f"asking torch in a subprocess ended with code {printed.code}: {said[0]}")
    try:
        answer = Answer.model_validate_json(lines[-1])
    except ValidationError as error:
        return failed(f"the subprocess that asks torch answered nonsense: {error.errors()[0]}")
    isa = _ISA.search(printed.stdout)
    return answer.model_copy(update={"onednn_isa": isa.group(1).strip() if isa else ""})
