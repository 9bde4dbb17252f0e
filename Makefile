# SPDX-License-Identifier: GPL-3.0-or-later
# `make` lists what there is.
SHELL := /bin/bash
N ?= 5
export PYTHONDONTWRITEBYTECODE := 1

.PHONY: help
help:  ## This list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

.PHONY: setup
setup:  ## Install packages and virtual environments (all the others call it)
	@scripts/setup.sh

.PHONY: demo
demo: setup  ## Three hosts, provisioned twice by the installed collection, and a table of what happened
	@scripts/demo.sh

.PHONY: demo-clean
demo-clean:  ## Remove the demo's hosts
	@scripts/demo.sh --clean

.PHONY: test
test: setup  ## Everything that a change must pass
	@.build/venv/main/bin/python -m tests.runner

.PHONY: test-full
test-full: setup  ## The same with the long matrices and benchmarks; writes docs/verification.md. RESUME=1 goes on with a run that was ended
	@.build/venv/main/bin/python -m tests.runner --full $(if $(RESUME),--resume)

.PHONY: unit
unit: setup  ## Unit tests on every Python found
	@.build/venv/main/bin/python -m tests.runner units units-3.6 units-3.9 units-3.12 units-3.13

.PHONY: lint
lint: setup  ## The linters
	@.build/venv/main/bin/python -m tests.runner ruff yamllint shellcheck ansible-lint antsibull-docs changelog

.PHONY: fleet
fleet: setup  ## N hosts for scale tests: make fleet N=20
	@tests/testbed/testbed fleet $(N)

.PHONY: fleet-clean
fleet-clean:  ## Remove them
	@tests/testbed/testbed fleet 0

.PHONY: changelog
changelog: setup  ## Turn changelogs/fragments into CHANGELOG.rst, for the version of galaxy.yml
	@scripts/changelog.sh

.PHONY: clean
clean:  ## Remove this clone's hosts and everything built
	@[ ! -d .build/testbed ] || tests/testbed/testbed down --all
	@for testbed in .build/testbeds/*; do [ ! -d "$$testbed" ] || ELKIT_TESTBED=$${testbed##*/} tests/testbed/testbed down --all; done
	@rm -rf .build
