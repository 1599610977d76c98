"""What /account/metrics says, read strictly, for t/metrics.t and bench/monitoring:

metrics.py check FILE            what is wrong with it, a line each
metrics.py value FILE SAMPLE     the value of a sample, with its labels as they stand there; 0 if it is not there
metrics.py names FILE            the names of its samples and families
metrics.py used FILE...          the names that dashboards and rules use
"""

import json
import math
import re
import sys

import yaml
from prometheus_client.parser import text_string_to_metric_families

LABELS = {"program", "outcome", "reason", "le", "file", "state", "check", "version"}
SAMPLE = re.compile(r'^([a-z_]+)(?:\{((?:[a-z]+="[^"\\]*"(?:,(?=[a-z]))?)+)\})? (\d+(?:\.\d+)?)$')
KINDS = {"counter", "gauge", "histogram"}


def text_of(path):
    with open(path, encoding="ascii", newline="") as file:
        return file.read()


def family_of(name, families):
    bare = re.sub(r"_(bucket|sum|count)$", "", name)
    return bare if families.get(bare) == "histogram" else name


def labels_of(text):
    return dict(re.findall(r'([a-z]+)="([^"]*)"', text or ""))


def read(text):
    """Each line's fault, and the samples: name, labels, value."""
    faults, families, helped, samples, current, seen = [], {}, set(), [], None, set()
    if not text.endswith("\n") or "\r" in text:
        faults.append("no lines")
    for line in text.splitlines():
        if match := re.match(r"^# HELP (latchkey_[a-z_]+) ([A-Z0-9][^\\]*\.)$", line):
            current = match[1]
            if current in helped:
                faults.append(f"{current}: twice")
            helped.add(current)
        elif match := re.match(r"^# TYPE (latchkey_[a-z_]+) (\w+)$", line):
            if match[1] != current or match[2] not in KINDS:
                faults.append(line)
            if (match[2] == "counter") != match[1].endswith("_total"):
                faults.append(f"{match[1]}: {match[2]}")
            families[match[1]] = match[2]
        elif match := SAMPLE.match(line):
            labels = labels_of(match[2])
            if family_of(match[1], families) != current:
                faults.append(f"not in its family: {line}")
            if not LABELS >= set(labels) or not all(re.match(r"^[a-z0-9+][A-Za-z0-9.+_-]*$", value) for value in labels.values()):
                faults.append(f"its labels: {line}")
            if (match[1], match[2]) in seen:
                faults.append(f"twice: {line}")
            seen.add((match[1], match[2]))
            samples.append((match[1], labels, float(match[3])))
        else:
            faults.append(f"no sample: {line}")
    return faults, samples


def faults_of_histograms(samples):
    """Buckets grow, and the last has them all."""
    rows = {}
    for name, labels, value in samples:
        rest = tuple(sorted((key, text) for key, text in labels.items() if key != "le"))
        rows.setdefault(rest, {}).setdefault(name, []).append((labels.get("le"), value))
    for rest, row in rows.items():
        for name, buckets in row.items():
            if not name.endswith("_bucket"):
                continue
            bounds = [math.inf if bound == "+Inf" else float(bound) for bound, _ in buckets]
            counts = [count for _, count in buckets]
            whole = row[name[:-6] + "count"][0][1]
            if bounds != sorted(set(bounds)) or counts != sorted(counts) or bounds[-1] != math.inf or counts[-1] != whole:
                yield f"{name}: {rest}"


def check(path):
    text = text_of(path)
    faults, samples = read(text)
    faults += faults_of_histograms(samples)
    try:
        found = sum(len(family.samples) for family in text_string_to_metric_families(text))
        if found != len(samples):
            faults.append(f"Prometheus' own client finds {found} samples, not {len(samples)}")
    except ValueError as error:
        faults.append(f"Prometheus' own client: {error}")
    return faults


def value(path, sample):
    name, _, rest = sample.partition("{")
    wanted = labels_of(rest)
    for found, labels, number in read(text_of(path))[1]:
        if found == name and labels == wanted:
            return [f"{number:g}"]
    return ["0"]


def names(path):
    text = text_of(path)
    return sorted({name for name, _, _ in read(text)[1]} | set(re.findall(r"^# TYPE (\w+)", text, re.M)))


def used(paths):
    found = set()
    for path in paths:
        with open(path, encoding="utf-8") as file:
            tree = json.load(file) if path.endswith(".json") else yaml.safe_load(file)
        found |= set(re.findall(r"\blatchkey_[a-z_]+", " ".join(expressions(tree))))
    return sorted(found)


def expressions(node):
    if isinstance(node, dict):
        for key, child in node.items():
            if key == "expr":
                yield child
            else:
                yield from expressions(child)
    elif isinstance(node, list):
        for child in node:
            yield from expressions(child)


COMMANDS = {"check": check, "value": value, "names": names, "used": lambda *paths: used(paths)}
print(*COMMANDS[sys.argv[1]](*sys.argv[2:]), sep="\n")
