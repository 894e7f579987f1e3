"""Every formula of the course as it is shown, compared with what a person has looked at and found right.

`TUTOR_REWRITE_GOLDEN=1 .venv/bin/pytest tests/content/test_formulas.py` writes the files of tests/golden/formulas anew:
one for each lesson, to be read, all of it, before it is committed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from rich.cells import cell_len

from tests.course_formulas import Formula, formulas, lesson_names
from tests.ptyscreen import ROOT
from tutor.mathtext import display, inline

GOLDEN = ROOT / "tests" / "golden" / "formulas"
WIDTHS = (72, 116)
REWRITE = os.environ.get("TUTOR_REWRITE_GOLDEN") == "1"


def page(lesson: str) -> str:
    """What the golden file of a lesson holds: each formula as LaTeX, at both widths, in signs and in ASCII."""
    lines: list[str] = []
    file = ""
    for formula in formulas(lesson):
        if formula.file != file:
            file = formula.file
            lines += [f"==== {file}", ""]
        if not _is_plain(formula):
            lines += [*_shown(formula), ""]
    return "\n".join(lines).rstrip() + "\n" if lines else ""


def _is_plain(formula: Formula) -> bool:
    """Whether a formula is shown as it is written: a letter alone is nothing to look at."""
    return {formula.latex} == {inline(formula.latex), inline(formula.latex, ascii=True)}


def _shown(formula: Formula) -> Iterator[str]:
    yield from (f"% {line}" for line in formula.latex.splitlines())
    if not formula.display:
        yield f"    {inline(formula.latex)}"
        yield f"    {inline(formula.latex, ascii=True)}"
        return
    for ascii in (False, True):
        narrow, wide = (display(formula.latex, width, ascii=ascii) for width in WIDTHS)
        yield from (f"    {line}".rstrip() for line in narrow)
        if wide != narrow:
            yield f"  in {WIDTHS[1]} columns:"
            yield from (f"    {line}".rstrip() for line in wide)
        yield f"  in line: {inline(formula.latex, ascii=ascii)}"


@pytest.mark.parametrize("lesson", lesson_names())
def test_the_formulas_look_as_they_were_found_right(lesson: str) -> None:
    golden = GOLDEN / f"{lesson}.txt"
    shown = page(lesson)
    if REWRITE:
        GOLDEN.mkdir(parents=True, exist_ok=True)
        golden.write_text(shown, encoding="utf-8")
    kept = golden.read_text(encoding="utf-8") if golden.exists() else ""
    assert shown == kept, "TUTOR_REWRITE_GOLDEN=1 writes tests/golden/formulas anew: look at what has changed"


@pytest.mark.parametrize("lesson", lesson_names())
def test_every_formula_fits_and_every_sign_is_one_cell_wide(lesson: str) -> None:
    for formula in formulas(lesson):
        for ascii in (False, True):
            shown = [(width, line) for width in WIDTHS for line in display(formula.latex, width, ascii=ascii)]
            shown.append((1000, inline(formula.latex, ascii=ascii)))
            for width, line in shown:
                assert cell_len(line) == len(line) <= width, (formula.latex, line)
                assert line.isascii() or not ascii, (formula.latex, line)


def test_there_is_no_golden_file_of_a_lesson_that_is_gone() -> None:
    assert {path.stem for path in GOLDEN.glob("*.txt")} <= set(lesson_names())
