"""Judging a content on a thread of its own: the answers come back as messages."""

from __future__ import annotations

import gc
import threading
import time
from typing import TYPE_CHECKING

from textual.message import Message
from textual.message_pump import MessagePump

from tutor.course import Challenge
from tutor.errors import TutorError
from tutor.grading import Report
from tutor.learner import Box, Source

if TYPE_CHECKING:
    from tutor.grading import Prepared


SHOWN_WITHIN = 0.1  # seconds that a check waits for its answer to be drawn
QUIET_BEFORE_PREPARING = 0.25  # seconds after the last answer


class Judged(Message):
    """A report arrived; a later one of the same check says more."""

    def __init__(self, check: int, source: Source, report: Report, seconds: float) -> None:
        super().__init__()
        self.check = check  # as Checker.check returned it
        self.source = source
        self.report = report
        self.seconds = seconds  # since the check was asked for


class CheckFailed(Message):
    """The check itself failed: our fault."""

    def __init__(self, check: int, error: TutorError) -> None:
        super().__init__()
        self.check = check
        self.error = error


class Checker:
    """Judges one content at a time for one listener; a newer content cancels the older check."""

    def __init__(self, listener: MessagePump, box: Box) -> None:
        self.listener = listener
        self.box = box
        self._cancelled = threading.Event()
        self.columns = 76  # of an array that the learner's code prints
        self._checks = 0
        self._shown = threading.Event()
        self._prepared: tuple[Challenge, Prepared] | None = None

    def check(self, challenge: Challenge, source: Source) -> int:
        """Start judging and return the number that the answers carry."""
        self.cancel()
        self._cancelled = threading.Event()
        self._checks += 1
        arguments = (self._checks, challenge, source, self._cancelled)
        threading.Thread(target=self._run, args=arguments, name="check", daemon=True).start()
        return self._checks

    def warm_up(self, challenge: Challenge) -> None:
        """Load NumPy, start the box and prepare the first check before a save asks for them."""
        threading.Thread(target=self._warm_up, args=(challenge,), name="warm up", daemon=True).start()

    def _warm_up(self, challenge: Challenge) -> None:
        try:
            if "torch" in challenge.needs:
                self.box.start(torch=True)
            self._prepare(challenge)
            gc.freeze()  # a look through all of NumPy and Textual takes 60 ms, and may come between save and verdict
        except TutorError as error:
            self.listener.post_message(CheckFailed(0, error))

    def _prepare(self, challenge: Challenge) -> None:
        """Run the reference for the next check now, so that the learner waits for their own code alone."""
        from tutor.grading import prepare

        self._prepared = (challenge, prepare(challenge, self.box))

    def shown(self) -> None:
        """Say that the last answer stands on the screen: the check goes on."""
        self._shown.set()

    def cancel(self) -> None:
        """Forget the check that is under way."""
        self._cancelled.set()

    def _run(self, check: int, challenge: Challenge, source: Source, cancelled: threading.Event) -> None:
        started = time.perf_counter()
        try:
            from tutor.grading import grade

            ready, self._prepared = self._prepared, None  # arrays that a file has met are no secret any more
            prepared = ready[1] if ready and ready[0] == challenge else None
            for report in grade(
                challenge, source.text, self.box, prepared=prepared, cancelled=cancelled, columns=self.columns
            ):
                if cancelled.is_set():
                    return
                self._shown.clear()
                self.listener.post_message(Judged(check, source, report, time.perf_counter() - started))
                self._shown.wait(SHOWN_WITHIN)  # what goes on at once takes the processor from drawing this
            if not cancelled.wait(QUIET_BEFORE_PREPARING):
                self._prepare(challenge)
        except TutorError as error:
            if not cancelled.is_set():
                self.listener.post_message(CheckFailed(check, error))
