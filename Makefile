# Uptick's workshop. `make` alone prints this menu.
#
#   PYTHON=python3.12   the Python that .venv is made with (3.11 or newer)
#   HOST, PORT, DEMO    where `make run` listens; DEMO=0 leaves an empty database empty

PYTHON ?= python3
BIN := .venv/bin
MANAGE := $(BIN)/python manage.py
APPS := config accounts ingest dashboards
.DEFAULT_GOAL := menu
.PHONY: menu run demo shell migrations test test-fast check format bench screenshots \
	vendor install install-dev clean clean-data

menu:
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@/ { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile
	@echo

##@ Use
run: install ## start everything: database, broker, web, worker (Ctrl-C stops)
	@exec $(MANAGE) run

demo: install ## load the demo workspace; ARGS=--replace loads a fresh one
	@$(MANAGE) migrate --verbosity 0
	@$(MANAGE) seed_demo $(ARGS)

shell: install ## open a Python shell with the models loaded
	@$(MANAGE) shell

##@ Work on it
test: install-dev ## run all tests; says at the end what it could not test here
	@$(BIN)/python -m pytest -q -n auto --dist loadfile --no-loadscope-reorder $(ARGS)

test-fast: install-dev ## the same without browser tests, stopping at the first failure
	@$(BIN)/python -m pytest -q -n auto --dist loadfile --no-loadscope-reorder -x -m "not browser" $(ARGS)

check: install-dev ## lint, format, types, import rules, migrations, security, files
	@failed=0; \
	run() { printf '  %-22s' "$$1"; shift; \
		if output=$$("$$@" 2>&1); then echo ok; \
		else echo FAILED; printf '%s\n' "$$output"; failed=1; fi; }; \
	run 'lint' $(BIN)/ruff check .; \
	run 'format' $(BIN)/ruff format --check .; \
	run 'types' $(BIN)/mypy; \
	run 'import rules' $(BIN)/lint-imports --no-logo; \
	run 'migrations' $(MANAGE) makemigrations --check --dry-run; \
	run 'templates' $(BIN)/djlint --lint --quiet templates; \
	run 'API description' $(MANAGE) spectacular --validate --fail-on-warn \
		--file /dev/null; \
	run 'vendored files' $(MANAGE) vendor_assets --check; \
	run 'production settings' env DEBUG=0 HTTPS=1 ALLOWED_HOSTS=uptick.example \
		SECRET_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(64))') \
		$(MANAGE) check --deploy --fail-level WARNING; \
	exit $$failed

format: install-dev ## put the code in shape
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

migrations: install-dev ## write migrations for changed models
	@$(MANAGE) makemigrations

bench: install-dev ## measure speed and memory; writes bench/results
	@$(BIN)/python -m bench

screenshots: install-dev ## draw the pictures in docs with Chromium
	@$(BIN)/python -m tests.stories.screenshots

vendor: install-dev ## fetch the vendored scripts again and record their hashes
	@$(MANAGE) vendor_assets

##@ House-keeping
install: ## make .venv and install what `run` needs
	@command -v $(PYTHON) >/dev/null || \
		{ echo 'Python is missing: install Python 3.11 or newer, or set PYTHON'; exit 1; }
	@$(PYTHON) config/install.py

install-dev: ## the same, with what tests and checks need
	@command -v $(PYTHON) >/dev/null || \
		{ echo 'Python is missing: install Python 3.11 or newer, or set PYTHON'; exit 1; }
	@$(PYTHON) config/install.py --dev

clean: ## remove caches and .venv; the data stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find $(APPS) tests -name __pycache__ -type d -prune -exec rm -rf {} +

clean-data: ## remove the data too: databases, logs and secrets in .data
	rm -rf .data
