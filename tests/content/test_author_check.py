"""The author's check: a small course that is right has no problem, each way of breaking it exactly that one."""

from __future__ import annotations

import contextlib
import io
import re
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import tutor.authoring.runs
from tutor.authoring import Problem, check
from tutor.authoring.pages import block_problems, read_pages
from tutor.authoring.questions import quiz_problems
from tutor.authoring.runs import listing_problems
from tutor.course import Challenge, CheckCode, Diagram, Math, Mistake, Predict, PythonRun, Worked
from tutor.errors import BoxError, TutorError
from tutor.grading import Check, Report
from tutor.learner import Box, BoxJob, BoxResult, CodeError, Fault
from tutor.paths import Paths, locate

# ── a small course ───────────────────────────────────────────────────────────────────────────────────────────────────

OUTLINE = """[[part]]
title = "Layers"
lesson = [
    { slug = "06-linear-layer", title = "Linear layer", minutes = 20 },
    { slug = "07-activations", title = "Activations", minutes = 15 },
    { slug = "08-softmax", title = "Softmax", minutes = 15 },
]
"""
LESSON = """+++
title = "{title}"
concept = "{concept}"
goal = "Write it."
minutes = {minutes}
difficulty = "easy"
objectives = ["write it"]
prerequisites = {prerequisites}
exercises = {exercises}
+++

## Page

Words of {concept} with a link to [the layer](06-linear-layer) and [elsewhere](https://example.org).

```predict
id = "{concept}-guess"
kind = "shape"
text = "Which shape has `grad_b` of `({{N}}, {{out}})`?"
answer = "(out,)"
explain = "The batch is summed away."
draw = {{ N = [5, 7], out = [2, 3] }}
[[mistake]]
answer = "(N, out)"
why = "Not summed."
```

```math
y = x
```

```python run
x = 1 + 1
x          # -> 2
print(x)   # -> 2
```

```diagram flow nodes="x:(N, 4)|y:(N, 3)" edges="@ W"
```

```check
assert np.ones(3).sum() == 3
```

```mistake
title = "A slip"
symptom = "It shows."
cause = "It happens."
test = "Look."
```
"""
QUESTION = """[[question]]
id = "{concept}-q{n}"
kind = "number"
text = "How much is {{a}} + {n}?"
answer = "a + {n}"
explain = "{{a + {n}}}"
draw = {{ a = [100, 200] }}
mistake = [{{ answer = "a - {n}", why = "Minus." }}]
"""
CHOICES = """[[question]]
id = "{concept}-one"
kind = "one"
text = "Which?"
explain = "This."
choice = [{{ text = "this", why = "Yes.", right = true }}, {{ text = "that", why = "No." }}]
"""
EXERCISE = Path(__file__).parents[2] / "lessons" / "06-linear-layer" / "linear_scratch" / "challenge.toml"


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    monkeypatch.setattr(tutor.authoring.runs, "grade", fake_grade)
    root = tmp_path.resolve()
    lessons, quizzes = root / "lessons", root / "quizzes"
    quizzes.mkdir()
    for slug, title, minutes, before, exercises in (
        ("06-linear-layer", "Linear layer", 20, "[]", '["linear_scratch"]'),
        ("07-activations", "Activations", 15, '["06-linear-layer"]', "[]"),
    ):
        folder = lessons / slug
        folder.mkdir(parents=True)
        concept = slug[3:]
        values = {"title": title, "concept": concept, "minutes": minutes}
        (folder / "lesson.md").write_text(LESSON.format(**values, prerequisites=before, exercises=exercises))
        for name in ("intuition", "math"):
            (folder / f"{name}.md").write_text(f"## {name}\nWords.\n")
        quiz = CHOICES.format(concept=concept) + "".join(QUESTION.format(concept=concept, n=n) for n in range(1, 8))
        (quizzes / f"{slug}.toml").write_text(quiz)
    (lessons / "course.toml").write_text(OUTLINE)
    write_exercise(lessons / "06-linear-layer" / "linear_scratch")
    return Paths(user_data=root / "user_data", lessons=lessons, quizzes=quizzes)


