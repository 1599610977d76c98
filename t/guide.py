"""What the documents name that is not there, a line each, for t/guide.t: guide.py TOP USAGE WORK. Writes the settings of
the guide to WORK/settings-N.conf."""

import errno
import os
import re
import sys
from pathlib import Path

TOP, USAGE, WORK = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
GUIDE = sorted((TOP / "doc/guide").glob("*.md"))
DOCUMENTS = [TOP / "README.md", TOP / "CONTRIBUTING.md", *sorted((TOP / "doc").rglob("*.md"))]
counts = dict.fromkeys(["links", "settings", "commands", "messages"], 0)


def complain(kind, path, what):
    print(f"{kind}: {path.relative_to(TOP)}: {what}")


def parts(path):
    """A document's blocks of code, lines that are fenced or indented by four blanks, and the text around them."""
    text, code, fenced = [], [], False
    for line in path.read_text().splitlines():
        fence = line.lstrip().startswith("```")
        fenced ^= fence
        (code if fenced or fence or line.startswith("    ") else text).append(line)
    return "\n".join(text), "\n".join(code)


def spans(text):
    """What is in backticks, also over the end of a line."""
    for paragraph in text.split("\n\n"):
        for span in re.findall(r"`([^`]+)`", paragraph):
            yield re.sub(r"\s+", " ", span)


def messages(text):
    """What troubleshooting.md explains: the backticks that an item of a list begins with."""
    return re.findall(r"^- (`[^`]+`(?:,\s+`[^`]+`)*)", text, re.M)


# --- links


def anchors(path):
    """The headings of a document, as links name them."""
    found = set()
    for heading in re.findall(r"^#+ (.*)$", parts(path)[0], re.M):
        anchor = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        number = 0
        while (name := f"{anchor}-{number}" if number else anchor) in found:
            number += 1
        found.add(name)
    return found


def check_links(path):
    text = re.sub(r"`[^`\n]*`", "", parts(path)[0])
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        counts["links"] += 1
        name, _, anchor = target.partition("#")
        file = path.parent / name if name else path
        if not file.is_file() or (anchor and anchor not in anchors(file)):
            complain("link", path, target)


# --- settings


def write_settings():
    values = {}
    for path in GUIDE:
        text, _ = parts(path)
        for message in messages(text):
            text = text.replace(message, "")
        lines = [span for span in spans(text) if re.match(r"[a-z][a-z_.-]* =( |$)", span)]
        for block in re.findall(r"^```conf\n(.*?)^```$", path.read_text(), re.M | re.S):
            lines += block.splitlines()
        for line in lines:
            key, _, value = line.partition(" =")
            values.setdefault(key, set()).add(value.strip())
    counts["settings"] = len(values)
    rounds = max(len(of_key) for of_key in values.values())
    for number in range(rounds):
        with open(WORK / f"settings-{number}.conf", "w") as file:
            for key, of_key in sorted(values.items()):
                if number < len(of_key):
                    file.write(f"{key} = {sorted(of_key)[number]}\n")


# --- commands

usage = re.findall(r"^  (\S.*)$", USAGE.read_text(), re.M)
groups = {line.split()[0] for line in usage}


def usage_of(words):
    """The line of the usage for these words, or None."""
    for line in usage:
        own = re.match(r"[a-z-]+(?: [a-z-]+)?(?= |$)", line)[0].split()
        if words[: len(own)] == own:
            return line
    return None


def check_commands(path):
    text, code = parts(path)
    lines = re.sub(r"\\\n\s*", " ", code).splitlines() + list(spans(text))
    # Not what is a message of the command's, "latchkey mail: error: ...".
    for called in re.findall(r"(?:^|[\s|;&(/])latchkey (?:--config \S+ )?([a-z][a-z-]*(?: [^#|;&>)\n]*)?)(?![\w:-])", "\n".join(lines), re.M):
        words = called.split()
        counts["commands"] += 1
        if words[0] in groups and words[1:] in ([], ["--help"]):
            continue
        line = usage_of(words)
        if line is None:
            complain("command", path, called)
            continue
        for option in re.findall(r" (--[a-z][a-z-]*)", called):
            if option not in re.findall(r"--[a-z-]+", line):
                complain("command", path, f"{called}: {option}")


# --- messages


def literals():
    """Each string of the source, those that follow each other as one."""
    for folder in ["common", "cli", "cgi"]:
        for path in (TOP / folder).rglob("*.c"):
            for parts in re.findall(r'((?:"(?:[^"\\\n]|\\.)*"\s*)+)', path.read_text()):
                yield "".join(re.findall(r'"((?:[^"\\\n]|\\.)*)"', parts))


def check_messages():
    """By what is left of a message without its capitals and the system's own words."""
    path = TOP / "doc/guide/troubleshooting.md"
    source = list(literals())
    system = {os.strerror(number) for number in errno.errorcode}
    for message in [span for start in messages(parts(path)[0]) for span in spans(start)]:
        counts["messages"] += 1
        pieces = [piece.strip(" '") for piece in re.split(r"\b[A-Z][A-Z_]*\b|\.\.\.|[:;,] ", message)]
        pieces = [piece for piece in pieces if len(piece) > 4 and piece not in system]
        missing = [piece for piece in pieces if not any(piece in text for text in source)]
        if missing or not pieces:
            complain("message", path, f"{message}: {missing}")


for document in DOCUMENTS:
    check_links(document)
write_settings()
for document in [TOP / "README.md", *GUIDE]:
    check_commands(document)
check_messages()
print("many:", *(kind for kind, count in counts.items() if count > 10))
print("done")
