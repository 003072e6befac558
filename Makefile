# bitpath's own commands. `make assess` and `make test` need only git, make and python3 with venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PIP := $(BIN)/pip --disable-pip-version-check

.PHONY: assess test check bench validate reference selftest docs lab lab-full format clean help

assess: $(STAMP)  ## assess this host: report on the terminal and in report.json
	$(BIN)/bitpath assess --output report.json

test: $(STAMP)  ## run the tests
	$(BIN)/python -m pytest

check: $(STAMP)  ## style, types, and whether generated files are fresh
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m tests.staleness

bench: $(STAMP)  ## how fast bitpath itself is, as ratios measured side by side
	$(BIN)/python -m tests.speed

validate: $(STAMP)  ## predictions beside measurements in a lab of namespaces: docs/validation.md (needs root)
	$(BIN)/python -m tests.validation

reference: $(STAMP)  ## bitpath beside the tools of the field, pair by pair: docs/accuracy.md (needs root)
	$(BIN)/python -m tests.reference

selftest: $(STAMP)  ## how often a stated interval holds what a fresh process measures
	$(BIN)/python -m tests.reference.coverage

docs: $(STAMP)  ## write the generated files: schema and command help
	$(BIN)/python -m tests.staleness --write

lab:  ## system packages for the tests on several hosts (needs root)
	@tests/lab/install

lab-full: $(STAMP)  ## every fault and launcher on several hosts, at length (needs root)
	BITPATH_LAB=full $(BIN)/python -m pytest -m lab

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis report.json

help:
	@sed -n 's/^\([a-z]*\):.*  ## \(.*\)/make \1	\2/p' Makefile

$(STAMP): pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "bitpath needs Python 3.11 or newer, and '$(PYTHON)' was not found. Install python3 and python3-venv, or name another: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "bitpath needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) -V 2>&1). Name a newer one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "Python could not make the environment $(VENV). On Debian and Ubuntu its venv is a package of its own: apt install python3-venv"; rm -rf $(VENV); exit 2; }
	$(PIP) install --quiet --constraint constraints.txt hatchling editables
	$(PIP) install --quiet --constraint constraints.txt --no-build-isolation --editable '.[check,test]'
	@touch $@
