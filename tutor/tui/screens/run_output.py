"""F8 in the Lab: the file is run as `python file` would, and what it says stands in the output pane."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from textual.content import Content

from tutor.course import Challenge, Drive
from tutor.learner import Box, BoxJob, BoxResult, Fault
from tutor.tui.screens.output_view import LINES, beginning
from tutor.tui.screens.screen import TutorScreen

QUIET_SIGN_AFTER = 0.15  # seconds: a run that takes longer says that it is under way


@dataclass(frozen=True)
class Run:
    """One run of the file; without a result it is under way."""

    filename: str
    result: BoxResult | None = None
    slow: bool = False


class FileRun:
    """Runs a learner's file, one run at a time; what is shown of it stays until something else is judged."""

    def __init__(self, screen: TutorScreen, challenge: Challenge, changed: Callable[[], None]) -> None:
        self.screen = screen
        self.challenge = challenge
        self.changed = changed  # called when there is something else to show
        self.shown: Run | None = None
        self._under_way: threading.Event | None = None  # set to cancel

    @property
    def running(self) -> bool:
        """True while the file runs."""
        return self._under_way is not None

    @property
    def mark(self) -> tuple[int, str] | None:
        """The line in which the run that is shown stopped, and what it says."""
        fault = self.shown.result.fault if self.shown is not None and self.shown.result is not None else None
        if fault is None or fault.error is None or fault.error.line is None:
            return None
        return fault.error.line, fault.sentence

    def start(self, text: str, columns: int) -> None:
        """Run this text; arrays that it prints get lines of so many columns."""
        self.cancel()
        cancelled = self._under_way = threading.Event()
        job = BoxJob(
            source=text,
            filename=f"{self.challenge.id}.py",
            drive=Drive(setup="", forward=""),
            cases=(),
            limits=self.challenge.limits,
            torch="torch" in self.challenge.needs,
            columns=columns,
        )
        self.screen.set_timer(QUIET_SIGN_AFTER, lambda: self._say_if_slow(cancelled))
        box = self.screen.tutor.box
        self.screen.run_worker(lambda: self._run(box, job, cancelled), thread=True, group="run")

    def cancel(self) -> bool:
        """End the run that is under way; False where there is none."""
        if self._under_way is None:
            return False
        self._under_way.set()
        self._under_way = None
        self.shown = None
        self.changed()
        return True

    def forget(self) -> None:
        """What was judged is shown from now on."""
        if not self.cancel() and self.shown is not None:
            self.shown = None
            self.changed()

    def leave(self) -> None:
        """The screen goes."""
        if self._under_way is not None:
            self._under_way.set()

    def _say_if_slow(self, run: threading.Event) -> None:
        if run is self._under_way:
            self.shown = Run(f"{self.challenge.id}.py", slow=True)
            self.changed()

    def _run(self, box: Box, job: BoxJob, cancelled: threading.Event) -> None:
        result = box.run(job, cancelled)
        if not cancelled.is_set():
            self.screen.app.call_from_thread(self._ended, result, job.filename, cancelled)

    def _ended(self, result: BoxResult, filename: str, run: threading.Event) -> None:
        if run is self._under_way:
            self._under_way = None
            self.shown = Run(filename, result)
            self.changed()


def run_content(run: Run) -> Content:
    """How the run ended, what it printed, and where it stopped."""
    result = run.result
    if result is None:
        return Content.assemble((f"python {run.filename} is running …  F8 or esc ends it", "$dim"))
    sign, style = ("✓", "$good") if result.fault is None else ("✗", "$bad")
    parts = [
        Content.assemble(
            (f"{sign} ", style),
            (f"python {run.filename}", "$foreground"),
            (f" · {_status(result)} · {result.seconds:.2f} s", "$dim"),
        )
    ]
    fault = result.fault
    if fault is not None:
        parts += _stopped(fault)
    if result.output.strip():
        if fault is not None:
            parts.append(Content.assemble(("printed until then", "$faint")))
        parts += beginning(result.output, LINES, result.output_cut)
    elif fault is None:
        words = 'Nothing was printed. Lines under if __name__ == "__main__": run here, and not when you are judged.'
        parts.append(Content.assemble((words, "$dim")))
    return Content("\n").join(parts)


def _stopped(fault: Fault) -> list[Content]:
    """Where and why, as Python puts it: the learner's own lines, then the exception."""
    error = fault.error
    if fault.kind == "exception" and error is not None and error.traceback:
        told = f"{error.type}: {error.message}" if error.message else error.type
        return [Content(error.traceback.rstrip()), Content.assemble((told, "bold $bright"))]
    said = [Content.assemble((fault.sentence, "bold $bright"))]
    return [*said, Content.assemble((fault.next_step, "$dim"))] if fault.next_step else said


def _status(result: BoxResult) -> str:
    """The exit status as a shell would say it, where there is one."""
    fault = result.fault
    if fault is None:
        return "exit status 0"
    if fault.kind == "exited" and fault.error is not None and fault.error.message.isdecimal():
        return f"exit status {fault.error.message}"
    if fault.kind in ("exception", "syntax", "exited") and fault.error is not None:
        return "exit status 1"
    return "stopped"
