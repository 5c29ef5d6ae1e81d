# SPDX-License-Identifier: Apache-2.0
"""Look among the reports in ./named for that of the program whose last argument was WHAT: its message
has MESSAGE, it has so many THREADS, its crashed thread these functions in this order, and nothing is
missing. Used by kernel.test: kernel_report.py WHAT MESSAGE THREADS "FUNCTION..."."""
import glob
import json
import sys

what, message, threads, names = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4].split()
found = []
for path in sorted(glob.glob("named/usercrash_*")):
    report = json.load(open(path))
    if report["files"].get("/proc/self/cmdline", [""])[-1] == what:
        found.append(report)
if len(found) != 1:
    sys.exit(f"{len(found)} reports")
report = found[0]
stacks = [t["stack"] for t in report["error"].get("threads", [])]
comments = [c for s in stacks for f in s["frames"] for c in f.get("comments", [])]
losses = [c for c in comments if any(w in c for w in ("could not", "lie below", "left out"))]
functions = [f.get("function", "??") for f in report["error"]["stack"]["frames"]]
at = 0
for function in functions:
    if at < len(names) and names[at] in function:
        at += 1
problems = []
if message not in report["error"]["message"]:
    problems.append(report["error"]["message"])
if len(stacks) != threads:
    problems.append(f"{len(stacks)} threads")
if report["incomplete"] or any(s["incomplete"] for s in stacks) or losses or "log_messages" in report:
    problems.append(f"incomplete: {losses} {report.get('log_messages')}")
if at < len(names):
    problems.append(f"no {names[at]} in {functions}")
sys.exit("; ".join(problems) or 0)
