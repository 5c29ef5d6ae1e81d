#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Print a core file in the order in which the kernel writes one: headers, notes, memory."""
import struct
import sys

data = open(sys.argv[1], "rb").read()
(phoff,) = struct.unpack_from("<Q", data, 32)
(count,) = struct.unpack_from("<H", data, 56)
segments = [list(struct.unpack_from("<IIQQQQQQ", data, phoff + 56 * i)) for i in range(count)]
segments.sort(key=lambda s: s[0] != 4)
at = 64 + 56 * count
body = []
for s in segments:
    body.append(data[s[2] : s[2] + s[5]])
    s[2] = at
    at += len(body[-1])
out = sys.stdout.buffer
# no section headers; program headers behind the header
out.write(data[:32] + struct.pack("<QQ", 64, 0) + data[48:56] + struct.pack("<HHHH", count, 0, 0, 0))
for s in segments:
    out.write(struct.pack("<IIQQQQQQ", *s))
for part in body:
    out.write(part)
