"""Copies between the host's memory and a device's, of bytes that differ by place."""

from collections.abc import Callable

import torch

_PERIOD = 251


class Transfers:
    """A buffer on either side."""

    def __init__(self, size_bytes: int, device: torch.device, is_pinned: bool) -> None:
        """Pinned memory is never paged out, so that the device can fetch it by itself."""
        pattern = torch.arange(_PERIOD, dtype=torch.uint8).repeat(-(-size_bytes // _PERIOD))
        self._host = torch.empty(size_bytes, dtype=torch.uint8, pin_memory=is_pinned)
        self._pattern = pattern[:size_bytes]
        self._host.copy_(self._pattern)
        self._device = torch.zeros(size_bytes, dtype=torch.uint8, device=device)
        self._is_pinned = is_pinned

    def copy(self, name: str) -> Callable[[], object]:
        """`host_to_device` or `device_to_host`."""
        source, target = self._ends(name)
        return lambda: target.copy_(source, non_blocking=self._is_pinned)

    def find_error(self, name: str) -> str | None:
        """Copy once into what was emptied, and compare every byte."""
        source, target = self._ends(name)
        source.copy_(self._pattern)
        target.zero_()
        self.copy(name)()
        if self._device.device.type == "cuda":
            torch.cuda.synchronize(self._device.device)
        if torch.equal(target.cpu(), self._pattern):
            return None
        return f"{name} brought other bytes than were sent"

    def _ends(self, name: str) -> tuple[torch.Tensor, torch.Tensor]:
        if name == "host_to_device":
            return self._host, self._device
        return self._device, self._host
