"""What the author's check finds by running a question: code that prints something else, formulas that are the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.kinds import FORMULA, KINDS, LINE, ORDER, OUTPUT
from tutor.authoring.question_runs import is_run, run_problems
from tutor.authoring.questions import question_problems
from tutor.course import CodeLine, Item, KnownMistake, Question, draw, load_quiz
from tutor.learner import Box
from tutor.paths import locate
from tutor.tui.screens import question_view
from tutor.tui.widgets.places import TYPED, place_for

FILE = Path("quizzes/06-x.toml")
WIDTH = 76


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    with Box() as box:
        yield box


def but(question: Question, **changes: Any) -> Question:
    return msgspec.structs.replace(question, **changes)


@pytest.mark.parametrize("question", KINDS.values(), ids=list(KINDS))
def test_a_good_question_of_each_kind_has_no_problem(box: Box, question: Question) -> None:
    assert question_problems(question) == []
    assert not is_run(question) or run_problems(box, FILE, 3, question) == []


SAME_WHY = tuple(CodeLine(line.number, "So.", line.right) for line in LINE.line)


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        (but(ORDER, item=(*ORDER.item[:2], Item(ORDER.item[0].text, "Again."))), "two items read"),
        (but(ORDER, item=(*ORDER.item[:2], Item("c", ORDER.item[0].why))), "two items have the same why"),
        (but(LINE, line=SAME_WHY), "two lines have the same why"),
        (but(LINE, code=LINE.code.replace("x = self.x", "x = self.x  # " + "long " * 20)), "lines of 70 columns"),
        (but(LINE, code=LINE.code + "pass\n" * 12), "14 lines"),
        (but(LINE, text="Which?"), "its `draw` changes nothing"),
        (but(OUTPUT, mistake=(KnownMistake("[{a+3}.0 3] (2,2)", "w"),)), "is the answer itself for some draw"),
        (but(OUTPUT, answer="1 " * 40), "that is too much to type"),
        (but(OUTPUT, code="{"), "a lone `{`"),
        (but(FORMULA, mistake=(*FORMULA.mistake, KnownMistake("g", FORMULA.mistake[0].why))), "the same why"),
    ],
)
def test_what_reading_shows(question: Question, reason: str) -> None:
    problems = question_problems(question)
    assert len(problems) == 1 and reason in problems[0] and question.id in problems[0]


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        (but(OUTPUT, answer="[{a + 4}. 3.]\n(2, 2)"), "the code prints '[4. 3.] (2, 2)', not '[5. 3.] (2, 2)' (a = 1)"),
        (but(OUTPUT, answer="[4. 3.]\n(2, 2)"), "the code prints '[5. 3.] (2, 2)', not '[4. 3.] (2, 2)' (a = 2)"),
        (but(OUTPUT, code="print({a} // ({a} - 2))"), "the code prints '-1'"),
        (
            but(OUTPUT, code="print('[4. 3.] (2, 2)' if {a} == 1 else 1 / 0)"),
            "the code stops (a = 2): ZeroDivisionError",
        ),
        (but(OUTPUT, code="x"), "the code stops (a = 1): NameError: name 'x' is not defined"),
        (but(OUTPUT, code="while True: pass", draw={}, answer="1", mistake=()), ""),
        (but(FORMULA, mistake=(KnownMistake("(g.T @ x).T", "w"), *FORMULA.mistake)), "gives what the answer gives"),
        (but(FORMULA, draw={**FORMULA.draw, "n_in": (3, 5)}), "the sizes must all differ and be at least 2"),
    ],
)
def test_what_running_shows(box: Box, question: Question, reason: str) -> None:
    problems = run_problems(box, FILE, 3, question)
    if not reason:  # it cannot be asked, and is not run
        assert problems == []
        return
    assert (problems[0].file, problems[0].line) == (FILE, 3)
    assert reason in problems[0].reason, problems


# ── the course ───────────────────────────────────────────────────────────────────────────────────────────────────────

ROWS = 20  # of a window of 80x24, without title, progress and keys
QUIZZES = sorted(path.stem for path in locate().quizzes.glob("*.toml"))


@pytest.mark.parametrize("slug", QUIZZES)
def test_every_question_of_a_quiz_stands_on_one_screen(slug: str) -> None:
    for question in load_quiz(locate().quizzes, slug):
        for seed in range(4):
            asked = draw(question, seed)
            rows = question_view.height(question_view.question_text(asked, WIDTH))
            rows += 1 + place_for(asked).content_at(WIDTH).plain.count("\n") if question.kind not in TYPED else 1
            assert rows + 1 <= ROWS, question.id
