"""A typed formula, judged by what it gives: equal values on random arrays are the same answer, however it is written.

The learner's expression, and the author's too, is evaluated in the box alone, on two draws of arrays of which all sizes
differ: with the sizes that stand in the question, and with others.
"""

from __future__ import annotations

import ast
import secrets
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from tutor.course import Asked, Drive, ExpressionError, Feedback, Limits, shape_of
from tutor.errors import TutorError
from tutor.grading.formula_text import FormulaError, Part, parts_of, read_formula
from tutor.grading.formula_words import about_stop, about_value
from tutor.grading.norms import norm_ratio
from tutor.grading.plan import draw_array
from tutor.learner import Box, BoxCase, BoxJob, BoxResult, CodeError

LIMITS = Limits(seconds=1.0, memory_mb=512)
SAME = 1e-9  # norm ratio of two arrays that are the same but for rounding
NOTHING = 1e-12  # norm below which rounding is all that is left
LARGEST = 1 << 20  # entries of all arrays of a question together

# What is raised by a slip of the pen, such as a method that there is not: it counts for nothing.
NO_FORMULA = ("AttributeError", "TypeError", "NameError", "SyntaxError", "UnboundLocalError")

AnyArray = npt.NDArray[Any]


class Trial(Struct, frozen=True):
    """One draw: sizes and drawn values by name, arrays, and which names are sizes."""

    names: dict[str, int | float]
    arrays: dict[str, AnyArray]
    sizes: tuple[str, ...]


class Truth(Struct, frozen=True):
    """What the answer and the known mistakes give in each trial; None for a mistake that stops."""

    answer: tuple[AnyArray, ...]
    mistakes: tuple[tuple[AnyArray, ...] | None, ...]


class Given(Struct, frozen=True):
    """What the learner's formula gave in each trial, or why it gave nothing."""

    values: tuple[AnyArray, ...] = ()
    instead: str = ""  # "a list"
    error: CodeError | None = None
    fault: str = ""  # a sentence, of a formula that was ended


# ── trials ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def make_trials(asked: Asked, seed: int) -> tuple[Trial, ...]:
    """The arrays on which formulas are compared; ExpressionError where the question's sizes make none."""
    question = asked.question
    names: dict[str, int | float] = {**question.sizes, **asked.values}
    of_arrays = {
        node.id
        for lengths in question.arrays.values()
        for length in lengths
        for node in ast.walk(ast.parse(length, mode="eval"))
        if isinstance(node, ast.Name)
    }
    sizes = tuple(sorted((name for name in names if name in of_arrays), key=lambda name: names[name]))
    # One more for the smallest, two more for the next: they stay apart, and `H - K + 1` stays a length.
    others = {**names, **{name: names[name] + more for more, name in enumerate(sizes, 1)}}
    return tuple(_trial(asked, drawn, sizes, [seed, number]) for number, drawn in enumerate((names, others)))


def _trial(asked: Asked, names: dict[str, int | float], sizes: tuple[str, ...], seed: Sequence[int]) -> Trial:
    question = asked.question
    shapes = {name: shape_of(lengths, names) for name, lengths in question.arrays.items()}
    if sum(int(np.prod(shape)) for shape in shapes.values()) > LARGEST:
        raise ExpressionError(f"the arrays have more than {LARGEST} entries")
    rng = np.random.default_rng(seed)
    arrays = {name: draw_array(rng, shape, question.draws.get(name, "normal"), names) for name, shape in shapes.items()}
    return Trial(names, arrays, sizes)


# ── in the box ───────────────────────────────────────────────────────────────────────────────────────────────────────


