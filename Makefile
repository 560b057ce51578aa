# Two commands do everything on a fresh machine: make tutorials, make test.
# They need Python 3.11, 3.12 or 3.13; the first one installs everything into .venv.

SHELL := /bin/sh
.DEFAULT_GOAL := help

# Versions that TensorFlow is built for. Another interpreter: make test PYTHON=/path/to/python3
SUPPORTED := import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12), (3, 13)))
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	"$$p" -c "$(SUPPORTED)" 2>/dev/null && echo "$$p" && break; done)

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed
PIP := -m pip --disable-pip-version-check

TIER ?= quick
CHAPTERS ?=
NOTEBOOKS := $(wildcard tutorials/[0-9][0-9]_*.ipynb)

# One process a core, at most four; a file's tests, and a notebook's cells, stay together.
WORKERS ?= logical
PYTEST := $(BIN)/python -m pytest -q --durations=10 -n $(WORKERS) --maxprocesses=4 --dist=loadfile
NBVAL := --nbval-lax --nbval-current-env --nbval-cell-timeout=600

export TF_CPP_MIN_LOG_LEVEL ?= 2

# The stamp holds the folder it was made in. An environment whose Python is gone, or that was
# copied here from another folder and still points there, is built anew.
ifneq ($(shell $(BIN)/python -c 'print(open("$(INSTALLED)").read().strip())' 2>/dev/null),$(CURDIR))
$(shell rm -f $(INSTALLED))
endif

.PHONY: help install tutorials test lab assignments docs lint format notebooks constraints clean

help: ## show this list
	@grep -E '^[a-z]+:.*## ' Makefile | sed -E 's/^([a-z]+):.*## /\1|/' \
		| awk -F'|' '{ printf "  make %-12s %s\n", $$1, $$2 }'

install: $(INSTALLED) ## everything into .venv (the other targets do it when needed)

tutorials: $(INSTALLED) ## run every notebook into build/tutorials (TIER=full, CHAPTERS="01 02")
	@$(BIN)/kerasvae tutorials --tier $(TIER) $(CHAPTERS)

test: $(INSTALLED) ## the whole suite: TensorFlow with notebooks, then JAX
	@status=0; \
	echo "== tests on TensorFlow, and the notebooks =="; \
	KERAS_BACKEND=tensorflow $(PYTEST) $(NBVAL) tests kerasvae $(NOTEBOOKS) || status=1; \
	echo "== tests on JAX =="; \
	KERAS_BACKEND=jax $(PYTEST) -m "not numpy_only" tests kerasvae || status=1; \
	exit $$status

lab: $(INSTALLED) ## open the tutorials in JupyterLab
	@cd tutorials && ../$(BIN)/python -m jupyterlab

assignments: $(INSTALLED) ## build the problem sets' students' copies into build/assignments
	@$(BIN)/python -m kerasvae.course.assignments

docs: $(INSTALLED) ## build the site of README, chapters and docstrings into build/docs
	@$(BIN)/python -m sphinx -q -W --keep-going -b html -c docs . build/docs
	@echo build/docs/README.html

lint: $(INSTALLED) ## check style
	@$(BIN)/python -m ruff check .
	@$(BIN)/python -m ruff format --check .

format: $(INSTALLED) ## repair style where that is safe
	@$(BIN)/python -m ruff check --fix .
	@$(BIN)/python -m ruff format .

notebooks: $(INSTALLED) ## make the committed notebooks from tutorials/source (CHAPTERS="01 02")
	@$(BIN)/python -m kerasvae.course.sources $(CHAPTERS)

constraints: ## resolve constraints.txt anew, in an environment of its own
	@$(require_python)
	@rm -rf build/constraints
	@"$(PYTHON)" -m venv build/constraints
	@build/constraints/bin/python $(PIP) install --quiet -e '.[test]'
	@build/constraints/bin/python $(PIP) freeze --exclude-editable > build/constraints.txt
	@LC_ALL=C sort -f build/constraints.txt > constraints.txt
	@rm -r build/constraints build/constraints.txt

clean: ## remove .venv and build
	@rm -rf $(VENV) build

# Shown before anything is installed, so that nobody reads it in a resolver's error.
define require_python
if [ -z "$(PYTHON)" ]; then \
	echo "kerasvae needs Python 3.11, 3.12 or 3.13; python3 is: $$(python3 --version 2>&1)." >&2; \
	echo "Install one, or name it: make $(or $(MAKECMDGOALS),test) PYTHON=/path/to/python3.12" >&2; \
	exit 1; \
elif ! "$(PYTHON)" -c "$(SUPPORTED)"; then \
	echo "kerasvae needs Python 3.11, 3.12 or 3.13. Received: PYTHON=$(PYTHON)," \
		"$$("$(PYTHON)" --version 2>&1)." >&2; \
	exit 1; \
fi
endef

# The stamp goes first and comes back last: an interrupted installation starts anew.
$(INSTALLED): pyproject.toml constraints.txt
	@$(require_python)
	@echo "Installing into $(VENV): a few minutes and about 3 GB, once."
	@if [ -f $@ ]; then rm $@; else "$(PYTHON)" -m venv --clear $(VENV); fi
	@if [ -t 1 ]; then quiet=; else quiet=--quiet; fi; \
	$(BIN)/python $(PIP) install $$quiet --constraint constraints.txt -e '.[test]'
	@echo "$(CURDIR)" > $@
