# Everything happens in a virtual environment of the project's own.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SEEDS ?= 1 2 3 4 5
DATA ?= data

.PHONY: quickstart test contract lint types freeze papers deposit inversion benchmarks schemas clean

$(VENV)/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt torch==2.13.0
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	touch $@

quickstart: $(VENV)/ready  ## a tenth-size classification: its score and where its report lies
	$(BIN)/spindsl run experiments/zhong2020/quickstart.toml
	$(BIN)/spindsl report runs/quickstart/$$(ls -t runs/quickstart | head -n 1)

test: $(VENV)/ready  ## the suite of every day, thirteen to eighteen minutes on two cores
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

contract: $(VENV)/ready  ## triples of all kinds, all examples in plain Python, 300 mutations of the sources, words from outside
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadfile -m contract

lint: $(VENV)/ready  ## style and floors
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(VENV)/ready  ## pyright, which needs node
	$(BIN)/pyright

papers: $(VENV)/ready  ## the figures at the size of the papers: about an hour on two cores
	for seed in $(SEEDS); do \
	  $(BIN)/spindsl run experiments/zhong2020/classification.toml --set seed=$$seed || [ $$? -eq 6 ] || exit 1; done
	$(BIN)/spindsl run experiments/zhong2020/classification-authors.toml

deposit: $(VENV)/ready  ## the authors' own configurations, DATA=folder of classification.nc, memory-40-of-50.nc and novelty.nc
	for file in deposit-classification deposit-memory deposit-novelty; do for seed in 1 2 3 4 5 6 7 8 9 10; do \
	  $(BIN)/spindsl run experiments/zhong2020/$$file.toml --data $(DATA) --set seed=$$seed || [ $$? -eq 6 ] || exit 1; done; done
	$(BIN)/python -m benchmarks.spread runs/deposit-classification
	$(BIN)/python -m benchmarks.spread runs/deposit-memory 100 200 298

inversion: $(VENV)/ready  ## Sprague et al. 2021 at full size, and exact truth: about an hour on two cores
	for file in experiments/exact/*.toml experiments/sprague2021/*.toml; do \
	  $(BIN)/spindsl run $$file || [ $$? -eq 6 ] || exit 1; done

benchmarks: $(VENV)/ready  ## what is timed, as ratios within one run
	$(BIN)/python -m benchmarks.events
	$(BIN)/python -m benchmarks.figure

freeze: $(VENV)/ready  ## hashes of all variables of all experiments at small size, DATA=folder as for deposit
	$(BIN)/python -m benchmarks.freeze runs/freeze-small.json --size small --data $(DATA)

schemas: $(VENV)/ready
	$(BIN)/spindsl schema > schemas/experiment.schema.json

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .ruff_cache .hypothesis
