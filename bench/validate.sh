#!/usr/bin/env bash
# Validation in time and memory, beside other tools: a thousand reports of 20 KB in one run, and one
# report of 50 MB, valid and with errors. Peers (ajv-cli, @sourcemeta/jsonschema) are used when they
# are in PATH or in $NODE_MODULES/.bin. Then, with Python's jsonschema or ajv, agreement of verdicts.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
BUILD=$(realpath "${BUILD:-build}")
export PATH=$BUILD/bin:${NODE_MODULES:+$NODE_MODULES/.bin:}$PATH
export NODE_PATH=${NODE_MODULES:-${NODE_PATH:-}}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export OURS=$work/ours

python3 - "$here/../testdata/validate/clean.json" "$work" <<'END'
import json, os, sys
report, work = json.load(open(sys.argv[1])), sys.argv[2]
frame = report["error"]["stack"]["frames"][1]
def frames(count):
    return [dict(frame, line=n, column=n % 80, function="namespace::Class%d::method(int)" % n)
            for n in range(1, count + 1)]
def write(name):
    with open(os.path.join(work, name), "w") as out:
        json.dump(report, out)
os.mkdir(os.path.join(work, "many"))
report["error"]["stack"]["frames"] = frames(35)
for n in range(1000):
    report["uuid"] = "11111111-2222-4333-8444-%012d" % n
    write("many/%04d.json" % n)
report["error"]["stack"]["frames"] = frames(50 * 2**20 // 410)
write("large.json")
for frame in report["error"]["stack"]["frames"][::5000]:
    frame["line"] = "12"
write("broken.json")
END
ddcrash-validate --print-schema 1.8 -o "$work/schema.json"

# The best of three runs: seconds and peak memory; of a peer also its time in ours.
measure() { # WHAT COMMAND...
	python3 - "$@" <<'END'
import os, resource, sys, time
what, *command = sys.argv[1:]
best = None
for _ in range(3):
    start = time.perf_counter()
    child = os.fork()
    if not child:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1), os.dup2(null, 2)
        os.execvp(command[0], command)
    _, status, usage = os.wait4(child, 0)
    wall = time.perf_counter() - start
    if best is None or wall < best[0]:
        best = wall, usage.ru_maxrss / 1024, os.waitstatus_to_exitcode(status)
print("%-28s %8.3f s %8.1f MiB   exit %d" % (what, *best), end="")
times = os.environ["OURS"]
if "ddcrash" in what:
    open(times, "w").write(str(best[0]))
    print()
else:
    print("   %.1f times as long" % (best[0] / float(open(times).read())))
END
}

# Paths, as python may come with a PATH of its own; it has a command jsonschema, too.
ajv=$(type -P ajv || true)
sourcemeta=$(type -P jsonschema || true)
# the program itself where npm has it, rather than the script that starts it
native=${NODE_MODULES:-}/@sourcemeta/jsonschema/build/github-releases/jsonschema-linux-$(uname -m)
if [ -x "$native" ]; then
	sourcemeta=$native
fi
if [ -n "$sourcemeta" ] && ! "$sourcemeta" version >/dev/null 2>&1; then
	sourcemeta=
fi

size() { du -b --apparent-size -s "$1" | awk '{ printf "%.1f MB", $1 / 1e6 }'; }

echo "1,000 reports ($(size "$work/many"))"
measure "  ddcrash-validate" ddcrash-validate "$work/many"
if [ -n "$sourcemeta" ]; then
	measure "  jsonschema (sourcemeta)" "$sourcemeta" validate --fast "$work/schema.json" "$work/many"
fi
if [ -n "$ajv" ]; then
	measure "  ajv-cli" "$ajv" validate --spec=draft7 --strict=false --validate-formats=false --all-errors \
		-s "$work/schema.json" -d "$work/many/*.json"
fi
for report in large broken; do
	echo "one report, $report ($(size "$work/$report.json"))"
	measure "  ddcrash-validate" ddcrash-validate "$work/$report.json"
	if [ -n "$sourcemeta" ]; then
		measure "  jsonschema (sourcemeta)" "$sourcemeta" validate --fast "$work/schema.json" "$work/$report.json"
	fi
	if [ -n "$ajv" ]; then
		measure "  ajv-cli" "$ajv" validate --spec=draft7 --strict=false --validate-formats=false --all-errors \
			-s "$work/schema.json" -d "$work/$report.json"
	fi
done
mkdir "$work/mutants"
python3 "$here/validate-mutants.py" make "$work/mutants" 100
python3 "$here/validate-mutants.py" compare "$work/mutants"
