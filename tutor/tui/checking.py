"""Off the thread that draws: judging a content, and noticing that the file has a new one."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path

from textual.message import Message
from textual.message_pump import MessagePump

from tutor.course import Challenge
from tutor.errors import SourceError, TutorError
from tutor.grading import Report
from tutor.learner import Box, Source, read_source

SETTLED = 0.05  # seconds without a change: an editor that truncates and writes is done
EMPTY_SETTLED = 0.2  # an empty file is more often half a save than a wish


class Judged(Message):
    """A report arrived; a later one for the same content says more."""

    def __init__(self, source: Source, report: Report, seconds: float) -> None:
        super().__init__()
        self.source = source
        self.report = report
        self.seconds = seconds  # since the check was asked for


class CheckFailed(Message):
    """The check itself failed: our fault."""

    def __init__(self, error: TutorError) -> None:
        super().__init__()
        self.error = error


class Checker:
    """Judges one content at a time for one listener; a newer content cancels the older check."""

    def __init__(self, listener: MessagePump, box: Box) -> None:
        self.listener = listener
        self.box = box
        self._cancelled = threading.Event()

    def check(self, challenge: Challenge, source: Source) -> None:
        """Start judging; the answers come as Judged messages."""
        self.cancel()
        self._cancelled = threading.Event()
        arguments = (challenge, source, self._cancelled)
        threading.Thread(target=self._run, args=arguments, name="check", daemon=True).start()

    def warm_up(self) -> None:
        """Load NumPy and start the box before the first save asks for them."""
        threading.Thread(target=self._warm_up, name="warm up", daemon=True).start()

    def _warm_up(self) -> None:
        try:
            from tutor.grading import grader  # noqa: F401  # for its imports

            self.box.layers()
        except TutorError as error:
            self.listener.post_message(CheckFailed(error))

    def cancel(self) -> None:
        """Forget the check that is under way."""
        self._cancelled.set()

    def _run(self, challenge: Challenge, source: Source, cancelled: threading.Event) -> None:
        started = time.perf_counter()
        try:
            from tutor.grading import grade

            for report in grade(challenge, source.text, self.box, cancelled=cancelled):
                if cancelled.is_set():
                    return
                self.listener.post_message(Judged(source, report, time.perf_counter() - started))
        except TutorError as error:
            if not cancelled.is_set():
                self.listener.post_message(CheckFailed(error))


async def settled_sources(path: Path, stop: asyncio.Event) -> AsyncIterator[Source | SourceError]:
    """Every new content of a file once it has settled, told by its hash and not by its time.

    The folder is watched, since editors save by rename; where the system cannot tell of changes, it is polled.
    """
    from watchfiles import awatch

    last = _look(path)
    # A change between two looks is not missed: the folder's events are already being collected.
    async for _ in awatch(path.parent, step=5, debounce=50, stop_event=stop, recursive=False, rust_timeout=1000):
        found = await _settle(path)
        if _identity(found) != _identity(last):
            last = found
            yield found


async def _settle(path: Path) -> Source | SourceError:
    found, since = _look(path), time.monotonic()
    while True:
        empty = isinstance(found, SourceError) or not found.text.strip()
        if time.monotonic() - since >= (EMPTY_SETTLED if empty else SETTLED):
            return found
        await asyncio.sleep(SETTLED / 4)
        again = _look(path)
        if _identity(again) != _identity(found):
            found, since = again, time.monotonic()


def _look(path: Path) -> Source | SourceError:
    try:
        return read_source(path)
    except SourceError as error:
        return error


def _identity(found: Source | SourceError) -> str:
    return found.hash if isinstance(found, Source) else str(found)
