"""The history as lines: pure functions of versions, a moment and a width."""

from __future__ import annotations

import time
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from textual.content import Content

from tutor.learner import Version, ago, printable

SIGNS = {
    "passed": ("✓", "$good"),
    "right_so_far": ("◐", "$good"),
    "failed": ("✗", "$bad"),
    "could_not_run": ("✗", "$bad"),
}
CONTEXT = 3  # lines that are the same, around those that are not
MOST_COMPARED = 3000  # lines: more than that is shown without a comparison
STYLES = {"+": "$good", "-": "$bad", " ": "$foreground", "⋯": "$faint"}
NOTHING = "Nothing is kept yet. Every version that ctrl+s judges will stand here, newest first."


class Line(NamedTuple):
    """One line of a comparison: "+" comes with the version, "-" goes, " " stays, "⋯" stands for lines left out."""

    sign: str
    text: str


def row(version: Version, now: float, chosen: bool, width: int) -> Content:
    """One version in one line: when, how it was judged, and its verdict or why it is kept."""
    sign, style = SIGNS.get(version.graded.status, ("·", "$faint")) if version.graded else ("·", "$faint")
    return Content.assemble(
        ("▸ " if chosen else "  ", "$accent"),
        (f"{sign} ", style),
        (f"{ago(now - version.time):<12} ", "$foreground" if chosen else "$dim"),
        (printable(version.words), "bold $bright" if chosen else "$dim"),
    ).truncate(max(1, width), ellipsis=True)


def comparison(pane: str, version: str, whole: bool = False) -> list[Line]:
    """What putting the version in the place of the pane's text does, line by line."""
    old, new = pane.split("\n"), version.split("\n")
    if max(len(old), len(new)) > MOST_COMPARED:
        return [Line(" ", line) for line in new]
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    groups = [matcher.get_opcodes()] if whole else list(matcher.get_grouped_opcodes(CONTEXT))
    lines: list[Line] = []
    at = 0
    for group in groups:
        lines += _left_out(group[0][3] - at)
        for tag, old_start, old_end, new_start, new_end in group:
            if tag == "equal":
                lines += [Line(" ", line) for line in new[new_start:new_end]]
            else:
                lines += [Line("-", line) for line in old[old_start:old_end]]
                lines += [Line("+", line) for line in new[new_start:new_end]]
        at = group[-1][4]
    return lines + _left_out(len(new) - at) if groups else []


def _left_out(count: int) -> list[Line]:
    return [Line("⋯", f"{count} line{'s' if count > 1 else ''} the same")] if count > 0 else []


def heading(version: Version, lines: Sequence[Line]) -> Content:
    """When it was, how it was judged, and what it would change."""
    when = time.strftime("%a %d %b %H:%M:%S", time.localtime(version.time))
    facts = [when]
    if version.graded is not None and version.graded.total:
        facts.append(f"{version.graded.right} of {version.graded.total} gradients right")
    come, go = (sum(line.sign == sign for line in lines) for sign in "+-")
    facts.append(f"+{come} -{go} lines against the pane" if come or go else "the same as what stands in the pane")
    return Content.assemble((printable(version.words), "bold $bright"), ("\n" + " · ".join(facts), "$dim"))


def body(lines: Sequence[Line]) -> Content:
    """The comparison."""
    return Content("\n").join(Content.assemble((f"{sign} {printable(text)}", STYLES[sign])) for sign, text in lines)
