"""A screen under another one: it costs nothing, and is up to date when it comes back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rich.console import RenderableType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from tests.screens import Learner, learner
from tutor.learner import Box
from tutor.tui.app import TutorApp
from tutor.tui.opening import Opening
from tutor.tui.screens.dialogs import Question
from tutor.tui.screens.home import HomeScreen

LAB = Opening("lab", "linear_scratch")


def home(someone: Learner) -> HomeScreen:
    """The first screen, under whatever lies over it."""
    return next(screen for screen in someone.app.screen_stack if isinstance(screen, HomeScreen))


async def test_what_happens_below_paints_nothing(tmp_path: Path, box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    async with learner(tmp_path, LAB, box) as someone:
        await someone.until(lambda: not someone.lab.checking)
        painted: list[Screen[Any]] = [someone.lab]
        display = TutorApp._display

        def spy(app: TutorApp, screen: Screen[Any], what: RenderableType | None) -> None:
            painted.append(screen)
            display(app, screen, what)

        monkeypatch.setattr(TutorApp, "_display", spy)
        while painted:  # what the Lab still had to paint
            painted.clear()
            await someone.pilot.pause(0.1)
        below = home(someone)
        for number in range(3):
            below.put("#title", Content(f"number {number}"))
            below.query_one("#title", Static).refresh()
            await someone.pilot.pause(0.1)
        assert not below.is_current and not painted
        await someone.press("escape", "escape")
        await someone.until(lambda: someone.app.screen is below)
        assert below.is_current
        await someone.until(lambda: below in painted)


async def test_a_screen_is_seen_through_a_dialog(tmp_path: Path, box: Box) -> None:
    async with learner(tmp_path, LAB, box) as someone:
        someone.app.push_screen(Question("Again?", "From the start.", {"y": "yes"}))
        await someone.until(lambda: isinstance(someone.app.screen, Question))
        someone.app.remove_class("-flat")  # where colours are few, nothing shines through
        await someone.until(lambda: someone.lab.is_current)
        assert not home(someone).is_current
