#!/usr/bin/python3
"""plot.py <ROWS >SVG: what bench/run has measured against what is claimed, one bar a row.

A row: what, latchkey, baseline or "-", ratio, "least" or "most", claim; parted by tabs. All bars are to the same scale:
the claim is at 1, and what holds is on the right side of it."""

import sys
from html import escape

LABEL, BAR, TEXT, LINE = 330, 400, 190, 30
MOST = 2.5  # times the claim; what is more is cut off there

rows = [line.rstrip("\n").split("\t") for line in sys.stdin if line.strip()]
height = LINE * (len(rows) + 2)
unit = BAR / MOST


def bar(number, row):
    what, _, baseline, ratio, way, claim = row
    ratio, claim = float(ratio), float(claim)
    holds = ratio >= claim if way == "least" else ratio <= claim
    top, width = LINE * (number + 1), min(ratio / claim, MOST) * unit
    times = "" if baseline == "-" else " x"
    said = "%.3g%s, at %s %g%s" % (ratio, times, way, claim, times)
    return (
        f'<text x="{LABEL - 10}" y="{top + 18}" text-anchor="end">{escape(what)}</text>\n'
        f'<rect x="{LABEL}" y="{top + 4}" width="{width:.1f}" height="{LINE - 10}" fill="{"#4a7" if holds else "#c54"}"/>\n'
        f'<text x="{LABEL + BAR + 10}" y="{top + 18}">{escape(said)}</text>\n'
    )


claimed = LABEL + unit
print(
    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LABEL + BAR + TEXT} {height}" '
    'font-family="sans-serif" font-size="13" role="img">\n'
    "<title>What was measured, in parts of what is claimed</title>\n"
    '<rect width="100%" height="100%" fill="#fff"/>\n'
    + "".join(bar(*item) for item in enumerate(rows))
    + f'<line x1="{claimed}" y1="{LINE - 4}" x2="{claimed}" y2="{height - LINE + 4}" stroke="#222" stroke-dasharray="4 3"/>\n'
    f'<text x="{claimed}" y="{LINE - 10}" text-anchor="middle">the claim</text>\n'
    "</svg>"
)
