# The two commands of the README are `make demo` and `make test`; each sets up all it needs by itself.

# The system's own Python: the stock client's download-build needs the system's rpm bindings.
PYTHON ?= /usr/bin/python3
VENV := .venv
BIN := $(VENV)/bin
# Some thousand processes are started here: where no bytecode is kept, each compiles all that it imports.
unexport PYTHONDONTWRITEBYTECODE
export KOJI_ADJUTANT_DEV ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/koji-adjutant

DEMO := $(BIN)/koji-adjutant demo
PLACES = --dir $(KOJI_ADJUTANT_DEV)/demo --state-dir $(KOJI_ADJUTANT_DEV)/state
# REPO=URL plays with another distribution than the one made from Debian's packages.
PLAY = --repo $(or $(REPO),$(KOJI_ADJUTANT_DEV)/distribution/repo) --package examples/hello-adjutant

# T=tests/unit/cli or any other words of pytest's select what test, unit, integration and hub run.
PYTEST := $(BIN)/python -m pytest
PARALLEL := -n auto --dist worksteal
SUITES ?= unit

.DEFAULT_GOAL := help
.PHONY: help demo demo-up demo-down demo-clean check test selected unit fuzz integration hub e2e soak debian-13 matrix bench \
    bench-quick bench-farm bench-scale coverage docs lint format man srpm lock host containers servers browser distribution clean

help: ## Show this help
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: host $(if $(REPO),,distribution) ## Watch a package go from git to tagged RPMs: hub, worker, podman, all on this machine
	@$(DEMO) run $(PLACES) $(PLAY)

demo-up: host $(if $(REPO),,distribution) ## The same hub and worker, left running to play with
	@$(DEMO) up $(PLACES) $(PLAY)

demo-down: $(VENV)/ready ## Stop what demo-up started
	@$(DEMO) down --dir $(KOJI_ADJUTANT_DEV)/demo

demo-clean: ## Stop everything and remove all that the demo and the tests made
	@if [ -x $(BIN)/koji-adjutant ]; then $(DEMO) clean $(PLACES); fi
	@rm -rf $(KOJI_ADJUTANT_DEV)/distribution
	@if [ -d $(KOJI_ADJUTANT_DEV) ]; then rmdir $(KOJI_ADJUTANT_DEV); fi

check: $(VENV)/ready ## In a minute: lint and unit tests side by side, for each change before it is committed
	@$(MAKE) --no-print-directory -j2 -Otarget lint unit

test: $(if $(T),selected,lint docs unit fuzz integration hub e2e debian-13) ## Everything: lint, the site, unit, drawn requests, integration (podman), hub conformance, end to end

selected: $(if $(filter-out tests/unit%,$(filter tests%,$(T))),servers browser,$(VENV)/ready)
	$(PYTEST) $(T)

unit: $(VENV)/ready ## Unit tests: no podman, no root
	$(PYTEST) $(or $(T),$(PARALLEL) tests/unit)

fuzz: $(VENV)/ready ## Requests, tags, configurations and policies that hypothesis draws, the same ones each time
	$(PYTEST) $(or $(T),$(PARALLEL) tests/fuzz)

integration: servers browser ## Tests with real podman, rpmbuild, git; what is killed, lost or missing; what hostile packages ask for
	$(PYTEST) $(or $(T),tests/integration tests/faults tests/hostile)

hub: servers ## Conformance tests against devhub, or any hub named by ADJUTANT_TEST_HUB
	$(PYTEST) $(or $(T),tests/hub)

soak: servers browser ## What takes long: hundreds of builds, three workers with one killed, slow kill points; figures are printed
	$(PYTEST) -m soak $(or $(T),tests/soak tests/faults)

e2e: servers ## One whole demo, as a new user runs it; an installation, as an operator makes it
	$(BIN)/python -m pytest tests/e2e

debian-13: host ## The demo and a package of rpm's format 6 on Debian 13 with crun
	$(BIN)/python -m pytest tests/matrix

matrix: host ## The same on Debian 13 and sid, with crun and runc, dnf 4 and dnf5; some hours. docs/reference/platforms.md
	$(BIN)/python -m tests.matrix $(MATRIX)

