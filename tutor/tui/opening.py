from __future__ import annotations

from typing import Literal, NamedTuple


class Opening(NamedTuple):
    """Where the tutor opens: a screen, and the lesson, exercise or run on it."""

    screen: Literal["home", "lesson", "quiz", "lab", "train"] = "home"
    name: str = ""
