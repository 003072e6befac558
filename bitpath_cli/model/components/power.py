"""Power and energy meters: which exist, what each covers, and what is denied."""

from typing import Literal

from bitpath_cli.model.reading import Reading, Statement
from bitpath_cli.model.record import Record


class PowerMeter(Record):
    """One source. `scope` says what it covers; parts that nest in another are never summed.

    `energy` is a counter's raw value, `limit` an upper bound that the hardware enforces.
    """

    kind: Literal["power_meter"] = "power_meter"
    name: str
    source: Literal[
        "rapl", "rapl_mmio", "hwmon", "nvml", "battery", "ina3221", "amdgpu", "intel_gpu", "none"
    ]
    scope: Literal[
        "cpu_package", "cpu_cores", "uncore", "dram", "platform", "gpu_board", "gpu_module",
        "node_dc", "node_ac", "rail", "unknown",
    ]  # fmt: skip
    nested_in: Statement
    mirror_of: Statement
    energy: Reading
    power: Reading
    limit: Reading
    wraps_at: Reading
