"""Terminals that say little of themselves, and encodings that cannot draw a box."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.ptyscreen import Terminal

Start = Callable[..., Terminal]


@pytest.mark.parametrize("env", [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C"}, {"PYTHONIOENCODING": "latin-1"}])
def test_an_encoding_that_is_not_utf8(terminal: Start, tmp_path: Path, env: dict[str, str]) -> None:
    tutor = terminal([sys.executable, "-m", "tutor", "--user-data", tmp_path], env=env)
    tutor.wait_for(lambda t: t.modes and re.search("[▸✓·]", t.text))
    assert not re.search(r"\\[ux][0-9a-f]{2}", tutor.text)
    tutor.press("ctrl+q")
    assert tutor.wait_exit() == 0 and tutor.clean


@pytest.mark.parametrize("term", ["dumb", None])
def test_a_terminal_without_a_screen_gets_text(terminal: Start, tmp_path: Path, term: str | None) -> None:
    tutor = terminal([sys.executable, "-m", "tutor", "--user-data", tmp_path], env={"TERM": term}, size=(80, 60))
    assert tutor.wait_exit() == 0
    assert "tutor" in tutor.text and b"\x1b" not in tutor.raw
