#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# test-all.sh: the tests of a release: those of every change, then long random
# runs, injected faults, real memory shortage and power cuts, on every test
# kernel. TORTURE_SECS=n: how long each torture run is (default 120).

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=steps.sh
. "$TOP/scripts/steps.sh"
# shellcheck source=other-kernels.sh
. "$TOP/scripts/other-kernels.sh"

kunit=$TOP/scripts/kunit.sh
torture_secs=${TORTURE_SECS:-120}
case $torture_secs in
'' | *[!0-9]* | 0*) die "TORTURE_SECS=$torture_secs is not a positive number" ;;
esac

# The kernels are built in steps of their own, not in the tests' time; what comes
# before is still running beside them.
kernel() {
	"$TOP/scripts/kernel.sh" "$1" >/dev/null
}

# ten_minutes FLAVOUR [KEY=VALUE...]: each; for the order of memory accesses
ten_minutes() {
	local status=0
	"$run" torture "$1" secs=600 "${@:2}" || status=1
	"$run" apimodel "$1" secs=600 "${@:2}" || status=1
	return $status
}

# The long way, for a kernel whose bio_init() does more than we know
kunit_by_bio_init() {
	APPEND="guest.quick_init=N" "$kunit" uml
}

# torture FLAVOUR [KEY=VALUE...]
torture() {
	"$run" torture "$1" "secs=$torture_secs" "${@:2}"
}

power_cuts() {
	local status=0
	"$run" writecache || status=1
	"$run" powercut fs=ext4 || status=1
	"$run" powercut fs=xfs || status=1
	return $status
}

# One after the other, since they make machines of the same suites
installation() {
	local status=0
	"$TOP/scripts/package-test.sh" suites || status=1
	"$TOP/scripts/package-test.sh" refusals || status=1
	"$TOP/scripts/install-test.sh" life || status=1
	"$TOP/scripts/install-test.sh" refusals || status=1
	"$TOP/scripts/secure-boot.sh" || status=1
	return $status
}

dispatch "$@"
torture_limit=$((torture_secs * 2 + 400))

step "tests of every change" 4000 "$TOP/scripts/test.sh"

beside "model on the stock kernel" 400 "$run" apimodel stock calls=1000000
beside "torture on the stock kernel" "$torture_limit" torture stock
beside "torture with eight CPUs" "$torture_limit" torture stock cpus=8,maxcpus=12
beside "memory shortage" 300 "$run" lowmem
beside "power cuts" 900 power_cuts
beside "cgroups" 400 "$run" cgroups
beside "throttled, priced, polled" 400 "$run" throttle
beside "eight CPUs, two nodes, hotplug" 400 "$run" cpus
beside "swap and writeback without memory" 600 "$run" reclaim
beside "stacks" 400 "$run" stacks
beside "integrity data" 400 "$run" protected
beside "suspend, restart, reload" 800 "$run" power

beside "example on the KASAN kernel" 600 "$run" example kasan
beside "model on the KASAN kernel" 400 "$run" apimodel kasan calls=300000
beside "torture on the KASAN kernel" "$torture_limit" torture kasan
beside "torture with eight CPUs on the KASAN kernel" "$torture_limit" torture kasan cpus=8
beside "use after put on the KASAN kernel" 700 "$run" afterput
beside "failure points on the KASAN kernel" 1000 "$run" failnth

beside "throughput against the reserve" 400 env RESERVES=1,8,128 SECS=2 "$TOP/scripts/tuning.sh"
beside "memory dump of Linux 7.2" 500 "$TOP/scripts/drgn-test.sh" 7.2
beside "the demonstration" 900 "$TOP/scripts/demo-test.sh"
beside "documentation" 1900 "$TOP/scripts/docs-test.sh"
beside "documentation on Linux 5.10" 1900 "$TOP/scripts/docs-test.sh" 5.10
beside "documentation on Linux 7.2" 1900 "$TOP/scripts/docs-test.sh" 7.2
beside "installation" 21000 installation
beside "in a kernel's source tree" 1800 "$TOP/scripts/kernel-tree-test.sh"

