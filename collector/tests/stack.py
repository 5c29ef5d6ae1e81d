#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Print the stack of a crash stream, innermost frame first, one line each.

    stack.py STREAM                     instruction pointers
    stack.py STREAM PROGRAM OBJECT      names of those functions that OBJECT defines, as found in
                                        PROGRAM by relative address; "?" for frames without module
    stack.py STREAM PROGRAM OBJECT FULL the same, with the symbols of FULL, as PROGRAM was stripped

Consecutive frames of one name are one line with their number behind it.
"""
import bisect
import json
import os
import subprocess
import sys


def functions(path):
    """Sorted (address, name) of the functions that an ELF file defines."""
    out = subprocess.run(["nm", "--defined-only", path], capture_output=True, text=True, check=True)
    rows = (line.split() for line in out.stdout.splitlines())
    return sorted((int(row[0], 16), row[2]) for row in rows if row[1] in "tTwWi")


def frames(stream):
    inside = False
    for line in open(stream, encoding="utf-8"):
        if line.startswith("DD_CRASHTRACK_END_STACKTRACE"):
            inside = False
        if inside:
            yield json.loads(line)
        if line.startswith("DD_CRASHTRACK_BEGIN_STACKTRACE"):
            inside = True


def names(stream, program, wanted, full):
    table = functions(full)
    for index, frame in enumerate(frames(stream)):
        if "path" not in frame:
            yield "?"
            continue
        if os.path.realpath(frame["path"]) != os.path.realpath(program):
            continue
        # A return address may be behind its function.
        address = int(frame["relative_address"], 16) - (index > 0)
        at = bisect.bisect_right(table, (address, "~")) - 1
        if at >= 0 and table[at][1] in wanted:
            yield table[at][1].split(".")[0]


def counted(items):
    groups = []
    for item in items:
        if groups and groups[-1][0] == item:
            groups[-1][1] += 1
        else:
            groups.append([item, 1])
    return [name if count == 1 else f"{name} {count}" for name, count in groups]


if len(sys.argv) == 2:
    print("\n".join(frame["ip"] for frame in frames(sys.argv[1])))
else:
    defined = {name for _, name in functions(sys.argv[3])}
    full = sys.argv[4] if len(sys.argv) > 4 else sys.argv[2]
    print("\n".join(counted(names(sys.argv[1], sys.argv[2], defined, full))))
