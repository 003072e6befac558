"""Numeric libraries: torch's build and threads, BLAS, instruction sets in use, collectives."""

from typing import Literal

from bitpath_cli.model.reading import Reading, Statement
from bitpath_cli.model.record import Record


class Software(Record):
    """Without a subprocess only what package metadata tells is known; `assess` asks the library."""

    kind: Literal["software"] = "software"
    name: str
    python: Statement
    torch: Statement
    torch_build: Statement
    torch_threads: Reading
    torch_interop_threads: Reading
    blas: Statement
    cpu_capability: Statement
    onednn_isa: Statement
    cuda: Statement
    cuda_usable: Statement
    cudnn: Statement
    nccl: Statement
    gloo: Statement
    numpy: Statement
    numpy_blas: Statement
    mpi: Statement
    environment: Statement
