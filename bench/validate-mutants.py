#!/usr/bin/env python3
"""Reports with random damage, and whether validators agree on them.

  validate-mutants.py make FOLDER COUNT [SEED]   write COUNT reports into FOLDER/VERSION/ each
  validate-mutants.py compare FOLDER             verdicts of ddcrash-validate and of peers

A verdict is valid, invalid, or broken for what is no JSON. Peers are ajv (through NODE_PATH), the
program of @sourcemeta/jsonschema (there, too) and Python's jsonschema; one that is not there
is left out. Each is asked only what it can tell: NOT_ASKED has what they read otherwise, and Python's is
not asked about nesting that it cannot follow.
"""
import collections
import copy
import json
import os
import platform
import random
import re
import subprocess
import sys
from decimal import Decimal

VERSIONS = ["1.%d" % minor for minor in range(9)]
SEEDS = os.path.join(os.path.dirname(__file__), "..", "testdata", "validate")
NODE_PATH = os.environ.get("NODE_PATH", "")
MARK = b"\xef\xbb\xbf"

AJV = """
const fs = require("fs"), path = require("path"), Ajv = require("ajv");
const [schema, folder] = process.argv.slice(1);
const ajv = new (Ajv.default || Ajv)({strict: false, validateFormats: false, logger: false});
const validate = ajv.compile(JSON.parse(fs.readFileSync(schema)));
const utf8 = new TextDecoder("utf-8", {fatal: true});
for (const name of fs.readdirSync(folder)) {
  let value, verdict = "broken";
  try {
    value = JSON.parse(utf8.decode(fs.readFileSync(path.join(folder, name))));
    verdict = validate(value) ? "valid" : "invalid";
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TypeError)) verdict = "";
  }
  console.log(name, verdict);
}
"""

# --- damage to values ---

ENUM_VALUES = ["UNKNOWN", "PE", "PDB", "ELF", "GNU", "GO", "SIGILL", "SIGSEGV", "SIGKILL", "sigsegv",
               "ILL_ILLOPC", "SEGV_MAPERR", "SI_USER", "SI_TKILL", "UnixSignal", "Panic", "Message",
               "UnhandledException", "unixsignal", "Crashtracking", "UNIX_SIGNAL", "SHA1", "MACHO"]
NAMES = ["extra", "threads", "tid", "pid", "comments", "si_addr", "sid_addr", "incomplete", "count",
         "ucontext", "mangled_name", "type_name", "thread_name", "state", "experimental", "", "$ref",
         "__proto__", "constructor", "toString", "a/b", "a~b", "\u0000", "é", "😀"]
VALUES = [None, True, False, 0, -1, 1.0, 1.5, 2**31, 2**32, -2**31, 10**15, "", "x", "é😀", "\u0000",
          [], {}, [None], ["x"], [{}], {"": 1}, {"id": "7"}, {"count": 1, "incomplete": False},
          {"pid": 1}, {"pid": 1.0}, {"id": None}, "2026-02-30T25:61:61Z", "not-a-uuid", "0x", "1.8"]


def places(value, way=()):
    """All places in a document."""
    yield way
    if isinstance(value, (dict, list)):
        for key, child in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(child, way + (key,))


def random_value(rng):
    return copy.deepcopy(rng.choice(VALUES) if rng.random() < 0.8 else rng.choice(ENUM_VALUES))


def remove(rng, node, key):
    del node[key]


def rename(rng, node, key):
    if isinstance(node, dict):
        node[rng.choice([key[:-1] + rng.choice("aeiou"), key.upper(), key + " ", key + "\u0000"])] = \
            node.pop(key)
    else:
        node.insert(key, copy.deepcopy(node[key]))


def add(rng, node, key):
    if isinstance(node, dict):
        node[rng.choice(NAMES)] = random_value(rng)
    else:
        node.insert(key, random_value(rng))


def change_text(rng, node, key):
    text = node[key]
    if not isinstance(text, str) or not text:
        node[key] = rng.choice(ENUM_VALUES)
        return
    at = rng.randrange(len(text))
    node[key] = text[:at] + rng.choice(["A", "Z", "0", "9", "_", ".", "", "\u0000", "é", " "]) + text[at + 1:]


