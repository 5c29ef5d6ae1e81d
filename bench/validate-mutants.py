#!/usr/bin/env python3
"""Reports with random damage, and whether validators agree on them.

  validate-mutants.py make FOLDER COUNT [SEED]   write FOLDER/VERSION.ndjson, COUNT lines each
  validate-mutants.py compare FOLDER             verdicts of ddcrash-validate and of peers

Peers are ajv and ajv-formats, found through NODE_PATH, and Python's jsonschema. A peer that is not
there is left out. Reports with integers that JavaScript cannot hold are not made.
"""
import copy
import json
import os
import random
import subprocess
import sys

VERSIONS = ["1.%d" % minor for minor in range(9)]
SEEDS = os.path.join(os.path.dirname(__file__), "..", "testdata", "validate")

AJV = """
const fs = require("fs"), Ajv = require("ajv");
const [schema, reports] = process.argv.slice(1);
const ajv = new (Ajv.default || Ajv)({strict: false, validateFormats: false, logger: false});
const validate = ajv.compile(JSON.parse(fs.readFileSync(schema)));
for (const line of fs.readFileSync(reports, "utf8").split("\\n"))
  if (line) console.log(validate(JSON.parse(line)) ? 1 : 0);
"""


def nodes(value, way=()):
    """All places in a document."""
    yield way
    if isinstance(value, (dict, list)):
        for key, child in value.items() if isinstance(value, dict) else enumerate(value):
            yield from nodes(child, way + (key,))


def random_value(rng):
    return rng.choice([
        None, True, False, 0, -1, 1.0, 1.5, 2**32, -2**31, 10**15, "", "x", "UNKNOWN", "PE", "PDB",
        "SIGILL", "ILL_ILLOPC", "é😀", [], {}, [None], ["x"], [{}], {"": 1}, {"id": "7"},
        {"count": 1, "incomplete": False}, {"pid": 1}])


def mutate(rng, document):
    """One change at a random place."""
    *parents, key = rng.choice([w for w in nodes(document) if w])
    node = document
    for step in parents:
        node = node[step]
    kind = rng.randrange(6)
    if kind == 0:
        del node[key]
    elif kind == 1 and isinstance(node, dict):
        node[key[:-1] + rng.choice("aeiou")] = node.pop(key)
    elif kind == 2 and isinstance(node, list):
        node.insert(key, random_value(rng))
    elif kind == 3 and isinstance(node[key], str) and node[key]:
        at = rng.randrange(len(node[key]))
        node[key] = node[key][:at] + rng.choice("AZ09_.") + node[key][at + 1:]
    elif kind == 4 and isinstance(node, dict):
        node[rng.choice(["extra", "threads", "tid", "comments", "si_addr"])] = random_value(rng)
    else:
        node[key] = random_value(rng)


def make(folder, count, seed):
    rng = random.Random(seed)
    seeds = [json.load(open(os.path.join(SEEDS, v + ".json"), encoding="utf-8")) for v in VERSIONS]
    for version in VERSIONS:
        with open(os.path.join(folder, version + ".ndjson"), "w", encoding="utf-8") as out:
            for _ in range(count):
                document = copy.deepcopy(rng.choice(seeds))
                document["data_schema_version"] = version
                for _ in range(rng.choice([0, 1, 1, 1, 2, 3])):
                    mutate(rng, document)
                out.write(json.dumps(document, ensure_ascii=rng.random() < 0.5) + "\n")


def ours(schema, reports, version):
    run = subprocess.run(["ddcrash-validate", "--schema-version", version, "--format", "ndjson",
                          reports], stdout=subprocess.PIPE, check=False)
    if run.returncode not in (0, 1):
        sys.exit("ddcrash-validate ended with status %d" % run.returncode)
    return [int(json.loads(line)["valid"]) for line in run.stdout.splitlines()]


def ajv(schema, reports, version):
    run = subprocess.run(["node", "-e", AJV, schema, reports], stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, check=True)
    return [int(line) for line in run.stdout.split()]


def python(schema, reports, version):
    import jsonschema
    validator = jsonschema.Draft7Validator(json.load(open(schema, encoding="utf-8")))
    return [int(validator.is_valid(json.loads(line))) for line in open(reports, encoding="utf-8")]


def compare(folder):
    agreed, differ, valid, peers = 0, 0, 0, set()
    for version in VERSIONS:
        reports = os.path.join(folder, version + ".ndjson")
        schema = os.path.join(folder, version + ".schema.json")
        subprocess.run(["ddcrash-validate", "--print-schema", version, "-o", schema], check=True)
        verdicts = ours(schema, reports, version)
        valid += sum(verdicts)
        for peer in ajv, python:
            try:
                other = peer(schema, reports, version)
            except (OSError, ImportError, subprocess.CalledProcessError):
                continue
            peers.add(peer.__name__)
            for line, (a, b) in enumerate(zip(verdicts, other), 1):
                agreed += a == b
                differ += a != b
                if a != b:
                    print("%s:%d: %d, %s %d" % (reports, line, a, peer.__name__, b))
    print("%d verdicts as %s, %d not (%d reports valid)" % (agreed, " and ".join(sorted(peers)) or "no peer",
                                                        differ, valid))
    return differ > 0


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]) if len(sys.argv) > 4 else 1)
    else:
        sys.exit(compare(sys.argv[2]))
