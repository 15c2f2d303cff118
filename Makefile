# Every command that you need. `make` alone lists them.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
PORT ?= 8000

# One thread per notebook: chapters run side by side, and small tensors are faster this way.
export OMP_NUM_THREADS := 1
export MKL_NUM_THREADS := 1
export JUPYTER_CONFIG_PATH := $(CURDIR)/.jupyter
export PYTHONDONTWRITEBYTECODE := 1

.DEFAULT_GOAL := help
.PHONY: help book test lab serve slides slides-sheet links bench pins clean

help:  ## list the commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | awk -F'\t' '{printf "  make %-12s %s\n", $$1, $$2}'

book: $(VENV)/.book  ## execute every chapter and build the web book in _build/html
	@$(BIN)/python -m tools.book

test: $(VENV)/.dev  ## run every test: helpers, chapters, and the built pages in Chromium
	@$(BIN)/python -m tools.chromium
	@test -e _build/html/.complete || $(MAKE) --no-print-directory book
	@$(BIN)/python -m pytest

lab: $(VENV)/.book  ## work on the chapters in JupyterLab (double click a .md file)
	@$(BIN)/jupyter lab

serve: $(VENV)/.book  ## show the built book at http://localhost:8000 (PORT=...)
	@test -e _build/html/index.html || $(MAKE) --no-print-directory book
	@echo "The book is at http://localhost:$(PORT), Ctrl-C stops."
	@$(BIN)/python -m http.server $(PORT) --bind 127.0.0.1 --directory _build/html

slides: $(VENV)/.book  ## make the slide decks in _build/slides, from the outputs of the book
	@$(BIN)/python -m tools.slides

slides-sheet: $(VENV)/.dev  ## make the decks, and one picture of all slides of each in _build/slides-sheet
	@$(BIN)/python -m tools.chromium
	@$(BIN)/python -m tools.slides --sheet

links: $(VENV)/.book  ## check the links of the built book (external ones where there is a network)
	@$(BIN)/python -m tools.links

bench: $(VENV)/.dev  ## measure the speed figures, as ratios
	@$(BIN)/python -m benchmarks

pins: $(VENV)/.dev  ## freeze what is installed now into constraints.txt
	@$(BIN)/python -m tools.pins

clean:  ## remove everything that was built (the environment stays: rm -r .venv)
	rm -rf _build build dist .pytest_cache

$(VENV)/.book: requirements.txt constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; this is $$($(PYTHON) --version). Choose another: make PYTHON=python3.12 book"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "python3-venv is missing: on Debian, apt install python3-venv"; rm -rf $(VENV); exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt -c constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.book requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt -c constraints.txt
	@touch $@
