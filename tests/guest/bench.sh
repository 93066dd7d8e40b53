# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
load bioset_core
load bioset_bench
unload bioset_bench
unload bioset_core
pass
