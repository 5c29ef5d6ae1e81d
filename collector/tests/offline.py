#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compare stacks that the collector followed with those that ddcrash-parse follows in a copy.

    offline.py PROGRAM SCENARIO...

Each scenario of PROGRAM (testdata/gen/matrix) is run twice. A line for each: the scenario, the
number of frames, and "same" or the first difference.
"""
import concurrent.futures
import json
import os
import subprocess
import sys


def report(program, scenario, leave):
    stream = f"{scenario}.{'left' if leave else 'followed'}"
    environment = dict(os.environ, **({"LEAVE_STACK": "1"} if leave else {}))
    subprocess.run([program, scenario, stream], env=environment, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)
    if not os.path.exists(stream):
        return None
    out = subprocess.run(["ddcrash-parse", "--compact", "--sysroot", "/", stream],
                         capture_output=True, text=True, check=True)
    os.unlink(stream)
    return json.loads(out.stdout)


def places(made):
    return [(frame.get("path"), frame.get("relative_address"))
            for frame in made["error"]["stack"]["frames"]]


def compare(program, scenario):
    followed, left = report(program, scenario, False), report(program, scenario, True)
    if not followed and not left:
        return f"{scenario} 0 skip"
    wanted, got = places(followed), places(left)
    verdict = "same"
    if "ddcrash/stack" in left["files"]:
        verdict = "the copy is still there"
    if left["error"]["stack"]["incomplete"]:
        verdict = "incomplete"
    for n, pair in enumerate(zip(wanted + [None], got + [None])):
        if pair[0] != pair[1]:
            verdict = f"frame {n}: {pair[1]}, expected {pair[0]}"
            break
    return f"{scenario} {len(wanted)} {verdict}"


with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
    for line in pool.map(lambda scenario: compare(sys.argv[1], scenario), sys.argv[2:]):
        print(line)
