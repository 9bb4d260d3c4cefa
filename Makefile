# The targets that matter: demo, test, check, accuracy, system, soak, bench, drop-bench, fraud-bench.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TESTS := $(BIN)/python -m pytest
COMPILE := uv pip compile --universal --generate-hashes --no-header --no-emit-index-url

.PHONY: demo test check accuracy system soak bench drop-bench fraud-bench docs dashboards lock clean

demo: $(VENV)/made
	$(BIN)/acquit demo

# Without cached bytecode each process would compile all tests anew, which takes longer than most of them.
test: export PYTHONDONTWRITEBYTECODE :=
test: $(VENV)/made
	$(TESTS) tests --ignore=tests/system -n auto --dist worksteal

system: $(VENV)/made-deploy
	$(TESTS) tests/system -m "not soak" -n 2 --dist loadfile

# What takes long, and laws ten times as often as `make test` tries them.
soak: $(VENV)/made-deploy
	$(TESTS) tests/system -m soak --timeout=3600 -s
	$(TESTS) tests --ignore=tests/system --hypothesis-profile=soak --timeout=3600 -n auto --dist worksteal

check: $(VENV)/made
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/acquit check

# On real bounce mails, which are not ours to ship; without them on our own alone.
accuracy: $(VENV)/made
	$(BIN)/python -m bench.accuracy

bench: $(VENV)/made
	$(BIN)/python -m bench

# Takes up where it was stopped: results stand in .fraud-bench, a file for each cell.
fraud-bench: $(VENV)/made
	$(BIN)/python -m bench.fraud --write docs/fraud-bench.md

# How soon a drop in delivery is found, and how often one is seen that is none: writes docs/drop-bench.md.
drop-bench: $(VENV)/made
	$(BIN)/python -m bench.drops --write

# The environment, from the lock file alone. `made` is touched last, so an interrupted run begins anew.
$(VENV)/made: requirements-dev.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "acquit needs Python 3.11 or later: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

# What checks the files under deploy/: 350 MB that nothing else needs, so they stand in a lock file of their own.
$(VENV)/made-deploy: $(VENV)/made requirements-deploy.lock
	$(BIN)/python -m pip install --disable-pip-version-check --require-hashes -r requirements-deploy.lock
	touch $@

# The pages that are made from the code.
docs: $(VENV)/made
	$(BIN)/python -m docs.generate
	$(BIN)/python -m deploy.chart

# Grafana's dashboards as JSON, from grafana/boards; docs says which of them show a metric.
dashboards: $(VENV)/made
	$(BIN)/python -m grafana.build
	$(BIN)/python -m docs.generate
	$(BIN)/python -m deploy.chart

# Anew from pyproject.toml: needs uv (https://docs.astral.sh/uv/).
lock:
	$(COMPILE) --extra worker --extra dns --extra embedded --group dev pyproject.toml -o requirements-dev.lock
	$(COMPILE) --extra worker -c requirements-dev.lock pyproject.toml -o requirements.lock
	$(COMPILE) --group build -c requirements-dev.lock -o requirements-build.lock
	$(COMPILE) --group deploy -c requirements-dev.lock -o requirements-deploy.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
