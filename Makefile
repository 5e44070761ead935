# Everything runs in a virtual environment of its own; python3, python3-venv, make and git are all a machine needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test lint bench docs clean env
.DEFAULT_GOAL := demo

# Live books in this terminal: an embedded Redis, a simulated TWS, the gateway. Ctrl-C ends it, or DURATION seconds.
demo: env
	@$(BIN)/python -m ibgw_tx.demo

# Lint, types, and all tests against a real redis-server and the simulated TWS.
test: env lint
	$(BIN)/python -m pytest

lint: env
	$(BIN)/ruff check .
	$(BIN)/mypy

# The table of the README, measured here and now.
bench: env
	$(BIN)/python -m bench

# The documents as a site, in build/site. Strict: a broken link ends it.
docs: env
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --config-settings editable_mode=compat -e '.[docs]'
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

env: $(STAMP)

$(STAMP): setup.py pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --config-settings editable_mode=compat -e '.[test]'
	@touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info .demo
