# `make demo` and `make test` do everything, set-up included. See README.md for uv, plain pip and Windows.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
WORKERS ?= 2
PYTEST := $(BIN)/python -m pytest
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

# One thread per process: results do not depend on it, two workers on two cores do not fight over it.
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
export MKL_NUM_THREADS := 1
export NUMEXPR_MAX_THREADS := 1
export TZ := UTC

.PHONY: help demo test test-all lint format lock install clean

help:
	@echo "make demo      set up, run the Taiwan example, say where its dossier is"
	@echo "make test      lint, types, import contracts and the tests that CI runs"
	@echo "make test-all  the same and the slow tests"
	@echo "make lint      ruff, mypy, import-linter"
	@echo "make lock      write requirements/lock.txt anew (needs the network)"
	@echo "make clean     remove build output and caches (not $(VENV))"

demo: $(STAMP)
	@rm -rf build/taiwan_credit build/taiwan_credit.partial
	@mkdir -p build
	@$(BIN)/credit-risk run scorecards/taiwan_credit --out build/taiwan_credit

# A file of tests runs on one worker: what it makes is made once. (loadgroup does nothing with pytest 9.2: xdist 3.8
# marks groups in an attribute that pytest no longer has.)
test: lint
	$(PYTEST) -n $(WORKERS) --dist loadfile -m "not slow"

test-all: lint
	$(PYTEST) -n $(WORKERS) --dist loadfile

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

install: $(STAMP)

# The environment is a function of the lock: a changed lock makes a new one.
$(VENV)/.locked: requirements/lock.txt scripts/find_python.sh
	@python="$$(bash scripts/find_python.sh)"; \
	echo "Setting up $(VENV) with $$("$$python" --version): once, a few minutes, about 1.7 GB"; \
	rm -rf $(VENV); \
	"$$python" -m venv $(VENV)
	@$(PIP) --require-hashes --no-deps --only-binary :all: -r requirements/lock.txt
	@touch $@

$(STAMP): $(VENV)/.locked pyproject.toml
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

lock:
	@bash scripts/lock.sh

clean:
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -path ./$(VENV) -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +
