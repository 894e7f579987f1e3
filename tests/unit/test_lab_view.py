"""The Lab's lines: pure functions of a report and a size."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.grading import Check, Report, Tensor, TierCount
from tutor.grading.report import Cell, Status, Verdict
from tutor.tui.screens import lab_view, output_view
from tutor.tui.screens.lab_view import Head

NAMES = ["out", "grad_W", "grad_b", "grad_input"]
VERDICTS: list[Verdict] = ["right", "wrong_value", "wrong_shape", "wrong_dtype", "non_finite", "missing", "not_reached"]


def check(name: str, verdict: Verdict) -> Check:
    shape = (5, 3) if verdict in ("right", "wrong_value", "non_finite") else None
    ratio = {"right": 1e-16, "wrong_value": 0.66}.get(verdict)
    worst = Cell((0, 2), -0.5, 0.25, 0.25) if verdict == "wrong_value" else None
    return Check(name, "basic", "five samples", verdict, (5, 3), shape, ratio, worst, f"{name} is {verdict}.")


def report(verdicts: list[Verdict], status: Status = "failed", output: str = "", **more: object) -> Report:
    checks = tuple(check(name, verdict) for name, verdict in zip(NAMES, verdicts, strict=False))
    wrong = next((c for c in checks if c.verdict not in ("right", "not_reached")), None)
    values: list[object] = [[float(row + column) for column in range(3)] for row in range(5)]
    return Report(
        challenge="linear_scratch",
        source_hash="",
        seed=1,
        status=status,
        headline=wrong.sentence if wrong else "Passed: all 4 results are right in every tier.",
        next_step="",
        checks=checks,
        tiers={tier: TierCount(4, 4, tier != "stress") for tier in ("basic", "edge", "stress")},
        tensors=tuple(Tensor(name, values, values, values) for name in NAMES),
        fault=None,
        line=None,
        output=output,
        output_cut=False,
        seconds=0.01,
        **more,  # type: ignore[arg-type]
    )


@given(
    verdicts=st.lists(st.sampled_from(VERDICTS), max_size=4),
    chosen=st.integers(-1, 5),
    stale=st.booleans(),
    width=st.integers(20, 140),
    height=st.integers(5, 60),
)
def test_no_line_is_wider_than_its_place(
    verdicts: list[Verdict], chosen: int, stale: bool, width: int, height: int
) -> None:
    lines = lab_view.tensors(report(verdicts), chosen, stale, width, height)
    assert all(line.cell_length <= width for line in lines[: len(verdicts) + 1])
    assert len(lines) > len(verdicts)


def test_a_small_screen_holds_the_whole_diff() -> None:
    lines = lab_view.tensors(report(["right", "wrong_value", "right", "right"]), 1, False, 76, 14)
    assert len(lines) <= 14
    assert any("[0, 2]" in line.plain for line in lines)  # the worst cell is among them


def test_the_first_wrong_is_the_brightest_and_what_follows_is_dimmed() -> None:
    lines = lab_view.table(report(["right", "wrong_shape", "wrong_value"]), 1, False, 60)
    assert [line.plain[2] for line in lines[1:]] == ["✓", "✗", "✗"]
    styles = [str(line.spans[-1].style) for line in lines[1:]]
    assert styles == ["$foreground", "bold $bright", "$dim"]


def test_a_stale_table_is_grey_throughout() -> None:
    lines = lab_view.table(report(["right", "wrong_shape"]), -1, True, 60)
    assert {str(span.style) for line in lines[1:] for span in line.spans} <= {"$dim", "$accent"}


def test_the_headline_is_not_said_twice() -> None:
    wrong = report(["right", "wrong_shape"])
    assert wrong.headline not in "\n".join(line.plain for line in lab_view.detail(wrong, 1, 60))
    assert "out is right." in lab_view.detail(wrong, 0, 60)[0].plain


@pytest.mark.parametrize(("status", "sign"), [("passed", "✓"), ("right_so_far", "◐"), ("failed", "✗")])
def test_the_state_is_told_by_a_sign(status: Status, sign: str) -> None:
    assert lab_view.headline(report(["right"], status), False, 80).plain.startswith(f"{sign} ")


def test_a_long_verdict_hangs_under_its_first_word() -> None:
    lines = lab_view.headline(report(["wrong_value"]), False, 12).plain.split("\n")
    assert len(lines) > 1
    assert all(line.startswith("  ") for line in lines[1:])


@pytest.mark.parametrize("trains", [True, False])
@pytest.mark.parametrize("typing", [True, False])
def test_after_the_pass_the_next_keys_stand_there(trains: bool, typing: bool) -> None:
    words = lab_view.after_the_pass(trains=trains, typing=typing)
    said = lab_view.headline(report(["right"], "passed"), False, 80, passed=words).plain
    assert words in said and "F7 goes on." in said
    assert ("F5" in said) == trains
    assert ("Esc, then s" in said) == typing
    assert words not in lab_view.headline(report(["wrong_value"]), False, 80, passed=words).plain


@given(width=st.integers(1, 200), unsaved=st.booleans(), hints=st.integers(0, 3))
def test_the_title_fits(width: int, unsaved: bool, hints: int) -> None:
    head = Head("06", "Linear layer", "linear_scratch", unsaved, False, 0.012, hints, 3)
    line = lab_view.title(head, width)
    assert line.cell_length <= width
    if width == 200:
        assert ("unsaved" in line.plain) == unsaved
        assert "judged in 12 ms" in line.plain


def test_output_is_shown_as_it_is_and_not_without_end() -> None:
    shown = output_view.output(report(["right"], output="[b]bold[/b]\n\x1b[2J" + "x\n" * 10_000)).plain
    assert "[b]bold[/b]" in shown
    assert "\x1b" not in shown
    assert "the beginning of it" in shown
    assert shown.count("\n") <= output_view.LINES + 2


def test_numpys_warnings_stand_before_the_output() -> None:
    shown = output_view.output(report(["right"], output="mine", warnings=("overflow in exp",))).plain
    assert shown.index("overflow in exp") < shown.index("mine")


def test_no_output_says_so() -> None:
    assert output_view.output(None).plain == output_view.output(report(["right"])).plain == "Nothing was printed."
