"""The union of all kinds of component: a new kind is a file in components/ and a name here."""

from bitpath_cli.model.components.accelerator import Accelerator, AcceleratorSoftware
from bitpath_cli.model.components.cpu import Cpu
from bitpath_cli.model.components.limits import Limits
from bitpath_cli.model.components.memory import Memory
from bitpath_cli.model.components.network import NetworkSettings, Nic, RdmaPort, Route
from bitpath_cli.model.components.power import PowerMeter
from bitpath_cli.model.components.software import Software
from bitpath_cli.model.components.storage import Disk, Filesystem
from bitpath_cli.model.components.system import System

Component = (
    System
    | Cpu
    | Limits
    | Memory
    | Disk
    | Filesystem
    | Nic
    | RdmaPort
    | Route
    | NetworkSettings
    | Accelerator
    | AcceleratorSoftware
    | PowerMeter
    | Software
)
