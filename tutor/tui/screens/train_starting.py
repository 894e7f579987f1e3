"""What a start of training waits for: a data set that is downloaded, an optimizer that is judged once more, the run."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tutor.course import Challenge, load_challenge
from tutor.errors import RunError, TutorError
from tutor.learner import read_source
from tutor.paths import Paths
from tutor.training import OwnOptimizer, RunConfig, TrainOptions, paced_for, start
from tutor.training.datasets import obtain
from tutor.training.recipes import optimizer_of

if TYPE_CHECKING:
    from tutor.tui.app import TutorApp

LEAST_TOLD = 100_000  # bytes between two looks at how far a download is


class _Stopped(Exception):
    """The learner does not want it any more."""


class Fetching:
    """A download on a thread that nobody waits for when the program ends."""

    def __init__(self, name: str, kept: Path, changed: Callable[[], object]) -> None:
        self.name, self.kept, self.changed = name, kept, changed
        self.there = self.all_of_it = 0  # bytes
        self._stop = threading.Event()

    @property
    def stopped(self) -> bool:
        """Whether it was told to stop."""
        return self._stop.is_set()

    def stop(self) -> None:
        """Let it end with the next bytes that come; what has come is kept."""
        self._stop.set()

    async def run(self) -> None:
        """Wait until all of it is there, or it was stopped; DatasetUnavailable."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()

        def told(there: int, all_of_it: int) -> None:
            if self.stopped:
                raise _Stopped
            if there == all_of_it or there - self.there >= LEAST_TOLD:
                self.there, self.all_of_it = there, all_of_it
                loop.call_soon_threadsafe(self.changed)

        def settle(error: Exception | None) -> None:
            if not done.done():
                done.set_result(None) if error is None else done.set_exception(error)

        def fetch() -> None:
            failed: Exception | None = None
            try:
                obtain(self.name, self.kept, told)
            except _Stopped:
                pass
            except Exception as error:  # whatever it is, it is raised where it is waited for
                failed = error
            with contextlib.suppress(RuntimeError):  # the program has ended
                loop.call_soon_threadsafe(settle, failed)

        threading.Thread(target=fetch, name="download", daemon=True).start()
        await done


def passed_optimizers(paths: Paths, passed: Iterable[str]) -> dict[str, Challenge]:
    """Of the exercises that were passed, those in which the learner wrote an optimizer that can train a network."""
    found = {}
    for name in passed:
        with contextlib.suppress(TutorError):  # an exercise that is gone, or one of another kind
            challenge = load_challenge(paths.lessons, name)
            optimizer_of(challenge)
            found[name] = challenge
    return found


def judged(app: TutorApp, challenge: Challenge) -> OwnOptimizer:
    """The learner's file of an exercise, once it has passed as it stands now; RunError when it does not."""
    from tutor.grading import grade

    source = read_source(app.paths.implementation(challenge.id)).text
    report = list(grade(challenge, source, app.box))[-1]
    if not report.passed:
        raise RunError(
            f"Your {challenge.id} does not pass as it stands now: {report.headline}",
            "",
            "Mend it in the Lab, or choose another optimizer.",
        )
    return OwnOptimizer(challenge, source)


def new_run(paths: Paths, challenge: Challenge, source: str, options: TrainOptions, *, seconds: float) -> RunConfig:
    """Start a run whose data set is at hand; it takes about so many seconds, or at 0 as few as it can."""
    options = replace(options, data_dir=obtain(options.dataset, paths.datasets))
    pace = paced_for(challenge, seconds, options) if seconds else 0.0
    return start(paths, challenge, source, replace(options, pace=pace))
