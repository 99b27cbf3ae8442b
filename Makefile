# Two commands matter: `make demo` shows it, `make test` proves it. The rest is what they are made of.
# Any Python from 3.11 on starts them; name another with PYTHON=python3.12.
NEWEST = for python in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo "$$python"; break; }; done
PYTHON ?= $(shell $(NEWEST))
ifeq ($(strip $(PYTHON)),)
$(error No Python 3.11 or newer on PATH: install one, or name it with PYTHON=/path/to/python3)
endif

BIN := .venv/bin
LOCK := uv pip compile --universal --generate-hashes --no-emit-index-url --no-header --quiet

.PHONY: help demo test check lint format lock bench fuzz clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## start the whole shop with its demo data on SQLite; RESET=1 starts over, PORT=8000
	@$(PYTHON) -m scripts.bootstrap && exec $(BIN)/python -m scripts.demo $(if $(RESET),--reset) $(if $(PORT),--port $(PORT))

test: ## everything that must hold; ARGS="-k shelf" is handed to pytest
	@$(PYTHON) -m scripts.suite $(ARGS)

check: ## the checks that need no server
	@$(PYTHON) -m scripts.bootstrap --dev && $(BIN)/python -m scripts.check $(ARGS)

lint: ## lint alone, with what ruff can mend mended
	@$(PYTHON) -m scripts.bootstrap --dev && $(BIN)/ruff check --fix .

format: ## format every file
	@$(PYTHON) -m scripts.bootstrap --dev && $(BIN)/ruff format . && $(BIN)/ruff check --select I --fix --quiet .

lock: ## write both lock files anew from the .in files (needs uv)
	$(LOCK) requirements.in -o requirements.txt
	$(LOCK) requirements-dev.in -o requirements-dev.txt

bench: ## measure: ARGS="launch --products 100000 --json -"
	@$(PYTHON) -m scripts.bootstrap --dev && exec $(BIN)/python -m scripts.servers run -- $(BIN)/python -m bench $(ARGS)

fuzz: ## ask the API thousands of made-up requests, about six minutes; CASES=25 for each operation
	@$(PYTHON) -m scripts.bootstrap --dev && exec env MERCHSTORE_API_CASES=$(or $(CASES),25) $(BIN)/python -m scripts.servers run -- \
		$(BIN)/python -m pytest tests/system/test_clients.py -k schemathesis -s -q

clean: ## remove what can be made again (the demo's data too)
	rm -rf .venv .demo .mypy_cache .ruff_cache .pytest_cache .hypothesis staticfiles .broker
