# SPDX-License-Identifier: GPL-2.0
"""What the KUnit suites found, from a console's log, by the kernel's own parser."""
import glob
import json
import os
import re
import subprocess
import sys

import guest

STATUS = {"PASS": "passed", "SKIP": "skipped", "FAIL": "failed", "ERROR": "errors"}
SKIPPED = re.compile(r" *ok \d+ (?:- )?(.*\S) *# SKIP *(\S.*)")


def read(*path):
    with open(os.path.join(*path), encoding="utf-8", errors="replace") as file:
        return file.read()


def suites():
    """The cases of each suite, from the sources."""
    found = {}
    for path in glob.glob(os.path.join(guest.TOP, "tests/**/*_test.c"), recursive=True):
        text = read(path)
        for name in re.findall(r"struct kunit_suite \w+ = \{[^}]*?\.name = \"(\w+)\"", text):
            found[name] = re.findall(rf"KUNIT_CASE\w*\(({name}_\w+)", text)
    return found


def check_suite(name):
    """NAME or NAME.CASE, as the module takes it"""
    suite, _, case = name.partition(".")
    known = suites()
    if name and suite not in known:
        raise guest.NoStart(f"no suite is called \"{suite}\"; there are: " +
                            " ".join(sorted(known)))
    if case and case not in known[suite]:
        raise guest.NoStart(f"the suite {suite} has no case \"{case}\"; there are: " +
                            " ".join(known[suite]))


def may_skip(kernel):
    """The reasons for which a case may be skipped here: what this kernel lacks. Any
    other skip is a test that was not run, though it should have been."""
    config = read(kernel, ".config").splitlines()
    version = re.search(r"UTS_RELEASE \"(\d+)\.(\d+)",
                        read(kernel, "include/generated/utsrelease.h"))
    lacks = {"SMP": "one CPU", "HOTPLUG_CPU": "no CPU hotplug",
             "BLK_INLINE_ENCRYPTION": "nothing encrypts bios"}
    reasons = [why for option, why in lacks.items() if f"CONFIG_{option}=y" not in config]
    if "CONFIG_PREEMPT_RT=y" in config:
        reasons.append("sleeping locks")
    if "REQ_ALLOC_CACHE" not in read(kernel, "source/include/linux/blk_types.h"):
        reasons.append("no cache of the kernel's own")
    if tuple(map(int, version.groups())) < (5, 19):
        reasons.append("a put frees such a bio")
    return reasons


def skips(kernel, lines):
    """Suites repeat their cases' skips without a reason."""
    allowed = may_skip(kernel)
    for match in filter(None, map(SKIPPED.match, lines)):
        if match.group(2).strip() not in allowed:
            yield f"not ok {match.group(1)} - skipped: {match.group(2)}"


def parser(kernel):
    """The kernel's own; that of 5.10 does not read subtests as one reads KTAP."""
    source = os.path.join(kernel, "source")
    if "\nclass Test:" not in read(source, "tools/testing/kunit/kunit_parser.py"):
        env = {key: value for key, value in os.environ.items() if key != "KSRC"}
        source = subprocess.run([os.path.join(guest.TOP, "tests/lab/kernel.sh"), "--source"],
                                env=env, stdout=subprocess.PIPE, text=True,
                                check=True).stdout.strip()
    return os.path.join(source, "tools/testing/kunit/kunit.py")


def cases(group, prefix=""):
    """Pairs of a case's name, after its suite's, and its status"""
    for case in group["test_cases"]:
        yield prefix + case["name"], case["status"]
    for sub in group["sub_groups"]:
        yield from cases(sub, prefix + sub["name"] + ".")


def agree(found, summary):
    """Whether the numbers in the parser's summary are those of the results."""
    said = re.search(r"Testing complete\. Ran (\d+) tests: (.*)", summary)
    counts = {what: int(n) for what, n in
              re.findall(r"(\w+): (\d+)", said.group(2))} if said else {}
    statuses = [status for _, status in found]
    return said and int(said.group(1)) == len(found) and "PASS" in statuses and \
        "crashed" not in counts and "errors" not in counts and \
        all(counts.get(word, 0) == statuses.count(status)
            for status, word in STATUS.items() if word != "errors")


def results(kernel, lines, out):
    """Result lines for what the kernel said. The guest's own lines are not KTAP. Time
    stamps go, because the parser measures its prefix on the first line alone."""
    lines = [re.sub(r"^\[ *[\d.]+\](\[ *[CT]\d+\])? ", "", line) for line in lines]
    lines = [line for line in lines if not line.startswith("guest: ")]
    with open(os.path.join(out, "ktap"), "w", encoding="utf-8") as file:
        print(*lines, sep="\n", file=file)
    parsed = os.path.join(out, "parsed.json")
    summary = subprocess.run([sys.executable, parser(kernel), "parse", "--json=" + parsed,
                              file.name], stdin=subprocess.DEVNULL, check=False, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout
    with open(os.path.join(out, "parsed"), "w", encoding="utf-8") as file:
        file.write(summary)
    found = list(cases(json.loads(read(parsed)))) if os.path.exists(parsed) else []
    for name, status in found:
        yield {"PASS": f"ok {name}", "SKIP": f"# skipped {name}"}.get(
            status, f"not ok {name} - {STATUS[status]}, see {out}/ktap")
    yield from skips(kernel, lines)
    if not agree(found, summary):
        yield f"not ok KTAP - the parser's summary is not of {len(found)} results, " \
            f"or not all is well: see {out}/parsed"
