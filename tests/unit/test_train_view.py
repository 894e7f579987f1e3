"""The Train screen's lines: pure functions of what is true of a run and a width."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from tests.training_runs import CONFIG
from tutor.training import Control, End, Event, State, Tick
from tutor.tui.curves import Lockstep
from tutor.tui.screens import train_gauges, train_series, train_view
from tutor.tui.screens.train_series import Reading
from tutor.viz.curve import Series

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
EXPLAINED = Event(
    3.0, 700, "explained", "The held-back loss rises.", key="overfitting", lesson="12-sgd", advice="Stop earlier."
)


def notes(tick: Tick, mark: Event | None = None, lesson: str = "", lockstep: Lockstep | None = None) -> str:
    """The words below the chart."""
    return train_view.notes(tick, mark, lesson, lockstep, 118).plain


@pytest.mark.parametrize("state", STATES)
def test_every_state_has_its_sign_and_word(state: State) -> None:
    sign, word, _ = train_view.STATES[state]
    shown = train_view.title(structs.replace(TICK, state=state), 100).plain
    assert f"{sign} {word}" in shown


@pytest.mark.parametrize("state", STATES)
def test_every_state_but_running_says_what_can_be_done_next(state: State) -> None:
    assert bool(notes(structs.replace(TICK, state=state))) == (state != "running")


def test_a_folder_out_of_reach_is_said_whatever_the_run_was() -> None:
    away = structs.replace(TICK, disconnected=True)
    assert "◐ disconnected" in train_view.title(away, 100).plain
    assert "steps/s" not in train_view.title(away, 100).plain
    assert "cannot be reached" in notes(away)


def test_a_paused_run_says_how_it_goes_on_and_no_time_left() -> None:
    paused = structs.replace(TICK, paused=True)
    assert "◐ paused" in train_view.title(paused, 100).plain
    assert "steps/s" not in train_view.title(paused, 100).plain
    assert "left" not in train_view.progress(paused, 100).plain
    assert "space lets it go on" in notes(paused)


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
    events = (Event(1.0, 12, "control", "batch 32 → 64"), Event(2.0, 13, "epoch", epoch=2))
    end = End("failed", "Line 3 of your file raised ValueError: [b]no[/b]", 14, line=3)
    ended = structs.replace(TICK, state="failed", end=end, events=events)
    shown = notes(ended, train_view.newest_mark(events)).split("\n")
    assert shown[:2] == ["Line 3 of your file raised ValueError: [b]no[/b]", "▾ 12  batch 32 → 64"]


def test_an_explanation_is_a_sentence_what_to_try_and_the_lesson() -> None:
    events = (EXPLAINED, Event(4.0, 800, "control", "batch 32 → 64"))
    mark = train_view.newest_mark(events)
    assert mark is EXPLAINED  # the change was the learner's own
    assert notes(TICK, mark, "r reads lesson 12 Training loop.").split("\n") == [
        "▾ 700  The held-back loss rises.",
        "Stop earlier.  r reads lesson 12 Training loop.",
    ]
    assert train_view.newest_mark(()) is None


@given(width=st.integers(20, 160), rows=st.integers(1, 8), mark_first=st.booleans())
def test_no_sentence_below_the_chart_is_cut_in_the_middle(width: int, rows: int, mark_first: bool) -> None:
    tick = structs.replace(TICK, state="done", end=End("done", "All 60 epochs are done.", 2700))
    lockstep = Lockstep(2e-16, 3e-15, 40, None, 50)
    said = train_view.notes(
        tick, EXPLAINED, "r reads lesson 12 Training loop.", lockstep, width, rows, mark_first=mark_first
    )
    assert len(said.split("\n")) <= rows
    assert max(line.cell_length for line in said.split("\n")) <= width
    if width >= 80:
        assert said.plain.rstrip().endswith(".")
        assert said.plain.startswith("▾ 700" if mark_first else "All 60")


@pytest.mark.parametrize(
    ("found", "sign", "words"),
    [
        (
            Lockstep(2e-16, 3e-15, 40, None, 50),
            "✓",
            "within 3e-15 of PyTorch's at equal weights, the loss within 2e-16.",
        ),
        (
            Lockstep(2e-9, 3e-2, 40, 17, 50),
            "✗",
            "from step 17 on your code differs from PyTorch at equal weights, in a gradient by up to 3e-02, at step",
        ),
    ],
)
def test_lockstep_says_the_largest_difference_and_where_they_part(found: Lockstep, sign: str, words: str) -> None:
    said = notes(TICK, lockstep=found)
    assert said.startswith(f"{sign} Lockstep: ")
    assert words in said


@given(width=st.integers(20, 160), count=st.integers(0, 6))
def test_no_reading_is_cut_and_none_is_wider_than_the_screen(width: int, count: int) -> None:
    values = [Reading(f"run {n}", "curve3", "a", 0.5 + n, 0.5 + n + n % 2) for n in range(count)]
    said = train_view.reading(853, (19.0, 12.5), values, EXPLAINED, width)
    assert all(f"run {n} " in said.plain for n in range(count))
    if width >= 40:
        assert max(line.cell_length for line in said.split("\n")) <= width


def test_the_nearest_event_is_the_nearest_and_none_when_all_are_far() -> None:
    events = [Event(0.0, 10, "control", "one"), Event(0.0, 90, "note", "two")]
    for step, within, told in ((12, 30, "one"), (60, 40, "two"), (50, 5, None)):
        found = train_view.nearest(events, step, within)
        assert (found.text if found else None) == told


def test_of_several_events_at_one_step_an_explanation_is_told_else_the_last() -> None:
    events = [Event(0.0, 700, "control", "batch 32 → 64"), Event(0.0, 700, "control", "batch 64 → 8")]
    assert train_view.nearest(events, 690, 30) is events[1]
    assert train_view.nearest([EXPLAINED, *events], 690, 30) is EXPLAINED


@given(st.integers(0, 5), st.integers(30, 120))
def test_every_run_beside_it_has_its_letter_its_name_and_its_state(count: int, width: int) -> None:
    ticks = [structs.replace(TICK, state="done", config=structs.replace(CONFIG, id=f"{n}-net")) for n in range(count)]
    said = train_view.beside(ticks, width)
    for number, letter in zip(range(count), "abcde", strict=False):
        assert f"{letter} {number}-net ✓ done" in said.plain
    assert max(line.cell_length for line in said.split("\n")) <= width


# ── gauges ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def gauges(values: train_gauges.Trails, rows: int = 30) -> list[str]:
    """The lines beside the chart."""
    return train_gauges.gauges(TICK, values, Control(batch=64), rows).plain.split("\n")


def test_a_parameter_has_its_norm_its_past_and_its_step() -> None:
    (line,) = [
        line
        for line in gauges({"grad_norm.W1": (10.0, 1.0, 0.1, 0.0712), "update_ratio.W1": (1e-3, 3.4e-3)})
        if line.startswith("W1")
    ]
    assert "0.071" in line and "3.4e-03" in line and "✓" in line and "▆▃▁" in line


@pytest.mark.parametrize(("ratio", "word"), [(0.4, "✗ long"), (1e-7, "✗ short"), (1e-3, "✓"), (float("nan"), "")])
def test_a_step_off_the_healthy_band_is_said(ratio: float, word: str) -> None:
    lines = gauges({"grad_norm.W2": (277.788,) * 9, "update_ratio.W2": (ratio,)})
    assert any(line.startswith("W2") and line.endswith(word) for line in lines)
    assert max(map(len, lines)) <= train_gauges.WIDTH  # else it is broken beside the chart
    assert train_gauges.verdict("W2", ratio)[0] == word
    assert train_gauges.verdict("b2", ratio)[0] == ""  # a bias begins at zero


def test_dead_units_are_a_share_a_bar_and_a_sign() -> None:
    lines = gauges({"dead.1": (0.0, 0.25), "dead.2": (0.0, 0.75)})
    assert "██░░░░░░   25%" in lines[1] and "✗" not in lines[1]
    assert "██████░░   75% ✗" in lines[2]


def test_of_the_machine_only_what_was_measured_is_said() -> None:
    nan = float("nan")
    said = "\n".join(gauges({"cpu": (nan, 0.98), "rss_mb": (60.0, 61.0), "gpu": (nan, nan), "gpu_mb": (nan, nan)}))
    assert "CPU            1.0 cores" in said and "61 MB" in said and "45 steps/s" in said
    assert "GPU" not in said
    assert "batch          64" in said


@given(layers=st.integers(0, 40), rows=st.integers(1, 40))
def test_a_deep_network_fits_and_says_what_is_left_out(layers: int, rows: int) -> None:
    values = {f"grad_norm.{kind}{n}": (0.1, 0.1) for n in range(1, layers + 1) for kind in "Wb"}
    lines = gauges(values, rows)
    assert len(lines) <= rows
    if rows >= 20 and layers >= 30:
        shown = sum(line.startswith("W") for line in lines)
        assert f"and {layers - shown} more" in lines
        assert not any(line.startswith("b") and line[1].isdigit() for line in lines)


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=8))
def test_bars_are_as_many_as_the_values(values: list[float]) -> None:
    assert len(train_gauges.spark(values)) == len(values)


def test_a_run_beside_it_that_diverged_does_not_press_it_flat() -> None:
    steps = np.arange(1.0, 101.0)
    own = [Series("", steps, 3 / steps), Series("", steps[:1], np.array([np.nan]))]
    most = train_series.headroom(own, 0, 100)
    assert most == 6.0
    assert train_series.headroom(own, 10, 100) == 0.6  # of what is in sight
    assert train_series.headroom(own[1:], 0, 100) == np.inf
    beside = train_series.OnAxis(
        Series("", steps, 10.0**steps), train_series.Axis("step"), "", "curve3", "dotted", "a", most
    )
    assert (beside.ranges().low[0], beside.ranges().high.max()) == (6.0, 6.0)
