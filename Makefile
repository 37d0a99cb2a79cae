# What can be done here? `make help` lists it. Needed beforehand: Python 3.11 or newer with its venv module, and make.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV   ?= .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --no-input --quiet

# The extras that the tests exercise, and those that constraints.txt pins: all, so that any of them fit together.
EXTRAS     := test,pdf,lab,spark,bench
ALL_EXTRAS := $(EXTRAS),s3

# Programs that some tests need, as PROGRAM-OR-LIBRARY:DEBIAN-PACKAGE. A test whose part is absent skips and says so.
PARTS := chromium:chromium pdftotext:poppler-utils libatomic.so.1:libatomic1 libpango-1.0.so.0:libpango-1.0-0 \
         libpangoft2-1.0.so.0:libpangoft2-1.0-0 libharfbuzz-subset.so.0:libharfbuzz-subset0 \
         fonts/truetype/liberation:fonts-liberation fonts/truetype/dejavu:fonts-dejavu-core java:openjdk-17-jre-headless

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help review test slow crash faults crowd mess predicates spark large parts lint format fields wheel bench constraints clean

help:  ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' $(MAKEFILE_LIST) | expand -t 14

review: $(VENV)/ready  ## make the sample events, land them, and write the review of their worst week
	@$(BIN)/audit-reports demo --out build/demo

test: $(VENV)/ready-test parts  ## run the tests that are quick, most of them; PYTEST="-k name" narrows
	$(BIN)/python -m pytest -n 3 --no-loadscope-reorder $(PYTEST)

slow: $(VENV)/ready-test parts  ## run the tests that take long: Spark, kills, long lines, S3; before a change is taken, these too
	$(BIN)/python -m pytest -n 3 --no-loadscope-reorder --run slow $(PYTEST)

crash: $(VENV)/ready-test  ## kill landing, compaction and retention at 200 random moments, and check the books each time
	$(BIN)/python -m pytest --run every tests/test_crash.py --kills 200 $(PYTEST)

faults: $(VENV)/ready-test  ## mail reviews through 200 faults of the server, killed runs and two at once, and hold the books together
	$(BIN)/python -m pytest --run every tests/test_mail_faults.py --faults 200 -s $(PYTEST)

crowd: $(VENV)/ready-test  ## four writers, a compactor and four readers at once, for a minute
	$(BIN)/python -m pytest --run every tests/test_concurrency.py --crowd-seconds 60 $(PYTEST)

mess: $(VENV)/ready-test  ## make thousands of messy inboxes and land them; an hour or so
	MESS_EXAMPLES=5000 $(BIN)/python -m pytest --run every tests/test_mess.py -k whatever

predicates: $(VENV)/ready-test  ## hold ten thousand random predicates to Polars' own answers, on DuckDB and Polars frames, some on Spark
	PREDICATE_EXAMPLES=1250 $(BIN)/python -m pytest --run every tests/test_filter_property.py $(PYTEST)

spark: $(VENV)/ready-test  ## ask Spark every case of every test, and the benchmarks' questions in Sparks of their own
	$(BIN)/python -m pytest --run spark $(PYTEST)

large: $(VENV)/ready-test  ## run the cases that are larger than elsewhere: a hundred thousand actors, long lines
	$(BIN)/python -m pytest --run large $(PYTEST)

lint: $(VENV)/ready-test  ## ruff and mypy, changing nothing
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: $(VENV)/ready-test  ## put the code in ruff's form
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

fields: $(VENV)/ready  ## write again which fields a template may use, into templates/README.md
	@$(BIN)/python -c 'import pathlib, audit_reports.outputs.template_fields as made; \
	    page = pathlib.Path("templates/README.md"); page.write_text(made.with_documentation(page.read_text()))'

bench: $(VENV)/ready-bench  ## make many events and time landing, questions and a review beside others; BENCH="--only landing" narrows
	$(BIN)/python benchmarks/run.py $(BENCH)

