#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Time ddcrash-symbolize beside other symbolizers, in one run, as whole processes.

    bench/symbolize.py [--runs N] [--tool FILE] [--peer "NAME=COMMAND"]... [FILE...]

Without FILEs: the debug files of libc6-dbg and python3.11-dbg, also with their sections inflated, the
program of python3.11-dbg, one large C unit and programs of testdata/gen built by clang++ and rustc,
and the largest vmlinux in /usr/lib/debug, if there is one. Addresses are starts of functions
with a random offset in them, on standard input. COMMAND of a peer may hold {file}.

For 1, 32 and 10,000 addresses: wall, CPU (milliseconds, median) and peak memory (MiB), and how many
times as much a peer took. "cached" is ours with a warm cache.
"""
import argparse
import glob
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PEERS = {
    "llvm-symbolizer": "llvm-symbolizer-19 --output-style=JSON -e {file}",
    "addr2line": "addr2line -Cfi -e {file}",
    "eu-addr2line": "eu-addr2line -Cfi -e {file}",
}


def functions(path):
    out = subprocess.run(["nm", "--defined-only", "-S", path], capture_output=True, text=True,
                         check=False).stdout
    rows = [line.split() for line in out.splitlines()]
    return sorted({(int(row[0], 16), int(row[1], 16)) for row in rows
                   if len(row) >= 4 and row[2] in "TtWw" and int(row[1], 16)})


def addresses(path, count):
    chance = random.Random(count)
    known = functions(path)
    return [start + chance.randrange(size) for start, size in (chance.choice(known) for _ in range(count))]


def run(command, given, nowhere):
    """Wall and CPU milliseconds of one process."""
    given.seek(0)
    begin = time.perf_counter()
    pid = os.posix_spawnp(command[0], command, os.environ, file_actions=[
        (os.POSIX_SPAWN_DUP2, given.fileno(), 0), (os.POSIX_SPAWN_DUP2, nowhere.fileno(), 1),
        (os.POSIX_SPAWN_DUP2, nowhere.fileno(), 2)])
    _, _, usage = os.wait4(pid, 0)
    return (time.perf_counter() - begin) * 1e3, (usage.ru_utime + usage.ru_stime) * 1e3


def peak(command, given, nowhere):
    """Peak MiB of one process."""
    given.seek(0)
    with tempfile.NamedTemporaryFile("r") as memory:
        # a process inherits the peak of what started it, so something small has to
        subprocess.run(["/usr/bin/time", "-q", "-f", "%M", "-o", memory.name, *command],
                       stdin=given, stdout=nowhere, stderr=nowhere, check=False)
        return int(memory.read().split()[-1]) / 1024


def measure(command, text, runs):
    if not shutil.which(command[0]):
        return None
    with tempfile.TemporaryFile() as given, open(os.devnull, "wb") as nowhere:
        given.write(text.encode())
        given.flush()
        run(command, given, nowhere)
        memory = peak(command, given, nowhere)
        times = [run(command, given, nowhere) for _ in range(runs)]
    return [statistics.median(column) for column in zip(*times)] + [memory]


def show(name, result, ours):
    ratio = "" if result is ours else "   %5.1fx wall %5.1fx CPU %5.1fx memory" % tuple(
        theirs / max(mine, 1e-3) for theirs, mine in zip(result, ours))
    print("  %-16s %8.1f ms %8.1f ms %7.1f MiB%s" % (name, *result, ratio), flush=True)


def compare(path, label, args, work):
    for count in (1, 32, 10000):
        text = "".join("%#x\n" % address for address in addresses(path, count))
        base = [args.tool, "-e", path, "--json", "--debug-dir", "/usr/lib/debug"]
        ours = measure(base, text, args.runs)
        print("%s, %d addresses (wall, CPU, peak memory)" % (label, count))
        show("ddcrash", ours, ours)
        cache = base + ["--cache-dir", os.path.join(work, "cache")]
        result = measure(cache, text, args.runs)
        print("  %-16s %8.1f ms %8.1f ms %7.1f MiB" % ("ddcrash, cached", *result))
        for name, command in args.peers.items():
            result = measure(command.format(file=path).split(), text, args.runs)
            if result:
                show(name, result, ours)


def debug_file(package, work):
    out = subprocess.run(["dpkg", "-L", package], capture_output=True, text=True, check=False).stdout
    files = [line for line in out.splitlines() if line.endswith(".debug")]
    return max(files, key=os.path.getsize, default=None)


def libc_debug():
    out = subprocess.run(["readelf", "-n", "/lib/x86_64-linux-gnu/libc.so.6"], capture_output=True,
                         text=True, check=False).stdout
    ids = [line.split()[-1] for line in out.splitlines() if "Build ID" in line]
    path = "/usr/lib/debug/.build-id/%s/%s.debug" % (ids[0][:2], ids[0][2:]) if ids else ""
    return path if os.path.exists(path) else None


def corpora(work):
    gen = os.path.join(TOP, "testdata", "gen")
    libc, python = libc_debug(), debug_file("python3.11-dbg", work)
    for path, name in ((libc, "libc, zlib and dwz"), (python, "python3.11, zlib")):
        if path:
            yield path, name
            raw = os.path.join(work, os.path.basename(path))
            subprocess.run(["objcopy", "--decompress-debug-sections", path, raw], check=True)
            yield raw, name.split(",")[0] + ", inflated"
    if os.path.exists("/usr/bin/python3.11d"):
        yield "/usr/bin/python3.11d", "python3.11-dbg"
    with open(os.path.join(work, "unit.c"), "w", encoding="utf-8") as unit:
        subprocess.run([os.path.join(gen, "one_unit.py")], stdout=unit, check=True)
    for name, command in (
            ("gcc -O2, one C unit", "gcc -O2 -g -shared -fPIC -o %s %s/unit.c"),
            ("clang++ -O2, DWARF 5", "clang++ -O2 -gdwarf-5 -std=c++17 -o %s %s/inlines.cpp"),
            ("rustc -O", "rustc -C opt-level=3 -g -o %s %s/inlines.rs")):
        path = os.path.join(work, name.split()[0])
        if shutil.which(command.split()[0]):
            sources = work if "unit.c" in command else gen
            subprocess.run((command % (path, sources)).split(), check=True)
            yield path, name
    kernels = glob.glob("/usr/lib/debug/**/vmlinux*", recursive=True)
    if kernels:
        yield max(kernels, key=os.path.getsize), "vmlinux"


def make_report(chance, modules, frames):
    """The text of a report of one stack over several modules."""
    stack = []
    for _ in range(frames):
        module, build_id, known = chance.choice(modules)
        start, size = chance.choice(known)
        stack.append({"ip": "0x7f0000000000", "path": module, "build_id": build_id,
                      "build_id_type": "GNU", "file_type": "ELF",
                      "relative_address": "%#x" % (start + chance.randrange(size))})
    return json.dumps({"data_schema_version": "1.4", "uuid": "00000000-0000-4000-8000-000000000000",
                       "error": {"is_crash": True, "kind": "UnixSignal", "source_type": "Crashtracking",
                                 "stack": {"format": "Datadog Crashtracker 1.0", "frames": stack}}}) + "\n"


def known_modules(files, tree):
    """(path, build id, functions) of files, which get a tree by build id: links out of it are not followed."""
    modules = []
    for path in files:
        out = subprocess.run(["readelf", "-n", path], capture_output=True, text=True, check=False).stdout
        ids = [line.split()[-1] for line in out.splitlines() if "Build ID" in line]
        if ids:
            modules.append(("/" + os.path.basename(path), ids[0], functions(path)))
            link = os.path.join(tree, ".build-id", ids[0][:2], ids[0][2:] + ".debug")
            os.makedirs(os.path.dirname(link), exist_ok=True)
            try:
                os.link(path, link)
            except OSError:
                shutil.copy(path, link)
    return modules


def many_reports(files, args, work):
    """What a thousand reports cost beside one of the same modules."""
    tree = os.path.join(work, "reports")
    modules = known_modules(files[:5], tree)
    chance = random.Random(7)
    reports = [make_report(chance, modules, 40) for _ in range(1000)]
    command = [args.tool, "--debug-dir", "/usr/lib/debug", "--debug-dir", tree, "-o", "/dev/null"]
    first = None
    print("reports of 40 frames over %d modules" % len(modules))
    for name, text in (("one", reports[:1]), ("a thousand of it", reports[:1] * 1000),
                       ("a thousand others", reports)):
        path = os.path.join(work, "reports.ndjson")
        with open(path, "w", encoding="utf-8") as out:
            out.writelines(text)
        result = measure(command + [path], "", args.runs)
        first = first or result
        print("  %-18s %8.1f ms %8.1f ms %7.1f MiB   %5.1fx wall %5.1fx CPU" % (
            name, *result, result[0] / first[0], result[1] / first[1]), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--tool", default=os.path.join(os.environ.get("BUILD", "build"), "bin/ddcrash-symbolize"))
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=COMMAND")
    parser.add_argument("files", nargs="*")
    args = parser.parse_args()
    args.tool = os.path.abspath(args.tool)
    args.peers = dict(PEERS, **dict(peer.split("=", 1) for peer in args.peer))
    with tempfile.TemporaryDirectory() as work:
        chosen = [(path, os.path.basename(path)) for path in args.files] or list(corpora(work))
        for path, label in chosen:
            compare(path, label, args, work)
        many_reports([path for path, label in chosen if "inflated" not in label], args, work)


if __name__ == "__main__":
    sys.exit(main())
