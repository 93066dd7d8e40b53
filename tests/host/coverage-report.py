#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""coverage-report.py GCOVR.json SOURCES REASONS LEAST: what the tests reach.

Prints a table, then each line that was not reached with its reason, then
results: "not ok" if less than LEAST percent of the lines were reached, if a
line has no reason, or if a reason names no line of the sources.

Each line of REASONS names one line of code:

    file <TAB> function <TAB> the line, without what it is indented by <TAB> why

Where a function has the same line more than once, its first reason is for the
first of them that is not reached, and so on.
"""
import collections
import json
import os
import re
import sys


class File:
    """What gcovr knows of a source file."""
    def __init__(self, entry, directory):
        self.name = os.path.relpath(entry["file"])
        path = os.path.join(directory, self.name)
        with open(path, encoding="utf-8") as source:
            self.text = source.read().splitlines()
        # A function that is inlined in several places is listed for each.
        self.counts = collections.Counter()
        for line in entry["lines"]:
            if not line.get("gcovr/noncode"):
                self.counts[line["line_number"]] += line["count"]
        branches = [b for line in entry["lines"] for b in line["branches"]]
        self.branches = len(branches)
        self.taken = sum(1 for b in branches if b["count"])

    def function_of(self, number):
        """By the source: what is inlined early has no name for gcov."""
        for line in reversed(self.text[:number]):
            head = re.match(r"(?=[A-Za-z_])[^(;]*?(\w+)\(", line)
            if head and not line.endswith(";"):
                return head.group(1)
        return "-"

    def missing(self):
        return [n for n in sorted(self.counts) if not self.counts[n]]

    def key(self, number):
        return (self.name, self.function_of(number), self.text[number - 1].strip())

    def keys(self):
        return {self.key(number) for number in self.counts}


def percent(part, whole):
    return part * 100 // whole if whole else 100


def read_reasons(path):
    """Lists of reasons by what they name."""
    reasons = collections.defaultdict(list)
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                name, function, text, why = line.rstrip("\n").split("\t")
                reasons[name, function, text].append(why)
    return reasons


def table(files):
    row = "{:18} {:>7} {:>7} {:>5} {:>9} {:>7} {:>5}".format
    print(row("file", "lines", "reached", "%", "branches", "taken", "%"))
    sums = [0, 0, 0, 0]
    for file in files:
        numbers = [len(file.counts), len(file.counts) - len(file.missing()),
                   file.branches, file.taken]
        sums = [a + b for a, b in zip(sums, numbers)]
        print_row(row, file.name, numbers)
    print_row(row, "all", sums)
    return percent(sums[1], sums[0])


def print_row(row, name, numbers):
    lines, reached, branches, taken = numbers
    print(row(name, lines, reached, percent(reached, lines),
              branches, taken, percent(taken, branches)))


def explain(files, reasons):
    """Prints the lines that were not reached; those without a reason."""
    left = {key: list(whys) for key, whys in reasons.items()}
    bare = []
    print("\nnot reached:")
    for file in files:
        for number in file.missing():
            key = file.key(number)
            whys = left.get(key)
            why = whys.pop(0) if whys else None
            print(f"{file.name}:{number}: {key[1]}(): {key[2]}\n"
                  f"    {why or 'no reason is known'}")
            if not why:
                bare.append(f"{file.name}:{number} {key[2]}")
    print()
    for key in (key for key, whys in left.items() if whys):
        print("# reached, so needs no reason:", *key)
    return bare


def results(files, reasons, bare, reached, least):
    known = set().union(*(file.keys() for file in files))
    wrong = [f"not ok the line has a reason - {line}" for line in bare]
    wrong += ["not ok the reason names a line - " + " ".join(key)
              for key in reasons if key not in known]
    if reached < least:
        wrong.append(f"not ok line coverage - {reached} % is below {least} %")
    print("\n".join(wrong) if wrong else
          f"ok line coverage is {reached} %, and every other line has its reason")
    return 1 if wrong else 0


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        files = [File(entry, sys.argv[2]) for entry in json.load(file)["files"]]
    files = sorted((file for file in files if file.counts),
                   key=lambda file: file.name)
    reasons = read_reasons(sys.argv[3])
    reached = table(files)
    bare = explain(files, reasons)
    return results(files, reasons, bare, reached, int(sys.argv[4]))


if __name__ == "__main__":
    sys.exit(main())
