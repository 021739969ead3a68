# hegui: every command that a developer or a new user needs. `make` alone lists them.
# (the environment is .venv, made from requirements.lock; nothing is installed outside it)

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
JOBS ?= 3
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help demo test lint types contracts docs labels-page check interop fuzz lock clean
.PHONY: torture torture-export torture-vault torture-labels bench-ledger bench-duties bench-filing bench-export bench-vault bench-labels bench-labels-in-memory bench-labels-film bench-labels-heic
.PHONY: bench-media bench-gateway bench-screen bench-recall bench-classifier bench-works bench-holdback

help:  ## list the commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)$$/make \1|\2/' | column -t -s '|'

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "hegui needs Python 3.11 or newer, and $(PYTHON) is `$(PYTHON) -V 2>&1`. Say which one to use: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 3; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing the locked packages into $(VENV) (once; about a minute) …"
	@$(BIN)/python -m pip install --disable-pip-version-check -q --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --disable-pip-version-check -q --no-deps --no-build-isolation -e .
	@touch $(STAMP)

demo: $(STAMP)  ## run the gateway in front of a practice model and open its page (ONCE=1: a tour that ends by itself)
	@$(BIN)/hegui demo $(if $(ONCE),--once) $(ARGS)

test: $(STAMP)  ## run the whole test suite
	@$(BIN)/python -m pytest -n $(JOBS) --dist worksteal $(ARGS)

lint: $(STAMP)  ## ruff, all rules
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(STAMP)  ## mypy, strict
	@$(BIN)/mypy

contracts: $(STAMP)  ## the floors of the house
	@$(BIN)/lint-imports

docs: $(STAMP)  ## write docs/reference/ anew from the code
	@$(BIN)/python tools/reference.py

check: lint types contracts test  ## all of the above

labels-page: $(STAMP)  ## write docs/labels.md anew from a run of every format (needs what tools/labels_matrix.py names)
	@$(BIN)/python tools/labels_matrix.py --write

interop: $(STAMP)  ## hegui in front of a third-party model server; its log before a third-party reader; media in a third-party S3 storage (ARGS="--size 1000000")
	@$(BIN)/python interop/run.py
	@$(BIN)/python interop/log.py $(ARGS)
	@$(BIN)/python interop/s3.py
	@$(BIN)/python interop/oscal.py

bench-gateway: $(STAMP)  ## print what the gateway costs, beside a bare pass-through on this machine
	@$(BIN)/python bench/gateway.py $(ARGS)

bench-screen: $(STAMP)  ## print how fast texts are screened (ARGS=--with-peers: beside other programs)
	@$(BIN)/python bench/screen.py $(ARGS)

bench-recall: $(STAMP)  ## print recall and precision per kind of personal data (ARGS=--install: the peers)
	@$(BIN)/python bench/recall.py $(ARGS)

bench-classifier: $(STAMP)  ## print how fast the classifier is
	@$(BIN)/python bench/classifier.py $(ARGS)

bench-works: $(STAMP)  ## print what protected works cost
	@$(BIN)/python bench/works.py $(ARGS)

bench-export: $(STAMP)  ## print what exporting and checking a million records costs (ARGS="--entries N")
	@$(BIN)/python bench/export.py $(ARGS)

torture-export: $(STAMP)  ## flip a bit in every byte of an export, and see that verify.py names the file
	@$(BIN)/python tools/torture_export.py $(ARGS)

bench-holdback: $(STAMP)  ## print how much of a text a stream holds back (ARGS=FILE)
	@$(BIN)/python bench/holdback.py $(ARGS)

fuzz: $(STAMP)  ## random rules and texts before all matching back ends, hostile bytes before all readers of logs and of labels: ten minutes
	@$(BIN)/python tools/fuzz.py $(if $(ARGS),$(ARGS),--seconds 600)

torture: $(STAMP)  ## fail disks, kill processes, fill disks, jump clocks under the ledger (ten minutes; needs strace)
	@$(BIN)/python tools/torture.py $(ARGS)

bench-ledger: $(STAMP)  ## print how many records a second become durable, and how soon
	@$(BIN)/python bench/ledger.py $(ARGS)

bench-duties: $(STAMP)  ## print how soon the list of duties answers on a million records
	@$(BIN)/python bench/duties.py $(ARGS)

bench-filing: $(STAMP)  ## print how soon the package of a filing is built on a million records
	@$(BIN)/python bench/filing.py $(ARGS)

bench-vault: $(STAMP)  ## print what a rotation of the vault's keys costs
	@$(BIN)/python bench/vault.py $(ARGS)

torture-vault: $(STAMP)  ## kill a process that keeps, erases and rotates, again and again (ARGS="--rounds 1000")
	@$(BIN)/python tools/torture_vault.py $(ARGS)

bench-media: $(STAMP)  ## print what labelling a generated picture costs
	@$(BIN)/python bench/media.py $(ARGS)

bench-labels-in-memory: $(STAMP)  ## print what a label costs in memory, on pictures of 1 MB
	@$(BIN)/python bench/labels_in_memory.py $(ARGS)

bench-labels-film: $(STAMP)  ## print what a notice on a film costs, by encoder (ARGS=SECONDS; needs PyAV)
	@$(BIN)/python bench/labels_film.py $(ARGS)

bench-labels-heic: $(STAMP)  ## print what a notice on a HEIC costs, by quality (ARGS=MEGAPIXELS; needs pillow-heif)
	@$(BIN)/python bench/labels_heic.py $(ARGS)

bench-labels: $(STAMP)  ## print what a label costs on a file, beside a copy and other programs (ARGS=--with-peers: install them)
	@$(BIN)/python -m bench.labels $(ARGS)

torture-labels: $(STAMP)  ## cut, lying, nested and damaged files before every format of labels (ten minutes)
	@$(BIN)/python tools/torture_labels.py $(if $(ARGS),$(ARGS),--seconds 600)

lock: $(STAMP)  ## renew requirements.lock (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header \
	  --no-emit-index-url --no-emit-find-links --extra c2pa --extra corpus --extra demo --extra filing --extra media --extra pkcs11 --extra sm2 --group dev --upgrade pyproject.toml -o requirements.lock

clean:  ## remove the environment and the caches (never hegui-data)
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
