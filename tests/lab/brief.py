"""bitpath as it is, with a quick budget that is shorter, so that the tests are."""

from bitpath_cli.__main__ import main
from bitpath_cli.workflows import measure

if __name__ == "__main__":
    measure.BUDGETS["quick"] = measure.Budget("quick", 8.0)
    main()
