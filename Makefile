# Each verb does its own set-up. Everything that is set up lies in .venv, .cache and .peers; `make clean` removes it.
# PYTHON=/path/to/python3.11 chooses the interpreter; PYTEST_ARGS='tests/config -k line' narrows `make tests`.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --no-print-directory
SHELL := /bin/bash

# Hundreds of tests start processes of ours: each would compile all sources again.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
CHECKED := $(wildcard src tests benchmarks examples scripts native/fuzz)
PYTEST_ARGS ?=
# As many processes run the tests at the same time; 0: this one alone, which a debugger needs. What is of one `xdist_group` runs in the same.
WORKERS ?= 2
PYTEST = pytest --numprocesses $(WORKERS) --dist loadgroup
EDITABLE := --quiet --no-input --disable-pip-version-check --no-deps --no-build-isolation --editable .

## Verbs ---------------------------------------------------------------------------------------------------------

.PHONY: help demo test test-all test-lowest lint types tests bench quality fuzz docs lock sbom clean
.PHONY: native system-packages env-servers env-fastmcp env-checkers env-cpex env-node

help:  ## show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

demo: .venv/.stamp native env-servers  ## watch a real MCP server being protected
	@PATH="$$PATH:$(CURDIR)/.cache/envs/mcp-servers/bin" $(BIN)/secure-gateway demo

# A missing Rust toolchain is told of once, by `native`.
test: export NATIVE_SAYS_ONCE = 1
test: lint types tests  ## lint, types and all tests but the soak tests

test-all: export NATIVE_SAYS_ONCE = 1
test-all: lint types docs  ## everything: also the soak tests, all tests on the Python twin, the docs, the oldest dependencies and the demo
	@$(MAKE) tests MARKERS= TWINS=tests
	@$(MAKE) test-lowest
	@$(MAKE) demo

lint: .venv/.stamp  ## ruff: rules and format; rustfmt and clippy where a Rust toolchain is
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check . || { echo "Run .venv/bin/ruff format."; exit 1; }
	@scripts/native lint

types: .venv/.stamp  ## mypy, strict
	@$(BIN)/mypy $(CHECKED)

# Soak tests run for minutes each; every other test runs here, and none is skipped silently.
MARKERS = -m 'not soak'
# What runs on the twin too, where the main run uses Rust: all that scans, counts or compares. `make test-all` runs all tests on it.
TWINS = tests/native tests/plugins/framework tests/plugins/guardrails tests/pipeline $(COMPARED:%=--ignore %)
# These hold the scanner against its twin, which on the twin would be itself.
COMPARED = tests/native/test_gate.py tests/native/test_scanner.py
tests: .venv/.stamp native system-packages env-servers env-fastmcp env-checkers env-cpex env-node
	@scripts/native test
	@if [[ -z "$(PYTEST_ARGS)" && -f .venv/.native ]]; then echo "Tests on the Python twin:" && SECURE_GATEWAY_SCANNER=python $(BIN)/$(PYTEST) --quiet -m 'not soak' $(TWINS); fi
	@$(BIN)/$(PYTEST) $(MARKERS) $(PYTEST_ARGS)

LOWEST := .cache/envs/lowest
test-lowest: system-packages env-servers env-fastmcp env-checkers env-cpex env-node  ## the tests once more, with the oldest dependencies that pyproject.toml allows
	@scripts/python-env $(LOWEST) requirements-lowest.lock
	@$(LOWEST)/bin/python -m pip install $(EDITABLE)
	@$(LOWEST)/bin/$(PYTEST) $(MARKERS) $(PYTEST_ARGS) --ignore tests/conformance

bench: .venv/.stamp native env-servers env-node  ## measure against named peers, into benchmarks/results.json
	@$(BIN)/python -m benchmarks

quality: .venv/.stamp  ## measure what the guardrails find against named peers, into benchmarks/quality.json and the docs
	@$(BIN)/python -m benchmarks.quality

MINUTES ?= 20
fuzz: .venv/.stamp  ## fuzz the Rust core beside its Python twin, MINUTES=20 for each target (TARGET= for one)
	@scripts/native fuzz $(MINUTES) $(TARGET)

docs: .venv/.stamp  ## check every link in the docs and run their examples
	@$(BIN)/python scripts/check_docs.py
	@$(BIN)/$(PYTEST) tests/docs

lock:  ## write the lock files anew (make lock UPGRADE=1: with the newest versions)
	@scripts/lock $(if $(UPGRADE),--upgrade)
	@$(MAKE) sbom

sbom:  ## write the software bill of materials, sbom.cdx.json
	@scripts/python-env .cache/envs/tools scripts/requirements-tools.txt
	@.cache/envs/tools/bin/python scripts/sbom.py

clean:  ## remove environments, caches and what was built
	rm -rf .venv .cache .peers native/target .mypy_cache .ruff_cache .pytest_cache .hypothesis dist build src/*.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

## Set-up: done once, and again when a lock file changes ------------------------------------------------------------

.venv/.stamp: requirements-dev.lock pyproject.toml scripts/python-env
	@scripts/python-env .venv requirements-dev.lock
	@.venv/bin/python -m pip install $(EDITABLE)
	@touch $@

native: .venv/.stamp
	@scripts/native install .venv

system-packages:
	@scripts/system-packages --for-tests

env-servers:
	@scripts/python-env .cache/envs/mcp-servers tests/integration/requirements-mcp-servers.txt

env-fastmcp:
	@scripts/python-env .cache/envs/fastmcp tests/integration/requirements-fastmcp.txt

env-cpex:
	@scripts/python-env .cache/envs/cpex tests/integration/requirements-cpex.txt

env-checkers:
	@scripts/python-env .cache/envs/checkers tests/integration/requirements-checkers.txt

env-node:
	@scripts/node22
