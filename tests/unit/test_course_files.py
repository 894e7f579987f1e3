from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tutor.course import (
    Broken,
    CheckCode,
    Diagram,
    LessonHead,
    Math,
    Mistake,
    Predict,
    Prose,
    PythonRun,
    blanks,
    expected_output,
    hint,
    hints,
    lesson_text,
    list_challenges,
    load_challenge,
    load_course,
    load_lesson,
    load_quiz,
    markdown_text,
    resolve,
    runnable,
    solutions,
    starter,
    starters,
    why,
)
from tutor.course.reader import line_of
from tutor.errors import ContentError, UnknownName

LESSON = """+++
title = "Linear layer"
concept = "linear-layer"
goal = "Write it."
minutes = 20
difficulty = "easy"
objectives = ["write it"]
+++

## One `page`

Words that **ask**.

```text
## no heading
```

```math
y = x
```

```predict
id = "guess"
kind = "number"
text = "How many in `({N},)`?"
answer = "N"
explain = "1. All of {N}."
draw = { N = [3] }
```

## Two

```python run
1 + 1  # -> 2
```

```diagram flow nodes="x:(N, 2)|y:(N, 3)" edges="@ W"
```

```mistake
title = "A slip"
symptom = "It shows."
cause = "It happens."
test = "Look."
```

```check
assert True
```

- an item of the list
"""


@pytest.fixture
def lessons(tmp_path: Path) -> Path:
    lessons = tmp_path / "lessons"
    (lessons / "06-linear-layer").mkdir(parents=True)
    (lessons / "06-linear-layer" / "lesson.md").write_text(LESSON)
    (lessons / "06-linear-layer" / "math.md").write_text("## Derivation\nLet it be.\n")
    (lessons / "course.toml").write_text(
        """[[part]]
title = "Layers"
lesson = [
    { slug = "06-linear-layer", title = "Linear layer", minutes = 20 },
    { slug = "07-activations", title = "Activations", minutes = 20 },
]
"""
    )
    return lessons


# ── the map and the lessons ──────────────────────────────────────────────────────────────────────────────────────────


def test_the_map_says_what_is_ready_and_what_is_in_preparation(lessons: Path) -> None:
    course = load_course(lessons)
    assert course.parts == ("Layers",)
    ready, coming = course.entries
    assert isinstance(ready.head, LessonHead)
    assert ready.head.title == "Linear layer"
    assert coming.head is None
    assert course.broken == ()


@pytest.mark.parametrize("name", ["06-linear-layer", "linear-layer", "06", "6", "Linear-Layer"])
def test_a_lesson_is_found_by_slug_concept_and_number(lessons: Path, name: str) -> None:
    assert resolve(load_course(lessons), name).outline.slug == "06-linear-layer"
    assert load_lesson(lessons, name).slug == "06-linear-layer"


@pytest.mark.parametrize(("name", "nearest"), [("linear-lair", "linear-layer"), ("activation", "activations")])
def test_an_unknown_lesson_gets_the_nearest_name(lessons: Path, name: str, nearest: str) -> None:
    with pytest.raises(UnknownName) as caught:
        resolve(load_course(lessons), name)
    assert caught.value.nearest == nearest


def test_a_lesson_in_preparation_cannot_be_read(lessons: Path) -> None:
    with pytest.raises(UnknownName, match="06-linear-layer"):
        load_lesson(lessons, "activations")


