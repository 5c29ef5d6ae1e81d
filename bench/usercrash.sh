#!/usr/bin/env bash
# How long ddcrash-usercrash takes for a process that crashed, from its start to its end: the
# shortest and the median of RUNS (20), and the processor time of the cheapest, for few and many
# threads and for little and much memory. gdb holds the process where it crashed; the core file has
# the headers and notes that the kernel writes. /bin/true beside it tells what any program costs.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${BUILD:=build}" "${RUNS:=20}"
command -v gdb >/dev/null || { echo 'usercrash.sh: needs gdb'; exit 0; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${CC:-gcc}" -O2 -pthread -o "$work/crash" testdata/gen/live/crash.c

# Times of one command, run again and again with the stream on standard input.
cat >"$work/measure.py" <<'END'
import os, sys, time

runs, stream, what, command = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4:]
wall, cpu = [], []
quiet = os.open("/dev/null", os.O_WRONLY)
for _ in range(runs):
    begin = time.perf_counter()
    given = [(os.POSIX_SPAWN_OPEN, 0, stream, os.O_RDONLY, 0)] + [(os.POSIX_SPAWN_DUP2, quiet, n) for n in (1, 2)]
    pid = os.posix_spawnp(command[0], command, os.environ, file_actions=given)
    used = os.wait4(pid, 0)[2]
    wall.append((time.perf_counter() - begin) * 1000)
    cpu.append((used.ru_utime + used.ru_stime) * 1000)
wall.sort()
print(f"usercrash.sh: {what:24} shortest {wall[0]:6.1f} ms, median {wall[runs // 2]:6.1f} ms; processor {min(cpu):5.1f} ms")
END
cat >"$work/script" <<END
python3 testdata/gen/notes_first.py "$work/core" >"$work/stream"
python3 "$work/measure.py" $RUNS "$work/stream" "\$WHAT" "$BUILD/bin/ddcrash-usercrash" -q -o "$work/crashes" -- \$PID \$PID 11
END

# No memory in the core: gdb does as the process tells the kernel.
crash() { # WHAT THREADS MEBIBYTES
	WHAT=$1 gdb -q -batch -ex 'set confirm off' -ex "run $2 $3" \
		-ex 'python import os, gdb; pid = gdb.selected_inferior().pid; os.environ["PID"] = str(pid); open(f"/proc/{pid}/coredump_filter", "w").write("0")' \
		-ex "generate-core-file $work/core" -ex "shell bash $work/script" -ex kill "$work/crash" 2>/dev/null |
		grep '^usercrash.sh' || echo "usercrash.sh: $1: gdb cannot run programs here"
}
python3 "$work/measure.py" "$RUNS" /dev/null /bin/true /bin/true
crash '1 thread, 1 MiB' 1 1
crash '1 thread, 1024 MiB' 1 1024
crash '256 threads, 1 MiB' 256 1
crash '256 threads, 1024 MiB' 256 1024
