# Gatecall. `make` says what there is.
SHELL := /bin/sh
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help install run web test lint screenshots fuzz long bench seats cost package

RUNS := .venv/installed-to-run
INSTALLED := .venv/installed
PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3.14 python3 python; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)

help:
	@echo "make install  make .venv, install what running and deploying need, and build the web app where there is node"
	@echo "make run      run Gatecall on this machine; settings: PORT=8000 WS_PORT=8001 SPEED=1 AIRPORTS=EWR,JFK,LGA"
	@echo "make web      build the web app where it changed; run and deploy do it too"
	@echo "make test     run all tests"
	@echo "make lint     check format, style, types and the plan's import arrows"
	@echo "make screenshots  take a picture of each page, on a phone and a desktop, light and dark"
	@echo "make fuzz     call every route as every role with what its document allows and what not, for long"
	@echo "make long     hold bookings against their model for 12,500 steps, and a flight's story of 8,000 operations"
	@echo "make bench    measure, and print tables"
	@echo "make seats    drive the API of what runs on this machine for half a minute, and see that all adds up"
	@echo "make cost     measure what a day asks of AWS, and print what that costs"
	@echo "make package  make the Lambda package, and run it"

install: $(RUNS)
	@.venv/bin/python -m infra web || true

run: $(RUNS)
	@exec .venv/bin/python -m infra.local run

web: $(RUNS)
	@.venv/bin/python -m infra web

test: $(INSTALLED)
	@.venv/bin/python -m infra web || true
	.venv/bin/pytest -rs -n auto --dist worksteal

lint: $(INSTALLED)
	.venv/bin/ruff format --check
	.venv/bin/ruff check
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/python -m infra web lint

screenshots: $(INSTALLED)
	@.venv/bin/python -m tests.screenshots

fuzz: $(INSTALLED)
	.venv/bin/pytest -n auto --dist worksteal --hypothesis-profile=fuzz tests/integration/accounts/test_fuzz.py

long: $(INSTALLED)
	.venv/bin/pytest -n 2 --hypothesis-profile=long tests/integration/booking/test_stateful.py tests/integration/booking/test_linearizable.py

bench: $(INSTALLED)
	.venv/bin/python -m tests.bench

seats: $(INSTALLED)
	@.venv/bin/python -m tests.bench.seats

cost: $(INSTALLED)
	@.venv/bin/python -m tests.bench.cost

package: $(INSTALLED)
	.venv/bin/pytest tests/package -n 2 --dist loadfile

# The virtual environment, made anew where its Python is too old, and filled again when what is pinned changes.
INSTALL = .venv/bin/python -m pip install -qq --disable-pip-version-check --no-compile

$(RUNS): requirements.txt infra/requirements.txt tests/constraints.txt
	@test -n "$(PYTHON)" || { echo "Gatecall needs Python 3.11 or newer, and none was found. Name one with PYTHON=/path/to/python" >&2; exit 1; }
	@.venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "Making .venv with $(PYTHON) …"; $(PYTHON) -m venv --clear .venv; }
	@echo "Installing what is pinned (about a quarter of a minute) …"
	@$(INSTALL) -r infra/requirements.txt
	@touch $@

$(INSTALLED): $(RUNS) tests/requirements.txt
	@echo "Installing what tests need (about half a minute) …"
	@$(INSTALL) -r tests/requirements.txt
	@touch $@
