#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make-reports.py TEMPLATE COUNT BYTES DESTINATION: reports of at least so many bytes, made of
TEMPLATE with uuids that end with their number; a folder of files, or one NDJSON file if the name
ends with .ndjson."""
import json
import os
import sys


def uuid(number):
    return f"11111111-2222-4333-8444-{number:012d}"


def grow(report, size):
    frames = report["error"]["stack"]["frames"]
    model = frames[-1]
    while len(json.dumps(report)) < size:
        line = len(frames)
        frames.append(dict(model, line=line, function=f"namespace::Class{line}::method(int)"))


def main():
    template, count, size, destination = sys.argv[1:]
    with open(template, encoding="utf-8") as source:
        report = json.load(source)
    report["uuid"] = uuid(0)
    grow(report, int(size))
    before, after = json.dumps(report).split(uuid(0))
    if destination.endswith(".ndjson"):
        with open(destination, "w", encoding="utf-8") as out:
            for number in range(int(count)):
                out.write(before + uuid(number) + after + "\n")
        return
    os.makedirs(destination)
    for number in range(int(count)):
        with open(f"{destination}/{number:06d}.json", "w", encoding="utf-8") as out:
            out.write(before + uuid(number) + after)


main()
