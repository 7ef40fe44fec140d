# python3 (3.11 or later) and make are all that is needed; everything else is installed below .venv.
PYTHON ?= python3
BIN := .venv/bin
REPORT := .venv/.report
LAB := .venv/.lab
DEV := .venv/.dev
RELEASE := .venv/.release
CRATE := .venv/crate/.made

# Let Python keep its compiled modules, whatever the machine says: else each kernel compiles them again.
export PYTHONDONTWRITEBYTECODE :=
# Nothing of one's own is loaded beside the locked list.
unexport PYTHONHOME PYTHONPATH PYTHONSTARTUP PYTHONWARNINGS PYTHONOPTIMIZE

# Words for the program behind a target: make test ARGS="-k prose", make lab ARGS="--no-browser --port 8999"
ARGS :=

.PHONY: report test test-slow covering lab preview bench lint site release audit lock clean
.DELETE_ON_ERROR:

report: $(REPORT)
	$(BIN)/python -m analysis build

# Side by side on the cores of the machine; one after another with ARGS="-n0", as a debugger needs.
PYTEST := $(BIN)/python -m pytest --numprocesses logical --maxprocesses 4
test: $(DEV)
	$(PYTEST) --dist worksteal -m "not slow" $(ARGS)

test-slow: $(DEV) $(CRATE)
	$(PYTEST) --dist loadfile -m slow $(ARGS)

# Which tests cover files: make covering FILES="src/analysis/stats/funnel.py notebooks/02_facilities.ipynb"
FILES :=
covering: $(DEV)
	@$(BIN)/python tools/covering_tests.py $(FILES)

# Settings beside one's own lie in tools/lab; root, as in a container, must be allowed.
lab: export JUPYTER_CONFIG_PATH := $(CURDIR)/tools/lab$(if $(JUPYTER_CONFIG_PATH),:$(JUPYTER_CONFIG_PATH))
lab: $(LAB)
	"$(BIN)/python" -m jupyterlab notebooks $(if $(filter 0,$(shell id -u)),--allow-root) $(ARGS)

# The pages in the browser, built again with every save; the pages follow ARGS: make preview ARGS="report facilities"
preview: $(LAB)
	$(BIN)/python -m analysis preview $(ARGS)

# Ratios within one sitting, to benchmarks/results.md; Snakemake, a rival, has an environment of its own.
bench: $(DEV)
	mkdir -p build/bench
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python build/bench/venv
	$(BIN)/uv pip install --quiet --python build/bench/venv/bin/python --require-hashes -r benchmarks/requirements.txt
	$(BIN)/python benchmarks/bench.py

lint: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/ty check --quiet

# A folder that any web server can serve: build/site.
site: $(REPORT)
	$(BIN)/python -m analysis build
	$(BIN)/python -m analysis site

# A zip of the edition with its descriptions and the list of the software: build/release.
release: $(RELEASE)
	$(BIN)/python -m analysis build
	$(BIN)/cyclonedx-py requirements --output-reproducible --pyproject pyproject.toml --output-file .venv/sbom.json requirements.txt
	$(BIN)/python -m analysis release --sbom .venv/sbom.json

# Known weaknesses of the libraries of the report. A library of which the source of advisories tells nothing is a failure
# (--strict): where no source can be reached there is no result, and that is said.
audit: $(RELEASE)
	@rm -f .venv/audit.json
	@$(BIN)/pip-audit --strict --disable-pip --require-hashes --requirement requirements.txt --format json --output .venv/audit.json \
	|| { [ -s .venv/audit.json ] || echo 'not audited: no source of advisories answered for every library' >&2; exit 1; }

# Five locked sets, each whole: what `make report` needs; that and JupyterLab; that and a cluster; that and what lists
# and checks a release; all of it and the tests.
# A set is installed over that of the report by uv, which stays only as long as that takes.
define install
@awk '/^[a-z]/ {keep = /^uv==/} keep' requirements-dev.txt > .venv/uv.txt
@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --target .venv/uv -r .venv/uv.txt
.venv/uv/bin/uv pip install --quiet --python $(BIN)/python --require-hashes -r $(1)
@rm -r .venv/uv .venv/uv.txt
endef

$(REPORT): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv --clear .venv || { echo 'python3 lacks its venv module: install it (Debian: python3-venv)' >&2; exit 1; }
	$(call install,requirements.txt)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-index --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.%: requirements-%.txt $(REPORT)
	$(call install,$<)
	@touch $@

# The validator of crates wants an older library than the rest: it has an environment of its own.
$(CRATE): tests/crate/requirements.txt $(DEV)
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python .venv/crate
	$(BIN)/uv pip install --quiet --python .venv/crate/bin/python --require-hashes -r $<
	@touch $@

# Write the locked lists anew; they name no registry, so any mirror serves. `make lock UPGRADE=--upgrade` for newer versions.
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header $(UPGRADE)
lock: $(DEV)
	$(COMPILE) pyproject.toml --extra build --output-file requirements.txt
	$(COMPILE) pyproject.toml --constraint requirements.txt --extra build --extra lab --output-file requirements-lab.txt
	$(COMPILE) pyproject.toml --constraint requirements.txt --extra build --extra cluster --output-file requirements-cluster.txt
	$(COMPILE) pyproject.toml --constraint requirements.txt --extra build --extra release --output-file requirements-release.txt
	$(COMPILE) pyproject.toml --constraint requirements.txt --all-extras --output-file requirements-dev.txt
	$(COMPILE) tests/crate/requirements.in --output-file tests/crate/requirements.txt

# Only what the program has written, and the environment if it was made here; what else lies there is named and kept.
clean:
	@PYTHONPATH=src $(PYTHON) -c 'from pathlib import Path; from analysis.pipeline.stage import clear; [print("kept:", name) for name in clear(Path.cwd())]'
	@if [ -f .venv/pyvenv.cfg ] && [ ! -L .venv ]; then rm -rf .venv; fi
