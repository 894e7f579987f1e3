"""What the check demands of exercises, on a small course: no answer given away, variants, blanks, PyTorch."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from typing import Any

import pytest

import tutor.authoring.runs
from tests.small_course import EX, FakeBox, fake_grade, found, the_problem
from tutor.authoring import check
from tutor.authoring.answers import answer_problems, answers_to
from tutor.authoring.exercise_files import WrongFile, read_wrong
from tutor.course import (
    Challenge,
    load_challenge,
)
from tutor.errors import BoxError
from tutor.grading import Prepared, Report
from tutor.paths import Paths


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
    the_problem(paths, f"{EX}/variants", "has the variants a.py, b.py, c.py")
    (folder / "variants").mkdir()
    for name in "abc":
        (folder / "variants" / f"{name}.py").write_text(f"{name} = 1\nfails wrong_value out\n")
    the_problem(paths, f"{EX}/starter.py", "is one of its variants")
    (folder / "starter.py").write_text((folder / "variants" / "b.py").read_text())
    assert found(paths) == ()
    (folder / "variants" / "c.py").write_text("c = 1\npasses\n")
    the_problem(paths, f"{EX}/variants/c.py", "this variant passes")
    (folder / "variants" / "c.py").write_text("c = 1\nbreaks syntax\n")
    the_problem(paths, f"{EX}/variants/c.py", "is no Python")
    (folder / "variants" / "c.py").write_text("a = 1\nfails wrong_value out\n")
    the_problem(paths, f"{EX}/variants/c.py", "the same code as a.py")
    (folder / "variants" / "c.py").write_text("c = 1  # the bug\nfails wrong_value out\n")
    the_problem(paths, f"{EX}/variants/c.py", "gives the fault away: “bug”")


STARTER = """class Linear:
    def forward(self, x):
        \"\"\"Map x to the output.\"\"\"
        raise NotImplementedError("`forward` is still empty.")
        {more}
"""
SOLUTION = """class Linear:
    def forward(self, x):
        self.x = x  # of this batch
        return x @ self.W + self.b
"""


def test_the_answer_stands_neither_in_the_starter_nor_in_the_first_two_hints(paths: Paths) -> None:
    folder = paths.lessons.parent / EX
    (folder / "solutions" / "1-naive.py").write_text(SOLUTION + "#\npasses\n")
    (folder / "starter.py").write_text(STARTER.format(more="") + "#\nfails missing out\n")
    assert answers_to("scratch", STARTER.format(more=""), SOLUTION) == {"x@self.W+self.b"}
    assert answers_to("fill", "y = ...  # BLANK 1: y\n", "z = 1\ny = x @ self.W + self.b\n") == {"x@self.W+self.b"}
    assert answers_to("debug", "y = x @ self.W - self.b\n", "y = x @ self.W + self.b\n") == {"x@self.W+self.b"}


def test_a_hint_or_a_comment_with_the_answer_is_told(paths: Paths) -> None:
    folder = paths.lessons.parent / EX
    challenge = load_challenge(paths.lessons, "linear_scratch")
    (folder / "solutions" / "1-naive.py").write_text(SOLUTION)
    (folder / "starter.py").write_text(STARTER.format(more=""))
    assert answer_problems(challenge, folder) == []
    (folder / "starter.py").write_text(STARTER.format(more="# out = x@self.W + self.b"))
    (folder / "hints" / "2.md").write_text("Think.\n\n    x @ self.W + self.b\n")
    (folder / "hints" / "3.md").write_text("`x @ self.W + self.b`\n")
    assert [(problem.file.name, problem.line) for problem in answer_problems(challenge, folder)] == [
        ("starter.py", 5),
        ("2.md", 3),
    ]


def test_a_solution_in_pytorch_is_graded_with_torch_or_left_out_with_a_note(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs: dict[str, tuple[str, ...]] = {}

    def noted(challenge: Challenge, source: str, box: Any, *, prepared: Prepared) -> Iterator[Report]:
        needs[source.split()[0]] = challenge.needs
        return fake_grade(challenge, source, box, prepared=prepared)

    monkeypatch.setattr(tutor.authoring.runs, "grade", noted)
    notes: list[str] = []
    (paths.lessons.parent / EX / "solutions" / "3-pytorch.py").write_text("torch\npasses\n")
    assert check(paths, FakeBox(), None, notes.append) == ()  # type: ignore[arg-type]
    assert needs["torch"] == ("torch",)
    assert needs["passes"] == ()
    assert notes == []
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    del needs["torch"]
    assert check(paths, FakeBox(), None, notes.append) == ()  # type: ignore[arg-type]
    assert "torch" not in needs
    assert notes == ["PyTorch is not installed here: solutions in it were not graded: 1 (pip install torch)."]


def test_a_reference_that_fails_is_told_once(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(challenge: Challenge, box: Any, seed: int) -> Prepared:
        raise BoxError("The reference failed.")

    monkeypatch.setattr(tutor.authoring.runs, "prepare", fails)
    the_problem(paths, f"{EX}/challenge.toml", "nothing of it can be graded: The reference failed.")


def test_the_first_lines_of_a_wrong_file_are_read() -> None:
    assert read_wrong("# fails: grad_b wrong_shape\n# why: not-summed\n") == WrongFile(
        "grad_b", "wrong_shape", "not-summed"
    )
    assert read_wrong("# fails: could_not_run timeout\nx = 1") == WrongFile("could_not_run", "timeout")
    assert isinstance(read_wrong("# fails: grad_b wrong_shape\n# why: Not summed\n"), str)
    assert isinstance(read_wrong("x = 1\n"), str)
