# Two targets matter: `make demo` and `make test`. Both work from a fresh clone.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MARK := $(VENV)/.regua
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_REQUIRE_VIRTUALENV := 1

.PHONY: demo test setup setup-dev check fix bench chaos year lock clean

demo: setup ## Everything on this machine, with invented data; Ctrl-C stops it
	@exec $(BIN)/regua demo

test: setup-dev ## All checks: format, lint, types, imports, migrations, tests on PostgreSQL, browser
	@sh tools/test.sh

setup: $(MARK)/runtime $(MARK)/package ## The virtual environment, the product and its assets
	@$(BIN)/python tools/assets.py

setup-dev: setup $(MARK)/dev
	@sh tools/system.sh

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Régua needs Python 3.11 or newer (PYTHON=python3.12 make ...)"; exit 1; }
	@echo "Creating the virtual environment"
	@$(PYTHON) -m venv $(VENV) \
		|| { echo "On Debian: apt install python3-venv"; rm -rf $(VENV); exit 1; }

$(MARK)/runtime: requirements/runtime.txt | $(BIN)/python
	@echo "Installing the locked dependencies"
	@$(BIN)/pip install --quiet --require-hashes -r requirements/runtime.txt
	@mkdir -p $(MARK) && touch $@

$(MARK)/package: pyproject.toml src/regua/__init__.py $(MARK)/runtime
	@$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(MARK)/dev: requirements/dev.txt $(MARK)/runtime
	@echo "Installing the locked development tools"
	@$(BIN)/pip install --quiet --require-hashes -r requirements/dev.txt
	@touch $@

bench: setup-dev ## Every benchmark at its small size
	@$(BIN)/python -m benchmarks --all

year: N ?= 5000
year: setup-dev ## A year of N customers, day by day: no deadline missed, nothing listed unlawfully
	@DAYS=366 $(BIN)/python -m pytest -q tests/dunning/test_reference.py
	@$(BIN)/python -m tests.simulation --n $(N)

chaos: N ?= 10000
chaos: setup-dev ## Everything goes wrong, and both ledgers must agree at the end (N=300 is quicker)
	@$(BIN)/python -m tests.chaos --n $(N)

fix: setup-dev ## Format and mend what can be mended
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lock: ## Write the lock files anew (needs uv)
	@sh tools/lock.sh

clean:
	rm -rf $(VENV) node_modules src/regua/web/static/vendor
