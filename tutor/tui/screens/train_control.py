"""What the keys of the Train screen ask of a run; all of it off the thread that draws, one request after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tutor.course import Challenge, load_challenge
from tutor.errors import RunError, TutorError
from tutor.learner import read_source, shown_path
from tutor.training import ENDED, RunConfig, Tick, control, end_run, export_csv, export_svg, restart, resume
from tutor.training.folder import CODE, read_control
from tutor.tui.screens.dialogs import Question
from tutor.tui.screens.lab_train import train
from tutor.tui.screens.screen import TutorScreen
from tutor.tui.screens.train_dialogs import Ask

if TYPE_CHECKING:
    from tutor.tui.screens.train_follow import Follower

EXPORTS = "exports"  # in the learner's folder
RATES = (1.0, 2.0, 5.0)  # in every power of ten


def next_rate(lr: float, *, up: bool) -> float:
    """The next learning rate of 1, 2, 5, 10, ... above or below."""
    place = next(power for power in range(-40, 40) if lr < 10.0 ** (power + 1) * (1 - 1e-9))
    rates = [float(f"{rate:g}e{power}") for power in (place - 1, place, place + 1) for rate in RATES]
    if up:
        return next(rate for rate in rates if rate > lr * (1 + 1e-9))
    return next(rate for rate in reversed(rates) if rate < lr * (1 - 1e-9))


class RunControls:
    """Pauses, hurries, changes, ends, resumes, repeats and exports one run."""

    def __init__(self, screen: TutorScreen, follower: Follower) -> None:
        self.screen = screen
        self.follower = follower
        self.run_dir = follower.run.run_dir
        self._in_turn = asyncio.Lock()

    @property
    def config(self) -> RunConfig:
        """What the run was started with."""
        return self.follower.run.watch.config

    def _do(self, act: Callable[[], object], then: Callable[[], object] | None = None) -> None:
        self.screen.run_worker(self._one(act, then), group="control")

    async def _one(self, act: Callable[[], object], then: Callable[[], object] | None) -> None:
        async with self._in_turn:
            try:
                await asyncio.to_thread(act)
            except TutorError as error:
                self.screen.tutor.show_error(error)
                return
        self.follower.look_again()
        if then is not None:
            then()

    def ask(self, **changes: object) -> None:
        """Ask the worker for changes, by the names of Control."""
        self._do(lambda: control(self.run_dir, **changes))

    def go_on(self, tick: Tick) -> None:
        """Go on; an ended run does so from its last checkpoint, with another value where it must."""
        if tick.state not in ENDED:
            self.ask(paused=False)
        elif tick.state == "diverged":
            lr = tick.lr if tick.lr is not None else self.config.lr
            smaller = f"{min(lr / 10, 0.1):.1g}"  # as the chart says
            question = Ask("Go on with which learning rate?", smaller, "From its last checkpoint on.")
            self.screen.app.push_screen(question, lambda text: self._resume_with(text, "lr"))
        elif tick.state == "out-of-memory":
            smaller_batch = max(1, (read_control(self.run_dir).batch or self.config.batch) // 2)
            question = Ask("Go on with which batch size?", str(smaller_batch), "From its last checkpoint on.")
            self.screen.app.push_screen(question, lambda text: self._resume_with(text, "batch"))
        else:
            self._do(lambda: resume(self.run_dir))

    def _resume_with(self, text: str | None, what: str) -> None:
        if text and what == "lr":
            self._do(lambda: resume(self.run_dir, lr=_rate(text)))
        elif text:
            self._do(lambda: resume(self.run_dir, batch=_whole(text)))

    def step(self) -> None:
        """One step; then the run waits."""
        self.ask(steps_to_run=1)

    def full_speed(self, tick: Tick) -> None:
        """As fast as the machine can, or back to its pace."""
        self.ask(pace=tick.config.pace if tick.pace == 0 else 0.0)

    def move_rate(self, *, up: bool) -> None:
        """The learning rate to the next of 1, 2, 5, 10; from what was asked for last, also a moment ago."""

        def change() -> None:
            now = read_control(self.run_dir).lr or self.config.lr
            control(self.run_dir, lr=next_rate(now, up=up))

        self._do(change)

    def type_rate(self, tick: Tick) -> None:
        """Ask for a learning rate."""
        now = tick.lr if tick.lr is not None else self.config.lr
        self.screen.app.push_screen(Ask("Learning rate", f"{now:g}", "From the next step on."), self._rate_typed)

    def _rate_typed(self, text: str | None) -> None:
        if text:
            self._do(lambda: control(self.run_dir, lr=_rate(text)))

    def type_batch(self, now: int) -> None:
        """Ask for a batch size."""
        question = Ask("Batch size", str(now), "Samples in a step, from the next one on.")
        self.screen.app.push_screen(question, self._batch_typed)

    def _batch_typed(self, text: str | None) -> None:
        if text:
            self._do(lambda: control(self.run_dir, batch=_whole(text)))

    def cancel(self) -> None:
        """End the run after a question."""
        question = Question("End this run?", "What it has learnt until now is kept.", {"y": "end it"})
        self.screen.app.push_screen(question, self._cancel)

    def _cancel(self, key: str | None) -> None:
        if key == "y":
            self._do(lambda: end_run(self.run_dir, self.follower.wait))

    def restart(self) -> None:
        """Start the same run once more: same code, same options, same seed."""
        question = Question(
            "Train it once more?",
            "With the same code, the same options and the same seed; this run stays as it is.",
            {"y": "start it"},
        )
        self.screen.app.push_screen(question, self._restart)

    def _restart(self, key: str | None) -> None:
        started: list[str] = []

        def again() -> None:
            started.append(restart(self.screen.tutor.paths, self.config.id).id)

        if key == "y":
            self._do(again, lambda: self.screen.tutor.open_train(started[0], replace=True))

    def train(self) -> None:
        """Ask how to train the code of this run once more."""
        found: list[tuple[Challenge, str]] = []

        def read() -> None:
            name = self.config.challenge
            challenge = load_challenge(self.screen.tutor.paths.lessons, name)
            found.append((challenge, read_source(self.run_dir / CODE / f"{name}.py").text))

        self._do(read, lambda: train(self.screen, *found[0], replace=True))

    def export(self) -> None:
        """Write the run where others can read it."""
        question = Question(
            "Export this run", "", {"c": "every step as CSV, for a spreadsheet", "s": "the chart as SVG, for a page"}
        )
        self.screen.app.push_screen(question, self._export)

    def _export(self, key: str | None) -> None:
        written: list[Path] = []

        def write() -> None:
            folder = self.screen.tutor.paths.user_data / EXPORTS
            file = free_file(folder, self.config.id, "csv" if key == "c" else "svg")
            if key == "c":
                export_csv(self.run_dir, file)
            else:
                export_svg(self.run_dir, file)
            written.append(file)

        if key:
            self._do(
                write,
                lambda: self.screen.notify(f"It is written: {shown_path(written[0])}", timeout=10, markup=False),
            )


def free_file(folder: Path, name: str, suffix: str) -> Path:
    """A file that is not there yet, in a folder that is; RunError when that cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"{folder} cannot be made.", str(error.strerror), "Make its parent writable.") from error
    numbered = (folder / f"{name}{f'-{number}' if number > 1 else ''}.{suffix}" for number in range(1, 10_000))
    return next(file for file in numbered if not file.exists())


def _rate(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise RunError(f"{text} is no number.", "", "Give a learning rate, such as 0.05.") from None


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise RunError(f"{text} is no whole number.", "", "Give the samples in a batch, such as 32.") from None
