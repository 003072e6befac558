"""TensorBoard event files: TFRecord frames around Event messages, of scalars alone.

The frames are those of TensorFlow's record_writer.h, the messages those of event.proto and
summary.proto. They are written here because TensorBoard's own writer loads numpy and protobuf,
which is more memory than all the rest of the monitor.
"""

import os
import struct
from pathlib import Path
from typing import Final

from bitpath_cli.host import Host
from bitpath_cli.model.reading import Quantity
from bitpath_cli.model.watch import Observation
from bitpath_cli.monitoring import Tick

_POLYNOMIAL: Final = 0x82F63B78
_MASK: Final = 0xA282EAD8


def _crc_table() -> tuple[int, ...]:
    table = []
    for number in range(256):
        crc = number
        for _ in range(8):
            crc = (crc >> 1) ^ (_POLYNOMIAL if crc & 1 else 0)
        table.append(crc)
    return tuple(table)


_TABLE: Final = _crc_table()


class EventFile:
    """One file of one watch; a value's tag is `monitor/group/name/subject`."""

    def __init__(self, folder: Path, host: Host, began_at: float) -> None:
        """Make the file in a folder that exists; OSError where it cannot be made."""
        name = f"events.out.tfevents.{int(began_at):010d}.{host.outside.hostname()}.{os.getpid()}.0"
        self.path = folder / name
        self._file = self.path.open("ab", buffering=0)
        self._step = 0
        self._failed = 0
        self._reason = ""
        self._good_bytes = 0
        self._write(_event(began_at, 0, _bytes(3, b"brain.Event:2")))

    def take(self, tick: Tick) -> None:
        """See Exporter."""
        self._step += 1
        observation = tick.observation
        summary = b"".join(_bytes(1, _value(tag, value)) for tag, value in _scalars(observation))
        self._write(_event(observation.time.timestamp(), self._step, _bytes(5, summary)))

    def trouble(self) -> str:
        """See Exporter."""
        if not self._failed:
            return ""
        return f"{self.path} lacks {self._failed} samples: {self._reason}"

    def close(self) -> None:
        """See Exporter."""
        self._file.close()

    def _write(self, content: bytes) -> None:
        """One frame, or none of it: half a frame would hide all that follow."""
        frame = _frame(content)
        try:
            done = self._file.write(frame)
            if done != len(frame):
                raise OSError(28, os.strerror(28))
            self._good_bytes += done
        except OSError as error:
            self._failed += 1
            self._reason = os.strerror(error.errno) if error.errno else str(error)
            self._cut()

    def _cut(self) -> None:
        try:
            os.ftruncate(self._file.fileno(), self._good_bytes)
        except OSError:
            self._reason += ", and the file has a damaged record"


def _scalars(observation: Observation) -> list[tuple[str, float]]:
    found = [
        (
            f"monitor/{each.group}/{each.name}/{each.subject.strip('/') or 'root'}",
            each.reading.value,
        )
        for each in observation.series
        if isinstance(each.reading, Quantity)
    ]
    own = observation.cost
    return [*found, ("monitor/own/cpu_share", own.cpu_share)]


def _event(wall_seconds: float, step: int, rest: bytes) -> bytes:
    """Fields of event.proto: 1 wall_time (double), 2 step (int64), then what happened."""
    return b"\x09" + struct.pack("<d", wall_seconds) + b"\x10" + _varint(step) + rest


def _value(tag: str, value: float) -> bytes:
    """Summary.Value: 1 tag, 2 simple_value (float)."""
    return _bytes(1, tag.encode("utf-8", "replace")) + b"\x15" + struct.pack("<f", value)


def _bytes(field: int, content: bytes) -> bytes:
    return bytes((field << 3 | 2,)) + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    parts = bytearray()
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    parts.append(number)
    return bytes(parts)


def _frame(content: bytes) -> bytes:
    length = struct.pack("<Q", len(content))
    return (
        length + struct.pack("<I", _masked(length)) + content + struct.pack("<I", _masked(content))
    )


def _masked(content: bytes) -> int:
    """CRC-32C, rotated and shifted as record_writer.h does."""
    crc = 0xFFFFFFFF
    for byte in content:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + _MASK) & 0xFFFFFFFF
