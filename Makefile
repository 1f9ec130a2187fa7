# Two commands on a fresh machine: `make build` leaves .build/release/lloco, `make test` runs every test.
# LIBTORCH=/path uses a libtorch that is already there; another path rebuilds what depends on it.

SWIFT ?= swift
CLANG_FORMAT ?= .deps/clang-format/clang-format
SOURCES := Sources Tests Package.swift
C_SOURCES = $(shell find Sources/C* -name '*.h' -o -name '*.c' -o -name '*.cpp')

ifeq ($(strip $(LIBTORCH)),)
unexport LIBTORCH
else
# The package's build runs from its root, whatever folder LIBTORCH was given from.
override LIBTORCH := $(abspath $(LIBTORCH))
export LIBTORCH
endif

.DEFAULT_GOAL := build
.PHONY: build test demo bench bootstrap check format lint clean help

build: bootstrap ## build .build/release/lloco
	$(SWIFT) build -c release --product lloco

test: ## build and run every test (in release, as it is used)
	@Scripts/bootstrap --tests
	Scripts/test $(SWIFT) test -c release --disable-xctest

demo: build ## add, finetune and ask on real documents
	Scripts/demo

# Works that other programs do as well are measured in turn with them, by Benchmarks/compare, which has options of its own:
# BENCH reaches the other works, COMPARE those. Timings belong on an idle machine.
WORKS ?= prefill decode train compress answer finetune retrieve
COMPARED := prefill decode train
bench: build ## measure, beside other programs where Benchmarks/setup has put them; WORKS="prefill answer" BENCH="--runs 1" COMPARE="--pairs 1"
	@$(if $(filter-out $(COMPARED),$(WORKS)),.build/release/lloco bench $(filter-out $(COMPARED),$(WORKS)) $(BENCH))
	@$(if $(filter $(COMPARED),$(WORKS)),Benchmarks/compare $(filter $(COMPARED),$(WORKS)) --no-fail $(COMPARE))

bootstrap: ## fetch what is missing: system headers, libtorch, the default models
	@Scripts/bootstrap

check: ## tell what is there and what is missing
	@Scripts/bootstrap --check

format: ## bring Swift, C and C++ into the house format
	@Scripts/bootstrap --lint
	$(SWIFT) format --in-place --parallel --recursive $(SOURCES)
	$(CLANG_FORMAT) -i $(C_SOURCES)

lint: ## complain about what is not in the house format, and about imports that point up
	@Scripts/bootstrap --lint
	$(SWIFT) format lint --strict --parallel --recursive $(SOURCES)
	$(CLANG_FORMAT) --dry-run --Werror $(C_SOURCES)
	$(if $(wildcard Scripts/check-layers),Scripts/check-layers)

clean: ## remove what was built (.deps stays)
	rm -rf .build

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20
