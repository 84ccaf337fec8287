# Everything a fresh machine needs: Python 3.11 or newer, and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test lint bench chaos fuzz fuzz-guided clean

demo: $(VENV)/.installed
	$(BIN)/dicomjobs run jobs/demo.yaml --reports reports
	@test -t 1 || $(BIN)/dicomjobs report latest --reports reports

test: $(VENV)/.installed-test
	$(BIN)/python -m pytest -n auto --dist loadfile

lint: $(VENV)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/check-jsonschema --check-metaschema schemas/*.json
	$(BIN)/dicomjobs check jobs profiles

chaos: $(VENV)/.installed-test
	$(BIN)/python -m pytest -m long tests/chaos --junit-xml=chaos.xml

fuzz: $(VENV)/.installed-test
	FUZZ_EXAMPLES=20000 $(BIN)/python -m pytest -n auto tests/fuzz

fuzz-guided: $(VENV)/.installed-test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[fuzz]'
	$(BIN)/python -m tests.fuzz.guided --seconds 600

bench: $(VENV)/.installed-test
	$(BIN)/python -m benchmarks.store
	$(BIN)/python -m benchmarks.find

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test,lint]'
	touch $@

clean:
	rm -rf $(VENV) build dist reports received *.egg-info
