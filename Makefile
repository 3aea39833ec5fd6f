PYTHON ?= python3.11
BIN := .venv/bin
KERNELS := $(wildcard src/intertwine/ops/native/*.cpp src/intertwine/ops/native/*.h)

.PHONY: demo test search venv lint clean

demo: .venv/.demo        ## labels -> training -> certificate -> molecular dynamics -> report.html
	$(BIN)/intertwine demo

test: .venv/.dev lint    ## every law and every contract
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n 2 --dist loadfile

search: .venv/.dev       ## the same laws on examples drawn anew, for hours when nothing else waits
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n 2 --dist loadfile --hypothesis-profile=search

lint: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/pyright

venv: .venv/.dev

.venv/bin/python:
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip

.venv/.demo: pyproject.toml constraints.txt setup.py $(KERNELS) | .venv/bin/python
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[label,report]'
	touch $@

.venv/.dev: pyproject.toml constraints.txt setup.py $(KERNELS) | .venv/bin/python
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[label,report,longrange,dispersion,crystal,elements,docking,jets,dev]'
	touch $@ .venv/.demo

clean:
	rm -rf .venv build dist src/*.egg-info
