"""What every test may ask for."""

from __future__ import annotations

import signal
import sys
import tomllib
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:  # so that `from tests.ptyscreen import Terminal` works however pytest was started
    sys.path.insert(0, str(ROOT))

from tests.ptyscreen import Terminal  # noqa: E402
from tutor.learner import Box  # noqa: E402

# A suite that was started in the background ignores ctrl+c, and so would every program that it starts.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGQUIT, signal.SIG_DFL)

# The same examples in every run, and no verdict by the clock of a busy machine.
settings.register_profile("tutor", deadline=None, derandomize=True)
settings.load_profile("tutor")


ALLOWED_SKIPS = tuple(
    skip["match"]
    for skip in tomllib.loads((ROOT / "tests" / "allowed_skips.toml").read_text(encoding="utf-8")).get("skip", ())
)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A skip that allowed_skips.toml does not name is a failure: a test that quietly never runs proves nothing."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail"):
        reason = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
        if not any(match in reason for match in ALLOWED_SKIPS):
            report.outcome = "failed"
            report.longrepr = f"{reason}: this skip is not in tests/allowed_skips.toml."
    return report


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    """A box that has started; a file's tests share it, as the checks of an evening do."""
    with Box() as box:
        box.layers()
        yield box


@pytest.fixture
def terminal() -> Iterator[Callable[..., Terminal]]:
    """Start programs in terminals, `terminal(command, size=(80, 24), env={...})`; all end with the test."""
    with ExitStack() as stack:

        def start(*args: Any, **options: Any) -> Terminal:
            return stack.enter_context(Terminal(*args, **options))

        yield start
