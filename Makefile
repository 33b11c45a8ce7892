# Two commands: `make run` and `make test`. Everything else serves them. `make` alone lists the targets.
.DEFAULT_GOAL := help
.PHONY: help setup run test lint format bench requirements clean
PYTHON := .venv/bin/python
CODE := backoffice tasks config tests scripts

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 22

setup: ## install what is missing: packages of Debian, .venv
	@scripts/setup

run: setup ## the whole product on this machine, with demo data; Ctrl-C stops everything
	@exec $(PYTHON) -m scripts.run

test: setup ## every test, on real parts, two at a time
	@exec $(PYTHON) -m pytest -q --numprocesses 2 --dist loadfile --no-loadscope-reorder --max-worker-restart 0 $(PYTEST)

lint: setup ## ruff, mypy, import-linter, and the tests of the conventions
	.venv/bin/ruff check $(CODE)
	.venv/bin/ruff format --check $(CODE)
	.venv/bin/mypy
	.venv/bin/lint-imports --no-cache
	$(PYTHON) -m pytest -q tests/structure

format: ## let ruff put the code in shape
	.venv/bin/ruff check --fix-only $(CODE)
	.venv/bin/ruff format $(CODE)

bench: setup ## the measured figures of the documents, on this machine: an hour and more, some fill a million rows
	@for script in tests/benchmarks/[a-z]*.py; do echo "== $$script"; $(PYTHON) -m "$$(echo $${script%.py} | tr / .)" || exit 1; done

requirements: ## compile requirements*.in into pinned files with hashes
	$(PYTHON) -m piptools compile -q --generate-hashes --allow-unsafe --strip-extras --no-header --no-emit-index-url --no-emit-find-links -o requirements.txt requirements.in
	$(PYTHON) -m piptools compile -q --generate-hashes --allow-unsafe --strip-extras --no-header --no-emit-index-url --no-emit-find-links -c requirements.txt -o requirements-dev.txt requirements-dev.in
	$(PYTHON) -m piptools compile -q --generate-hashes --allow-unsafe --strip-extras --no-header --no-emit-index-url --no-emit-find-links -o scripts/jupyter.txt scripts/jupyter.in

clean: ## forget what tools left; var/ stays
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache test-artifacts
