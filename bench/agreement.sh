#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What ARCHITECTURE.md says of agreement: with llvm-symbolizer at random addresses of functions and of
# .text, and of our DWARF reader with libdw at addresses all over the code. FILEs are compared, too.
#
#   bench/agreement.sh [FILE...]         COUNT addresses of each (10000), as random as SEED (1)
set -u
top=$(cd "$(dirname "$0")/.." && pwd)
build=$(realpath "${BUILD:-$top/build}")
gen=$top/testdata/gen
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for tool in llvm-symbolizer-19 "$build/tests/reader-compare"; do
	command -v "$tool" >/dev/null || { echo "agreement: $tool is not there" && exit 0; }
done

debug_file() { # MODULE: in the system's build-id tree
	local id
	id=$(readelf -n "$1" 2>/dev/null | sed -n 's/.*Build ID: //p')
	echo "/usr/lib/debug/.build-id/${id:0:2}/${id:2}.debug"
}

cd "$work" || exit 1
ln -s "$(debug_file "$(ldd /bin/true | awk '$1 == "libc.so.6" { print $3 }')")" libc
ln -s "$(dpkg -L python3.11-dbg 2>/dev/null | grep '\.debug$' | xargs -r ls -S | head -n 1)" python3.11
for version in 4 5; do
	clang++ -O2 -gdwarf-$version -std=c++17 -o "clang++-$version" "$gen/inlines.cpp"
	g++ -O2 -gdwarf-$version -std=c++17 -o "g++-$version" "$gen/inlines.cpp"
done
rustc -C opt-level=3 -g -o rust "$gen/inlines.rs" 2>/dev/null
"$gen/one_unit.py" >big.c
gcc -O2 -g -shared -fPIC -o one-unit big.c
for file in libc python3.11 clang++-4 clang++-5 g++-4 g++-5 rust one-unit "$@"; do
	[ -e "$file" ] || continue
	for where in '' --anywhere; do
		"$top/bench/oracle.py" --tool "$build/bin/ddcrash-symbolize" --count "${COUNT:-10000}" \
			--seed "${SEED:-1}" --debug-dir /usr/lib/debug --minimum 0 $where "$file" |
			sed "s/: /${where:+, in .text}: /"
	done
	printf '%s, libdw: ' "$file"
	"$build/tests/reader-compare" "$file" "${COUNT:-10000}" /usr/lib/debug | tail -n 1
done
