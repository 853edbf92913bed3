# Everything a developer does here, one target each; `make help` lists them.
# A fresh machine needs make and Python 3.11 or newer with venv (Debian: apt-get install make python3-venv).

PYTHON ?= python3
VENV ?= .venv
ONLY ?=
REPEATS ?= 3
VARIANTS ?=
FAULT ?= gil
ARGS ?=

BIN = $(VENV)/bin
STAMP = $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help run demo test check fmt scenarios accept bench-ui bench bench-recording bench-flame archive docs clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo 'perftui needs Python 3.11 or newer: make PYTHON=/path/to/python3.11' >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo 'this Python cannot make environments: apt-get install python3-venv' >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

run: $(STAMP)  ## start the demo service and open perftui on it [FAULT=gil]
	@$(BIN)/python -m tests.demo.run --tui --fault $(FAULT)

demo: $(STAMP)  ## run the demo service alone [FAULT=gil ARGS='--cycle 30']
	@$(BIN)/python -m tests.demo.run --fault $(FAULT) $(ARGS)

test: $(STAMP)  ## run the tests, three at a time [ARGS='tests/host -k text' or ARGS='-n 0' for one at a time]
	$(BIN)/python -m pytest -n 3 --dist worksteal $(ARGS)

check: $(STAMP)  ## format, lint, types, import contracts, house rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/test_house.py

fmt: $(STAMP)  ## format the code and mend what ruff can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

scenarios: $(STAMP)  ## judge the classifier by planted bottlenecks [ONLY=1,5 REPEATS=3 VARIANTS=1]
	@$(BIN)/python -m tests.scenarios.run --only '$(ONLY)' --repeats $(REPEATS) $(if $(VARIANTS),--variants) $(ARGS)

accept: $(STAMP)  ## play whole stories against the real thing [ONLY=ssh,exits or ARGS=--help]
	@$(BIN)/python -m tests.accept.run --only '$(ONLY)' $(ARGS)

bench-ui: $(STAMP)  ## what the screen costs, beside htop and glances
	@$(BIN)/python -m tests.bench.ui $(ARGS)

bench: $(STAMP)  ## what sampling costs the target
	@$(BIN)/python -m tests.bench.slowdown $(ARGS)

bench-recording: $(STAMP)  ## size and speed of a recording of 24 hours [ARGS='--hours 1']
	@$(BIN)/python -m tests.bench.recording $(ARGS)

bench-flame: $(STAMP)  ## what 100,000 stacks cost on the screen, and an hour of stacks in a recording
	@$(BIN)/python -m tests.bench.trie $(ARGS)
	@$(BIN)/python -m tests.bench.stacks

archive: $(STAMP)  ## one file for servers without network: dist/perftui.pyz
	@$(BIN)/python scripts/archive.py

docs: $(STAMP)  ## render the pages of rules, knobs and metrics into docs/
	@$(BIN)/python -m scripts.docs

clean:  ## remove caches and what was built
	rm -rf build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
