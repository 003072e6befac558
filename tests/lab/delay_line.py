"""Two TAP devices of this namespace, joined so that what one sends leaves the other later.

For kernels without netem; frames of the hosts' own TCP are delayed, so its windows and round trips
are real. delay_line DEVICE OTHER SECONDS; the devices are there when it prints `ready`.
"""

import fcntl
import os
import select
import struct
import sys
from collections import deque
from time import monotonic

_TUNSETIFF = 0x400454CA
_IFF_TAP_NO_PI = 0x0002 | 0x1000
_FRAME_BYTES = 65_600
_MOST_WAITING = 20_000
_AT_ONCE = 64

Waiting = deque[tuple[float, bytes]]


def open_tap(name: str) -> int:
    number = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(number, _TUNSETIFF, struct.pack("16sH", name.encode(), _IFF_TAP_NO_PI))
    return number


def main() -> None:
    here, there = (open_tap(each) for each in sys.argv[1:3])
    delay = float(sys.argv[3])
    print("ready", flush=True)  # noqa: T201
    waiting: dict[int, Waiting] = {here: deque(), there: deque()}
    other = {here: there, there: here}
    while True:
        _send_what_is_due(waiting)
        due = min((each[0][0] for each in waiting.values() if each), default=None)
        left = None if due is None else max(0.0, due - monotonic())
        for ready in select.select(list(waiting), [], [], left)[0]:
            _receive(ready, waiting[other[ready]], delay)


def _send_what_is_due(waiting: dict[int, Waiting]) -> None:
    now = monotonic()
    for number, frames in waiting.items():
        while frames and frames[0][0] <= now:
            # A device that is full or down loses the frame, as a switch does.
            try:
                os.write(number, frames.popleft()[1])
            except OSError:
                continue


def _receive(number: int, frames: Waiting, delay: float) -> None:
    for _ in range(_AT_ONCE):
        try:
            frame = os.read(number, _FRAME_BYTES)
        except BlockingIOError:
            return
        if len(frames) < _MOST_WAITING:
            frames.append((monotonic() + delay, frame))


if __name__ == "__main__":
    main()
