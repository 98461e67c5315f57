# Two commands for a new user: `make up` opens the nation in miniature, `make test` runs everything.
SHELL := /bin/bash
UV := scripts/uv

.PHONY: up test lint unit demo setup

setup:
	$(UV) sync --quiet

up: setup
	$(UV) run --no-sync kumihimo up

demo: setup
	$(UV) run --no-sync kumihimo demo

lint: setup
	$(UV) run --no-sync ruff format --check .
	$(UV) run --no-sync ruff check .
	$(UV) run --no-sync mypy
	$(UV) run --no-sync lint-imports
	$(UV) run --no-sync deptry src

test: setup
	scripts/test-prerequisites
	$(MAKE) --no-print-directory lint
	$(UV) run --no-sync pytest