def write_exercise(folder: Path) -> None:
    for name in ("hints", "solutions", "wrong"):
        (folder / name).mkdir(parents=True)
    for n in (1, 2, 3):
        (folder / "hints" / f"{n}.md").write_text("Look.\n")
    (folder / "challenge.toml").write_text(EXERCISE.read_text())
    (folder / "why.md").write_text("Because.\n")
    (folder / "starter.py").write_text("fails missing out\n")
    (folder / "solutions" / "1-naive.py").write_text("passes\n")
    (folder / "solutions" / "2-vectorised.py").write_text("passes\n")
    (folder / "wrong" / "no_sum.py").write_text("# fails: grad_b wrong_shape\nfails wrong_shape grad_b\n")
    (folder / "wrong" / "raises.py").write_text("# fails: could_not_run exception\nbreaks exception\n")


# ── the box and the grader, as the check sees them ───────────────────────────────────────────────────────────────────

_exec = threading.Lock()  # redirect_stdout is for the whole process


class FakeBox:
    """Runs a listing in this process; the real box is used on the real course below."""

    def run(self, job: BoxJob) -> BoxResult:
        out, fault = io.StringIO(), None
        with _exec, contextlib.redirect_stdout(out):
            try:
                exec(compile(job.source, job.filename, "exec"), {"__name__": "__main__"})
            except Exception as error:
                line = traceback.extract_tb(error.__traceback__)[-1].lineno
                fault = Fault("exception", "It raised.", "", CodeError(type(error).__name__, str(error), line))
        return BoxResult(fault=fault, cases=(), output=out.getvalue(), output_cut=False, seconds=0.0)


def fake_grade(challenge: Challenge, source: str, box: Any, *, seed: int | None = None) -> Iterator[Report]:
    """A verdict by the last line of the file: `passes`, `fails VERDICT NAME`, `breaks KIND`, `reference`."""
    words = source.strip().split("\n")[-1].split()
    if words[0] == "reference":
        raise BoxError("The reference failed.")
    status = {"passes": "passed", "fails": "failed", "breaks": "could_not_run"}[words[0]]
    checks: tuple[Check, ...] = ()
    if words[0] == "fails":
        checks = (Check(words[2], "basic", "", words[1], (), None, None, None, "Wrong."),)  # type: ignore[arg-type]
    fault = Fault(words[1], "It broke.") if words[0] == "breaks" else None  # type: ignore[arg-type]
    headline = "" if "silently" in words else "Blank 1 is still empty." if "blank" in words else "It broke."
    if status == "passed":
        yield report(challenge, "right_so_far", headline, checks, fault)
    yield report(challenge, status, headline, checks, fault)


def report(challenge: Challenge, status: Any, headline: str, checks: Any, fault: Fault | None) -> Report:
    return Report(
        challenge=challenge.id,
        source_hash="",
        seed=0,
        status=status,
        headline=headline,
        next_step="Go on.",
        checks=checks,
        tiers={},
        tensors=(),
        fault=fault,
        line=None,
        output="",
        output_cut=False,
        seconds=0.0,
    )


def found(paths: Paths, folder: Path | None = None) -> tuple[Problem, ...]:
    return check(paths, FakeBox(), folder)  # type: ignore[arg-type]


def the_problem(paths: Paths, file: str, reason: str, line_with: str | None = None) -> None:
    problems = found(paths)
    assert [
        (problem.file.relative_to(paths.lessons.parent).as_posix(), reason in problem.reason) for problem in problems
    ] == [(file, True)], problems
    if line_with is not None:
        line = problems[0].line
        assert line is not None
        assert line_with in (paths.lessons.parent / file).read_text().split("\n")[line - 1]


def test_a_right_course_has_no_problem(paths: Paths) -> None:
    assert found(paths) == ()


# ── one fault at a time ──────────────────────────────────────────────────────────────────────────────────────────────

MD = "lessons/06-linear-layer/lesson.md"
MD7 = "lessons/07-activations/lesson.md"
QUIZ = "quizzes/06-linear-layer.toml"
EX = "lessons/06-linear-layer/linear_scratch"


