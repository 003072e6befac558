"""The physics: pure functions from rates and sizes to seconds, bytes, joules and money."""
