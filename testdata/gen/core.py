#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Small core files: core.py KIND FILE. What a kind is for stands beside it."""
import struct
import sys

PAGE = 4096
TEXT, STACK = 0x400000, 0x7FFFFFFDE000


def note(kind, content, name=b"CORE\0"):
    pad = lambda b: b + bytes(-len(b) % 4)
    return struct.pack("<III", len(name), len(content), kind) + pad(name) + pad(content)


def status(tid, signal=11, rip=TEXT + 16, rsp=STACK + 64, rbp=STACK + 128):
    words = [0] * 27
    words[4], words[16], words[19] = rbp, rip, rsp
    return struct.pack("<iiih", signal, 0, 0, signal).ljust(32, b"\0") + struct.pack(
        "<I", tid
    ).ljust(80, b"\0") + struct.pack("<27Q", *words) + bytes(8)


def info(pid, name=b"tiny", arguments=b"tiny --all "):
    return bytes(24) + struct.pack("<I", pid) + bytes(12) + name.ljust(16, b"\0") + arguments.ljust(80, b"\0")


def siginfo(signo=11, code=1, address=0x10):
    return struct.pack("<iiiiQ", signo, 0, code, 0, address).ljust(128, b"\0")


def auxv(*pairs):
    return b"".join(struct.pack("<QQ", *p) for p in pairs) + bytes(16)


def files(entries, page=PAGE, count=None):
    table = b"".join(struct.pack("<QQQ", *e[:3]) for e in entries)
    names = b"".join(e[3] + b"\0" for e in entries)
    return struct.pack("<QQ", len(entries) if count is None else count, page) + table + names


def segment(address, content=b"", size=None, flags=6):
    return (1, flags, address, content, len(content) if size is None else size)


def core(notes, segments, machine=62, ident=b"\x02\x01", kind=4, phnum=None, shoff=0, tail=b""):
    headers = [(4, 0, 0, b"".join(notes), 0)] + segments
    at = 64 + 56 * len(headers)
    count = len(headers) if phnum is None else phnum
    out = b"\x7fELF" + ident + b"\x01" + bytes(9)
    out += struct.pack("<HHIQQQIHHHHHH", kind, machine, 1, 0, 64, shoff, 0, 64, 56, count, 64, 1 if shoff else 0, 0)
    body = b""
    for type_, flags, address, content, size in headers:
        out += struct.pack("<IIQQQQQQ", type_, flags, at + len(body), address, 0, len(content), size, 1)
        body += content
    return out + body + tail


THREAD = [note(1, status(7)), note(3, info(7)), note(0x53494749, siginfo())]
MAPPED = note(0x46494C45, files([(TEXT, TEXT + PAGE, 0, b"/opt/tiny")]))
# a call to the function that stands behind it, in which the thread is
CODE = bytes(3) + b"\xe8\x08\0\0\0" + bytes(248)
FRAME = struct.pack("<QQ", 0, TEXT + 8).rjust(144, b"\0").ljust(512, b"\0")
LIVE = [segment(TEXT, CODE, PAGE, 5), segment(STACK, FRAME)]

KINDS = {
    # two frames by the frame pointer
    "plain": lambda: core(THREAD + [MAPPED], LIVE),
    "threads": lambda: core(THREAD + [MAPPED] + [note(1, status(t)) for t in range(8, 20)], LIVE),
    # found from the bytes before it, not in the note of the process
    "no-notes": lambda: core([], LIVE),
    "no-segments": lambda: core(THREAD, []),
    "aarch64": lambda: core([note(1, status(7) + bytes(200)), note(3, info(7))], LIVE, machine=183),
    "other-machine": lambda: core(THREAD, LIVE, machine=8),
    "32-bit": lambda: core(THREAD, LIVE, ident=b"\x01\x01"),
    "big-endian": lambda: core(THREAD, LIVE, ident=b"\x02\x02", kind=0x400),
    "no-core": lambda: core(THREAD, LIVE, kind=3),
    # the count of program headers stands in a section header that is cut off
    "many-segments": lambda: core(THREAD, LIVE, phnum=0xFFFF, shoff=1 << 40),
    "phnum-too-large": lambda: core(THREAD, LIVE, phnum=5000),
    "overlapping": lambda: core(THREAD + [MAPPED], LIVE + [segment(TEXT + 8, b"x" * 64, PAGE, 7)]),
    "wrapping": lambda: core(THREAD, LIVE + [segment(2**64 - 8, b"12345678", 64), segment(2**64 - PAGE, b"", PAGE - 1)]),
    "endless-note": lambda: core(THREAD + [struct.pack("<III", 5, 0xFFFFFFFF, 1) + b"CORE\0\0\0\0"], LIVE),
    "endless-name": lambda: core(THREAD + [struct.pack("<III", 0xFFFFFFFF, 8, 1) + b"CORE\0\0\0\0"], LIVE),
    "short-status": lambda: core([note(1, b"\0" * 40)] + THREAD, LIVE),
    "files-overcount": lambda: core(THREAD + [note(0x46494C45, files([(TEXT, TEXT + PAGE, 0, b"/a")], count=1 << 60))], LIVE),
    "files-no-name": lambda: core(THREAD + [note(0x46494C45, struct.pack("<QQQQQ", 1, PAGE, TEXT, TEXT + PAGE, 0))], LIVE),
    "files-huge-page": lambda: core(THREAD + [note(0x46494C45, files([(TEXT, TEXT + PAGE, 1 << 60, b"/a\nb")], 1 << 60))], LIVE),
    "files-backwards": lambda: core(THREAD + [note(0x46494C45, files([(TEXT + PAGE, TEXT, 0, b"/a"), (0, 2**64 - 1, 0, b"/b")]))], LIVE),
    "vdso-nowhere": lambda: core(THREAD + [note(6, auxv((33, STACK), (9, 2**64 - 1), (31, TEXT)))], LIVE),
}

if __name__ == "__main__":
    if len(sys.argv) == 2 and sys.argv[1] == "--list":
        print("\n".join(KINDS))
    else:
        with open(sys.argv[2], "wb") as f:
            f.write(KINDS[sys.argv[1]]())
