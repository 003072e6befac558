import errno
import os
import threading
from collections.abc import Callable
from typing import Any

import pytest

from bitpath_cli.benchmarks import _native_aio, _requests
from bitpath_cli.benchmarks._direct_io import PAGE_BYTES
from bitpath_cli.benchmarks._native_aio import CUT_SHORT, NativeQueue
from bitpath_cli.benchmarks._requests import Threads, open_requests


@pytest.fixture
def memory() -> Any:
    """Sixteen pages, each filled with its own number."""
    made = os.memfd_create("pages")
    os.pwrite(made, b"".join(bytes([number]) * PAGE_BYTES for number in range(16)), 0)
    yield made
    os.close(made)


def native(descriptor: int, block_bytes: int, depth: int) -> NativeQueue:
    try:
        return NativeQueue(descriptor, block_bytes, depth)
    except OSError as error:
        pytest.skip(f"this kernel or container refuses io_setup: {error}")


def test_so_many_threads_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each read waits until all eight are there: with fewer at once, none would ever end."""
    all_there = threading.Barrier(8)
    asked: list[int] = []

    def read(_descriptor: int, buffers: list[Any], offset: int) -> int:
        all_there.wait(30)
        asked.append(offset)
        return len(buffers[0])

    monkeypatch.setattr(os, "preadv", read)
    offsets = [each * PAGE_BYTES for each in range(64)]
    requests = Threads(-1, PAGE_BYTES, depth=8)
    assert requests.read(offsets) > 0
    assert sorted(asked) == offsets
    assert len(requests.latencies) == 64


class Kernel:
    """Takes requests in and answers them in reverse order, three at most at a time."""

    def __init__(self, queue: NativeQueue) -> None:
        self._queue = queue
        self._waiting: list[int] = []
        self.offsets: list[int] = []
        self.deepest = 0

    def submit(self, slot: int, offset: int) -> float:
        self._waiting.append(slot)
        self.offsets.append(offset)
        self.deepest = max(self.deepest, len(self._waiting))
        return 0.0

    def answer(self) -> int:
        events = memoryview(self._queue._events).cast("q")
        answered = [self._waiting.pop() for _ in range(min(3, len(self._waiting)))]
        for index, slot in enumerate(answered):
            events[4 * index], events[4 * index + 2] = slot, PAGE_BYTES
        return len(answered)


@pytest.mark.parametrize(("count", "depth", "deepest"), [(64, 8, 8), (5, 8, 5), (1, 2, 1)])
def test_the_kernel_always_holds_so_many_requests(
    monkeypatch: pytest.MonkeyPatch, memory: int, count: int, depth: int, deepest: int
) -> None:
    queue = native(memory, PAGE_BYTES, depth)
    kernel = Kernel(queue)
    monkeypatch.setattr(queue, "_submit", kernel.submit)
    monkeypatch.setattr(queue, "_await", kernel.answer)
    offsets = [each * PAGE_BYTES for each in range(count)]
    queue.read(offsets)
    queue.close()
    assert kernel.offsets == offsets
    assert kernel.deepest == deepest
    assert len(queue.latencies) == count


def test_the_kernels_queue_brings_the_bytes_of_every_offset(memory: int) -> None:
    queue = native(memory, PAGE_BYTES, 4)
    queue.read([number * PAGE_BYTES for number in (3, 15, 0, 7)])
    slots = [queue._buffers[slot * PAGE_BYTES : (slot + 1) * PAGE_BYTES] for slot in range(4)]
    queue.close()
    assert slots == [bytes([number]) * PAGE_BYTES for number in (3, 15, 0, 7)]


@pytest.mark.parametrize("make", [native, Threads])
def test_a_file_that_is_cut_short_is_named(
    memory: int, make: Callable[[int, int, int], Any]
) -> None:
    requests = make(memory, PAGE_BYTES, 4)
    assert requests.read([0, PAGE_BYTES]) > 0
    os.ftruncate(memory, PAGE_BYTES)
    with pytest.raises(OSError, match=f"{CUT_SHORT}: a read of 4096 B gave 0"):
        requests.read([0, 9 * PAGE_BYTES])


@pytest.mark.parametrize("depth", [1, 4])
def test_a_descriptor_that_is_closed_is_named(depth: int) -> None:
    gone = os.memfd_create("gone")
    with open_requests(gone, PAGE_BYTES, depth) as requests:
        os.close(gone)
        with pytest.raises(OSError, match="Bad file descriptor"):
            requests.read([0])


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.EPERM, errno.EAGAIN])
def test_threads_take_the_place_of_a_queue_that_is_refused(
    memory: int, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(_requests, "NativeQueue", refuse)
    with open_requests(memory, PAGE_BYTES, 4) as requests:
        assert isinstance(requests, Threads)
        requests.read([0, PAGE_BYTES])
        assert len(requests.latencies) == 2


def test_a_machine_whose_calls_are_unknown_has_no_queue(
    memory: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_native_aio, "_CALLS", {})
    with open_requests(memory, PAGE_BYTES, 4) as requests:
        assert isinstance(requests, Threads)


def test_a_device_that_never_answers_is_given_up(
    memory: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = native(memory, PAGE_BYTES, 2)
    monkeypatch.setattr(_native_aio, "_PATIENCE_SECONDS", 0)
    with pytest.raises(OSError, match="answered no request within"):
        queue._await()
    queue.close()
