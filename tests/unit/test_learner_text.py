"""What a learner's program said, made fit for a screen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.learner import printable

BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain [text] 3×4 ∂L/∂W\n", "plain [text] 3×4 ∂L/∂W\n"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bPq#0;2;0;0;0\x1b\\sixel", "sixel"),
        ("\x9b2Jc1", "c1"),
        ("\x1bcreset", "reset"),
        ("\x1b\x1b[0m[31m", "␛[31m"),
        ("a\0b\x07c\x7f", "a␀b␇c␡"),
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("a\tb", "a   b"),
        ("safe\u202eevil", "safeevil"),
        ("\ud800", "\N{REPLACEMENT CHARACTER}"),
        ("\x1b]0;never closed\nthe rest", "␛]0;never closed\nthe rest"),
    ],
)
def test_sequences_go_and_text_stays(raw: str, shown: str) -> None:
    assert printable(raw) == shown


@given(st.text(st.one_of(st.characters(), st.sampled_from("\x1b[]PX;?0m\x07\x9b\x9c\\" + BIDI))))
def test_nothing_that_moves_a_cursor_is_left(raw: str) -> None:
    shown = printable(raw)
    assert all(c == "\n" or (ord(c) >= 0x20 and not 0x7F <= ord(c) < 0xA0) for c in shown)
    assert not set(shown) & set(BIDI)
    assert printable(shown) == shown
    shown.encode()
