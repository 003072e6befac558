"""Profiles as a user writes them, small and whole, and what the catalogue says of variants."""

from pathlib import Path

from bitpath_cli import catalogue

DEVICE = """\
summary = "a box"
form = "edge"
is_accelerator = false
needs_host = false
matrix_share = 0.8
memory = "8 GB"
memory_bandwidth = "20 GB/s"
power_max = { value = 25, unit = "W", status = "sourced", source = "sheet" }

[rates]
float32 = "0.2 TFLOP/s"
int8 = { value = 1.5, unit = "TOP/s", status = "estimate" }

[sources.sheet]
reference = "the vendor's datasheet"
date = 2025-03-01
"""

WORKLOAD = """\
summary = "tag photographs"
field = "photography"
task = "serving"

[work]
parameters = 5e6
forward = { value = 600, unit = "MFLOP", status = "derived", source = "paper", note = "2 × 300" }
operations = 50
traffic_bytes = "10 MB"
activation_bytes = "10 MB"
efficiency_cpu = 1.0
efficiency_accelerator = 0.3
overhead_cpu = "1 ms"
overhead_accelerator = "1 ms"
precisions = ["float32"]

[data]
sample_bytes = "200 kB"
born = "edge"

[serving]
places = 3
request_rate = "600/h"
arrival = "poisson"
request_bytes = "200 kB"
reply_bytes = "1 kB"
preparation = "3 ms"
latency = { value = 200, unit = "ms", status = "estimate" }
availability = "99.9 %"

[residency]
allowed = "region"
reason = "GDPR"

[sources.paper]
reference = "the paper"
date = "2024"
"""


def put(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def faults_of(folder: Path, text: str, kind: catalogue.Kind = "device") -> list[str]:
    path = put(folder, "mine.toml", text)
    return [
        f"{each.what} {each.why}".replace(str(path), "mine.toml").rstrip()
        for each in catalogue.faults(kind, path)
    ]
