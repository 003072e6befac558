"""How much of the lab runs: one case a launcher, or every fault at every size."""

import os

import pytest

FULL = os.environ.get("BITPATH_LAB") == "full"

full = pytest.mark.skipif(not FULL, reason="of the full matrix, which is: make lab-full")
