# python3 (3.11 or later) and make are all that is needed; everything else is installed below .venv.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

# Let Python keep its compiled modules, whatever the machine says: else each kernel compiles them again.
export PYTHONDONTWRITEBYTECODE :=
# Nothing of one's own is loaded beside the locked list.
unexport PYTHONHOME PYTHONPATH PYTHONSTARTUP PYTHONWARNINGS PYTHONOPTIMIZE

.PHONY: report test lab bench lint lock clean
.DELETE_ON_ERROR:

report: $(READY)
	$(BIN)/python -m analysis build

test: $(READY)
	$(BIN)/python -m pytest

lab: $(READY)
	$(BIN)/jupyter lab notebooks

# Ratios within one sitting, to benchmarks/results.md; Snakemake, a rival, has an environment of its own.
bench: $(READY)
	mkdir -p build/bench
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python build/bench/venv
	$(BIN)/uv pip install --quiet --python build/bench/venv/bin/python --require-hashes -r benchmarks/requirements.txt
	$(BIN)/python benchmarks/bench.py

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

# uv comes from the same hash-locked list as all the rest, then installs that list in seconds.
$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv --clear .venv || { echo 'python3 lacks its venv module: install it (Debian: python3-venv)' >&2; exit 1; }
	@awk '/^[a-z]/ {keep = /^uv==/} keep' requirements.txt > .venv/uv.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .venv/uv.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

# Write the locked list anew; it names no registry, so any mirror serves.
lock:
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --extra dev --generate-hashes --no-emit-index-url --no-header --upgrade pyproject.toml --output-file requirements.txt

# Only what the program has written, and the environment if it was made here; what else lies there is named and kept.
clean:
	@PYTHONPATH=src $(PYTHON) -c 'from pathlib import Path; from analysis.pipeline.stage import clear; [print("kept:", name) for name in clear(Path.cwd())]'
	@if [ -f .venv/pyvenv.cfg ] && [ ! -L .venv ]; then rm -rf .venv; fi
