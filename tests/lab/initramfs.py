# SPDX-License-Identifier: GPL-2.0
"""A kernel's directory, and the files of a guest that runs it."""
import glob
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile

import qemu
from qemu import CACHE, TOP

PACKAGES = "busybox-static kmod cpio gcc libc6-dev binutils"


class NoStart(Exception):
    """The guest cannot be started, and why."""


def say(*text):
    print("==>", *text, file=sys.stderr, flush=True)


def need(why, packages):
    """Install those of the Debian packages that are missing."""
    shown = subprocess.run(["dpkg-query", "-W", "-f=${db:Status-Status}\n", *packages],
                           text=True, check=False, stdout=subprocess.PIPE,
                           stderr=subprocess.DEVNULL).stdout.split()
    if shown.count("installed") != len(packages):
        subprocess.run(["bash", "-c", '. "$0/scripts/lib.sh"; need_pkgs "$@"',
                        TOP, why, *packages], check=True)


# ----------------------------------------------------------------- the kernel

class Kernel:
    """What is in a directory that kernel.sh or stock.sh printed."""
    def __init__(self, directory):
        self.dir = os.path.abspath(directory)
        self.arch = self.read("arch") or self.read(".arch") or "amd64"
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

    def native(self):
        return self.uml or self.arch == "amd64"

    def tool(self, name):
        """A program for the guest's machine, run here."""
        return name if self.native() else f"{qemu.MACHINES[self.arch].triplet}-{name}"

    def packages(self):
        names = PACKAGES.split()
        if not self.uml:
            names.append(qemu.MACHINES[self.arch].package)
        if not self.native():
            names += ["gcc-" + qemu.MACHINES[self.arch].triplet,
                      f"libc6-dev-{self.arch}-cross"]
        return names


# -------------------------------------------------------------- the initramfs

def made(target, source, command):
    """A file that is made from another, again when that has changed. The command
    ends with "-o", the file and the source."""
    if not os.path.exists(target) or \
            os.path.getmtime(source) > os.path.getmtime(target):
        os.makedirs(os.path.dirname(target), exist_ok=True)
        part = f"{target}.{os.getpid()}"
        subprocess.run(command + ["-o", part, source], check=True)
        os.rename(part, target)
    return target


def pack(root, out):
    """Not compressed: under emulation, unpacking costs more than reading."""
    with open(out, "wb") as packed:
        subprocess.run("find . | cpio -o -H newc -R 0:0 --quiet", shell=True, cwd=root,
                       check=True, stdout=packed)


class Initramfs:
    """The guest's files: an archive of what stays the same for a kernel and a list of
    its modules, which is kept, and one of what is this run's own."""
    def __init__(self, kernel, opts, scripts, out):
        self.kernel, self.opts, self.scripts, self.out = kernel, opts, scripts, out

    def loader(self):
        """A module loader that tries once; see loadmod.c."""
        arch = "" if self.kernel.native() else self.kernel.arch
        return made(os.path.join(CACHE, "guest", arch, "loadmod"),
                    os.path.join(TOP, "tests/guest/loadmod.c"),
                    [self.kernel.tool("gcc"), "-static", "-Os", "-Wall"])

    def busybox(self):
        if self.kernel.native():
            return shutil.which("busybox")
        path = os.path.join(CACHE, "guest", self.kernel.arch, "busybox")
        if not os.path.exists(path):
            raise NoStart(f"the program of Debian's busybox-static for "
                          f"{self.kernel.arch} is missing: {path}")
        return path

    def wanted_modules(self):
        names = " ".join(self.opts.modules).split()
        if self.opts.host_root:
            names += ["virtio_pci", "9pnet_virtio", "9p"]
        if self.opts.drive:
            names += ["virtio_pci", "virtio_blk"]
        if self.opts.virtio_verdict:
            names += ["virtio_pci", "virtio_console"]
        return sorted(set(names))

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

    def add_kernel_modules(self, modules, root):
        release = self.kernel.release()
        directory = os.path.join("lib/modules", release)
        os.makedirs(os.path.join(root, directory))
        for name in ("builtin", "builtin.modinfo", "order"):
            source = os.path.join(self.kernel.modroot, directory, "modules." + name)
            if os.path.exists(source):
                shutil.copy(source, os.path.join(root, directory))
        for name in modules:
            os.makedirs(os.path.dirname(os.path.join(root, name)), exist_ok=True)
            subprocess.run([self.kernel.tool("strip"), "--strip-debug", "-o",
                            os.path.join(root, name),
                            os.path.join(self.kernel.modroot, name)], check=True)
        subprocess.run(["depmod", "-b", root, release], check=True)

    def make_base(self, modules, out):
        with tempfile.TemporaryDirectory(dir=self.out) as root:
            os.chmod(root, 0o755)
            for name in "bin ko lib dev proc sys run tmp mnt scripts".split():
                os.makedirs(os.path.join(root, name))
            shutil.copy(self.busybox(), os.path.join(root, "bin/busybox"))
            shutil.copy(self.loader(), os.path.join(root, "bin/loadmod"))
            # The kernel asks for /sbin/modprobe by itself.
            os.symlink("bin", os.path.join(root, "sbin"))
            # Links made here are links that a slow guest need not make.
            names = subprocess.run(["busybox", "--list"], check=True, text=True,
                                   stdout=subprocess.PIPE).stdout.split()
            for name in names:
                if name != "busybox":
                    os.symlink("busybox", os.path.join(root, "bin", name))
            self.add_kernel_modules(modules, root)
            pack(root, f"{out}.{os.getpid()}")
        os.rename(f"{out}.{os.getpid()}", out)

    def base(self):
        modules = self.module_files()
        files = [os.path.join(self.kernel.modroot, name) for name in modules]
        files += [self.busybox(), self.loader(), __file__, self.kernel.image()]
        key = repr([(name, os.stat(name).st_mtime_ns) for name in files])
        path = os.path.join(CACHE, "guest", "base-" +
                            hashlib.sha256(key.encode()).hexdigest()[:16])
        if not os.path.exists(path):
            self.make_base(modules, path)
        return path

    def own_files(self):
        """Pairs of where from and where to"""
        yield os.path.join(TOP, "tests/guest/init"), "init"
        yield os.path.join(TOP, "tests/guest/lib.sh"), "lib/guest.sh"
        for number, script in enumerate(self.scripts, 1):
            yield script.path, f"scripts/{number}"
        for directory, _, names in (entry for build in self.opts.build
                                    for entry in os.walk(build)):
            for name in names:
                if name.endswith(".ko"):
                    path = os.path.join(directory, name)
                    yield made(path + ".stripped", path, [
                        self.kernel.tool("strip"), "--strip-debug"]), "ko/" + name
        for spec in self.opts.file:
            source, _, target = spec.partition(":")
            yield source, (target or os.path.basename(source)).lstrip("/")

    def make(self):
        root = os.path.join(self.out, "root")
        for source, target in self.own_files():
            target = os.path.join(root, target)
            if not os.path.exists(source):
                raise NoStart("no file " + source)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copy(source, target)
            os.chmod(target, 0o755)
        for number, script in enumerate(self.scripts, 1):
            base = os.path.join(root, f"scripts/{number}")
            with open(base + ".name", "w", encoding="utf-8") as file:
                print(script.name, file=file)
            with open(base + ".words", "w", encoding="utf-8") as file:
                print(*("guest." + word for word in script.words), file=file)
        path = os.path.join(self.out, "initramfs")
        pack(root, path)
        with open(path, "ab") as out, open(self.base(), "rb") as base:
            shutil.copyfileobj(base, out)
        shutil.rmtree(root)
