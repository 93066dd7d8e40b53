# SPDX-License-Identifier: GPL-2.0
"""What boot.py has to know of QEMU: machines, arguments, monitors."""
import collections
import json
import os
import socket
import subprocess
import sys
import time

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
    """What starts it without KVM: see qemu.sh. This may install something, so it
    is not to be in a guest's time."""
    machine = MACHINES[arch]
    script = os.path.join(os.path.dirname(__file__), "qemu.sh")
    words = subprocess.run([script, machine.program, machine.package],
                           stdout=subprocess.PIPE, text=True, check=True)
    return words.stdout.splitlines()


def probe_kvm(machine, image, out, cache):
    """Does KVM really work here? Asked once for each boot of the host: a device
    node alone proves nothing, and a guest may hang under it."""
    mark = os.path.join(cache, "kvm-probe")
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


def program_and_accel(arch, image, opts, out, cache):
    machine = MACHINES[arch]
    if opts.icount:
        args = emulator(arch) + ["-accel", "tcg", "-icount",
                                 "shift=0,align=off,sleep=off"]
    elif arch == "amd64" and os.access("/dev/kvm", os.W_OK) and \
            probe_kvm(machine, image, out, cache):
        args = [machine.program, "-accel", "kvm", "-cpu", "host"]
    else:
        args = emulator(arch) + ["-accel", "tcg,thread=multi"]
    return args + machine.args + (["-cpu", opts.cpu] if opts.cpu else [])


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


def command(arch, image, opts, words, out, cache):
    """QEMU's whole command line; paths of sockets and logs are relative."""
    machine = MACHINES[arch]
    args = program_and_accel(arch, image, opts, out, cache)
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
