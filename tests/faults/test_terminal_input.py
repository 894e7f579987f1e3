"""Whatever bytes come in, the app lives and ctrl+q works."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable

import pytest

from tests.ptyscreen import ROOT, Terminal
from tutor.tui.terminal import PASTE_LIMIT

TINY_APP = [sys.executable, ROOT / "tests/faults/tiny_app.py"]
Start = Callable[..., Terminal]


def started(terminal: Start) -> Terminal:
    tiny = terminal(TINY_APP)
    tiny.wait_for(lambda t: "ready" in t.text and 2004 in t.modes)
    return tiny


def quits(tiny: Terminal) -> None:
    tiny.press("ctrl+q")
    assert tiny.wait_exit() == 0 and tiny.clean


def test_bytes_that_are_no_utf8(terminal: Start) -> None:
    tiny = started(terminal)
    tiny.send(b"caf\xe9 \xff\xfe \xc3")  # Latin-1, never valid, cut off
    tiny.send(b"ok")
    tiny.wait_for("ok'")
    quits(tiny)


@pytest.mark.parametrize("start", [b"\x1b[<0;1\x1bO\x1b[200\x1b[1;5\x1b[", b"\x1bP1$r\x1b]52;c;"])
def test_sequences_that_are_cut_off(terminal: Start, start: bytes) -> None:
    tiny = started(terminal)
    tiny.send(start)
    quits(tiny)


def test_a_paste_that_never_ends(terminal: Start) -> None:
    tiny = started(terminal)
    tiny.send(b"\x1b[200~half a line\x1b[20")
    tiny.wait_for("typed 'half a line'", 5)
    quits(tiny)


def test_a_long_paste_is_cut(terminal: Start) -> None:
    tiny = started(terminal)
    text = "0123456789abcdefg" * 16384  # seventeen a round, so that the cut does not fall on its end
    tiny.send(b"\x1b[200~" + text.encode() + b"\x1b[201~!")
    tiny.wait_for(f"{text[:PASTE_LIMIT][-6:]}!'")
    quits(tiny)


def test_random_bytes(terminal: Start) -> None:
    tiny = started(terminal)
    noise = random.Random(1).randbytes(600)
    tiny.send(noise.translate(None, delete=b"\x11\x1a"))  # all but ctrl+q and ctrl+z, which work as ever
    tiny.send(b"\x1b[201~")
    quits(tiny)
