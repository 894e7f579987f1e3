"""What of a question can only be known by running it: what code prints, and what formulas give."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from tutor.authoring.problem import Problem
from tutor.authoring.questions import every_draw
from tutor.course import Asked, Drive, Limits, Question, question_fault, read_output, same_output
from tutor.errors import TutorError
from tutor.grading import formula_problems
from tutor.learner import Box, BoxJob

SEED = 1  # the same arrays in every check
MOST_FORMULA_DRAWS = 8
MARK = "===== the next draw ====="

# One process for all draws of a question: each code in a namespace of its own, its output behind a mark.
_RUN_ALL = f"""
for code in CODES:
    print({MARK!r})
    exec(compile(code, "code", "exec"), {{"__name__": "__main__"}})
"""


def is_run(question: Question) -> bool:
    """True of a question whose answer the box must confirm."""
    return question.kind in ("output", "formula")


def run_problems(box: Box, file: Path, line: int, question: Question) -> list[Problem]:
    """Run a question in every way in which it may be drawn: the code prints what is said, formulas differ as said."""
    if question_fault(question):
        return []  # said already
    try:
        draws = list(every_draw(question))
        reasons = _of_output(box, draws) if question.kind == "output" else _of_formula(box, draws)
        found = list(dict.fromkeys(reasons))
    except TutorError as error:
        found = [str(error.what) or error.title]
    return [Problem(file, line, f"question {question.id!r}: {reason}") for reason in found]


def _of_output(box: Box, draws: Sequence[Asked]) -> Iterator[str]:
    """Of the first draw that is not what is said."""
    source = f"CODES = {[asked.code for asked in draws]!r}\n{_RUN_ALL}"
    limits = Limits(seconds=10.0)
    result = box.run(BoxJob(source=source, filename="code", drive=Drive(setup="", forward=""), cases=(), limits=limits))
    printed = result.output.split(MARK + "\n")[1:]
    for at, asked in enumerate(draws):
        if result.fault and at >= len(printed) - 1:
            error = result.fault.error
            what = f"{error.type}: {error.message}" if error else result.fault.sentence
            yield f"the code stops{_of(asked)}: {what}"
            return
        text = printed[at] if at < len(printed) else ""
        if not same_output(read_output(text), read_output(asked.answer), asked.question.tolerance):
            yield f"the code prints {_short(text)}, not {_short(asked.answer)}{_of(asked)}"
            return


def _of_formula(box: Box, draws: Sequence[Asked]) -> Iterator[str]:
    for asked in draws[:MOST_FORMULA_DRAWS]:
        yield from formula_problems(asked, box, SEED)


def _of(asked: Asked) -> str:
    drawn = ", ".join(f"{name} = {value}" for name, value in asked.values.items())
    return f" ({drawn})" if drawn else ""


def _short(text: str) -> str:
    evened = " ".join(text.split())
    return repr(evened if len(evened) <= 60 else evened[:57] + "...")
