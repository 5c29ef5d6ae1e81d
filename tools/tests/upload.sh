# shellcheck shell=bash
# Sourced by tests of ddcrash-upload, after lib.sh: a server, reports, and what the server saw.
#
#   serve [OPTION...]            start fault-server.py anew: $url, $server/requests.jsonl
#   serve_on [OPTION...]         the same at the same port
#   serve_end                    stop it
#   reports COUNT [BYTES]        a new folder `reports` of so many reports; no journal any more
#   upload [OPTION...]           send the folder there; output in out and err
#   saw 'EXPRESSION'             Python about R, the requests, and `taken`, their accepted payloads
tests=$TOP/tools/tests
template=$TOP/testdata/validate/clean.json
server=$WORK/server
server_pid=
url=
unset DD_API_KEY DD_SITE DD_TRACE_AGENT_URL DD_AGENT_HOST DD_TRACE_AGENT_PORT DD_EXTERNAL_ENV \
	_DD_DIRECT_SUBMISSION_ENABLED DD_ERRORS_INTAKE_DD_URL DD_CRASHTRACKING_ERRORS_INTAKE_ENABLED \
	http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY

serve_end() {
	[ -z "$server_pid" ] || kill "$server_pid" 2>/dev/null
	[ -z "$server_pid" ] || wait "$server_pid" 2>/dev/null
	server_pid=
}

# Until the file is there, for half a minute.
await() {
	local i
	for ((i = 0; i < 600; i++)); do
		[ ! -e "$1" ] || return 0
		sleep 0.05
	done
	echo "$1 does not come" >&2
	return 1
}

serve_on() {
	serve --port "${url##*:}" "$@"
}

serve() {
	serve_end
	rm -rf "$server"
	"$tests/fault-server.py" --dir "$server" "$@" &
	server_pid=$!
	await "$server/url" || exit 99
	url=$(<"$server/url")
}

reports() {
	rm -rf reports ddcrash-upload.journal
	"$tests/make-reports.py" "$template" "$1" "${2:-1000}" reports
}

# With time for machines that are busy.
upload() {
	timeout 120 ddcrash-upload --endpoint "$url" --timeout-ms 30000 "$@" reports
}

saw() {
	python3 - "$server/requests.jsonl" "$1" <<-'PYTHON'
		import collections, json, sys
		R = [json.loads(line) for line in open(sys.argv[1])]
		taken = collections.Counter((r["target"], r["kind"], r["uuid"]) for r in R if r["accepted"])
		print(eval(sys.argv[2].replace("\n", " ")))
	PYTHON
}

# Every one of COUNT reports arrived at both targets, and none twice.
arrived_once() { # WHAT COUNT [TARGETS]
	is "$1" "$(saw 'len(taken), sum(taken.values())')" "($(($2 * ${3:-2})), $(($2 * ${3:-2})))"
}
trap 'serve_end; rm -rf "$WORK"' EXIT
