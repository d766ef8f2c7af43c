# banger's tasks. Everything is run with the Node that package-lock.json pins.
SHELL := /bin/sh
PATH := $(CURDIR)/node_modules/.bin:$(PATH)
export PATH

.PHONY: setup try test test-unit test-e2e check bench build generate docs clean

## Installs what is missing (or prints the one command that does), then npm's and Go's parts
setup:
	@scripts/setup.sh

## One command boots a real VM: the shortest proof that this machine can
try: build
	@scripts/try.sh

## Every test, on real VMs too
test: build
	@scripts/test.sh $(ONLY)

## Unit, contract and API tests: seconds, no VM
test-unit: setup
	node --test $$(find packages scripts test bench -name '*.test.ts' -not -path '*/node_modules/*')

## Types, lint, layers, generated files fresh, format
check: setup
	@scripts/check.sh

## Benchmarks against their floors; ONLY=id,id picks some
bench: build
	node bench/run.ts $(ONLY)

build: setup
	node scripts/build.ts
	scripts/build-agent.sh dist/banger-agent

## The generated sides of proto/ and the generated pages of docs/
generate: setup
	scripts/generate-proto.sh
	node scripts/generate-docs.ts

clean:
	rm -rf dist bench/out test/out .cache
