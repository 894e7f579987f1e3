# make run   set up on first use, then open the tutor        make run TORCH=no   without PyTorch (hundreds of megabytes less)
# make test  set up with the development tools, then run every check that CI runs
# make bench the budgets, as ratios in one run               make lint           the quick checks alone

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TORCH ?= yes
ARGS ?=
REQUIREMENTS := requirements.lock

.PHONY: run test suite bench lint
.DELETE_ON_ERROR:

run: $(VENV)/.ready-$(TORCH)
	@$(BIN)/tutor $(ARGS)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "The tutor needs Python 3.11 or newer; this is $$($(PYTHON) --version 2>&1). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "Making a virtual environment in $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.ready-yes: requirements.lock pyproject.toml | $(BIN)/python
	@echo "Installing what the tutor needs (once; PyTorch is the large one) ..."
	@$(BIN)/python -m pip install --disable-pip-version-check --progress-bar on -r requirements.lock
	@$(BIN)/python -m pip install --disable-pip-version-check -q --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/.ready-no

$(VENV)/.ready-no: requirements.lock pyproject.toml | $(BIN)/python
	@echo "Installing what the tutor needs, without PyTorch (once) ..."
	@grep -v -E '^torch==' requirements.lock > $(VENV)/requirements-no-torch.txt
	@$(BIN)/python -m pip install --disable-pip-version-check --progress-bar on -r $(VENV)/requirements-no-torch.txt
	@$(BIN)/python -m pip install --disable-pip-version-check -q --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.ready-dev: requirements-dev.lock $(VENV)/.ready-yes
	@echo "Installing the development tools (once) ..."
	@$(BIN)/python -m pip install --disable-pip-version-check --progress-bar on -r requirements-dev.lock
	@touch $@

lint: $(VENV)/.ready-dev
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/mypy

# The types are checked beside the first tests: both would leave a core idle. Where PYTHONDONTWRITEBYTECODE is set, each
# of the hundreds of processes that the tests start would compile the whole tutor anew.
test: export PYTHONDONTWRITEBYTECODE =
test: $(VENV)/.ready-dev
	@$(MAKE) --no-print-directory -j2 lint suite

# That the course holds is one of the tests (tests/content): it runs what `tutor author check` runs.
suite: $(VENV)/.ready-dev
	@$(BIN)/pytest -n auto -m "not timed and not bench"
	@$(BIN)/pytest -m "timed and not bench"

bench: $(VENV)/.ready-dev
	@$(BIN)/pytest -m bench -s -p no:cacheprovider tests/bench
