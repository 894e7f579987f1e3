"""The list of runs: what it says, what can be done from it, and that it costs nothing while nobody looks."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from textual.widgets import Input, Static

from tests.made_runs import made_run
from tests.screens import Learner, learner
from tests.training_runs import paths_in
from tutor.training import Event, Overview, folder, rename, title_of
from tutor.training.identity import identify
from tutor.training.model import End
from tutor.tui.opening import Opening
from tutor.tui.screens.home import HomeScreen
from tutor.tui.screens.runs import RunList, RunsScreen
from tutor.tui.screens.runs_dialogs import CompareScreen, RenameDialog
from tutor.tui.screens.train import TrainScreen

HOME = Opening("home")
MEASURED = Event(0.3, 3, "evaluated", epoch=1, held_back=0.95, held_back_loss=0.2)


def rows(someone: Learner) -> list[str]:
    """The lines of the list."""
    return someone.app.screen.query_one(RunList).render().plain.split("\n")


def keys(someone: Learner) -> set[str]:
    """What has a key now."""
    active = someone.app.screen.active_bindings.values()
    return {entry.binding.action for entry in active if entry.enabled}


async def listed(someone: Learner, count: int) -> None:
    """Wait until the list stands there."""
    await someone.press("t")
    await someone.until(lambda: isinstance(someone.app.screen, RunsScreen) and len(rows(someone)) == count)


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_every_run_stands_there_newest_first(tmp_path: Path, size: tuple[int, int]) -> None:
    paths = paths_in(tmp_path)
    made_run(paths.runs, 1, events=[MEASURED], created=time.time() - 7200)
    rename(
        made_run(paths.runs, 2, end=End("diverged", "It ran away at step 3.", 3), created=time.time()), "[b]mine[/b]"
    )
    async with learner(tmp_path, HOME, size=size) as someone:
        await listed(someone, 2)
        newest, oldest = rows(someone)
        assert newest.startswith("▸")
        assert "✗ diverged" in newest
        assert "[b]mine[/b]" in newest  # literally
        assert "✓ done" in oldest
        assert "95.0%" in oldest
        assert "2 h ago" in oldest
        assert all(len(row) <= size[0] for row in rows(someone))
        assert ("64-32-10" in oldest) == (size[0] >= 100)
        await someone.until(lambda: "It ran away at step 3." in someone.said("#details"))
        assert "2 runs" in someone.said("#title")
        assert not {"compare", "overlay", "resume", "mark_lost"} & keys(someone)
        await someone.press("down", "enter")
        await someone.until(lambda: isinstance(someone.app.screen, TrainScreen))
        assert someone.train.run_dir.name == "1-linear_scratch"


async def test_marked_runs_are_compared_and_laid_over_each_other(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    made_run(paths.runs, 1, events=[MEASURED])
    made_run(paths.runs, 2, lr=0.5)
    made_run(paths.runs, 3)
    async with learner(tmp_path, HOME) as someone:
        await listed(someone, 3)
        await someone.press("down", "space", "space")
        assert [row[2] for row in rows(someone)] == [" ", "*", "*"]
        assert "2 marked" in someone.said("#title")
        await someone.press("c")
        await someone.until(lambda: isinstance(someone.app.screen, CompareScreen))
        await someone.until(lambda: "What differs" in someone.said("#comparison"))
        said = someone.said("#comparison")
        assert "learning rate       0.1" in said
        assert said.index("95.0%") < said.index("What differs") < said.index("The same") < said.index("seed 3")
        await someone.press("escape", "o")
        await someone.until(lambda: isinstance(someone.app.screen, TrainScreen))
        assert someone.train.run_dir.name == "1-linear_scratch"
        assert [path.name for path in someone.train.follower.wanted.others] == ["2-linear_scratch"]


async def test_a_title_is_given_and_a_run_deleted_after_a_question(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    first = made_run(paths.runs, 1)
    second = made_run(paths.runs, 2)
    async with learner(tmp_path, HOME) as someone:
        await listed(someone, 2)
        await someone.press("r")
        assert isinstance(someone.app.screen, RenameDialog)
        someone.app.screen.query_one(Input).value = "with q and d"
        await someone.press("enter")
        await someone.until(lambda: "with q and d" in rows(someone)[0])
        assert title_of(second) == "with q and d"
        await someone.press("d")
        asked = "\n".join(str(static.content) for static in someone.app.screen.query(Static))
        assert "with q and d" in asked
        assert "Frees" in asked
        await someone.press("escape")
        assert second.exists()
        await someone.press("d", "y")
        await someone.until(lambda: len(rows(someone)) == 1)
        assert not second.exists()
        assert first.exists()
        await someone.press("d", "y")
        await someone.until(lambda: someone.app.screen.has_class("-empty"))
        assert "F5 in the Lab starts one" in someone.said("#nothing")
        assert not {"open", "delete", "rename", "mark"} & keys(someone)


async def test_a_run_that_nobody_runs_any_more_can_be_resumed_or_written_off(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    made_run(paths.runs, 1)
    lost = made_run(paths.runs, 2, ended=False)
    alive = made_run(paths.runs, 3, ended=False)
    folder.write_json(alive / folder.PROC, identify(os.getpid(), os.getpid()))
    async with learner(tmp_path, HOME) as someone:
        await someone.press("t")
        await someone.until(lambda: isinstance(someone.app.screen, TrainScreen))  # the one that is under way,
        assert someone.train.run_dir == alive
        await someone.press("escape")  # above the list
        await someone.until(lambda: isinstance(someone.app.screen, RunsScreen) and len(rows(someone)) == 3)
        await someone.press("d")
        assert "It is under way" in someone.notices
        await someone.press("down")
        await someone.until(lambda: "never started" in someone.said("#details"))
        assert {"resume", "mark_lost"} <= keys(someone)
        await someone.press("l")
        await someone.until(lambda: "mark_lost" not in keys(someone))
        end = folder.read_end(lost)
        assert end is not None and end.state == "lost"
        assert "resume" in keys(someone)


async def test_the_list_is_live_and_reads_nothing_while_it_is_covered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = paths_in(tmp_path)
    made_run(paths.runs, 1)
    made_run(paths.runs, 2)
    monkeypatch.setattr("tutor.tui.screens.runs.LOOK_EVERY", 0.02)
    looks = 0
    look = Overview.look

    def counted(overview: Overview) -> object:
        nonlocal looks
        looks += 1
        return look(overview)

    monkeypatch.setattr(Overview, "look", counted)
    async with learner(tmp_path, HOME) as someone:
        await listed(someone, 2)
        made_run(paths.runs, 3)  # by another terminal
        await someone.until(lambda: len(rows(someone)) == 3)
        assert rows(someone)[1].startswith("▸")  # the choice stays with its run
        await someone.press("question_mark")
        screen = next(one for one in someone.app.screen_stack if isinstance(one, RunsScreen))
        assert not screen.seen.is_set()
        covered = looks
        made_run(paths.runs, 4)
        beat = time.monotonic() + 0.2
        await someone.until(lambda: time.monotonic() > beat)
        assert looks <= covered + 1
        await someone.press("escape")
        await someone.until(lambda: len(rows(someone)) == 4)


async def test_a_run_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    made_run(paths.runs, 1)
    made_run(paths.runs, 2)
    (made_run(paths.runs, 3) / folder.CONFIG).write_text("{")
    async with learner(tmp_path, HOME) as someone:
        await listed(someone, 2)
        await someone.until(lambda: "3-linear_scratch" in someone.said("#details"))
        someone.app.open_home()
        assert isinstance(someone.app.screen, HomeScreen)
