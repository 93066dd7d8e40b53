#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""docs-commands.py PAGE...: print the commands of pages as a shell script.

Fenced blocks that are marked "sh guest PATTERN" are commands that a reader may
copy. Each becomes a function block_N, with heading_N, the page and the heading
that it stands under, and pattern_N: what a line of its output has to match, an
extended regular expression. nr_blocks is their number.
"""

import shlex

import sys


def blocks(path):
    """Yields (heading, pattern, lines) for each block."""
    heading, pattern, block = "", "", None
    with open(path, encoding="utf-8") as page:
        for line in page:
            if block is not None:
                if line.startswith("```"):
                    yield heading, pattern, block
                    block = None
                else:
                    block.append(line)
            elif line.startswith("```sh guest"):
                block, pattern = [], line.removeprefix("```sh guest").strip()
                if not pattern:
                    sys.exit(f"{path}: a block under \"{heading}\" does not say "
                             "what it has to print")
            elif line.startswith("#"):
                heading = line.strip("# \n").lower()
    if block is not None:
        sys.exit(f"{path}: a block has no end")


def main():
    number = 0
    for path in sys.argv[1:]:
        found = list(blocks(path))
        if not found:
            sys.exit(f"{path}: no commands")
        page = path.rsplit("/", 1)[-1]
        for heading, pattern, lines in found:
            print(f"block_{number}() {{\n{''.join(lines)}}}")
            print(f"heading_{number}={shlex.quote(f'{page}: {heading}')}")
            print(f"pattern_{number}={shlex.quote(pattern)}")
            number += 1
    print(f"nr_blocks={number}")


main()
