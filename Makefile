# Two commands on a fresh machine: `make build` leaves .build/release/lloco, `make test` runs every test.
# LIBTORCH=/path uses a libtorch that is already there; another path rebuilds what depends on it.

SWIFT ?= swift
CLANG_FORMAT ?= .deps/clang-format/clang-format
SOURCES := Sources Tests Examples Package.swift
C_SOURCES = $(shell find Sources/C* -name '*.h' -o -name '*.c' -o -name '*.cpp')

ifeq ($(strip $(LIBTORCH)),)
unexport LIBTORCH
else
# The package's build runs from its root, whatever folder LIBTORCH was given from.
override LIBTORCH := $(abspath $(LIBTORCH))
export LIBTORCH
endif

.DEFAULT_GOAL := build
.PHONY: build test test-page test-server test-without-libtorch test-sanitizers demo bench bootstrap check format lint clean help \
	stage install uninstall dist check-package test-package

build: bootstrap ## build .build/release/lloco
	$(SWIFT) build -c release --product lloco

test: ## build and run every test (in release, as it is used)
	@Scripts/bootstrap --tests
	Scripts/test $(SWIFT) test -c release --disable-xctest

test-page: ## test the server's page in a browser, against a mock server (Tests/Page/page_test.py --server URL for a real one)
	@Scripts/bootstrap --page
	Tests/Page/page_test.py

test-server: build ## test the server with other programs' clients, faulty requests and kills (Tests/Server/server_test.py --help)
	@Scripts/bootstrap --server
	Tests/Server/server_test.py

# Package.swift leaves out what stands on libtorch.
test-without-libtorch: ## build and test what needs no libtorch: tokenizers, documents, library, data sets, reports
	LLOCO_WITHOUT_LIBTORCH=1 Scripts/test $(SWIFT) test -c release --scratch-path .build-without-libtorch --disable-xctest

# The kernels and what reads files, under sanitizers that end the run at the first fault. In debug and in a folder of its
# own. Filters are regular expressions.
SANITIZED := LLoCO(Base|ModelFiles|Torch|Tokenizers|Checkpoints|Models|Documents)Tests LLoCODataSetsTests.(Data|.*Reading)
# Resident memory, which AddressSanitizer grows; real models, which read no other files and take too long.
UNSANITIZED := MemoryTests DefaultModelTests DecodeWeightsTests
SANITIZE := --scratch-path .build-sanitizers --sanitize=address
# swift has no such sanitizer on Linux, clang has; AddressSanitizer's runtime brings this one's with it.
SANITIZE += -Xcxx -fsanitize=undefined,float-cast-overflow -Xcxx -fno-sanitize-recover=undefined,float-cast-overflow
ifeq ($(shell uname -s),Linux)
# The default linker warns of every symbol of the runtime.
SANITIZE += -Xswiftc -use-ld=lld
endif
# Tests ask for more memory than there is, and want an error; what is read of a folder and processes leak in Foundation.
test-sanitizers: export ASAN_OPTIONS := allocator_may_return_null=1:detect_leaks=0
test-sanitizers: export UBSAN_OPTIONS := print_stacktrace=1
test-sanitizers: ## run the tests of kernels and file formats under sanitizers of addresses and undefined behaviour
	@Scripts/bootstrap --tests
	Scripts/test $(SWIFT) test $(SANITIZE) --disable-xctest $(SANITIZED:%=--filter '%') $(UNSANITIZED:%=--skip '%')

demo: build ## add, finetune and ask on real documents
	Scripts/demo

# Works that other programs do as well are measured in turn with them, by Benchmarks/compare, which has options of its own:
# BENCH reaches the other works, COMPARE those. Timings belong on an idle machine.
WORKS ?= prefill decode train compress answer finetune retrieve
COMPARED := prefill decode train
bench: build ## measure, beside other programs where Benchmarks/setup has put them; WORKS="prefill answer" BENCH="--runs 1" COMPARE="--pairs 1"
	@Scripts/bootstrap --bench
	@$(if $(filter-out $(COMPARED),$(WORKS)),.build/release/lloco bench $(filter-out $(COMPARED),$(WORKS)) --model smollm2-135m $(BENCH))
	@$(if $(filter $(COMPARED),$(WORKS)),Benchmarks/compare $(filter $(COMPARED),$(WORKS)) --no-fail $(COMPARE))

# `make stage` collects the files as the user who builds; `sudo make install` only copies them. See Docs/install.md.
PREFIX ?= /usr/local
DESTDIR ?=
MODELS ?= 1
BUILT ?= .build/release/lloco
STAGE := .build/stage$(if $(filter 0,$(MODELS)),-without-model)

# An existing command is installed as it is; 'make build' updates it.
$(BUILT):
	@$(MAKE) build

.build/release/generate-manual:
	$(SWIFT) build -c release --product generate-manual

STAGED := $(shell find Adapters Compressors Recipes Packaging Docs Deploy -type f) README.md CHANGELOG.md LICENSE NOTICE SECURITY.md
$(STAGE)/share/lloco/manifest: $(BUILT) .build/release/generate-manual $(STAGED)
	Packaging/package stage $(STAGE) --command $(BUILT) $(if $(filter 0,$(MODELS)),--without-model)

stage: $(STAGE)/share/lloco/manifest ## collect the files to install; MODELS=0 leaves out the language model

install: stage ## install the command: PREFIX=/usr/local, DESTDIR=, MODELS=1
	@Packaging/package install $(STAGE) --prefix '$(PREFIX)' --destdir '$(DESTDIR)'

uninstall: ## remove an installation: PREFIX=/usr/local, DESTDIR=
	@Packaging/package uninstall --prefix '$(PREFIX)' --destdir '$(DESTDIR)'

dist: stage ## write the tarball and the Debian package to dist/; MODELS=0 leaves out the language model
	Packaging/package dist $(STAGE) dist

check-package: test-package ## install the packages in temporary folders and in a bare Debian system, and use them
	Scripts/check-package

test-package: ## test the installation scripts; needs no build
	Tests/Packaging/package_test.py

bootstrap: ## download missing parts: system headers, libtorch, the default models
	@Scripts/bootstrap

check: ## list installed and missing parts
	@Scripts/bootstrap --check

format: ## format Swift, C and C++
	@Scripts/bootstrap --lint
	$(SWIFT) format --in-place --parallel --recursive $(SOURCES)
	$(CLANG_FORMAT) -i $(C_SOURCES)

lint: ## check the format, dependencies between folders, library texts that name options, and words (Scripts/words.txt)
	@Scripts/bootstrap --lint
	$(SWIFT) format lint --strict --parallel --recursive $(SOURCES)
	$(CLANG_FORMAT) --dry-run --Werror $(C_SOURCES)
	Scripts/check-layers
	Scripts/check-words

clean: ## remove what was built (.deps stays)
	rm -rf .build .build-without-libtorch .build-sanitizers dist

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 26
