#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""What guest.py has to know of QEMU: machines, arguments, monitors.
qemu.py ARCH: print the words that start it without KVM, a line each."""
import collections
import json
import os
import re
import socket
import subprocess
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CACHE = os.path.join(os.environ.get("XDG_CACHE_HOME") or
                     os.path.expanduser("~/.cache"), "bioset")

# two_ports: there is a second serial port for the verdict, which needs no
# driver that might be a module. bus: how virtio devices are called there. words:
# of the kernel's command line. Where an emulated PC has to wait for a busy host,
# its timer may miss the kernel's check, which panics; it works all the same.
Machine = collections.namedtuple(
    "Machine", "program package triplet args words two_ports bus")

PC_WORDS = "console=ttyS0 no_timer_check"

MACHINES = {
    "amd64": Machine("qemu-system-x86_64", "qemu-system-x86",
                     "x86_64-linux-gnu", [], PC_WORDS, True, "pci"),
    "i386": Machine("qemu-system-i386", "qemu-system-x86",
                    "i686-linux-gnu", [], PC_WORDS, True, "pci"),
    "arm64": Machine("qemu-system-aarch64", "qemu-system-arm",
                     "aarch64-linux-gnu",
                     ["-machine", "virt", "-cpu", "cortex-a72"],
                     "console=ttyAMA0", False, "pci"),
    "armhf": Machine("qemu-system-arm", "qemu-system-arm",
                     "arm-linux-gnueabihf",
                     ["-machine", "virt,highmem=off", "-cpu", "cortex-a15"],
                     "console=ttyAMA0", False, "pci"),
    "ppc64el": Machine("qemu-system-ppc64", "qemu-system-ppc",
                       "powerpc64le-linux-gnu", ["-machine", "pseries"],
                       "console=hvc0", False, "pci"),
    "riscv64": Machine("qemu-system-riscv64", "qemu-system-misc",
                       "riscv64-linux-gnu", ["-machine", "virt"],
                       "console=ttyS0", False, "pci"),
    "s390x": Machine("qemu-system-s390x", "qemu-system-misc",
                     "s390x-linux-gnu", ["-machine", "s390-ccw-virtio"],
                     "console=ttysclp0", False, "ccw"),
}


def emulator(arch):
    """The words that start it without KVM: this machine's, or that of Debian 13 if this
    one is too old. That may install something, so it is not to be in a guest's time.

    Before 8.1, a CPU may go on executing what another has patched meanwhile (mended by
    deba78709ae8, "accel/tcg: Always lock pages before translation"). A kernel patches
    itself whenever a static key or a tracepoint is switched: the guest then has an oops
    that says int3, or one of its CPUs takes that trap for ever. A rest of it is in newer
    ones: code may be translated again between the end of its old translation and the
    store that changes it.

    Before 8.0, that of s390x adds the distance in an instruction such as LARL with 32
    bits: what is more than 2 GiB away is looked for 4 GiB below. A module of Linux 7.2 is
    as far from its per-CPU variables."""
    machine = MACHINES[arch]
    said = subprocess.run([machine.program, "--version"], stdout=subprocess.PIPE,
                          text=True, check=True).stdout
    version = re.match(r"QEMU emulator version (\d+)\.(\d+)", said)
    if tuple(map(int, version.groups())) >= (8, 1):
        return [machine.program]
    root = os.path.join(CACHE, "suites/trixie")
    program = os.path.join(root, "usr/bin", machine.program)
    if not os.path.exists(program):
        subprocess.run(["bash", "-c", '. "$0/scripts/lib.sh"; . "$0/tests/lab/debian.sh"\n'
                        'suite_need trixie "emulating CPUs" "$1"', TOP, machine.package],
                       check=True)
    # Started by the suite's own dynamic linker, it needs no chroot and sees all of this
    # machine's files.
    linker = os.path.join(root, "usr/bin/ld.so")
    words = [linker, "--library-path", os.path.dirname(os.path.realpath(linker)), program]
    for directory in ("share/qemu", "share/seabios", "lib/ipxe/qemu"):
        words += ["-L", os.path.join(root, "usr", directory)]
    return words


def probe_kvm(machine, image, out):
    """Does KVM really work here? Asked once for each boot of the host: a device
    node alone proves nothing, and a guest may hang under it."""
    mark = os.path.join(CACHE, "kvm-probe")
    with open("/proc/sys/kernel/random/boot_id", encoding="utf-8") as file:
        boot_id = file.read().strip()
    try:
        with open(mark, encoding="utf-8") as file:
            known_id, answer = file.read().split()
        if known_id == boot_id:
            return answer == "kvm"
    except (OSError, ValueError):
        pass
    print("==> probing KVM", file=sys.stderr, flush=True)
    works = boots_under_kvm(machine, image, os.path.join(out, "kvm.log"))
    with open(mark, "w", encoding="utf-8") as file:
        print(boot_id, "kvm" if works else "tcg", file=file)
    return works


def boots_under_kvm(machine, image, log):
    """Without a root the kernel's last word is a panic and a reboot."""
    command = [machine.program, "-accel", "kvm", "-cpu", "host", "-m", "256",
               "-nodefaults", "-no-user-config", "-display", "none",
               "-no-reboot", "-kernel", image,
               "-append", "console=ttyS0 panic=-1", "-serial", "stdio"]
    with open(log, "w+b") as output:
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL,
                                  stdout=output, stderr=subprocess.STDOUT,
                                  timeout=20, check=False)
        except subprocess.TimeoutExpired:
            return False
        output.seek(0)
        return done.returncode == 0 and b"Kernel panic" in output.read()


