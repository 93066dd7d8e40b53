#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""List the bio_sets of a running kernel or of a memory dump.

For each set: what it holds, which tasks wait for it, and what its rescuer has yet
to submit. Needs drgn (Debian's python3-drgn), root for the running kernel, and
of debug information only the module's own: bioset_core.ko as it was built, not
stripped. The kernel's, which is large, is not needed: where things are is read
from the kernel's own symbol table, which is in its memory.
"""

import argparse
import os
import re
import struct
import sys

try:
    import drgn
except ImportError:
    drgn = None


class Failure(Exception):
    """What is said to the user."""


# ------------------------------------------------------------------ symbols


class Kallsyms:
    """Finds addresses by name in the symbol table of a dump.

    Its parts are named by VMCOREINFO since Linux 6.0. A name is a length and so
    many bytes, each of which stands for a string of kallsyms_token_table.
    """

    def __init__(self, core, info):
        self.core = core
        try:
            self.at = {name: int(info[f"SYMBOL(kallsyms_{name})"], 16)
                       for name in ("names", "num_syms", "token_table", "token_index",
                                    "offsets")}
        except KeyError as missing:
            raise Failure(f"the dump's VMCOREINFO has no {missing}: is the kernel older than 6.0?")
        self.base = info.get("SYMBOL(kallsyms_relative_base)")

    def tokens(self):
        index = struct.unpack("<256H", self.core.read(self.at["token_index"], 512))
        table = self.core.read(self.at["token_table"], index[255] + 64)
        return [table[i:table.index(b"\0", i)] for i in index]

    def find(self, wanted):
        """The address of the symbol @wanted."""
        number = self.core.read_u32(self.at["num_syms"])
        names = self.core.read(self.at["names"], self.at["num_syms"] - self.at["names"]) \
            if self.at["num_syms"] > self.at["names"] else \
            self.core.read(self.at["names"], 64 * number)
        tokens, pos = self.tokens(), 0
        for i in range(number):
            length = names[pos]
            pos += 1
            if length & 0x80:
                length = (length & 0x7F) | names[pos] << 7
                pos += 1
            name = b"".join(tokens[b] for b in names[pos:pos + length])
            pos += length
            if name[1:] == wanted.encode():
                return self.address(i)
        raise Failure(f"no symbol {wanted} in the dump")

    def address(self, i):
        at = self.at["offsets"] + 4 * i
        offset, = struct.unpack("<i", self.core.read(at, 4))
        if self.base is None:
            # As 7.2 has it: counted from where the offset itself lies.
            return at + offset
        # Offsets of per-CPU symbols are positive; others count down from -1.
        return offset if offset >= 0 else self.core.read_u64(int(self.base, 16)) - 1 - offset


def vmcoreinfo(path):
    """The lines "KEY=value" that the dump has in a note."""
    try:
        with open(path, "rb") as file:
            head = file.read(1 << 20)
    except OSError as error:
        raise Failure(f"{path}: {error.strerror}")
    found = {}
    at = head.find(b"OSRELEASE=")
    if at < 0:
        raise Failure(f"{path} has no VMCOREINFO; let QEMU have -device vmcoreinfo, "
                      "and the guest the module qemu_fw_cfg")
    for line in head[at:head.find(b"\0", at)].split(b"\n"):
        key, _, value = line.decode(errors="replace").partition("=")
        found[key] = value
    return found


# ------------------------------------------------------------------- memory


class Dump:
    """Reads kernel addresses from a dump of an x86-64 machine's memory.

    QEMU dumps physical memory and nothing about page tables, so they are walked
    here, from where VMCOREINFO says that the kernel's is.
    """

    PAGE = 4096
    ADDRESS = 0x000FFFFFFFFFF000
    KERNEL_MAP = 0xFFFFFFFF80000000

    def __init__(self, program, info):
        self.program, self.pages = program, {}
        try:
            self.top = int(info["SYMBOL(swapper_pg_dir)"], 16) - self.KERNEL_MAP + \
                int(info["NUMBER(phys_base)"])
        except KeyError as missing:
            raise Failure(f"the dump's VMCOREINFO has no {missing}: only x86-64 is known here")
        self.levels = 5 if info.get("NUMBER(pgtable_l5_enabled)") == "1" else 4

    def physical(self, address):
        """The physical address, of which the rest of the page is right, too."""
        table = self.top
        for level in range(self.levels - 1, -1, -1):
            shift = 12 + 9 * level
            entry = self.program.read_u64(table + 8 * (address >> shift & 511), True)
            if not entry & 1:
                raise drgn.FaultError("not mapped", address)
            if level == 0 or (level < 3 and entry & 0x80):
                inside = (1 << shift) - 1
                return (entry & self.ADDRESS & ~inside) | (address & inside)
            table = entry & self.ADDRESS
        raise AssertionError

    def page(self, address):
        start = address & -self.PAGE
        if start not in self.pages:
            self.pages[start] = self.program.read(self.physical(start), self.PAGE, True)
        return self.pages[start]

    def read(self, address, count):
        out = b""
        while len(out) < count:
            at = address + len(out)
            inside = at % self.PAGE
            out += self.page(at)[inside:inside + count - len(out)]
        return out

    def read_u64(self, address):
        return struct.unpack("<Q", self.read(address, 8))[0]

    def read_u32(self, address):
        return struct.unpack("<I", self.read(address, 4))[0]


# ------------------------------------------------------------------ programs


def open_core(path, info):
    """What memory is read from."""
    core = drgn.Program()
    try:
        if path:
            core.set_core_dump(path)
        else:
            core.set_kernel()
    except PermissionError:
        raise Failure("not permitted to read /proc/kcore: run this as root")
    except (OSError, ValueError) as error:
        raise Failure(f"{path or 'the running kernel'}: {error}")
    return Dump(core, info) if path else core


def open_types(core, module):
    """The module's types over the memory of @core."""
    types = drgn.Program(drgn.Platform(drgn.Architecture.X86_64))
    try:
        types.load_debug_info([module])
        types.type("struct bset")
    except (LookupError, OSError, drgn.MissingDebugInfoError) as error:
        raise Failure(f"{module} has no debug information about a bio_set: {error}")
    types.add_memory_segment(
        0, 0xFFFFFFFFFFFFFFFF,
        lambda address, count, offset, physical: core.read(address, count))
    return types


def in_modules(core, types, info, wanted):
    """The address of the module's static variable @wanted, in a dump."""
    heads = Kallsyms(core, info).find("modules")
    head = drgn.Object(types, "struct list_head", address=heads)
    for module in list_of(head, "struct module", "list"):
        if module.name.string_() == b"bioset_core":
            return module_symbol(module, wanted)
    raise Failure("the module bioset_core is not loaded there")


def module_symbol(module, wanted):
    table = module.kallsyms
    for i in range(int(table.num_symtab)):
        name = (table.strtab + int(table.symtab[i].st_name)).string_()
        if name == wanted.encode():
            return int(table.symtab[i].st_value)
    raise Failure(f"the module has no variable {wanted}; is this its .ko?")


def in_proc(wanted):
    with open("/proc/kallsyms", encoding="ascii") as table:
        for line in table:
            words = line.split()
            if words[2:] == [wanted, "[bioset_core]"]:
                return int(words[0], 16)
    raise Failure("the module bioset_core is not loaded")


# ---------------------------------------------------------------- the listing


def container(obj, type_name, member):
    """container_of()"""
    prog = obj.prog_
    offset = drgn.offsetof(prog.type(type_name), member)
    return drgn.Object(prog, type_name, address=int(obj) - offset)


def list_of(head, type_name, member):
    """The entries of a list_head"""
    pos = head.next
    while int(pos) != head.address_:
        yield container(pos, type_name, member)
        pos = pos.next


def tasks_waiting(pool):
    """Who sleeps until an object of @pool is put"""
    prog = pool.prog_
    for entry in list_of(pool.reserve.wait.head, "struct wait_queue_entry", "entry"):
        task = drgn.Object(prog, "struct task_struct", address=int(entry.private))
        yield f"{task.comm.string_().decode()}/{int(task.pid)}"


def queued(bset):
    """What the rescuer has yet to submit"""
    bio = bset.rescue_list.head
    while int(bio):
        yield f"sector {int(bio.bi_iter.bi_sector)}, {int(bio.bi_iter.bi_size) >> 9} sectors, at {int(bio):#x}"
        bio = bio.bi_next


def in_flight(bset, core, info):
    """Allocations less puts, summed over the CPUs, or None."""
    try:
        offsets = Kallsyms(core, info).find("__per_cpu_offset") if info else in_proc_kernel("__per_cpu_offset")
        mask = Kallsyms(core, info).find("__cpu_possible_mask") if info else in_proc_kernel("__cpu_possible_mask")
    except Failure:
        return None
    cpus, total = core.read_u64(mask), 0
    for cpu in (n for n in range(64) if cpus >> n & 1):
        at = (int(bset.counts) + core.read_u64(offsets + 8 * cpu)) & (1 << 64) - 1
        allocs, puts = struct.unpack("<QQ", core.read(at, 16))
        total += allocs - puts
    return total


def in_proc_kernel(wanted):
    with open("/proc/kallsyms", encoding="ascii") as table:
        for line in table:
            words = line.split()
            if words[2:] == [wanted]:
                return int(words[0], 16)
    raise Failure(f"no symbol {wanted}")


def counted(number, word):
    return f"{int(number)} {word}" + ("s" if int(number) != 1 else "")


def show(bset, flight):
    name, owner = bset.name.string_().decode(), bset.owner.string_().decode()
    print(f"{name} ({owner})")
    print(f"  reserve {int(bset.bio.reserve.curr_nr)} of {counted(bset.pool_size, 'bio')}"
          + (f", {int(bset.vec.reserve.curr_nr)} of {counted(bset.pool_size, 'array')}"
             if int(bset.max_vecs) else "")
          + (f"; {flight} in flight" if flight is not None else ""))
    print(f"  {int(bset.punted.counter)} punted, {int(bset.rescued.counter)} rescued, "
          f"{counted(bset.waits.counter, 'wait')}, longest {int(bset.longest_wait.counter) // 1000} us")
    pools = [("a bio", bset.bio)] + ([("an array", bset.vec)] if int(bset.max_vecs) else [])
    for what, pool in pools:
        for task in tasks_waiting(pool):
            print(f"  waits for {what}: {task}")
    for bio in queued(bset):
        print(f"  the rescuer has yet to submit: {bio}")


def default_module():
    path = f"/lib/modules/{os.uname().release}/updates/bioset_core.ko"
    return path if os.path.exists(path) else path.replace("updates", "updates/dkms")


def run(args):
    info = vmcoreinfo(args.core) if args.core else None
    core = open_core(args.core, info)
    types = open_types(core, args.module or default_module())
    address = in_modules(core, types, info, "sets") if info else in_proc("sets")
    head = drgn.Object(types, "struct list_head", address=address)
    number = 0
    for bset in list_of(head, "struct bset", "all"):
        show(bset, in_flight(bset, core, info))
        number += 1
    print(counted(number, "set"))


def main():
    parser = argparse.ArgumentParser(description=re.sub(r"\n(?!\n)", " ", __doc__))
    parser.add_argument("-c", "--core", metavar="VMCORE",
                        help="a memory dump (default: the running kernel)")
    parser.add_argument("-m", "--module", metavar="KO",
                        help="bioset_core.ko with debug information")
    args = parser.parse_args()
    if not drgn:
        sys.exit("bioset-drgn: drgn is not there: install python3-drgn")
    try:
        run(args)
    except Failure as failure:
        sys.exit(f"bioset-drgn: {failure}")
    except drgn.FaultError as error:
        sys.exit(f"bioset-drgn: the memory at {error.address:#x} cannot be read: {error}")


main()
