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

torture_secs=${TORTURE_SECS:-120}
case $torture_secs in
'' | *[!0-9]* | 0*) die "TORTURE_SECS=$torture_secs is not a positive number" ;;
esac

# The kernels are built in steps of their own, not in the tests' time.
kernel() {
	"$TOP/scripts/kernel.sh" "$1" >/dev/null
}

kunit() {
	"$TOP/scripts/kunit.sh" "$1"
}

# The long way, for a kernel whose bio_init() does more than we know
kunit_by_bio_init() {
	APPEND="guest.quick_init=N" kunit uml
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

# bench_check FLAVOUR: no slower than the committed results
bench_check() {
	"$TOP/scripts/bench-check.sh" "$1"
}

dispatch "$@"
torture_limit=$((torture_secs * 2 + 400))

step "tests of every change" 4000 "$TOP/scripts/test.sh"

step "model on the stock kernel" 400 "$run" apimodel stock calls=1000000
step "torture on the stock kernel" "$torture_limit" torture stock
step "torture with eight CPUs" "$torture_limit" torture stock cpus=8,maxcpus=12
step "memory shortage" 300 "$run" lowmem
step "power cuts" 900 power_cuts
step "cgroups" 400 "$run" cgroups
step "throttled, priced, polled" 400 "$run" throttle
step "eight CPUs, two nodes, hotplug" 400 "$run" cpus
step "swap and writeback without memory" 600 "$run" reclaim
step "stacks" 400 "$run" stacks
step "integrity data" 400 "$run" protected
step "suspend, restart, reload" 800 "$run" power

step "example on the KASAN kernel" 600 "$run" example kasan
step "model on the KASAN kernel" 400 "$run" apimodel kasan calls=300000
step "torture on the KASAN kernel" "$torture_limit" torture kasan
step "torture with eight CPUs on the KASAN kernel" "$torture_limit" torture kasan cpus=8
step "use after put on the KASAN kernel" 300 "$run" afterput
step "failure points on the KASAN kernel" 1000 "$run" failnth

step "throughput against the reserve" 400 env RESERVES=1,8,128 SECS=2 "$TOP/scripts/tuning.sh"
step "documentation" 1300 "$TOP/scripts/docs-test.sh"
step "documentation on Linux 5.10" 700 "$TOP/scripts/docs-test.sh" 5.10
step "documentation on Linux 7.2" 700 "$TOP/scripts/docs-test.sh" 7.2
step "package in all suites" 9000 "$TOP/scripts/package-test.sh" suites
step "what the package refuses" 1900 "$TOP/scripts/package-test.sh" refusals
step "installed without a package" 6500 "$TOP/scripts/install-test.sh" life
step "what make install refuses" 2500 "$TOP/scripts/install-test.sh" refusals
step "signed modules" 900 "$TOP/scripts/secure-boot.sh"
step "in a kernel's source tree" 1800 "$TOP/scripts/kernel-tree-test.sh"

step "unloading beside a stuck work item" 200 "$run" stuckwork
step "UML kernel" 1500 kernel uml
step "KUnit by bio_init()" 400 kunit_by_bio_init
step "UML kernel of Linux 7.2" 1500 kernel uml-7.2
step "UML kernel of Linux 5.10" 1500 kernel uml-5.10
step "KUnit on UML, Linux 5.10" 800 kunit uml-5.10
step "KUnit on UML, Linux 7.2" 800 kunit uml-7.2
step "bcache, unmodified" 700 "$TOP/scripts/intree-driver.sh"
step "model of forward progress" 4000 "$TOP/scripts/model.sh"
step "beside a real-time task" 400 "$run" realtime
step "mutants" 5400 "$TOP/scripts/mutants.sh"

step "KCSAN kernel" 1500 kernel kcsan
step "planted bugs on KCSAN" 300 "$TOP/scripts/planted.sh" kcsan
step "KUnit on KCSAN" 900 kunit kcsan
step "torture on KCSAN" "$torture_limit" torture kcsan

step "UBSAN kernel" 1500 kernel ubsan
step "planted bugs on UBSAN" 300 "$TOP/scripts/planted.sh" ubsan
step "KUnit on UBSAN" 900 kunit ubsan
step "torture on UBSAN with faults" "$torture_limit" torture ubsan faults=10

step "model on the RT kernel" 400 "$run" apimodel rt calls=300000
step "torture on the RT kernel" "$torture_limit" torture rt

step "cloud kernel" 1200 other_kernel 6.1-cloud
step "Linux 6.12 RT" 1200 other_kernel 6.12-rt
step "Linux 7.2 RT" 1200 other_kernel 7.2-rt
step "look ahead at experimental's kernel" 900 early_warning experimental
step "knobs on Linux 5.10" 360 "$run" knobs 5.10
step "knobs on Linux 6.12" 360 "$run" knobs 6.12
step "knobs on Linux 7.2" 360 "$run" knobs 7.2

step "i386" 700 other_machine i386
step "armhf" 700 other_machine armhf
step "ppc64el" 700 other_machine ppc64el
step "riscv64" 700 other_machine riscv64
step "Linux 7.2 on arm64" 700 other_machine arm64-7.2
step "Linux 7.2 on s390x" 700 other_machine s390x-7.2
step "example on arm64" 900 example_with_io arm64
step "arm64 with four CPUs" 3600 four_cpus arm64 600

step "instructions on Linux 5.10" 900 bench_check 5.10
step "instructions on Linux 6.1" 900 bench_check stock
step "instructions on Linux 7.2" 900 bench_check 7.2

step "coverage kernel" 1500 kernel gcov
step "coverage" 700 "$TOP/scripts/coverage.sh"
totals
