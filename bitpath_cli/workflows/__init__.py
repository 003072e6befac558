"""The verbs, and the only place that wires rooms together."""
