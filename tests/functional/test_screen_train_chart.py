"""The keys of the Train screen, on folders as a worker leaves them; and what they ask of a real worker."""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec import structs
from textual.widgets import Input

from tests.screens import Learner, learner, solution
from tests.synthetic_runs import make_run, write_steps
from tests.training_runs import ended, paths_in, running, wait_for
from tutor.training import Event, Tick
from tutor.training.model import TWIN
from tutor.tui.opening import Opening
from tutor.tui.screens.lesson import LessonScreen
from tutor.tui.screens.train import TrainScreen
from tutor.tui.screens.train_commands import TrainCommands
from tutor.tui.widgets.keybar import KeyBar
from tutor.viz import as_text

TRAIN = Opening("train")
CHANGED = Event(0.5, 900, "control", "learning rate 0.1 → 0.05", seq=1)
EXPLAINED = Event(
    1.4,
    2800,
    "explained",
    "The held-back loss has stopped falling.",
    key="overfitting",
    lesson="06-linear-layer",
    advice="Stop here.",
)


@asynccontextmanager
async def opened(tmp_path: Path, run: str = "", size: tuple[int, int] = (120, 36)) -> AsyncIterator[Learner]:
    """The screen on a run that has a picture."""
    async with learner(tmp_path, Opening("train", run), size=size) as someone:
        await someone.until(lambda: "\u2801" <= max(drawn(someone), default="") <= "\u28ff")
        yield someone


def drawn(someone: Learner) -> str:
    """The chart as text."""
    return as_text(someone.train.chart.picture)


def screen_text(someone: Learner) -> str:
    """All that stands on the screen."""
    width, height = someone.app.size
    lines = someone.app.screen._compositor.render_strips()
    assert len(lines) == height
    assert all(strip.cell_length == width for strip in lines)
    return "\n".join(strip.text for strip in lines)


async def test_zoom_pan_and_back_to_all(tmp_path: Path) -> None:
    make_run(paths_in(tmp_path).runs, 4000)
    async with opened(tmp_path) as someone:
        whole, chart = drawn(someone), someone.train.chart
        await someone.press("up", "up")
        assert chart.state.window == (1500, 2500)
        curves = someone.train.follower.run
        await someone.until(lambda: curves.curves is not None and curves.curves.first == 1500)
        assert curves.curves is not None and curves.curves.every_batch.points == 1001
        await someone.until(lambda: "2.4k" in drawn(someone) and "4k" not in drawn(someone).replace("2.4k", ""))
        await someone.press("pagedown")
        assert chart.state.window == (1750, 2750)
        await someone.press("pageup", "down", "down")
        assert chart.state.window is None
        await someone.until(lambda: drawn(someone) == whole)
        await someone.press("up", "home")
        assert chart.state.window is None


async def test_the_cursor_reads_every_curve_and_steps_from_mark_to_mark(tmp_path: Path) -> None:
    make_run(paths_in(tmp_path).runs, 4000, more_events=[CHANGED, EXPLAINED])
    async with opened(tmp_path) as someone:
        assert drawn(someone).splitlines()[1].count("▾") == 2
        assert "▾ 2,800  The held-back loss has stopped falling." in someone.said("#notes")
        await someone.press("left")
        await someone.until(lambda: "step 4,000 · epoch 20.00 · 2 s" in someone.said("#reading"))
        assert all(name in someone.said("#reading") for name in ("each batch 0.1", "training 0.1", "held back 0.2"))
        await someone.press("N")
        await someone.until(lambda: "step 2,800" in someone.said("#reading"))
        await someone.press("N")
        await someone.until(lambda: "step 900" in someone.said("#reading"))
        assert "▾ 900  learning rate 0.1 → 0.05" in someone.said("#notes")
        await someone.press("a")
        await someone.until(lambda: "held back 77.2 %" in someone.said("#reading"))
        await someone.press("escape")
        assert isinstance(someone.app.screen, TrainScreen)
        assert not someone.train.query_one("#reading").region.area
        await someone.press("escape")
        assert not isinstance(someone.app.screen, TrainScreen)


