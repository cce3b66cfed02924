PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SHELL := /bin/bash

.PHONY: run test test-fast lint format bench bench-console eval load demo screenshots chaos bothub lock clean help

run: $(VENV)/.runtime ## everything, on this machine
	@exec $(BIN)/python -m core.cli run

test: $(VENV)/.dev ## the whole test suite
	.ci/javascript test
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

test-fast: $(VENV)/.dev ## the tests that need no Postgres, Redis or browser, in a minute
	$(BIN)/python -m pytest -n 2 tests/unit tests/test_house_rules.py $(ARGS)

lint: $(VENV)/.dev ## style, docstrings and types of all code, tests included, and known vulnerabilities
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	.ci/javascript lint
	$(BIN)/python .ci/audit.py

format: $(VENV)/.dev ## have ruff and prettier write the code their way
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	.ci/javascript format

bench: $(VENV)/.dev ## speed, as ratios against peers in the same run
	$(BIN)/python -m benchmarks $(ARGS)

bench-console: $(VENV)/.dev ## the console over 200,000 conversations
	$(BIN)/python -m benchmarks.console $(ARGS)

eval: $(VENV)/.dev ## the bot's judgement, scored on 300 questions
	$(BIN)/python -m benchmarks.evaluation $(ARGS)

load: $(VENV)/.runtime ## drive the running system at a chosen rate: ARGS="--rate 100"
	$(BIN)/python -m benchmarks.load $(ARGS)

demo: $(VENV)/.runtime ## a scripted day of customers against the running system
	$(BIN)/python -m benchmarks.demo $(ARGS)

screenshots: $(VENV)/.dev ## every page in all sizes, themes and languages
	$(BIN)/python -m benchmarks.screenshots $(ARGS)

chaos: $(VENV)/.dev ## kill everything in turn while customers write, then count
	$(BIN)/python -m tests.scenarios.chaos $(ARGS)

bothub: $(VENV)/.runtime ## administration: ARGS=doctor, ARGS="users list" …; ARGS=--help lists all
	@$(BIN)/python -m core.cli $(ARGS)

lock: $(VENV)/.dev ## pin the newest versions of all packages
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --no-annotate --no-header -o requirements.txt requirements.in
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --no-annotate --no-header -o requirements-dev.txt requirements-dev.in

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

clean: ## remove .venv and node_modules
	rm -rf $(VENV) node_modules

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed: run make PYTHON=/path/to/python3.11" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements.txt | $(BIN)/python
	@echo "Installing what BotHub needs (once) …"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements.txt requirements-dev.txt | $(BIN)/python
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -r requirements-dev.txt
	@touch $@ $(VENV)/.runtime
