# shellcheck shell=bash disable=SC2154
# Sourced after crash.sh by the scripts that judge programs of testdata/gen/matrix:
#
#   libraries COMPILER               the libraries that the programs load
#   in_background COMMAND...         two at a time; `wait` for the rest
#   compile NAME COMPILER OPTIONS... the program NAME of the C sources with $archive
#   judge FILE NAME...               run matrix.py; its rows are in FILE
#   all_right FILE                   a result for each row
sources=$TOP/testdata/gen/matrix
archive=$lib/libddcrash.a

library() { # NAME SOURCE COMPILER OPTIONS...
	local name=$1 source=$2
	shift 2
	"$@" -shared -fPIC -nostdlib -o "$name" "$source"
}

libraries() {
	library plugin.so "$gen/plugin.c" "$1" -O2 -Wl,--build-id
	library no-id.so "$gen/plugin.c" "$1" -O2 -Wl,--build-id=none
	library other.so "$gen/plugin.c" "$1" -O0 -falign-functions=64 -Wl,--build-id
	library constructor.so "$gen/constructor.c" "$1" -O2
}

in_background() {
	"$@" &
	while [ "$(jobs -rp | wc -l)" -ge 2 ]; do
		wait -n
	done
}

# shellcheck disable=SC2317 # called by in_background
compile() {
	local name=$1
	shift
	"$@" -Wno-free-nonheap-object -I"$TOP/collector" -o "$name" "$sources"/*.c "$sources"/*.S \
		"$archive" -pthread -Wl,--export-dynamic-symbol=matrix_constructor \
		2>"$name.err" || cat "$name.err" >&2
}

# A program that was not built ends this with an error, as does a scenario that never ends.
judge() {
	local file=$1
	shift
	"$TOP/collector/tests/matrix.py" . "$@" >"$file"
	is "judged: $*" $? 0
}

all_right() {
	local build scenario verdict
	while read -r build scenario verdict; do
		case $verdict in
		ok) tap_result 0 "$build: $scenario" ;;
		skip) ;;
		*)
			echo "$build: $scenario: $verdict" >&2
			tap_result 1 "$build: $scenario"
			;;
		esac
	done <"$1"
}
