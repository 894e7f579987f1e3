"""Who may overwrite whom, when the code pane and another editor have the same file open."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tutor.learner import Source
from tutor.tui.shared_file import SharedFile

TEXTS = st.sampled_from(["a", "b", "c", "d"])


def source(text: str) -> Source:
    return Source.of(Path("x.py"), text)


@given(common=TEXTS, pane=TEXTS, disk=TEXTS)
def test_nothing_typed_is_ever_taken_away_unasked(common: str, pane: str, disk: str) -> None:
    shared = SharedFile(common, source(common).hash)
    change = shared.found(source(disk), disk, pane)
    if change == "take":
        assert pane == common != disk
    if pane not in (common, disk) and disk != common:
        assert change == "ask"
        assert shared.outside == source(disk)
    if change == "same":
        assert disk in (pane, common)


def test_a_file_that_is_lost_and_comes_back_is_no_news() -> None:
    shared = SharedFile("a", source("a").hash)
    shared.lost()
    assert shared.unsaved("a")
    assert shared.found(source("a"), "a", "a") == "same"
    assert not shared.unsaved("a")


def test_a_file_that_is_lost_and_comes_back_otherwise_is_taken() -> None:
    shared = SharedFile("a", source("a").hash)
    shared.lost()
    assert shared.found(source("b"), "b", "a") == "take"


def test_other_line_ends_are_the_same_text() -> None:
    shared = SharedFile("a\nb", source("a\nb").hash)
    windows = Source(Path("x.py"), "a\nb", b"a\r\nb", "another hash")
    assert shared.found(windows, "a\nb", "a\nb") == "same"
    assert shared.hash == "another hash"
    assert not shared.unsaved("a\nb")