@pytest.mark.parametrize(
    ("file", "old", "new", "reason", "line_with"),
    [
        # heads
        (MD, 'goal = "Write it."', 'goal = " "', "`goal` is empty", None),
        (MD, '["write it"]', "[]", "`objectives` is empty", None),
        (MD, "minutes = 20", "minutes = 30", "`title` and `minutes` are 'Linear layer' and 20", None),
        (MD7, 'concept = "activations"', 'concept = "linear-layer"', "is that of 06-linear-layer too", None),
        (MD, "prerequisites = []", 'prerequisites = ["07-activations"]', "does not come before", None),
        (MD, "prerequisites = []", 'prerequisites = ["05-no"]', "there is no lesson '05-no'", None),
        (MD, '["linear_scratch"]', "[]", "`exercises` does not name linear_scratch", None),
        (MD, '["linear_scratch"]', '["linear_scratch", "x"]', "there is no x/challenge.toml", None),
        (MD, 'goal = "Write it."', "goal = ", "is no TOML", "goal = "),
        # blocks
        (MD, "(06-linear-layer)", "(06-linear)", "the link leads to '06-linear'", "Words of"),
        (MD, "Words of", "Words <b>of</b>", "HTML stands in the text", "Words <b>"),
        (MD, "[elsewhere]", "![elsewhere]", "a picture stands in the text", "Words of"),
        (MD, "\ny = x\n", "\ny = x\n---\ny = x\n", "it holds LaTeX alone", "---"),
        (MD, "\ny = x\n", "\n\\nosuchmacro x\n", "math block: ", "```math"),
        (MD, "```diagram flow", "```diagram flew", "There is no diagram called 'flew'", "```diagram"),
        (MD, 'edges="@ W"', 'edges="@ W" x="1"', "has no option 'x'", "```diagram"),
        (MD, "sum() == 3", "sum() == 4", "check block: AssertionError", "assert np"),
        (MD, "assert np", "np", "the check block asserts nothing", "```check"),
        (MD, "x = 1 + 1", "x = 1 + 2", "line 1 of its output is '3', not '2'", "```python run"),
        (MD, "print(x)   # -> 2", "print(x)", "it prints 2 lines, and 1 are said", "```python run"),
        (MD, "x = 1 + 1", "x = 1 / 0", "python run block: ZeroDivisionError: division by zero", "x = 1 / 0"),
        (MD, "```mistake", "```text", "the lesson has no mistake block", None),
        (MD, "```predict", "```text", "the lesson has no predict block", None),
        (MD, 'answer = "(out,)"', 'answer = "(M,)"', "M is not drawn", "```predict"),
        (MD, 'answer = "(N, out)"', 'answer = "(out,)"', "is the answer itself", "```predict"),
        (MD, 'cause = "It happens."\n', "", "`cause` is missing", "```mistake"),
        # quizzes
        (QUIZ, '"linear-layer-q2"', '"linear-layer-q1"', "the id is used twice", '"linear-layer-q1"'),
        (QUIZ, '"linear-layer-q2"', '"activations-q2"', "'activations-q2': the id is used in", None),
        (QUIZ, '"linear-layer-q2"', '"linear-layer-guess"', "is used in lesson.md too", '"linear-layer-guess"'),
        (QUIZ, 'explain = "This."', 'explain = ""', "must not be empty", "linear-layer-one"),
        (QUIZ, "right = true", "right = false", "exactly one choice must be right, not 0", "linear-layer-one"),
        (QUIZ, 'why = "No."', 'why = "Yes."', "two choices have the same why", "linear-layer-one"),
        (QUIZ, 'text = "that"', 'text = "this"', "two choices read 'this'", "linear-layer-one"),
        (QUIZ, "{a} + 1?", "{b} + 1?", "b is not drawn", "linear-layer-q1"),
        (QUIZ, 'answer = "a - 1"', 'answer = "1 + a"', "is the answer itself", "linear-layer-q1"),
        (QUIZ, 'answer = "a + 1"', 'answer = "a / 3"', "it needs a tolerance", "linear-layer-q1"),
        (QUIZ, 'answer = "a + 7"', 'answer = "a + 7"\ntolerance = 13', "more than a tenth", "linear-layer-q7"),
        (QUIZ, 'answer = "a + 1"', 'answer = "a + 1"\ntolerance = 2', "is the answer itself", "linear-layer-q1"),
        (QUIZ, '"Minus." }]', '"Minus." }, { answer = "a - 1", why = "No." }]', "equals another", "layer-q1"),
        # exercises
        (f"{EX}/challenge.toml", "N = 5, n_in", "N = 1, n_in", "N must be above 1", "N = 1"),
        (f"{EX}/why.md", "Because.", "", "is empty", None),
        (f"{EX}/hints/2.md", "Look.", " ", "is empty", None),
        (f"{EX}/starter.py", "fails missing out", "passes", "the starter passes", None),
        (f"{EX}/starter.py", "fails missing out", "fails missing out silently", "without a reason", None),
        (f"{EX}/starter.py", "fails missing out", "breaks exception", "the starter raises", None),
        (f"{EX}/starter.py", "fails missing out", "breaks syntax", "could_not_run syntax", None),
        (f"{EX}/starter.py", "fails missing out", "reference", "The reference failed.", None),
        (f"{EX}/solutions/1-naive.py", "passes", "fails wrong_value grad_W", "grad_W wrong_value", None),
        (
            f"{EX}/wrong/no_sum.py",
            "fails wrong_shape",
            "fails wrong_value",
            "the grader says `grad_b wrong_v",
            "# fails",
        ),
        (f"{EX}/wrong/no_sum.py", "# fails: grad_b wrong_shape\n", "", "the first line must be", None),
        (f"{EX}/wrong/no_sum.py", "grad_b wrong_shape", "grad_b odd", "the first line must be", "# fails"),
        (f"{EX}/wrong/raises.py", "breaks exception", "passes", "the grader says `passed`", "# fails"),
    ],
)
def test_each_fault_is_the_one_problem(
    paths: Paths, file: str, old: str, new: str, reason: str, line_with: str | None
) -> None:
    path = paths.lessons.parent / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    the_problem(paths, file if "activations-q2" not in new else "quizzes/07-activations.toml", reason, line_with)


