"""Times, sizes and settings of a run in words, the same on the screen and on the command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tutor.training.model import Mode, RunConfig

LONGEST_IN_SECONDS = 90
LONGEST_IN_MINUTES = 90
MODES: Mapping[Mode, str] = {
    "numpy": "your NumPy",
    "lockstep": "your NumPy beside PyTorch",
    "twin": "PyTorch's twin",
    "on-torch": "your code on PyTorch",
}
LARGEST_NUMBER = 1000  # of bytes, and of each larger unit
LEAST_WHOLE = 100  # from here on a decimal says nothing more


def duration(seconds: float) -> str:
    """Seconds in the words of a clock: "41 s", "2 min 05 s", "1 h 40 min"."""
    whole = round(seconds)
    if whole < LONGEST_IN_SECONDS:
        return f"{whole} s"
    if whole < 60 * LONGEST_IN_MINUTES:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def size_words(count: int) -> str:
    """Bytes in the words of a file manager: "812 B", "4.2 kB", "240 MB"."""
    value, unit = float(count), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < LARGEST_NUMBER:
            break
        value, unit = value / 1000, larger
    return f"{value:.0f} {unit}" if unit == "B" or value >= LEAST_WHOLE else f"{value:.1f} {unit}"


def mode_words(config: RunConfig) -> str:
    """Who computes a run."""
    return MODES[config.mode]


def network_words(config: RunConfig) -> str:
    """The network by its widths, or by its layers where it has others than linear ones: "64-32-10"."""
    return "-".join(map(str, config.widths))


def optimizer_words(config: RunConfig) -> str:
    """What moves the parameters: "sgd", "your adam_scratch", "your layer's update"."""
    optimizer = config.optimizer
    if optimizer.owner == "layer":
        return "your layer's update"
    return f"your {optimizer.challenge or optimizer.kind}" if optimizer.owner == "yours" else optimizer.kind
