#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""boot.sh OPTIONS... GUEST-SCRIPT: run a script in a guest kernel and say how
that went. tests/lab/run does the same by kernels' and scripts' names.

The last line on stdout is one word, the exit status goes with it:

  0 pass     the script ended with "pass", and the kernel had no complaint
  1 fail     the script failed
  2 warn     the script passed, but the kernel complained (see judge.py)
  3 crash    the kernel panicked, or was silent after an oops or the like
  4 hang     time was up
  5 silence  the guest ended and left no verdict
  6 cut      the power was cut, as --cut-at asked
  7 unjudged what the kernel said could not be judged: judge.py failed
  9          the guest could not be started

Before it come the guest's "CHECK ..." lines and "log: DIRECTORY". There are
console.log, what the kernel said, and splats, what it complained of.

Options; those with LIST, SRC, WORDS, FILE and ARG may be repeated:
  --kernel DIR     what kernel.sh or stock.sh printed (required)
  --build DIR      what modules.sh printed: its .ko files go to /ko
  --modules LIST   modules of that kernel to take along, with what they need;
                   the guest loads them with modprobe
  --file SRC[:DST] a file to take along (as /SRC's name, or DST)
  --append WORDS   more of the kernel's command line (guest.x=y reads as
                   "$(word x)" in the script)
  --drive FILE[,KEY=VALUE...]
                   a virtio disk: /dev/vda, /dev/vdb, ... It is raw unless
                   "format=qcow2" says otherwise; other keys are QEMU's
  --host-root      offer the host's root read-only (mount_host in the script;
                   stock kernels other than cloud)
  --mem MIB --time SECONDS      512, 120; with BIOSET_LANES=n in the environment
                   (guests that run at once), or a busy machine, it is longer
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
  --qemu-arg ARG   an argument for QEMU, and so is all after --

While the guest runs, monitor.sock in the log directory is QEMU's monitor and
qmp.sock the one for programs.

