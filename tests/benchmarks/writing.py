"""A process that measures a disk case until it is ended, for the tests that end it."""

import sys

from bitpath_cli.benchmarks import Case, Context, disk
from bitpath_cli.host import Host


def main(directory: str, operation: str, pattern: str = "sequential", depth: str = "1") -> None:
    """Open the loops of a case, run once, say so, and go on for ever."""
    context = Context(
        host=Host(), threads=1, memory_bytes=256 << 20, cache_bytes=0, directory=directory
    )
    case = Case({"operation": operation, "pattern": pattern, "depth": int(depth)})
    with disk.open_loops(case, context) as loops:
        loops["requests"].trial.run(1)
        print("running", flush=True)  # noqa: T201
        while operation == "read":
            loops["requests"].trial.run(1)
        sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
