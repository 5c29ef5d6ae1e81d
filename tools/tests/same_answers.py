#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compare what two sources say of random addresses of a program: frames, functions, files, lines.

    same_answers.py PROGRAM SOURCE [--gsymutil TOOL] [--base ADDRESS] [--count N] [--no-inlines]

SOURCE is what ddcrash-symbolize is given by -e. It is compared with the program's DWARF, or with
what llvm-gsymutil says of SOURCE. Exits with 1 when one answer differs; prints the first.
"""
import argparse
import json
import os
import random
import re
import subprocess


def run(*command, text=None):
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout


def draw(path, count):
    ranges = []
    for line in run("nm", "--defined-only", "-S", path).splitlines():
        fields = line.split()
        if len(fields) == 4 and fields[2] in "TtWw":
            ranges.append((int(fields[0], 16), int(fields[1], 16)))
    rng = random.Random(1)
    ranges = sorted(set(ranges))
    chosen = rng.choices(ranges, weights=[size for _, size in ranges], k=count)
    return [address + rng.randrange(size) for address, size in chosen]


def ours(path, addresses, extra):
    text = "".join(f"{a:#x}\n" for a in addresses)
    out = run("ddcrash-symbolize", "--no-demangle", "-e", path, "--json", *extra, text=text)
    result = []
    for line in out.splitlines():
        frames = json.loads(line)["frames"]
        result.append([(f.get("function"), os.path.normpath(f.get("file", "")), f.get("line", 0))
                       for f in frames])
    return result


def gsymutil(tool, path, addresses):
    text = "".join(f"{a:#x} {path}\n" for a in addresses)
    out = run(tool, "--addresses-from-stdin", text=text)
    result, frames = [], []
    for line in out.splitlines() + [""]:
        if not line:
            if frames:
                result.append(frames)
            frames = []
            continue
        line = re.sub(r"^0x[0-9a-f]+: ", "", line).strip()
        line = re.sub(r" \[inlined\]$", "", line)
        found = re.match(r"(.*?)(?: \+ \d+)?(?: @ (.*):(\d+))?$", line)
        frames.append((found.group(1), os.path.normpath(found.group(2) or ""),
                       int(found.group(3) or 0)))
    return result


def base(name):
    """The name without its scopes and template arguments."""
    depth, start = 0, 0
    for i, letter in enumerate(name):
        if name.startswith("operator", i) and not depth:
            return name[i:]
        depth += (letter in "<(") - (letter in ">)")
        if letter == ":" and not depth:
            start = i + 1
    return name[start:].split("<")[0].lstrip("~")


def same_name(a, b):
    """Symbol tables number constructors and clones; one of the two may lack its scopes."""
    a, b = (re.sub(r"\.[a-z]+\.\d+$|\.(cold|part)$", "", n or "") for n in (a, b))
    a, b = (re.sub(r"([CD])[0-4](?=[EI])", r"\1", n) for n in (a, b))
    return a == b or bool(a and b and (a.endswith(b) or base(b) in a or base(a) in b))


def same(a, b):
    return len(a) == len(b) and all(x[1:] == y[1:] and same_name(x[0], y[0])
                                    for x, y in zip(a, b))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("source")
    parser.add_argument("--gsymutil")
    parser.add_argument("--base", type=lambda x: int(x, 0), default=0)
    parser.add_argument("--no-inlines", action="store_true")
    parser.add_argument("--count", type=int, default=1000)
    args = parser.parse_args()
    extra = ["--no-inlines"] if args.no_inlines else []
    addresses = draw(args.program, args.count)
    mine = ours(args.source, [a - args.base for a in addresses], extra)
    if args.gsymutil:
        other = gsymutil(args.gsymutil, args.source, addresses)
    else:
        other = ours(args.program, addresses, extra)
    assert len(mine) == len(other) == len(addresses), (len(mine), len(other))
    different = [i for i, a in enumerate(mine) if not same(a, other[i])]
    for i in different[:3]:
        print(f"{addresses[i]:#x}\n  ours   {mine[i]}\n  other  {other[i]}")
    print(f"{len(addresses) - len(different)} of {len(addresses)} agree")
    return bool(different)


if __name__ == "__main__":
    raise SystemExit(main())
