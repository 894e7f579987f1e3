"""The chart of a followed run, painted over itself in a terminal that is not its own."""

from __future__ import annotations

import io
import os
from pathlib import Path

import msgspec
import pyte
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.made_runs import made_run
from tests.training_runs import CONFIG
from tutor.cli.follow import InPlace
from tutor.cli.words import epoch_text, told_text
from tutor.training import Event, Watch
from tutor.training.events import MOST_EPOCHS
from tutor.training.folder import EVENTS

LINES = st.lists(st.text("abc⣿é漢", max_size=30), max_size=12)


class Shown:
    """A terminal, and what is painted on it."""

    def __init__(self, columns: int = 20, rows: int = 8) -> None:
        self.screen = pyte.HistoryScreen(columns, rows, history=10_000)
        self.stream = pyte.Stream(self.screen)
        self.out = io.StringIO()
        self.place = InPlace(self.out)
        self.written = 0

    def paint(self, lines: list[str], above: list[str] | None = None) -> None:
        size = os.terminal_size((self.screen.columns, self.screen.lines))
        self.place.paint(lines, size, above or [])
        text = self.out.getvalue()
        self.stream.feed(text[self.written :].replace("\n", "\r\n"))
        self.written = len(text)

    @property
    def rows(self) -> list[str]:
        past = ["".join(line[at].data for at in range(self.screen.columns)) for line in self.screen.history.top]
        return [row.rstrip() for row in [*past, *self.screen.display]]


@settings(max_examples=60)
@given(frames=st.lists(st.tuples(LINES, st.lists(st.text("xyz", min_size=1, max_size=15), max_size=3)), max_size=6))
def test_only_the_last_picture_stands_below_all_that_was_said(frames: list[tuple[list[str], list[str]]]) -> None:
    shown = Shown()
    shown.stream.feed("$ tutor train\r\n")
    for lines, above in frames:
        shown.paint(lines, above)
    said = [line for _, above in frames for line in above]
    assert shown.rows[: 1 + len(said)] == ["$ tutor train", *said]
    painted = shown.place.painted
    assert len(painted) <= 7
    plain = [row for row in shown.rows[1 + len(said) :] if row]
    assert len(plain) == sum(bool(line.strip()) for line in painted)


def test_nothing_is_written_where_nothing_changed_and_only_lines_that_did() -> None:
    shown = Shown()
    shown.paint(["one", "two", "three"])
    before = shown.written
    shown.paint(["one", "two", "three"])
    assert shown.written == before
    shown.paint(["one", "2", "three"])
    assert "three" not in shown.out.getvalue()[before:]
    assert shown.rows[:3] == ["one", "2", "three"]


def test_a_narrower_window_gets_a_picture_of_its_own() -> None:
    shown = Shown(20)
    shown.paint(["x" * 19])
    shown.screen.resize(8, 10)
    shown.paint(["y" * 19])
    assert [row for row in shown.rows if row][-1] == "y" * 9


def test_every_event_is_told_once_also_of_a_long_run_that_was_resumed(tmp_path: Path) -> None:
    run_dir = made_run(tmp_path)
    watch, told = Watch(run_dir), list[Event]()
    epochs = [Event(float(n), n, "evaluated", epoch=n) for n in range(1, 3 * MOST_EPOCHS)]
    again = [Event(t=10.0, step=10, kind="resumed", attempt=2), Event(11.0, 11, "evaluated", epoch=11, attempt=2)]
    for events in (epochs[:100], epochs[100:5000], epochs[5000:], [], again):
        with (run_dir / EVENTS).open("ab") as file:
            file.write(b"".join(msgspec.json.encode(event) + b"\n" for event in events))
        kept = watch.poll().events
        assert watch.new_events == tuple(events)
        told += watch.new_events

    assert told == [*epochs, *again]
    assert kept[-2:] == tuple(again) and len(kept) <= 12  # what the watcher shows is folded


def test_what_is_told_has_its_step_its_advice_and_its_lesson() -> None:
    event = Event(1.0, 1200, "explained", "It is flat.", key="flat", lesson="12-training", advice="Try a larger one.")
    assert told_text(event) == [
        "▾ step 1,200: It is flat.",
        "  Try a larger one.",
        "  Reread: tutor learn --plain 12-training",
    ]
    measured = Event(1.0, 45, "evaluated", epoch=1, held_back=0.9, held_back_loss=0.25, loss=0.2)
    said = epoch_text(measured, CONFIG.epochs)
    assert said == "epoch 1/60  step 45  loss 0.2000  held-back loss 0.2500  held back 90.0%"
