"""bitpath as it is, with a quick budget that is shorter, so that the tests are."""

import os

from bitpath_cli.__main__ import main
from bitpath_cli.workflows import measure

if __name__ == "__main__":
    measure.BUDGETS["quick"] = measure.Budget("quick", float(os.environ.get("LAB_SECONDS", "8")))
    main()
