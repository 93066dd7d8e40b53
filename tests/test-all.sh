#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# test-all.sh [PART...]: the tests of a release, in parts; all of them, if none is
# named. One part is a run of its own, with a result of its own.
#
#   mutants     does each test notice what it is for? One at a time, beside the rest
#   change      those of every change: make test
#   stock       shortage, power cuts, cgroups, many CPUs, stacks, suspend
#   sanitizers  KUnit and planted bugs on each test kernel of each version
#   kernels     Debian's other kernels: RT, cloud, experimental's
#   machines    other architectures
#   drivers     bcache and dm-crypt, unmodified
#   docs        the commands of the pages, the demonstration, the models
#   speed       instructions, throughput, coverage
#   soak        long random runs; each takes TORTURE_SECS seconds (default 300)
#   install     the package and "make install" in each suite, Secure Boot
#
# RESUME=1: do not run again what was green for the very same files.

# shellcheck source=../scripts/lib.sh
. "$(dirname "$0")/../scripts/lib.sh"
# shellcheck source=steps.sh
. "$TOP/tests/lab/steps.sh"
# shellcheck source=other-kernels.sh
. "$TOP/tests/lab/other-kernels.sh"

PARTS="mutants change stock sanitizers kernels machines drivers docs speed soak install"

kunit=$TOP/tests/lab/kunit.sh
planted=$TOP/tests/lab/planted.sh
torture_secs=${TORTURE_SECS:-300}

# ------------------------------------------------------------- what steps run

kernel() {
	"$TOP/tests/lab/kernel.sh" "$1" >/dev/null
}

# The long way, for a kernel whose bio_init() does more than we know
kunit_by_bio_init() {
	APPEND="guest.quick_init=N" "$kunit" uml
}

# A rare order of memory accesses takes time to come.
ten_minutes() {
	local status=0
	"$run" torture "$1" secs=600 "${@:2}" || status=1
	"$run" apimodel "$1" secs=600 calls=100000 "${@:2}" || status=1
	return $status
}

power_cuts() {
	local status=0
	"$run" writecache || status=1
	return $status
}

# installation SUITE: one after the other, since they make machines of that suite
installation() {
	local status=0
	"$TOP/tests/install/package-test.sh" suites "$1" || status=1
	"$TOP/tests/install/install-test.sh" life "$1" || status=1
	return $status
}

refusals() {
	local status=0
	"$TOP/tests/install/package-test.sh" refusals || status=1
	"$TOP/tests/install/install-test.sh" refusals || status=1
	return $status
}

# built FLAVOUR: in a step of its own, not in the tests' time; what comes before is
# still running beside it.
built() {
	step "$1 kernel" 1500 kernel "$1"
}

# -------------------------------------------------------------------- parts

part_mutants() {
	built uml
	built kasan
	beside "mutants" 20000 "$TOP/tests/mutants/mutants.sh"
}

part_change() {
	step "tests of every change" 4000 "$TOP/tests/test.sh"
}

part_stock() {
	beside "memory shortage" 300 "$run" lowmem
	beside "power cuts" 900 power_cuts
	beside "cgroups" 400 "$run" cgroups
	beside "eight CPUs, two nodes, hotplug" 400 "$run" cpus
	beside "swap and writeback without memory" 600 "$run" reclaim
	beside "stacks" 400 "$run" stacks
	beside "integrity data" 400 "$run" protected
	beside "suspend, restart, reload" 800 "$run" power
	beside "unloading beside a stuck work item" 200 "$run" stuckwork
	beside "memory dump of Linux 7.2" 500 "$TOP/tests/host/drgn-test.sh" 7.2
}

part_sanitizers() {
	local version
	built kasan
	beside "failure points on the KASAN kernel" 1600 "$run" failnth
	beside "use after put on the KASAN kernel" 700 "$run" afterput
	beside "example on the KASAN kernel" 600 "$run" example kasan
	beside "model on the KASAN kernel" 700 "$run" apimodel kasan calls=300000

	built uml
	beside "KUnit by bio_init()" 1150 kunit_by_bio_init
	for version in 5.10 6.12 7.2; do
		built "uml-$version"
		beside "KUnit on UML, Linux $version" 1150 "$kunit" "uml-$version"
	done
	for version in 5.10 6.12 7.2; do
		built "kasan-$version"
		beside "KUnit on KASAN, Linux $version" 1150 "$kunit" "kasan-$version"
		beside "planted bugs on KASAN, Linux $version" 300 "$planted" "kasan-$version"
		beside "use after put on KASAN, Linux $version" 700 "$run" afterput "kasan-$version"
	done

	built kcsan
	beside "KUnit on KCSAN" 1150 "$kunit" kcsan
	beside "planted bugs on KCSAN" 300 "$planted" kcsan
	built kcsan-7.2
	beside "planted bugs on KCSAN, Linux 7.2" 300 "$planted" kcsan-7.2
	built ubsan
	beside "KUnit on UBSAN" 1150 "$kunit" ubsan
	beside "planted bugs on UBSAN" 300 "$planted" ubsan
}

