# `make demo` and `make test` need python3 (3.10 to 3.13) and the package
# index, nothing else.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The soak takes hours, so it is not among them.
BENCHMARKS := step generate layers evaluation input_pipeline startup \
    communication

.PHONY: demo test slow lint bench bench-report docs clean

demo: $(VENV)/installed
	$(BIN)/python train.py --config=configs/digits.py --workdir=demo/run
	$(BIN)/python eval.py --workdir=demo/run
	$(BIN)/python -m sagan_tf.commands.demo --workdir=demo/run --output=demo

test: $(VENV)/installed-dev
	$(BIN)/python -m pytest -n 2 --dist loadfile

slow: $(VENV)/installed-extras
	$(BIN)/python -m pytest -m slow -n 2 --dist loadfile

lint: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

bench: $(VENV)/installed-extras
	for program in $(BENCHMARKS); do \
	    $(BIN)/python benchmarks/$$program.py || exit; done
	$(MAKE) bench-report

bench-report: $(VENV)/installed-extras
	$(BIN)/python -m benchmarks.harness.report

docs: $(VENV)/installed
	$(BIN)/python docs/variants.py > docs/variants.md
	$(BIN)/python docs/configuration.py > docs/configuration.md
	$(BIN)/python docs/tour.py

clean:
	rm -rf $(VENV) build *.egg-info

$(VENV)/installed: setup.cfg pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --editable ".[dev]"
	touch $@

# The versions that the tests were written with. torch-fidelity and prdc, for
# their arithmetic alone, without what else they need.
$(VENV)/installed-extras: $(VENV)/installed-dev
	$(BIN)/python -m pip install --quiet --editable ".[import,onnx,serving]" torch==2.13.0
	$(BIN)/python -m pip install --quiet --no-deps torch-fidelity==0.4.0 prdc==0.2
	$(BIN)/python -m pip install --quiet selenium ai-edge-litert
	touch $@
