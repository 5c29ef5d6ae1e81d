# shellcheck shell=bash
# Sourced after tools/tests/lib.sh: what the objects of the in-process part refer to.
#
#   allowed FILE                            the list of collector/tests/FILE
#   symbols_are_listed FOLDER NM COMPILER   of the objects in FOLDER, with the tools of their machine
tests=$TOP/collector/tests

allowed() { # FILE
	grep -v '^#' "$tests/$1"
}

# References of the objects to what none of them defines, as "object symbol".
outside() { # OBJECTS...
	python3 - "$nm" "$@" <<'PYTHON'
import os, subprocess, sys

def symbols(option, path):
    lines = subprocess.run([sys.argv[1], option, path], capture_output=True, text=True, check=True).stdout
    return {line.split()[-1].split("@")[0] for line in lines.splitlines() if line.split()}

# _GLOBAL_OFFSET_TABLE_ is the linker's.
defined = set.union(*(symbols("--defined-only", path) for path in sys.argv[2:]), {"_GLOBAL_OFFSET_TABLE_"})
for path in sys.argv[2:]:
    for symbol in sorted(symbols("--undefined-only", path) - defined):
        print(os.path.basename(path), symbol)
PYTHON
}

symbols_are_listed() {
	local nm=$2 every handler starting
	mapfile -t every < <(find "$1" -name '*.o' ! -name all.o ! -name demo.o | sort)
	is 'all objects: no references but those that are listed' "$(outside "${every[@]}" | sort)" \
		"$(allowed allowed-symbols | sort)"
	starting=$(allowed allowed-symbols | cut -d' ' -f1 | sort -u)
	mapfile -t handler < <(printf '%s\n' "${every[@]}" | grep -vE "/($(paste -sd'|' <<<"$starting"))$")
	ok 'the handler consists of objects' test "${#handler[@]}" -gt 15
	is 'objects of the handler: none at all, not even to those of starting' "$(outside "${handler[@]}")" ''
	echo 'void *malloc(unsigned long); void *control(void) { return malloc(1); }' >control.c
	"$3" -c -o control.o control.c || exit 99
	is 'a reference is found' "$(outside "${handler[@]}" control.o)" 'control.o malloc'
}