def program_and_accel(arch, image, opts, out):
    machine = MACHINES[arch]
    if opts.icount:
        args = emulator(arch) + ["-accel", "tcg", "-icount",
                                 "shift=0,align=off,sleep=off"]
    elif arch == "amd64" and os.access("/dev/kvm", os.W_OK) and \
            probe_kvm(machine, image, out):
        args = [machine.program, "-accel", "kvm", "-cpu", "host"]
    else:
        args = emulator(arch) + ["-accel", "tcg,thread=multi"]
    return args + machine.args


def drive_args(drives):
    args = []
    for drive in drives:
        path, _, keys = drive.partition(",")
        words = ["file=" + os.path.abspath(path), "if=virtio"]
        if "format=" not in keys:
            words.append("format=raw")
        if "cache=" not in keys:
            words.append("cache=writeback")
        args += ["-drive", ",".join(words + [keys] * bool(keys))]
    return args


def port_args(machine, opts):
    """The console and the verdict."""
    args = ["-chardev", "socket,id=con,path=console.sock,server=on,wait=off,"
            "logfile=console.log"]
    if machine.bus == "ccw":
        args += ["-device", "sclpconsole,chardev=con"]
    else:
        args += ["-serial", "chardev:con"]
    if opts.virtio_verdict:
        args += ["-device", "virtio-serial-" + machine.bus,
                 "-chardev", "file,id=verdict,path=verdict",
                 "-device", "virtserialport,chardev=verdict,name=verdict"]
    else:
        args += ["-serial", "file:verdict"]
    return args


def command(arch, image, opts, words, out):
    """QEMU's whole command line; paths of sockets and logs are relative."""
    machine = MACHINES[arch]
    args = program_and_accel(arch, image, opts, out)
    args += drive_args(opts.drive)
    if opts.host_root:
        args += ["-virtfs", "local,path=/,mount_tag=host,security_model=none,"
                 "readonly=on,multidevs=remap"]
    args += ["-smp", opts.smp, "-m", str(opts.mem), "-nodefaults",
             "-no-user-config", "-display", "none", "-no-reboot",
             "-kernel", image, "-initrd", "initramfs",
             "-append", f"{machine.words} {words}"]
    args += port_args(machine, opts)
    args += ["-chardev", "socket,id=mon,path=monitor.sock,server=on,wait=off",
             "-mon", "mon", "-qmp", "unix:qmp.sock,server=on,wait=off"]
    if machine.two_ports:
        args += ["-device", "pvpanic-pci", "-action", "panic=exit-failure"]
    return args + opts.qemu_arg


def connect(out, name):
    """A socket's path must be short, so it is opened from its directory."""
    directory = os.open(out, os.O_PATH)
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(300)
    try:
        sock.connect(f"/proc/self/fd/{directory}/{name}")
    finally:
        os.close(directory)
    return sock


def press_sysrq(out, keys):
    """Have a guest that hangs say where: a break and a key on its console. The
    answer appears in its log, if it can still answer."""
    try:
        monitor, console = connect(out, "monitor.sock"), connect(out, "console.sock")
        for key in keys:
            monitor.sendall(b"chardev-send-break con\n")
            time.sleep(0.5)
            console.sendall(key.encode())
            time.sleep(2)
    except OSError as error:
        print("the guest cannot be asked:", error, file=sys.stderr)


def dump_memory(out):
    """The guest stands still meanwhile."""
    with connect(out, "qmp.sock").makefile("rw") as qmp:
        qmp.readline()
        for name, args in (("qmp_capabilities", {}),
                           ("dump-guest-memory",
                            {"paging": False, "protocol": "file:vmcore"})):
            print(json.dumps({"execute": name, "arguments": args}), file=qmp,
                  flush=True)
            answer = {}
            while "return" not in answer and "error" not in answer:
                answer = json.loads(qmp.readline())
            if "error" in answer:
                raise OSError(f"{name}: {answer['error']['desc']}")


if __name__ == "__main__":
    print(*emulator(sys.argv[1]), sep="\n")
