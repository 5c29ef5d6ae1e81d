#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compare address mode with llvm-symbolizer on random addresses of one file.

    bench/oracle.py [--count N] [--seed S] [--anywhere] [--show N] [--debug-dir DIR]
                    [--minimum PERCENT] FILE

Addresses are drawn evenly from the functions of the symbol table, weighted by size, or with
--anywhere from .text. They agree when the number of frames, and file and line of each, are equal;
then names may still differ, in ways that ARCHITECTURE.md lists. Prints one line with both, and the
first differences of each kind with --show. Exit status 1 when agreement is below the minimum.
"""
import argparse
import collections
import json
import os
import posixpath
import random
import re
import subprocess
import sys


# what compilers add to the names of parts, copies and private functions
SUFFIX = re.compile(r"(\.(cold|part|isra|constprop|lto_priv|llvm|localalias)(\.\d+)?)+$")


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


def code(path):
    """(address, size) of .text and its kin (.text.hot), which a debug file repeats."""
    out = subprocess.run(["readelf", "-SW", path], capture_output=True, text=True, check=True).stdout
    rows = [line.split("]", 1)[1].split() for line in out.splitlines() if "]" in line]
    return [(int(row[2], 16), int(row[4], 16)) for row in rows
            if len(row) > 6 and row[0].startswith(".text") and "X" in row[6]]


def draw(path, count, seed, anywhere):
    rng = random.Random(seed)
    ranges = code(path) if anywhere else functions(path)
    chosen = rng.choices(ranges, weights=[size for _, size in ranges], k=count)
    return [address + rng.randrange(size) for address, size in chosen]


def clean(name):
    return posixpath.normpath(name) if name else ""


def ours(tool, path, addresses, extra):
    text = "".join(f"{a:#x}\n" for a in addresses)
    out = subprocess.run([tool, "-e", path, "--json", "--no-demangle", *extra], input=text,
                         text=True, capture_output=True, check=True).stdout
    return [[(f.get("function", ""), clean(f.get("file", "")), f.get("line", 0))
             for f in json.loads(line)["frames"]] for line in out.splitlines()]


def theirs(symbolizer, path, addresses):
    text = "".join(f"{a:#x}\n" for a in addresses)
    out = subprocess.run([symbolizer, "--output-style=JSON", "--no-demangle", "-e", path],
                         input=text, text=True, capture_output=True, check=True).stdout
    result = []
    for line in out.splitlines():
        frames = [(f["FunctionName"], clean(f["FileName"]), f["Line"])
                  for f in json.loads(line).get("Symbol", [])]
        # it has one empty frame where it knows nothing
        result.append([f for f in frames if f != ("", "", 0)])
    return result


class Symbols:
    """What the symbol table has, for telling differences of names apart."""

    def __init__(self, path):
        self.starts = collections.defaultdict(set)
        self.at = collections.defaultdict(set)
        for option in ([], ["-D"]):
            out = subprocess.run(["nm", "--defined-only", *option, path], capture_output=True,
                                 text=True, check=False).stdout
            for line in out.splitlines():
                fields = line.split()
                if len(fields) == 3:
                    name = fields[2].split("@")[0]
                    self.starts[name].add(int(fields[0], 16))
                    self.at[int(fields[0], 16)].add(name)
        self.demangled = {}

    def readable(self, name):
        if name not in self.demangled:
            self.demangled[name] = subprocess.run(["c++filt", name], capture_output=True,
                                                  text=True, check=True).stdout
        return self.demangled[name]

    def other_at(self, mine, other):
        """A symbol where `other` is that begins with `mine`, else ""."""
        for name in self.names_at(self.starts[other]):
            if name.startswith(mine + "."):
                return name
        return ""

    def names_at(self, starts):
        return {name for start in starts for name in self.at[start]}

    def kind(self, mine, other):
        """Why two names of one function differ."""
        other = other.split("@")[0]
        base = SUFFIX.sub("", other)
        if mine == other:
            return "version"
        if mine == base:
            return "part"
        if self.starts[mine] & self.starts[other]:
            return "alias"
        if mine == SUFFIX.sub("", self.other_at(mine, other)):
            return "folded"
        if self.readable(mine) == self.readable(base):
            return "variant"
        return "name"


def difference(a, b):
    """The first difference of places; None when there is none."""
    if not a and len(b) == 1 and not b[0][2]:
        return "symbol that does not cover the address"
    if len(a) != len(b):
        return "depth"
    for x, y in zip(a, b):
        if x[2] != y[2]:
            return "line"
        # without debug information the oracle gives the symbol table's FILE entry, which is the
        # name of a compiler's unit and no source file
        if x[1] != y[1] and (x[2] or x[1]):
            return "file"
    return None


def name_difference(a, b, symbols):
    """The kind of the first difference of names or unit names; None when there is none."""
    for (mine, *_), (other, *_) in zip(a[:-1], b[:-1]):
        if mine != other:
            return "scope" if mine.endswith("::" + other) else "inlined"
    if a and a[-1][0] != b[-1][0]:
        return symbols.kind(a[-1][0], b[-1][0])
    return "unit" if a != b else None


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file")
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--anywhere", action="store_true")
    parser.add_argument("--show", type=int, default=0)
    parser.add_argument("--minimum", type=float, default=99.5)
    parser.add_argument("--debug-dir", action="append", default=[])
    parser.add_argument("--tool", default="ddcrash-symbolize")
    parser.add_argument("--symbolizer", default="llvm-symbolizer-19")
    args = parser.parse_args()
    addresses = draw(args.file, args.count, args.seed, args.anywhere)
    extra = [word for d in args.debug_dir for word in ("--debug-dir", d)]
    mine = ours(args.tool, args.file, addresses, extra)
    oracle = theirs(args.symbolizer, args.file, addresses)
    assert len(mine) == len(oracle) == len(addresses)
    classes = collections.Counter()
    symbols = Symbols(args.file)
    names = collections.Counter()
    for address, a, b in zip(addresses, mine, oracle):
        kind = difference(a, b)
        spelling = None if kind else name_difference(a, b, symbols)
        classes[kind] += 1
        names[spelling] += 1
        if (kind and classes[kind] <= args.show) or (spelling and names[spelling] <= args.show):
            print(f"{kind or spelling} {address:#x}\n  ours   {a}\n  oracle {b}")
    share = 100 * classes[None] / len(addresses)
    listed = [", ".join(f"{kind} {n}" for kind, n in sorted(counter.items(), key=str) if kind) or
              "none" for counter in (classes, names)]
    print(f"{os.path.basename(args.file)}: {share:.2f} % of {len(addresses)} agree; "
          f"differences: {listed[0]}; of names: {listed[1]}")
    return share < args.minimum


if __name__ == "__main__":
    sys.exit(main())
