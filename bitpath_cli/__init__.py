"""bitpath: what machines can really do for AI, what holds them back, where to run a workload."""

__version__ = "0.1.0"
