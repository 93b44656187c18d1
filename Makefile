# make run and make test need nothing but Python 3.11 to 3.13 with its venv module; the rest is installed in .venv, and the
# embedded Kafka is fetched into the user's cache.

SHELL := /bin/sh
.DEFAULT_GOAL := help

# Where Python may not keep what it has compiled, each of the many programs compiles all it imports: 2 s instead of 1.
unexport PYTHONDONTWRITEBYTECODE

VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

# Options for `tend demo` and for pytest, for example: make run ARGS="--weeks 52"
ARGS ?=
# Tests at a time, as many of them wait for servers; servers that are given can serve one at a time.
JOBS ?= $(if $(TEND_TEST_BROKERS)$(TEND_TEST_REDIS),0,3)
# Slow tests at a time: each starts servers and workers of its own.
LONG_JOBS ?= $(if $(TEND_TEST_BROKERS)$(TEND_TEST_REDIS),0,2)
# The long fault run: kills asked for, minutes after which no trial begins (none: all of them), and where it keeps what
# it has come through, so that the next run goes on where one was interrupted.
KILLS ?= 200
MINUTES ?=
TRIALS := build/faults.json
PYTEST := $(BIN)/python -m pytest

.PHONY: help install run test lint types unit test-slow test-faults test-faults-long test-all docs format bench compiled constraints clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-20s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(STAMP) ## Make .venv with everything in the versions of constraints.txt

$(STAMP): pyproject.toml constraints.txt
	@sh .ci/environment $(VENV) $(STAMP)

run: $(STAMP) ## Replay a real year of orders through the whole engine (ARGS="--help" shows the options)
	@$(BIN)/tend demo $(ARGS)

test: lint ## Everything that is quick to check: style, types, rooms, docs, tests
	@$(MAKE) --no-print-directory --jobs 2 types unit

lint: $(STAMP) ## Style and likely bugs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP) ## Types, strictly
	$(BIN)/mypy

unit: $(STAMP) ## The quick tests
	$(PYTEST) -q --numprocesses $(JOBS) --dist loadgroup --no-loadscope-reorder $(ARGS)

test-slow: $(STAMP) ## The tests that take minutes
	$(PYTEST) -m slow --numprocesses $(LONG_JOBS) --dist loadfile $(ARGS)

test-faults: $(STAMP) ## The tests that kill, freeze and cut
	$(PYTEST) -m "faults and not slow" --numprocesses $(JOBS) --dist loadfile $(ARGS)

test-faults-long: $(STAMP) ## KILLS=200 kills and all other faults, MINUTES=60 at most; writes docs/faults.md
	TEND_FAULTS_KILLS=$(KILLS) TEND_FAULTS_MINUTES=$(MINUTES) TEND_FAULTS_KEPT=$(TRIALS) TEND_FAULTS_AWAY_SECONDS=20 \
		TEND_FAULTS_REPORT=docs/faults.md $(PYTEST) -m faults tests/faults/test_kills.py $(ARGS)

test-all: test test-slow test-faults ## All tests

docs: $(STAMP) ## Generate what is generated under docs/
	$(BIN)/python -m agents.documents
	$(BIN)/python -m infra.dashboard infra/deploy/grafana/dashboards/tend.json
	$(BIN)/python -m agents.rights_files
	$(BIN)/python -m benchmarks.capacity --write

sheets: $(STAMP) ## Draw every shipped message as it looks, with Chromium
	$(BIN)/python -m benchmarks.message_sheets docs/messages

format: $(STAMP) ## Put the code into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(STAMP) ## The measurements of benchmarks/, some 25 minutes (ARGS names one; ARGS="all --write" writes the tables)
	$(BIN)/python -m benchmarks $(or $(ARGS),all)

compiled: $(STAMP) ## Compile the core in a copy (mypyc), and prove that it commits the same bytes
	sh .ci/compiled $(BIN)/python

constraints: ## Write constraints.txt anew, with today's versions
	sh .ci/make-constraints

clean: ## Remove .venv and what the tools left
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
