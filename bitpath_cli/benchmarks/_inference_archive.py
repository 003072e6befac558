"""Reads a file of torch.export without unpickling anything: what is pickled in it is refused.

torch.export.load itself falls back to full unpickling, and loads compiled libraries, so the archive
is looked through before. The names are those of torch/export/pt2_archive/constants.py.
"""

import io
import json
import re
import zipfile
from pathlib import Path
from typing import Final

import torch
from torch.export import ExportedProgram

from bitpath_cli.errors import BadModel

_PLAIN: Final = re.compile(
    r"models/model\.json|data/weights/(weight_\d+|model_weights_config\.json)"
    r"|data/constants/(tensor_\d+|model_constants_config\.json)|data/sample_inputs/model\.pt"
    r"|archive_format|archive_version|byteorder|\.data/(version|serialization_id)|version"
)
_CONFIGS: Final = re.compile(r"data/(weights|constants)/model_\w+_config\.json")
_SAMPLES: Final = "data/sample_inputs/model.pt"


def read_export(path: Path) -> ExportedProgram:
    """The program in a .pt2 file; BadModel for one that is none, or that would run code to load."""
    try:
        content = path.read_bytes()
        _check(content)
    except Exception as error:
        # Whatever a broken or hostile archive makes of it; nothing of it has been run.
        raise BadModel(str(path), f"it cannot be read: {error}") from error
    return torch.export.load(io.BytesIO(content))


def _check(content: bytes) -> None:
    """ValueError for an archive with more in it than a graph, plain tensors and their samples."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        if len(names) != len(set(names)) or len({name.partition("/")[0] for name in names}) != 1:
            raise ValueError("it is no archive of torch.export.save of this version of torch")
        for name in names:
            inner = name.partition("/")[2]
            if not _PLAIN.fullmatch(inner):
                raise ValueError(f"it holds {inner or name}, which is not loaded for safety")
            if _CONFIGS.fullmatch(inner):
                told = json.loads(archive.read(name))["config"].values()
                if any(each["use_pickle"] for each in told):
                    raise ValueError("some of its tensors are pickled, which is not loaded")
            if inner == _SAMPLES:
                # Refuses, as torch.export.load would not, what is more than tensors.
                torch.load(io.BytesIO(archive.read(name)), weights_only=True)