# The wheel must carry its templates, notebooks and data: it is installed far from the checkout, and used there.
wheel: $(VENV)/ready  ## build the wheel into dist/, install it elsewhere and run the demo there
	@rm -rf dist && $(PIP) wheel --no-deps --wheel-dir dist .
	@away=$$(mktemp -d) && trap 'rm -rf "$$away"' EXIT && set -e; \
	here=$$PWD; $(PYTHON) -m venv "$$away/venv"; \
	"$$away/venv/bin/python" -m pip --disable-pip-version-check --no-input --quiet install \
	    --constraint constraints.txt "$$here"/dist/*.whl; \
	cd "$$away"; venv/bin/audit-reports demo --out review; \
	find . -path ./venv -prune -o -name review.html -size +0 -print | grep -q . \
	    || { echo "the demo of the installed wheel wrote no review.html" >&2; exit 1; }
	@echo "the wheel works away from the checkout:" dist/*.whl

# Resolves everything afresh, so it is how the pinned versions move on. Review the difference, then run the tests.
# It takes Debian 12's own Python, the oldest that must work: a newer one would pin libraries that refuse that one.
OLDEST := 3.11.2
constraints:  ## write constraints.txt again: the newest versions that fit pyproject.toml
	@away=$$(mktemp -d) && trap 'rm -rf "$$away"' EXIT && set -e; \
	version=$$($(PYTHON) -c 'import platform; print(platform.python_version())'); \
	[ "$$version" = $(OLDEST) ] || { echo "pins are made with Python $(OLDEST), and $(PYTHON) is $$version;" \
	    "name another: make constraints PYTHON=..." >&2; exit 1; }; \
	$(PYTHON) -m venv "$$away/venv"; \
	pip="$$away/venv/bin/python -m pip --disable-pip-version-check --no-input"; \
	$$pip --quiet install --editable '.[$(ALL_EXTRAS)]'; \
	{ echo '# One version of every library, with which all extras ($(ALL_EXTRAS)) fit together, on Python $(OLDEST) too. Written by `make constraints`.'; \
	  $$pip freeze --exclude-editable; } > "$$away/pins"; \
	if grep -q '://' "$$away/pins"; then echo "a pin holds an address:" >&2; grep '://' "$$away/pins" >&2; exit 1; fi; \
	cp "$$away/pins" constraints.txt
	@echo "constraints.txt: $$(grep -c == constraints.txt) versions"

clean:  ## remove the environment and all that was built
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# ------------------------------------------------------------------------------------------------ setting up

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed, and there is no python3 here" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	    || { echo "Python 3.11 or newer is needed; $(PYTHON) is older. Name another: make PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
	    || { rm -rf $(VENV); echo "Python's venv is needed (on Debian: apt-get install python3-venv)" >&2; exit 1; }

# The stamps are newer than what was installed from, so that a second call installs nothing.
$(VENV)/ready: pyproject.toml constraints.txt | $(BIN)/python
	@echo "setting up $(VENV) (once, a minute or two)" >&2
	@$(PIP) install --constraint constraints.txt --editable .
	@touch $@

$(VENV)/ready-test: pyproject.toml constraints.txt | $(BIN)/python
	@echo "setting up $(VENV) for the tests (once, some minutes)" >&2
	@$(PIP) install --constraint constraints.txt --editable '.[$(EXTRAS)]'
	@touch $@ $(VENV)/ready

$(VENV)/ready-bench: pyproject.toml constraints.txt | $(BIN)/python
	@echo "setting up $(VENV) for the benchmarks (once, a minute or two)" >&2
	@$(PIP) install --constraint constraints.txt --editable '.[bench,spark]'
	@touch $@ $(VENV)/ready

# Installs what is absent where that is allowed without a password; otherwise says what is absent and goes on.
parts:
	@absent=""; \
	for part in $(PARTS); do \
	    thing=$${part%%:*}; \
	    command -v "$$thing" >/dev/null 2>&1 || [ -e "/usr/share/$$thing" ] || \
	    find /lib /usr/lib /usr/local/lib -name "$$thing" 2>/dev/null | grep -q . || absent="$$absent $${part##*:}"; \
	done; \
	[ -n "$$absent" ] || exit 0; \
	if ! command -v apt-get >/dev/null 2>&1; then as=none; \
	elif [ "$$(id -u)" = 0 ]; then as=""; \
	elif sudo -n true 2>/dev/null; then as="sudo -n"; \
	else as=none; fi; \
	if [ "$$as" != none ]; then \
	    echo "installing$$absent" >&2; \
	    log=$$(mktemp); \
	    if { $$as apt-get update && $$as env DEBIAN_FRONTEND=noninteractive \
	         apt-get install --yes --no-install-recommends $$absent; } >"$$log" 2>&1; \
	    then rm -f "$$log"; exit 0; fi; \
	    tail -n 5 "$$log" >&2; rm -f "$$log"; \
	fi; \
	echo "absent, and not to be installed from here:$$absent; the tests that need them skip" >&2
