"""The repairs of Textual's input: that they hold for the locked version, and what the gate for pastes lets through."""

from __future__ import annotations

import itertools
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events

from tests.ptyscreen import ROOT
from tutor.tui import terminal
from tutor.tui.terminal import PASTE_IDLE, PASTE_LIMIT, PatientParser, harden

START, END = "\x1b[200~", "\x1b[201~"


def told(parser: PatientParser, *pieces: str) -> list[str]:
    """The parser's messages in short: keys by their character, pastes in brackets."""
    found = []
    for piece in pieces:
        for message in parser.feed(piece):
            found.append(
                f"<{message.text}>" if isinstance(message, events.Paste) else getattr(message, "character", "")
            )
    return found


def test_both_repairs_hold_for_the_locked_textual() -> None:
    assert harden() == harden() == {"decoding", "paste"}


def test_a_textual_that_looks_different_is_left_alone() -> None:
    """In an interpreter of its own, for the driver's module is one for all tests."""
    code = (
        "from textual.drivers import linux_driver as d\n"
        "class Other: pass\n"
        "d.XTermParser = d.getincrementaldecoder = Other\n"
        "from tutor.tui.terminal import harden\n"
        "assert harden() == set() and d.XTermParser is d.getincrementaldecoder is Other\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_a_paste_is_one_message() -> None:
    assert told(PatientParser(), f"a{START}two\nlines{END}b") == ["a", "<two\nlines>", "b"]


def test_an_escape_character_in_a_paste_is_dropped() -> None:
    assert told(PatientParser(), f"{START}x\x1b[31my{END}z") == ["<x[31my>", "z"]


def test_a_paste_is_cut_at_the_limit_and_what_follows_is_read() -> None:
    pasted, after = told(PatientParser(), START + "x" * PASTE_LIMIT, "y" * PASTE_LIMIT, f"y{END}a")
    assert pasted == "<" + "x" * PASTE_LIMIT + ">" and after == "a"


def test_an_idle_paste_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(terminal, "monotonic", lambda: now)
    parser = PatientParser()
    assert told(parser, f"{START}half\x1b[20") == [] and list(parser.tick()) == []
    now += PASTE_IDLE
    (paste,) = parser.tick()
    assert isinstance(paste, events.Paste) and paste.text == "half"
    assert told(parser, "q") == ["q"]


@given(
    st.lists(st.sampled_from(["a", "é", "\n", "~", "[20", START, END, f"{START}text{END}"]), max_size=12),
    st.lists(st.integers(0, 80), max_size=8),
)
def test_it_does_not_matter_where_the_reads_cut(parts: list[str], cuts: list[int]) -> None:
    text = "".join(parts)
    places = sorted({min(cut, len(text)) for cut in cuts} | {0, len(text)})
    pieces = [text[a:b] for a, b in itertools.pairwise(places)]
    assert told(PatientParser(), *pieces) == (told(PatientParser(), text) if text else [])
