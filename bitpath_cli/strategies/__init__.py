"""Where a workload may run: one file per strategy, each ending in a `STRATEGY`."""