def find_truth(asked: Asked, trials: Sequence[Trial], box: Box) -> Truth:
    """Evaluate the author's formulas; TutorError where the answer itself gives no array of numbers."""
    formulas = (asked.question.answer, *(mistake.answer for mistake in asked.question.mistake))
    cases = [_case(trial, {"value": formula.strip()}) for formula in formulas for trial in trials]
    result = box.run(_job("", "", cases, reference=True))
    if result.fault is not None or len(result.cases) != len(cases):
        what = result.fault.sentence if result.fault else ""
        raise TutorError(f"The question {asked.question.id!r} cannot be judged.", what)
    found = [case.results.get("value") for case in result.cases]
    rows = [tuple(found[at : at + len(trials)]) for at in range(0, len(found), len(trials))]
    answer, *mistakes = (tuple(row) if all(value is not None for value in row) else None for row in rows)
    if answer is None:
        reason = next((case.missing["value"] for case in result.cases if "value" in case.missing), "")
        raise TutorError(f"The question {asked.question.id!r} cannot be judged.", f"Its answer stops with: {reason}")
    return Truth(answer, tuple(mistakes))  # type: ignore[arg-type]  # `all` says that none is None


def _run_formula(formula: ast.expr, trials: Sequence[Trial], box: Box) -> Given:
    names = ", ".join((*trials[0].names, *trials[0].arrays))
    source = f"import numpy as np\n\nformula = lambda {names}: (\n{ast.unparse(formula)}\n)\n"
    result = box.run(_job(source, f"value = formula({names})", [_case(trial) for trial in trials]))
    error = next((case.error for case in result.cases if case.error), result.fault.error if result.fault else None)
    if error is not None:
        return Given(error=error)
    if result.fault is not None or len(result.cases) != len(trials):
        return Given(fault=_about_fault(result))
    instead = next((text for case in result.cases for text in case.not_arrays.values()), "")
    return Given(tuple(case.results["value"] for case in result.cases if "value" in case.results), instead)


def _about_fault(result: BoxResult) -> str:
    kind = result.fault.kind if result.fault else ""
    if kind == "timeout":
        return "That takes longer than a formula may: it was stopped."
    if kind == "memory":
        return "That needs more memory than a formula may: it was stopped."
    return result.fault.sentence if result.fault else "That gave no answer."


def _job(source: str, forward: str, cases: Sequence[BoxCase], reference: bool = False) -> BoxJob:
    results: dict[str, tuple[str, ...]] = {"value": ("value",)} if forward else {}
    drive = Drive(setup="", forward=forward, results={"forward": results})
    return BoxJob(
        source=source, filename="formula", drive=drive, cases=tuple(cases), limits=LIMITS, reference=reference
    )


def _case(trial: Trial, extra: Mapping[str, str] | None = None) -> BoxCase:
    return BoxCase(sizes=trial.names, arrays=trial.arrays, right={}, second_call=False, extra=dict(extra or {}))


def _values_of(parts: Sequence[Part], trial: Trial, box: Box) -> dict[str, AnyArray]:
    """What the parts of a formula give, as far as they do not stop."""
    extra = {f"part{number}": part.text for number, part in enumerate(parts)}
    result = box.run(_job("", "", [_case(trial, extra)]))
    found = result.cases[0].results if result.cases else {}
    return {part.text: found[f"part{number}"] for number, part in enumerate(parts) if f"part{number}" in found}


# ── the verdict ──────────────────────────────────────────────────────────────────────────────────────────────────────


def answer_formula(asked: Asked, text: str, box: Box, seed: int | None = None) -> Feedback:
    """Judge a typed formula; what is no formula, or takes the box down, is not understood and counts for nothing.

    It waits for the box, some milliseconds as a rule and a second at most: never on the thread that draws.
    """
    try:
        trials = make_trials(asked, secrets.randbits(31) if seed is None else seed)
        readings = read_formula(text, (*trials[0].arrays, *trials[0].names))
        truth = find_truth(asked, trials, box)
    except FormulaError as error:
        return _feedback(asked, str(error), understood=False)
    except ExpressionError as error:
        raise TutorError(f"The question {asked.question.id!r} cannot be asked.", f"{error}.") from None
    given = [_run_formula(reading, trials, box) for reading in readings]
    if any(_same(one.values, truth.answer) for one in given):
        return _feedback(asked, "Right.", right=True)
    for reading, one in zip(readings, given, strict=True):
        known = next(_known(asked, truth, reading, one), None)
        if known is not None:
            return _feedback(asked, known)
    # Of two readings that one is answered which gives something.
    reading, one = next((pair for pair in zip(readings, given, strict=True) if pair[1].values), (readings[0], given[0]))
    return _about(asked, truth, trials, reading, one, box)


