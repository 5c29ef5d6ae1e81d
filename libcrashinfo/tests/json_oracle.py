#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What Python makes of JSON texts, for test_json_oracle.

Reads one text a line in hex from standard input and writes a line for each: the events of its
reading, or "refused". Strings are written as hex of their UTF-8, lone surrogates as U+FFFD.
"""
import json
import sys


class Number(str):
    """A number as it was written."""


def no_constant(name):
    raise ValueError(name)


class Members(list):
    """The members of an object in order, repeated names kept."""


def content(text):
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode().hex()


def events(value):
    if isinstance(value, Number):
        return "n" + value
    if isinstance(value, str):
        return "s" + content(value)
    if isinstance(value, Members):
        return "{" + "".join("s" + content(n) + ":" + events(v) + "," for n, v in value) + "}"
    if isinstance(value, list):
        return "[" + "".join(events(v) + "," for v in value) + "]"
    return {None: "null", True: "true", False: "false"}[value]


def read(text):
    if text.startswith(b"\xef\xbb\xbf"):
        text = text[3:]
    try:
        return events(json.loads(text.decode("utf-8"), object_pairs_hook=Members,
                                 parse_int=Number, parse_float=Number,
                                 parse_constant=no_constant))
    except ValueError:
        return "refused"


for line in sys.stdin:
    print(read(bytes.fromhex(line.strip())))
