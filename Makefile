# Everhop: `make run` and `make test` do all the set-up they need; `make help` lists the rest.
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?=
.DEFAULT_GOAL := help

.PHONY: help
help:  ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-20s %s\n", $$1, $$2}'

# The first Python that is new enough and can make a virtual environment, or the one that is named.
$(VENV)/.made:
	@set -e; for one in $(or $(PYTHON),python3 python3.14 python3.13 python3.12 python3.11); do \
	  if $$one -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found=$$one; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	  echo "Everhop needs Python 3.11 or newer with its venv module$(if $(PYTHON), ($(PYTHON) is none)); install it (on Debian: apt-get install python3-venv) or name one: make PYTHON=/path/to/python3 $(MAKECMDGOALS)" >&2; exit 1; \
	fi; \
	echo "Making $(VENV) with $$($$found --version)."; $$found -m venv --clear $(VENV); touch $@

$(VENV)/.local: requirements.txt requirements-local.txt | $(VENV)/.made
	@echo "Installing what the local stack needs; this takes about half a minute."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-local.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.local
	@echo "Installing what the tests need; this takes a few minutes."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

.PHONY: install
install: $(VENV)/.local  ## install what `make run` and `chalice local` need
	@echo "Ready: make run, or: . $(BIN)/activate && chalice local"

.PHONY: run
run: $(VENV)/.local  ## start the whole stack at http://127.0.0.1:8080 (EVERHOP_PORT)
	@exec $(BIN)/python -m local

.PHONY: test
test: lint types templates unit  ## every check: lint, types, templates, tests

.PHONY: lint
lint: $(VENV)/.dev  ## style and mistakes (ruff)
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

.PHONY: types
types: $(VENV)/.dev  ## types (mypy, strict)
	@$(BIN)/mypy

.PHONY: templates
templates: $(VENV)/.dev  ## CloudFormation templates (cfn-lint)
	@$(BIN)/cfn-lint infra/*/*.yaml && echo "templates: clean"

.PHONY: unit
# Most tests wait, for processes, sockets and clocks: three at a time keep two cores busy. A file's
# tests stay together, as they share what it starts.
unit: $(VENV)/.dev browser javascript  ## the tests; PYTEST="-k slug" picks some
	@$(BIN)/python -m pytest $(or $(PYTEST),--numprocesses 3 --dist loadfile)

# A browser is a tool of the tests, not a need: without one they are skipped and say so.
.PHONY: browser
browser:
	@sh tests/browser/install.sh

# So is AWS's client for JavaScript, which the local DAX is tried with.
.PHONY: javascript
javascript:
	@sh tests/local/dax/install.sh

.PHONY: fuzz
fuzz: $(VENV)/.dev  ## schemathesis over the whole API as two workspaces; FUZZ=300 seconds each
	@$(BIN)/python -m tests.fuzz $(FUZZ)

.PHONY: format
format: $(VENV)/.dev  ## rewrite the code in the house style
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

.PHONY: bench
bench: $(VENV)/.dev  ## redirects/s, creates/s, CPU per redirect and cold starts, against the least that could do it
	@$(BIN)/python -m bench

.PHONY: clean-data
clean-data: $(VENV)/.local  ## forget all links and the API key of the local stack
	@$(BIN)/python -m local clean-data

.PHONY: clean
clean:  ## remove the virtual environment and caches, not the links
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