def remove(file: str) -> Callable[[Path], object]:
    return lambda root: (root / file).unlink()


def add(file: str) -> Callable[[Path], object]:
    return lambda root: (root / file).write_text("passes\n")


def another_quiz(root: Path) -> None:
    (root / "quizzes" / "09-x.toml").write_text((root / QUIZ).read_text().replace("linear-layer", "x"))


def cut_quiz(root: Path) -> None:
    text = (root / QUIZ).read_text()
    (root / QUIZ).write_text(text[: text.rindex("[[question]]")])


@pytest.mark.parametrize(
    ("change", "file", "reason"),
    [
        (remove("lessons/06-linear-layer/math.md"), "lessons/06-linear-layer/math.md", "is missing"),
        (remove(QUIZ), QUIZ, "is missing"),
        (remove(f"{EX}/why.md"), f"{EX}/why.md", "is missing"),
        (remove(f"{EX}/starter.py"), f"{EX}/starter.py", "is missing"),
        (remove(f"{EX}/hints/3.md"), f"{EX}/hints", "there must be three hints"),
        (remove(f"{EX}/solutions/2-vectorised.py"), f"{EX}/solutions", "at least 2 solutions"),
        (add(f"{EX}/solutions/quick.py"), f"{EX}/solutions/quick.py", "N-label"),
        (cut_quiz, QUIZ, "has 7 questions: 8 are needed"),
        (another_quiz, "quizzes/09-x.toml", "belongs to no lesson"),
        (lambda root: (root / "lessons" / "09-x").mkdir(), "lessons/09-x", "is not listed"),
    ],
)
def test_what_is_missing_or_too_much_is_the_one_problem(
    paths: Paths, change: Callable[[Path], object], file: str, reason: str
) -> None:
    change(paths.lessons.parent)
    the_problem(paths, file, reason)


def test_a_long_sentence_in_two_lessons_is_told_at_its_second_place(paths: Paths) -> None:
    sentence = "\nHere is a sentence that is so long that nobody writes it twice by accident. Short one.\n"
    for slug in ("06-linear-layer", "07-activations"):
        file = paths.lessons / slug / "intuition.md"
        file.write_text(file.read_text() + sentence)
    the_problem(paths, "lessons/07-activations/intuition.md", "stands in 06-linear-layer too", "Here is")