def test_a_lesson_is_cut_into_pages_and_blocks_with_their_lines(lessons: Path) -> None:
    lesson = load_lesson(lessons, "06-linear-layer")
    assert [section.title for section in lesson.sections] == ["One `page`", "Two"]
    one, two = (section.blocks for section in lesson.sections)
    assert [type(block) for block in one] == [Prose, Math, Predict]
    assert [type(block) for block in two] == [PythonRun, Diagram, Mistake, CheckCode, Prose]
    lines = LESSON.split("\n")
    for block in one + two:
        starts = {Prose: ("Words", "- an"), Math: "```math", Predict: "```predict", PythonRun: "```python run"}
        assert lines[block.line - 1].startswith(starts.get(type(block), "```"))  # type: ignore[arg-type]
    assert isinstance(one[2], Predict)
    assert one[2].question.lesson == "06-linear-layer"
    assert isinstance(two[1], Diagram)
    assert two[1].options == {"nodes": "x:(N, 2)|y:(N, 3)", "edges": "@ W"}
    assert lesson.intuition == ()
    assert lesson.math[0].title == "Derivation"


def test_a_plain_lesson_reads_from_top_to_bottom_with_its_answers_last(lessons: Path) -> None:
    text = lesson_text(load_lesson(lessons, "06-linear-layer"), width=60)
    assert text.startswith("06 Linear layer\n===============\n")
    for words in (
        "Words that ask.",
        "    ## no heading",
        "    y  =  x",
        "Mistake: A slip",
        "  To tell: Look.",
        "(N, 2)",
    ):
        assert words in text
    assert "assert True" not in text
    assert "1. 3. 1. All of 3." in text.split("Answers\n-------")[1]
    assert max(map(len, text.split("\n"))) <= 60


def test_markdown_becomes_plain_text() -> None:
    md = (
        "# T\n\na *b* `c d` [e](https://f.example)\n\n1. x\n   - y\n2. z\n\n> q\n\n| k | v |\n|---|---|\n| long | 1 |\n"
    )
    assert markdown_text(md) == (
        "T\n-\n\na b `c d` e (https://f.example)\n\n1. x\n   - y\n2. z\n\n| q\n\nk     v\n----  -\nlong  1"
    )


# ── code in lessons ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_listing_runs_as_at_the_prompt_and_keeps_its_lines() -> None:
    source = "x = 2\nx + 1  # -> 3\n(x +\n 3)\n# -> 5\nprint('é', x); x\nNone\n# ->\n"
    out = subprocess.run([sys.executable, "-c", runnable(source)], capture_output=True, text=True, check=True)
    assert out.stdout == "3\n5\né 2\n2\n"
    assert runnable(source).count("\n") == source.count("\n")
    assert expected_output(source) == ("3", "5", "")


def test_expected_lines_keep_their_indent_and_strings_are_no_comments() -> None:
    assert expected_output("print(1)\n# -> [[1]\n# ->  [2]]\ns = '# -> no'\n") == ("[[1]", " [2]]")


# ── blanks ───────────────────────────────────────────────────────────────────────────────────────────────────────────

BLANKS = """class Linear:
    def backward(self, g):
        self.grad_W = ...  # BLANK 1: the gradient of W
        first = g[..., 0]  # BLANK 2: filled, and the comment kept
        text = "... # BLANK 3: in a string"
        total = sum(...,  # BLANK 4: in a call
                    0)
        return ...
"""


def test_blanks_are_ellipses_beside_their_comment() -> None:
    found = [(blank.number, blank.line, blank.text) for blank in blanks(BLANKS)]
    assert found == [(1, 3, "the gradient of W"), (4, 6, "in a call")]


def test_blanks_are_found_in_a_file_that_does_not_parse() -> None:
    assert [blank.number for blank in blanks(BLANKS + "    if (:\n  '''\n")] == [1, 4]


# ── exercises ────────────────────────────────────────────────────────────────────────────────────────────────────────

REAL = Path(__file__).parents[2] / "lessons" / "06-linear-layer" / "linear_scratch" / "challenge.toml"


@pytest.fixture
def exercise(lessons: Path) -> Path:
    folder = lessons / "06-linear-layer" / "linear_scratch"
    (folder / "hints").mkdir(parents=True)
    (folder / "solutions").mkdir()
    (folder / "challenge.toml").write_text(REAL.read_text())
    (folder / "starter.py").write_text("start\n")
    (folder / "why.md").write_text("because\n")
    for n in (1, 2, 3):
        (folder / "hints" / f"{n}.md").write_text(f"hint {n}\n")
    for name in ("10-last", "2-vectorised", "1-naive"):
        (folder / "solutions" / f"{name}.py").write_text(name)
    return folder


