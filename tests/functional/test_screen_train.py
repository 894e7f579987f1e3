"""The Train screen on real runs: it reads a folder, and the run does not need it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.ptyscreen import Terminal
from tests.screens import Learner, challenge, learner, solution
from tests.training_runs import ended, kill, paths_in, running, wait_for, wait_until
from tutor.progress import Store
from tutor.training import ENDED, Watch, list_runs, start
from tutor.tui.opening import Opening
from tutor.tui.screens.home import HomeScreen
from tutor.tui.screens.train import TrainScreen
from tutor.tui.widgets.chart_view import ChartView
from tutor.viz import as_text

NAME = "linear_scratch"
RIGHT = solution(NAME)
TRAIN = Opening("train")


def tired(after: int) -> str:
    """Code that passes, and raises once it was called so often."""
    counting = (
        f"        CALLS.append(1)\n        if len(CALLS) > {after}:\n            raise ValueError('[b]tired[/b]')\n"
    )
    code = RIGHT.replace("class Linear", "CALLS = []\n\n\nclass Linear", 1)
    return re.sub(r"(    def forward\(self, x\):\n)", rf"\1{counting}", code, count=1)


def drawn(someone: Learner) -> str:
    """The chart as text."""
    return as_text(someone.train.query_one(ChartView).picture)


def has_curve(someone: Learner) -> bool:
    """Whether dots of a curve stand on the chart."""
    return any("\u2801" <= sign <= "\u28ff" for sign in drawn(someone))


@pytest.mark.timed
async def test_a_paced_run_is_watched_held_hurried_and_done(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    with running(paths, NAME, RIGHT, epochs=8, pace=60.0):
        async with learner(tmp_path, TRAIN) as someone:
            await someone.until(lambda: "▸ running" in someone.said("#title") and has_curve(someone))
            assert "paced" in someone.said("#progress")
            assert "left" in someone.said("#progress")
            assert "|grad|" in someone.said("#gauges")
            await someone.press("space")
            await someone.until(lambda: "◐ paused" in someone.said("#title"))
            assert "space lets it go on" in someone.said("#notes")
            still = someone.train.tick
            assert still is not None
            await someone.press("space")
            await someone.until(lambda: "▸ running" in someone.said("#title"))
            await someone.press("f")
            await someone.until(lambda: "✓ done" in someone.said("#title"))
            assert re.search(r"held-back accuracy \d+\.\d%", someone.said("#progress"))
            assert "All 8 epochs are done" in someone.said("#notes")
            linear = drawn(someone)
            await someone.press("l")
            await someone.until(lambda: drawn(someone) != linear)
            assert not {"pause", "full_speed", "cancel_run"} & {
                entry.binding.action for entry in someone.app.screen.active_bindings.values() if entry.enabled
            }
            assert someone.longest_gap < 0.5


async def test_a_run_is_ended_after_a_question(tmp_path: Path) -> None:
    with running(paths_in(tmp_path), NAME, RIGHT, pace=20.0):
        async with learner(tmp_path, TRAIN) as someone:
            await someone.until(lambda: "▸ running" in someone.said("#title"))
            await someone.press("c", "escape")
            assert isinstance(someone.app.screen, TrainScreen)
            await someone.press("c", "y")
            await someone.until(lambda: "cancelled" in someone.said("#title"))
            assert "You cancelled it" in someone.said("#notes")


@pytest.mark.parametrize(
    ("code", "options", "word", "reason"),
    [
        (tired(120), {}, "✗ failed", "ValueError: [b]tired[/b]"),
        (RIGHT, {"lr": 1e12}, "✗ diverged", "try a smaller learning rate"),
    ],
)
async def test_how_a_run_ended_is_said(
    tmp_path: Path, code: str, options: dict[str, float], word: str, reason: str
) -> None:
    with running(paths_in(tmp_path), NAME, code, **options) as (watch, _):
        wait_for(watch, ended)
        async with learner(tmp_path, TRAIN) as someone:
            await someone.until(lambda: word in someone.said("#title"))
            assert reason in someone.said("#notes")
            await someone.until(lambda: bool(drawn(someone)))


async def test_nothing_is_read_while_nobody_looks_nor_after_the_end(tmp_path: Path) -> None:
    with running(paths_in(tmp_path), NAME, RIGHT, epochs=200, pace=100.0):
        async with learner(tmp_path, TRAIN) as someone:
            await someone.until(lambda: has_curve(someone))
            watch, polls = someone.train.follower.run.watch, 0
            poll = watch.poll

            def counted() -> object:
                nonlocal polls
                polls += 1
                return poll()

            watch.poll = counted  # type: ignore[method-assign,assignment]
            await someone.until(lambda: polls >= 2)
            await someone.press("question_mark")  # the help covers it
            covered = polls
            assert not someone.train.follower.visible.is_set()
            other = Watch(someone.train.run_dir)
            step = other.poll().step
            await someone.until(lambda: other.poll().step > step + 50)  # half a second of the run
            assert polls <= covered + 1
            await someone.press("escape")
            await someone.until(lambda: polls > covered + 2)
            await someone.press("f")
            await someone.until(lambda: "✓ done" in someone.said("#title"))
            assert someone.train.tick is not None and someone.train.tick.state in ENDED
            polled = polls
            await someone.press("l", "left")
            await someone.until(lambda: "step " in someone.said("#reading"))
            assert polls <= polled + 1
        await someone.until(lambda: not any(t.name == "follow" for t in threading.enumerate()))


async def test_nothing_is_drawn_anew_where_nothing_changed(tmp_path: Path) -> None:
    with running(paths_in(tmp_path), NAME, RIGHT, pace=60.0):
        async with learner(tmp_path, TRAIN) as someone:
            await someone.until(lambda: has_curve(someone))
            await someone.press("space")
            await someone.until(lambda: "paused" in someone.said("#title"))
            chart = someone.train.query_one(ChartView)
            before = chart.picture
            someone.train._show()
            assert chart.picture is before


async def test_a_run_of_another_process_looks_the_same(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    code = tmp_path / "code.py"
    code.write_text(RIGHT)
    starting = (
        "import sys; from pathlib import Path; from tests.training_runs import challenge, paths_in; "
        "from tutor.training import start; "
        f"print(start(paths_in(Path({str(tmp_path)!r})), challenge({NAME!r}), Path({str(code)!r}).read_text(), "
        "pace=60.0).id)"
    )
    root = Path(__file__).parents[2]
    run = subprocess.run([sys.executable, "-c", starting], cwd=root, capture_output=True, text=True, check=True)
    run_dir = paths.runs / run.stdout.strip()
    try:
        async with learner(tmp_path, Opening("home")) as someone:
            await someone.press("t")
            await someone.until(lambda: "▸ running" in someone.said("#title") and has_curve(someone))
            assert run_dir.name in someone.said("#title")
    finally:
        kill(run_dir)


async def test_without_a_run_it_says_what_to_do(tmp_path: Path) -> None:
    async with learner(tmp_path, Opening("home")) as someone:
        await someone.press("t")
        assert isinstance(someone.app.screen, HomeScreen)
        await someone.until(lambda: "F5 in the Lab starts one" in someone.notices)


async def test_a_folder_that_is_no_run_is_a_sentence(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    config = start(paths, challenge(NAME), RIGHT, epochs=1)
    run_dir = paths.runs / config.id
    wait_for(Watch(run_dir), ended)
    (run_dir / "config.json").write_text(json.dumps({"id": 3}))
    async with learner(tmp_path, Opening("home")) as someone:
        someone.app.open_train(config.id)
        assert isinstance(someone.app.screen, HomeScreen)
        await someone.until(lambda: someone.notices.strip())


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_the_gauges_have_their_place(tmp_path: Path, size: tuple[int, int]) -> None:
    with running(paths_in(tmp_path), NAME, RIGHT, epochs=2) as (watch, _):
        wait_for(watch, ended)
        async with learner(tmp_path, TRAIN, size=size) as someone:
            await someone.until(lambda: has_curve(someone))
            gauges, chart = someone.train.query_one("#gauges"), someone.train.query_one(ChartView)
            assert bool(gauges.region.area) == (size[0] >= 100)
            await someone.press("g")
            await someone.until(lambda: gauges.region.area)
            assert gauges.region.area
            assert bool(chart.region.area) == (size[0] >= 100)


def test_f5_starts_a_run_that_quitting_does_not_stop(terminal: Callable[..., Terminal], tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    with Store.open(paths) as store:
        store.record("welcomed")
    paths.implementations.mkdir(parents=True)
    paths.implementation(NAME).write_text(RIGHT)
    opened = "import sys; from tutor.tui import Opening, run; sys.exit(run(None, Opening({!r}, {!r})))"
    environment = {"TUTOR_USER_DATA": str(paths.user_data)}
    with terminal([sys.executable, "-c", opened.format("lab", NAME)], env=environment) as screen:
        screen.wait_for("Passed", 30)
        screen.press("f5")
        screen.wait_for("your NumPy beside PyTorch", 30)
        screen.press("down", "left", "enter")
        screen.wait_for("running", 30)
        screen.press("ctrl+q")
        assert screen.wait_exit() == 0
    (tick,) = list_runs(paths)
    run_dir = paths.runs / tick.config.id
    try:
        watch = Watch(run_dir)
        step = watch.poll().step
        wait_until(lambda: watch.poll().step > step)
        assert watch.poll().pace > 0  # about a minute, to be watched
        with terminal([sys.executable, "-c", opened.format("train", "")], env=environment) as screen:
            screen.wait_for(f"Run {tick.config.id}")
            screen.wait_for("running")
    finally:
        kill(run_dir)
