# SPDX-License-Identifier: GPL-2.0
# For a driver's Kbuild: "include /usr/src/bioset/bioset.mk" finds bioset.h and
# the symbols of bioset_core for the very kernel that the driver is built for:
# those that "make install" put beside this file, else those that DKMS keeps.

bioset-dir := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))
bioset-release := $(shell sed -n 's/.*UTS_RELEASE "\(.*\)".*/\1/p' \
	$(objtree)/include/generated/utsrelease.h)
bioset-symbols := $(firstword $(wildcard \
	$(bioset-dir)/Module.symvers.$(bioset-release) \
	/var/lib/dkms/bioset/kernel-$(bioset-release)-*/Module.symvers))

ccflags-y += -I$(bioset-dir)
KBUILD_EXTRA_SYMBOLS += $(bioset-symbols)

# "make clean" needs no symbols.
ifeq ($(bioset-symbols)$(filter __clean,$(PHONY)),)
$(error bioset_core is not installed for Linux $(bioset-release): see "dkms status bioset", or run "make install" in bioset's sources)
endif
