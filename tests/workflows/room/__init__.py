"""A room of benchmarks that behave well and badly, for the tests of measuring."""
