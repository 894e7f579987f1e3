"""The history of an exercise's file, walked through in the Lab."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from textual.widgets import Static

from tests.screens import Learner, challenge, learner, solution
from tutor.course import starter
from tutor.learner import Box, Version
from tutor.learner.versions import Graded
from tutor.tui.opening import Opening
from tutor.tui.screens import history_view
from tutor.tui.screens.history import HistoryScreen
from tutor.tui.screens.history_view import Line
from tutor.tui.screens.lab import LabScreen

NAME = "linear_scratch"
LAB = Opening("lab", NAME)
RIGHT = solution(NAME)
WRONG = RIGHT.replace(".sum(axis=0)", "")


async def open_history(someone: Learner, *keys: str) -> HistoryScreen:
    """Open it, and wait until it shows what the newest version is."""
    await someone.press(*(keys or ("alt+h",)))
    await someone.until(lambda: isinstance(someone.app.screen, HistoryScreen) and someone.app.screen.is_mounted)
    screen = someone.app.screen
    assert isinstance(screen, HistoryScreen)
    await someone.until(lambda: shown(screen))
    return screen


def shown(screen: HistoryScreen) -> str:
    """What stands beside the list."""
    return "\n".join(str(screen.query_one(name, Static).content) for name in ("#heading", "#lines")).strip()


def listed(screen: HistoryScreen) -> list[str]:
    """The list, a version a line."""
    return [line.strip() for line in str(screen.list.render()).split("\n")]


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_every_judged_version_is_there_and_comes_back(tmp_path: Path, box: Box, size: tuple[int, int]) -> None:
    async with learner(tmp_path, LAB, box, size) as someone:
        await someone.save(WRONG)
        await someone.save(RIGHT)
        await someone.write(f"{RIGHT}# [b]typed[/b] since\n")
        screen = await open_history(someone)
        newest, older = listed(screen)
        assert newest.startswith("▸ ✓ just now") and older.startswith("✗ just now")
        assert "Passed" in shown(screen) and "- # [b]typed[/b] since" in shown(screen)
        await someone.press("down")
        await someone.until(lambda: "still carries the batch" in shown(screen))
        assert "3 of 4 gradients right · +1 -2 lines against the pane" in shown(screen)
        assert "- " + " " * 8 + "self.grad_b = grad_output.sum(axis=0)" in shown(screen)
        assert screen.query_one("#versions").region.area and screen.query_one("#version").region.area

        await someone.press("enter")
        await someone.until(lambda: isinstance(someone.app.screen, LabScreen))
        assert someone.lab.pane.text == WRONG
        assert someone.file.read_text() == RIGHT  # the file stays until ctrl+s
        assert f"{RIGHT}# [b]typed[/b] since\n" in someone.kept()
        await someone.press("ctrl+z")
        assert someone.lab.pane.text == f"{RIGHT}# [b]typed[/b] since\n"
        await someone.press("ctrl+y")
        assert "still carries the batch" in await someone.save()
        assert someone.file.read_text() == WRONG


async def test_a_reset_is_undone_from_the_history_and_esc_changes_nothing(tmp_path: Path, box: Box) -> None:
    async with learner(tmp_path, LAB, box) as someone:
        await someone.save(RIGHT)
        await someone.write(f"{RIGHT}# typed since\n")
        before = someone.lab.answered
        await someone.press("f9", "y")
        await someone.judged(before)
        screen = await open_history(someone, "escape", "h")
        await someone.press("escape")
        assert someone.lab.pane.text == starter(someone.lab.challenge)
        screen = await open_history(someone)
        saved = next(number for number, version in enumerate(screen.list.versions) if version.passed)
        await someone.press(*["down"] * saved, "enter")
        await someone.until(lambda: someone.lab.pane.text == RIGHT)
        assert "Passed" in await someone.save()


async def test_no_history_yet_and_whole_files(tmp_path: Path, box: Box) -> None:
    async with learner(tmp_path, LAB, box) as someone:
        screen = await open_history(someone)
        assert history_view.NOTHING in shown(screen)
        await someone.press("down", "enter", "w", "escape")
        assert someone.lab.pane.text == starter(someone.lab.challenge)
        await someone.save(RIGHT)
        screen = await open_history(someone)
        assert "the same as what stands in the pane" in shown(screen)
        await someone.press("w")
        await someone.until(lambda: RIGHT.split("\n")[0] in shown(screen))


async def test_a_disk_that_keeps_no_history_says_so_once_and_the_lab_goes_on(tmp_path: Path, box: Box) -> None:
    async with learner(tmp_path, LAB, box) as someone:
        (someone.paths.backup / NAME).write_text("a file where the folder should be")
        for text in (RIGHT, WRONG, RIGHT):
            await someone.save(text)
        assert "Passed" in someone.headline and someone.banner == ""
        assert someone.notices.count("goes on without the history") == 1
        await someone.write(WRONG)
        await open_history(someone)
        await someone.press("escape")
        assert someone.lab.pane.text == WRONG


# ── the lines ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_comparison_says_what_comes_and_what_goes() -> None:
    pane = [str(number) for number in range(20)]
    version = [*pane[:10], "ten", *pane[11:]]
    lines = history_view.comparison("\n".join(pane), "\n".join(version))
    assert lines[0] == Line("⋯", "7 lines the same") and lines[-1] == Line("⋯", "6 lines the same")
    assert Line("-", "10") in lines and Line("+", "ten") in lines and len(lines) == 10
    whole = history_view.comparison("\n".join(pane), "\n".join(version), whole=True)
    assert [line.text for line in whole if line.sign != "-"] == version
    assert [line.text for line in whole if line.sign != "+"] == pane
    assert history_view.comparison("same", "same") == []


@pytest.mark.parametrize("width", [20, 44, 80])
def test_a_row_fits_and_shows_control_characters_as_signs(width: int) -> None:
    now = time.time()
    graded = Graded("failed", f"\x1b[31m[b]{challenge(NAME).id}[/b] " * 5, 1, 4)
    row = history_view.row(Version(Path("x.py"), now - 200, "", 1, "graded", graded), now, True, width)
    assert row.cell_length <= width and "\x1b" not in row.plain and "✗ 3 min ago" in row.plain
