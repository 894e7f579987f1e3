"""From a save to the verdict on the screen: in the pane, and in another editor, with real keys in a real terminal."""

from __future__ import annotations

import itertools
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles

import pytest

from tests.bench.harness import TUTOR, Line, Pty, learners_folder, plain_ms, show
from tests.training_runs import LINEAR

pytestmark = [pytest.mark.bench, pytest.mark.timeout(300)]

SAVES = 30  # of each kind
# One character at the end of the first line turns right code into wrong and back.
RIGHT = "FACTOR = 1" + LINEAR.replace("self.x.T @ grad_output", "FACTOR * self.x.T @ grad_output")
WRONG = RIGHT.replace("FACTOR = 1", "FACTOR = 10", 1)
FIRST_FAULT = re.compile(rb"10 times what it should be")
RIGHT_SO_FAR = re.compile(rb"Right so far|Passed: all")
PASSED = re.compile(rb"Passed: all")

# What a learner without the tutor would write beside the same file.
BY_PYTEST = """
import numpy as np
import pytest
from linear_scratch import Linear


def numeric(f, array, h=1e-5):
    grad = np.zeros_like(array)
    for index in np.ndindex(array.shape):
        kept = array[index]
        array[index] = kept + h
        up = f()
        array[index] = kept - h
        grad[index] = (up - f()) / (2 * h)
        array[index] = kept
    return grad


@pytest.mark.parametrize("n", [5, 1])
def test_gradients(n):
    rng = np.random.default_rng(0)
    layer = Linear(4, 3)
    layer.W, layer.b = rng.normal(size=(4, 3)), rng.normal(size=3)
    x, g = rng.normal(size=(n, 4)), rng.normal(size=(n, 3))
    layer.forward(x)
    grad_input = layer.backward(g)
    loss = lambda: (layer.forward(x) * g).sum()
    grad_W, grad_b = layer.grad_W, layer.grad_b
    np.testing.assert_allclose(grad_W, numeric(loss, layer.W), rtol=1e-6)
    np.testing.assert_allclose(grad_b, numeric(loss, layer.b), rtol=1e-6)
    np.testing.assert_allclose(grad_input, numeric(loss, x), rtol=1e-6)
"""


@contextmanager
def lab(folder: Path) -> Iterator[tuple[Pty, Path]]:
    """The Lab with right code that has passed, the cursor at the end of its first line; and the file."""
    file = learners_folder(folder / "user_data") / "implementations" / "linear_scratch.py"
    file.parent.mkdir(parents=True)
    file.write_text(RIGHT)
    user_data = {"TUTOR_USER_DATA": str(folder / "user_data")}
    with Pty(TUTOR, "challenge", "linear_scratch", size=(120, 36), **user_data) as terminal:
        terminal.until(lambda written: b"FACTOR" in written)
        terminal.until_quiet(1.0)  # the box has started
        terminal.press("ctrl+s")
        terminal.until(PASSED.search)
        terminal.until_quiet(1.0)
        terminal.press("end")
        terminal.until_quiet()
        yield terminal, file


def save_in_pane(terminal: Pty, key: str, *verdicts: re.Pattern[bytes]) -> list[float]:
    """Type a key, save, and wait for each verdict; milliseconds from the save."""
    terminal.press(key)
    terminal.until_quiet(0.15)
    return after(terminal, lambda: terminal.press("ctrl+s"), verdicts)


def save_outside(terminal: Pty, file: Path, text: str, verdict: re.Pattern[bytes]) -> float:
    """Save as editors do, by a rename, and wait for the verdict."""
    beside = file.with_suffix(".swap")
    beside.write_text(text)
    return after(terminal, lambda: beside.replace(file), (verdict,))[0]


def after(terminal: Pty, act: object, verdicts: tuple[re.Pattern[bytes], ...]) -> list[float]:
    assert callable(act)
    written, began = len(terminal.raw), time.perf_counter()
    act()
    found = []
    for verdict in verdicts:
        terminal.until(verdict.search, since=written)
        found.append((time.perf_counter() - began) * 1e3)
    terminal.until_quiet(0.15)
    return found


def pytest_alone(check: Path) -> float:
    """pytest on the check as a learner has it: without the plugins that are installed for our own tests."""
    command = (sys.executable, "-m", "pytest", "-q", "-c", "/dev/null", f"--rootdir={check.parent}", check)
    return plain_ms(*command, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")


def test_save_to_verdict(tmp_path: Path) -> None:
    by_hand = tmp_path / "by_hand"
    by_hand.mkdir()
    (by_hand / "linear_scratch.py").write_text(RIGHT)
    check = by_hand / "test_linear.py"
    check.write_text(BY_PYTEST)
    pytest_ms, fault, so_far, passed, outside = [], [], [], [], []
    with lab(tmp_path) as (terminal, file):
        for turn in range(SAVES):
            fault += save_in_pane(terminal, "0", FIRST_FAULT)
            basic_and_edge, all_tiers = save_in_pane(terminal, "backspace", RIGHT_SO_FAR, PASSED)
            so_far.append(basic_and_edge)
            passed.append(all_tiers)
            if turn % 5 == 0:
                pytest_ms.append(pytest_alone(check))
        for text, verdict in itertools.islice(itertools.cycle([(WRONG, FIRST_FAULT), (RIGHT, RIGHT_SO_FAR)]), SAVES):
            outside.append(save_outside(terminal, file, text, verdict))
    first = fault + so_far
    base, pane, late = median(pytest_ms), median(first), quantiles(first, n=20)[-1]
    faster, other = base / pane, median(outside)
    baseline = f"pytest {base:.0f} ms"
    show(
        Line("save in the pane to the first fault", f"{median(fault):.1f} ms", "15 ms", median(fault) <= 15),
        Line("save in the pane to right so far", f"{median(so_far):.1f} ms", "15 ms", median(so_far) <= 15),
        Line("  the 95th percentile of both", f"{late:.1f} ms", "30 ms", late <= 30),
        Line("  times faster than pytest", f"{pane:.1f} ms", "20x", faster >= 20, baseline, faster),
        Line("save in the pane to passed", f"{median(passed):.1f} ms", "60 ms", median(passed) <= 60),
        Line("save in another editor to verdict", f"{other:.1f} ms", "80 ms", other <= 80, baseline, base / other),
    )
