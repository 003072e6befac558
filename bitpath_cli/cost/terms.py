"""The five terms as tensors: one row a configuration, one column a draw."""

from dataclasses import dataclass

from torch import Tensor

from bitpath_cli.model.recommendation import TermName


@dataclass(frozen=True, slots=True)
class TermTensors:
    """Each of shape [configurations, draws].

    `link_time` is the sum over links of the seconds that their bytes take. Bandwidth is scored by
    it, since a byte on a rack switch is not a byte on a mobile uplink.

    Compute in s, storage in B·s, bandwidth in B, hardware in the site's currency, energy in J.
    """

    compute: Tensor
    storage: Tensor
    bandwidth: Tensor
    link_time: Tensor
    hardware: Tensor
    energy: Tensor

    def named(self, name: TermName) -> Tensor:
        """The term of that name in its own unit."""
        found: Tensor = getattr(self, name)
        return found

    def rows(self, index: Tensor) -> "TermTensors":
        """The same for some configurations."""
        return TermTensors(
            self.compute[index], self.storage[index], self.bandwidth[index],
            self.link_time[index], self.hardware[index], self.energy[index],
        )  # fmt: skip
