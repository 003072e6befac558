"""The machine as a whole: kernel, firmware, virtualisation, container and cloud."""

from typing import Literal

from bitpath_cli.model.reading import Reading, Statement
from bitpath_cli.model.record import Record


class System(Record):
    """`cloud` and `instance_type` come from DMI and local files alone, never from the network."""

    kind: Literal["system"] = "system"
    name: str
    architecture: Statement
    kernel: Statement
    distribution: Statement
    hardware: Statement
    virtualisation: Statement
    container: Statement
    cloud: Statement
    instance_type: Statement
    clock_source: Statement
    uptime: Reading
