"""Change members of a JSON file: edit.py FILE PATH=JSON... PATH!... >NEW

PATH is names and indexes with dots between them; "PATH=JSON" sets, "PATH!" removes.
"""
import json
import sys


def step(node, key):
    return node[int(key) if isinstance(node, list) else key]


def edit(root, change):
    remove = change.endswith("!") and "=" not in change
    path, _, value = change.rstrip("!").partition("=") if remove else change.partition("=")
    *way, last = path.split(".")
    node = root
    for key in way:
        node = step(node, key)
    key = int(last) if isinstance(node, list) else last
    if remove:
        del node[key]
    elif isinstance(node, list) and key == len(node):
        node.append(json.loads(value))
    else:
        node[key] = json.loads(value)


document = json.load(open(sys.argv[1], encoding="utf-8"))
for argument in sys.argv[2:]:
    edit(document, argument)
json.dump(document, sys.stdout, indent=1)
