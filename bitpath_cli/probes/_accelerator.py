"""An accelerator from the few of its values that a source knows; the rest share one reason."""

from typing import Final, Literal

from bitpath_cli.model.components.accelerator import Accelerator, Partition, PeerLink
from bitpath_cli.model.reading import Fact, Missing, Quantity

Vendor = Literal["nvidia", "amd", "intel", "habana", "aws", "other"]
Values = dict[str, Fact | Quantity | Missing]
_OTHERS: Final = frozenset({"kind", "name", "vendor", "index", "partitions", "peers"})


def accelerator(
    vendor: Vendor,
    index: int,
    values: Values,
    otherwise: Missing,
    *,
    name: str = "",
    partitions: tuple[Partition, ...] = (),
    peers: tuple[PeerLink, ...] = (),
) -> Accelerator:
    """Fields that `values` lacks are Missing for the reason `otherwise`."""
    named = dict.fromkeys(Accelerator.model_fields.keys() - _OTHERS, otherwise)
    return Accelerator.model_validate(
        {
            **named,
            **values,
            "name": name or f"{vendor}{index}",
            "vendor": vendor,
            "index": index,
            "partitions": partitions,
            "peers": peers,
        }
    )