async def test_a_key_opens_the_lesson_that_the_chart_names(tmp_path: Path) -> None:
    make_run(paths_in(tmp_path).runs, 4000, more_events=[CHANGED, EXPLAINED])
    async with opened(tmp_path) as someone:
        assert "Stop here.  r reads lesson 06 Linear layer." in someone.said("#notes")
        await someone.press("r")
        await someone.until(lambda: isinstance(someone.app.screen, LessonScreen))


async def test_a_lesson_in_preparation_is_not_offered(tmp_path: Path) -> None:
    later = structs.replace(EXPLAINED, lesson="12-sgd")
    make_run(paths_in(tmp_path).runs, 4000, more_events=[later])
    async with opened(tmp_path) as someone:
        assert "Stop here.  Lesson 12 Training loop is in preparation." in someone.said("#notes")
        await someone.press("r")
        assert isinstance(someone.app.screen, TrainScreen)


async def test_axes_scales_and_smoothing(tmp_path: Path) -> None:
    make_run(paths_in(tmp_path).runs, 4000)
    async with opened(tmp_path) as someone:
        assert "mean of 30" in drawn(someone)
        for key, words in (
            ("s", "mean of 100"),
            ("S", "mean of 30"),
            ("d", "every batch"),
            ("d", "mean of 30"),
            ("x", "epoch"),
            ("x", "seconds"),
            ("x", "step"),
            ("a", "accuracy, %"),
            ("a", "loss"),
        ):
            await someone.press(key)
            await shows(someone, words)
        plain = drawn(someone)
        await someone.press("l")
        await someone.until(lambda: drawn(someone) != plain)


async def test_other_runs_are_laid_over_it_by_letter_and_name(tmp_path: Path) -> None:
    runs = paths_in(tmp_path).runs
    make_run(runs, 4000)
    for number in (2, 3):
        make_run(runs, 2000 + 1000 * number, name=f"{number}-linear_scratch", ended="failed")
    async with opened(tmp_path, "1") as someone:
        await someone.press("o")
        await someone.until(lambda: "3-linear_scratch" in screen_text(someone))
        assert "1-linear_scratch  " not in screen_text(someone).split("Lay other runs")[1]
        await someone.press("space", "down", "space", "enter")
        await someone.until(lambda: "b 2-linear_scratch ✗ failed · 96.8%" in someone.said("#beside"))
        assert "a 3-linear_scratch" in someone.said("#beside")
        await someone.until(lambda: "a" in drawn(someone).replace("training, mean", "").replace("held back", ""))
        await someone.until(lambda: someone.train.chart.extent == 5000)
        await someone.press("left")
        await someone.until(lambda: "3-linear_scratch 0." in someone.said("#reading"))
        await someone.press("o", "space", "down", "space", "enter")
        await someone.until(lambda: not someone.said("#beside"))


async def test_lockstep_draws_the_twin_and_says_the_largest_difference(tmp_path: Path) -> None:
    make_run(paths_in(tmp_path).runs, 4000, mode="lockstep", twin=TWIN)
    async with opened(tmp_path) as someone:
        assert "your NumPy beside PyTorch" in someone.said("#title")
        assert "╍╍ PyTorch alone" in drawn(someone)
        assert "within 3e-15 of PyTorch's at equal weights, the loss within 2e-16." in someone.said("#notes")


async def test_a_diverged_run_has_its_band_and_room_for_it(tmp_path: Path) -> None:
    make_run(paths_in(tmp_path).runs, 500, ended="diverged", steps_per_epoch=500)
    async with opened(tmp_path) as someone:
        assert "░" in drawn(someone) and "diverged" in drawn(someone)
        assert someone.train.chart.extent == 601
        assert "a smaller learning rate" in someone.said("#notes")


@pytest.mark.parametrize("steps", [1, 2])
async def test_a_run_of_a_point_or_two_is_drawn(tmp_path: Path, steps: int) -> None:
    make_run(paths_in(tmp_path).runs, steps, epochs=1)
    async with opened(tmp_path) as someone:
        await someone.press("left", "up", "down", "x", "x", "a", "a", "l")
        await someone.until(lambda: f"step {steps}" in someone.said("#reading"))


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (120, 36), (200, 50)])
async def test_nothing_is_cut_on_any_screen(tmp_path: Path, size: tuple[int, int]) -> None:
    make_run(paths_in(tmp_path).runs, 4000, more_events=[CHANGED, EXPLAINED])
    make_run(paths_in(tmp_path).runs, 4000, name="2-linear_scratch")
    async with opened(tmp_path, "1", size=size) as someone:
        await someone.press("N")
        await someone.until(lambda: "step 2,800" in screen_text(someone))
        for words in ("✓ done", "epoch 20/20", "stopped falling", "F1 help" if size[0] >= 80 else "zoom"):
            assert words in screen_text(someone), words
        chart = someone.train.chart
        await someone.until(lambda: len(chart.picture) == chart.size.height)
        assert len(someone.train.query_one(KeyBar).bindings()) <= 7