def _known(asked: Asked, truth: Truth, formula: ast.expr, given: Given) -> Iterator[str]:
    """What is said to the known mistakes that a formula is: by value, or by its text where it stops."""
    for (written, why), values in zip(asked.mistakes, truth.mistakes, strict=True):
        if values is not None:
            if _same(given.values[:1], values[:1]):  # with the sizes of the question, so `/ 5` is `/ N`
                yield why
        elif isinstance(written, str) and ast.dump(ast.parse(written.strip(), mode="eval").body) == ast.dump(formula):
            yield why


def _about(asked: Asked, truth: Truth, trials: Sequence[Trial], formula: ast.expr, given: Given, box: Box) -> Feedback:
    if given.fault:
        return _feedback(asked, given.fault, understood=False)
    if given.error is not None:
        parts = parts_of(formula)
        sentence = about_stop(parts, _values_of(parts, trials[0], box), given.error)
        return _feedback(asked, sentence, understood=given.error.type not in NO_FORMULA)
    if given.instead or len(given.values) != len(trials):
        what = given.instead or "nothing"
        return _feedback(asked, f"That gives {what}, where an array of numbers is asked for.", understood=False)
    if _same(given.values[:1], truth.answer[:1]):
        sentence = (
            "For these sizes that is right, for others it is not: write the name of a size where you wrote its number."
        )
        return _feedback(asked, sentence, understood=False)
    sizes = [{name: int(trial.names[name]) for name in trial.sizes} for trial in trials]
    return _feedback(asked, about_value(given.values, truth.answer, sizes))


def _feedback(asked: Asked, sentence: str, right: bool = False, understood: bool = True) -> Feedback:
    return Feedback(right=right, sentence=sentence, explain=asked.explain, understood=understood)


def _same(values: Sequence[AnyArray], others: Sequence[AnyArray]) -> bool:
    return len(values) == len(others) > 0 and all(
        same_values(one, other) for one, other in zip(values, others, strict=True)
    )


def same_values(one: AnyArray, other: AnyArray) -> bool:
    """Whether two arrays have the same shape and, but for rounding, the same values."""
    return one.shape == other.shape and norm_ratio(one, other, nothing=NOTHING) <= SAME


# ── the author's side ────────────────────────────────────────────────────────────────────────────────────────────────


def formula_problems(asked: Asked, box: Box, seed: int) -> list[str]:
    """Why a question with these drawn values is no good one: answer and mistakes must all give different things."""
    try:
        trials = make_trials(asked, seed)
        truth = find_truth(asked, trials, box)
    except ExpressionError as error:
        return [str(error)]
    except TutorError as error:
        return [error.what or error.title]
    first = trials[0]
    problems = []
    lengths = [first.names[name] for name in first.sizes]
    if len(set(lengths)) < len(lengths) or min(lengths, default=2) < 2:
        told = ", ".join(f"{name} = {first.names[name]}" for name in first.sizes)
        problems.append(f"the sizes must all differ and be at least 2, for every draw: {told}")
    if not all(np.isfinite(value).all() for value in truth.answer):
        problems.append(f"the answer `{asked.question.answer}` is not finite for some arrays: see `draws`")
    written = [mistake.answer for mistake in asked.question.mistake]
    for at, values in enumerate(truth.mistakes):
        if values is None:
            continue
        if _same(values, truth.answer):
            problems.append(f"the mistake `{written[at]}` gives what the answer gives")
        for before, others in enumerate(truth.mistakes[:at]):
            if others is not None and _same(values, others):
                problems.append(f"the mistake `{written[at]}` gives what `{written[before]}` gives")
    return problems
