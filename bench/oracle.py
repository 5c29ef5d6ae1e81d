#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compare address mode with llvm-symbolizer on random addresses of one file.

    bench/oracle.py [--count N] [--seed S] [--show N] [--debug-dir DIR] [--minimum PERCENT] FILE

Every frame's file and line and the number of frames must be equal. Addresses are drawn evenly from the
functions of the symbol table, weighted by size. Prints one line with the agreement, and the first
differences with --show. Exit status 1 when agreement is below the minimum.
"""
import argparse
import collections
import json
import os
import posixpath
import random
import subprocess
import sys


def functions(path):
    """(address, size) of the sized functions of .symtab, or of .dynsym."""
    for option in ([], ["-D"]):
        out = subprocess.run(["nm", "--defined-only", "-S", *option, path],
                             capture_output=True, text=True, check=False).stdout
        found = set()
        for line in out.splitlines():
            fields = line.split()
            if len(fields) >= 4 and fields[2] in "TtWwiI":
                size = int(fields[1], 16)
                if size:
                    found.add((int(fields[0], 16), size))
        if found:
            return sorted(found)
    sys.exit(f"{path}: no functions in the symbol table")


def draw(path, count, seed):
    rng = random.Random(seed)
    ranges = functions(path)
    chosen = rng.choices(ranges, weights=[size for _, size in ranges], k=count)
    return [address + rng.randrange(size) for address, size in chosen]


def clean(name):
    return posixpath.normpath(name) if name else ""


def ours(tool, path, addresses, extra):
    text = "".join(f"{a:#x}\n" for a in addresses)
    out = subprocess.run([tool, "-e", path, "--json", *extra], input=text, text=True,
                         capture_output=True, check=True).stdout
    result = []
    for line in out.splitlines():
        answer = json.loads(line)
        result.append([(clean(f.get("file", "")), f.get("line", 0)) for f in answer["frames"]])
    return result


def theirs(symbolizer, path, addresses):
    text = "".join(f"{a:#x}\n" for a in addresses)
    out = subprocess.run([symbolizer, "--output-style=JSON", "-e", path], input=text, text=True,
                         capture_output=True, check=True).stdout
    result = []
    for line in out.splitlines():
        frames = json.loads(line).get("Symbol", [])
        result.append([(clean(f["FileName"]), f["Line"]) for f in frames])
    return result


def same(a, b):
    if len(a) != len(b):
        return "depth"
    for x, y in zip(a, b):
        if x[1] != y[1]:
            return "line"
        # without debug information the oracle gives the symbol table's FILE entry, which is the
        # name of a compiler's unit and no source file
        if x[0] != y[0] and (x[1] or x[0]):
            return "file"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file")
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, default=0)
    parser.add_argument("--minimum", type=float, default=99.5)
    parser.add_argument("--debug-dir", action="append", default=[])
    parser.add_argument("--tool", default="ddcrash-symbolize")
    parser.add_argument("--symbolizer", default="llvm-symbolizer-19")
    args = parser.parse_args()
    addresses = draw(args.file, args.count, args.seed)
    extra = [word for d in args.debug_dir for word in ("--debug-dir", d)]
    mine = ours(args.tool, args.file, addresses, extra)
    oracle = theirs(args.symbolizer, args.file, addresses)
    assert len(mine) == len(oracle) == len(addresses)
    classes = collections.Counter()
    shown = 0
    for address, a, b in zip(addresses, mine, oracle):
        kind = same(a, b)
        classes[kind] += 1
        if kind and shown < args.show:
            shown += 1
            print(f"{kind} {address:#x}\n  ours   {a}\n  oracle {b}")
    share = 100 * classes[None] / len(addresses)
    differences = ", ".join(f"{kind} {n}" for kind, n in classes.items() if kind) or "none"
    print(f"{os.path.basename(args.file)}: {share:.2f} % of {len(addresses)} agree; "
          f"differences: {differences}")
    return share < args.minimum


if __name__ == "__main__":
    sys.exit(main())