async def test_every_key_is_in_the_help_in_its_group_and_in_the_palette(tmp_path: Path) -> None:
    make_run(paths_in(tmp_path).runs, 100)
    async with opened(tmp_path) as someone:
        commands = {name: act for name, _, act in TrainCommands(someone.train).commands()}
        assert {"Accuracy", "Zoom", "Overlay", "Export", "Once more", "Learning rate"} <= commands.keys()
        await commands["Accuracy"]()  # type: ignore[misc]
        await shows(someone, "accuracy, %")
        await someone.press("f1")
        groups = {group.title: " ".join(keys for keys, _ in group.keys) for group in someone.app.screen.groups}  # type: ignore[attr-defined]
        assert {"n", "N", "a", "x", "l", "s", "S", "d"} <= set(groups["Here"].split())
        assert {"o", "e", "r", "w", "R"} <= set(groups["On this screen"].split())


async def test_a_run_is_exported_where_the_screen_says(tmp_path: Path) -> None:
    make_run(paths_in(tmp_path).runs, 100)
    async with opened(tmp_path) as someone:
        folder = someone.paths.user_data / "exports"
        span = someone.train.chart.state.span
        for key, name in (
            ("c", "1-linear_scratch.csv"),
            ("c", "1-linear_scratch-2.csv"),
            ("s", "1-linear_scratch.svg"),
        ):
            await someone.press("w", key)
            await notices(someone, name)
            assert (folder / name).exists()
            assert someone.app.screen is someone.train  # the answer is no key of the screen below
        assert someone.train.chart.state.span == span
        with (folder / "1-linear_scratch.csv").open() as file:
            assert len(list(csv.DictReader(file))) == 100
        assert (folder / "1-linear_scratch.svg").read_text().lstrip().startswith("<")


async def test_a_run_that_grows_and_goes_back_is_followed(tmp_path: Path) -> None:
    run_dir = make_run(paths_in(tmp_path).runs, 400, ended=None, created=4e9, steps_per_epoch=50)
    async with opened(tmp_path) as someone:
        curves = someone.train.follower.run
        write_steps(run_dir, 401, 600, 600)
        await someone.until(lambda: curves.curves is not None and curves.curves.newest == 600)
        looks = curves.looks
        write_steps(run_dir, 501, 550, 600, attempt=2)
        await someone.until(lambda: curves.looks > looks and curves.curves is not None and curves.curves.newest == 550)


async def test_a_folder_out_of_reach_is_said_and_come_back_to(tmp_path: Path) -> None:
    run_dir = make_run(paths_in(tmp_path).runs, 400, ended=None, created=4e9, steps_per_epoch=50)
    runs, away = run_dir.parent, tmp_path / "away"  # as where a file server is away: nothing is under the mount
    async with opened(tmp_path) as someone:
        runs.rename(away)
        await someone.until(lambda: "◐ disconnected" in someone.said("#title"))
        assert "cannot be reached" in someone.said("#notes")
        await someone.press("up")  # what is known of it is still there to be looked at
        away.rename(runs)
        await someone.until(lambda: "disconnected" not in someone.said("#title"))
        write_steps(run_dir, 401, 600, 600)
        curves = someone.train.follower.run
        await someone.until(lambda: curves.curves is not None and curves.curves.newest == 600)


async def test_a_run_that_is_gone_is_not_laid_over_it_and_said_once(tmp_path: Path) -> None:
    runs = paths_in(tmp_path).runs
    make_run(runs, 400)
    async with opened(tmp_path) as someone:
        someone.train._overlaid((runs / "7-nothing",))
        await notices(someone, "7-nothing")
        await someone.press("up", "down")
        await someone.until(lambda: someone.train.chart.state.window is None)
        assert someone.train.follower.others == []


