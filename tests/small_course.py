"""A small course that is right, and the box and the grader as the author's check sees them in it."""

from __future__ import annotations

import contextlib
import io
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tutor.authoring import Problem, check
from tutor.course import (
    Challenge,
)
from tutor.errors import BoxError
from tutor.grading import Check, Prepared, Report
from tutor.learner import BoxJob, BoxResult, CodeError, Fault
from tutor.paths import Paths

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
A number, 2.50, and a formula, $x^2$, of 1986.

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
assert np.ones(3).sum() == 3 and 2.5 > 2
```

```worked
title = "One number"
given = {{ x = 2.0 }}
rows = [{{ name = "y", value = "x * x", note = "$x^2$" }}]
```

## Last page
{blocks}
1. One.
2. Two, `x.T`.
3. Three.

{links}
"""
PREDICT = """
```predict
id = "{concept}-guess-{n}"
kind = "shape"
text = "Which shape has `grad_b` of `({{N}}, {{out}})`?"
answer = "(out,)"
explain = "The batch is summed away."
draw = {{ N = [5, 7], out = [2, 3] }}
[[mistake]]
answer = "(N, out)"
why = "Not summed."
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
OTHERS = """[[question]]
id = "{concept}-one"
kind = "one"
text = "Which?"
explain = "This."
choice = [{{ text = "this", why = "Yes.", right = true }}, {{ text = "that", why = "No." }}]
[[question]]
id = "{concept}-several"
kind = "several"
text = "Which?"
explain = "This."
choice = [{{ text = "this", why = "Yes.", right = true }}, {{ text = "that", why = "No." }}]
[[question]]
id = "{concept}-recall"
kind = "recall"
text = "What?"
explain = "This."
[[question]]
id = "{concept}-order"
kind = "order"
text = "Which first?"
explain = "This."
item = [{{ text = "a", why = "A." }}, {{ text = "b", why = "B." }}, {{ text = "c", why = "C." }}]
[[question]]
id = "{concept}-shape"
kind = "shape"
text = "Which shape has `({{N}}, 2)` summed over axis 0?"
explain = "This."
answer = "(2,)"
draw = {{ N = [5, 7] }}
mistake = [{{ answer = "(N,)", why = "The other axis." }}]
"""
EXERCISE = Path(__file__).parents[1] / "lessons" / "06-linear-layer" / "linear_scratch" / "challenge.toml"


def write_course(root: Path) -> Paths:
    """Two lessons, their quizzes, and an exercise."""
    lessons, quizzes = root / "lessons", root / "quizzes"
    quizzes.mkdir()
    for slug, title, minutes, before, exercises, after in (
        ("06-linear-layer", "Linear layer", 20, "[]", '["linear_scratch"]', ("linear_scratch", "07-activations")),
        ("07-activations", "Activations", 15, '["06-linear-layer"]', "[]", ("08-softmax",)),
    ):
        folder = lessons / slug
        folder.mkdir(parents=True)
        concept = slug[3:]
        values = {
            "title": title,
            "concept": concept,
            "minutes": minutes,
            "blocks": "".join(PREDICT.format(concept=concept, n=n) for n in range(1, 4)),
            "links": "\n".join(f"[on]({link})" for link in after),
        }
        (folder / "lesson.md").write_text(LESSON.format(**values, prerequisites=before, exercises=exercises))
        for name in ("intuition", "math"):
            (folder / f"{name}.md").write_text(f"## {name}\nWords.\n")
        quiz = OTHERS.format(concept=concept) + "".join(QUESTION.format(concept=concept, n=n) for n in range(1, 6))
        (quizzes / f"{slug}.toml").write_text(quiz)
    (lessons / "course.toml").write_text(OUTLINE)
    write_exercise(lessons / "06-linear-layer" / "linear_scratch")
    return Paths(user_data=root / "user_data", lessons=lessons, quizzes=quizzes)


def write_exercise(folder: Path) -> None:
    for name in ("hints", "solutions", "wrong"):
        (folder / name).mkdir(parents=True)
    for n in (1, 2, 3):
        (folder / "hints" / f"{n}.md").write_text("Where?\n")
    (folder / "challenge.toml").write_text(EXERCISE.read_text())
    (folder / "why.md").write_text("Because.\n")
    (folder / "starter.py").write_text("fails missing out\n")
    (folder / "solutions" / "1-naive.py").write_text("passes\n")
    (folder / "solutions" / "2-vectorised.py").write_text("passes\n")
    (folder / "wrong" / "no_sum.py").write_text("# fails: grad_b wrong_shape\nfails wrong_shape grad_b\n")
    (folder / "wrong" / "raises.py").write_text("# fails: could_not_run exception\nbreaks exception\n")
    for name in ("mean", "sign", "twice"):
        source = f"# fails: grad_b wrong_value\n# why: {name}-taken\n# {name}\n{name} = 1\nfails wrong_value grad_b\n"
        (folder / "wrong" / f"{name}.py").write_text(source)


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


def fake_grade(challenge: Challenge, source: str, box: Any, *, prepared: Prepared) -> Iterator[Report]:
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


MD = "lessons/06-linear-layer/lesson.md"
MD7 = "lessons/07-activations/lesson.md"
QUIZ = "quizzes/06-linear-layer.toml"
EX = "lessons/06-linear-layer/linear_scratch"