def test_an_exercise_and_the_files_beside_it(lessons: Path, exercise: Path) -> None:
    challenge = load_challenge(lessons, "linear_scratch")
    assert challenge.folder == exercise
    assert starter(challenge) == "start\n"
    assert why(challenge) == "because\n"
    assert hints(challenge) == 3
    assert hint(challenge, 2) == "hint 2\n"
    with pytest.raises(UnknownName):
        hint(challenge, 4)
    assert solutions(challenge) == (("naive", "1-naive"), ("vectorised", "2-vectorised"), ("last", "10-last"))


def test_a_debug_exercise_starts_from_a_drawn_variant_and_again_from_another_one(lessons: Path, exercise: Path) -> None:
    toml = exercise / "challenge.toml"
    toml.write_text(toml.read_text().replace('kind = "scratch"', 'kind = "debug"'))
    (exercise / "variants").mkdir()
    for name in "ab":
        (exercise / "variants" / f"{name}.py").write_text(name)
    challenge = load_challenge(lessons, "linear_scratch")
    a, b = starters(challenge)
    assert (a, b) == ("# linear_scratch, variant a\na", "# linear_scratch, variant b\nb")
    assert {starter(challenge) for _ in range(100)} == {a, b}
    for text in (a, f"import math\n{a}  # mended"):
        assert starter(challenge, instead_of=text) == b
    assert {starter(challenge, instead_of="of its own") for _ in range(100)} == {a, b}


@pytest.mark.parametrize("name", ["linear_scrath", "../06-linear-layer/linear_scratch", "", "."])
def test_an_unknown_exercise_gets_the_nearest_name(lessons: Path, exercise: Path, name: str) -> None:
    with pytest.raises(UnknownName, match="linear_scratch"):
        load_challenge(lessons, name)


@pytest.mark.parametrize(
    ("old", "new", "reason", "line_with"),
    [
        ('id = "linear_scratch"', 'id = "other"', "the folder is 'linear_scratch'", 'id = "other"'),
        ('lesson = "06-linear-layer"', 'lesson = "07-x"', "the folder stands in '06-linear-layer'", "lesson ="),
        ('x = ["N", "n_in"]', 'x = ["N", "n"]', "basic case 1: the arrays need the size n", "sizes = { N = 5, n_in"),
        ("n_out = 1 }", "n_out = 0 }", "edge case 2: a size is", "n_out = 0"),
        ('x = "negative_zero"', 'z = "zeros"', "`fill` names 'z'", 'fill = { z = "zeros"'),
        ('x = "huge"', 'x = "large"', "fill.x` is 'large', not one of: zeros", "large"),
        ('grad_b = "d/db"', 'grad_b = "d/dc"', "`judge.results.grad_b` is 'd/dc'", "d/dc"),
        ('grad_b = "d/db"', 'grad_c = "d/db"', "names 'grad_c', which is no result", "grad_c ="),
        ('"tutor.nn.linear"', '"tutor.nn.nothing"', "there is no 'tutor.nn.nothing'", "tutor.nn.nothing"),
        ('"tutor.nn.linear"', '"os.path"', "there is no 'os.path'", "os.path"),
        ('upstream = "g"', 'upstream = "h"', "`judge.upstream` is 'h', which is no array", 'upstream = "h"'),
        ('upstream = "g"\n', "", "derivatives need either", "[judge]"),
        ("{ N = 5, n_in = 4, n_out = 3 }", "{ N = 5, n_in = 4, n_out = 4 }", "all sizes must differ", "n_out = 4"),
        ("{ N = 5, n_in = 4, n_out = 3 }", "{ N = 1, n_in = 4, n_out = 3 }", "N must be above 1", "N = 1"),
        ("out = layer.forward(x)", "out = = x", "`drive.forward` is no Python", "forward ="),
        ('layer = "Linear"', 'layer = "Sigmoid"', "'Sigmoid' is not in `defines`", "layer ="),
        ('kind = "scratch"', 'kind = "scrath"', "`kind` is 'scrath', not one of: fill, scratch, debug", "kind ="),
        ("minutes = 20", 'minutes = "long"', "`minutes` must be a whole number, not text", "minutes ="),
        ("minutes = 20", "minuets = 20", "`minuets` is not known here: did you mean `minutes`?", "minuets"),
    ],
)
def test_a_challenge_that_does_not_fit_together_is_refused_with_its_line(
    lessons: Path, exercise: Path, old: str, new: str, reason: str, line_with: str
) -> None:
    toml = exercise / "challenge.toml"
    text = toml.read_text()
    assert old in text
    toml.write_text(text.replace(old, new, 1))
    with pytest.raises(ContentError) as caught:
        load_challenge(lessons, "linear_scratch")
    assert reason in caught.value.reason
    assert caught.value.file == toml
    assert caught.value.line is not None
    assert line_with in toml.read_text().split("\n")[caught.value.line - 1]
    assert isinstance(list_challenges(lessons)[0], Broken)