How to write a guest script (tests/guest/*.sh). It is run by busybox sh under
"set -eu" with tests/guest/lib.sh read in, so a command that fails ends the
run as "fail". Its very last act, after all checks, is "pass"; a script that
just ends has failed. What it prints appears in the console's log with
"guest: " before it. Useful words (see lib.sh): step, check, fail, must_fail,
load, unload, modprobe, expect_splat, nothing_left, no_leaks, mount_host,
host. Pipes fail if any part of them does. Others may run after it in the same
guest: it unloads what it has loaded. Mounts, /run and /tmp are its own.

A kernel complaint that is provoked on purpose stands between the lines
"EXPECT-SPLAT-BEGIN text" and "EXPECT-SPLAT-END" in the kernel's log, from the
script (expect_splat) or from a module (pr_info); see judge.py.

The verdict has a channel of its own, the second serial port or a virtio port
(under User Mode Linux a file), and carries a nonce from the command line.
"""
import argparse
import collections
import fcntl
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
from initramfs import CACHE, TOP, Initramfs, Kernel, NoStart, made, need, say  # noqa: E402

STATUS = {"pass": 0, "fail": 1, "warn": 2, "crash": 3, "hang": 4,
          "silence": 5, "cut": 6, "unjudged": 7}
NO_START = 9
KEPT_LOGS = 39
BOOT_TRIES = 3
BOOT_LIMIT = 120
POLL = 0.1
# A kernel that said such a thing and then nothing has crashed.
CRASHED = re.compile(r"\[#\d+\]|\bBUG:|K[AC]SAN:|UBSAN:|\bOops\b|Internal error:|"
                     r"Unable to handle|general protection")

# words: the script's arguments, KEY=VALUE; limit: its seconds
Script = collections.namedtuple("Script", "name path words limit")
Result = collections.namedtuple("Result", "script outcome checks log")
LEAKS = Script("leaks", "", [], BOOT_LIMIT)


# -------------------------------------------------------------- the arguments

class Parser(argparse.ArgumentParser):
    def error(self, message):
        raise NoStart(message + "; boot.sh --help lists the options")


def parser():
    made = Parser(prog="boot.sh", allow_abbrev=False, add_help=False)
    add = made.add_argument
    add("--help", "-h", action="store_true")
    for name in ("kernel", "name", "show", "cut-at", "dump-at"):
        add("--" + name)
    for name in ("modules", "build", "file", "append", "drive", "qemu-arg"):
        add("--" + name, action="append", default=[])
    for name in ("host-root", "icount", "virtio-verdict"):
        add("--" + name, action="store_true")
    add("--mem", type=int, default=512)
    add("--smp", default="2")
    add("--time", type=float, default=120)
    add("script", nargs="?")
    return made


def parse_args(args):
    before, extra = args, []
    if "--" in args:
        cut = args.index("--")
        before, extra = args[:cut], args[cut + 1:]
    opts = parser().parse_args(before)
    opts.qemu_arg += extra
    return opts


def check_args(opts):
    if not re.match(r"[1-9]\d*(,|$)", opts.smp):
        raise NoStart(f"--smp {opts.smp} does not begin with a number of CPUs")
    if opts.icount:
        opts.smp = "1"
    for pattern in (opts.show, opts.cut_at, opts.dump_at):
        try:
            re.compile(pattern or "")
        except re.error as error:
            raise NoStart(f"bad pattern {pattern}: {error}") from None


# ------------------------------------------------------------------ the guest

class Guest:
    """A guest that runs, from its start to its end."""
    def __init__(self, kernel, opts, scripts, out):
        self.kernel, self.opts, self.scripts, self.out = kernel, opts, scripts, out
        self.nonce = secrets.token_hex(8)
        self.process = None
        self.ended = "done"
        self.seen = 0           # bytes of the console that were looked at
        self.rest = ""          # a last line that is not whole yet
        self.dumped = False
        self.verdict_at = None
        self.script = 0         # the number of the one that runs
        self.end = time.monotonic() + BOOT_LIMIT * patience()

    def words(self):
        """What every guest has on its kernel's command line. KASAN is to report more
        than one thing."""
        words = ["loglevel=6", "printk.devkmsg=on", "kunit.enable=1", "kasan_multi_shot",
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
        preload = made(os.path.join(CACHE, "guest/fpregs.so"),
                       os.path.join(TOP, "tests/guest/fpregs.c"),
                       ["gcc", "-shared", "-fPIC", "-Os", "-Wall"])
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
                                   " ".join(words), self.out)
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

    def time_is_up(self):
        """Each script has its own time, from its beginning to the next one's."""
        begun = self.verdict()[0]
        if len(begun) > self.script:
            self.script = len(begun)
            self.end = time.monotonic() + begun[-1][0].limit * patience()
        return time.monotonic() >= self.end

    def watch(self):
        """Until it ends, time is up or the power is cut."""
        while True:
            running = self.process.poll() is None and not self.stuck_at_end()
            if self.look(self.new_lines()):
                self.ended = "cut"
            elif not running:
                self.ended = "done"
            elif self.time_is_up():
                self.ended = "hang"
                if not self.kernel.uml:
                    qemu.press_sysrq(self.out, "wl")
            else:
                time.sleep(POLL)
                continue
            return

    def stuck_at_end(self):
        """Whether the verdict is given and half a minute later the guest is
        still there: on a busy machine QEMU's s390x may not end by a restart."""
        if self.kernel.arch != "s390x" or not self.verdict()[1]:
            return False
        self.verdict_at = self.verdict_at or time.monotonic()
        return time.monotonic() - self.verdict_at > 30

    def failed_early(self):
        """Whether the kernel crashed, or stood still, before anything of ours ran.
        Without KVM, on a busy host, an interrupt may come where a kernel that boots
        expects none, or be lost."""
        console = self.read("console.log")
        return "guest: begins" not in console and (self.ended == "hang" or bool(
            re.search(r": [0-9a-f]{4} \[#|Kernel panic", console)))

    # ------------------------------------------------------------ the verdict

    def read(self, name):
        try:
            with open(os.path.join(self.out, name), encoding="utf-8",
                      errors="replace") as file:
                return file.read().replace("\r", "").replace("\0", "")
        except FileNotFoundError:
            return ""

    def verdict(self):
        """The scripts that have begun, each with its results, and the word about the
        last."""
        begun, word = [], ""
        for line in self.read("verdict").splitlines():
            if line == f"BEGIN {self.nonce} leaks":
                begun.append((LEAKS, []))
            elif line == f"BEGIN {self.nonce} {len(begun) + 1}":
                begun.append((self.scripts[len(begun)], []))
            elif line.startswith("CHECK ") and begun:
                begun[-1][1].append(line.removeprefix("CHECK "))
            elif line.startswith(f"VERDICT {self.nonce} "):
                word = line.split()[2]
        return begun, word

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
        """In which scripts there are any, or None: judge.py broke down. JUDGE:
        another one, for the harness's own test."""
        judge = os.environ.get("JUDGE") or os.path.join(TOP, "tests/lab/judge.py")
        path = os.path.join(self.out, "splats")
        if self.kernel.arch == "s390x":
            self.drop_doubles()
        with open(path, "wb") as found, open(path + ".log", "wb") as errors:
            subprocess.run([sys.executable, judge, "console.log"], check=False,
                           cwd=self.out, stdout=found, stderr=errors)
        last = re.search(r"^complaints: \d+ in((?: \d+)*)\n\Z", self.read("splats"),
                         re.MULTILINE)
        # What the boot says is the first script's.
        return [max(int(n), 1) for n in last.group(1).split()] if last else None

    def outcome_of_last(self, word, complained):
        if self.ended == "hang":
            return "hang"
        if "Kernel panic" in self.read("console.log"):
            return "crash"
        if self.ended == "done" and word == "fail":
            return "fail"
        if self.ended == "done" and word != "pass":
            return "crash" if complained and CRASHED.search(self.read("splats")) \
                else "silence"
        return "cut" if self.ended == "cut" else "pass"

    def results(self):
        """Up to the first script that did not pass: what ran in the kernel after that
        does not count."""
        begun, word = self.verdict()
        complaints = self.complaints()
        for number, (script, checks) in enumerate(begun or [(self.scripts[0], [])], 1):
            complained = complaints is None or number in complaints
            outcome = "pass"
            if number >= len(begun):
                outcome = self.outcome_of_last(word, complained)
            if outcome in ("pass", "cut") and complained:
                outcome = "unjudged" if complaints is None else "warn"
            yield Result(script, outcome, checks, self.out)
            if outcome != "pass":
                self.explain(script.name, outcome)
                return

    def explain(self, name, outcome):
        """What there is to know of a run that did not pass."""
        if outcome == "cut":
            return
        say(f"{name}: outcome: {outcome} (log: {self.out}/console.log)")
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
        print("\n".join(shown + after[:100]), file=sys.stderr, flush=True)


def patience():
    """How much longer all takes when each CPU serves several guests: as many as
    BIOSET_LANES says, else by the machine's load, up to four."""
    cpus = os.cpu_count()
    lanes = os.environ.get("BIOSET_LANES") or str(min(int(os.getloadavg()[0]), 4 * cpus))
    if not lanes.isdigit():
        raise NoStart(f"BIOSET_LANES={lanes} is not a number")
    return max(int(lanes), cpus) / cpus


# ------------------------------------------------------------------- the logs

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


# ----------------------------------------------------------------------- runs

def boot(kernel, opts, scripts):
    """One boot: the results of the scripts that count, which is one at least."""
    check_args(opts)
    need("booting guests", kernel.packages())
    opts.virtio_verdict = not kernel.uml and (
        opts.virtio_verdict or not qemu.MACHINES[kernel.arch].two_ports)
    kernel.image()
    out = log_directory(opts.name or "-".join(script.name for script in scripts)[:60])
    try:
        Initramfs(kernel, opts, scripts, out).make()
        for left in reversed(range(BOOT_TRIES)):
            guest = Guest(kernel, opts, scripts, out)
            try:
                guest.start()
                guest.watch()
            finally:
                guest.stop()
            if not left or not guest.failed_early():
                break
            say("the kernel did not get as far as /init; once more")
    finally:
        if os.path.exists(os.path.join(out, "initramfs")):
            os.remove(os.path.join(out, "initramfs"))
    guest.look(guest.new_lines())
    errors = guest.read("qemu.log")
    if errors and not guest.read("console.log"):
        raise NoStart("\n".join(errors.splitlines()[:3]))
    return list(guest.results())


def boots(kernel, options, scripts):
    """The results of each boot, until each script has had its turn; options() gives
    those of a boot for scripts."""
    while scripts:
        results = boot(kernel, options(scripts), scripts)
        yield results
        scripts = scripts[sum(one.script is not LEAKS for one in results):]


def guarded(program, main):
    """Runs a program's main function; it ends with 9 when a guest cannot start."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    signal.signal(signal.SIGINT, lambda *_: sys.exit(130))
    try:
        sys.exit(main(sys.argv[1:]))
    except (NoStart, subprocess.CalledProcessError) as error:
        print(f"{program}: error:", error, file=sys.stderr)
        sys.exit(NO_START)


def main(args):
    opts = parse_args(args)
    if opts.help:
        print(__doc__)
        return 0
    if not opts.script or not opts.kernel:
        raise NoStart("a guest script and --kernel are needed; "
                      "boot.sh --help lists the options")
    if not os.path.isfile(opts.script):
        raise NoStart("no guest script " + opts.script)
    name = os.path.basename(opts.script).removesuffix(".sh")
    result = boot(Kernel(opts.kernel), opts,
                  [Script(name, opts.script, [], opts.time)])[-1]
    for check in result.checks:
        print("CHECK", check)
    print("log:", result.log)
    print(result.outcome)
    return STATUS[result.outcome]


if __name__ == "__main__":
    guarded("boot.sh", main)
