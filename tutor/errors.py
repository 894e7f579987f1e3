"""The one small hierarchy of errors: each says what happened, to what, and what to do next."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path


class TutorError(Exception):
    """Something a person can act on: a title, what happened, and the next step."""

    def __init__(self, title: str, what: str = "", next_step: str = "") -> None:
        super().__init__(title, what, next_step)
        self.title = title
        self.what = what
        self.next_step = next_step

    def __str__(self) -> str:
        return " ".join(part for part in (self.title, self.what, self.next_step) if part)


class UnknownName(TutorError):
    """A lesson, exercise or run was asked for that does not exist."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        names = sorted(known)
        near = difflib.get_close_matches(name, names, n=1, cutoff=0.4)
        if near:
            next_step = f"Did you mean {near[0]}?"
        else:
            next_step = f"There is: {', '.join(names)}." if names else f"There is no {kind} yet."
        super().__init__(f"There is no {kind} called {name!r}.", "", next_step)
        self.nearest = near[0] if near else None


class ContentError(TutorError):
    """A lesson, quiz or challenge file cannot be used; it names the file, the line where known, and the reason."""

    def __init__(self, file: Path, reason: str, line: int | None = None) -> None:
        where = f"{file}:{line}" if line else str(file)
        super().__init__(f"{where}: {reason}")
        self.file = file
        self.line = line
        self.reason = reason


class SourceError(TutorError):
    """The learner's file cannot be read as Python source: not there, not a file, too large, not UTF-8."""


class StoreError(TutorError):
    """The learner's folder cannot be written."""


class RunError(TutorError):
    """A training run cannot be started, read or controlled."""


class BoxError(TutorError):
    """The box itself failed: a fault of ours, never blamed on the learner."""


def reason_of(error: Exception) -> str:
    """What the system, or Python, says of a failure, in a few words: "No space left on device"."""
    said = error.strerror if isinstance(error, OSError) else str(error)
    return said or type(error).__name__
