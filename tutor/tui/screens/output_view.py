"""The Lab's output pane as lines: what was printed and by whom, warnings, and where the code stopped."""

from __future__ import annotations

from textual.content import Content

from tutor.grading import CaseOutput, Report
from tutor.learner import printable

LINES, COLUMNS = 200, 300  # more of it is not laid out in a blink, and not read either


def has_output(report: Report | None) -> bool:
    """True where there is something to show besides the verdict."""
    return report is not None and bool(report.output.strip() or _traceback(report))


def output(report: Report | None) -> Content:
    """Where the learner's code stopped, NumPy's warnings, and what each case printed: the shown one's first."""
    if report is None or not (has_output(report) or report.warnings):
        return Content.assemble(("Nothing was printed.", "$dim"))
    parts = [Content.assemble((warning, "$dim")) for warning in report.warnings]
    traceback = _traceback(report)
    if traceback:
        parts += [Content.assemble(("where it stopped", "$faint")), Content(traceback)]
    room = LINES
    for printed in report.outputs or (CaseOutput(report.output),):
        if room > 0 and printed.text.strip():
            lines = beginning(printed.text, room, report.output_cut)
            parts += [Content.assemble((_who(printed), "$faint")), *lines]
            room -= len(lines)
    return Content("\n").join(parts)


def _traceback(report: Report) -> str:
    """The learner's lines, where there are several: one alone is marked in the pane and named in the verdict."""
    error = report.fault.error if report.fault is not None else None
    if error is None or report.status != "could_not_run" or error.traceback.count("  line ") < 2:
        return ""
    return printable(error.traceback).rstrip()


def _who(printed: CaseOutput) -> str:
    if printed.tier is None:
        return "printed while your file was read" if not printed.case else "your output"
    return f"{printed.tier} · {printed.case}" + (" · called a second time" if printed.second_call else "")


def beginning(text: str, most: int, cut: bool) -> list[Content]:
    """The text, literally, in at most so many lines, and a word where that is not all of it."""
    lines = printable(text).rstrip().split("\n")
    shown = [line if len(line) <= COLUMNS else f"{line[:COLUMNS]} …" for line in lines[:most]]
    parts = [Content(line) for line in shown]
    if cut or len(lines) > most:
        parts.append(Content.assemble(("… this is the beginning of it", "$faint")))
    return parts
