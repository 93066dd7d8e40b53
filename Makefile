# SPDX-License-Identifier: GPL-2.0
# What a person types. The kernel's build reads Kbuild; the work is done by
# scripts/, in a cache outside the tree ($XDG_CACHE_HOME/bioset).
#
# KDIR=dir    build for this kernel (default: the running one, else the newest
#             headers installed)
# KERNEL=7.2  another version than 6.1 for "quick" (5.10, 6.12, 7.2)
# FLAVOUR=7.2 which of Debian's kernels "bench" measures (5.10, 6.12, 7.2; 6.1 is stock)
# SEED=n      draw in the tests what the run with this seed did; FRESH=1: repeat what
#             was green for the very same files; LANES=n: so many things at a time
# ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu-  as in the kernel's own make, and
# W=1 C=2 V=1 as in the kernel's own make

.PHONY: all demo test check quick release soak mutants model coverage bench \
	bench-native bench-check support-table lint install uninstall dkms undkms \
	deb kernel-tree clean distclean help

MAKEFLAGS += --no-print-directory
export KDIR KSRC SUITE DESTDIR W C V KERNEL ARCH CROSS_COMPILE SEED FRESH LANES BASE

all: ## build the modules; bioset_core.ko here is a link to the cache
	@dir=$$(scripts/modules.sh $(KDIR)) && ln -sfn "$$dir/bioset_core.ko" .

demo: ## see it work: the example on a stock Debian kernel in QEMU
	@scripts/demo.sh

quick: ## the inner loop, 2 minutes (SUITE=name: one KUnit suite)
	@tests/tier quick

test check: ## all tests of a change, 12 minutes (30 on a bare machine)
	@tests/tier test

release: ## all tests of a release, 90 minutes (120 on a bare machine)
	@tests/tier release

soak: ## long random runs (T=8h)
	@tests/tier soak T=$(or $(T),1h)

mutants: ## does each test notice what it is for? (NAMES="17-flag-kept ...": these)
	@tests/tier $(if $(NAMES),$(NAMES:%=mutant:%),mutants)

model: ## check the models: forward progress with spin, barriers with Relacy
	@docs/model/run

coverage: ## which lines the tests reach
	@tests/host/coverage.sh

bench: ## instructions per operation, beside the kernel's own
	@bench/run measure $(or $(FLAVOUR),stock)

bench-native: ## the same as time, on User Mode Linux
	@bench/run native

bench-check: ## has anything become slower than the committed results?
	@bench/run check $(FLAVOUR)

support-table: ## the README's table of kernels, from what the tests saw run
	@tests/lab/table.py README.md

lint: ## everything that can be checked without running
	@tests/lint

install: ## install modules and header (DESTDIR=dir)
	@scripts/install.sh

uninstall: ## take back what install did
	@scripts/install.sh --remove

deb: ## build the Debian package bioset-dkms
	@scripts/deb.sh

kernel-tree: ## put the module into a kernel's source tree (TREE=dir)
	@scripts/kernel-tree.sh "$(TREE)"

dkms: ## install through DKMS: rebuilt with each new kernel
	@scripts/dkms.sh

undkms: ## take back what dkms did
	@scripts/dkms.sh --remove

clean: ## remove module builds and logs, keep the kernels
	@scripts/clean.sh

distclean: ## remove the whole cache, the kernels included
	@scripts/clean.sh --all

help: ## this list
	@sed -n 's/^\([a-z][a-z -]*\):[^#]*## /\1\t/p' Makefile | \
		while IFS='	' read -r target text; do \
			printf 'make %-14s %s\n' "$$target" "$$text"; done
