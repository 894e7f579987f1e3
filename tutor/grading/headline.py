"""The first thing that matters, in one sentence, and the next step."""

from __future__ import annotations

from collections.abc import Sequence

from tutor.course import Challenge, blanks
from tutor.grading.attempt import Attempt
from tutor.grading.report import Check, Status
from tutor.grading.sentences import seen_with
from tutor.learner import Fault


def headline(
    challenge: Challenge,
    source: str,
    status: Status,
    fault: Fault | None,
    wrong: Check | None,
    runs: Sequence[Attempt],
    variant: str,
) -> tuple[str, str, int | None]:
    """The first thing that matters, the next step, and the line in the learner's file where there is one."""
    line = fault.error.line if fault and fault.error else None
    if fault is not None and fault.kind != "exception":
        return fault.sentence + _where_stopped(runs), fault.next_step, line
    empty = blanks(source) if "BLANK" in source and status in ("failed", "could_not_run") else ()
    if empty:
        blank = empty[0]
        return f"Blank {blank.number} is still empty (line {blank.line}).", f"It asks for: {blank.text}", blank.line
    if fault is not None and status == "could_not_run":
        if fault.error is not None and fault.error.type == "NotImplementedError" and fault.error.message:
            return _sentence(fault.error.message), "", line
        absent = _absent_names(challenge, fault, runs)
        if absent:
            return _absent_sentence(source, absent), f"The exercise asks for {absent}, under this very name.", None
        return _sentence(fault.sentence) + _where_stopped(runs), fault.next_step, line
    if wrong is not None:
        sentence = wrong.sentence if wrong.tier == "basic" else seen_with(wrong.sentence, wrong.case)
        # What stopped later is most often the wrong array's doing, so it stands second.
        return sentence, _later(fault), line
    if status == "right_so_far":
        return "Right so far: basic and edge cases hold. The stress tier is running.", "", None
    if status == "passed":
        passed = f"Passed, with {variant.removeprefix('with ')}" if variant else "Passed"
        return f"{passed}: all {len(challenge.judge.results)} results are right in every tier.", "", None
    return "Nothing was judged: your file gave no result.", "", None


def _absent_names(challenge: Challenge, fault: Fault, runs: Sequence[Attempt]) -> str:
    """What the file should define and does not, where that is why the setup stopped."""
    if fault.error is None or fault.error.stage != "setup":
        return ""
    return " and ".join(name for name in challenge.defines if name not in runs[-1].answer.defined)


def _absent_sentence(source: str, absent: str) -> str:
    return f"Your file defines no {absent}." if source.strip() else "Your file is empty."


def _where_stopped(runs: Sequence[Attempt]) -> str:
    """Which case the code stopped in, where it is not the basic one."""
    for ran in runs:
        for planned, case in zip(ran.plan, ran.answer.cases, strict=False):
            if case.error is not None:
                return "" if planned.tier == "basic" else f" This shows with {planned.case.proves}."
    return " The basic and edge cases hold; this shows in the stress tier." if len(runs) > 1 else ""


def _later(fault: Fault | None) -> str:
    if fault is None or fault.error is None:
        return ""
    where = f" in line {fault.error.line}" if fault.error.line else ""
    return f"Later your code stopped{where} with {fault.error.type}: mend this first."


def _sentence(text: str) -> str:
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")
