"""What the tests of isolation let fresh processes do, and a parent that can be killed."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable

from bitpath_cli.errors import BadValue
from bitpath_cli.isolation import Nursery

Send = Callable[[str], None]


def double(request: str, send: Send) -> str:
    send("half way")
    return request * 2


def tell_process(request: str, send: Send) -> str:
    return json.dumps([os.getpid(), os.getpgrp(), os.environ.get("OF_THE_NURSERY")])


def raise_error(request: str, send: Send) -> str:
    raise ArithmeticError("the sum is off")


def raise_ours(request: str, send: Send) -> str:
    raise BadValue("--dir", "/nowhere", "a directory that exists")


def fault(request: str, send: Send) -> str:
    print("about to fault", flush=True)  # noqa: T201
    os.kill(os.getpid(), signal.SIGSEGV)
    return "never"


def vanish(request: str, send: Send) -> str:
    os._exit(3)


def is_killed(request: str, send: Send) -> str:
    os.kill(os.getpid(), signal.SIGKILL)
    return "never"


def chatter(request: str, send: Send) -> str:
    for _ in range(2000):
        print("noise " * 20)  # noqa: T201
        os.write(2, b"\xff\xfe more noise\n")
    os.system("echo a grandchild's noise")  # noqa: S605, S607
    return "done"


def answer_at_length(request: str, send: Send) -> str:
    return "x" * 3_000_000


def flood_for_ever(request: str, send: Send) -> str:
    while True:
        os.write(1, b"z" * 65536)


def start_others(request: str, send: Send) -> str:
    """One in our group, one that left it, both for ever; then do as we were asked."""
    sleeper = [sys.executable, "-c", "import signal; signal.pause()"]
    send(str(os.getpid()))
    for leaves in (False, True):
        send(str(subprocess.Popen(sleeper, start_new_session=leaves).pid))
    while request == "hang":
        signal.pause()
    return "started"


def multiply(request: str, send: Send) -> str:
    import torch

    torch.set_num_threads(int(request))
    product = torch.ones(300, 300) @ torch.ones(300, 300)
    return f"{torch.get_num_threads()} {product.sum().item():.0f}"


def main() -> None:
    """A parent whose child hangs: it prints the numbers of all processes, then waits."""
    from tests import isolated

    with Nursery(preload=()) as nursery:
        nursery.run(isolated.start_others, "hang", 1000, lambda text: print(text, flush=True))  # noqa: T201


if __name__ == "__main__":
    main()
