#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""rescue-picture.py LOG SVG: draw what the demonstration traced.

LOG has the lines of a trace behind "trace: ", from one write to the example
whose set has nothing but its reserve. SVG shows, over time, the reserve and
what is in flight, and below who does what: the write, the waits, what is
punted, rescued and completed.
"""

import re
import subprocess
import sys

EVENT = re.compile(r"trace: +(?P<task>.+)-\d+ +\[\d+\] \S+ +(?P<secs>[\d.]+): (?P<name>\w+): (?P<text>.*)")
LANES = ["completed", "rescued", "punted", "waits", "write()"]


def events(path):
    """Yields (milliseconds, name, text) of each line of the trace."""
    with open(path, encoding="utf-8", errors="replace") as log:
        for line in log:
            match = EVENT.search(line.rstrip())
            if match:
                yield 1000 * float(match["secs"]), match["name"], match["text"]


def field(text, name):
    return re.search(rf"\b{name}=(\S+)", text)[1]


class Story:
    """What the picture shows; times are in ms since the write."""

    def __init__(self, trace):
        self.reserve, self.lanes, self.waits = [], {lane: [] for lane in LANES}, []
        self.size, self.end, wait_since = 0, 0, None
        start = None
        for when, name, text in trace:
            # The write is the first bio that is queued after the set was made.
            if name == "bioset_set_made":
                self.size = int(field(text, "pool_size"))
            elif start is None:
                start = when if name == "block_bio_queue" else None
                continue
            if start is None:
                continue
            at = when - start
            if name == "bioset_reserve_take":
                self.reserve.append((at, int(field(text, "left"))))
                self.size = max(self.size, 1 + int(field(text, "left")))
            elif name == "bioset_reserve_refill":
                self.reserve.append((at, int(field(text, "now"))))
                self.lanes["completed"].append(at)
            elif name == "bioset_wait_begin":
                wait_since = at
            elif name == "bioset_wait_end" and wait_since is not None:
                self.waits.append((wait_since, at))
                wait_since = None
            elif name == "bioset_punt":
                self.lanes["punted"].append(at)
            elif name == "bioset_rescue":
                self.lanes["rescued"].append(at)
            self.end = max(self.end, at) if name.startswith("bioset_reserve") else self.end

    def complete(self):
        return self.waits and self.lanes["punted"] and self.lanes["rescued"] and \
            self.lanes["completed"] and self.end > self.waits[0][0]


def block(name, rows):
    lines = "\n".join(" ".join(f"{v:.3f}" if isinstance(v, float) else str(v)
                               for v in row) for row in rows)
    return f"${name} << EOD\n{lines}\nEOD\n"


def steps(story, in_flight):
    """The reserve, or what is in flight, as it is from each event on."""
    value = (lambda n: story.size - n) if in_flight else (lambda n: n)
    rows = [(-1.0, value(story.size))]
    rows += [(at, value(left)) for at, left in story.reserve]
    return rows + [(story.end * 1.03, rows[-1][1])]


def script(story, svg):
    """The picture as a program for gnuplot."""
    end, first = story.end, story.waits[0]
    lanes = {lane: 0.5 + i for i, lane in enumerate(LANES)}
    out = [block("reserve", steps(story, False)), block("flight", steps(story, True))]
    out.append(block("write", [(0.0, lanes["write()"], end, lanes["write()"])]))
    out.append(block("waits", [(a, lanes["waits"], b - a) for a, b in story.waits]))
    for lane in ("punted", "rescued", "completed"):
        out.append(block(lane, [(at, lanes[lane]) for at in story.lanes[lane]]))
    tics = ", ".join(f"'{lane}' {y}" for lane, y in lanes.items())
    out.append(f"""
set terminal svg size 900,560 font 'sans,13' background 'white' rounded
set output '{svg}'
set multiplot
set lmargin 12
set rmargin 3
set xrange [{-0.03 * end:.3f}:{1.03 * end:.3f}]
set border 3
set tics nomirror out
set key outside top center horizontal samplen 2
set title 'One write, a reserve of {story.size} clones and no other memory'
set size 1,0.47
set origin 0,0.53
set format x ''
set ytics 0,1,{story.size}
set yrange [-0.2:{story.size + 0.4}]
set ylabel 'clones'
plot $reserve with steps lw 3 lc rgb '#1b7837' title 'in the reserve', \\
     $flight with steps lw 2 dt 2 lc rgb '#762a83' title 'in flight'
unset title
unset key
unset ylabel
set size 1,0.53
set origin 0,0
set format x '%g'
set xlabel 'milliseconds since the write was submitted'
set yrange [-0.1:{len(LANES) + 1.4}]
set ytics ({tics})
set arrow 1 from {first[0]:.3f},{lanes['waits'] + 0.3} to {first[0]:.3f},{lanes['write()'] + 0.75} nohead lc rgb '#b2182b' lw 1.5
set label 1 "without a rescuer the write would hang here for ever: the clones of the\\nreserve are queued in the very task that now waits for one of them" \\
    at {first[0]:.3f},{lanes['write()'] + 1.55} offset 0.5,0 tc rgb '#b2182b' font 'sans,12'
plot $write using 1:2:($3-$1):(0) with vectors nohead lw 10 lc rgb '#cccccc', \\
     $waits using 1:2:3:(0) with vectors nohead lw 10 lc rgb '#ef8a62', \\
     $punted with points pt 11 ps 1.2 lc rgb '#2166ac', \\
     $rescued with points pt 9 ps 1.2 lc rgb '#2166ac', \\
     $completed with points pt 7 ps 0.9 lc rgb '#1b7837'
unset multiplot
""")
    return "".join(out)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    story = Story(events(sys.argv[1]))
    if not story.complete():
        sys.exit(f"{sys.argv[1]}: no wait with a punt, a rescue and a completion")
    subprocess.run(["gnuplot"], input=script(story, sys.argv[2]), text=True, check=True)


main()
