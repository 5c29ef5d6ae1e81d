#!/usr/bin/env bash
# Upload in time and memory: 2,000 reports of 22 KB to a local nginx with the journal on, beside
# `curl --parallel` posting the same files; then memory over the number of reports in one file.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
BUILD=$(realpath "${BUILD:-build}")
export PATH=$BUILD/bin:$PATH:/usr/sbin
count=${REPORTS:-2000}
many=${MANY_REPORTS:-100000}
work=$(mktemp -d)
pid=
trap 'if [ -n "$pid" ]; then kill "$pid"; wait "$pid"; fi 2>/dev/null; rm -rf "$work"' EXIT

if ! type -P nginx >/dev/null; then
	echo "no nginx: no timings of uploads"
	exit 0
fi

# A port nobody uses now; nginx cannot choose one.
port=$(python3 -c 'import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat >"$work/nginx.conf" <<END
daemon off;
master_process off;
pid $work/nginx.pid;
error_log $work/error.log;
events { worker_connections 512; }
http {
	access_log off;
	client_body_temp_path $work/body;
	client_max_body_size 20m;
	keepalive_requests 1000000;
	server { listen 127.0.0.1:$port; location / { return 202; } }
}
END
nginx -p "$work" -c "$work/nginx.conf" 2>/dev/null &
pid=$!
for _ in $(seq 100); do
	curl -s -o /dev/null "http://127.0.0.1:$port/" && break
	sleep 0.05
done

# The best of $runs: seconds, seconds of CPU and peak memory. The file `fresh` is removed before each.
fresh=
runs=3
measure() { # WHAT COMMAND...
	python3 - "$fresh" "$runs" "$@" <<'END'
import os, sys, time
fresh, runs, what, *command = sys.argv[1:]
best = None
for _ in range(int(runs)):
    if fresh and os.path.exists(fresh):
        os.unlink(fresh)
    start = time.perf_counter()
    child = os.fork()
    if not child:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1), os.dup2(null, 2)
        os.execvp(command[0], command)
    _, status, usage = os.wait4(child, 0)
    wall = time.perf_counter() - start
    if best is None or wall < best[0]:
        best = (wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024,
                os.waitstatus_to_exitcode(status))
print("%-44s %8.3f s %8.3f s CPU %8.1f MiB   exit %d" % (what, *best))
END
}

template=$here/../testdata/validate/clean.json
make_reports=$here/../tools/tests/make-reports.py
"$make_reports" "$template" "$count" 22000 "$work/reports"
"$make_reports" "$template" "$count" 22000 "$work/reports.ndjson"
url=http://127.0.0.1:$port
for report in "$work"/reports/*; do
	printf 'url = "%s"\ndata-binary = "@%s"\nheader = "Content-Type: application/json"\n' \
		"$url/telemetry/proxy/api/v2/apmtelemetry" "$report"
	printf 'output = /dev/null\nnext\n'
done | sed '$d' >"$work/curl.conf"

echo "$count reports ($(du -b --apparent-size -s "$work/reports" | awk '{ printf "%.1f MB", $1 / 1e6 }'))"
measure "  curl --parallel --parallel-max 4" curl -s --parallel --parallel-max 4 -K "$work/curl.conf"
fresh=$work/journal
upload=(ddcrash-upload --endpoint "$url" --target telemetry --journal "$fresh")
measure "  ddcrash-upload, a folder" "${upload[@]}" "$work/reports"
measure "  ddcrash-upload, NDJSON" "${upload[@]}" "$work/reports.ndjson"
tar -C "$work" -czf "$work/reports.tar.gz" reports
measure "  ddcrash-upload, tar.gz" "${upload[@]}" "$work/reports.tar.gz"
measure "  ddcrash-upload, both targets" ddcrash-upload --endpoint "$url" --journal "$fresh" "$work/reports"
fresh=
measure "  ddcrash-upload, all sent before" "${upload[@]}" "$work/reports"

runs=1
for number in $((many / 10)) "$many"; do
	"$make_reports" "$template" "$number" 4000 "$work/many.ndjson"
	fresh=$work/journal
	measure "$number reports in one file" "${upload[@]}" "$work/many.ndjson"
	gzip -1 "$work/many.ndjson"
	measure "$number reports in one .gz" "${upload[@]}" "$work/many.ndjson.gz"
	rm "$work/many.ndjson.gz"
done
