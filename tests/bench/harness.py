"""What the budgets share: a line for each, medians taken in turns, and the app in a terminal as a learner starts it.

The machine may be busy: a baseline and the figure beside it are measured in turns, and what is compared are medians.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from tests.ptyscreen import Terminal
from tutor.paths import locate
from tutor.progress import Store

TUTOR = Path(sys.executable).with_name("tutor")
BARE_APP = Path(__file__).with_name("bare_app.py")
# Byte-compiled modules are what a learner has from the second start on; where the environment forbids them it is asked
# to allow them, for both sides.
AS_A_LEARNER: dict[str, str | None] = {"PYTHONDONTWRITEBYTECODE": None}


@dataclass(frozen=True)
class Line:
    """What is printed of one budget."""

    name: str
    figure: str
    budget: str
    met: bool
    baseline: str = "-"
    ratio: float | None = None

    def __str__(self) -> str:
        ratio = "-" if self.ratio is None else f"{self.ratio:.3g}x"
        verdict = "met" if self.met else "NOT met"
        return f"{self.name:<38} {self.figure:>20}  {self.baseline:<30} {ratio:>8}  budget {self.budget:<8} {verdict}"


def show(*lines: Line) -> None:
    """Print every line, then fail if one of them is not met."""
    print()
    for line in lines:
        print(line)
    missed = [line.name.strip() for line in lines if not line.met]
    if missed:
        pytest.fail(f"not met: {', '.join(missed)}", pytrace=False)


def milliseconds(act: Callable[[], object]) -> float:
    """How long one call takes, by the clock."""
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1e3


def in_turns(times: int, *measures: Callable[[], float]) -> list[list[float]]:
    """Measure everything in turns after one round to warm up; one list per measure."""
    for measure in measures:
        measure()
    rounds = [[measure() for measure in measures] for _ in range(times)]
    return [list(column) for column in zip(*rounds, strict=True)]


def ratio(baseline: list[float], figures: list[float]) -> float:
    """The median of the ratios of what was measured side by side."""
    return median(figure / base for base, figure in zip(baseline, figures, strict=True))


def plain_ms(*command: str | Path, **environment: str) -> float:
    """How long a command takes that needs no terminal."""
    environment = {name: value for name, value in os.environ.items() if name not in AS_A_LEARNER} | environment
    return milliseconds(lambda: subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True))


class Pty(Terminal):
    """A terminal that only collects what is written: an emulator would take its share of the time."""

    def __init__(self, *command: str | Path, size: tuple[int, int] = (80, 24), **environment: str) -> None:
        self.began = time.perf_counter()
        super().__init__(command, size=size, env=AS_A_LEARNER | environment)

    def _take(self, data: bytes) -> None: ...

    def until(self, holds: Callable[[bytes], Any], since: int = 0) -> float:
        """Read until what was written from byte `since` on meets the condition; seconds from the start till then."""
        self.wait_for(lambda terminal: holds(bytes(terminal.raw[since:])), 30)
        return time.perf_counter() - self.began

    def until_quiet(self, seconds: float = 0.4) -> int:
        """Read until nothing has been written for so long; how much has been written until then."""
        before = -1
        while before != len(self.raw):
            before = len(self.raw)
            self._read(seconds)
        return before

    def app(self) -> int:
        """The process that draws: the child of the supervisor, or the program itself."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return int(children[0]) if children else self.pid


def learners_folder(folder: Path) -> Path:
    """A folder of somebody who has been here before, so that home is what opens."""
    with Store.open(locate(folder)) as store:
        store.record("welcomed")
    return folder


def home(user_data: Path, **options: Any) -> Pty:
    """The tutor by its console script."""
    return Pty(TUTOR, TUTOR_USER_DATA=str(user_data), **options)


def bare(**options: Any) -> Pty:
    """The least that Textual can show, by the same interpreter."""
    return Pty(sys.executable, BARE_APP, **options)


__all__ = [
    "TUTOR",
    "Line",
    "Pty",
    "bare",
    "home",
    "in_turns",
    "learners_folder",
    "milliseconds",
    "plain_ms",
    "ratio",
    "show",
]
