"""Machines that could be had: peak rates, memory, power, price; every figure from a datasheet."""

from typing import Literal

from pydantic import Field

from bitpath_cli.model.reading import Quantity, Reading
from bitpath_cli.model.record import Record
from bitpath_cli.model.workload import Precision


class Device(Record):
    """One accelerator or host. `rates` are dense peaks; `matrix_share` is what large matrix
    multiplications reach of them. Power and price are of the device alone where it needs a host;
    `needs_host` says so."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    summary: str
    form: Literal["edge", "workstation", "datacentre", "server"]
    is_accelerator: bool
    needs_host: bool
    rates: dict[Precision, Quantity]
    matrix_share: Quantity
    memory: Quantity
    memory_bandwidth: Quantity
    power_idle: Reading
    power_max: Reading
    link: Reading
    price: Reading
