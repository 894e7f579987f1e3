"""The author's check: a small course that is right has no problem, each way of breaking it exactly that one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.small_course import EX, MD, MD7, QUIZ, found, the_problem
from tutor.authoring import Problem
from tutor.errors import TutorError
from tutor.paths import Paths, locate


def test_a_right_course_has_no_problem(paths: Paths) -> None:
    assert found(paths) == ()


# ── one fault at a time ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("file", "old", "new", "reason", "line_with"),
    [
        # heads
        (MD, 'goal = "Write it."', 'goal = " "', "`goal` is empty", None),
        (MD, '["write it"]', "[]", "`objectives` is empty", None),
        (MD, "minutes = 20", "minutes = 25", "`title` and `minutes` are 'Linear layer' and 20", None),
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
        (MD, "$x^2$, of", "$\\nosuchmacro$, of", "nosuchmacro", "Words of"),
        (MD, 'note = "$x^2$"', 'note = "$\\\\nosuchmacro$"', "nosuchmacro", "```worked"),
        (MD, "\ny = x\n", "\n" + "x" * 73 + "\n", "the formula is 73 columns wide", "```math"),
        (MD, "2.50", "2.51", "the number 2.51 stands in no block", "A number"),
        (MD, "2.50", "1,000", "the number 1,000 stands in no block", "A number"),
        (MD, "Look.", "Look at 77.", "the number 77 stands in no block", "```mistake"),
        (MD, "Words of", "Just words of", "“Just” is not said here", "Just"),
        (MD, "Words of", "AUTHOR: words.\n\nWords of", "still to be written: words.", "AUTHOR"),
        (MD, "Words of", "```python\nx = = 1\n```\n\nWords of", "this listing is no Python", "```python"),
        (MD, "Words of", f"```text\n{77 * 'x'}\n```\n\nWords of", "has 77 columns", "xxx"),
        (MD, "## Page", "## Page $\\nosuchmacro$", "nosuchmacro", None),
        (f"{EX}/why.md", "Because.", "$\\nosuchmacro$", "nosuchmacro", "nosuch"),
        (f"{EX}/hints/2.md", "Where?", "[Where](06-no)?", "the link leads to '06-no'", "Where"),
        (f"{EX}/challenge.toml", "{ N = 1, n_in", "{ N = 2, n_in", "no edge case is a batch of one", None),
        (f"{EX}/challenge.toml", 'dtype = "float32"', "", "no edge case is in float32", None),
        (f"{EX}/challenge.toml", '{ x = "strided", g = "fortran" }', "{}", "memory is not in one piece", None),
        (MD, "Words of", "Words \u2705 of", "an emoji, U+2705", "Words"),
        (MD, "1. One.\n", "", "it has lists of 2", None),
        (MD, "1. One.", "1. One. Another.", "point 1 is 2 sentences", None),
        (MD, "[on](linear_scratch)", "", "no link to linear_scratch", None),
        (MD, "[on](07-activations)", "", "no link to 07-activations", None),
        (MD, "```diagram flow", "```diagram flew", "There is no diagram called 'flew'", "```diagram"),
        (MD, 'edges="@ W"', 'edges="@ W" x="1"', "has no option 'x'", "```diagram"),
        (MD, "sum() == 3", "sum() == 4", "check block: AssertionError", "assert np"),
        (MD, "assert np", "np", "the check block asserts nothing", "```check"),
        (MD, "x = 1 + 1", "x = 1 + 2", "line 1 of its output is '3', not '2'", "```python run"),
        (MD, "print(x)   # -> 2", "print(x)", "it prints 2 lines, and 1 are said", "```python run"),
        (MD, "x = 1 + 1", "x = 1 / 0", "python run block: ZeroDivisionError: division by zero", "x = 1 / 0"),
        (MD, "```mistake", "```text", "the lesson has 2 mistake blocks: 3 needed", None),
        (MD, "```predict", "```text", "the lesson has 2 predict blocks: 3 needed", None),
        (MD, "```worked", "```text", "the lesson has no worked block", None),
        (MD, "```diagram flow", "```text", "the lesson has no diagram block", None),
        (MD, 'value = "x * x"', 'value = "1 / (x - x)"', "the row `y`: divides by zero", "```worked"),
        (MD, 'answer = "(out,)"', 'answer = "(M,)"', "M is not drawn", "```predict"),
        (MD, 'answer = "(N, out)"', 'answer = "(out,)"', "is the answer itself", "```predict"),
        (MD, 'cause = "It happens."\n', "", "`cause` is missing", "```mistake"),
        # quizzes
        (QUIZ, '"linear-layer-q2"', '"linear-layer-q1"', "the id is used twice", '"linear-layer-q1"'),
        (QUIZ, '"linear-layer-q2"', '"activations-q2"', "'activations-q2': the id is used in", None),
        (QUIZ, '"linear-layer-q2"', '"linear-layer-guess-1"', "is used in lesson.md too", '"linear-layer-guess-1"'),
        (QUIZ, 'explain = "This."', 'explain = ""', "must not be empty", "linear-layer-one"),
        (QUIZ, "right = true", "right = false", "exactly one choice must be right, not 0", "linear-layer-one"),
        (QUIZ, 'why = "No."', 'why = "Yes."', "two choices have the same why", "linear-layer-one"),
        (QUIZ, 'text = "that"', 'text = "this"', "two choices read 'this'", "linear-layer-one"),
        (QUIZ, "{a} + 1?", "{b} + 1?", "b is not drawn", "linear-layer-q1"),
        (QUIZ, 'answer = "a - 1"', 'answer = "1 + a"', "is the answer itself", "linear-layer-q1"),
        (QUIZ, 'answer = "a + 1"', 'answer = "a / 3"', "it needs a tolerance", "linear-layer-q1"),
        (QUIZ, 'answer = "a + 5"', 'answer = "a - 90"\ntolerance = 2', "more than a tenth", "linear-layer-q5"),
        (QUIZ, 'text = "What?"', "text = '$\\nosuchmacro$'", "nosuchmacro", "linear-layer-recall"),
        (QUIZ, 'text = "What?"', 'text = "What simply?"', "“simply” is not said here", "simply"),
        (QUIZ, 'answer = "a + 1"', 'answer = "a + 1"\ntolerance = 2', "is the answer itself", "linear-layer-q1"),
        (QUIZ, '"Minus." }]', '"Minus." }, { answer = "a - 1", why = "No." }]', "equals another", "layer-q1"),
        # exercises
        (f"{EX}/challenge.toml", "N = 5, n_in", "N = 1, n_in", "N must be above 1", "N = 1"),
        (f"{EX}/why.md", "Because.", "", "is empty", None),
        (f"{EX}/hints/2.md", "Where?", " ", "is empty", None),
        (f"{EX}/hints/1.md", "Where?", "There.", "no question mark", None),
        (f"{EX}/hints/3.md", "Where?", "Just there.", "“Just” is not said here", "Just"),
        (f"{EX}/starter.py", "fails missing out", "passes", "the starter passes", None),
        (f"{EX}/starter.py", "fails missing out", "fails missing out silently", "without a reason", None),
        (f"{EX}/starter.py", "fails missing out", "breaks exception", "the starter raises", None),
        (f"{EX}/starter.py", "fails missing out", "breaks syntax", "could_not_run syntax", None),
        (f"{EX}/starter.py", "fails missing out", "reference", "The reference failed.", None),
        (f"{EX}/starter.py", "fails missing out", "a = ...  # BLANK 1: a\nfails missing out", "has no blanks", None),
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
        (f"{EX}/wrong/mean.py", "mean-taken", "Mean taken", "`# why: Mean taken`: a label is", "# fails"),
        (f"{EX}/wrong/sign.py", "sign = 1", "mean = 1", "the same code as mean.py", None),
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


def move(file: str, to: str) -> Callable[[Path], object]:
    return lambda root: (root / file).rename(root / to)


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
        (add(f"{EX}/solutions/quick.py"), f"{EX}/solutions/quick.py", "is no file of an exercise"),
        (remove(f"{EX}/wrong/mean.py"), f"{EX}/wrong", "there are 4 wrong files: 5 are needed"),
        (move(f"{EX}/solutions/1-naive.py", f"{EX}/solutions/3-naive.py"), f"{EX}/solutions", "numbered 2, 3"),
        (add(f"{EX}/notes.txt"), f"{EX}/notes.txt", "is no file of an exercise"),
        (add(f"{EX}/wrong/Notes.py~"), f"{EX}/wrong/Notes.py~", "is no file of an exercise"),
        (add("lessons/06-linear-layer/notes.md"), "lessons/06-linear-layer/notes.md", "is no file of the course"),
        (add("quizzes/06-linear-layer.bak"), "quizzes/06-linear-layer.bak", "is no file of the course"),
        (cut_quiz, QUIZ, "has 9 questions: 10 are needed"),
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
    the_problem(paths, "lessons/07-activations/intuition.md", "stands in 06-linear-layer/intuition.md too", "Here is")


def test_a_lesson_takes_ten_to_twenty_five_minutes(paths: Paths) -> None:
    for file in (paths.lessons / "course.toml", paths.lessons.parent / MD):
        file.write_text(file.read_text().replace("minutes = 20", "minutes = 30"))
    the_problem(paths, MD, "`minutes` is 30: a lesson takes 10 to 25")


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
