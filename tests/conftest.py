"""What every test may ask for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:  # so that `from tests.ptyscreen import Terminal` works however pytest was started
    sys.path.insert(0, str(ROOT))

from tests.ptyscreen import Terminal  # noqa: E402

# The same examples in every run, and no verdict by the clock of a busy machine.
settings.register_profile("tutor", deadline=None, derandomize=True)
settings.load_profile("tutor")


@pytest.fixture
def terminal() -> Iterator[Callable[..., Terminal]]:
    """Start programs in terminals, `terminal(command, size=(80, 24), env={...})`; all end with the test."""
    with ExitStack() as stack:

        def start(*args: Any, **options: Any) -> Terminal:
            return stack.enter_context(Terminal(*args, **options))

        yield start
