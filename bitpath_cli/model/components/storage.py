"""Block devices and filesystems."""

from typing import Literal

from bitpath_cli.model.reading import Reading, Statement
from bitpath_cli.model.record import Record


class Disk(Record):
    """A whole block device. `medium` is Missing where the device's own word cannot be trusted."""

    kind: Literal["disk"] = "disk"
    name: str
    size: Reading
    model: Statement
    medium: Statement
    bus: Statement
    network_backed: Statement
    scheduler: Statement
    queue_depth: Reading
    read_ahead: Reading
    logical_block: Reading
    write_cache: Statement
    link_speed: Reading
    link_width: Reading
    numa_node: Reading
    temperature: Reading


class Filesystem(Record):
    """A mounted filesystem; `is_target` marks the one that holds the directory under test.

    `devices` are the whole disks behind it, through partitions, LVM and RAID, where they are known.
    """

    kind: Literal["filesystem"] = "filesystem"
    name: str
    type: Statement
    source: Statement
    devices: Statement
    network: Statement
    overlay: Statement
    read_only: Statement
    total: Reading
    available: Reading
    available_inodes: Reading
    is_target: bool
