"""How much of the lab runs: one case a launcher, or every fault at every size."""

import os

import pytest

full = pytest.mark.skipif(
    os.environ.get("BITPATH_LAB") != "full", reason="of the full matrix, which is: make lab-full"
)
