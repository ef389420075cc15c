# make demo: the example course at http://127.0.0.1:8000    make test: the whole suite    make check: linters and types
# make test-postgres: the whole suite with PostgreSQL in place of SQLite; TESTS="tests/test_index_publish.py …" chooses
# make torture: what is promised, broken on purpose, in some forty minutes; ROWS=1,5 chooses, SHORT=1 is the form of the
#   tests, GO_ON=1 runs what a run that was stopped had not come to
# make mutations: each guard taken out, and the check that goes red
# make bench: how fast and how large; SIZE=1000, 100000 or 1000000 passages, made once and kept in BENCH_DATA
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO_DATA := lectures-data
SIZE ?= 1000
BENCH_DATA ?= .bench/$(SIZE)
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt

# Files of tests run in two processes; those that start a cluster come after them, alone: its nodes give up on a machine
# that is busy. SIDE_BY_SIDE= runs one after the other.
SIDE_BY_SIDE ?= -n 2 --dist loadfile

ROWS ?=
TESTS ?=
SEED ?= 1
GO_ON ?=
TORTURE_JSON ?= .torture.json

.PHONY: demo test test-postgres check bench torture mutations clean

$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; say which with: make PYTHON=python3.11 …" >&2; exit 1; }
	@echo "Setting up $(VENV): half a minute the first time."
	$(PYTHON) -m venv $(VENV)
	$(PIP) --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	@echo "Installing what the tests need, PyTorch too: some minutes the first time."
	$(PIP) --editable '.[dev,models]'
	@touch $@

demo: $(VENV)/.installed
	LECTURES_DATA_DIR=$(DEMO_DATA) $(BIN)/lectures ingest examples --course neural-networks
	@echo "Try: dropout · learning rate too large · как спуститься в долину в тумане · data leakage · GAN"
	LECTURES_DATA_DIR=$(DEMO_DATA) $(BIN)/lectures serve

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) -m "not cluster"
	$(BIN)/python -m pytest -m cluster

test-postgres: $(VENV)/.installed-dev
	LECTURES_TEST_DATABASE=postgresql $(BIN)/python -m pytest $(SIDE_BY_SIDE) $(TESTS)

check: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	PYTHONPATH=. $(BIN)/lint-imports
	rm -rf .check && LECTURES_DATA_DIR=.check $(BIN)/alembic upgrade head && LECTURES_DATA_DIR=.check $(BIN)/alembic check; \
		status=$$?; rm -rf .check; exit $$status
	$(BIN)/hadolint Dockerfile
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml

bench: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks.bench --passages $(SIZE) --data $(BENCH_DATA) --json $(BENCH_DATA).json

torture: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks.torture --rows "$(ROWS)" --seed $(SEED) $(if $(SHORT),--short) $(if $(GO_ON),--go-on) --json $(TORTURE_JSON)

mutations: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks.mutations

clean:
	rm -rf $(VENV) $(DEMO_DATA) .check .bench $(TORTURE_JSON)
