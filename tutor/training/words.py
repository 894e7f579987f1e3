"""Times in words, the same on the screen and on the command line."""

from __future__ import annotations

LONGEST_IN_SECONDS = 90
LONGEST_IN_MINUTES = 90


def duration(seconds: float) -> str:
    """Seconds in the words of a clock: "41 s", "2 min 05 s", "1 h 40 min"."""
    whole = round(seconds)
    if whole < LONGEST_IN_SECONDS:
        return f"{whole} s"
    if whole < 60 * LONGEST_IN_MINUTES:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