beside "unloading beside a stuck work item" 200 "$run" stuckwork
step "UML kernel" 1500 kernel uml
beside "KUnit by bio_init()" 1150 kunit_by_bio_init
step "UML kernel of Linux 7.2" 1500 kernel uml-7.2
beside "KUnit on UML, Linux 7.2" 1150 "$kunit" uml-7.2
step "UML kernel of Linux 6.12" 1500 kernel uml-6.12
beside "KUnit on UML, Linux 6.12" 1150 "$kunit" uml-6.12
step "UML kernel of Linux 5.10" 1500 kernel uml-5.10
beside "KUnit on UML, Linux 5.10" 1150 "$kunit" uml-5.10

for version in 5.10 6.12 7.2; do
	step "KASAN kernel of Linux $version" 1500 kernel "kasan-$version"
	beside "planted bugs on KASAN, Linux $version" 300 "$TOP/scripts/planted.sh" "kasan-$version"
	beside "KUnit on KASAN, Linux $version" 1150 "$kunit" "kasan-$version"
	beside "use after put on KASAN, Linux $version" 700 "$run" afterput "kasan-$version"
done
beside "bcache, unmodified" 900 "$TOP/scripts/intree-driver.sh" bcache
beside "bcache, unmodified, on Linux 7.2" 900 "$TOP/scripts/intree-driver.sh" bcache 7.2
for version in stock 5.10 6.12 7.2; do
	beside "dm-crypt, unmodified, on $version" 900 "$TOP/scripts/intree-driver.sh" dm-crypt "$version"
done
beside "model of forward progress" 4000 "$TOP/scripts/model.sh"
beside "barriers in a weak memory model" 120 "$TOP/scripts/barriers.sh"
beside "beside a real-time task" 400 "$run" realtime
beside "mutants" 5400 "$TOP/scripts/mutants.sh"

step "KCSAN kernel" 1500 kernel kcsan
beside "planted bugs on KCSAN" 300 "$TOP/scripts/planted.sh" kcsan
beside "KUnit on KCSAN" 1150 "$kunit" kcsan
beside "ten minutes on KCSAN" 2700 ten_minutes kcsan

step "KCSAN kernel of Linux 7.2" 1500 kernel kcsan-7.2
beside "planted bugs on KCSAN, Linux 7.2" 300 "$TOP/scripts/planted.sh" kcsan-7.2
beside "ten minutes on KCSAN, Linux 7.2" 2700 ten_minutes kcsan-7.2

step "UBSAN kernel" 1500 kernel ubsan
beside "planted bugs on UBSAN" 300 "$TOP/scripts/planted.sh" ubsan
beside "KUnit on UBSAN" 1150 "$kunit" ubsan
beside "torture on UBSAN with faults" "$torture_limit" torture ubsan faults=10

beside "model on the RT kernel" 400 "$run" apimodel rt calls=300000
beside "torture on the RT kernel" "$torture_limit" torture rt

beside "RT kernel" 1500 all_of_other_kernel rt
beside "cloud kernel" 1500 all_of_other_kernel 6.1-cloud
beside "Linux 6.12 RT" 1500 all_of_other_kernel 6.12-rt
beside "Linux 7.2 RT" 1500 all_of_other_kernel 7.2-rt
beside "look ahead at experimental's kernel" 900 early_warning experimental
beside "knobs on Linux 5.10" 360 "$run" knobs 5.10
beside "knobs on Linux 6.12" 360 "$run" knobs 6.12
beside "knobs on Linux 7.2" 360 "$run" knobs 7.2

beside "i386" 700 other_machine i386
beside "armhf" 700 other_machine armhf
beside "ppc64el" 700 other_machine ppc64el
beside "riscv64" 700 other_machine riscv64
beside "Linux 7.2 on arm64" 700 other_machine arm64-7.2
beside "Linux 7.2 on s390x" 700 other_machine s390x-7.2
beside "example on arm64" 900 example_with_io arm64
beside "ten minutes on arm64 with four CPUs" 2700 ten_minutes arm64 cpus=4

beside "instructions on Linux 5.10" 900 "$TOP/scripts/bench-check.sh" 5.10
beside "instructions on Linux 6.1" 900 "$TOP/scripts/bench-check.sh" stock
beside "instructions on Linux 6.12" 900 "$TOP/scripts/bench-check.sh" 6.12
beside "instructions on Linux 7.2" 900 "$TOP/scripts/bench-check.sh" 7.2

step "coverage kernel" 1500 kernel gcov
beside "coverage" 700 "$TOP/scripts/coverage.sh"
totals
