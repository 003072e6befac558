"""torch's own all-reduce called bare: `bare RANK ADDRESS BYTES CALLS` prints the median seconds."""

import os
import sys
from statistics import median
from time import perf_counter

import torch
import torch.distributed as dist


def main() -> None:
    rank, address, size_bytes, calls = sys.argv[1:]
    os.environ["GLOO_SOCKET_IFNAME"] = "eth0"
    torch.set_num_threads(1)
    dist.init_process_group(
        "gloo", init_method=f"tcp://{address}:29700", rank=int(rank), world_size=2
    )
    pattern = torch.arange(int(size_bytes) // 4, dtype=torch.float32) % 13
    values = torch.zeros_like(pattern)
    times = []
    for _ in range(int(calls) + 1):
        torch.add(pattern, int(rank), out=values)
        dist.barrier()
        begin = perf_counter()
        dist.all_reduce(values)
        slowest = torch.tensor([perf_counter() - begin], dtype=torch.float64)
        dist.all_reduce(slowest, op=dist.ReduceOp.MAX)
        times.append(float(slowest))
    # The first warms up.
    sys.stdout.write(f"{median(times[1:]):.9f}\n")
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
