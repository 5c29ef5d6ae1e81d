# shellcheck shell=bash
# Sourced by the collector's *.test scripts after tools/tests/lib.sh: programs that crash.
#
#   build NAME COMPILER OPTIONS...   makes ./NAME and ./NAME.o of crash.c, linked with libddcrash.a
#   crash NAME SCENARIO [OUTPUT]     runs it; its status is $status, its output in ./out, the
#                                    stream, if any, in ./stream
#   value KEY...                     the value at a path of keys in ./report.json, as JSON
#   names NAME [FULL]                functions of the stream's stack, on one line
gen=$TOP/testdata/gen/crash
lib=$BUILD/lib
# Sanitizers would put their own handlers in front of ours.
unset ASAN_OPTIONS UBSAN_OPTIONS
ulimit -S -c 0

build() {
	local name=$1
	shift
	"$@" -I"$TOP/collector" -c -o "$name.o" "$gen/crash.c" &&
		"$@" -o "$name" "$name.o" "$lib/libddcrash.a" -pthread
}

# In a shell of its own, which would otherwise tell of each death.
quietly() {
	(exec "$@") 2>/dev/null
}

# shellcheck disable=SC2034 # status is the caller's
crash() {
	rm -f stream
	{
		quietly timeout 60 "./$1" "$2" "${3-stream}" >out
	} 2>/dev/null
	status=$?
}

# shellcheck disable=SC2034
crash_without() {
	{
		quietly timeout 60 "./$1" "$2" >out
	} 2>/dev/null
	status=$?
}

value() {
	python3 -c 'import json, sys
value = json.load(open("report.json"))
for key in sys.argv[1:]:
    value = value[int(key) if isinstance(value, list) else key] if key in value or isinstance(value, list) else None
print(json.dumps(value, ensure_ascii=False))' "$@"
}

names() {
	python3 "$TOP/collector/tests/stack.py" stream "$1" "${2:-$1}.o" "${2:-$1}" | tr '\n' ' ' |
		sed 's/ $//'
}

# Whether the stream is whole.
is_done() {
	[ "$(tail -n 1 stream 2>/dev/null)" = DD_CRASHTRACK_DONE ]
}
