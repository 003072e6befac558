"""What the kernel knows of a TCP connection: getsockopt(TCP_INFO), of linux/tcp.h.

The structure only ever grows: an older kernel returns fewer bytes, and what they do not reach is
left out.
"""

import socket
import struct
from dataclasses import dataclass
from typing import Final

_SIZE: Final = 512
_NAME_BYTES: Final = 16
# Offsets in struct tcp_info: eight bytes, then 24 of 32 bits, then as the header has them.
_FIELDS: Final = {
    "mss": (16, "I"), "mtu": (60, "I"), "round_trip_us": (68, "I"),
    "retransmitted_segments": (100, "I"), "busy_us": (168, "Q"), "receive_window_us": (176, "Q"),
    "send_buffer_us": (184, "Q"), "sent_bytes": (200, "Q"), "retransmitted_bytes": (208, "Q"),
}  # fmt: skip
_MICRO: Final = 1e-6


@dataclass(frozen=True, slots=True)
class TcpInfo:
    """One connection until now; None where this kernel does not tell.

    `busy_seconds` is how long it had something to send, `limited_seconds` how much of that it
    waited for room in a window: the receiver's, or the buffer of the sending socket.
    """

    mss: int | None
    mtu: int | None
    round_trip_seconds: float | None
    retransmitted_segments: int | None
    busy_seconds: float | None
    limited_seconds: float | None
    sent_bytes: int | None
    retransmitted_bytes: int | None


def tcp_info(connection: socket.socket) -> TcpInfo:
    """What the kernel tells now; OSError where the connection is closed."""
    return parse(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _SIZE))


def parse(raw: bytes) -> TcpInfo:
    """The fields of a `struct tcp_info` in this machine's byte order."""
    told = {
        name: int(struct.unpack_from(f"={form}", raw, offset)[0])
        for name, (offset, form) in _FIELDS.items()
        if offset + struct.calcsize(f"={form}") <= len(raw)
    }
    waits = [told[name] for name in ("receive_window_us", "send_buffer_us") if name in told]
    return TcpInfo(
        mss=told.get("mss"),
        mtu=told.get("mtu"),
        round_trip_seconds=_seconds(told.get("round_trip_us")),
        retransmitted_segments=told.get("retransmitted_segments"),
        busy_seconds=_seconds(told.get("busy_us")),
        limited_seconds=_seconds(sum(waits)) if waits else None,
        sent_bytes=told.get("sent_bytes"),
        retransmitted_bytes=told.get("retransmitted_bytes"),
    )


def congestion_control(connection: socket.socket) -> str:
    """The name of the algorithm that governs what this end sends: cubic, bbr."""
    raw = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, _NAME_BYTES)
    return raw.partition(b"\0")[0].decode("ascii", "replace")


def _seconds(micros: int | None) -> float | None:
    return None if micros is None else micros * _MICRO
