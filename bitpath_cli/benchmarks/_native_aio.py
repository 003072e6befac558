"""Linux's own asynchronous reads, io_setup(2), io_submit(2) and io_getevents(2), called bare.

glibc wraps none of them. The records are those of include/uapi/linux/aio_abi.h, the numbers those
of syscalls(2). Of the packages that are kept, caio reads into buffers that O_DIRECT refuses, and
liburing needs io_uring, which most containers are denied.
"""

import ctypes
import errno
import mmap
import os
from array import array
from collections.abc import Sequence
from ctypes import byref, c_long, c_uint64, c_ulong
from typing import Final

from bitpath_cli.host import monotonic

_CALLS: Final = {"x86_64": (206, 207, 208, 209), "aarch64": (0, 1, 4, 2), "riscv64": (0, 1, 4, 2)}
CUT_SHORT: Final = "something cut the test file short"
# What a kernel or a container without them answers, and one whose fs.aio-max-nr is used up.
REFUSALS: Final = frozenset({errno.ENOSYS, errno.EPERM, errno.EACCES, errno.EAGAIN, errno.ENOMEM})
_PATIENCE_SECONDS: Final = 30
_RECORD_WORDS: Final = 8
_RECORD_BYTES: Final = 8 * _RECORD_WORDS
_OPERATION, _BUFFER, _LENGTH, _OFFSET = 2, 3, 4, 5
_EVENT_WORDS: Final = 4


class NativeQueue:
    """Reads at offsets with `depth` of them in the kernel's queue at any time, by one thread.

    As fio does, it hands in one request at a time and a new one for each answer that it takes: a
    request's latency lasts from before it is handed in until its answer is taken.
    """

    def __init__(self, descriptor: int, block_bytes: int, depth: int) -> None:
        """OSError of REFUSALS where there are no such calls."""
        self.latencies = array("d")
        self._block_bytes = block_bytes
        self._depth = depth
        self._calls = _CALLS.get(os.uname().machine)
        if self._calls is None:
            raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
        self._syscall = ctypes.CDLL(None, use_errno=True).syscall
        self._syscall.restype = c_long
        self._queue = c_ulong(0)
        self._buffers = mmap.mmap(-1, block_bytes * depth)
        self._records = mmap.mmap(-1, _RECORD_BYTES * depth)
        self._events = mmap.mmap(-1, 8 * _EVENT_WORDS * depth)
        self._words = memoryview(self._records).cast("Q")
        for slot in range(depth):
            word = slot * _RECORD_WORDS
            # The operation 0 is a read; the descriptor is the upper half of its word.
            self._words[word] = slot
            self._words[word + _OPERATION] = descriptor << 32
            self._words[word + _BUFFER] = _address(self._buffers) + slot * block_bytes
            self._words[word + _LENGTH] = block_bytes
        first = _address(self._records)
        self._pointers = [byref(c_uint64(first + slot * _RECORD_BYTES)) for slot in range(depth)]
        self._call(0, c_long(depth), byref(self._queue))

    def close(self) -> None:
        """Waits for what is still in the queue: the kernel writes into our buffers until then."""
        if self._queue.value:
            self._call(1, self._queue)
            self._queue = c_ulong(0)

    def read(self, offsets: Sequence[int]) -> float:
        """Read all blocks; seconds from the first request to the last answer."""
        pending = iter(offsets)
        begun = [0.0] * self._depth
        begin = monotonic()
        outstanding = 0
        for slot in range(min(self._depth, len(offsets))):
            begun[slot] = self._submit(slot, next(pending))
            outstanding += 1
        events = memoryview(self._events).cast("q")
        while outstanding:
            count = self._await()
            for word in range(0, count * _EVENT_WORDS, _EVENT_WORDS):
                slot, got = events[word], events[word + 2]
                self.latencies.append(monotonic() - begun[slot])
                if got != self._block_bytes:
                    raise _short(got, self._block_bytes)
                following = next(pending, None)
                if following is None:
                    outstanding -= 1
                else:
                    begun[slot] = self._submit(slot, following)
        return monotonic() - begin

    def _submit(self, slot: int, offset: int) -> float:
        """When the request was handed in."""
        self._words[slot * _RECORD_WORDS + _OFFSET] = offset
        begin = monotonic()
        self._call(3, self._queue, c_long(1), self._pointers[slot])
        return begin

    def _await(self) -> int:
        """How many answers there are, one at least."""
        limit = (c_long * 2)(_PATIENCE_SECONDS, 0)
        while True:
            try:
                count = self._call(
                    2, self._queue, c_long(1), c_long(self._depth),
                    ctypes.c_void_p(_address(self._events)), byref(limit),
                )  # fmt: skip
            except InterruptedError:
                continue
            if count == 0:
                words = f"the device answered no request within {_PATIENCE_SECONDS} s"
                raise OSError(errno.ETIMEDOUT, words)
            return count

    def _call(self, which: int, *arguments: object) -> int:
        assert self._calls is not None  # noqa: S101  (refused above)
        answer: int = self._syscall(c_long(self._calls[which]), *arguments)
        if answer < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        return answer


def _address(memory: mmap.mmap) -> int:
    return ctypes.addressof(ctypes.c_char.from_buffer(memory))


def _short(got: int, wanted: int) -> OSError:
    """A read's negative answer is an errno; a short one says that the file ended."""
    if got < 0:
        return OSError(-got, os.strerror(-got))
    return OSError(None, f"{CUT_SHORT}: a read of {wanted} B gave {got}")