# ── quizzes, lines, the face ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_quiz_is_read_with_its_lesson_and_a_wrong_key_has_its_line(tmp_path: Path) -> None:
    question = '[[question]]\nid = "{}"\nkind = "number"\ntext = "?"\nexplain = "."\nanswer = "1"\n'
    file = tmp_path / "06-linear-layer.toml"
    file.write_text(question.format("a") + question.format("b"))
    assert [(q.id, q.lesson) for q in load_quiz(tmp_path, "06-linear-layer")] == [
        ("a", "06-linear-layer"),
        ("b", "06-linear-layer"),
    ]
    file.write_text(question.format("a") + question.format("b") + "tolerance = 'x'\n")
    with pytest.raises(ContentError, match=r"`question 2\.tolerance` must be a number, not text") as caught:
        load_quiz(tmp_path, "06-linear-layer")
    assert caught.value.line == 13
    file.write_text(question.format("a") + question.format("a"))
    with pytest.raises(ContentError, match="twice") as caught:
        load_quiz(tmp_path, "06-linear-layer")
    assert caught.value.line == 8
    with pytest.raises(UnknownName):
        load_quiz(tmp_path, "../lessons/course")


def test_the_line_of_a_key_is_found_in_every_way_of_writing_it() -> None:
    text = 'a = """\nb = 1\n"""\n[t]\nb = { c = 1 }\n[[x.y]]\nk = 1\n[[x.y]]\n"k" = 2\n[x.z]\nq.r = 1\n'
    assert line_of(text, ("t", "b", "c")) == 5
    assert line_of(text, ("x", "y", 1, "k")) == 9
    assert line_of(text, ("x", "y", 1, "missing")) == 8
    assert line_of(text, ("x", "z", "q", "r")) == 11
    assert line_of(text, ("nothing",)) is None


def test_the_face_is_light_until_it_is_used() -> None:
    code = (
        "import sys, tutor.course\n"
        "heavy = {'tomli', 'markdown_it', 'numpy', 'rich', 'click'} & set(sys.modules)\n"
        "records = {'tutor.course.model', 'tutor.course.blocks'}\n"
        "rooms = {m for m in sys.modules if m.startswith('tutor.course.')} - records\n"
        "assert not heavy and not rooms, (heavy, rooms)\n"
        "tutor.course.load_course\n"
        "assert 'markdown_it' not in sys.modules and 'numpy' not in sys.modules\n"
        "for name in tutor.course.__all__: getattr(tutor.course, name)\n"
        "for name in tutor.course.__all__: assert type(getattr(tutor.course, name)) is not type(sys), name\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])
