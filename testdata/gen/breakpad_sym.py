#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write the Breakpad symbols of an ELF file: what llvm-symbolizer says of every address of it.

    testdata/gen/breakpad_sym.py [--symbolizer TOOL] [--id ID] [--os OS] FILE >FILE.sym

Slow, for small programs; each run of addresses with one answer becomes a line record.
"""
import argparse
import json
import os
import re
import subprocess


def run(*command, text=None):
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout


def build_id(path):
    found = re.search(r"Build ID: ([0-9a-f]+)", run("readelf", "-n", path))
    return found.group(1) if found else ""


def breakpad_id(hex_id):
    raw = bytes.fromhex(hex_id)[:16].ljust(16, b"\0")
    guid = raw[3::-1] + raw[5:3:-1] + raw[7:5:-1] + raw[8:]
    return guid.hex().upper() + "0"


def symbols(path):
    """(address, size or 0, name) of the code."""
    found = {}
    for line in run("nm", "--defined-only", "-S", path).splitlines():
        fields = line.split()
        if len(fields) == 4 and fields[2] in "TtWw":
            found.setdefault(int(fields[0], 16), (int(fields[1], 16), fields[3]))
        elif len(fields) == 3 and fields[1] in "Tt":
            found.setdefault(int(fields[0], 16), (0, fields[2]))
    return sorted((address, size, name) for address, (size, name) in found.items())


def base(path):
    loads = [line.split() for line in run("readelf", "-lW", path).splitlines() if " LOAD " in line]
    return int(loads[0][2], 16) & ~0xfff


def frames_of(symbolizer, path, addresses):
    text = "".join(f"{a:#x}\n" for a in addresses)
    out = run(symbolizer, "--no-demangle", "--output-style=JSON", "-e", path, text=text)
    return [[(f["FunctionName"], f["FileName"], f["Line"]) for f in json.loads(line)["Symbol"]]
            for line in out.splitlines()]


class Numbers:
    """Numbers for texts in the order of their first use."""

    def __init__(self):
        self.of = {}

    def __getitem__(self, text):
        return self.of.setdefault(text, len(self.of))


def runs(start, keys):
    """(first address, size, key) of each run of equal keys."""
    first = 0
    for i in range(1, len(keys) + 1):
        if i == len(keys) or keys[i] != keys[first]:
            yield start + first, i - first, keys[first]
            first = i


def inline_records(start, answers, origins, files):
    for depth in range(max(map(len, answers)) - 1):
        ranges = {}
        keys = [tuple((f[0],) if i == 0 else f for i, f in enumerate(a[-2 - depth:]))
                if len(a) > depth + 1 else None for a in answers]
        for address, size, key in runs(start, keys):
            if key:
                ranges.setdefault(key, []).append(f"{address:x} {size:x}")
        for key, parts in ranges.items():
            yield (f"INLINE {depth} {key[1][2]} {files[key[1][1]]} {origins[key[0][0]]} "
                   f"{' '.join(parts)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file")
    parser.add_argument("--symbolizer", default="llvm-symbolizer-19")
    parser.add_argument("--id", help="instead of that of the build id")
    parser.add_argument("--os", default="Linux")
    args = parser.parse_args()
    code_id, load, body = build_id(args.file), base(args.file), []
    files, origins = Numbers(), Numbers()
    for address, size, name in symbols(args.file):
        answers = frames_of(args.symbolizer, args.file, range(address, address + size))
        if not size or not any(a[0][2] for a in answers):
            body.append(f"PUBLIC {address - load:x} 0 {name}")
            continue
        body.append(f"FUNC {address - load:x} {size:x} 0 {name}")
        body.extend(inline_records(address - load, answers, origins, files))
        for at, length, (_, file, line) in runs(address - load, [a[0] for a in answers]):
            body.append(f"{at:x} {length:x} {line} {files[file]}")
    print("MODULE", args.os, "x86_64", args.id or breakpad_id(code_id), os.path.basename(args.file))
    if not args.id:
        print("INFO CODE_ID", code_id.upper())
    for text, number in files.of.items():
        print("FILE", number, text)
    for text, number in origins.of.items():
        print("INLINE_ORIGIN", number, text)
    print("\n".join(body))


if __name__ == "__main__":
    main()
