"""From a key to its repaint in a file of 300 lines, while a worker trains at full speed on the same machine."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from statistics import median, quantiles

import pytest

from tests.bench.harness import TUTOR, Line, Pty, learners_folder, ratio, show
from tests.training_runs import LINEAR, running, started
from tutor.paths import locate

pytestmark = [pytest.mark.bench, pytest.mark.timeout(300)]

KEYS = 200
LINES = 300
BUDGET = 50.0  # milliseconds
BARE_EDITOR = Path(__file__).with_name("bare_editor.py")
AT = 150  # the line that is typed on
LETTERS = "thegradientofthelosswithrespecttotheweights"  # without blanks: they are found again as one piece


def long_file() -> str:
    """Right code, and more of it up to 300 lines; where the typing is done there is a comment."""
    lines = (LINEAR * (LINES // LINEAR.count("\n") + 1)).split("\n")[:LINES]
    lines[AT - 1] = "# "
    return "\n".join(lines)


class Typist:
    """Somebody who types at the end of a comment, and looks at the screen after every key."""

    def __init__(self, terminal: Pty) -> None:
        self.terminal = terminal
        self.word = ""

    def key(self) -> float:
        """Type the next letter; milliseconds until the word with it stands on the screen."""
        if len(self.word) == len(LETTERS):
            self.terminal.type("\n")
            self.terminal.until_quiet(0.1)
            self.terminal.type("# ")
            self.terminal.until_quiet(0.1)
            self.word = ""
        letter = LETTERS[len(self.word)]
        self.word += letter
        word, written, began = self.word.encode(), len(self.terminal.raw), time.perf_counter()
        self.terminal.type(letter)
        self.terminal.until(lambda raw: word in raw, since=written)
        took = (time.perf_counter() - began) * 1e3
        self.terminal.until_quiet(0.03)
        return took


def test_key_to_repaint_beside_a_trainer(tmp_path: Path) -> None:
    folder = learners_folder(tmp_path / "user_data")
    file = folder / "implementations" / "linear_scratch.py"
    file.parent.mkdir(parents=True)
    file.write_text(long_file())
    with (
        running(locate(folder), "linear_scratch", LINEAR, epochs=100_000) as (watch, _),
        Pty(TUTOR, "challenge", "linear_scratch", size=(120, 36), TUTOR_USER_DATA=str(folder)) as lab,
        Pty(sys.executable, BARE_EDITOR, str(file), size=(120, 36)) as bare,
    ):
        started(watch)
        for terminal in (lab, bare):
            terminal.until(lambda raw: b"import" in raw)
            terminal.until_quiet(1.0)
        lab.press("ctrl+g")
        lab.type(f"{AT}\n")
        bare.press(*["down"] * (AT - 1))
        for terminal in (lab, bare):
            terminal.until_quiet(0.5)
            terminal.press("end")
            terminal.until_quiet(0.5)
        ours, theirs = Typist(lab), Typist(bare)
        for _ in range(5):
            ours.key(), theirs.key()
        pairs = [(theirs.key(), ours.key()) for _ in range(KEYS)]
        steps = watch.poll().step
    base, figures = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    late, late_base = quantiles(figures, n=100)[98], quantiles(base, n=100)[98]
    assert steps > KEYS  # it did train
    baseline = f"TextArea {median(base):.0f} ms, p99 {late_base:.0f} ms"
    show(
        Line("key to repaint, p99 of 200", f"{late:.1f} ms", "50 ms", late <= BUDGET, baseline, late / late_base),
        Line("  the median", f"{median(figures):.1f} ms", "50 ms", median(figures) <= BUDGET, "", ratio(base, figures)),
    )
