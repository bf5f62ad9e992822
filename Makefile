# Two commands do everything on a machine that has Python 3.11+, git and make:
#   make reports    every report, in both languages, with reports/index.html
#   make test       formatter, linter, types, import rules and tests
# and one opens a page in the browser: make app
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --disable-pip-version-check --quiet

# A file of tests is one worker's; in the order of names the long ones (acceptance) come first.
PARALLEL := --numprocesses auto --dist loadscope --no-loadscope-reorder

.PHONY: help app reports test test-all lab docs bench lock format clean

help:
	@echo "make reports   all reports in Swedish and English: reports/index.html"
	@echo "make app       a page in the browser, for those who do not write commands"
	@echo "make test      formatter, linter, types, import rules, tests"
	@echo "make test-all  also the slow simulations"
	@echo "make lab       JupyterLab, on a page that explains how to make a report"
	@echo "make docs      the documentation: build/docs/index.html"
	@echo "make bench     benchmarks against named peers"
	@echo "make lock      new locked requirements (needs uv)"

# Datasets without exports of their own get example data, so that every report can be made.
reports: $(VENV)/.run
	$(BIN)/umea-eval example --messy --missing
	$(BIN)/umea-eval clean --all
	$(BIN)/umea-eval reports

app: $(VENV)/.run
	$(BIN)/umea-eval app

test: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest $(PARALLEL)

test-all: test $(VENV)/.lab $(VENV)/crate/.done
	$(BIN)/python -m pytest -m slow $(PARALLEL)

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lab: $(VENV)/.lab
	$(BIN)/umea-eval lab

docs: $(VENV)/.docs
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs build/docs

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks

# One lock per purpose, each with hashes and without registry addresses; all agree on versions.
LOCK := uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-header --no-annotate --quiet pyproject.toml requirements/build.in
lock:
	$(LOCK) --extra dev --extra lab --extra cluster --extra docs -o requirements/all.txt
	$(LOCK) -c requirements/all.txt -o requirements/run.txt
	$(LOCK) -c requirements/all.txt --extra dev --extra cluster --extra docs -o requirements/dev.txt
	$(LOCK) -c requirements/all.txt --extra lab -o requirements/lab.txt
	$(LOCK) -c requirements/all.txt --extra docs -o requirements/docs.txt
	$(LOCK) -c requirements/all.txt --extra cluster -o requirements/cluster.txt
	$(LOCK) -c requirements/all.txt benchmarks/peers/requirements.in -o benchmarks/peers/requirements.txt
	$(LOCK) -c requirements/all.txt benchmarks/peers/jupyterlab.in -o benchmarks/peers/jupyterlab.txt
	$(LOCK) -c requirements/all.txt benchmarks/peers/ploomber.in -o benchmarks/peers/ploomber.txt
	$(subst pyproject.toml requirements/build.in,,$(LOCK)) benchmarks/peers/lifelines.in -o benchmarks/peers/lifelines.txt
	$(subst pyproject.toml requirements/build.in,,$(LOCK)) requirements/crate.in -o requirements/crate.txt
	rm requirements/all.txt

# Set-up happens once per lock file; a changed lock installs again.
$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "umea_eval needs Python 3.11 or later: make PYTHON=/path/to/python3.11 ...")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.%: requirements/%.txt pyproject.toml | $(VENV)/bin/python
	$(INSTALL) --require-hashes -r $<
	$(INSTALL) --no-deps --no-build-isolation --editable .
	touch $@

# The validator of RO-Crate metadata asks for other versions than the rest.
$(VENV)/crate/.done: requirements/crate.txt | $(VENV)/bin/python
	$(PYTHON) -m venv $(VENV)/crate
	$(VENV)/crate/bin/python -m pip install --disable-pip-version-check --quiet --require-hashes -r $<
	touch $@

clean:
	rm -rf $(VENV) benchmarks/.venv-peers* .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