def retype(rng, node, key):
    value = node[key]
    node[key] = rng.choice([str(value), [value], {"value": value}, None, bool(value), 7, 7.5])


def replace(rng, node, key):
    node[key] = random_value(rng)


def make_null(rng, node, key):
    node[key] = None


def nest(rng, node, key):
    for _ in range(rng.choice([2, 50, 200])):
        node[key] = [node[key]] if rng.random() < 0.5 else {"threads": node[key]}


def mutate(rng, document):
    """One change at a random place."""
    *parents, key = rng.choice([way for way in places(document) if way])
    node = document
    for step in parents:
        node = node[step]
    rng.choice([remove, remove, rename, add, change_text, retype, replace, make_null, nest])(rng, node, key)


# --- damage to text ---

NUMBERS = [b"1.0", b"-0", b"-0.0", b"0e0", b"1e2", b"1E+2", b"1.5e1", b"15e-1", b"0.1e1", b"1e400",
           b"-1e400", b"1e-400", b"1.0000000000000000000001", b"9" * 30, b"9" * 5000, b"1e99999999999",
           b"18446744073709551616", b"9007199254740993", b"4294967296", b"2147483648", b"1e22",
           b"01", b"+1", b".5", b"1.", b"1e", b"0x10", b"1_000", b"--1", b"-", b"1e+", b"00", b"-01"]
LITERALS = [b"NaN", b"Infinity", b"-Infinity", b"nul", b"True", b"None", b"undefined", b"nulll",
            b"'x'", b"\"", b"\"\\x\"", b"\"\\u12\"", b"\"\\u123g\"", b"\"\t\"", b"\"\n\"", b"\"\x00\"",
            b"\"\x7f\"", b"\"\\ud800\"", b"\"\\udc00\\ud800\"", b"\"\\ud83d\\ude00\"", b"\"\\u0000\"",
            b"\"\\/\"", b"/**/1", b"1//\n", b"[1,]", b"[,]", b"{,}", b"{\"a\":1,}", b"{\"a\"}", b"{1:1}",
            b"{\"a\":1 \"b\":2}", b"[1 2]", b"{\"a\"::1}", b"[", b"}", b"\xc2\xa01", b"\x0b1", b"\x0c1",
            b"\xe2\x80\xa81", b"\"\\U0041\"", b"\"\\\n\"", b"[1],", b"\"a\" \"b\""]
BAD_UTF8 = [b"\x80", b"\xbf", b"\xc0\x80", b"\xc1\xbf", b"\xc3", b"\xe0\x80\x80", b"\xed\xa0\x80",
            b"\xed\xbf\xbf", b"\xf0\x80\x80\x80", b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80", b"\xff",
            b"\xfe", b"\xe2\x82", b"\xf0\x9f\x98"]
VALUE = re.compile(rb'(?<=[:\[,] )(-?\d[\d.eE+-]*|true|false|null|"(?:[^"\\]|\\.)*"(?!:))')
NAME = re.compile(rb'"((?:[^"\\]|\\.)+)"(?=:)')


def replace_match(rng, text, pattern, new):
    found = rng.choice(list(pattern.finditer(text)))
    return text[:found.start()] + new(found) + text[found.end():]


def number(rng, text):
    return replace_match(rng, text, VALUE, lambda found: rng.choice(NUMBERS))


def integer(rng, text):
    found = [m for m in VALUE.finditer(text) if m[0][:1].isdigit()]
    m = rng.choice(found or list(VALUE.finditer(text)))
    return text[:m.start()] + rng.choice(NUMBERS) + text[m.end():]


def literal(rng, text):
    return replace_match(rng, text, VALUE, lambda found: rng.choice(LITERALS))


def escape_name(rng, text):
    """The same name, written otherwise."""
    def escaped(found):
        name = found[1]
        at = rng.randrange(len(name))
        if name[at:at + 1] == b"\\" or name[at] >= 0x80 or b"\\" in name:
            return found[0]
        return b'"' + name[:at] + b"\\u%04x" % name[at] + name[at + 1:] + b'"'
    return replace_match(rng, text, NAME, escaped)


