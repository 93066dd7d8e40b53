# SPDX-License-Identifier: GPL-2.0
"""tests/plan: what is tested where. Its own first lines say how it is written."""
import glob
import hashlib
import os
import random
import re
import subprocess

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
CACHE = os.path.join(os.environ.get("XDG_CACHE_HOME") or
                     os.path.expanduser("~/.cache"), "bioset")
SEED = os.environ.get("SEED") or str(random.randrange(10 ** 6))
TIERS = {"q": "quick", "t": "test", "r": "release", "s": "soak"}
# Of a line that stands for many files (mutants): how many of those that a change
# touches are run, and how many others by chance
SAMPLES = {"quick": (4, 0), "test": (8, 6)}
SLOW = 30               # seconds of a file that is not run by chance
TEST_KERNEL = re.compile("kasan|kcsan|ubsan|gcov|uml")


class BadPlan(Exception):
    """What the plan or the command line says cannot be run."""


def kernel_dir(name):
    """Fetched or built by the first who asks."""
    program = "kernel.sh" if TEST_KERNEL.match(name) else "stock.sh"
    return subprocess.run([f"{TOP}/tests/lab/{program}", name], text=True, check=True,
                          stdout=subprocess.PIPE).stdout.strip()


class Row:
    """A line of the plan, or one of the many that a line with an "@" stands for."""
    def __init__(self, name, tiers, secs, inputs, command, own=None):
        self.name, self.tiers, self.secs = name, tiers, int(secs)
        self.inputs, self.template, self.own = inputs, command, own

    def command(self, share=0):
        """Its words, with what is left to chance drawn by the seed."""
        draw = random.Random(SEED + self.name.split(":")[0])
        text = re.sub(r"\?([\w.,-]+)", lambda m: draw.choice(m.group(1).split(",")),
                      self.template)
        text = text.replace("{seed}", str(draw.randrange(10 ** 6)))
        return text.replace("{secs}", str(share)).split()

    def kernels(self, command):
        return [word[7:] for word in self.inputs if word.startswith("kernel:")] + \
            command[1:2] * (command[0] == "run")

    def touched_by(self, change):
        """Whether its own file, or one that this patches, has changed."""
        with open(f"{TOP}/{self.own}", encoding="utf-8") as file:
            return change & {self.own, *re.findall(r"^\+\+\+ b/(\S+)", file.read(), re.M)}


def scripts_of(command):
    words = command[2:] if command[0] == "run" else []
    return [word.split(":")[0] for word in words if not word.startswith("cpus=")]


def program_of(command):
    return [f"{TOP}/" + ("tests/lab/run" if command[0] == "run" else command[0]), *command[1:]]


class Plan:
    """tests/plan: sets of files, budgets, rows."""
    def __init__(self):
        self.sets, self.budgets, self.rows = {}, {}, []
        with open(f"{TOP}/tests/plan", encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                words = line.split()
                if words and not line.startswith("#"):
                    try:
                        self.add(*words)
                    except (TypeError, ValueError, KeyError, BadPlan) as error:
                        raise BadPlan(f"tests/plan:{number}: {error}") from None

    def add(self, first, second, *rest):
        if first == "set":
            self.sets[second] = self.matching(rest)
        elif first == "budget":
            self.budgets[second] = int(rest[0])
        else:
            secs, inputs, *command = rest
            row = (first, [TIERS[letter] for letter in second], secs, inputs.split(","))
            self.add_rows(row, " ".join(command))

    def matching(self, patterns):
        """The files that are meant; those after a "!" are not."""
        found = set()
        for pattern in patterns:
            files = {path for path in glob.glob(pattern.lstrip("!"), root_dir=TOP, recursive=True)
                     if os.path.isfile(f"{TOP}/{path}")}
            found = found - files if pattern[0] == "!" else found | files
        return found

    def add_rows(self, row, command):
        many = re.search(r"@(\S+)", command)
        if not many:
            self.rows.append(Row(*row, command))
        for path in sorted(self.matching([many.group(1)])) if many else []:
            stem = os.path.splitext(os.path.basename(path))[0]
            with open(f"{TOP}/{path}", encoding="utf-8") as file:
                secs = re.search(r"^# secs: *(\d+)", file.read(), re.M)
            self.rows.append(Row(f"{row[0]}:{stem}", row[1], secs.group(1) if secs else row[2],
                                 row[3], command.replace(many.group(), path), path))

    def of_tier(self, tier, change):
        """Its rows, the longest first, and of those that stand for files a sample."""
        rows = [row for row in self.rows if tier in row.tiers]
        many = [row for row in rows if row.own]
        if tier in SAMPLES:
            draw = random.Random(SEED)
            near = [row for row in many if row.touched_by(change)]
            near = draw.sample(near, min(SAMPLES[tier][0], len(near)))
            far = [row for row in many if row not in near and row.secs < SLOW]
            many = near + draw.sample(far, min(SAMPLES[tier][1], len(far)))
        rows = [row for row in rows if not row.own] + many
        return sorted(rows, key=lambda row: -row.secs)

    def seconds(self, tier):
        """How long a tier takes: its rows, packed into two lanes; of a sample each
        row counts for what they take on average."""
        rows = [row for row in self.rows if tier in row.tiers]
        many = [row.secs for row in rows if row.own]
        if tier in SAMPLES and many:
            many = [sum(many) / len(many)] * sum(SAMPLES[tier])
        lanes = [0, 0]
        for secs in sorted(many + [row.secs for row in rows if not row.own], reverse=True):
            lanes[lanes.index(min(lanes))] += secs
        return max(lanes)

    def files(self, row, command):
        """What can change a row's result, guest scripts and what they read in too."""
        found = {row.own} if row.own else set()
        for word in row.inputs:
            if not word.startswith("kernel:"):
                found |= self.sets[word]
        todo = scripts_of(command)
        while todo:
            path = f"tests/guest/{todo.pop()}.sh"
            if path not in found:
                found.add(path)
                with open(f"{TOP}/{path}", encoding="utf-8") as file:
                    todo += re.findall(r"^\. /(\w+)\.sh$", file.read(), re.M)
        return sorted(found)

    def key(self, row, command):
        digest = hashlib.sha256(" ".join(command).encode())
        for name in row.kernels(command):
            digest.update(os.path.basename(kernel_dir(name)).encode())
        for path in self.files(row, command):
            digest.update(path.encode())
            with open(f"{TOP}/{path}", "rb") as file:
                digest.update(file.read())
        return digest.hexdigest()[:20]


def changed_files():
    """What differs from BASE, the commit before; nothing where there is no git."""
    base = os.environ.get("BASE") or "HEAD~1"
    return set(subprocess.run(["git", "diff", "--name-only", base], cwd=TOP, text=True,
                              check=False, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL).stdout.split())


def faults(plan):
    """What is wrong with it: words that mean nothing, and tiers that do not fit."""
    bad = []
    for row in plan.rows:
        command = row.command()
        missing = [word for word in row.inputs if word not in plan.sets and
                   not word.startswith("kernel:")]
        missing += [script for script in scripts_of(command)
                    if not os.path.exists(f"{TOP}/tests/guest/{script}.sh")]
        if missing or not os.path.exists(program_of(command)[0]):
            bad.append(f"{row.name}: there is no {' '.join(missing) or command[0]}")
    for tier, budget in plan.budgets.items():
        if plan.seconds(tier) > budget:
            bad.append(f"{tier} takes {plan.seconds(tier)} seconds of {budget}")
    return bad
