"""Every kind of question without a screen: asked, answered and explained line by line."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from tests.kinds import FORMULA, LINE, ORDER, OUTPUT, RECALL
from tutor.cli.asking import ask_all, feedback_text, judge_line, question_text
from tutor.course import Feedback, draw, fill_in
from tutor.paths import Paths
from tutor.progress import Store

FIRST = fill_in(ORDER, {})


def asked_all(folder: Path, monkeypatch: pytest.MonkeyPatch, *lines: str) -> tuple[str, int]:
    """Answer a quiz of all kinds with these lines; how it ends, and how many are stored as right."""
    monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
    paths = Paths(folder / "user_data", folder / "lessons", folder / "quizzes")
    with Store.open(paths) as store:
        said = ask_all("01-kinds", (LINE, FORMULA, OUTPUT, RECALL), store)
        answers = store.refresh().lessons.get("01-kinds")
    return said, answers.quiz_right if answers else 0


def test_all_kinds_are_asked_in_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("secrets.randbits", lambda _: 7)
    output = " ".join(draw(OUTPUT, 7).answer.split())
    lines = ("two", "3", "x.T @", "einsum('ni,no->io', x, g)", "", output, "", "maybe", "2")
    said, right = asked_all(tmp_path, monkeypatch, *lines)
    out = capsys.readouterr().out
    assert (said, right) == ("\n3 of 4 right.", 3)
    assert "  3  self.grad_W = x.T @ g / len(x)" in out and "Pick one of the lines 1, 3, 4." in out
    assert "In NumPy, of x, g, N, n_in, n_out." in out and "something is missing at its end" in out
    assert "    print(g.sum(axis=0))" in out and "Type what the code prints" in out
    assert out.index("enter turns the card") < out.index("One bias,") < out.index("✗ Not yet.")
    assert "Type 1 if you knew it, 2 if not yet." in out
    assert out.count("✓ Right.") == 3


@pytest.mark.parametrize("stop", range(4))
def test_the_end_of_the_input_ends_the_quiz(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], stop: int
) -> None:
    said, _ = asked_all(tmp_path, monkeypatch, *("3", "x.T @ g", "1 2 3", "", "1")[:stop])
    assert said.startswith(f"\n\nStopped after {stop} of 4 questions")


def test_a_wrong_formula_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked_all(tmp_path, monkeypatch, "3", "x.T @ g / N")
    assert "✗ Not right. The mean was taken in the loss." in capsys.readouterr().out


@pytest.mark.parametrize("line", ["1 2 3 4 5", "1,2,3,5,4", "12345", "  1  2 3,5 4 "])
def test_an_order_is_typed_as_numbers(line: str) -> None:
    assert judge_line(FIRST, line).right


@pytest.mark.parametrize("line", ["", "1 2 3", "1 1 2 3 4", "0 1 2 3 4", "first", "1" * 5000])
def test_what_is_no_order_is_asked_again(line: str) -> None:
    told = judge_line(FIRST, line)
    assert not told.understood and told.sentence == "Put all 5 in order, each once."


def test_items_are_numbered_and_code_stands_as_it_is() -> None:
    asked = draw(ORDER, 1)
    assert question_text(asked).split("\n")[1:] == [f"  {n}  {item.text}" for n, item in enumerate(asked.items, 1)]
    assert "\n\n      1  x = self.x\n\n      3  self.grad_W" in question_text(draw(LINE, 1))


def test_a_card_is_not_explained_twice() -> None:
    assert feedback_text(Feedback(True, "", "The back."), "recall") == "✓ You knew it."
