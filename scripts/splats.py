#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""splats.py LOG: print the kernel's complaints found in a console log.

The exit status is 1 if there are any. A complaint is not counted
 - between the lines 'EXPECT-SPLAT-BEGIN text' and 'EXPECT-SPLAT-END', if its
   report contains the text: a test provoked it;
 - if it is one that the kernel is known to make by itself (KNOWN);
 - if it is a data race between two functions of the kernel, whoever called
   them: the kernel's own races are not ours to judge.
Lines that start with 'guest: ' are what programs in the guest printed.
"""
import re
import sys

COMPLAINT = re.compile(r"""
    \[\ cut\ here\ \] | \bWARNING:\s | \bBUG:\s | ^BUG\s\S+\s\( | kernel\ BUG\ at
  | \bKASAN:\s | \bUBSAN:\s | \bODEBUG:\s
  | possible\ .*\ detected | suspicious\ RCU\ usage | DEBUG_LOCKS_WARN_ON
  | sleeping\ function\ called | scheduling\ while\ atomic
  | kmemleak:\ \d+\ new\ suspected | Slab\ cache\ still\ has\ objects
  | INFO:\ task\ .*\ blocked | self-detected\ stall | detected\ stalls\ on
  | \bOops\b | general\ protection | divide\ error | invalid\ opcode
  | list_(add|del)\ corruption | refcount_t: | Bad\ page\ state
  | Kernel\ panic
""", re.VERBOSE)
BEGIN = re.compile(r"EXPECT-SPLAT-BEGIN\s+(.*\S)")
END = re.compile(r"EXPECT-SPLAT-END")
REPORT_END = re.compile(r"---\[ end (trace|Kernel panic)|^=+$")
OURS = re.compile(r"\[(bioset_\w+|planted)\b")
KNOWN = re.compile(r"""
    # User Mode Linux 6.1 walks an mm's maps at fork without a lock.
    suspicious\ RCU\ usage[\s\S]*\bforce_flush_all\+
    # bio_inc_remaining(), which is inline, sets BIO_CHAIN again while a part
    # that is done looks at it; in bio_chain() the kernel does that as well.
  | KCSAN:\ data-race\ in\ bio_endio\ /\ \w+\ \[bioset_(torture|stripe|kunit)\]
    (?=[\s\S]*\bread\ to\ .*\ of\ 2\ bytes)(?=[\s\S]*\bwrite\ .*\ of\ 2\ bytes)
""", re.VERBOSE)
LONGEST = 120


def read_lines(path):
    """The log's lines without time stamps and carriage returns."""
    with open(path, errors="replace") as log:
        for line in log:
            yield re.sub(r"^(<\d+>)?\[ *\d+\.\d+\](\[ *[CT]\d+\])? ?", "",
                         line.rstrip("\r\n"))


def reports(lines):
    """Yield (lines of the report, text expected or None)."""
    expected, report, armed = None, None, None
    for line in lines:
        if line.startswith("guest: "):
            continue
        begin = BEGIN.search(line)
        hit = not begin and COMPLAINT.search(line)
        over = report and (begin or END.search(line) or len(report) > LONGEST
                           or REPORT_END.search(line) or starts_new(report, hit))
        if over:
            yield report + [line] * bool(REPORT_END.search(line)), armed
            report = None
        if begin:
            expected = begin.group(1)
        elif END.search(line):
            expected = None
        elif report is not None:
            report.append(line)
        elif hit:
            report, armed = [line], expected
    if report:
        yield report, armed


def starts_new(report, hit):
    """A second headline is a new report, unless it follows at once: some
    reports have a headline of two lines."""
    return bool(hit) and len(report) > 4


def counts(report, expected):
    text = "\n".join(report)
    if expected is not None and expected in text:
        return False
    if KNOWN.search(text):
        return False
    return "KCSAN:" not in report[0] or bool(OURS.search(report[0]))


def main():
    found = 0
    for report, expected in reports(read_lines(sys.argv[1])):
        if counts(report, expected):
            found += 1
            print("\n".join(report[:60]))
            print()
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
