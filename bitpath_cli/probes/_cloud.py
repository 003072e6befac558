"""Which cloud this machine belongs to, from the firmware's words and cloud-init's files alone.

The words are those that cloud-init's tools/ds-identify looks for. Nothing is asked over the
network.
"""

import json
from typing import Any, Final

from bitpath_cli.host import Host
from bitpath_cli.model.reading import Fact, Missing, absent, fact
from bitpath_cli.probes._dmi import dmi

_IDENTITY: Final = "/run/cloud-init/cloud-id"
_INSTANCE: Final = "/run/cloud-init/instance-data.json"
_LOCAL: Final = frozenset({"none", "nocloud", "configdrive", "disabled", "not run", "unknown"})
# Field, its whole text, and the cloud.
_WORDS: Final = (
    ("sys_vendor", "Amazon EC2", "aws"),
    ("bios_vendor", "Amazon EC2", "aws"),
    ("product_name", "Google Compute Engine", "gcp"),
    ("chassis_asset_tag", "7783-7084-3265-9085-8269-3286-77", "azure"),
    ("chassis_asset_tag", "OracleCloud.com", "oracle"),
    ("product_name", "Alibaba Cloud ECS", "alibaba"),
    ("chassis_asset_tag", "OpenTelekomCloud", "open telekom cloud"),
    ("chassis_asset_tag", "HUAWEICLOUD", "huawei"),
    ("chassis_asset_tag", "SAP CCloud VM", "sap"),
    ("product_name", "OpenStack Nova", "openstack"),
    ("product_name", "OpenStack Compute", "openstack"),
    ("sys_vendor", "DigitalOcean", "digitalocean"),
    ("sys_vendor", "Hetzner", "hetzner"),
    ("sys_vendor", "Scaleway", "scaleway"),
    ("sys_vendor", "Vultr", "vultr"),
    ("sys_vendor", "UpCloud", "upcloud"),
    ("sys_vendor", "Exoscale", "exoscale"),
    ("sys_vendor", "Akamai", "akamai"),
    ("sys_vendor", "Linode", "akamai"),
)
_TYPE_KEYS: Final = ("instance-type", "instance_type", "machine-type", "vm_size")


def cloud(host: Host) -> Fact | Missing:
    """The cloud's name."""
    named = host.read_text(_IDENTITY)
    if not isinstance(named, Missing) and named.strip() and named.strip() not in _LOCAL:
        return fact(named.strip(), _IDENTITY)
    for field, words, name in _WORDS:
        found = dmi(host, field)
        if isinstance(found, Fact) and found.value == words:
            return fact(name, found.origin.source)
    vendor = dmi(host, "sys_vendor")
    if isinstance(vendor, Missing):
        return absent("neither DMI nor cloud-init tells of a cloud")
    return absent(f"the firmware names '{vendor.value}', which is no cloud that bitpath knows")


def instance_type(host: Host, of: Fact | Missing) -> Fact | Missing:
    """The type by which the cloud rents this machine; AWS writes it into the firmware."""
    if isinstance(of, Missing):
        return of
    product = dmi(host, "product_name")
    if of.value == "aws" and isinstance(product, Fact) and "." in str(product.value):
        return product
    told = host.read_text(_INSTANCE)
    if isinstance(told, Missing):
        return absent(f"{of.value} does not write it into the firmware; {told.detail}")
    try:
        found = parse_instance_type(json.loads(told))
    except ValueError:
        found = None
    if found is None:
        return absent(f"{_INSTANCE} names no instance type")
    return fact(found, _INSTANCE)


def parse_instance_type(document: Any) -> str | None:
    """The first key of cloud-init's metadata that names a type, wherever the cloud puts it."""
    if not isinstance(document, dict):
        return None
    for key in _TYPE_KEYS:
        if isinstance(document.get(key), str) and document[key]:
            # Google writes projects/<number>/machineTypes/<type>.
            return str(document[key]).rpartition("/")[2]
    for key, value in document.items():
        # Azure's metadata calls it vmSize, within `compute`.
        if key == "compute" and isinstance(value, dict) and isinstance(value.get("vmSize"), str):
            return str(value["vmSize"])
        found = parse_instance_type(value)
        if found is not None:
            return found
    return None
