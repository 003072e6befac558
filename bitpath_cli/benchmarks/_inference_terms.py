"""The words in which an inference is asked for; loads nothing heavy."""

import re
from typing import Final

SCENARIOS: Final = ("single_stream", "multi_stream", "server", "offline")
PRECISIONS: Final = ("float32", "bfloat16", "int8-dynamic", "int8-static")
ENGINES: Final = ("eager", "compiled", "onnxruntime")
PRUNING: Final = re.compile(r"none|(unstructured|structured):(0?\.\d*[1-9]\d*)")
EXPORTED: Final = ".pt2"
ONNX: Final = ".onnx"
SIZED: Final = "sized:"
"""What the name of a network of a stated size begins with; see _sized_model.py."""
BATCHES: Final = {"single_stream": 1, "multi_stream": 8, "server": 1, "offline": 32}
"""Samples a query: MLPerf sends one, or eight in a multi-stream; offline may choose."""
