#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""coverage-report.py GCOVR.json SOURCES REASONS: why the tests do not reach a line

Prints each line that was not reached with its reason; "not ok" if it has none, or if a
reason names no line. A line of REASONS is for one of the code, and where a function has the
same line more than once, in the order in which they are not reached:

    file <TAB> function <TAB> the line, without what it is indented by <TAB> why
"""
import collections
import json
import pathlib
import re
import sys


def function_of(text, number):
    """By the source: what is inlined early has no name for gcov."""
    for line in reversed(text[:number]):
        head = re.match(r"(?=[A-Za-z_])[^(;]*?(\w+)\(", line)
        if head and not line.endswith(";"):
            return head.group(1)
    return "-"


def lines(files, directory):
    """(what a reason names, number, whether it was reached) of each line of code"""
    for entry in sorted(files, key=lambda file: file["file"]):
        text = pathlib.Path(directory, entry["file"]).read_text().splitlines()
        # A function that is inlined in several places is listed for each.
        counts = collections.Counter()
        for line in entry["lines"]:
            if not line.get("gcovr/noncode"):
                counts[line["line_number"]] += line["count"]
        for number in sorted(counts):
            key = entry["file"], function_of(text, number), text[number - 1].strip()
            yield key, number, counts[number] > 0


def main(path, directory, reasons, *_):
    left = collections.defaultdict(list)
    for line in pathlib.Path(reasons).read_text().splitlines():
        if line and not line.startswith("#"):
            *key, why = line.split("\t")
            left[tuple(key)].append(why)
    code = list(lines(json.loads(pathlib.Path(path).read_text())["files"], directory))
    known = {key for key, *_ in code}
    wrong = [f"the reason names a line - {' '.join(key)}" for key in left if key not in known]
    for key, number, reached in code:
        if not reached:
            why = left[key].pop(0) if left[key] else "no reason is known"
            print(f"# {key[0]}:{number}: {key[1]}(): {key[2]}\n#     {why}")
            if why == "no reason is known":
                wrong.append(f"the line has a reason - {key[0]}:{number} {key[2]}")
    for key in (key for key, whys in left.items() if whys):
        print("# reached, so needs no reason:", *key)
    reached = sum(reached for *_, reached in code) * 100 // len(code)
    print("\n".join(f"not ok {text}" for text in wrong) or
          f"ok line coverage is {reached} %, and every other line has its reason")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
