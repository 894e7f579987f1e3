"""events.jsonl: what happens in a run, written a line at a time, and read back as what is true after every resume."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import msgspec

from tutor.training.folder import EVENTS
from tutor.training.model import Event

_STAYS = frozenset({"started", "resumed"})
_EVERY_EPOCH = frozenset({"epoch", "evaluated"})
MOST_EPOCHS = 2_000  # that a watcher keeps: several for every column of a chart


class EventWriter:
    """Appends lines to events.jsonl, each in one write; a torn line before is closed first."""

    def __init__(self, run_dir: Path) -> None:
        self._fd = os.open(run_dir / EVENTS, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        size = os.fstat(self._fd).st_size
        self._torn = size > 0 and os.pread(self._fd, 1, size - 1) != b"\n"

    def write(self, event: Event) -> None:
        """Append one event; a disk that refuses it does not stop the training."""
        line = msgspec.json.encode(event) + b"\n"
        try:
            written = os.write(self._fd, b"\n" + line if self._torn else line)
            self._torn = written < len(line)
        except OSError:
            self._torn = True


def fold(events: Iterable[Event], before: tuple[Event, ...] = ()) -> tuple[Event, ...]:
    """Add events to those before; one of the kind "resumed" takes back what was told after its checkpoint.

    The clock of a run goes on from its checkpoint: what has a later time than that was told after it.
    """
    told = list(before)
    for event in events:
        if event.kind == "resumed":
            told = [
                earlier
                for earlier in told
                if earlier.t <= event.t or earlier.kind in _STAYS or earlier.attempt == event.attempt
            ]
        told.append(event)
    return tuple(told)


def thinned(events: tuple[Event, ...], most: int = MOST_EPOCHS) -> tuple[Event, ...]:
    """Of a run of very many epochs keep every second, fourth, ... and the last two: an hour watched must not grow.

    Whatever else was told stays.
    """
    newest = max((event.epoch or 0 for event in events if event.kind in _EVERY_EPOCH), default=0)
    every = 1
    while newest > every * most:
        every *= 2
    if every == 1:
        return events
    return tuple(
        event
        for event in events
        if event.kind not in _EVERY_EPOCH or (event.epoch or 0) % every == 0 or (event.epoch or 0) >= newest - 1
    )
