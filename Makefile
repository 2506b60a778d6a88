# The verbs of this project. `make` alone lists them.

.DEFAULT_GOAL := help
.PHONY: docs help run test test-all test-faults check fuzz mutants sbom build build-page page-if-possible build-js build-python bench bench-core bench-js bench-python bench-server bench-constant-time schema vectors clean

help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-20s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: page-if-possible ## see it work: a server with its page, a receiver that verifies, and events, in this terminal
	cargo run --locked -p encrata-webhooks-server -- dev

test: ## every suite in its short form, with the time of each
	@tests/run.sh

test-all: ## every suite in its long form
	@ENCRATA_TEST_LONG=1 tests/run.sh

test-faults: ## 50 rounds of every fault: killed nodes and databases, full disks, jumping clocks
	@ENCRATA_TEST_ROUNDS=50 tests/run.sh faults

check: ## format, lints, documentation, what dependencies may bring
	@tests/run.sh check

fuzz: ## libFuzzer on every target for ten minutes each; ENCRATA_FUZZ_SECONDS is another time
	fuzz/run.sh $${ENCRATA_FUZZ_SECONDS:-600}

mutants: ## break the core, access, the port, guard, retry and queue in every way, and see a test fail: hours; needs cargo-mutants
	tests/mutants.sh

sbom: ## bills of materials (CycloneDX) of server, npm package and wheel: target/dist/*.cdx.json; needs cargo-cyclonedx
	python3 release/sbom.py

# The page, where a machine can make it: the server is built either way.
page-if-possible:
	@if ! command -v npm >/dev/null; then \
		echo "SKIPPED: npm is not installed, so the server is built without the page (install Node 20 or later)"; \
	elif ! rustup target add wasm32-unknown-unknown >/dev/null 2>&1; then \
		echo "SKIPPED: there is no target wasm32-unknown-unknown, so the server is built without the page"; \
	else $(MAKE) --no-print-directory build-page; fi

build: page-if-possible ## the release artefacts: the server with its page, and what a machine with Node and Python can make
	cargo build --release --locked -p encrata-webhooks-server
	@echo "built target/release/encrata-webhooks"
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory build-js; \
	else echo "SKIPPED: npm is not installed, so the npm package was not built (install Node 20 or later)"; fi
	@if python3 -c 'import venv, ensurepip' 2>/dev/null; then $(MAKE) --no-print-directory build-python; \
	else echo "SKIPPED: Python with venv is not installed, so the wheels were not built (3.9 or later)"; fi

build-page: ## the page at /settings/webhooks: server/dashboard/dist, which the server's binary holds
	server/dashboard/build.sh

build-js: ## the npm package: target/dist/encrata-webhooks-<version>.tgz
	bindings-wasm/build.sh

build-python: ## the wheels for this machine, and the source: target/dist/encrata_webhooks-<version>-*
	bindings-python/build.sh native sdist

bench: bench-core bench-js bench-python bench-server ## every benchmark; figures go to target/bench/*.json

bench-core: ## the core beside named alternatives
	cargo bench --quiet --locked -p encrata-webhooks-bench --bench core

bench-js: ## the npm package beside others, on Node, Deno and Bun; ENCRATA_BENCH_QUICK=1 for a minute
	bindings-wasm/bench/run.sh

bench-python: ## the wheel beside the snippet and others; ENCRATA_BENCH_QUICK=1 for a minute
	bindings-python/bench/run.sh

bench-server: ## the server beside what this machine can do: half an hour; ENCRATA_BENCH_QUICK=1 for a minute
	cargo build --release --locked -p encrata-webhooks-server
	cargo bench --quiet --locked -p encrata-webhooks-bench --bench server

bench-constant-time: ## whether timings of verify tell where a signature is wrong; ENCRATA_BENCH_QUICK=1 shows that it works
	tests/constant-time/bench.sh

docs: ## the documentation as a book, target/book: needs mdbook (cargo install mdbook)
	mdbook build docs

schema: ## write core/schema/events.schema.json anew from the Rust types
	cargo run --quiet --locked -p encrata-webhooks --features schema --example schema

vectors: ## write tests/vectors/vectors.json anew
	tests/vectors/generate.sh

clean: ## remove what was built
	cargo clean
