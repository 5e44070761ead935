# Everything runs in a virtual environment of its own; python3, python3-venv, make and git are all a machine needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DEMO := $(VENV)/.demo-installed
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --config-settings editable_mode=compat -e

# What installs the package `ibapi`: any two of them in one environment overwrite each other.
UNINSTALL := -m pip uninstall --quiet --quiet --yes ibapi ibapi-stable ibapi-latest
# A second environment, with the older ibapi 9.81.1.
OLD := .venv-981
CUT := tests/tws tests/books tests/model tests/orders/entry tests/history tests/integration/test_versions.py \
	tests/sim/server tests/integration/test_orders.py tests/integration/test_books.py tests/integration/test_order_changes.py

.PHONY: demo test test-sockets test-rest test-981 lint bench soak faults fuzz docs deb pins clean env env-981
.DEFAULT_GOAL := demo

# Live books in this terminal: an embedded Redis, a simulated TWS, the gateway. Ctrl-C ends it, or DURATION seconds.
demo: $(DEMO)
	@$(BIN)/python -m ibgw_tx.demo

# Lint, types, and all tests against a real redis-server and the simulated TWS.
# Then, with ibapi 9.81.1, what depends on it: the seam, the books, and a black-box cut.
# Those over sockets mostly wait: four processes of them, and the others beside them. A file stays in one process.
test: env env-981 lint
	$(MAKE) --no-print-directory -j2 test-sockets test-rest

PROCESSES ?= 4
test-sockets: env env-981
	$(BIN)/python -m pytest --numprocesses $(PROCESSES) --dist loadfile tests/integration
	$(MAKE) --no-print-directory test-981

test-rest: env
	$(BIN)/python -m pytest --ignore=tests/integration

test-981: env-981
	$(OLD)/bin/python -m pytest $(CUT)

lint: env
	$(BIN)/ruff check .
	$(BIN)/mypy

# Every fault that the world does to a gateway, done to running ones, and a table of what was seen (docs/faults.md).
# KILLS=1000: so many kills; PARTITIONS=100: so many cut cables (root); ONLY=word, SEED=, LANES=, VERSIONS=157,226, WRITE=1: tests/faults/__main__.py
faults: env
	@KILLS=$(KILLS) PARTITIONS=$(PARTITIONS) ONLY="$(ONLY)" SEED=$(or $(SEED),1) LANES=$(or $(LANES),2) \
		VERSIONS="$(VERSIONS)" WRITE=$(WRITE) $(BIN)/python -m tests.faults

# The table of the README, measured here and now.
bench: env
	$(BIN)/python -m bench

# Orders at 20 a second for so long; what gateway and ibsim hold meanwhile is in build/soak.csv and build/soak.svg.
soak: MINUTES ?= 60
soak: env
	$(BIN)/python -m bench.soak --minutes $(MINUTES)

# Coverage-guided fuzzing of what is read from the network: what TWS says, what bots command, what Redis answers (tests/fuzz).
# A found case ends it, and stands in build/fuzz; the corpus there grows from run to run.
TARGET ?= frames commands replies
fuzz: MINUTES ?= 10
fuzz: env
	$(INSTALL) '.[fuzz]'
	for target in $(TARGET); do nice $(BIN)/python -m tests.fuzz $$target $(MINUTES) || exit; done

# The documents as a site, in build/site. Strict: a broken link ends it.
docs: env
	$(INSTALL) '.[docs]'
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

env: $(STAMP)

$(STAMP): setup.py pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python $(UNINSTALL)
	$(INSTALL) '.[demo,test,lint]'
	@touch $(DEMO) $@

env-981: $(OLD)/.installed

$(OLD)/.installed: setup.py pyproject.toml
	$(PYTHON) -m venv $(OLD)
	$(OLD)/bin/python $(UNINSTALL)
	$(OLD)/bin/python -m pip install --quiet --disable-pip-version-check --config-settings editable_mode=compat -e '.[demo,test]'
	$(OLD)/bin/python $(UNINSTALL)
	$(OLD)/bin/python -m pip install --quiet --disable-pip-version-check 'ibapi==9.81.1.post1'
	@touch $@

# What the demo needs, and no more: no test, no linter.
$(DEMO): setup.py pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python $(UNINSTALL)
	$(INSTALL) '.[demo]'
	@touch $@

# dist/ibgateway_*.deb for this release of Debian (docs/install.md). It needs build-essential, debhelper, lintian, python3-setuptools, python3-venv.
deb:
	rm -rf build/deb
	mkdir -p build/deb/ibgateway dist
	git ls-files -z | xargs -0 cp --parents -t build/deb/ibgateway
	cd build/deb/ibgateway && dpkg-buildpackage --build=binary --no-sign
	lintian --fail-on error,warning --tag-display-limit 0 build/deb/*.changes
	cp build/deb/*.deb dist/

# What the package holds, anew from setup.py: each at one version, with the hashes of its wheels. Review the difference.
# Made with the Python of the oldest Debian that is built for (3.11.2): what only that one needs is marked so.
pins:
	/usr/bin/python3 -m venv --clear build/pins
	build/pins/bin/python -m pip install --quiet --disable-pip-version-check pip-tools
	build/pins/bin/pip-compile --quiet --generate-hashes --strip-extras --no-header --no-annotate --upgrade \
		--no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options \
		--output-file debian/requirements.txt setup.py

clean:
	rm -rf $(VENV) $(OLD) build dist *.egg-info .demo