def test_a_fill_exercise_needs_its_blanks_numbered_and_named(paths: Paths) -> None:
    folder = paths.lessons.parent / EX
    toml, starter = folder / "challenge.toml", folder / "starter.py"
    toml.write_text(toml.read_text().replace('kind = "scratch"', 'kind = "fill"'))
    the_problem(paths, f"{EX}/starter.py", "a fill exercise needs blanks")
    starter.write_text("a = ...  # BLANK 1: a\nb = ...  # BLANK 1: b\nfails missing out blank\n")
    the_problem(paths, f"{EX}/starter.py", "the blanks are numbered [1, 1]")
    starter.write_text("a = ...  # BLANK 1: a\nfails missing out\n")
    the_problem(paths, f"{EX}/starter.py", "does not name its blank")
    starter.write_text("a = ...  # BLANK 1: a\nfails missing out blank\n")
    assert found(paths) == ()


def test_a_debug_exercise_needs_variants_that_fail(paths: Paths) -> None:
    folder = paths.lessons.parent / EX
    toml = folder / "challenge.toml"
    toml.write_text(toml.read_text().replace('kind = "scratch"', 'kind = "debug"'))
    the_problem(paths, f"{EX}/variants", "needs its variants")
    (folder / "variants").mkdir()
    (folder / "variants" / "a.py").write_text("passes")
    the_problem(paths, f"{EX}/variants/a.py", "this variant passes")


def test_all_problems_are_told_at_once(paths: Paths) -> None:
    (paths.lessons.parent / MD).write_text("nothing")
    (paths.lessons.parent / EX / "why.md").unlink()
    (paths.lessons.parent / QUIZ).write_text("[[question]]\n")
    (paths.lessons / "07-activations" / "math.md").write_text("words")
    assert len({problem.file for problem in found(paths)}) == 4


def test_a_folder_limits_the_check_to_what_is_in_it(paths: Paths) -> None:
    (paths.lessons.parent / EX / "why.md").unlink()
    (paths.lessons / "07-activations" / "math.md").write_text("words")
    (paths.lessons.parent / QUIZ).write_text("[[question]]\n")
    assert {problem.file.name for problem in found(paths, paths.lessons / "07-activations")} == {"math.md"}
    names = {problem.file.name for problem in found(paths, paths.lessons / "06-linear-layer")}
    assert names == {"why.md", "06-linear-layer.toml"}
    assert {problem.file.name for problem in found(paths, paths.lessons.parent / EX)} >= {"why.md"}
    assert found(locate(), paths.lessons.parent) == found(paths)
    assert found(paths, paths.lessons) == found(paths)
    with pytest.raises(TutorError, match="not a folder of a course"):
        found(paths, paths.user_data)


def test_a_problem_reads_as_file_line_reason() -> None:
    assert str(Problem(Path("a.md"), 3, "is odd")) == "a.md:3: is odd"
    assert str(Problem(Path("a.md"), None, "is odd")) == "a.md: is odd"


# ── the page for authors ─────────────────────────────────────────────────────────────────────────────────────────────

DOCS = (Path(__file__).parents[2] / "docs" / "authoring.md").read_text()


def test_every_question_of_the_page_for_authors_is_a_good_one(tmp_path: Path) -> None:
    file = tmp_path / "06-linear-layer.toml"
    file.write_text(DOCS.split("```toml\n")[1].split("```")[0])
    problems, ids = quiz_problems(file)
    assert [problem.reason for problem in problems] == ["has 4 questions: 8 are needed"]
    assert len(ids) == 4


def test_every_block_of_the_page_for_authors_is_a_good_one(tmp_path: Path) -> None:
    examples = re.findall(r"`{4}text\n(.*?)`{4}", DOCS, re.S)
    head = DOCS.split("```text\n+++")[1].split("## The first page")[0]
    file = tmp_path / "lesson.md"
    file.write_text("+++" + head + "## Page\n" + "\n".join(examples))
    pages = read_pages(tmp_path)
    assert pages.head is not None
    blocks = [block for _, block in pages.blocks]
    assert [type(block) for block in blocks] == [Math, Predict, PythonRun, Diagram, Mistake, Worked, CheckCode]
    assert block_problems(pages, frozenset()) == []
    with Box() as box:
        for block in blocks:
            if isinstance(block, PythonRun | CheckCode):
                assert listing_problems(box, file, block) == []


# ── the real course, in the real box ─────────────────────────────────────────────────────────────────────────────────


def test_the_course_that_ships_has_no_problem() -> None:
    with Box() as box:
        problems = check(locate(), box)
    assert not problems, "\n" + "\n".join(map(str, problems))