part_kernels() {
	local version
	beside "other kernels are fetched" 1500 fetched rt 6.1-cloud 5.10 6.12 6.12-rt 7.2 7.2-rt
	beside "RT kernel" 1500 all_of_other_kernel rt
	beside "cloud kernel" 1500 all_of_other_kernel 6.1-cloud
	beside "Linux 6.12 RT" 1500 all_of_other_kernel 6.12-rt
	beside "Linux 7.2 RT" 1500 all_of_other_kernel 7.2-rt
	beside "look ahead at experimental's kernel" 900 early_warning experimental
	for version in 5.10 6.12 7.2; do
		beside "knobs on Linux $version" 360 "$run" knobs "$version"
	done
}

part_machines() {
	local name names="i386 armhf ppc64el riscv64 arm64-7.2 s390x-7.2"
	# shellcheck disable=SC2086 # words
	beside "kernels of machines are fetched" 1500 fetched arm64 $names
	for name in $names; do
		beside "$name" 700 other_machine "$name"
	done
	beside "example on arm64" 900 example_with_io arm64
}

part_drivers() {
	local version
	beside "bcache, unmodified" 900 "$TOP/tests/drivers/intree-driver.sh" bcache
	beside "bcache, unmodified, on 7.2" 900 "$TOP/tests/drivers/intree-driver.sh" bcache 7.2
	for version in stock 5.10 6.12 7.2; do
		beside "dm-crypt, unmodified, on $version" 900 \
			"$TOP/tests/drivers/intree-driver.sh" dm-crypt "$version"
	done
}

part_docs() {
	beside "model of forward progress" 4000 "$TOP/docs/model/model.sh"
	beside "barriers in a weak memory model" 120 "$TOP/docs/model/barriers.sh"
	beside "the demonstration" 900 "$TOP/tests/host/demo-test.sh"
	beside "documentation" 1900 "$TOP/docs/check/docs-test.sh"
	beside "documentation on Linux 5.10" 1900 "$TOP/docs/check/docs-test.sh" 5.10
	beside "documentation on Linux 7.2" 1900 "$TOP/docs/check/docs-test.sh" 7.2
}

part_speed() {
	local version
	for version in 5.10 stock 6.12 7.2; do
		beside "instructions on $version" 900 "$TOP/bench/bench-check.sh" "$version"
	done
	beside "throughput against the reserve" 400 env RESERVES=1,8,128 SECS=2 "$TOP/tests/host/tuning.sh"
	built gcov
	beside "coverage" 700 "$TOP/tests/host/coverage.sh"
}

# torture NAME FLAVOUR [KEY=VALUE...]
torture() {
	beside "torture on $1" $((torture_secs * 2 + 400)) \
		"$run" torture "$2" "secs=$torture_secs" "${@:3}"
}

part_soak() {
	local name
	torture "the stock kernel" stock
	torture "eight CPUs" stock cpus=8,maxcpus=12
	torture "the RT kernel" rt
	built kasan
	torture "the KASAN kernel" kasan
	torture "eight CPUs, KASAN" kasan cpus=8
	built ubsan
	torture "UBSAN with faults" ubsan faults=10
	beside "model on the stock kernel" 1400 "$run" apimodel stock calls=1000000
	beside "model on the RT kernel" 700 "$run" apimodel rt calls=300000
	for name in kcsan kcsan-7.2; do
		built "$name"
		beside "ten minutes on $name" 2700 ten_minutes "$name"
	done
	beside "ten minutes on arm64 with four CPUs" 2700 ten_minutes arm64 cpus=4
}

part_install() {
	local suite
	for suite in bullseye trixie sid bookworm; do
		beside "installation in $suite" 5000 installation "$suite"
	done
	wait
	beside "installation refused" 5000 refusals
	beside "Secure Boot" 2000 "$TOP/tests/install/secure-boot.sh"
	beside "in a kernel's source tree" 1800 "$TOP/tests/install/kernel-tree-test.sh"
}

dispatch "$@"
case $torture_secs in
'' | *[!0-9]* | 0*) die "TORTURE_SECS=$torture_secs is not a positive number" ;;
esac
# shellcheck disable=SC2086 # words
[ $# -gt 0 ] || set -- $PARTS
for part; do
	[[ " $PARTS " = *" $part "* ]] || die "there is no part \"$part\"; the parts are: $PARTS"
done
keep_results "$CACHE/release/$(tree_key)"
for part; do
	"part_$part"
done
totals
