"""Network interfaces, RDMA ports and routes to peers."""

from typing import Literal

from bitpath_cli.model.reading import Reading, Statement
from bitpath_cli.model.record import Record


class Nic(Record):
    """`speed` is what the driver advertises, which virtual interfaces make up or do not know."""

    kind: Literal["nic"] = "nic"
    name: str
    medium: Literal["physical", "virtual", "loopback", "bond", "bridge", "vlan"]
    state: Statement
    speed: Reading
    duplex: Statement
    mtu: Reading
    driver: Statement
    bus_address: Statement
    numa_node: Reading
    members: Statement
    default_route: bool
    received: Reading
    sent: Reading
    errors: Reading
    dropped: Reading


class RdmaPort(Record):
    """A port of an InfiniBand or RoCE adapter."""

    kind: Literal["rdma_port"] = "rdma_port"
    name: str
    device: str
    port: int
    link_layer: Statement
    state: Statement
    rate: Reading
    firmware: Statement
    board: Statement
    interface: Statement
    gpu_direct: Statement


class Route(Record):
    """The interface and source address that the kernel would use for a peer."""

    kind: Literal["route"] = "route"
    name: str
    interface: Statement
    source_address: Statement
    gateway: Statement
    loopback: Statement


class NetworkSettings(Record):
    """Kernel settings that bound what one TCP stream can reach."""

    kind: Literal["network_settings"] = "network_settings"
    name: str
    congestion_control: Statement
    receive_buffer_max: Reading
    send_buffer_max: Reading
