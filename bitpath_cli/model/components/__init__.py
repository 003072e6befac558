"""What probes yield: one file per kind of component."""