def repeat_member(rng, text):
    """A second member of a name, before or behind the first; the last one counts."""
    def twice(found):
        return found[0] + b": " + rng.choice([b"null", b"1", b'"UNKNOWN"', b"[]", b"{}"]) + b", " + found[0]
    return replace_match(rng, text, NAME, twice)


def bad_utf8(rng, text):
    found = rng.choice(list(re.finditer(rb'"', text)))
    return text[:found.end()] + rng.choice(BAD_UTF8) + text[found.end():]


def cut(rng, text):
    return text[:rng.randrange(len(text))]


def change_byte(rng, text):
    at = rng.randrange(len(text))
    return text[:at] + bytes([rng.randrange(256)]) + text[at + 1:]


def drop_punctuation(rng, text):
    found = rng.choice(list(re.finditer(rb'[][{}:,"]', text)))
    return text[:found.start()] + rng.choice([b"", found[0] * 2, b";"]) + text[found.end():]


def trailing_comma(rng, text):
    found = rng.choice(list(re.finditer(rb"[]}]", text)))
    return text[:found.start()] + b"," + text[found.start():]


def surround(rng, text):
    return rng.choice([b"", b" ", b"\n", b"\x00", b"null", b"0", b"\"x\"", b"[]", MARK + text, MARK + MARK + text,
                       text + MARK, text + b" \r\n\t", text + b"\x00", text + b"x", text + b",", text + b"]",
                       b"\x0c" + text, b"//\n" + text, text.decode(errors="replace").encode("utf-16"), b"[" + text + b"]",
                       b"\xa0" + text, b"(" + text + b")"])


def nest_text(rng, text):
    depth = rng.choice([100, 500, 900, 3000, 9000])
    inner = rng.choice([b"[" * depth + b"]" * depth, b'{"a":' * depth + b"1" + b"}" * depth,
                        b"[" * depth + b"]" * (depth - 1), b"[" * depth])
    if rng.random() < 0.5:
        return b'{"extra": ' + inner + b", " + text[1:]
    return replace_match(rng, text, VALUE, lambda found: inner)


TEXT_DAMAGE = [number, integer, integer, literal, literal, escape_name, repeat_member, bad_utf8, cut, change_byte,
               drop_punctuation, trailing_comma, surround, nest_text]


def make(folder, count, seed):
    rng = random.Random(seed)
    seeds = [json.load(open(os.path.join(SEEDS, v + ".json"), encoding="utf-8")) for v in VERSIONS]
    for version in VERSIONS:
        os.makedirs(os.path.join(folder, version))
        for n in range(count):
            document = copy.deepcopy(rng.choice(seeds))
            document["data_schema_version"] = version
            for _ in range(rng.choice([0, 0, 1, 1, 1, 1, 2, 3])):
                mutate(rng, document)
            text = json.dumps(document, ensure_ascii=rng.random() < 0.5,
                              indent=rng.choice([None, None, 1])).encode()
            for _ in range(rng.choice([0, 0, 0, 1, 1, 2])):
                try:
                    text = rng.choice(TEXT_DAMAGE)(rng, text)
                except IndexError:
                    pass  # earlier damage left nothing of the kind
            with open(os.path.join(folder, version, "%05d.json" % n), "wb") as out:
                out.write(text)


# --- verdicts ---

