# Everything one needs by hand. Only python3 (3.11 or newer, with venv) has to be there.

VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
JOBS ?= 3
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
MADE := $(VENV)/.made
RUNTIME := $(VENV)/.runtime-installed
DEV := $(VENV)/.dev-installed
NODE := $(VENV)/.node-installed
BUNDLE := admin/static/built/manifest.json
LOCK := uv pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-emit-index-url --no-header

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo assets screenshots test chaos conformance fuzz hostile samples lint format bench lock clean

help: ## Show this help
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(RUNTIME) $(BUNDLE) ## Start everything here; run, backfill and schedule a report in sight (ARGS="--once", "--port 9000", "--dir …")
	@exec $(BIN)/python -m reportbuilder --parent $$PPID demo $(ARGS)

assets: $(BUNDLE) ## Bundle the console's scripts and styles, if they have changed

screenshots: $(DEV) $(BUNDLE) ## Take the pictures of README from a demo, with Chromium (ARGS="console-dark")
	$(BIN)/python docs/take_picture.py $(ARGS)

test: $(DEV) $(BUNDLE) ## Run all tests, on SQLite and PostgreSQL (ARGS="-k slots")
	$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup $(ARGS)

chaos: $(DEV) $(BUNDLE) ## Kill everything at random for 30 simulated minutes, and balance the books (CHAOS_SEED, CHAOS_MINUTES)
	$(BIN)/python -m bench.chaos $(ARGS)

conformance: $(DEV) ## Show which facts of AMC the sandbox is proved to keep
	$(BIN)/python -m pytest -n $(JOBS) -q -r fE -m conforms -k "not postgresql" --conformance $(ARGS)

fuzz: $(DEV) $(BUNDLE) ## Ask the API long and at random (FUZZ_EXAMPLES=200 an operation), and print the answers by status
	FUZZ_EXAMPLES=$(or $(FUZZ_EXAMPLES),200) $(BIN)/python -m pytest -q -s --timeout 3600 tests/api/test_fuzz.py -k sqlite $(ARGS)

hostile: $(DEV) $(BUNDLE) ## Send hostile values through API, command line and import, and print what came of them
	$(BIN)/python -m pytest -q -s tests/hostile $(ARGS)

samples: $(DEV) ## Record the sample rows of the shipped templates anew, at a sandbox
	$(BIN)/python -m tests.catalog.recording

lint: $(DEV) ## Check style, types and the order of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(DEV) ## Format the code and mend what can be mended
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(DEV) $(BUNDLE) ## Measure (ARGS="name" for one of bench/*.py; all without)
	@for name in $(or $(ARGS),$(sort $(patsubst bench/%.py,%,$(filter-out bench/__init__.py bench/ground.py bench/meters.py bench/console_rows.py bench/console_paint.py,$(wildcard bench/*.py))))); do \
		echo "== bench/$$name.py"; $(BIN)/python -m bench.$$name || exit 1; \
	done

lock: ## Choose the versions of all dependencies anew (needs uv)
	@command -v uv > /dev/null || { echo "uv is missing: pip install uv" >&2; exit 1; }
	$(LOCK) --upgrade pyproject.toml -o requirements/runtime.lock
	$(LOCK) --upgrade --group build -o requirements/build.lock
	$(LOCK) --upgrade --constraints requirements/runtime.lock --group dev pyproject.toml -o requirements/dev.lock

clean: ## Remove what was made here: the environment, caches, the demo's folder
	rm -rf $(VENV) admin/frontend/node_modules admin/static/built .demo .bench .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Each stamp says that the lock file before it is installed. Each goes after the one before, so that no two
# of them are at it at the same time. The bundle's own stamp is its manifest.

$(MADE):
	@python=$$(sh .ci/python) && echo "making $(VENV) with $$python" && "$$python" -m venv $(VENV)
	@touch $@

$(RUNTIME): requirements/runtime.lock | $(MADE)
	@echo "installing requirements/runtime.lock"
	@$(PIP) install --require-hashes -r requirements/runtime.lock
	@touch $@

$(DEV): requirements/dev.lock pyproject.toml | $(NODE)
	@echo "installing requirements/dev.lock"
	@$(PIP) install --require-hashes -r requirements/dev.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(NODE): requirements/build.lock | $(RUNTIME)
	@echo "installing requirements/build.lock"
	@$(PIP) install --require-hashes -r requirements/build.lock
	@touch $@

$(BUNDLE): $(shell find admin/frontend -path '*/node_modules' -prune -o -type f -print) | $(NODE)
	@echo "bundling admin/frontend"
	@$(BIN)/python admin/frontend/bundle.py
