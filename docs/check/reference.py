#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""reference.py TREE: does bioset(7) list what the sources have?

Compares the files in debugfs, the columns of the table, the lines of "stats", the
module's parameters, and the tracepoints with their fields, as tools read them. What
an event prints is compared with its fields, too. Prints what one of both has and the
other has not; fails if anything is printed.
"""

import glob
import os
import re
import sys


def entries(page, section, macro):
    """{name: text} of the list entries ".It MACRO name" of a section."""
    text = re.search(rf"^\.Sh {section}\n(.*?)(?=^\.Sh |\Z)", page, re.M | re.S)[1]
    parts = re.split(rf"^\.It {macro} (\S+).*\n", text, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))


def function(source, name):
    return re.search(rf"^[a-z].*\b{name}\(.*?^}}", source, re.M | re.S)[0]


def columns(debugfs):
    """The head's words: all its strings but the formats."""
    return set(re.findall(r'"([a-z_]+)"', function(debugfs, "bset_sets_show_head")))


def files(debugfs):
    return set(re.findall(r'debugfs_create_file\("(\w+)"', debugfs))


def stats_lines(debugfs):
    return set(re.findall(r'"(\w+) +%', function(debugfs, "bset_stats_show")))


def parameters(sources):
    return set(re.findall(r"^module_param\w*\((\w+)", sources, re.M))


def kinds_of_events(trace):
    """{event or class: (its fields, the words that it prints)}, without set and owner"""
    kinds = {}
    for name, body in re.findall(r"^(?:TRACE_EVENT|DECLARE_EVENT_CLASS)\((\w+),\n(.*?)^\);",
                                 trace, re.M | re.S):
        fields = set(re.findall(r"__(?:field|array)\([^,]*,\s*(\w+)|__string\((\w+)", body))
        fields = {name for pair in fields for name in pair if name}
        shown = "".join(re.findall(r'"([^"]*)"', body[body.index("TP_printk"):]))
        kinds[name] = fields, set(re.findall(r"(\w+)=", shown)) - {"set", "owner"}
    return kinds


def tracepoints(kinds, trace):
    """{event: its fields}"""
    kinds = {name: fields for name, (fields, _) in kinds.items()}
    events = {name: kinds[name]
              for name in re.findall(r"^TRACE_EVENT\((\w+)", trace, re.M)}
    for kind, name in re.findall(r"^DEFINE_EVENT\((\w+), (\w+)", trace, re.M):
        events[name] = kinds[kind]
    return events


def literals(text):
    """The words of an entry that are set as literals"""
    return set(re.findall(r"\w+", " ".join(re.findall(r"^\.Li (.*)", text, re.M))))


def compare(what, in_sources, in_page):
    # A search that finds nothing has lost its way.
    if not in_sources:
        yield f"no {what} found in the sources"
    for name in sorted(in_sources - in_page):
        yield f"bioset(7) lacks the {what} {name}"
    for name in sorted(in_page - in_sources):
        yield f"bioset(7) has the {what} {name}, which the sources lack"


def differences(top):
    page = open(os.path.join(top, "man/bioset.7"), encoding="utf-8").read()
    debugfs = open(os.path.join(top, "debugfs.c"), encoding="utf-8").read()
    trace = open(os.path.join(top, "trace.h"), encoding="utf-8").read()
    sources = "".join(open(name, encoding="utf-8").read()
                      for name in sorted(glob.glob(os.path.join(top, "*.c"))))

    listed = entries(page, "FILES", "Pa")
    yield from compare("file", files(debugfs), {name.split("/")[-1] for name in listed})
    names = entries(page, "FILES", "Li")
    yield from compare("column", columns(debugfs), set(names))
    # Those three are not in "stats", its page says so in words.
    yield from compare("line of stats", stats_lines(debugfs),
                       set(names) - {"name", "elem_size", "vec_pool_size"}
                       | literals(listed["<set>/stats"]))
    yield from compare("parameter", parameters(sources),
                       set(entries(page, "MODULE PARAMETERS", "Va")))
    kinds = kinds_of_events(trace)
    for kind, (fields, shown) in sorted(kinds.items()):
        # What is 0 or 1 in the field is printed in words.
        if fields != {"array" if word == "what" else word for word in shown}:
            yield f"{kind} has the fields {sorted(fields)} and prints {sorted(shown)}"
    events = tracepoints(kinds, trace)
    told = entries(page, "TRACEPOINTS", "Li")
    yield from compare("tracepoint", set(events), set(told))
    for event in sorted(set(events) & set(told)):
        yield from compare(f"field of {event},", events[event], literals(told[event]))


def main():
    found = list(differences(sys.argv[1]))
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
