# Sourced by *.test scripts: TAP on standard output, a scratch folder, and the tools on PATH.
#
#   . "${TOP:?}/tools/tests/lib.sh"
#   ok "what holds" command args...      passes when the command succeeds
#   is "what" "$got" "$expected"         passes when the strings are equal
#   exits 2 "what" command args...       passes when the command ends with that status
#   like "what" "$text" 'regex'          passes when the extended regex matches
#   skip "what" "why"                    counts as skipped
#   done_testing                         last line: exit status
#
# The output of commands goes to $WORK/out and $WORK/err.
set -u
: "${TOP:?run through tools/tests/run or set TOP and BUILD}" "${BUILD:?}"
WORK=$(mktemp -d "${TMPDIR:-/tmp}/ddcrash-test.XXXXXX")
trap 'rm -rf "$WORK"' EXIT
cd "$WORK" || exit 99
tap_count=0
tap_failed=0

tap_result() { # STATUS TEXT
	tap_count=$((tap_count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $tap_count - $2"
	else
		tap_failed=$((tap_failed + 1))
		echo "not ok $tap_count - $2"
		return 1
	fi
}

tap_dump() {
	head -c 4000 "$WORK/out" "$WORK/err" >&2 2>/dev/null
}

exits() {
	local want=$1 what=$2 got
	shift 2
	"$@" >"$WORK/out" 2>"$WORK/err"
	got=$?
	if [ "$got" = "$want" ]; then
		tap_result 0 "$what"
	else
		echo "$what: exit status $got, expected $want: $*" >&2
		tap_dump
		tap_result 1 "$what"
	fi
}

ok() {
	local what=$1
	shift
	exits 0 "$what" "$@"
}

is() {
	if [ "$2" = "$3" ]; then
		tap_result 0 "$1"
	else
		printf '%s:\n  got      %s\n  expected %s\n' "$1" "$2" "$3" >&2
		tap_result 1 "$1"
	fi
}

like() {
	if grep -qE -e "$3" <<<"$2"; then
		tap_result 0 "$1"
	else
		printf '%s:\n  got     %s\n  pattern %s\n' "$1" "$2" "$3" >&2
		tap_result 1 "$1"
	fi
}

unlike() {
	if grep -qE -e "$3" <<<"$2"; then
		printf '%s:\n  got         %s\n  not allowed %s\n' "$1" "$2" "$3" >&2
		tap_result 1 "$1"
	else
		tap_result 0 "$1"
	fi
}

skip() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

done_testing() {
	echo "1..$tap_count"
	exit $((tap_failed > 0))
}
