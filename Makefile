# swinspect: `make test` is all there is to know; `make help` lists the rest.
SHELL  := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

GO     ?= go
BIN    := bin/swinspect
# Packages whose tests drive browsers share two cores: more than two at a time
# only makes them slow enough to miss their deadlines.
PARALLEL ?= 2
TESTFLAGS ?=
RUN    := $(GO) run ./internal/testreport

.PHONY: help
help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## the binary, in bin/
	$(GO) build -trimpath -o $(BIN) ./cmd/swinspect

.PHONY: generate
generate: ## templ files to Go, command reference to docs/cli.md, conformance to docs/conformance.md
	$(GO) tool templ generate
	$(GO) run ./cmd/swinspect docs > docs/cli.md.new && mv docs/cli.md.new docs/cli.md
	$(GO) run ./internal/spec/conform > docs/conformance.md.new && mv docs/conformance.md.new docs/conformance.md

.PHONY: setup
setup: ## install what the tests need (Chromium, Node, a C compiler) where it is missing
	scripts/setup.sh

.PHONY: test
test: setup ## everything: set-up, generated files, formatting, vet, staticcheck, all tests with -race
	scripts/test.sh

.PHONY: lint
lint: ## gofmt, vet, staticcheck
	scripts/lint.sh

.PHONY: fmt
fmt: ## format Go and templ files
	gofmt -w $$(git ls-files '*.go')
	$(GO) tool templ fmt ui

.PHONY: cover
cover: setup ## test coverage, as text and in coverage.html
	$(GO) test -coverpkg=./... -coverprofile=coverage.out ./...
	$(GO) tool cover -func=coverage.out | tail -n 1
	$(GO) tool cover -html=coverage.out -o coverage.html

.PHONY: bench
bench: ## benchmarks, with a real browser and the engine's rivals; figures on standard output
	BENCH=1 scripts/setup.sh
	$(GO) test -run '^$$' -bench . -benchtime 1x -timeout 30m ./uitest
	$(GO) test -run '^$$' -bench . -timeout 30m ./cdp/... ./inspector/... ./runtime/... ./internal/...

.PHONY: shots
shots: setup ## the README's pictures, into docs/img
	SHOTS=$(CURDIR)/docs/img $(GO) test -count 1 -run 'TestShots|TestDemo' ./uitest
	SHOTS=$(CURDIR)/docs/img $(GO) test -count 1 -run TestDevTools ./internal/frontend

FUZZTIME ?= 30s
.PHONY: fuzz
fuzz: ## every fuzz target in turn, FUZZTIME each
	scripts/fuzz.sh $(FUZZTIME)

.PHONY: clean
clean: ## remove what the other targets made
	rm -rf bin coverage.out coverage.html uitest/node_modules internal/frontend/node_modules .swinspect
