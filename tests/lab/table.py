#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""table.py PAGE          put what tests/check has seen run into the page's table of kernels
table.py PAGE --check  fail if a line of it has a result that is too old

The table stands between two comments. A kernel that was not run here keeps its line.
"""
import datetime
import glob
import json
import os
import re
import sys

sys.dont_write_bytecode = True  # the source tree stays as it is
from plan import CACHE  # noqa: E402

BEGIN, END = "<!-- make support-table: begin -->", "<!-- make support-table: end -->"
COLUMNS = {"apimodel": "API model", "example": "corner cases", "integration": "real I/O",
           "knobs": "knobs", "torture": "torture", "outside": "drivers", "kunit": "KUnit"}
OLDEST_DAYS = 90


def label(directory):
    """Debian 6.12.118+deb13-rt-amd64, or 6.1.192 kasan for one built from source"""
    stock = os.path.join(directory, "release")
    release = stock if os.path.exists(stock) else \
        os.path.join(directory, "include/config/kernel.release")
    with open(release, encoding="utf-8") as file:
        name = file.read().strip()
    if release == stock:
        return "Debian " + name
    return f"{re.match('[0-9.]+', name).group()} {os.path.basename(directory).split('-')[0]}"


def series(name):
    """Packages get newer: one line for each version and flavour, as in 6.12 rt-amd64"""
    return re.sub(r"^(\d+\.\d+)[^- ]*(?:-\d+)?[- ]", r"\1 ", name.replace("Debian ", ""))


def results():
    """(kernel's label, column, date) for all that was green"""
    for path in glob.glob(CACHE + "/results/*/*"):
        with open(path, encoding="utf-8") as file:
            result = json.load(file)
        names = [word.split(":")[0] for word in result["command"]]
        names.append(os.path.basename(names[0]).split(".")[0])
        for directory in filter(os.path.isdir, result["kernels"]):
            for name in set(names) & set(COLUMNS):
                yield label(directory), name, result["date"]


def parse(lines):
    """{series: [label, {column: "run"}, oldest date]} of the table as it stands"""
    table = {}
    for line in lines:
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) == len(COLUMNS) + 2 and re.match(r"\d{4}-", cells[-1]):
            ran = {name for name, cell in zip(COLUMNS, cells[1:]) if cell == "run"}
            table[series(cells[0])] = [cells[0], ran, cells[-1]]
    return table


def merge(table):
    seen = {}
    for name, column, date in results():
        cells = seen.setdefault(series(name), {})
        cells[column] = max(cells.get(column, ("", "")), (date, name))
    for key, cells in seen.items():
        ran = set(cells)
        dates = [date for date, _ in cells.values()]
        if key in table and table[key][1] - ran:
            ran |= table[key][1]
            dates.append(table[key][2])
        table[key] = [max(cells.values())[1], ran, min(dates)]
    return table


def lines_of(table):
    yield "| kernel | " + " | ".join(COLUMNS.values()) + " | oldest result |"
    yield "|---" * (len(COLUMNS) + 2) + "|"
    order = sorted(table, key=lambda key: [int(part) if part.isdigit() else part
                                           for part in re.split(r"(\d+)", key)])
    for name, ran, date in (table[key] for key in order):
        cells = ["run" if column in ran else "–" for column in COLUMNS]
        yield f"| {name} | {' | '.join(cells)} | {date} |"


def main(page, *options):
    with open(page, encoding="utf-8") as file:
        before, _, rest = file.read().partition(BEGIN + "\n")
    old, _, after = rest.partition(END)
    table = parse(old.splitlines())
    if options:
        limit = datetime.date.today() - datetime.timedelta(days=OLDEST_DAYS)
        late = [name for name, _, date in table.values() if date < limit.isoformat()]
        print("\n".join(f"not ok {name} - older than {OLDEST_DAYS} days" for name in late) or
              "ok the table of kernels")
        return bool(late or not table)
    with open(page, "w", encoding="utf-8") as file:
        file.write(before + BEGIN + "\n" + "\n".join(lines_of(merge(table))) + "\n" + END + after)
    return 0


sys.exit(main(*sys.argv[1:]))
