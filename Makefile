# Every target works from any folder (make -C CHECKOUT TARGET) and keeps what it makes below build/.
# PYTHON is only what starts the gates; they look for the Pythons to test with themselves.
PYTHON ?= python3
GATES = $(PYTHON) tests/gates

MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help test lint sanity unit core checklist integration format docs site demo simulator bench soak build changelog release environments clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo '  ARGS="…" goes to pytest: make unit ARGS="-k pools", make integration ARGS="-x --co"'

test:  ## every gate: lint, sanity, unit and integration tests, coverage
	@$(GATES) test $(ARGS)

environments:  ## the environments of the gates, in build/env: newest/bin/ansible-playbook, lint/bin/ruff, …
	@$(GATES) environments

lint:  ## ruff, mypy, ansible-lint, antsibull-docs, antsibull-changelog
	@$(GATES) lint

sanity:  ## ansible-test sanity, oldest and newest ansible-core
	@$(GATES) sanity

unit:  ## unit tests
	@$(GATES) unit $(ARGS)

core:  ## every test on one ansible-core: make core CORE=2.18
	@CORE="$(CORE)" $(GATES) core $(ARGS)

checklist:  ## what the community and certification ask for, item by item
	@$(GATES) checklist $(ARGS)

integration:  ## ansible-playbook against the simulator, oldest and newest ansible-core
	@$(GATES) integration $(ARGS)

format:  ## format the code with ruff
	@$(GATES) format

docs:  ## write the pages, specs and options that come from tables
	@PYTHONPATH=build $(GATES) run python -m tests.endpoints
	@PYTHONPATH=build $(GATES) run python -m tests.runtime
	@PYTHONPATH=build $(GATES) run python -m tests.models
	@PYTHONPATH=build $(GATES) run python -m tests.integration.fault_matrix
	@PYTHONPATH=build $(GATES) run python -m tests.connection
	@PYTHONPATH=build $(GATES) run python -m tests.jobs
	@PYTHONPATH=build $(GATES) run python -m tests.aap
	@PYTHONPATH=build $(GATES) run python -m tests.browser

site:  ## the documentation as a web site, in build/site
	@$(GATES) site

demo:  ## a simulated fleet, provisioned while you watch
	@$(GATES) run python -m tests.demo

simulator:  ## a simulated fleet to rehearse with, in build/simulator; ARGS="--count 60 --type T1,B29+ --fault dark:2"
	@$(GATES) run python -m tests.rehearsal $(ARGS)

bench:  ## what tasks, discovery and drift cost, as ratios; ARGS="tasks" for one part
	@$(GATES) bench $(ARGS)

soak:  ## a fleet under random faults, a controller that is killed; ARGS="faults --minutes 20", "kills --kills 100 --seed 7"
	@$(GATES) soak $(ARGS)

build:  ## the collection's tarball, in build/
	@$(GATES) run ansible-galaxy collection build --force --output-path build

changelog:  ## move the changelog fragments into a section for the version in galaxy.yml
	@$(GATES) changelog

release:  ## build the tarball, test it in an empty environment, and print what to upload
	@$(GATES) release

clean:  ## remove build/
	rm -rf build