def ours(schema, folder, version):
    """Several documents in one file are none to others."""
    run = subprocess.run(["ddcrash-validate", "--schema-version", version, "--format", "ndjson"] +
                         [os.path.join(folder, name) for name in sorted(os.listdir(folder))],
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    if run.returncode not in (0, 1, 2):
        sys.exit("ddcrash-validate ended with status %d" % run.returncode)
    verdicts = {}
    for line in run.stdout.splitlines():
        found = json.loads(line)
        name = os.path.basename(found["file"])
        broken = "failure" in found or name in verdicts
        verdicts[name] = "broken" if broken else "valid" if found["valid"] else "invalid"
    return verdicts


def ajv(schema, folder, version):
    run = subprocess.run(["node", "--stack-size=60000", "-e", AJV, schema, folder], stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, check=True)
    return dict(line.split(" ") for line in run.stdout.decode().splitlines())


def refuse(what):
    raise ValueError(what)


def python(schema, folder, version):
    import jsonschema
    validator = jsonschema.Draft7Validator(json.load(open(schema, encoding="utf-8")))
    sys.set_int_max_str_digits(0)
    verdicts = {}
    for name in os.listdir(folder):
        text = open(os.path.join(folder, name), "rb").read()
        try:
            value = json.loads(text.decode("utf-8-sig"), parse_constant=refuse)
            verdicts[name] = "valid" if validator.is_valid(value) else "invalid"
        except ValueError:
            verdicts[name] = "broken"
        except RecursionError:
            pass
    return verdicts


def sourcemeta(schema, folder, version):
    """It ends at the first file that is broken, so each is asked about alone, without node in between."""
    tool = os.path.join(NODE_PATH, "@sourcemeta", "jsonschema", "build", "github-releases",
                        "jsonschema-linux-" + platform.machine())
    verdicts = {}
    for name in os.listdir(folder):
        run = subprocess.run([tool, "validate", "--fast", schema, os.path.join(folder, name)],
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        if b"unexpected error" in run.stdout:
            continue  # it fails at some large numbers, and says so
        # an empty file is no error to it
        broken = b"Failed to parse" in run.stdout or run.returncode not in (0, 2)
        verdicts[name] = "broken" if broken else "invalid" if run.returncode else "valid"
    return verdicts


def traits(path):
    """What peers read otherwise than they should, or as they like, in a file."""
    text, found = open(path, "rb").read(), set()

    def look(digits):
        """Is it an integer or not, or infinite, only as a double?"""
        exact, value = Decimal(digits), float(digits)
        integral = exact == exact.to_integral_value() if abs(exact.adjusted()) < 400 else exact.adjusted() > 0
        if abs(value) == float("inf") or integral != value.is_integer():
            found.add("beyond doubles")
        return value

    def members(pairs):
        if len(pairs) > len(dict(pairs)):
            found.add("names twice")
        return dict(pairs)

    try:
        text.decode()
    except UnicodeDecodeError:
        found.add("bad UTF-8")
    try:
        json.loads(text.decode("utf-8-sig", "surrogateescape"), object_pairs_hook=members, parse_float=look,
                   parse_int=lambda digits: look(digits) if len(digits) > 300 else int(digits))
    except (ValueError, RecursionError):
        pass
    if text.startswith(MARK):
        found.add("mark")
    if re.search(rb"\\u[dD][89a-fA-F]", text):
        found.add("surrogates")
    return found


# A name twice: the first counts for sourcemeta, the last for the others, both have to be right for us.
NOT_ASKED = {
    "ajv": {"beyond doubles", "names twice"},
    "python": {"beyond doubles", "names twice"},
    "sourcemeta": {"bad UTF-8", "surrogates", "mark", "names twice"},
}


def compare(folder):
    counts, differ, known, reports = collections.Counter(), 0, collections.Counter(), 0
    for version in VERSIONS:
        inputs = os.path.join(folder, version)
        schema = os.path.join(folder, version + ".schema.json")
        subprocess.run(["ddcrash-validate", "--print-schema", version, "-o", schema], check=True)
        verdicts = ours(schema, inputs, version)
        names = sorted(os.listdir(inputs))
        reports += len(names)
        known.update(verdicts.get(name, "none") for name in names)
        left_out = {name: traits(os.path.join(inputs, name)) for name in names}
        for peer in ajv, python, sourcemeta:
            try:
                others = peer(schema, inputs, version)
            except (OSError, ImportError, subprocess.CalledProcessError):
                continue
            for name in names:
                if not others.get(name) or left_out[name] & NOT_ASKED[peer.__name__]:
                    continue
                counts[peer.__name__] += 1
                if others[name] != verdicts.get(name):
                    differ += 1
                    print("%s/%s: %s, %s: %s" % (inputs, name, verdicts.get(name), peer.__name__, others[name]))
    print("%d reports (%s); %d verdicts otherwise than %s" % (
        reports, ", ".join("%d %s" % (n, v) for v, n in sorted(known.items())), differ,
        ", ".join("%s of %d" % item for item in sorted(counts.items())) or "no peer"))
    return differ > 0


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]) if len(sys.argv) > 4 else 1)
    else:
        sys.exit(compare(sys.argv[2]))
