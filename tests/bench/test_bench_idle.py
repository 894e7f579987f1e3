"""What the tutor costs while nobody touches it: processor time, and bytes to the terminal."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from tests.bench.harness import TUTOR, Line, Pty, learners_folder, show

pytestmark = [pytest.mark.bench, pytest.mark.timeout(120)]

SECONDS = 20.0
BUDGET = 0.5  # per cent of a core
OPENED = {"home": ((), b"quit"), "lab": (("challenge", "linear_scratch"), b"judge")}


def used(process: psutil.Process) -> float:
    """The seconds of processor time of the app and all that it started; what waits in a box counts too."""
    return sum(sum(one.cpu_times()[:2]) for one in [process, *process.children(recursive=True)])


@pytest.mark.parametrize("screen", OPENED)
def test_idle(screen: str, tmp_path: Path) -> None:
    words, opened = OPENED[screen]
    folder = learners_folder(tmp_path / "user_data")
    with Pty(TUTOR, *words, size=(120, 36), TUTOR_USER_DATA=str(folder)) as terminal:
        terminal.until(lambda raw: opened in raw)
        terminal.until_quiet(3.0)
        app, written = psutil.Process(terminal.pid), len(terminal.raw)
        before = used(app)
        terminal.until_quiet(SECONDS)
        share = 100 * (used(app) - before) / SECONDS
        written = len(terminal.raw) - written
        terminal.type("\x11")
    show(
        Line(f"idle, {screen}", f"{share:.2f} % of a core", "0.5 %", share <= BUDGET),
        Line(f"idle, {screen}: written", f"{written} bytes", "0 bytes", written == 0),
    )
