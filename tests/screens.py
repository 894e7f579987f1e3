"""What the tests of the Lab and of Train share: the real app under Textual's pilot, a warm box, and waiting."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from textual.pilot import Pilot
from textual.widgets import Static

from tutor.course import Challenge, load_challenge, solutions
from tutor.learner import Box
from tutor.paths import Paths, locate
from tutor.progress import ExerciseState, Store
from tutor.tui.app import TutorApp
from tutor.tui.opening import Opening
from tutor.tui.screens.lab import LabScreen
from tutor.tui.screens.train import TrainScreen

DEADLINE = 20.0  # seconds: generous, a test on a busy machine must not fail for that


class Learner:
    """Somebody at the keyboard."""

    def __init__(self, app: TutorApp, pilot: Pilot[int], paths: Paths) -> None:
        self.app = app
        self.pilot = pilot
        self.paths = paths
        self.longest_gap = 0.0  # seconds for which the event loop did not answer

    @property
    def lab(self) -> LabScreen:
        """The Lab, under whatever lies over it."""
        return next(screen for screen in reversed(self.app.screen_stack) if isinstance(screen, LabScreen))

    @property
    def train(self) -> TrainScreen:
        """The Train screen, under whatever lies over it."""
        return next(screen for screen in reversed(self.app.screen_stack) if isinstance(screen, TrainScreen))

    @property
    def state(self) -> ExerciseState:
        """What is stored of the exercise."""
        return self.app.store.progress.exercises.get(self.lab.challenge.id, ExerciseState())

    @property
    def file(self) -> Path:
        """The learner's file."""
        return self.paths.implementation(self.lab.challenge.id)

    def said(self, selector: str) -> str:
        """What a Static of the screen says."""
        return str(self.app.screen.query_one(selector, Static).content)

    @property
    def headline(self) -> str:
        """The verdict line."""
        return str(self.lab.query_one("#headline", Static).content)

    @property
    def banner(self) -> str:
        """What the learner is told of the file."""
        return str(self.lab.query_one("#banner", Static).content)

    @property
    def notices(self) -> str:
        """Every notice, one a line."""
        return "\n".join(f"{notice.title} {notice.message}" for notice in self.app._notifications)

    def kept(self) -> list[str]:
        """The versions of the file that are kept."""
        return [path.read_text("utf-8", "replace") for path in sorted(self.lab.file.file.versions.glob("*.py"))]

    async def press(self, *keys: str) -> None:
        """Press keys, and let the app take them in."""
        await self.pilot.press(*keys)

    async def until(self, condition: Callable[[], Any], seconds: float = DEADLINE) -> None:
        """Wait until the condition holds; fail, showing the screen's words, when it does not in time."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                said = [str(static.content) for static in self.app.screen.query(Static)]
                raise AssertionError("the condition did not come true\n" + "\n".join(said) + "\n" + self.notices)
            await asyncio.sleep(0.01)

    async def write(self, text: str) -> None:
        """Put this into the pane, as if it had been typed."""
        self.lab.pane.show_content(text)
        await self.pilot.pause()

    async def save(self, text: str | None = None) -> str:
        """Press ctrl+s, on this text if one is given, and wait for the last word on it; return the verdict line."""
        if text is not None:
            await self.write(text)
        before = self.lab.answered
        await self.press("ctrl+s")
        await self.judged(before)
        return self.headline

    async def told(self, words: str) -> None:
        """Wait until the banner says this; "" for nothing."""
        await self.until(lambda: words in self.banner and bool(words) == bool(self.banner))

    async def judged_on(self, text: str) -> None:
        """Wait for the last word on this text."""
        await self.until(lambda: self.lab.judged_text == text and not self.lab.checking)

    async def judged(self, before: int) -> None:
        """Wait until a check later than this one has said its last word, and the disk has the file."""
        await self.until(lambda: self.lab.answered > before and not self.lab.checking)
        await self.until(lambda: not any(w.group == "disk" and w.is_running for w in self.lab.workers))

    async def _beat(self) -> None:
        last = time.monotonic()
        while True:
            await asyncio.sleep(0.01)
            now = time.monotonic()
            self.longest_gap, last = max(self.longest_gap, now - last - 0.01), now


@asynccontextmanager
async def learner(
    folder: Path,
    opening: Opening,
    box: Box | None = None,
    size: tuple[int, int] = (120, 36),
    paths: Paths | None = None,
) -> AsyncIterator[Learner]:
    """The app in a folder of the test's own, opened there; `paths` where it is on a course of the test's own too."""
    paths = paths or locate(folder / "user_data")
    with Store.open(paths) as store:
        store.record("welcomed")
        app = TutorApp(paths, store, opening)
        if box is not None:
            app.__dict__["box"] = box  # a warm one, that several tests share
        async with app.run_test(size=size) as pilot:
            someone = Learner(app, pilot, paths)
            wanted = {"lab": LabScreen, "train": TrainScreen}.get(opening.screen)
            if wanted is not None:
                await someone.until(lambda: isinstance(app.screen, wanted) and app.screen.is_mounted)
            await pilot.pause()
            beat = asyncio.ensure_future(someone._beat())
            try:
                yield someone
            finally:
                beat.cancel()


def challenge(name: str) -> Challenge:
    """One of the course's own exercises."""
    return load_challenge(locate().lessons, name)


def solution(name: str) -> str:
    """Code that passes."""
    return solutions(challenge(name))[1][1]
