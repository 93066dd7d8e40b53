#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""docs-commands.py PAGE: print the commands of a page as a shell script.

Fenced blocks that are marked "sh guest" are commands that a reader may copy.
Each becomes a function of its own, and "blocks" lists them, with the heading
that they stand under.
"""

import sys


def blocks(path):
    """Yields (heading, lines) for each block."""
    heading, block = "", None
    with open(path, encoding="utf-8") as page:
        for line in page:
            if block is not None:
                if line.startswith("```"):
                    yield heading, block
                    block = None
                else:
                    block.append(line)
            elif line.startswith("```sh guest"):
                block = []
            elif line.startswith("#"):
                heading = line.strip("# \n").lower().replace("'", "")
    if block is not None:
        sys.exit(f"{path}: a block has no end")


def main():
    found = list(blocks(sys.argv[1]))
    if not found:
        sys.exit(f"{sys.argv[1]}: no commands")
    for i, (heading, lines) in enumerate(found):
        print(f"block_{i}() {{\n{''.join(lines)}}}")
        print(f"heading_{i}='{heading}'")
    print(f"nr_blocks={len(found)}")


main()
