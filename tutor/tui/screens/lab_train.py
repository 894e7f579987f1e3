"""F5 in the Lab: a training run starts from code that passes."""

from __future__ import annotations

import asyncio

from tutor.course import Challenge
from tutor.errors import TutorError
from tutor.training import paced_for, start
from tutor.tui.screens.screen import TutorScreen


class RunStarter:
    """Starts one run at a time, and opens the screen on which it is watched."""

    def __init__(self, screen: TutorScreen, challenge: Challenge) -> None:
        self.screen = screen
        self.challenge = challenge
        self.starting = False

    def start(self, text: str, *, passed: bool) -> None:
        """Start training with this text, or say why not."""
        if self.challenge.train is None:
            self.screen.notify("This exercise is not part of a network that trains.", timeout=4)
        elif not passed:
            self.screen.notify("Training starts from code that passes: ctrl+s judges it.", timeout=4)
        elif not self.starting:
            self.starting = True
            self.screen.run_worker(self._start(text), group="train")

    async def _start(self, text: str) -> None:
        try:
            config = await asyncio.to_thread(self._new_run, text)
        except TutorError as error:
            self.screen.tutor.show_error(error)
        else:
            self.screen.tutor.open_train(config)
        finally:
            self.starting = False

    def _new_run(self, text: str) -> str:
        return start(self.screen.tutor.paths, self.challenge, text, pace=paced_for(self.challenge)).id
