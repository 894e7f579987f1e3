"""The Train screen's lines: pure functions of a tick and a width; and the curve that the eye can follow."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from tests.training_runs import CONFIG
from tutor.training import End, Event, State, Tick
from tutor.tui.curves import Curves, RunningMean
from tutor.tui.screens import train_view

TICK = Tick(
    config=CONFIG,
    state="running",
    paused=False,
    step=853,
    epoch=20,
    loss=0.1,
    lr=0.1,
    held_back=0.964,
    steps_per_s=45.0,
    seconds_left=85.0,
    elapsed=19.0,
    pace=45.0,
    end=None,
    events=(),
    new_points=0,
)
STATES: tuple[State, ...] = get_args(State)


@pytest.mark.parametrize("state", STATES)
def test_every_state_has_its_sign_and_word(state: State) -> None:
    sign, word, _ = train_view.STATES[state]
    shown = train_view.title(structs.replace(TICK, state=state), 100).plain
    assert f"{sign} {word}" in shown


def test_a_paused_run_says_how_it_goes_on_and_no_time_left() -> None:
    paused = structs.replace(TICK, paused=True)
    assert "◐ paused" in train_view.title(paused, 100).plain
    assert "steps/s" not in train_view.title(paused, 100).plain
    assert "left" not in train_view.progress(paused, 100).plain
    assert "space lets it go on" in train_view.notes(paused).plain


@given(width=st.integers(1, 200), state=st.sampled_from(STATES), left=st.floats(0, 1e6))
def test_no_line_is_wider_than_the_screen(width: int, state: State, left: float) -> None:
    tick = structs.replace(TICK, state=state, seconds_left=left)
    assert train_view.progress(tick, width).cell_length <= width
    if width >= 30:
        assert train_view.title(tick, width).cell_length <= width


def test_the_time_left_has_its_place_on_a_small_screen() -> None:
    assert "85 s left" in train_view.progress(TICK, 78).plain
    assert "3 min 00 s left" in train_view.progress(structs.replace(TICK, seconds_left=180.0), 78).plain
    assert "paced" in train_view.progress(TICK, 118).plain


def test_what_ended_a_run_comes_first_and_is_shown_literally() -> None:
    events = (Event(1.0, 12, "control", "full speed"), Event(2.0, 13, "epoch", epoch=2))
    end = End("failed", "Line 3 of your file raised ValueError: [b]no[/b]", 14, line=3)
    shown = train_view.notes(structs.replace(TICK, state="failed", end=end, events=events)).plain.split("\n")
    assert shown == ["Line 3 of your file raised ValueError: [b]no[/b]", "▾ 12  full speed"]


def test_gauges_stand_one_a_line() -> None:
    values = {"grad_norm.W1": 0.0712, "update_ratio.W1": 3.4e-3, "dead.1": 0.25}
    shown = train_view.gauges(TICK, values).plain
    assert "W1" in shown and "0.071" in shown and "3.4e-03" in shown and "25.0%" in shown


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60),
    st.integers(1, 30),
    st.lists(st.integers(1, 10), max_size=9),
)
def test_the_running_mean_does_not_care_how_the_points_arrive(values: list[float], span: int, cuts: list[int]) -> None:
    losses = np.array(values)
    whole = RunningMean(span).extend(losses)
    pieces, running, at = [], RunningMean(span), 0
    for cut in [*cuts, len(values)]:
        pieces.append(running.extend(losses[at : at + cut]))
        at += cut
    assert np.concatenate(pieces).tolist() == whole.tolist()
    assert whole.min() >= losses.min() - 1e-6 and whole.max() <= losses.max() + 1e-6
    if len(values) <= span:
        assert whole[-1] == pytest.approx(losses.mean(), abs=1e-6)


def test_what_is_not_finite_is_passed_on_and_not_remembered() -> None:
    means = RunningMean(4).extend(np.array([1.0, np.nan, np.inf, 3.0]))
    assert means[0] == 1.0
    assert np.isnan(means[1])
    assert np.isinf(means[2])
    assert means[3] == 2.0


def test_the_mean_is_calmer_and_both_curves_are_kept() -> None:
    curves = Curves(CONFIG)
    rng = np.random.default_rng(0)
    losses = (1.0 + 0.3 * rng.standard_normal(2700)).astype(np.float32)
    curves.extend(np.arange(1, 2701), losses)
    late = curves.mean.ranges().high[100:]
    assert late.std() < 0.3 * losses.std()
    assert curves.every_batch.points == curves.mean.points == 2700
