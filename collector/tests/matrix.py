#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Crash programs built from testdata/gen/matrix in every way they know and judge the reports.

    matrix.py FOLDER [BUILD[:FULL]...]

A BUILD is a program in FOLDER; FULL is the same program with symbols, when BUILD was stripped.
Environment: RUN, a command that runs programs (qemu-aarch64 -L ...); ONLY, scenarios, separated by
blanks; EXCEPT, scenarios that are left out; SELDOM, the builds that are put through what seldom
happens, too, unless MATRIX_ALL=1 [all]; VERBOSE=1, all stacks; RECEIVER, a receiver that the
programs start. Prints a line for each row: build, scenario, "ok", "skip" or what is wrong. A row is
right when

- the program ends as it does without the collector,
- it leaves one stream that is whole, which ddcrash-parse reads without a remark,
- the functions of the program are on the stack, all and in order, and
- the stack ends where the process, the thread or the context begins.

With a receiver the report is the receiver's, and the stream is gone; but where no receiver can be
started, or it can't write, there is the stream, which says so.
"""
import bisect
import concurrent.futures
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

NOT_HERE = 77
TIMEOUT = 60
RECEIVER = os.environ.get("RECEIVER")
# Processes can't be started, the program isn't there, its output can't be opened.
WITHOUT_RECEIVER = ("no-clone", "no-memory", "chroot", "other-user", "stack-limit-hard", "no-open",
                    "no-folder", "trap-reading", "trap-clone", "trap-pair",
                    "trap-limit", "trap-open")
if os.geteuid():
    # Root has as many as it wants.
    WITHOUT_RECEIVER += ("no-processes",)
NO_RECEIVER = re.compile(r"^The receiver (could not|ended before|has not completed)", re.M)
# What a receiver has to say of a report.
REMARKS = {
    "process-1": "Failed to collect thread contexts: /proc has other processes",
    "process-2": "Failed to collect thread contexts: /proc has other processes",
    "odd-path": "Replaced bytes that are not valid UTF-8",
}
RUN = shlex.split(os.environ.get("RUN", ""))
SELDOM = os.environ.get("SELDOM", "").split()
if not SELDOM or os.environ.get("MATRIX_ALL"):
    SELDOM = [text.partition(":")[0] for text in sys.argv[2:]]
LIBRARIES = ("plugin.so", "other.so", "no-id.so", "constructor.so")
# The last function of a thread or context where the C library is part of the program.
LIBC_FIRST = re.compile(r"_*(clone3?|start_?context|thread_start|start)$")


def functions(path):
    """Sorted addresses and names of the functions that an ELF file defines."""
    out = subprocess.run(["nm", "--defined-only", path], capture_output=True, text=True, check=True)
    rows = (line.split() for line in out.stdout.splitlines())
    table = sorted((int(row[0], 16), row[2]) for row in rows if row[1] in "tTwWi")
    return [row[0] for row in table], [row[1] for row in table]


def name_at(table, address):
    at = bisect.bisect_right(table[0], address) - 1
    return table[1][at].split(".")[0] if at >= 0 else ""


class Build:
    def __init__(self, folder, text):
        self.name, _, full = text.partition(":")
        self.program = os.path.join(folder, self.name)
        self.tables = {self.name: functions(os.path.join(folder, full or self.name))}
        for name in LIBRARIES:
            if os.path.exists(os.path.join(folder, name)):
                self.tables[name] = functions(os.path.join(folder, name))
        listed = subprocess.run(RUN + [self.program, "--list"], capture_output=True, text=True,
                                check=True)
        rows = [line.split("|") for line in listed.stdout.splitlines()]
        self.known = {word.split("*")[0] for row in rows for word in row[1].split()}
        self.scenarios = [row[:3] for row in rows if len(row) == 3 or self.name in SELDOM]


class Row:
    def __init__(self, build, folder, scenario):
        self.build, self.folder = build, folder
        self.name, self.stack, self.end = scenario
        self.wrong = []
        self.work = tempfile.mkdtemp(prefix="row-", dir=folder)
        self.stream = os.path.join(self.work, "stream")
        self.received = os.path.join(self.work, "received.json")
        self.report = None

    def run(self, *arguments):
        for name in LIBRARIES:
            path = os.path.join(self.work, name)
            if self.name.startswith("l") and not os.path.exists(path) and name in self.build.tables:
                shutil.copy(os.path.join(self.folder, name), path)
        done = subprocess.run(RUN + [self.build.program, self.name, *arguments], cwd=self.work,
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, timeout=TIMEOUT)
        return done.returncode

    def judge(self):
        try:
            without = self.run()
            if without == NOT_HERE:
                return self
            status = self.run("stream")
        except subprocess.TimeoutExpired:
            self.wrong.append("does not end")
            return self
        if status != without:
            self.wrong.append(f"ends with {status}, without the collector {without}")
        if RECEIVER:
            self.receive()
            if self.wrong:
                return self
        known = (*LIBRARIES, self.build.name)
        left = [name for name in os.listdir(self.work) if name not in known]
        if left != [os.path.basename(self.received if self.report else self.stream)]:
            self.wrong.append(f"leaves {left}")
        self.judge_stack(self.report["error"]["stack"]["frames"] if self.report
                         else self.frames_of_stream())
        return self

    def receive(self):
        """The report that the receiver makes when the process is gone."""
        end = time.monotonic() + TIMEOUT
        while not self.report and time.monotonic() < end:
            time.sleep(0.01)
            if self.name in WITHOUT_RECEIVER and self.says_why():
                return
            if os.path.exists(self.received) and not os.path.exists(self.stream):
                # Not yet written when the process could leave no stream of its own.
                with open(self.received, encoding="utf-8") as file:
                    text = file.read()
                if text.startswith("DD_CRASHTRACK"):
                    self.wrong.append("no report could be made of what was received")
                    return
                self.report = json.loads(text) if text.endswith("\n") else None
        if not self.report:
            self.wrong.append("nothing received")

    def says_why(self):
        if not os.path.exists(self.stream):
            return None
        with open(self.stream, encoding="utf-8") as file:
            return NO_RECEIVER.search(file.read())

    def frames_of_stream(self):
        try:
            with open(self.stream, encoding="utf-8") as file:
                lines = file.read().splitlines()
        except OSError:
            self.wrong.append("no stream")
            return []
        if not lines or lines[-1] != "DD_CRASHTRACK_DONE":
            self.wrong.append("the stream is not whole")
        return list(stack_of(lines))

    def judge_stack(self, frames):
        if not frames:
            self.wrong.append("no frames")
            return
        names = [self.function(frame, n) for n, frame in enumerate(frames)]
        got = " ".join(counted(name for name in names if name in self.build.known))
        if RUN and "?" not in self.stack:
            # The page that signal handlers return to is the emulator's.
            got = got.replace("? ", "")
        if got != self.stack:
            self.wrong.append(f"stack '{got}', expected '{self.stack}'")
        # What makecontext() has a context return to is not behind a call.
        last = dict(frames[-1])
        last["relative_address"] = hex(int(last.get("relative_address", "0"), 16) + 1)
        end = end_of(frames, names, self.function(last, 1))
        if self.end not in ("any", end):
            self.wrong.append(f"ends at {end} ({names[-1]}), expected {self.end}")
        if os.environ.get("VERBOSE"):
            print(self.build.name, self.name, names)

    def function(self, frame, index):
        if "path" not in frame or "relative_address" not in frame:
            return "?"
        name = os.path.basename(frame["path"]).removeprefix("memfd:")
        # A return address may be behind its function.
        address = int(frame["relative_address"], 16) - (index > 0)
        if name not in self.build.tables:
            return f"{name}+{address:#x}"
        return name_at(self.build.tables[name], address)


def stack_of(lines):
    inside = False
    for line in lines:
        if line.startswith("DD_CRASHTRACK_END_STACKTRACE"):
            inside = False
        if inside:
            yield json.loads(line)
        if line.startswith("DD_CRASHTRACK_BEGIN_STACKTRACE"):
            inside = True


def end_of(frames, names, first):
    comments = " ".join(frames[-1].get("comments", []))
    if "left out" in comments:
        return "cut"
    if "could not be followed" in comments or "would lie below" in comments:
        return "lost"
    if names[-1] in ("_start", "_start_c"):
        return "start"
    if LIBC_FIRST.match(names[-1]) or LIBC_FIRST.match(first) or re.match(r"(libc\.so|ld-musl|libpthread)", names[-1]):
        return "libc"
    return "nowhere"


def counted(items):
    groups = []
    for item in items:
        if groups and groups[-1][0] == item and item != "?":
            groups[-1][1] += 1
        else:
            groups.append([item, 1])
    return [name if count == 1 else f"{name}*{count}" for name, count in groups]


def judge_report(row, report):
    remarks = [text for text in report.get("log_messages", [])
               if not (row.name in WITHOUT_RECEIVER and NO_RECEIVER.search(text))
               and not (RECEIVER and row.name in REMARKS and REMARKS[row.name] in text)]
    if remarks:
        row.wrong.append(f"remarks {remarks}")
    if report["incomplete"]:
        row.wrong.append("the report is incomplete")


def judge_reports(rows):
    """Read all streams with one run of the tool."""
    for row in rows:
        if row.report:
            judge_report(row, row.report)
    rows = [row for row in rows if not row.report and os.path.exists(row.stream)]
    if not rows:
        return
    done = subprocess.run(["ddcrash-parse", "--format", "ndjson", *(row.stream for row in rows)],
                          capture_output=True, text=True)
    reports = done.stdout.splitlines()
    if len(reports) != len(rows):
        rows[0].wrong.append(f"{len(reports)} reports of {len(rows)} streams: {done.stderr[:500]}")
        return
    for row, text in zip(rows, reports):
        judge_report(row, json.loads(text))


def main():
    folder = os.path.realpath(sys.argv[1])
    builds = [Build(folder, text) for text in sys.argv[2:]]
    only = os.environ.get("ONLY", "").split()
    without = os.environ.get("EXCEPT", "").split()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        rows = list(pool.map(Row.judge, [Row(build, folder, scenario) for build in builds
                                         for scenario in build.scenarios
                                         if scenario[0] not in without
                                         and (not only or scenario[0] in only)]))
    judge_reports(rows)
    for row in rows:
        skipped = not row.wrong and not row.report and not os.path.exists(row.stream)
        print(row.build.name, row.name, "skip" if skipped else "; ".join(row.wrong) or "ok")
        if not os.environ.get("KEEP"):
            shutil.rmtree(row.work)


main()
