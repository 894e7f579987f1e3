"""The page of tests by tier as lines: every case, what it proves, and where it fails."""

from __future__ import annotations

from collections.abc import Iterator

from textual.content import Content

from tutor.course import TIERS
from tutor.grading import CaseRow, Report
from tutor.learner import printable

TIER_WORDS = {
    "basic": "the plain case",
    "edge": "what breaks code that is nearly right",
    "stress": "sizes of real use, drawn anew at every check",
}
WAITS = {
    "right_so_far": "not run yet",
    "failed": "waits until what stands above is right",
    "could_not_run": "waits until your code runs",
    "passed": "not run",
}


def tiers_page(report: Report, width: int) -> Content:
    """Tier by tier, every case with sign, what it proves and sizes; a failing one with its first wrong result."""
    blocks = []
    for tier in TIERS:
        rows = [row for row in report.cases if row.tier == tier]
        if rows:
            right = sum(row.right for row in rows)
            head = Content.assemble(
                (f"{tier}  ", "bold $bright"), (f"{right} of {len(rows)} · {TIER_WORDS[tier]}", "$dim")
            )
            blocks.append(Content("\n").join([head, *(line for row in rows for line in _case(row, report, width))]))
    return Content("\n\n").join(blocks)


def _case(row: CaseRow, report: Report, width: int) -> Iterator[Content]:
    sign, style = ("✓", "$good") if row.right else ("✗", "$bad") if row.judged else ("·", "$faint")
    sizes = ", ".join(f"{name} = {size}" for name, size in row.sizes.items())
    many = f"  {row.draws} draws" if row.draws > 1 else ""
    proves = Content.assemble((row.proves, "$foreground" if row.judged else "$dim"))
    facts = Content.assemble((f"  {sizes}{many}", "$faint"))
    if proves.cell_length + facts.cell_length + 2 <= width:
        proves += facts
        facts = Content("")
    yield from _hanging(Content.assemble((f"{sign} ", style)), proves, width)
    if facts.cell_length:
        yield from _hanging(Content("  "), Content.assemble((facts.plain.strip(), "$faint")), width)
    if row.sentence:
        yield from _hanging(Content("    "), Content.styled(printable(row.sentence), "bold $bright"), width)
    elif not row.judged:
        yield from _hanging(Content("    "), Content.styled(WAITS[report.status], "$faint"), width)


def _hanging(first: Content, words: Content, width: int) -> Iterator[Content]:
    indent = Content(" " * first.cell_length)
    for number, line in enumerate(words.wrap(max(10, width - first.cell_length))):
        yield (indent if number else first) + line
