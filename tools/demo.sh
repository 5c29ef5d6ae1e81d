#!/usr/bin/env bash
# `make demo`: a program crashes under the collector, and its report is followed to the end. Each
# command is shown before it runs. The files stay in $BUILD/demo/out, or the folder named as argument.
set -euo pipefail
BUILD=$(realpath "${BUILD:-build}")
TOP=$(cd "$(dirname "$0")/.." && pwd)
PATH=$BUILD/bin:$BUILD/demo:$PATH
out=${1:-$BUILD/demo/out}
mkdir -p "$out"
rm -f "$out/crash.stream" "$out/delivered.json"*
cd "$out"

step() { # TEXT COMMAND...
	printf '\n# %s\n$ %s\n' "$1" "${*:2}"
	"${@:2}"
}

crash() {
	local status=0
	# the shell's own word about the crash is of no interest here
	{ "$@"; } 2>/dev/null || status=$?
	[ "$status" = 139 ] || { echo "the demo did not crash: status $status" >&2; exit 1; }
}

printf '# A program with a bug crashes; the collector in it writes a stream.\n$ ddcrash-demo crash.stream\n'
crash ddcrash-demo crash.stream
step "The stream becomes a report, whose frames hold addresses and build ids." \
	ddcrash-parse crash.stream -o report.json
step "Debug files give the frames functions, files and lines; functions inlined into others too." \
	ddcrash-symbolize report.json --debug-dir "$BUILD/demo" --sysroot / -o named.json
if [ -x "$BUILD/bin/ddcrash-validate" ]; then
	step "The report keeps to its schema." ddcrash-validate named.json
fi
if [ -x "$BUILD/bin/ddcrash-upload" ]; then
	step "It is delivered: here to a file, else to an agent." \
		ddcrash-upload named.json --endpoint "file://$out/delivered.json" --no-journal
fi
step "This is what happened." \
	ddcrash-symbolize --quiet named.json --format text --source-dir "$TOP" --context 1
