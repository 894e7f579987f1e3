"""Records as plain text: what a verdict, a run and an answer read like."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import structs

from tests import training_runs
from tutor.cli.asking import feedback_text, judge_line, question_text
from tutor.cli.submissions import Submission
from tutor.cli.words import (
    broken_text,
    count_text,
    end_text,
    exercise_words,
    report_json,
    report_text,
    submission_text,
    tick_text,
)
from tutor.course import Broken, Choice, Feedback, Question, draw
from tutor.grading import Cell, Check, Report, Tensor, TierCount
from tutor.progress import ExerciseState
from tutor.training import End, Tick, duration


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (89.4, "89 s"),
        (89.6, "1 min 30 s"),
        (125, "2 min 05 s"),
        (5400, "1 h 30 min"),
        (90_061, "25 h 01 min"),
    ],
)
def test_a_duration_reads_like_a_clock(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (ExerciseState(), "new"),
        (ExerciseState(attempts=2, right=3, total=4), "3 of 4 right"),
        (ExerciseState(attempts=1), "not right yet"),
        (ExerciseState(passed=True, attempts=3, right=3, total=4), "passed"),
    ],
)
def test_how_far_an_exercise_is(state: ExerciseState, words: str) -> None:
    assert exercise_words(state) == words


def test_a_broken_file_with_and_without_a_line() -> None:
    assert broken_text(Broken(Path("a.md"), 3, "is odd")) == "✗ a.md:3: is odd"
    assert broken_text(Broken(Path("a.md"), None, "is missing")) == "✗ a.md: is missing"


# ── a verdict ────────────────────────────────────────────────────────────────────────────────────────────────────────


def check(name: str, verdict: Any, **facts: Any) -> Check:
    return Check(
        **{
            "name": name,
            "tier": "basic",
            "case": "five samples",
            "verdict": verdict,
            "expected_shape": (4, 3),
            "actual_shape": (4, 3),
            "ratio": None,
            "worst": None,
            "sentence": "",
            **facts,
        }
    )


def report(**facts: Any) -> Report:
    counts = TierCount(0, 0, judged=False)
    return Report(
        **{
            "challenge": "c",
            "source_hash": "0",
            "seed": 1,
            "status": "failed",
            "headline": "grad_b is not summed.",
            "next_step": "",
            "checks": (),
            "tiers": {"basic": counts, "edge": counts, "stress": counts},
            "tensors": (),
            "fault": None,
            "line": None,
            "output": "",
            "output_cut": False,
            "seconds": 0.0,
            **facts,
        }
    )


CELL = Cell((2, 1), got=0.5, expected=-2.0, numeric=None)
ROWS = (
    check("out", "right", ratio=1e-12, worst=structs.replace(CELL, numeric=0.25)),
    check("grad_W", "wrong_value", ratio=0.7, worst=CELL),
    check("grad_b", "wrong_shape", actual_shape=(5, 3)),
    check("grad_x", "not_reached", actual_shape=None),
)
TIERS = {"basic": TierCount(1, 4, True), "edge": TierCount(0, 4, True), "stress": TierCount(0, 4, False)}


def test_a_verdict_is_its_sentence_and_a_table_whose_columns_stand_under_their_names() -> None:
    lines = report_text(report(checks=ROWS, tiers=TIERS)).splitlines()
    assert lines[0] == "✗ grad_b is not summed."
    header, out, wrong, shape, unreached = lines[2:7]
    assert [row[0] for row in (out, wrong, shape, unreached)] == ["✓", "✗", "✗", "·"]
    for column, values in {
        "array": ("out", "grad_W", "grad_b", "grad_x"),
        "shape": ("(4, 3)", "(4, 3)", "(5, 3)", "(4, 3)"),
        "verdict": ("right", "value", "shape", "not reached"),
        "error": ("1e-12", "7e-01"),
        "at": ("2,1", "2,1"),
    }.items():
        at = header.index(f" {column} ") + 1
        rows = (out, wrong, shape, unreached)
        assert [row[at : at + len(v)] for row, v in zip(rows, values, strict=False)] == [*values]
    for column, number in {"yours": "0.5", "expected": "-2", "numeric": "–"}.items():
        assert wrong[: header.index(column) + len(column)].endswith(" " + number)
    assert shape.endswith("  expected (4, 3)")
    assert lines[-1] == "  basic 1/4   edge 0/4   stress –"


def test_a_wide_table_puts_the_cells_of_what_is_wrong_below_its_row() -> None:
    long = structs.replace(ROWS[1], name="grad_of_a_name_that_leaves_no_room_for_it", expected_shape=(4, 3, 11, 12))
    lines = report_text(report(checks=(ROWS[0], long), tiers=TIERS)).splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[3].split() == ["✓", "out", "(4,", "3)", "right", "1e-12"]
    assert lines[5] == "    at 2,1: yours 0.5, expected -2, numeric –"


def test_wrong_and_right_are_told_apart_in_digits() -> None:
    near = check("out", "wrong_value", ratio=1e-6, worst=Cell((0,), got=0.12345678, expected=0.12345612, numeric=None))
    assert "0.123457  0.123456  " in report_text(report(checks=(near,), tiers=TIERS))


def test_sentences_are_wrapped_and_nothing_of_the_report_is_left_out() -> None:
    sentence = "A sentence that goes on and on " * 5
    text = report_text(
        report(headline=sentence, next_step=sentence, variant="epsilon inside", notes=("Worth knowing.", sentence))
    )
    assert max(map(len, text.splitlines())) <= 80 and " ".join(text.split()).count(sentence.strip()) == 3
    assert "\n\n  Judged as the variant: epsilon inside.\n  Note: Worth knowing.\n" in text


def test_a_verdict_shows_what_was_printed_as_text_alone() -> None:
    text = report_text(report(line=7, output="\x1b[31mred\x1b[0m\n", output_cut=True, warnings=("overflow\x07",)))
    assert "  Line 7.\n" in text and text.endswith("\n  Warning: overflow␇\n\nYour output:\nred\n… (cut)")
    assert "Line" not in report_text(report(line=7, headline="It stopped in line 7."))
    assert report_text(report(status="passed", headline="Passed.")) == "✓ Passed."
    endless = report_text(report(output="x\n" * 1000)).splitlines()
    assert len(endless) < 70 and endless[-1] == "… (940 more lines; --json has them)"


def test_numbers_that_json_does_not_know_are_words() -> None:
    worst = Cell((0,), got=float("nan"), expected=float("-inf"), numeric=1.5)
    tensor = Tensor("out", yours=[[1.0, float("inf")], [2.0, 3.0]], expected=float("nan"), numeric=None)
    raw = report_json(report(checks=(check("out", "non_finite", ratio=None, worst=worst),), tensors=(tensor,)))
    told = json.loads(raw)
    assert told["checks"][0]["worst"] == {"index": [0], "got": "nan", "expected": "-inf", "numeric": 1.5}
    assert told["tensors"] == [{"name": "out", "yours": [[1.0, "inf"], [2.0, 3.0]], "expected": "nan", "numeric": None}]
    again = msgspec.json.decode(raw, type=Report, strict=False)
    assert again.checks[0].worst is not None and str(again.checks[0].worst.got) == "nan"


def test_a_submission_is_one_line_whatever_its_name_and_its_words() -> None:
    odd = Submission("a\x1b[2J\nb.py", report(headline="It stopped with\nValueError\x07."))
    assert submission_text(odd, 8) == "✗ a b.py    It stopped with ValueError␇."
    assert count_text({"passed": 2, "could_not_run": 1}) == "2 passed, 0 failed, 1 could not run"


# ── a run ────────────────────────────────────────────────────────────────────────────────────────────────────────────

CONFIG = structs.replace(training_runs.CONFIG, id="3-linear_scratch", epochs=30, seed=1, pace=0.0)


def tick(**facts: Any) -> Tick:
    return Tick(
        **{
            "config": CONFIG,
            "state": "running",
            "paused": False,
            "step": 0,
            "epoch": 1,
            "loss": None,
            "lr": None,
            "held_back": None,
            "steps_per_s": None,
            "seconds_left": None,
            "elapsed": 0.0,
            "pace": 0.0,
            "end": None,
            "events": (),
            "new_points": 0,
            **facts,
        }
    )


def test_a_run_says_only_what_is_known() -> None:
    assert tick_text(tick(state="queued")).split() == ["3-linear_scratch", "queued", "epoch", "1/30"]
    whole = tick_text(tick(epoch=31, loss=0.25, held_back=0.9511, steps_per_s=1234.4, seconds_left=125.0))
    assert [part.strip() for part in whole.split("  ")][-5:] == [
        "epoch 30/30",
        "about 2 min 05 s left",
        "loss 0.2500",
        "held back 95.1%",
        "1,234 steps/s",
    ]
    assert "paused" in tick_text(tick(paused=True))


def test_how_a_run_ended() -> None:
    assert end_text(tick(state="lost")) == "lost"
    assert end_text(tick(state="failed", end=End("failed", "It raised.", 3))) == "failed: It raised."


# ── an answer ────────────────────────────────────────────────────────────────────────────────────────────────────────

CHOICES = (
    Choice("right one", "because", right=True),
    Choice("wrong one", "not so"),
    Choice("also right", "it is", True),
)
SEVERAL = draw(Question(id="q", kind="several", text="Which?", explain="E.", choice=CHOICES), 0)
ONE = draw(Question(id="q", kind="one", text="Which?", explain="E.", choice=CHOICES[:2]), 0)
NUMBER = draw(Question(id="q", kind="number", text="How many?", explain="E.", answer="3"), 0)


def test_choices_are_numbered_in_the_order_in_which_they_were_drawn() -> None:
    lines = question_text(SEVERAL).splitlines()
    assert lines == ["Which?", *(f"  {n}  {choice.text}" for n, choice in enumerate(SEVERAL.choices, 1))]


@pytest.mark.parametrize("line", ["", "0", "4", "1 4", "two", "-1", "1.5", "²", "1" * 5000, "1 x"])
def test_a_line_that_picks_nothing_is_asked_again(line: str) -> None:
    told = judge_line(SEVERAL, line)
    assert not told.understood and told.sentence == "Type the number of a choice, 1 to 3."


def test_numbers_of_choices_are_judged() -> None:
    right = [n for n, choice in enumerate(SEVERAL.choices, 1) if choice.right]
    assert judge_line(SEVERAL, ",".join(map(str, right))).right
    assert not judge_line(SEVERAL, str(right[0])).right
    assert not judge_line(SEVERAL, "1 2 3").right
    assert not judge_line(ONE, "1 2").understood
    assert [judge_line(ONE, str(n)).right for n in (1, 2)] == [choice.right for choice in ONE.choices]
    assert judge_line(NUMBER, "3").right and not judge_line(NUMBER, "three").understood


def test_feedback_says_right_once() -> None:
    assert feedback_text(Feedback(True, "Right.", "So it is.")) == "✓ Right.\nSo it is."
    assert feedback_text(Feedback(True, "Right: these, and only these.", "E.")) == "✓ Right: these, and only these.\nE."
    assert feedback_text(Feedback(False, "The sign is off.", "E.")) == "✗ Not right. The sign is off.\nE."
