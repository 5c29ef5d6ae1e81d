#!/usr/bin/env bash
# How long ddcrash-debugger, gdb and eu-stack keep a process of 256 threads from running: the gap
# that a busy thread of it notices, the shortest of RUNS (5) for each, beside that without any. All
# are asked in turns of one run, so that a busy machine is as busy for each.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${BUILD:=build}" "${RUNS:=5}" "${THREADS:=256}"
work=$(mktemp -d)
"${CC:-gcc}" -O2 -pthread -o "$work/probe" testdata/gen/live/probe.c
mkfifo "$work/in" "$work/out"
"$work/probe" "$THREADS" <"$work/in" >"$work/out" &
pid=$!
trap 'kill $pid 2>/dev/null; rm -rf "$work"' EXIT
exec 3>"$work/in" 4<"$work/out"
sleep 0.5

gap() { # COMMAND...
	local us
	echo >&3
	read -r us <&4
	"$@" >"$work/log" 2>&1 || echo "$1 failed: $(tail -1 "$work/log")" >&2
	echo >&3
	read -r us <&4
	echo "$us"
}

tools=(nothing ddcrash-debugger eu-stack gdb)
declare -A best
for ((i = 0; i < RUNS; i++)); do
	for tool in "${tools[@]}"; do
		case $tool in
		nothing) us=$(gap sleep 0.3) ;;
		ddcrash-debugger) us=$(gap "$BUILD/bin/ddcrash-debugger" --json "$pid") ;;
		eu-stack) command -v eu-stack >/dev/null && us=$(gap eu-stack -p "$pid") || us=- ;;
		gdb)
			command -v gdb >/dev/null || us=-
			[ "$us" = - ] || us=$(gap gdb -q -batch -p "$pid" -ex 'thread apply all bt')
			;;
		esac
		[ "$us" = - ] && continue
		[ "${best[$tool]:-}" ] && [ "${best[$tool]}" -le "$us" ] || best[$tool]=$us
	done
done
for tool in "${tools[@]}"; do
	[ -z "${best[$tool]:-}" ] ||
		printf 'debugger.sh: %-17s keeps %d threads from running for %8.1f ms\n' "$tool" "$THREADS" \
			"$(awk "BEGIN { print ${best[$tool]} / 1000 }")"
done
[ -z "${best[gdb]:-}" ] || awk "BEGIN { printf \"debugger.sh: gdb takes %.1f times as long\\n\", ${best[gdb]} / ${best[ddcrash-debugger]} }"
