#!/usr/bin/env bash
# From the crash until the process goes on to die, with and without a receiver; and what is left when
# receivers are killed at any moment, and when many processes crash at once.
#
#	BENCH_RUNS, BENCH_KILLS, BENCH_STORM	how many [31, 1000, 50]
#	BENCH_FIRST				a command to run clients with, as `chrt -f 10` on a busy machine
set -euo pipefail
cd "$(dirname "$0")/.."
BUILD=$(realpath "${BUILD:-build}")
top=$PWD
runs=${BENCH_RUNS:-31} kills=${BENCH_KILLS:-1000} storm=${BENCH_STORM:-50}
read -ra first <<<"${BENCH_FIRST-}"
libraries=250
receiver=$BUILD/bin/ddcrash-receiver
gen=$top/testdata/gen/crash
work=$(mktemp -d "${TMPDIR:-/tmp}/ddcrash-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
ulimit -S -c 0

cc -O1 -g -I"$top/collector" -o client "$gen/client.c" "$BUILD/lib/libddcrash.a" -pthread -ldl
cc -O1 -o killer "$gen/killer.c" -lm
mkdir spool libraries
echo 'int function(int x) { return x + 1; } int table[2000] = {1};' >library.c
cc -shared -fPIC -o libraries/0.so library.c
for ((i = 1; i < libraries; i++)); do cp libraries/0.so "libraries/$i.so"; done

# --- how long -------------------------------------------------------------------------------------

# In microseconds.
measure() { # OPTIONS...
	for ((i = 0; i < runs; i++)); do
		"${first[@]}" ./client output=stream measure "$@"
		sleep 0.05
	done | sort -n | awk '{ t[NR] = $1 } END { printf "%7d %7d %7d", t[1], t[int((NR + 1) / 2)], t[NR] }'
	rm -f spool/*
}

row() { # WHAT OPTIONS...
	local what=$1
	shift
	printf '%-22s %s   %s\n' "$what" "$(measure "$@")" \
		"$(measure "receiver=$receiver" arg=--spool arg=spool "$@")"
}

echo "crash to release, microseconds, of $runs runs"
printf '%-22s %s   %s\n' '' '    without receiver   ' '      with receiver'
printf '%-22s %7s %7s %7s   %7s %7s %7s\n' '' min median max min median max
row '1 thread'
row '16 threads' threads=15
row '256 threads' threads=255
row "$libraries libraries" "libraries=$work/libraries:$libraries"
row '4 GiB in use' memory=4096

# --- killed ---------------------------------------------------------------------------------------

# Where the receiver got in its time, or why the report is none.
judge() { # STATUS SECONDS
	if [ "$1" != 139 ]; then
		echo "wrong status $1"
	elif [ "$2" -ge 5 ]; then
		echo 'too late'
	elif [ -e stream ]; then
		"$BUILD/bin/ddcrash-parse" --strict -o report.json stream 2>/dev/null &&
			grep -o 'The receiver [^;"]*; written by the crashing process' report.json |
			sed 's/;.*//' || echo 'no report'
	elif "$BUILD/bin/ddcrash-validate" -q spool/*.json; then
		echo 'The receiver had stored its report'
	else
		echo 'torn'
	fi
}

echo
echo "receivers killed within 50 ms: $kills"
for ((i = 0; i < kills; i++)); do
	rm -rf spool ended
	mkdir spool
	started=$SECONDS
	status=0
	(
		exec ./client output=stream threads=3 "receiver=$work/killer" arg=50000 arg=ended \
			"arg=$receiver" arg=--spool arg=spool
	) 2>/dev/null || status=$?
	for ((n = 0; n < 1000; n++)); do
		[ ! -e ended ] || break
		sleep 0.005
	done
	judge "$status" $((SECONDS - started))
done 2>/dev/null | sort | uniq -c

# --- many at once ---------------------------------------------------------------------------------

echo
rm -rf spool streams
mkdir spool streams
started=$(date +%s%N)
{
	for ((i = 0; i < storm; i++)); do
		{ ./client "output=streams/$i" threads=3 "receiver=$receiver" arg=--spool arg=spool || :; } &
	done
	wait
} 2>/dev/null
ended=$(date +%s%N)
for ((n = 0; n < 1000; n++)); do
	[ "$(find spool -name '*.json' | wc -l)" -lt "$storm" ] || break
	sleep 0.02
done
stored=$(date +%s%N)
printf '%d crashes at once: all ended after %d ms, %d reports after %d ms, ' "$storm" \
	$(((ended - started) / 1000000)) "$(find spool -name '*.json' | wc -l)" \
	$(((stored - started) / 1000000))
sleep 0.5
"$BUILD/bin/ddcrash-validate" -q spool/*.json && echo "all valid, $(find streams -type f | wc -l) streams left"
