#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The benchmark's numbers: collect, show, compare.

  quick LOG                        a short table of one guest's log
  collect JSON KEY=VALUE... -- LOG...
                                   all results of these logs; a guest is called
                                   what its log is called
  show JSON                        all tables
  check JSON DIRECTORY             against the committed results of this kernel; and
                                   what counting costs, beside the guest "uncounted"
  targets JSON...                  which of the targets these kernels meet
  collect-native JSON LOG, show-native JSON
                                   the same for User Mode Linux
  document DIRECTORY FILE.md DATA-DIRECTORY
                                   put the tables of the committed results
                                   between the file's markers, and leave what
                                   gnuplot needs in DATA-DIRECTORY
"""
import glob
import json
import os
import re
import statistics
import sys

LIMIT = 1.03
# The median may be so much above the least: a timer's interrupt is 2 % of a
# repetition of the shortest pairs. More is another task in the middle of them.
SPREAD = 1.05
# The version whose results fill most of the page, and its pictures
MAIN = "6.1"
# What an allocation and its put by ours may take at most
MOST = 125
# Instructions that counting may cost an allocation, and a put
COUNTING = 2
# Linux 5.10's gcc 10 has one pointer more to keep in an allocation, and moves an
# argument out of its way.
COUNTING_MORE = {("5.10", "an allocation"): 3}
SIZES = ["0", "1", "4", "5", "16", "64", "128", "256"]
OURS = ["ours", "ours_4_6", "ours_kput"]
HEADS = {
    "init": "bio_init()", "slab": "slab alone", "kmalloc": "bio_kmalloc()",
    "kernel": "kernel", "percpu": "kernel, per-CPU cache", "ours": "ours",
    "ours_4_6": "ours, form of 4.6", "ours_kput": "ours, kernel's put",
    "itself": "instructions",
    "raw": "one disk", "twin": "example, kernel's sets", "dm": "dm-striped",
    "md": "md raid0",
    "free": "memory, KiB", "slabs": "slabs", "threads": "threads",
}
ALL = ["slab", "kmalloc", "kernel", "percpu", "ours", "ours_kput"]
PAIRS = ["init"] + ALL[:5] + ["ours_4_6", "ours_kput"]
TARGETS = ["raw", "ours", "twin", "dm", "md"]
IOS = ["randread-4k", "write-1m"]
KINDS = ["ours", "kernel", "plain"]
KIND_HEADS = {"ours": "ours", "kernel": "kernel, with rescuer",
              "plain": "kernel, without"}
COUNTS = ["1", "10", "100", "1000"]
ON = "init_on_alloc=1"
OFF = "init_on_alloc=0"

# title, guest, part, rows, columns, what the first column is
TABLES = [
    ("Allocation and put, " + ON, "init1", "pairs", SIZES, PAIRS, "vecs"),
    ("Allocation and put, " + OFF, "init0", "pairs", SIZES, PAIRS, "vecs"),
    ("Allocation and put, " + ON + ", memory cleared 8 bytes at a time",
     "words", "pairs", SIZES, PAIRS, "vecs"),
    ("64 in flight, then all put, " + ON, "init1", "depth", SIZES, ALL,
     "vecs"),
    ("64 in flight, then all put, " + OFF, "init0", "depth", SIZES, ALL,
     "vecs"),
    ("Put in softirq, " + ON, "init1", "softirq", SIZES, ALL, "vecs"),
    ("Put in softirq, " + OFF, "init0", "softirq", SIZES, ALL, "vecs"),
    ("Put in hard IRQ, " + ON, "init1", "hardirq", SIZES, ALL, "vecs"),
    ("Put in hard IRQ, " + OFF, "init0", "hardirq", SIZES, ALL, "vecs"),
    ("The interrupt itself, not counted above", "init1", "interrupt",
     ["softirq", "hardirq"], ["itself"], ""),
    ("Allocated on one CPU, put on another (time, kernel = 100)", "smp",
     "cross", SIZES, ALL, "vecs"),
    ("Two CPUs at once, each with its own set (time, kernel = 100)", "smp",
     "own", SIZES, ALL, "vecs"),
    ("Two CPUs at once, one set (time, kernel = 100)", "smp", "shared", SIZES,
     ALL, "vecs"),
    ("Bytes of a set's shared structures that change while bios come and go",
     "smp", "bytes_written", ["out", "back"], ["ours"], "bios are"),
    ("Only the reserve left, " + ON, "init1", "starved", ["0", "4", "256"],
     ["kernel", "ours", "ours_kput"], "vecs"),
    ("Only the reserve left, " + OFF, "init0", "starved", ["0", "4", "256"],
     ["kernel", "ours", "ours_kput"], "vecs"),
    ("I/O, from submit_bio() to its end, instructions for each", "io", "io",
     IOS, TARGETS, ""),
    ("I/O by fio, instructions of each system call", "io", "fio", IOS, TARGETS,
     ""),
]

# Of those, what the page shows of kernels other than MAIN
OTHERS = [("init1", "pairs"), ("init0", "pairs"), ("init0", "starved"),
          ("io", "io")]


def parse_log(path):
    """Results as result[part][row][column] = [least, median]."""
    result = {}
    pattern = re.compile(r"bench: result (\S+) (\S+) (\S+) (\S+) (\S+)")
    with open(path, errors="replace") as log:
        for line in log:
            m = pattern.search(line)
            if m:
                part, row, column, least, median = m.groups()
                cells = result.setdefault(part, {}).setdefault(row, {})
                cells[column] = [float(least), float(median)]
    if not result:
        sys.exit(f"bench-report: no results in {path}")
    return result


def parse_native(path):
    """result[column][vecs] = [[kernel, ours, ratio] of each pair]."""
    result = {}
    pattern = re.compile(r"bench: native (\S+) (\S+) (\S+) (\S+) (\S+)")
    with open(path, errors="replace") as log:
        for line in log:
            m = pattern.search(line)
            if m:
                pairs = result.setdefault(m[1], {}).setdefault(m[2], [])
                pairs.append([float(x) for x in m.groups()[2:]])
    if not result:
        sys.exit(f"bench-report: no results in {path}")
    return result


def number(value):
    return f"{value:.1f}" if value < 1000 and value % 1 else f"{value:.0f}"


def cell(data, guest, part, row, column):
    try:
        return data[guest][part][row][column]
    except KeyError:
        return None


def shown(data, guest, part, row, column):
    value = cell(data, guest, part, row, column)
    if value is None:
        return "–"
    # A median that differs says that the repetitions did.
    least, median = value
    if guest == "smp" and part != "bytes_written":
        kernels = cell(data, guest, part, row, "kernel")
        return f"{100 * least / max(kernels[0], 0.1):.0f}"
    return number(least) + ("*" if median > least * 1.01 else "")


def table(data, spec):
    title, guest, part, rows, columns, corner = spec
    heads = dict(HEADS, ours="example") if guest == "io" else HEADS
    lines = [[corner] + [heads.get(c, c) for c in columns]]
    for row in rows:
        lines.append([row] + [shown(data, guest, part, row, c)
                              for c in columns])
    return title, lines


def sets_table(data):
    corner = ["sets"]
    for kind in KINDS:
        corner += [f"{KIND_HEADS[kind]}: KiB", "threads"]
    lines = [corner]
    for row in COUNTS:
        line = [row]
        for kind in KINDS:
            line += [shown(data, "sets", "sets", row, f"{kind}.free"),
                     shown(data, "sets", "sets", row, f"{kind}.threads")]
        lines.append(line)
    return "What sets take (pool size 2, front_pad 32)", lines


def tables(data):
    for spec in TABLES:
        if spec[1] in data and spec[2] in data[spec[1]]:
            yield table(data, spec)
    if "sets" in data:
        yield sets_table(data)


def ratios(data, guest, column, other):
    """[[vecs, ours : the kernel's, the two numbers]] where there are both"""
    found = []
    for vecs in SIZES:
        a = cell(data, guest, "pairs", vecs, column)
        b = cell(data, guest, "pairs", vecs, other)
        # Its per-CPU cache has no larger ones, and hands over to the slab.
        if a and b and (other != "percpu" or int(vecs) <= 4):
            found.append([vecs, a[0] / b[0],
                          f"{number(a[0])} : {number(b[0])}"])
    return found


def against(data, guest, column, other, most):
    """Is the target met, and where not, by how much is it missed?"""
    found = ratios(data, guest, column, other)
    if not found:
        return "–"
    missed = [f"{vecs} vecs {ratio:.2f} ({numbers})"
              for vecs, ratio, numbers in found if ratio > most]
    worst = max(ratio for _, ratio, _ in found)
    return "missed: " + ", ".join(missed) if missed else f"met: {worst:.2f}"


def budget(data, guest):
    cells = [(cell(data, guest, "pairs", vecs, "ours") or [0])[0]
             for vecs in SIZES]
    if not all(cells):
        return "–"
    worst = max(cells)
    if worst <= MOST:
        return f"met: {number(worst)}"
    return f"missed: {number(worst)}, by {number(worst - MOST)}"


def targets_table(kernels):
    lines = [["kernel", "init_on_alloc", f"each size ≤ {MOST}",
              "≤ its per-CPU cache", "≤ half of its set",
              "with its put ≤ its set"]]
    for data in kernels:
        for guest, setting in [("init1", "1"), ("init0", "0")]:
            lines.append([data["kernel"], setting, budget(data, guest),
                          against(data, guest, "ours", "percpu", 1),
                          against(data, guest, "ours", "kernel", 0.5),
                          against(data, guest, "ours_kput", "kernel", 1)])
    return "The targets; a share is that of the worst number of vecs", lines


def native_table(data):
    lines = [["vecs", "kernel, ns", "ours, ns", "ratio", "spread",
              "ours, kernel's put, ns", "ratio", "spread"]]
    for vecs in SIZES:
        line = [vecs]
        for column in ["ours", "ours_kput"]:
            pairs = data["ratios"][column][vecs]
            ratios = [p[2] for p in pairs]
            if column == "ours":
                line.append(f"{statistics.median(p[0] for p in pairs):.1f}")
            line += [f"{statistics.median(p[1] for p in pairs):.1f}",
                     f"{statistics.median(ratios):.3f}",
                     f"{min(ratios):.3f}…{max(ratios):.3f}"]
        lines.append(line)
    n = min(len(p) for c in data["ratios"].values() for p in c.values())
    return f"Time on User Mode Linux: ours : kernel's, {n} pairs", lines


def print_text(title, lines):
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    print(f"\n{title}")
    for line in lines:
        print("  " + "  ".join(c.rjust(w) for c, w in zip(line, widths)))


def markdown(title, lines):
    out = [f"**{title}**", ""]
    out.append("| " + " | ".join(lines[0]) + " |")
    out.append("|" + "---:|" * len(lines[0]))
    out += ["| " + " | ".join(line) + " |" for line in lines[1:]]
    return "\n".join(out) + "\n"


def quick(log):
    data = {"quick": parse_log(log)}
    columns = ["kernel", "percpu", "ours", "ours_4_6", "ours_kput"]
    print_text(*table(data, ("alloc + put", "quick", "pairs", SIZES, columns,
                             "vecs")))
    for part in ["alloc", "put"]:
        print_text(*table(data, (part + " alone", "quick", part, ["0", "256"],
                                 ["kernel", "ours"], "vecs")))


def collect(path, args):
    split = args.index("--")
    data = dict(a.split("=", 1) for a in args[:split])
    for log in args[split + 1:]:
        name = os.path.splitext(os.path.basename(log))[0]
        data[name] = parse_log(log)
    save(path, data)


def save(path, data):
    with open(path, "w") as out:
        json.dump(data, out, indent=1, sort_keys=True)
        out.write("\n")


def load(path):
    try:
        with open(path) as f:
            return json.load(f)
    except (OSError, ValueError) as err:
        print(f"bench-report: cannot read {path}: {err}", file=sys.stderr)
        return {}


def numbers_of(text):
    return [int(n) for n in re.findall(r"\d+", text)]


def version_of(release):
    return ".".join(str(n) for n in numbers_of(release)[:2])


def newest(directory):
    """The newest committed results of each version, oldest version first."""
    paths = [p for p in glob.glob(os.path.join(directory, "*.json"))
             if os.path.basename(p) != "native.json"]
    paths.sort(key=lambda p: numbers_of(os.path.basename(p)))
    return {version_of(os.path.basename(p)): p for p in paths}


def committed(directory, release):
    """The committed results: of this kernel, else the newest of its version."""
    path = os.path.join(directory, f"{release}.json")
    if not os.path.exists(path):
        path = newest(directory).get(version_of(release))
        if not path:
            return None
        print(f"no results of {release} are committed; comparing with "
              f"{os.path.basename(path)}")
    return load(path)


def verdict(old, new, column, same_kernel):
    """Why a cell fails, or None."""
    if old is None or new is None:
        return "is missing from the " + \
            ("committed results" if old is None else "measurement")
    if new[0] <= 0 or old[0] <= 0:
        return "is not a number of instructions"
    if new[1] > new[0] * SPREAD:
        return f"differs from one repetition to the next, up to {number(new[1])}"
    if new[0] > old[0] * LIMIT:
        return f"is {new[0] / old[0] * 100 - 100:.1f} % slower"
    if column not in OURS and same_kernel and new[0] < old[0] / LIMIT:
        return "of the kernel's own changed: it is measured differently"
    return None


def counting(data):
    """Yields (what, instructions that counting costs, or None, and may cost) for
    each half."""
    for half, what in [("alloc", "an allocation"), ("put", "a put")]:
        for row in ["0", "256"]:
            values = [cell(data, guest, half, row, "ours")
                      for guest in ["init0", "uncounted"]]
            # Both are right to a tenth of an instruction.
            cost = None if None in values else round(values[0][0] - values[1][0])
            most = COUNTING_MORE.get((version_of(data["kernel"]), what), COUNTING)
            yield f"{what} of {row} vecs", cost, most


def check_counting(data):
    """How many are right, and what is said of the others."""
    passed, failed = 0, []
    for what, cost, most in counting(data):
        # Nothing at all would mean that both builds count.
        if cost is not None and 0 < cost <= most:
            print(f"ok - counting costs {what} {cost} instructions")
            passed += 1
        else:
            failed.append(f"counting costs {what} "
                          f"{'?' if cost is None else cost} instructions, "
                          f"not 1 to {most}")
    return passed, failed


def check(path, directory):
    new = load(path)
    old = committed(directory, new["kernel"])
    passed, failed = check_counting(new)
    faster = 0
    if not old:
        print(f"not ok - there are no committed results of Linux "
              f"{version_of(new['kernel'])} in bench/results: "
              "UPDATE=1 make bench FLAVOUR=...")
        print("0 passed, 1 failed")
        return 1
    same = old.get("kernel") == new["kernel"]
    columns = [c for c in ["kernel", "percpu"]
               if same and cell(old, "init1", "pairs", "0", c)] + OURS
    where = [(g, r, c) for g in ["init1", "init0"] for r in SIZES
             for c in columns]
    for guest, row, column in where:
        a = cell(old, guest, "pairs", row, column)
        b = cell(new, guest, "pairs", row, column)
        why = verdict(a, b, column, same)
        if why:
            name = ON if guest == "init1" else OFF
            numbers = f" ({number(a[0])} → {number(b[0])})" if a and b else ""
            failed.append(f"{HEADS[column]}, {row} vecs, {name}: {why}"
                          f"{numbers}")
            continue
        passed += 1
        faster += b[0] < a[0] / LIMIT
    for line in failed:
        print(f"not ok - {line}")
    if faster:
        print(f"{faster} numbers are more than 3 % better than the committed "
              "ones")
    if failed or faster:
        print("to commit new results: UPDATE=1 make bench, and say in the "
              "commit why they changed")
    print(f"{passed} passed, {len(failed)} failed")
    return 1 if failed or not passed else 0


def replace(text, marker, new):
    begin, end = f"<!-- {marker} begin -->\n", f"<!-- {marker} end -->\n"
    if begin not in text or end not in text:
        sys.exit(f"bench-report: no markers for {marker}")
    head, rest = text.split(begin, 1)
    return head + begin + new + end + rest.split(end, 1)[1]


def plot_data(data, directory):
    columns = ["kmalloc", "kernel", "percpu", "ours", "ours_kput"]
    for guest in ["init1", "init0"]:
        with open(os.path.join(directory, f"{guest}.dat"), "w") as out:
            print("vecs", *(f'"{HEADS[c]}"' for c in columns), file=out)
            for row in SIZES:
                values = (cell(data, guest, "pairs", row, c) for c in columns)
                print(row, *(v[0] if v else "?" for v in values), file=out)
    with open(os.path.join(directory, "io.dat"), "w") as out:
        for target in TARGETS:
            values = (cell(data, "io", "io", test, target) for test in IOS)
            head = dict(HEADS, ours="example")[target]
            print(f'"{head}"', *(v[0] if v else "?" for v in values), file=out)


def other_kernels(kernels):
    """Of those that the page does not show in full, the most important"""
    out = []
    for version, data in kernels.items():
        if version == MAIN:
            continue
        out.append(f"### {data['kernel']}\n")
        out += [markdown(*table(data, spec)) for spec in TABLES
                if spec[1:3] in OTHERS]
    return "\n".join(out)


def document(directory, path, plot_directory):
    kernels = {v: load(p) for v, p in newest(directory).items()}
    if MAIN not in kernels:
        sys.exit(f"bench-report: no results of {MAIN} in {directory}")
    data = kernels[MAIN]
    with open(path) as f:
        text = f.read()
    text = replace(text, "targets", markdown(*targets_table(kernels.values())))
    text = replace(text, "kernels", other_kernels(kernels))
    new = f"Debian's {data['kernel']}, {data['emulator']}, " \
          f"`-cpu {data['cpu']}`\n\n"
    new += "\n".join(markdown(*t) for t in tables(data))
    text = replace(text, "results", new)
    native = os.path.join(directory, "native.json")
    if os.path.exists(native):
        text = replace(text, "native", markdown(*native_table(load(native))))
    layout = os.path.join(directory, "layout.txt")
    if os.path.exists(layout):
        with open(layout) as f:
            text = replace(text, "layout", f"```c\n{f.read()}```\n")
    with open(path, "w") as f:
        f.write(text)
    plot_data(data, plot_directory)


def main(args):
    if not args:
        sys.exit(__doc__)
    command, *rest = args
    if command == "quick":
        quick(*rest)
    elif command == "collect":
        collect(rest[0], rest[1:])
    elif command == "show":
        for title, lines in tables(load(rest[0])):
            print_text(title, lines)
        print("\n* least and median of the repetitions differ by more than "
              "1 %")
    elif command == "check":
        return check(*rest)
    elif command == "targets":
        print_text(*targets_table(load(path) for path in rest))
    elif command == "collect-native":
        save(rest[0], {"ratios": parse_native(rest[1])})
    elif command == "show-native":
        print_text(*native_table(load(rest[0])))
    elif command == "document":
        document(*rest)
    else:
        sys.exit(__doc__)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
