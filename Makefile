# Every target works on a fresh machine with Python 3.11 and make: it creates the environment if it is missing.
PYTHON ?= python3.11

BIN := .venv/bin
READY := .venv/.ready
# Tests that serve the whole product and use most of it.
SERVED := cancel changes hub launcher operations place_order portal_reads portal_subscriptions refusals translations

.DEFAULT_GOAL := help
.PHONY: help run demo test check coverage bench fuzz soak torture wheels image clean

help:  ## show this
	@sed -n 's/^\([a-z]*\):.*## */\1 /p' Makefile | while read -r target what; do printf '  make %-8s %s\n' "$$target" "$$what"; done
	@echo
	@echo '  PORT=8080 BACKENDS_PORT=8090 WORK_PORT=8081 WORKERS=1 WORK_PROCESSES=1 DATABASE_URL= STREAM=nats change what `make run` starts; docs/operators.md has all settings.'

$(READY): setup.cfg pyproject.toml deploy/constraints.txt
	@echo 'installing into .venv, a minute the first time'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --constraint deploy/constraints.txt --editable '.[dev]'
	@touch $@

run: $(READY)  ## run everything: backends, worker, app, demonstration data
	@MALLOC_ARENA_MAX=2 exec $(BIN)/tmf-facade run

demo: $(READY)  ## play the golden payloads against a running product
	@$(BIN)/tmf-facade demo

check: $(READY)  ## style, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: check  ## everything CI runs
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

coverage: $(READY)  ## which code no test executes; fails below the floor
	@rm -rf var/coverage && mkdir -p var/coverage
	$(BIN)/coverage run -m pytest -q tests/unit tests/contract tests/integration $(SERVED:%=tests/e2e/test_%.py)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

bench: $(READY)  ## medians and ratios against a baseline in the same run
	$(BIN)/python -m tests.bench

fuzz: $(READY)  ## schemathesis and generated payloads for longer: FUZZ_EXAMPLES, 2000 by default
	FUZZ_EXAMPLES=$${FUZZ_EXAMPLES:-2000} $(BIN)/pytest tests/conformance -k "schemathesis or generated" -n 2 --timeout 7200

soak: $(READY)  ## MINUTES (10 by default) at half load: errors, memory, unfinished processes
	$(BIN)/python -m tests.bench.soak --minutes $${MINUTES:-10}

torture: $(READY)  ## MINUTES (10 by default) of random faults of all kinds; DATABASE=postgresql for two nodes, SEED= to repeat
	$(BIN)/python -m tests.bench.torture --minutes $${MINUTES:-10} --database $${DATABASE:-sqlite} $${SEED:+--seed $$SEED}

wheels: $(READY)  ## the wheels that deploy/Containerfile installs, into var/image/wheels
	@deploy/make-wheels $(BIN)/python

image: wheels  ## build the container image with buildah, as root, without a daemon or a registry
	@deploy/build-image

clean:  ## delete the environment and all data
	rm -rf .venv var
