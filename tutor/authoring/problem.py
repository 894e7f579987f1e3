"""What the author's check finds."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from tutor.errors import ContentError


class Problem(Struct, frozen=True):
    """Something in the course that an author must repair."""

    file: Path
    line: int | None
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}" if self.line else f"{self.file}: {self.reason}"


def problem_of(error: ContentError) -> Problem:
    """A file that cannot be read, as a problem."""
    return Problem(error.file, error.line, error.reason)
