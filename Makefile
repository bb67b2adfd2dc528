# Everything runs in a virtual environment of its own; a machine needs python3.11 or newer with venv, and make.
# the first that runs and is new enough: a version manager leaves names on the path that start nothing
FITS = import sys, venv; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(or $(shell for p in python3 python3.13 python3.12 python3.11; do \
  $$p -c '$(FITS)' 2>/dev/null && command -v $$p && break; done),python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PROBE = import sys; sys.exit(0 if sys.version_info >= (3, 11) else "python 3.11 or newer is needed, this is " + sys.version)

.PHONY: demo test lint bench bench-truth bench-reading conformance peers bundle lock clean

demo: $(READY)
	$(BIN)/forensics demo

test: $(READY)
	$(BIN)/pytest -q -n 2 --dist loadgroup

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(READY)
	$(BIN)/python -P tests/benchmarks/run.py

bench-truth: $(READY)
	$(BIN)/python -P tests/benchmarks/truth.py

bench-reading: $(READY)
	$(BIN)/python -P tests/benchmarks/reading_list.py

conformance: $(READY)
	$(BIN)/python -P tests/benchmarks/conformance.py

peers: $(READY)
	$(BIN)/python -P tests/benchmarks/peers.py

bundle: $(READY)
	$(BIN)/python -P bundle/make.py

lock: $(READY)
	$(BIN)/pip-compile --quiet --extra dev --generate-hashes --allow-unsafe --strip-extras \
	  --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-header --output-file requirements.lock pyproject.toml

$(READY): pyproject.toml requirements.lock
	@$(PYTHON) -c '$(PROBE)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)

clean:
	rm -rf $(VENV) build dist demo-case demo-evidence
