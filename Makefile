# Everything works in .venv, which the first target that needs it makes.

PYTHON ?= $(shell command -v python3 || command -v python3.13 || command -v python3.12 || command -v python3.11 || echo python3)
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help play test check unit reference wheel bench clean setup setup-dev

help: ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-10s %s\n", $$1, $$2 }'

play: setup ## Set up what is missing and open the terminal
	@$(BIN)/playground $(ARGS)

test: setup-dev check unit wheel ## Everything that must hold: check, unit, wheel

check: setup-dev ## Lint, formatting, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: setup-dev ## The tests
	$(BIN)/pytest

reference: setup-dev ## Add what a few tests compare with: transformers and torch
	$(BIN)/python tools/add_reference.py

wheel: setup-dev ## Build, install into a clean environment and run from there
	$(BIN)/python tools/check_wheel.py

bench: setup-dev ## The benchmarks, one after the other
	@for name in start local_overhead hosted_overhead batching panes prefix logprobs event_path cells \
		rounding streaming history sweep sweep_screen sweep_finds lens lens_screen; do \
		echo "== $$name"; $(BIN)/python -m benchmarks.$$name || exit 1; done

clean: ## Remove what was built; .venv and the compiled llama.cpp stay
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find playground tests tools benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

setup: ## Make .venv with what the playground needs
	@$(PYTHON) tools/setup_env.py

setup-dev: ## Make .venv with what the tests need too
	@$(PYTHON) tools/setup_env.py --dev
