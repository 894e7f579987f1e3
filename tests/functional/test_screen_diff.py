"""The cell diff as a learner uses it: from the Lab by key, in place under a new verdict, and back."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import numpy as np
from textual.widgets import Static

from tests.screens import Learner, learner, solution
from tutor.learner import Box
from tutor.tui.clipboard import FILE
from tutor.tui.opening import Opening
from tutor.tui.screens.diff import DiffScreen
from tutor.tui.screens.lab import LabScreen
from tutor.tui.widgets.flow import Flow

NAME = "linear_scratch"
LAB = Opening("lab", NAME)
SMALL = (80, 24)
RIGHT = solution(NAME)
STEP = re.compile(r"^( *)(self\.grad_W = .*)$", re.MULTILINE)


def wrong(line: str) -> str:
    """The solution with one more line after the gradient of W."""
    assert STEP.search(RIGHT)
    return STEP.sub(rf"\1\2\n\1{line}", RIGHT, count=1)


ROW = wrong("self.grad_W[1] *= -1")
CELL = wrong("self.grad_W[2, 1] += 0.5")
LARGE = wrong("self.grad_W[40 % len(self.W), 20 % self.W.shape[1]] += float(len(self.W) == 64)")
SHAPE = RIGHT.replace(".sum(axis=0)", "")


def diff(someone: Learner) -> DiffScreen:
    screen = someone.app.screen
    assert isinstance(screen, DiffScreen)
    return screen


def shown(someone: Learner) -> str:
    """What stands in the diff."""
    screen = diff(someone)
    lines = [screen.table.render_line(y).text.rstrip() for y in range(screen.table.size.height)]
    return "\n".join([*(str(static.content) for static in screen.query(Static)), *lines])


def said_of(someone: Learner, words: str) -> bool:
    return words in someone.notices


async def opened(someone: Learner, *keys: str) -> None:
    await someone.press(*(keys or ("f4",)))
    await someone.until(lambda: isinstance(someone.app.screen, DiffScreen) and someone.app.screen.is_mounted)
    await someone.pilot.pause()


async def test_f4_opens_the_first_wrong_tensor_at_its_worst_cell(tmp_path: Path, box: Box) -> None:
    async with learner(tmp_path, LAB, box) as someone:
        await someone.save(ROW)
        await opened(someone)
        said = shown(someone)
        assert "grad_W (4, 3)   ✗ value" in said and "basic: five samples through a 4-to-3 layer" in said
        assert "3 of 12 cells differ, all of row 1: each has the wrong sign." in said
        assert "▸✗" in said and "the worst of 3 wrong" in said
        assert "numeric: your own forward" in said
        await someone.press("w")
        assert "number 2 of 3 wrong" in shown(someone)
        await someone.press("f4")
        assert isinstance(someone.app.screen, LabScreen) and someone.lab.pane.has_focus


async def test_on_a_small_screen_the_gradients_come_first(tmp_path: Path, box: Box) -> None:
    async with learner(tmp_path, LAB, box, size=SMALL) as someone:
        await someone.save(ROW)
        await someone.press("f4")
        assert isinstance(someone.app.screen, LabScreen) and someone.lab.table.has_focus
        await someone.press("down")
        chosen = someone.lab.table.chosen
        await opened(someone, "enter")
        assert diff(someone).found is not None
        assert diff(someone).found.check is someone.lab.table.report.checks[chosen]  # type: ignore[union-attr]
        await someone.press("escape")
        assert someone.lab.table.has_focus and someone.lab.view == "gradients"


async def test_before_a_verdict_there_is_nothing_to_open(tmp_path: Path, box: Box) -> None:
    async with learner(tmp_path, LAB, box) as someone:
        await someone.press("f4")
        assert isinstance(someone.app.screen, LabScreen) and someone.lab.table.has_focus


async def test_a_new_verdict_is_shown_in_place_and_an_old_one_is_grey(tmp_path: Path, box: Box) -> None:
    async with learner(tmp_path, LAB, box) as someone:
        await someone.save(CELL)
        await opened(someone)
        await someone.press("down", "v")
        look = diff(someone).table.look
        before = someone.lab.answered
        someone.file.write_text(ROW)
        await someone.judged(before)
        await someone.until(lambda: "all of row 1" in shown(someone))
        assert diff(someone).table.look == look
        someone.lab.pane.insert("x")
        await someone.until(lambda: diff(someone).table.stale)
        await someone.pilot.pause()
        assert "The code has changed since" in shown(someone)
        before = someone.lab.answered
        someone.lab.action_judge()  # the syntax error has no tensors: those of the last verdict stay, and stay grey
        await someone.judged(before)
        assert diff(someone).table.stale and "all of row 1" in shown(someone)


async def test_once_it_is_right_it_says_so(tmp_path: Path, box: Box) -> None:
    async with learner(tmp_path, LAB, box) as someone:
        await someone.save(CELL)
        await opened(someone)
        someone.file.write_text(RIGHT)
        await someone.until(lambda: "✓ right" in shown(someone) and "All 12 cells agree." in shown(someone))
        await someone.press("n")
        assert "grad_b" in shown(someone)


async def test_a_large_tensor_is_folded_unfolded_and_walked_in_the_map(tmp_path: Path, box: Box) -> None:
    async with learner(tmp_path, LAB, box, size=SMALL) as someone:
        await someone.save(LARGE)
        await someone.press("f4")
        await opened(someone, "enter")
        said = shown(someone)
        assert "stress: " in said and "rows, all right ···" in said and "█" in said
        assert diff(someone).table.look.cursor == (0, 40, 20)
        await someone.press("f")
        assert "all right ···" not in shown(someone) and "▸✗" in shown(someone)
        await someone.press("m", "up", "up")
        assert diff(someone).table.look.cursor[1] < 32
        assert "The arrows move in the map" in shown(someone)
        await someone.press("m", "ctrl+home", "end", "pagedown")
        assert diff(someone).table.look.cursor[2] == 31


async def test_a_wrong_shape_shows_both(tmp_path: Path, box: Box) -> None:
    async with learner(tmp_path, LAB, box) as someone:
        await someone.save(SHAPE)
        await opened(someone)
        said = shown(someone)
        assert "grad_b (5, 3), expected (3,)   ✗ shape" in said and "Its sum over axis 0 is right." in said
        assert "yours[0, 0]" in said and "expected[0]" in said


async def test_a_tensor_that_is_missing_is_a_sentence(tmp_path: Path, box: Box) -> None:
    async with learner(tmp_path, LAB, box) as someone:
        await someone.save(STEP.sub(r"\1pass", RIGHT, count=1))
        await opened(someone)
        assert "There is nothing to lay beside what is expected: an array of shape (4, 3)." in shown(someone)
        await someone.press("y", "w", "down", "v", "m", "f")
        await someone.until(lambda: "no array here to copy" in someone.notices)


async def test_y_copies_what_is_under_the_cursor(tmp_path: Path, box: Box) -> None:
    async with learner(tmp_path, LAB, box) as someone:
        await someone.save(CELL)
        await opened(someone)
        found = diff(someone).found
        assert found is not None and found.tensor is not None
        for quantity, values in (("yours", found.tensor.yours), ("expected", found.tensor.expected)):
            await someone.press("y")
            await someone.until(partial(said_of, someone, f"grad_W, {quantity}, (4, 3)"))
            copied = (someone.paths.user_data / FILE).read_text()
            assert someone.app.clipboard == copied
            assert np.array_equal(eval(copied, {"np": np}), np.array(values))
            await someone.press("v")
        assert FILE in someone.notices


async def test_the_mouse_moves_the_cursor_and_keeps_the_keys_with_the_cells(tmp_path: Path, box: Box) -> None:
    async with learner(tmp_path, LAB, box, size=SMALL) as someone:
        await someone.save(CELL)
        await someone.press("f4")
        await opened(someone, "f4")
        table = diff(someone).table
        assert await someone.pilot.click(table, offset=(20, 2))
        row = table.look.cursor
        assert row != (0, 2, 1)
        assert await someone.pilot.click("#title")
        await someone.press("down")
        assert table.look.cursor != row


async def test_the_palette_keys_and_help_stand_on_the_screen(tmp_path: Path, box: Box) -> None:
    async with learner(tmp_path, LAB, box) as someone:
        await someone.save(CELL)
        await opened(someone)
        await someone.press("f1")
        await someone.pilot.pause()
        said = someone.app.screen.query_one(Flow).render().plain
        assert "The next worst cell" in said and "Back to the Lab" in said