async def test_values_are_changed_while_it_runs_and_marked(tmp_path: Path) -> None:
    with running(paths_in(tmp_path), "linear_scratch", solution("linear_scratch"), epochs=400, pace=40.0) as (watch, _):
        async with opened(tmp_path) as someone:
            await someone.press("plus")
            await someone.until(lambda: "0.1 → 0.2" in someone.said("#notes"))
            await someone.until(lambda: "▾" in drawn(someone))
            await someone.press("minus", "minus")
            await someone.until(lambda: "→ 0.05" in someone.said("#notes"))
            await type_into(someone, "b", "64")
            await someone.until(lambda: "batch 32 → 64" in someone.said("#notes"))
            await type_into(someone, "L", "0.3")
            await someone.until(lambda: "→ 0.3" in someone.said("#notes"))
            await type_into(someone, "L", "fast")
            await someone.until(lambda: "fast is no number" in someone.notices)
            await type_into(someone, "b", "0")
            await someone.until(lambda: "0 is no batch size" in someone.notices)
            await someone.press("space")
            await someone.until(lambda: "◐ paused" in someone.said("#title"))
            waiting = wait_for(watch, lambda tick: still(watch.poll(), tick)).step
            await someone.press("full_stop")
            assert wait_for(watch, lambda tick: tick.step > waiting).step == waiting + 1


async def test_a_cancelled_run_goes_on_and_is_repeated(tmp_path: Path) -> None:
    with running(paths_in(tmp_path), "linear_scratch", solution("linear_scratch"), epochs=60, pace=100.0) as (watch, _):
        async with opened(tmp_path) as someone:
            await someone.press("c", "y")
            await someone.until(lambda: "cancelled" in someone.said("#title"))
            assert "space goes on from its last checkpoint" in someone.said("#notes")
            await someone.press("space")
            await someone.until(lambda: "▸ running" in someone.said("#title"))
            await someone.press("f")
            await someone.until(lambda: "✓ done" in someone.said("#title"))
            await someone.press("R", "y")
            await someone.until(lambda: someone.train.run_dir.name == "2-linear_scratch")
            again, first = someone.train.follower.run.watch.config, watch.config
            assert (again.seed, again.code_hash, again.batch) == (first.seed, first.code_hash, first.batch)
            await someone.press("c", "y")
            await someone.until(lambda: "cancelled" in someone.said("#title"))


async def test_a_diverged_run_goes_on_with_a_smaller_learning_rate(tmp_path: Path) -> None:
    # With another seed every unit may die at the first step, and a loss that is finite stays so.
    with running(paths_in(tmp_path), "linear_scratch", solution("linear_scratch"), epochs=2, lr=1e12, seed=4):
        async with learner(tmp_path, TRAIN) as someone:
            await someone.until(lambda: "✗ diverged" in someone.said("#title"))
            await someone.press("space")
            await someone.until(lambda: someone.app.screen.query(Input))
            assert someone.app.screen.query_one(Input).value == "0.1"
            await someone.press("enter")
            await someone.until(lambda: "✓ done" in someone.said("#title"))


async def test_epoch_by_epoch_is_a_key_away(tmp_path: Path) -> None:
    with running(paths_in(tmp_path), "linear_scratch", solution("linear_scratch"), epochs=2) as (watch, _):
        wait_for(watch, ended)
        async with opened(tmp_path) as someone:
            await someone.press("e")
            await someone.until(lambda: type(someone.app.screen).__name__ == "LooksScreen")


def still(now: Tick, before: Tick) -> bool:
    """A paused run that has come to its last step."""
    return now.paused and now.step == before.step and before.events == now.events


async def shows(someone: Learner, words: str) -> None:
    """Wait until the chart says this."""
    await someone.until(lambda: words in drawn(someone))


async def notices(someone: Learner, words: str) -> None:
    """Wait until a notice says this."""
    await someone.until(lambda: words in someone.notices)


async def type_into(someone: Learner, key: str, text: str) -> None:
    """Open a question by its key, type over what stands there, and press enter."""
    await someone.press(key)
    await someone.until(lambda: someone.app.screen.query(Input))
    someone.app.screen.query_one(Input).value = text
    await someone.press("enter")
