#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Find the kernel's complaints in a console log.

judge.py LOG            print them, and in the last line their number and in which
                        script each began: "complaints: 2 in 0 3". Without that
                        line judge.py itself has failed, and nothing is known
                        about the log.
judge.py --cases FILE   judge the logs in FILE (tests/lab/judge.cases) and print
                        "ok" or "not ok" for each

Warnings that a test provokes stand between the lines

    EXPECT-SPLAT-BEGIN text
    EXPECT-SPLAT-END

At least one report must come there whose headline has the text in it. Reports
that have it are not counted, all others are. A text without such a report, and
a BEGIN without its END, are complaints of their own.

A report is not counted either
 - if it is one that the kernel is known to make by itself (KNOWN);
 - if it is a data race between two functions of the kernel, whoever called
   them: the kernel's own races are not ours to judge.

Lines that start with 'guest: ' are what programs in the guest printed; those
that start with 'harness: ' are what tests/guest/init has to complain about. With
"guest: script N begins" it says which script runs from there on; 0 is the boot.
"""
import re
import sys

# Matched without regard to what stands around: a report of a kind that is not
# in this list is still noticed by its "[#1]" or its "end trace".
COMPLAINT = re.compile(r"""
    \[\ cut\ here\ \] | ---\[\ end\ trace | \[\#\d+\]
  | ^harness:\ | \bWARNING:\s | \bBUG:\s | ^BUG\s\S+\s\( | kernel\ BUG\ at
  | \bKASAN:\s | \bUBSAN:\s | \bODEBUG:\s | CFI\ failure
  | possible\ .*\ detected | suspicious\ RCU\ usage | DEBUG_LOCKS_WARN_ON
  | trying\ to\ register\ non-static\ key
  | turning\ off\ the\ locking\ correctness\ validator
  | sleeping\ function\ called | scheduling\ while\ atomic
  | kmemleak:\ \d+\ new\ suspected | Slab\ cache\ still\ has\ objects
    # Without memory, as when a test takes it away, it fails with -12, and with -22
    # if there was none for a name. -17: the name is taken.
  | kmem_cache_create\w*\(.*\)\ (integrity\ check\ failed|failed\ with\ error\ -17\b)
  | kobject_add_internal\ failed\ for\ (?!.*\(error:\ -(12|22)\ )
  | INFO:\ task\ .*\ blocked | \bINFO:\ .*\bstall | rcu_\w+\ kthread\ (starved|timer)
  | hard\ LOCKUP
  | \bOops\b | Internal\ error:\  | Unable\ to\ handle\ kernel
  | general\ protection | divide\ error | invalid\ opcode | stack\ segment
  | list_(add|del)\ corruption | refcount_t: | Bad\ page\ state
  | cannot\ create\ duplicate\ filename
  | tried\ to\ init\ an\ initialized\ object
    # debugfs: before 6.19, and since
  | (Directory|File)\ '.*'\ .*already\ present | '.*'\ already\ exists\ in\ '
  | EXT4-fs\ error | \bJBD2:.*\b[Ee]rror | Aborting\ journal
  | Remounting\ filesystem\ read-only
  | \bXFS\b.*([Cc]orrupt|\b[Ee]rror|[Ss]hut(ting)?\ ?down|Assertion\ failed)
  | Kernel\ panic
""", re.VERBOSE)

# What a report may say after its headline, and about what it says it: such a
# line begins no report of its own.
FOLLOWS = (
    (re.compile(r"\[#\d+\]|invalid opcode"),
     re.compile(r"\bBUG:\s|kernel BUG at|Unable to handle|KASAN:|CFI failure|"
                r"general protection|stack guard|non-canonical")),
    (re.compile(r"^KASAN: .* in range"),
     re.compile(r"\[#\d+\]|general protection|\bBUG:\s|Unable to handle")),
    (re.compile(r"turning off the locking"), re.compile(r"non-static key|\bBUG:\s")),
)

CUT = re.compile(r"\[ cut here \]")
# The line that a report behind "cut here" is of. Its message comes before it
# or, where a kernel has no trap for warnings (User Mode Linux), after it.
CUT_LINE = re.compile(r"\bWARNING:\s|kernel BUG at|\bUBSAN:\s|CFI failure")
# Other CPUs' lines may come between the two.
CUT_HEAD = 40
REPORT = re.compile(r".*(\bWARNING:\s|\bBUG:\s|\[#\d+\]|\bINFO:\s)|kmemleak:|"
                    r"---\[ end|EXT4-fs|XFS|JBD2|Aborting journal|harness:|debugfs:")
AFTER_HEAD = re.compile(r"Modules linked in|CPU: |invalid opcode|Oops|\[#\d+\]")
# Tools whose reports are warnings as well. To expect one, a text must name it.
TOOL = re.compile(r"KASAN|KCSAN|UBSAN|KFENCE|ODEBUG|DEBUG_LOCKS_WARN_ON|refcount_t|"
                  r"list_(?:add|del) corruption|CFI failure|kernel BUG")

BEGIN = re.compile(r"EXPECT-SPLAT-BEGIN\s+(.*\S)")
END = re.compile(r"EXPECT-SPLAT-END")
MARK = re.compile(r"guest: script (\d+) begins")
END_TRACE = re.compile(r"---\[ end (trace|Kernel panic)")
# Sanitizers' reports stand between two of these.
RULE = re.compile(r"^=+$")
OURS = re.compile(r"\[(bioset_\w+|planted)\b")
KNOWN = re.compile(r"""
    # User Mode Linux 6.1 walks an mm's maps at fork without a lock.
    WARNING:\ suspicious\ RCU\ usage[\s\S]*\bforce_flush_all\+
    # bio_inc_remaining(), which is inline, sets BIO_CHAIN again while a part
    # that is done looks at it; in bio_chain() the kernel does that as well.
  | BUG:\ KCSAN:\ data-race\ in\ bio_endio\ /\ \w+\ \[bioset_(torture|stripe|kunit)\]
    (?=[\s\S]*\bread\ to\ .*\ of\ 2\ bytes)(?=[\s\S]*\bwrite\ .*\ of\ 2\ bytes)
    # bio.c's own slabs: the kernel frees them after a grace period, and their
    # directory with them, so that a slab that comes back soon finds it there.
  | debugfs:\ Directory\ 'bio-\d+'\ with\ parent\ 'slab'\ already\ present
    # No memory for the fields of a module's tracepoint
  | -+\[\ cut\ here\ \]-+\s+
    WARNING:\ .*\bkernel/trace/trace_events\.c:\d+\ (at\ )?event_define_fields\+
""", re.VERBOSE)
LONGEST = 120
SHOWN = 60


def plain(line):
    """A line without time stamp and carriage return."""
    return re.sub(r"^(<\d+>)?\[ *\d+\.\d+\](\[ *[CT]\d+\])? ?", "",
                  line.rstrip("\r\n"))


class Bracket:
    """What one EXPECT-SPLAT-BEGIN asked for."""
    def __init__(self, text):
        self.text = text
        self.seen = False

    def covers(self, headline):
        """A warning has the text somewhere in its headline; any other report
        begins with it."""
        if not CUT.search(headline[0]):
            return headline[0].startswith(self.text)
        words = "\n".join(headline)
        return self.text in words and \
            all(tool in self.text for tool in TOOL.findall(words))


class Report:
    """One complaint of the kernel, and the bracket that it began in."""
    def __init__(self, line, bracket):
        self.lines, self.bracket = [line], bracket

    def head_length(self):
        """How many lines the headline has so far."""
        if not CUT.search(self.lines[0]):
            return 1
        for number, line in enumerate(self.lines[1:CUT_HEAD], 1):
            if CUT_LINE.search(line):
                after = self.lines[number + 1:number + 2]
                return number + 1 + (bool(after) and
                                     not AFTER_HEAD.match(after[0]))
        return min(len(self.lines), CUT_HEAD)

    def headline(self):
        return self.lines[:self.head_length()]

    def ends_with(self, line):
        """A rule in the middle of a warning is of a sanitizer's report, which
        another CPU makes, or an interrupt: the warning goes on behind it."""
        return bool(END_TRACE.search(line)) or \
            bool(RULE.search(line) and not CUT.search(self.lines[0]))

    def goes_on_with(self, line):
        """Whether a line that looks like a complaint is part of this one."""
        words = "\n".join(self.headline())
        if any(what.search(line) and about.search(words)
               for what, about in FOLLOWS):
            return True
        if CUT.search(line) or not CUT.search(self.lines[0]):
            return False
        cut_line = [n for n, text in enumerate(self.lines)
                    if CUT_LINE.search(text)]
        if not cut_line:
            return len(self.lines) < CUT_HEAD and \
                bool(CUT_LINE.search(line) or not REPORT.match(line))
        # The message, if it was not before the warning's own line
        return cut_line == [1] and len(self.lines) == 2 and \
            not REPORT.match(line)

    def counts(self):
        text = "\n".join(self.lines)
        if self.bracket and self.bracket.covers(self.headline()):
            self.bracket.seen = True
            return False
        if KNOWN.match(text):
            return False
        return "KCSAN:" not in self.lines[0] or \
            bool(OURS.search(self.lines[0]))


class Judge:
    """Takes a log line by line and collects what is wrong in it, as pairs of a
    script's number and lines."""
    def __init__(self):
        self.complaints = []
        self.script = 0
        self.report = None
        self.bracket = None
        # Reports of warnings that were left before their end: they were long,
        # or two CPUs' reports are mixed. Their ends are still to come.
        self.ends_owed = 0

    def begin_script(self, number):
        self.leave_report()
        self.close_bracket(False)
        self.script = number

    def complain(self, lines):
        self.complaints.append((self.script, lines))

    def line(self, line):
        begin, end = BEGIN.search(line), END.search(line)
        if begin or end:
            self.leave_report()
            self.close_bracket(bool(end))
            self.bracket = begin and Bracket(begin.group(1))
        elif self.report:
            self.in_report(line)
        elif COMPLAINT.search(line):
            self.begin_report(line)

    def begin_report(self, line):
        if not END_TRACE.search(line):
            self.report = Report(line, self.bracket)
        elif self.ends_owed:
            self.ends_owed -= 1
        else:
            self.report = Report(line, self.bracket)
            self.close_report()

    def in_report(self, line):
        report = self.report
        if report.ends_with(line):
            report.lines.append(line)
            self.close_report()
        elif COMPLAINT.search(line) and not report.goes_on_with(line):
            self.leave_report()
            self.line(line)
        elif len(report.lines) >= LONGEST:
            self.leave_report()
        else:
            report.lines.append(line)

    def leave_report(self):
        if self.report and CUT.search(self.report.lines[0]):
            self.ends_owed += 1
        self.close_report()

    def close_report(self):
        report, self.report = self.report, None
        if report and report.counts():
            self.complain(report.lines)

    def close_bracket(self, ended):
        bracket, self.bracket = self.bracket, None
        if not bracket:
            if ended:
                self.complain(["EXPECT-SPLAT-END without a BEGIN"])
        elif not ended:
            self.complain(["EXPECT-SPLAT-BEGIN without an END: " + bracket.text])
        elif not bracket.seen:
            self.complain(["expected, and not reported: " + bracket.text])

    def finish(self):
        self.close_report()
        self.close_bracket(False)
        return self.complaints


def judge(lines):
    """The complaints in a log, each with the number of the script."""
    court = Judge()
    for line in map(plain, lines):
        mark = MARK.match(line)
        if mark:
            court.begin_script(int(mark.group(1)))
        elif not line.startswith("guest: "):
            court.line(line)
    return court.finish()


def judge_cases(path):
    """Each case begins with "#### N NAME", N being its number of complaints, or
    with "#### N@A,B NAME", which also says in which scripts they are."""
    with open(path, encoding="utf-8") as file:
        cases = re.split(r"^#### ", file.read(), flags=re.MULTILINE)[1:]
    wrong = 0
    for case in cases:
        title, _, log = case.partition("\n")
        want, name = title.split(" ", 1)
        got = judge(log.splitlines())
        count, _, where = want.partition("@")
        if len(got) == int(count) and where in \
                ("", ",".join(str(script) for script, _ in got)):
            print("ok a log with", name)
        else:
            wrong += 1
            print(f"not ok a log with {name} - {len(got)} complaints, not {want}:",
                  "; ".join(f"{script}: {lines[0]}" for script, lines in got))
    return 1 if wrong or not cases else 0


def main():
    if sys.argv[1] == "--cases":
        return judge_cases(sys.argv[2])
    with open(sys.argv[1], errors="replace", encoding="utf-8") as log:
        complaints = judge(log)
    for _, lines in complaints:
        print("\n".join(lines[:SHOWN]), end="\n\n")
    print("complaints:", len(complaints), "in", *(script for script, _ in complaints))
    return 0


if __name__ == "__main__":
    sys.exit(main())
