# intercom_assets: two commands do all the set-up, `make run` and `make test`.
PYTHON ?= python3
PORT ?= 3000
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
RUNNABLE := $(VENV)/.runnable
# Compiling everything that is installed takes longer than compiling what is imported.
PIP_INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --constraint constraints.txt
PYTEST := $(BIN)/pytest
SITE := NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
export DAGSTER_HOME := $(CURDIR)
# Bytecode is written even where the environment forbids it: hundreds of processes start in a run.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup run dev check format docs test torture bench bench-peers clean

help: ## Show this help
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-11s %s\n", $$1, $$2}'

setup: $(INSTALLED) ## Create .venv and install the project (does nothing when nothing changed)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11 setup"; exit 1; }
	@$(PYTHON) -m venv $(VENV)

# Running needs a third of what tests need.
$(RUNNABLE): pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing intercom_assets into $(VENV) (the first time takes a minute)"
	@$(PIP_INSTALL) --editable '.[dg]'
	@touch $(RUNNABLE)

$(INSTALLED): pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing intercom_assets and its tools into $(VENV) (the first time takes a minute or two)"
	@$(PIP_INSTALL) --editable '.[dev]'
	@touch $(INSTALLED) $(RUNNABLE)

run: $(RUNNABLE) ## Sync once: your workspace when INTERCOM_ACCESS_TOKEN is set, else the bundled simulator
	@if [ -n "$$INTERCOM_ACCESS_TOKEN" ] || grep -qsE '^ *(export +)?INTERCOM_ACCESS_TOKEN=.' .env; \
	then $(BIN)/intercom-assets run; else $(BIN)/intercom-assets demo; fi

dev: $(RUNNABLE) ## Dagster's UI and daemon on http://127.0.0.1:3000 (PORT=... for another)
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) PATH="$(CURDIR)/$(BIN):$$PATH" dg dev --host 127.0.0.1 --port $(PORT)

check: setup ## Format, lint, strict types, import contracts, documents current and linked, known vulnerabilities
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m intercom_assets_tests.docs.generate --check
	$(SITE)
	$(BIN)/python -m intercom_assets_tests.architecture.audit

format: setup ## Format the code and regenerate the tables in the documents
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/python -m intercom_assets_tests.docs.generate

docs: setup ## Build the documents as a site into site/, without the network; a broken link is an error
	$(SITE)
	@echo "Open site/index.html, or: $(BIN)/mkdocs serve"

test: setup ## Run every test
	$(PYTEST) -n 3 --dist loadfile --no-loadscope-reorder

torture: setup ## Attack the promises with large budgets, deploy over PostgreSQL and Redis; takes an hour or more
	INTERCOM_ASSETS_TORTURE=1 $(PYTEST) -n 2 --dist worksteal intercom_assets_tests/guarantees
	INTERCOM_ASSETS_TORTURE=1 $(PYTEST) -n 2 --dist worksteal intercom_assets_tests/warehouse
	INTERCOM_ASSETS_TORTURE=1 $(PYTEST) -n 2 --dist worksteal intercom_assets_tests/scenarios intercom_assets_tests/conformance intercom_assets_tests/unit
	INTERCOM_ASSETS_TORTURE=1 $(PYTEST) intercom_assets_tests/deploy intercom_assets_tests/dagster_project
	INTERCOM_ASSETS_TEST_WAREHOUSE=snowflake $(PYTEST) -n 2 --dist worksteal intercom_assets_tests/scenarios

bench: setup ## Measure whole syncs against the simulator, into benchmarks/RESULTS.md; takes half an hour
	$(BIN)/python -m benchmarks
	$(BIN)/python -m intercom_assets_tests.docs.generate

bench-peers: setup ## Measure dlt on the same simulator, in turn with ours, in a venv of its own
	$(BIN)/python -m benchmarks unlimited peers --rounds 3
	$(BIN)/python -m intercom_assets_tests.docs.generate

clean: ## Remove the virtual environment and caches (never data/)
	rm -rf $(VENV) site .mypy_cache .pytest_cache .ruff_cache .hypothesis
