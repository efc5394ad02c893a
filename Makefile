# `make demo` and `make test` need Python 3.11 or newer and nothing else: they make .venv and install into it.
.DEFAULT_GOAL := help
.PHONY: help demo test test-all lint format bench bench-gpu clean

# The first Python that is new enough; choose another with `make PYTHON=...`.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
INSTALLED := .venv/installed
PYTEST = $(BIN)/python -m pytest -n auto --maxprocesses 8

help:  ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'

demo: $(INSTALLED)  ## Train Pix2Pix on the emoji that the project carries and color the held-out ones (6 minutes)
	$(BIN)/python -m benchmarks.emoji_demo

test: $(INSTALLED)  ## Run the tests on all cores, without the slow ones
	$(PYTEST) -m 'not slow'

test-all: $(INSTALLED)  ## Run all tests
	$(PYTEST)

lint: $(INSTALLED)  ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(INSTALLED)  ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(INSTALLED)  ## Measure the training steps and the data pipeline (10 minutes, on a quiet machine)
	$(BIN)/python -m benchmarks.pix2pix_step
	$(BIN)/python -m benchmarks.cyclegan_step
	$(BIN)/python -m benchmarks.dcgan_step
	$(BIN)/python -m benchmarks.stylegan_step
	$(BIN)/python -m benchmarks.pose_step
	$(BIN)/python -m benchmarks.data_pipeline
	$(BIN)/python -m benchmarks.resolution_store

bench-gpu: $(INSTALLED)  ## Check and measure the papers on a CUDA GPU (8 minutes)
	$(BIN)/python -m benchmarks.gpu

clean:  ## Remove the environment and the caches; runs/ stays
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache

$(INSTALLED): pyproject.toml
	@test -n "$(PYTHON)" || { echo "gan-lab needs Python 3.11 or newer: none was found" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@
