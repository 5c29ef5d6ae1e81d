# SPDX-License-Identifier: Apache-2.0
"""Reports that have all that their version has, and what a conversion must make of them.

convert.py make DIR          writes DIR/1.0.json to DIR/1.8.json
convert.py losses FROM TO    the JSON pointers that are lost, sorted, one a line
convert.py same A B [POINTER...]   whether two reports are equal but for these places
"""
import json
import sys

BIG = 18446744073709551615
SINCE = {"comments": 3, "mangled_name": 4, "type_name": 5}


def frame(n):
    old = n < 3
    result = {
        "ip": "0x7f0000001000", "sp": "0x7ffd00000000", "symbol_address": "0x7f0000000ff0",
        "module_base_address": "0x7f0000000000", "build_id": "aabbccdd",
        "build_id_type": "PE" if old else "GNU", "file_type": "PDB" if old else "PE",
        "relative_address": "0x0000000000001000", "path": "/usr/lib/l.so", "column": 3,
        "line": 4, "file": "a.c", "function": "f", "unknown": BIG,
    }
    extra = {"comments": ["normalized"], "mangled_name": "_Z1fv", "type_name": "T"}
    result.update({name: value for name, value in extra.items() if n >= SINCE[name]})
    return result


def stack(n, name="Datadog Crashtracker 1.0"):
    result = {"format": name, "frames": [frame(n), {}]}
    if n >= 1:
        result["incomplete"] = False
    return result


def experimental(n):
    result = {"unknown": [1]}
    if n < 6:
        result["ucontext"] = "ucontext_t { \u0000 }"
    if n >= 3:
        result["additional_tags"] = ["t:1"]
    if n >= 5:
        runtime = stack(n, "Datadog Runtime Callback 1.0")
        del runtime["incomplete"]
        result["runtime_stack"] = dict(runtime, stacktrace_string=None)
    return result


def threads(n):
    result = [{"crashed": False, "name": "w", "stack": stack(n), "state": "S", "unknown": 1}]
    if n == 7:
        return {"threads": result, "count": 1, "incomplete": True}
    return result


def full(n):
    error = {
        "is_crash": True, "kind": "UnixSignal", "message": "m", "source_type": "Crashtracking",
        "stack": stack(n), "threads": threads(n),
    }
    result = {
        "counters": {"collecting_sample": 1}, "data_schema_version": f"1.{n}", "error": error,
        "files": {"/proc/self/maps": ["line"]}, "fingerprint": "fp", "incomplete": False,
        "log_messages": ["l"],
        "metadata": {"library_name": "l", "library_version": "1", "family": "native",
                     "tags": ["a:b"], "unknown": {}},
        "os_info": {"architecture": "x86_64", "bitness": "64-bit", "os_type": "Debian",
                    "version": "12.0.0"},
        "proc_info": {"pid": 7},
        "sig_info": {"si_addr": "0x0000000000000010", "si_code": 1,
                     "si_code_human_readable": "SEGV_MAPERR", "si_signo": 11,
                     "si_signo_human_readable": "SIGSEGV"},
        "span_ids": [{"id": "1", "thread_name": "t"}], "trace_ids": [{"id": "2"}],
        "timestamp": "2026-01-02T03:04:05Z", "unknown": "\u0000",
        "uuid": "11111111-2222-4333-8444-555555555555",
    }
    if n >= 2:
        result["experimental"] = experimental(n)
    if n >= 5:
        error["thread_name"] = "main"
        result["proc_info"]["tid"] = 8
    if n >= 6:
        result["ucontext"] = {"arch": "x86_64", "registers": {"rip": "0x1"}, "raw": "text"}
    if n == 8:
        result["counters"]["threads_incomplete"] = 1
    return result


def frame_losses(n, to, place):
    for name, since in SINCE.items():
        if to < since <= n:
            yield f"{place}/{name}"
    if (n < 3) != (to < 3):
        yield f"{place}/file_type"
    if n < 3 <= to:
        yield f"{place}/build_id_type"


def losses(n, to):
    array = "/error/threads/threads/0" if n == 7 else "/error/threads/0"
    yield from frame_losses(n, to, "/error/stack/frames/0")
    yield from frame_losses(n, to, array + "/stack/frames/0")
    if n >= 2 > to:
        yield "/experimental"
    elif to < 3 <= n:
        yield "/experimental/additional_tags"
    if 2 <= to < 5 <= n:
        yield "/experimental/runtime_stack"
    elif n >= 5 and to >= 5:
        yield from frame_losses(n, to, "/experimental/runtime_stack/frames/0")
    if to < 5 <= n:
        yield "/error/thread_name"
        yield "/proc_info/tid"
    if to < 6 <= n:
        yield "/ucontext/registers" if to >= 2 else "/ucontext"


def remove(value, pointer):
    *path, last = pointer.split("/")[1:]
    for name in path:
        value = value[int(name) if isinstance(value, list) else name]
    value.pop(last, None)


def read(path, lost):
    with open(path, encoding="utf-8") as file:
        value = json.load(file)
    for pointer in lost:
        remove(value, pointer)
    # written empty where a text came back without them
    if value.get("ucontext", {}).get("registers") == {}:
        del value["ucontext"]["registers"]
    return value


def main(command, *args):
    if command == "make":
        for n in range(9):
            with open(f"{args[0]}/1.{n}.json", "w", encoding="utf-8") as file:
                json.dump(full(n), file, indent=2)
    elif command == "losses":
        print("\n".join(sorted(losses(int(args[0][2:]), int(args[1][2:])))))
    elif command == "same":
        sys.exit(read(args[0], args[2:]) != read(args[1], args[2:]))


main(*sys.argv[1:])
