PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SHELL := /bin/bash

.PHONY: run test lint format bench bench-console eval load demo screenshots chaos bothub lock clean

run: $(VENV)/.runtime
	@exec $(BIN)/python -m core.cli run

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python .ci/audit.py

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks $(ARGS)

bench-console: $(VENV)/.dev
	$(BIN)/python -m benchmarks.console $(ARGS)

eval: $(VENV)/.dev
	$(BIN)/python -m benchmarks.evaluation $(ARGS)

load: $(VENV)/.runtime
	$(BIN)/python -m benchmarks.load $(ARGS)

demo: $(VENV)/.runtime
	$(BIN)/python -m benchmarks.demo $(ARGS)

screenshots: $(VENV)/.dev
	$(BIN)/python -m benchmarks.screenshots $(ARGS)

chaos: $(VENV)/.dev
	$(BIN)/python -m tests.scenarios.chaos $(ARGS)

bothub: $(VENV)/.runtime
	@$(BIN)/python -m core.cli $(ARGS)

lock: $(VENV)/.dev
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --no-annotate --no-header -o requirements.txt requirements.in
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --no-annotate --no-header -o requirements-dev.txt requirements-dev.in

clean:
	rm -rf $(VENV)

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
