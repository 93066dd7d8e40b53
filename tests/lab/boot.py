#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""boot.sh [options] GUEST-SCRIPT: run a script in a guest kernel and say how
that went. The last line on stdout is one word, the exit status goes with it:

  0 pass     the script ended with "pass", and the kernel had no complaint
  1 fail     the script failed
  2 warn     the script passed, but the kernel complained (see splats.py)
  3 crash    the kernel panicked
  4 hang     time was up
  5 silence  the guest ended and left no verdict
  6 cut      the power was cut, as --cut-at asked
  7 unjudged what the kernel said could not be judged: splats.py failed
  9          the guest could not be started

Before it come the guest's "CHECK ..." lines and "log: DIRECTORY". There are
console.log, what the kernel said, and splats, what it complained of.

Options:
  --kernel DIR     what kernel.sh or stock.sh printed (required)
  --build DIR      what modules.sh printed: its .ko files go to /ko
  --modules LIST   modules of that kernel to take along, with what they need;
                   the guest loads them with modprobe
  --file SRC[:DST] a file to take along (as /SRC's name, or DST)
  --append WORDS   more of the kernel's command line (guest.x=y reads as
                   "$(word x)" in the script)
  --drive FILE[,KEY=VALUE...]
                   a virtio disk; repeatable: /dev/vda, /dev/vdb, ... It is raw
                   unless "format=qcow2" says otherwise, for disks that are to
                   have snapshots; other keys are those of QEMU's -drive
  --host-root      offer the host's root read-only (mount_host in the script;
                   stock kernels other than cloud)
  --arch ARCH      the guest's machine, by Debian's name (default: what the
                   file "arch" in the kernel's directory says, else amd64):
                   amd64, i386, arm64, armhf, ppc64el, riscv64 or s390x
  --cpu MODEL      QEMU's -cpu
  --mem MIB --time SECONDS      512, 120; with LANES=n in the environment, n above
                   the number of CPUs, the time is so much longer (see steps.sh)
  --smp N[,maxcpus=M,...]
                   CPUs; the guest fails if it has not N of them (default 2)
  --icount         deterministic: one instruction is one nanosecond (1 CPU)
  --virtio-verdict do not use a second serial port for the verdict, but a virtio
                   port; so it is anyway where machines have but one
  --name NAME      names the log directory
  --show REGEX     show the console's matching lines as they come
  --cut-at REGEX   cut the power when the console shows this
  --dump-at REGEX  when the console shows this, write the guest's memory to
                   vmcore in the log directory; the guest goes on after that
  --qemu-arg ARG   an argument for QEMU; repeatable, and so is -- ARGS... at the
                   end: --qemu-arg=-numa --qemu-arg=node,...

While the guest runs, monitor.sock in the log directory is QEMU's monitor and
qmp.sock the one for programs.

How to write a guest script (tests/guest/*.sh). It is run by busybox sh under
"set -eu" with tests/guest/lib.sh read in, so a command that fails ends the
run as "fail". Its very last act, after all checks, is "pass"; a script that
just ends has failed. What it prints appears in the console's log with
"guest: " before it. Useful words (see lib.sh): step, check, fail, must_fail,
load, unload, modprobe, expect_splat, nothing_left, no_leaks, mount_host,
host. Pipes fail if any part of them does. A kernel complaint that is provoked
on purpose stands between the lines "EXPECT-SPLAT-BEGIN text" and
"EXPECT-SPLAT-END" in the kernel's log, from the script (expect_splat) or from
a module (pr_info). There has to be one whose headline has the text; such ones
are not counted (see splats.py).

The verdict has a channel of its own, the second serial port or a virtio port
(under User Mode Linux a file), and carries a nonce from the command line.
"""
import argparse
import fcntl
import glob
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True  # the source tree stays as it is
import qemu  # noqa: E402

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CACHE = os.path.join(os.environ.get("XDG_CACHE_HOME") or
                     os.path.expanduser("~/.cache"), "bioset")
STATUS = {"pass": 0, "fail": 1, "warn": 2, "crash": 3, "hang": 4,
          "silence": 5, "cut": 6, "unjudged": 7}
NO_START = 9
KEPT_LOGS = 39
BOOT_TRIES = 3
POLL = 0.2
PACKAGES = "busybox-static kmod cpio gcc libc6-dev binutils"


class NoStart(Exception):
    """The guest cannot be started, and why."""


def say(text):
    print("==>", text, file=sys.stderr, flush=True)


def compiled(source, program, command):
    """A file of tests/guest for user space, compiled when it has changed."""
    source = os.path.join(TOP, "tests/guest", source)
    program = os.path.join(CACHE, "guest", program)
    if not os.path.exists(program) or \
            os.path.getmtime(source) > os.path.getmtime(program):
        os.makedirs(os.path.dirname(program), exist_ok=True)
        part = f"{program}.{os.getpid()}"
        subprocess.run(command + ["-Os", "-Wall", "-o", part, source],
                       check=True)
        os.rename(part, program)
    return program


# -------------------------------------------------------------- the arguments

class Parser(argparse.ArgumentParser):
    def error(self, message):
        raise NoStart(message + "; boot.sh --help lists the options")


def parse_args(args):
    parser = Parser(prog="boot.sh", add_help=False, allow_abbrev=False)
    add = parser.add_argument
    add("--help", "-h", action="store_true")
    add("--packages", action="store_true")
    add("--kernel")
    for name in ("build", "arch", "cpu", "name", "show", "cut-at", "dump-at"):
        add("--" + name)
    for name in ("modules", "append", "file", "drive", "qemu-arg"):
        add("--" + name, action="append", default=[])
    for name in ("host-root", "icount", "virtio-verdict"):
        add("--" + name, action="store_true")
    add("--mem", type=int, default=512)
    add("--smp", default="2")
    add("--time", type=float, default=120)
    before, extra = args, []
    if "--" in args:
        cut = args.index("--")
        before, extra = args[:cut], args[cut + 1:]
    opts, rest = parser.parse_known_args(before)
    for word in rest:
        if word.startswith("-"):
            parser.error("there is no option " + word)
    opts.script = rest[-1] if rest else None
    opts.qemu_arg += extra
    return opts


def check_args(opts):
    if not opts.script or not opts.kernel:
        raise NoStart("a guest script and --kernel are needed; "
                      "boot.sh --help lists the options")
    if not os.path.isfile(opts.script):
        raise NoStart("no guest script " + opts.script)
    if not re.match(r"[1-9]\d*(,|$)", opts.smp):
        raise NoStart(f"--smp {opts.smp} does not begin with a number of CPUs")
    if opts.icount:
        opts.smp = "1"
    for pattern in (opts.show, opts.cut_at, opts.dump_at):
        try:
            re.compile(pattern or "")
        except re.error as error:
            raise NoStart(f"bad pattern {pattern}: {error}") from None


# ----------------------------------------------------------------- the kernel

class Kernel:
    """What is in a directory that kernel.sh or stock.sh printed."""
    def __init__(self, directory, arch):
        self.dir = os.path.abspath(directory)
        self.arch = arch or self.read("arch") or self.read(".arch") or "amd64"
        if self.arch not in qemu.MACHINES:
            raise NoStart(f"no machine is called {self.arch}; there are: " +
                          " ".join(qemu.MACHINES))
        self.uml = os.access(os.path.join(self.dir, "linux"), os.X_OK)
        own = os.path.join(self.dir, "modroot")
        self.modroot = own if os.path.isdir(own) else self.dir

    def read(self, name):
        try:
            with open(os.path.join(self.dir, name), encoding="utf-8") as file:
                return file.read().strip()
        except OSError:
            return ""

    def image(self):
        for pattern in ("linux", "arch/*/boot/bzImage", "arch/*/boot/Image",
                        "boot/vmlinuz-*"):
            found = glob.glob(os.path.join(self.dir, pattern))
            if found and os.path.isfile(found[0]):
                return found[0]
        raise NoStart("no kernel image in " + self.dir)

    def release(self):
        return os.listdir(os.path.join(self.modroot, "lib/modules"))[0]

    def triplet(self):
        return qemu.MACHINES[self.arch].triplet

    def native(self):
        return self.uml or self.arch == "amd64"


# -------------------------------------------------------------- the initramfs

class Initramfs:
    """The guest's files, gathered in a directory and packed into one file."""
    def __init__(self, kernel, opts, out):
        self.kernel, self.opts, self.out = kernel, opts, out
        self.root = os.path.join(out, "root")

    def path(self, *parts):
        return os.path.join(self.root, *parts)

    def tool(self, name):
        """A program for the guest's machine, run here."""
        return name if self.kernel.native() else \
            f"{self.kernel.triplet()}-{name}"

    def loader(self):
        """A module loader that tries once; see loadmod.c."""
        arch = "" if self.kernel.native() else self.kernel.arch
        return compiled("loadmod.c", os.path.join(arch, "loadmod"),
                        [self.tool("gcc"), "-static"])

    def busybox(self):
        if self.kernel.native():
            return shutil.which("busybox")
        path = os.path.join(CACHE, "guest", self.kernel.arch, "busybox")
        if not os.path.exists(path):
            raise NoStart(f"the program of Debian's busybox-static for "
                          f"{self.kernel.arch} is missing: {path}")
        return path

    def add_programs(self):
        shutil.copy(self.busybox(), self.path("bin/busybox"))
        shutil.copy(self.loader(), self.path("bin/loadmod"))
        # The kernel asks for /sbin/modprobe by itself.
        os.symlink("bin", self.path("sbin"))
        # Links made here are links that a slow guest need not make.
        names = subprocess.run(["busybox", "--list"], check=True, text=True,
                               stdout=subprocess.PIPE).stdout.split()
        for name in names:
            if name != "busybox":
                os.symlink("busybox", self.path("bin", name))

    def wanted_modules(self):
        names = " ".join(self.opts.modules).split()
        if self.opts.host_root:
            names += ["virtio_pci", "9pnet_virtio", "9p"]
        if self.opts.drive:
            names += ["virtio_pci", "virtio_blk"]
        if self.opts.virtio_verdict:
            names += ["virtio_pci", "virtio_console"]
        return names

    def module_files(self):
        """Paths below modroot, with those that they need."""
        root, files = self.kernel.modroot, set()
        for name in self.wanted_modules():
            shown = subprocess.run(
                ["modprobe", "-d", root, "-S", self.kernel.release(),
                 "--show-depends", name], text=True, check=False,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            if shown.returncode:
                raise NoStart(f"the kernel in {self.kernel.dir} has no "
                              f"module {name}")
            files |= {os.path.relpath(line.split()[1], root)
                      for line in shown.stdout.splitlines()
                      if line.startswith("insmod ")}
        return sorted(files)

    def add_kernel_modules(self):
        release = self.kernel.release()
        directory = os.path.join("lib/modules", release)
        os.makedirs(self.path(directory))
        for name in ("builtin", "builtin.modinfo", "order"):
            source = os.path.join(self.kernel.modroot, directory,
                                  "modules." + name)
            if os.path.exists(source):
                shutil.copy(source, self.path(directory))
        for name in self.module_files():
            os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
            self.strip(os.path.join(self.kernel.modroot, name),
                       self.path(name))
        subprocess.run(["depmod", "-b", self.root, release], check=True)

    def strip(self, source, target):
        subprocess.run([self.tool("strip"), "--strip-debug", "-o", target,
                        source], check=True)

    def add_our_modules(self):
        for directory, _, names in os.walk(self.opts.build or os.devnull):
            for name in names:
                if name.endswith(".ko"):
                    self.strip(os.path.join(directory, name),
                               self.path("ko", name))

    def add_files(self):
        for spec in self.opts.file:
            source, _, target = spec.partition(":")
            target = self.path((target or os.path.basename(source)).lstrip("/"))
            if not os.path.exists(source):
                raise NoStart("no file " + source)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copy(source, target)
            os.chmod(target, 0o755)

    def make(self):
        """Not compressed: under emulation, unpacking costs more than reading."""
        for name in "bin ko lib dev proc sys run tmp mnt".split():
            os.makedirs(self.path(name))
        for source, target in (("tests/guest/init", "init"),
                               ("tests/guest/lib.sh", "lib/guest.sh")):
            shutil.copy(os.path.join(TOP, source), self.path(target))
        os.chmod(self.path("init"), 0o755)
        shutil.copy(self.opts.script, self.path("main"))
        self.add_programs()
        self.add_kernel_modules()
        self.add_our_modules()
        self.add_files()
        with open(os.path.join(self.out, "initramfs"), "wb") as packed:
            subprocess.run("find . | cpio -o -H newc -R 0:0 --quiet",
                           shell=True, cwd=self.root, check=True,
                           stdout=packed)
        shutil.rmtree(self.root)


# ------------------------------------------------------------------ the guest

class Guest:
    """A guest that runs, from its start to its end."""
    def __init__(self, kernel, opts, out):
        self.kernel, self.opts, self.out = kernel, opts, out
        self.nonce = secrets.token_hex(8)
        self.process = None
        self.ended = "done"
        self.seen = 0           # bytes of the console that were looked at
        self.rest = ""          # a last line that is not whole yet
        self.dumped = False
        self.verdict_at = None

    def words(self):
        """What every guest has on its kernel's command line."""
        words = ["loglevel=6", "printk.devkmsg=on", "kunit.enable=1",
                 "guest.nonce=" + self.nonce]
        if self.opts.drive:
            words.append(f"guest.drives={len(self.opts.drive)}")
        if self.opts.virtio_verdict:
            words.append("guest.verdict=virtio")
        return words + self.opts.append

    def environment(self):
        """What User Mode Linux needs where the CPU has AMX; see fpregs.c."""
        with open("/proc/cpuinfo", encoding="ascii") as info:
            if not self.kernel.uml or " amx_tile" not in info.read():
                return None
        preload = compiled("fpregs.c", "fpregs.so",
                           ["gcc", "-shared", "-fPIC"])
        return {**os.environ, "LD_PRELOAD": preload}

    def start(self):
        image = self.kernel.image()
        if self.kernel.uml:
            command = [image, f"mem={self.opts.mem}M", "initrd=initramfs",
                       "hostfs=" + self.out, "con=null", "con0=null,fd:1",
                       "stderr=1", "guest.hostfs=1"]
            command += " ".join(self.words()).split()
        else:
            words = self.words() + [
                "panic=-1", "guest.cpus=" + self.opts.smp.split(",")[0]]
            command = qemu.command(self.kernel.arch, image, self.opts,
                                   " ".join(words), self.out, CACHE)
        log = "console.log" if self.kernel.uml else "qemu.log"
        # User Mode Linux starts several processes; a session of their own
        # lets us end them all. Sockets need short paths: they are relative.
        with open(os.path.join(self.out, log), "wb") as output:
            self.process = subprocess.Popen(
                command, cwd=self.out, env=self.environment(),
                stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT, start_new_session=True)

    def stop(self):
        if self.process:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self.process.wait()

    def new_lines(self):
        """The console's lines since the last call, whole ones."""
        try:
            with open(os.path.join(self.out, "console.log"), "rb") as console:
                console.seek(self.seen)
                data = console.read()
        except FileNotFoundError:
            return []
        self.seen += len(data)
        text = self.rest + data.decode(errors="replace")
        lines = text.replace("\r", "").split("\n")
        self.rest = lines.pop()
        return lines

    def look(self, lines):
        """Show, dump and cut as asked; True: the power is to be cut."""
        for line in lines:
            bare = re.sub(r"^guest: ", "",
                          re.sub(r"^\[ *[\d.]*\](\[ *[CT]\d+\])? ", "", line))
            if self.opts.show and re.search(self.opts.show, bare):
                print(bare, file=sys.stderr, flush=True)
            if self.opts.dump_at and not self.dumped and \
                    re.search(self.opts.dump_at, line):
                self.dumped = True
                say("writing the guest's memory")
                qemu.dump_memory(self.out)
            if self.opts.cut_at and re.search(self.opts.cut_at, line):
                return True
        return False

    def watch(self):
        """Until it ends, time is up or the power is cut."""
        end = time.monotonic() + self.opts.time * patience()
        while True:
            running = self.process.poll() is None and not self.stuck_at_end()
            if self.look(self.new_lines()):
                self.ended = "cut"
            elif not running:
                self.ended = "done"
            elif time.monotonic() >= end:
                self.ended = "hang"
                self.ask_where()
            else:
                time.sleep(POLL)
                continue
            return

    def stuck_at_end(self):
        """Whether the verdict is given and half a minute later the guest is
        still there: on a busy machine QEMU's s390x may not end by a restart."""
        if self.kernel.arch != "s390x" or \
                f"VERDICT {self.nonce} " not in self.read("verdict"):
            return False
        self.verdict_at = self.verdict_at or time.monotonic()
        return time.monotonic() - self.verdict_at > 30

    def crashed_early(self):
        """Whether the kernel crashed before anything of ours ran. Without KVM, on
        a busy host, an interrupt may come where a kernel that boots expects
        none."""
        console = self.read("console.log")
        return "guest: begins" not in console and \
            re.search(r": [0-9a-f]{4} \[#|Kernel panic", console)

    def ask_where(self):
        if not self.kernel.uml:
            qemu.press_sysrq(self.out, "wl")

    # ------------------------------------------------------------ the verdict

    def read(self, name):
        try:
            with open(os.path.join(self.out, name), encoding="utf-8",
                      errors="replace") as file:
                return file.read().replace("\r", "").replace("\0", "")
        except FileNotFoundError:
            return ""

    def drop_doubles(self):
        """The two consoles of s390x end in one log. A line has its time, so
        the same once more is the other console's."""
        path = os.path.join(self.out, "console.log")
        with open(path, encoding="utf-8", errors="replace",
                  newline="") as console:
            text = console.read().replace("\r", "")
        # One may have come in the midst of the other's line.
        text = re.sub(r"(?<=[^\n])(\[ *\d+\.\d{6}\] )", r"\n\1", text)
        lines = dict.fromkeys(text.split("\n"))
        with open(path, "w", encoding="utf-8") as console:
            console.write("\n".join(lines) + "\n")

    def complaints(self):
        """How many, or None: splats.py broke down. SPLATS: another judge, for
        the harness's own test."""
        judge = os.environ.get("SPLATS") or \
            os.path.join(TOP, "tests/lab/splats.py")
        path = os.path.join(self.out, "splats")
        if self.kernel.arch == "s390x":
            self.drop_doubles()
        with open(path, "wb") as found, open(path + ".log", "wb") as errors:
            subprocess.run([sys.executable, judge, "console.log"], check=False,
                           cwd=self.out, stdout=found, stderr=errors)
        last = re.search(r"^complaints: (\d+)\n\Z", self.read("splats"),
                         re.MULTILINE)
        return int(last.group(1)) if last else None

    def outcome(self):
        last = (self.read("verdict").splitlines() or [""])[-1]
        complaints = self.complaints()
        if self.ended == "hang":
            return "hang"
        if "Kernel panic" in self.read("console.log"):
            return "crash"
        if self.ended == "done":
            if last == f"VERDICT {self.nonce} fail":
                return "fail"
            if last != f"VERDICT {self.nonce} pass":
                return "silence"
        if complaints is None:
            return "unjudged"
        if complaints:
            return "warn"
        return "cut" if self.ended == "cut" else "pass"

    def explain(self, outcome):
        """What there is to know of a run that did not pass."""
        say(f"outcome: {outcome} (log: {self.out}/console.log)")
        lines = self.read("console.log").splitlines()
        asked = [n for n, line in enumerate(lines) if "sysrq: Show" in line]
        before = lines[:asked[0]] if asked else lines
        after = lines[asked[0]:] if asked else []
        shown = self.read("splats.log").splitlines()
        shown += self.read("splats").splitlines()[:100]
        # "warn" is fully explained by what the kernel said; after a hang,
        # first where it stood, then what it answered when asked.
        if outcome != "warn":
            shown += before[-60:]
        print("\n".join(shown + after[:100]), file=sys.stderr)

    def report(self):
        errors = self.read("qemu.log")
        if errors and not self.read("console.log"):
            raise NoStart("\n".join(errors.splitlines()[:3]))
        outcome = self.outcome()
        if outcome not in ("pass", "cut"):
            self.explain(outcome)
        for line in self.read("verdict").splitlines():
            if line.startswith("CHECK "):
                print(line)
        print("log:", self.out)
        print(outcome, flush=True)
        return STATUS[outcome]


def patience():
    """How much longer all takes when each CPU serves several lanes."""
    cpus = os.cpu_count()
    lanes = os.environ.get("LANES") or str(cpus)
    if not lanes.isdigit():
        raise NoStart(f"LANES={lanes} is not a number")
    return max(int(lanes), cpus) / cpus


def claim(path):
    """Take a log directory until this process ends; False if another one has."""
    directory = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(directory, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(directory)
        return False
    return True


def log_directory(name):
    """The latest logs are kept; older ones go, but not those of a run that goes
    on."""
    runs = os.path.join(CACHE, "runs")
    os.makedirs(runs, exist_ok=True)
    logs = []
    for entry in os.scandir(runs):
        try:
            logs.append((entry.stat().st_mtime, entry.path))
        except FileNotFoundError:
            pass    # another run took it
    for _, path in sorted(logs, reverse=True)[KEPT_LOGS:]:
        try:
            if claim(path):
                shutil.rmtree(path, ignore_errors=True)
        except FileNotFoundError:
            pass    # likewise
    path = tempfile.mkdtemp(prefix=name + ".", dir=runs)
    claim(path)
    return path


def packages(kernel):
    names = PACKAGES.split()
    if not kernel.uml:
        names.append(qemu.MACHINES[kernel.arch].package)
    if not kernel.native():
        names += [f"gcc-{kernel.triplet()}", f"libc6-dev-{kernel.arch}-cross"]
    return names


def run(opts, kernel):
    name = opts.name or os.path.basename(opts.script).removesuffix(".sh")
    out = log_directory(name)
    try:
        Initramfs(kernel, opts, out).make()
        for left in reversed(range(BOOT_TRIES)):
            guest = Guest(kernel, opts, out)
            try:
                guest.start()
                guest.watch()
            finally:
                guest.stop()
            if not left or not guest.crashed_early():
                break
            say("the kernel crashed before it ran /init; once more")
    finally:
        if os.path.exists(os.path.join(out, "initramfs")):
            os.remove(os.path.join(out, "initramfs"))
    guest.look(guest.new_lines())
    return guest.report()


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    signal.signal(signal.SIGINT, lambda *_: sys.exit(130))
    try:
        opts = parse_args(sys.argv[1:])
        if opts.help:
            print(__doc__)
            return 0
        check_args(opts)
        kernel = Kernel(opts.kernel, opts.arch)
        if kernel.uml:
            opts.virtio_verdict = False
        elif not qemu.MACHINES[kernel.arch].two_ports:
            opts.virtio_verdict = True
        if opts.packages:
            print(*packages(kernel))
            return 0
        kernel.image()
        return run(opts, kernel)
    except (NoStart, subprocess.CalledProcessError) as error:
        print("boot.sh: error:", error, file=sys.stderr)
        return NO_START


if __name__ == "__main__":
    sys.exit(main())
