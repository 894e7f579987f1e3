"""What a chart draws of a run: any stretch of it, read in part, in fixed memory, growing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.synthetic_runs import RATE, losses_at, make_run, write_steps
from tutor.training import Event, RunConfig, Tick, Watch
from tutor.training.export import StepFile
from tutor.training.model import TWIN
from tutor.tui.curves import DIRECT, Differences, GaugeHistory, LossCurves, RunningMean, TwinCurve, clock_of
from tutor.tui.screens.train_series import told_by

ALL = (0, 1 << 32)


def opened(run_dir: Path, first: int = 0, last: int = 1 << 32, span: int = 1) -> LossCurves:
    """The curves of a run."""
    return LossCurves(run_dir, config_of(run_dir), first, last, span)


def config_of(run_dir: Path) -> RunConfig:
    """What a run was started with."""
    return Watch(run_dir, points=False).config


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
    assert np.concatenate(pieces) == pytest.approx(whole, abs=1e-6)
    assert whole.min() >= losses.min() - 1e-6 and whole.max() <= losses.max() + 1e-6
    if len(values) <= span:
        assert whole[-1] == pytest.approx(losses.mean(), abs=1e-6)


@pytest.mark.parametrize("span", [2, 3, 10, 1000])
def test_the_running_mean_is_the_one_of_the_textbook_at_any_length(span: int) -> None:
    losses = np.random.default_rng(0).normal(size=5000)
    mean, expected = 0.0, []
    for count, loss in enumerate(losses, start=1):
        mean += (loss - mean) / min(count, span)
        expected.append(mean)
    assert RunningMean(span).extend(losses) == pytest.approx(np.array(expected), abs=1e-12)


def test_what_is_not_finite_is_passed_on_and_not_remembered() -> None:
    means = RunningMean(4).extend(np.array([1.0, np.nan, np.inf, 3.0]))
    assert means[0] == 1.0
    assert np.isnan(means[1])
    assert np.isinf(means[2])
    assert means[3] == 2.0


def test_the_mean_is_calmer_and_both_curves_are_kept(tmp_path: Path) -> None:
    curves = opened(make_run(tmp_path, 2700), span=30)
    values = curves.every_batch.ranges().high
    assert np.diff(curves.mean.ranges().high[100:]).std() < 0.3 * np.diff(values[100:]).std()
    assert values == pytest.approx(losses_at(np.arange(1, 2701), 2700), rel=1e-6)
    assert curves.newest == 2700


@pytest.mark.parametrize("stretch", [(1, 10), (500, 777), (2000, 9999)])
def test_a_stretch_is_exactly_its_steps(tmp_path: Path, stretch: tuple[int, int]) -> None:
    run_dir = make_run(tmp_path, 3000)
    x, low, _ = opened(run_dir, *stretch, span=10).every_batch.ranges()
    steps = np.arange(stretch[0], min(stretch[1], 3000) + 1)
    assert x.tolist() == steps.tolist()
    assert low == pytest.approx(losses_at(steps, 3000), rel=1e-6)


def test_the_mean_of_a_stretch_is_the_one_of_the_whole_run(tmp_path: Path) -> None:
    run_dir = make_run(tmp_path, 6000)
    whole, part = opened(run_dir, span=100).mean.ranges(), opened(run_dir, 3000, 4000, span=100).mean.ranges()
    inside = (whole.x >= 3000) & (whole.x <= 4000)
    assert part.low == pytest.approx(whole.low[inside], rel=0.02)


def test_a_long_run_is_drawn_from_its_pyramid_and_zoomed_from_its_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    total = 5 * DIRECT
    run_dir = make_run(tmp_path, total)
    read = []
    original = StepFile.between

    def counted(self: object, first: int, last: int) -> object:
        read.append(last - first)
        return original(self, first, last)  # type: ignore[arg-type]

    monkeypatch.setattr(StepFile, "between", counted)
    whole = opened(run_dir, span=1000)
    assert sum(read) < 1000  # the blocks hold all but the last few steps
    losses = losses_at(np.arange(1, total + 1), total).astype("f4")
    pieces = whole.every_batch.ranges()
    assert (pieces.low.min(), pieces.high.max()) == (losses.min(), losses.max())
    assert pieces.x.size <= 8192
    read.clear()
    part = opened(run_dir, 200_000, 201_000)
    assert part.every_batch.ranges().x.tolist() == list(range(200_000, 201_001))
    assert sum(read) < 2000


def test_a_run_killed_before_its_pyramid_was_whole_is_drawn_to_its_end(tmp_path: Path) -> None:
    run_dir = make_run(tmp_path, 3 * DIRECT)
    (run_dir / "pyramid.bin").write_bytes((run_dir / "pyramid.bin").read_bytes()[: 24 * 100])
    assert opened(run_dir).every_batch.ranges().x[-1] > 3 * DIRECT - 200


def test_curves_grow_by_what_is_written_and_only_within_their_stretch(tmp_path: Path) -> None:
    run_dir = make_run(tmp_path, 100, ended=None)
    whole, part = opened(run_dir), opened(run_dir, 50, 120)
    write_steps(run_dir, 101, 200, 200)
    for curves, last in ((whole, 200), (part, 120)):
        records = curves.read()
        assert records is not None and len(records) == 100
        curves.add(records)
        assert curves.newest == 200
        assert curves.every_batch.ranges().x[-1] == last
    nothing = whole.read()
    assert nothing is not None and len(nothing) == 0


def test_steps_that_are_run_again_are_read_anew(tmp_path: Path) -> None:
    run_dir = make_run(tmp_path, 100, ended=None)
    curves = opened(run_dir)
    write_steps(run_dir, 81, 130, 130, attempt=2)
    assert curves.read() is None
    again = opened(run_dir).every_batch.ranges()
    assert again.x.tolist() == list(range(1, 131))
    assert opened(run_dir).read() is not None
    assert again.low[80:] == pytest.approx(losses_at(np.arange(81, 131), 130), rel=1e-6)


def test_nothing_yet_and_one_step(tmp_path: Path) -> None:
    run_dir = make_run(tmp_path, 0)
    assert opened(run_dir).every_batch.ranges().x.size == 0
    write_steps(run_dir, 1, 1, 1)
    assert opened(run_dir).mean.ranges().x.tolist() == [1]


def test_the_clock_knows_when_a_step_was_made(tmp_path: Path) -> None:
    run_dir = make_run(tmp_path, 5000)
    clock = clock_of(run_dir, config_of(run_dir))
    assert clock.steps[0] == 1 and clock.steps[-1] == 5000
    assert clock.values == pytest.approx(clock.steps / RATE)
    assert clock.later(6000.0, 9.0).steps[-1] == 6000
    assert clock.later(100.0, 9.0) is clock


def test_the_twin_is_drawn_and_the_largest_difference_is_found_as_it_grows(tmp_path: Path) -> None:
    run_dir = make_run(tmp_path, 4000, mode="lockstep", twin=TWIN)
    config = config_of(run_dir)
    assert TwinCurve(run_dir, config, *ALL, 1).free.points == 4000
    differences = Differences(run_dir, config)
    found = differences.look()
    assert (found.gradient, found.gradient_at, found.first_off, found.steps) == (3e-15, 2000, None, 4000)
    record = np.zeros(1, np.dtype(list(TWIN)))
    record["step"], record["attempt"], record["gradient_difference"] = 4001, 1, 0.25
    with (run_dir / "twin.bin").open("ab") as file:
        file.write(record.tobytes())
    found = differences.look()
    assert (found.gradient, found.gradient_at, found.first_off, found.steps) == (0.25, 4001, 4001, 4001)


def test_gauges_have_a_past(tmp_path: Path) -> None:
    run_dir = make_run(tmp_path, 1000)
    trails = GaugeHistory(run_dir, config_of(run_dir)).look()
    assert len(trails["grad_norm.W1"]) == GaugeHistory.BARS + 1
    assert trails["grad_norm.W1"][0] > trails["grad_norm.W1"][-1] > 0
    assert np.isnan(trails["gpu"]).all()


def test_what_is_evaluated_twice_counts_as_the_last(tmp_path: Path) -> None:
    run_dir = make_run(tmp_path, 200, epochs=2)
    tick: Tick = Watch(run_dir, points=False).poll()
    again = Event(9.0, 100, "evaluated", epoch=1, held_back=0.5, attempt=2)
    told = told_by(replace(tick, events=(*tick.events, again)))
    assert told.measured["held_back"].steps.tolist() == [100, 200]
    assert told.measured["held_back"].values[0] == 0.5
    assert np.interp([50, 100, 200, 300], *told.epochs).tolist() == [0.5, 1, 2, 3]
