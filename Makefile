# Two commands do everything on a fresh machine: make tutorials, make test.
# They need Python 3.11, 3.12 or 3.13; each installs what it needs into .venv, once.

SHELL := /bin/sh
.DEFAULT_GOAL := help

# Versions that TensorFlow is built for. Another interpreter: make test PYTHON=/path/to/python3
SUPPORTED := import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12), (3, 13)))
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	"$$p" -c "$(SUPPORTED)" 2>/dev/null && echo "$$p" && break; done)

VENV := .venv
BIN := $(VENV)/bin
PIP := -m pip --disable-pip-version-check
# uv installs several times faster; it is used where it is installed.
UV := $(shell command -v uv 2>/dev/null)

# A target needs an extra of pyproject.toml; a stamp in .venv says that it is installed. After it,
# the extras that it holds, and the size that .venv then has with all of its files.
installed = $(VENV)/$(1).installed
EXTRAS := tutorials lab classroom docs test
HELD_tutorials := tutorials
HELD_lab := tutorials lab
HELD_classroom := tutorials lab classroom
HELD_docs := docs
HELD_test := $(EXTRAS)
SIZE_tutorials := 2.8 GB
SIZE_lab := 2.8 GB
SIZE_classroom := 2.9 GB
SIZE_docs := 2.8 GB
SIZE_test := 4.0 GB

TIER ?= quick
CHAPTERS ?=
# Notebooks whose code is as stored get their new text and are not executed; with ALL=--all they are.
ALL ?=

# One process a core, at most four; a file's tests, and a notebook's cells, stay together. Files
# start in the order given: the long ones first, so that no process waits for the last of them.
WORKERS ?= logical
PYTEST := $(BIN)/python -m pytest -q --durations=10 -n $(WORKERS) --maxprocesses=4 \
	--dist=loadfile --no-loadscope-reorder
NBVAL := --nbval-lax --nbval-current-env --nbval-cell-timeout=1800

export TF_CPP_MIN_LOG_LEVEL ?= 2
# Without it, TensorFlow leaves its fast convolutions off on processors without AVX-512.
export TF_ENABLE_ONEDNN_OPTS ?= 1

# A stamp holds the folder it was made in. An environment whose Python is gone, or that was copied
# here from another folder and still points there, is built anew.
ifneq ($(wildcard $(VENV)/*.installed),)
ifneq ($(shell $(BIN)/python -c '' 2>/dev/null && sort -u $(VENV)/*.installed),$(CURDIR))
$(shell rm -f $(VENV)/*.installed)
endif
endif

.NOTPARALLEL:
.PHONY: help install tutorials book test lab assignments docs lint format notebooks constraints clean

help: ## show this list
	@grep -E '^[a-z]+:.*## ' Makefile | sed -E 's/^([a-z]+):.*## /\1|/' \
		| awk -F'|' '{ printf "  make %-12s %s\n", $$1, $$2 }'

install: $(call installed,test) ## everything into .venv (the other targets do it when needed)

tutorials: $(call installed,tutorials) ## run every notebook into build/tutorials (TIER=full, CHAPTERS="01 02")
	@$(call without_greeting,$(BIN)/kerasvae tutorials --tier $(TIER) $(CHAPTERS))

book: $(call installed,tutorials) ## print the chapters as they are stored into build/book.pdf (CHAPTERS="01 02")
	@$(BIN)/python -m kerasvae.course.pdf $(CHAPTERS)

test: $(call installed,test) ## the whole suite: TensorFlow with notebooks, then JAX
	@status=0; \
	notebooks=$$(KERAS_BACKEND=tensorflow $(BIN)/python -m kerasvae.course.fingerprint) || status=1; \
	echo "== tests on TensorFlow, and the notebooks that 'make tutorials' has not run as they are =="; \
	KERAS_BACKEND=tensorflow $(PYTEST) $(NBVAL) $$notebooks tests kerasvae || status=1; \
	echo "== tests on JAX; the docstrings' examples have run =="; \
	KERAS_BACKEND=jax $(PYTEST) -m "not numpy_only" tests || status=1; \
	exit $$status

lab: $(call installed,lab) ## open the tutorials in JupyterLab
	@cd tutorials && ../$(BIN)/python -m jupyterlab

assignments: $(call installed,classroom) ## build the problem sets' students' copies into build/assignments
	@$(BIN)/python -m kerasvae.course.assignments

docs: $(call installed,docs) ## build the site of README, chapters and docstrings into build/docs
	@$(BIN)/python -m sphinx -q -W --keep-going -b html -c docs . build/docs
	@echo build/docs/README.html

lint: $(call installed,test) ## check style
	@$(BIN)/python -m ruff check .
	@$(BIN)/python -m ruff format --check .

format: $(call installed,test) ## repair style where that is safe
	@$(BIN)/python -m ruff check --fix .
	@$(BIN)/python -m ruff format .

notebooks: $(call installed,tutorials) ## make the committed notebooks from tutorials/source (CHAPTERS="01 02")
	@$(BIN)/python -m kerasvae.course.sources $(ALL) $(CHAPTERS)

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

# TensorFlow greets on stderr before it knows the log level. Those lines go; the rest of stderr, the
# terminal on stdout, and the exit status pass.
GREETING := ^(WARNING: All log messages before|To enable the following|[IWE][0-9]{4} [0-9]+:[0-9]+:)
define without_greeting
exec 3>&1; status=$$({ { $(1) 2>&1 >&3 3>&- 4>&-; echo $$? >&4; } \
	| (trap '' INT; exec sed -E '/$(GREETING)/d' >&2 3>&- 4>&-); } 4>&1); exit $$status
endef

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

# The stamps are put away first and come back last: an interrupted installation starts anew.
$(EXTRAS:%=$(VENV)/%.installed): $(VENV)/%.installed: pyproject.toml constraints.txt
	@$(require_python)
	@echo "Installing what 'make $(or $(firstword $(MAKECMDGOALS)),install)' needs into $(VENV):" \
		"a few minutes, once; $(SIZE_$*) in all."
	@set -e; \
	if ! ls $(VENV)/*.installed >/dev/null 2>&1; then \
		rm -rf $(VENV); \
		if [ -n "$(UV)" ]; then "$(UV)" venv --quiet --seed --python "$(PYTHON)" $(VENV); \
		else "$(PYTHON)" -m venv $(VENV); fi; \
	fi; \
	rm -f $@; \
	mkdir -p $(VENV)/put_away; \
	mv $(VENV)/*.installed $(VENV)/put_away 2>/dev/null || true; \
	if [ -t 1 ]; then quiet=; else quiet=--quiet; fi; \
	if [ -n "$(UV)" ]; then \
		"$(UV)" pip install $$quiet --python $(BIN)/python --constraint constraints.txt -e '.[$*]'; \
	else \
		$(BIN)/python $(PIP) install $$quiet --constraint constraints.txt -e '.[$*]'; \
	fi; \
	mv $(VENV)/put_away/*.installed $(VENV) 2>/dev/null || true; \
	rmdir $(VENV)/put_away; \
	for extra in $(HELD_$*); do echo "$(CURDIR)" > $(VENV)/$$extra.installed; done