bench: host $(VENV)/bench-ready ## Measure builds beside mock and a bare chroot; docs/benchmark.md says how to read it
	$(BIN)/python -m tests.bench $(BENCH)

bench-quick: host $(VENV)/bench-ready ## The same with one package and few turns, in under three minutes
	$(BIN)/python -m tests.bench --quick

bench-farm: servers $(VENV)/bench-ready ## Measure builds from `koji build` to tagged, on a hub; tests/bench/farm.py says how
	$(BIN)/python -m tests.bench.farm $(BENCH)

bench-scale: host distribution $(VENV)/bench-ready ## Measure what a worker's own books cost, and with a hundred times as much in them
	$(BIN)/python -m tests.bench.scale $(BENCH)

# make test says whether tests pass: here a signal may come while lines are counted, and not be seen as one.
coverage: $(if $(filter-out unit,$(SUITES)),servers browser,$(VENV)/ready) ## Lines that unit tests run, by package; SUITES="unit fuzz integration faults hostile hub e2e" counts all, and wants 85 %
	@rm -rf .coverage
	@mkdir .coverage
	-$(foreach suite,$(SUITES),$(BIN)/coverage run -m pytest $(if $(filter unit fuzz,$(suite)),$(PARALLEL)) tests/$(suite);)
	@$(BIN)/coverage combine -q
	@$(BIN)/python tools/coverage-by-package $(if $(filter e2e,$(SUITES)),85)

lint: $(VENV)/ready ## ruff, mypy --strict and the import rules
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

docs: $(VENV)/docs-ready ## Make the site of the pages in build/site; a link that leads nowhere, or another warning, fails
	@$(BIN)/python -m sphinx -q -E -a -W --keep-going -c docs/site -d build/doctrees . build/site

format: $(VENV)/ready ## Let ruff put the code in order
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

man: $(VENV)/ready ## Write the manual pages anew, after a change to a command's options or words
	@$(BIN)/python tools/man-pages

srpm: ## The source package of what is committed, in results/; docs/install.md says what to do with it
	@$(MAKE) --no-print-directory -C packaging/rpm sources
	@rpmbuild -bs --define "_sourcedir $(CURDIR)/packaging/rpm" --define "_srcrpmdir $(CURDIR)/results" packaging/rpm/koji-adjutant.spec

lock: $(VENV)/ready ## Pin the newest dependencies that pyproject.toml allows
	$(BIN)/pip install -q pip-tools
	$(BIN)/pip-compile -q --upgrade --extra dev --strip-extras --allow-unsafe --generate-hashes \
	    --no-emit-options --no-emit-index-url --no-emit-find-links -o requirements.lock pyproject.toml
	$(BIN)/pip-compile -q --upgrade --extra bench --strip-extras --allow-unsafe --generate-hashes \
	    --no-emit-options --no-emit-index-url --no-emit-find-links -c requirements.lock \
	    -o requirements-bench.lock pyproject.toml
	$(BIN)/pip-compile -q --upgrade --extra docs --strip-extras --allow-unsafe --generate-hashes \
	    --no-emit-options --no-emit-index-url --no-emit-find-links -c requirements.lock \
	    -o requirements-docs.lock pyproject.toml

host: $(VENV)/ready containers

containers:
	@tools/host-packages containers

servers: host
	@tools/host-packages servers

browser: host
	@tools/host-packages browser

# Beside the virtual environment, where make may do two things at once: it needs nothing of it.
distribution: containers
	@$(PYTHON) -m tests.distribution --output $(KOJI_ADJUTANT_DEV)/distribution

$(VENV)/ready: pyproject.toml requirements.lock
	@tools/host-packages python
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, " + sys.executable + " is older: try make PYTHON=python3.12" if sys.version_info < (3, 11) else 0)'
	@echo "Making the virtual environment in $(VENV)"
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/pip install -q --disable-pip-version-check --no-compile --require-hashes -r requirements.lock
	@$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/bench-ready: $(VENV)/ready requirements-bench.lock
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-bench.lock
	@touch $@

$(VENV)/docs-ready: $(VENV)/ready requirements-docs.lock
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-docs.lock
	@touch $@

clean: demo-clean ## demo-clean, and remove the virtual environment
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage
