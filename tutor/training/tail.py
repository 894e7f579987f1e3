"""Growing files, read by those who watch: only what is new, whole records only."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, NamedTuple

import msgspec

from tutor import records
from tutor.training.events import fold, thinned
from tutor.training.model import Event

METRIC = struct.Struct("<dIIff")  # model.METRICS, for reading a single record without NumPy


class Metric(NamedTuple):
    """One record of metrics.bin."""

    t: float  # seconds since the start
    step: int
    attempt: int
    loss: float
    lr: float


class Tail:
    """The new bytes of a growing file, by remembered offset; starts again at 0 when the file shrank or was replaced."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.offset = 0
        self.restarted = False  # the last read began the file anew
        self._inode = 0

    def read(self, record_size: int) -> bytes:
        """Return the whole records of `record_size` bytes that were added since the last read; a torn tail waits."""
        return self._read(record_size)

    def read_lines(self) -> list[bytes]:
        """Return the complete lines that were added since the last read."""
        return self._read(0).splitlines()

    def _read(self, record_size: int) -> bytes:
        self.restarted = False
        try:
            with self.path.open("rb") as file:
                return self._read_from(file, record_size)
        except OSError:  # not there yet, or the file server is away for a moment: the next read comes soon
            return b""

    def _read_from(self, file: BinaryIO, record_size: int) -> bytes:
        status = os.fstat(file.fileno())
        if status.st_size < self.offset or (self._inode and status.st_ino != self._inode):
            self.offset = 0
            self.restarted = True
        self._inode = status.st_ino
        if status.st_size == self.offset:
            return b""
        file.seek(self.offset)
        data = file.read(status.st_size - self.offset)
        whole = len(data) // record_size * record_size if record_size else data.rfind(b"\n") + 1
        self.offset += whole
        return data[:whole]


def record_size(fields: tuple[tuple[str, str], ...]) -> int:
    """Return the bytes of one record from its fields in config.json, such as ("loss", "<f4")."""
    return sum(int(kind[2:]) for _, kind in fields)


class Edge(NamedTuple):
    """The newest part of metrics.bin: what a status line needs."""

    last: Metric
    rate: float | None  # steps per second over the newest records of its attempt


def read_edge(path: Path, since: float = 0.0, back: int = 256) -> Edge | None:
    """Read the last whole record and the speed up to it; None while there is none.

    The speed is that of the last `back` records, of those among them from `since` on, in seconds of the run: a pause,
    or another pace, before then does not count.
    """
    try:
        with path.open("rb") as file:
            count = os.fstat(file.fileno()).st_size // METRIC.size
            if not count:
                return None
            last = _record(file.fileno(), count - 1)
            counts = _first(file.fileno(), count, lambda one: one.attempt >= last.attempt and one.t >= since)
            earlier = _record(file.fileno(), min(max(counts, count - 1 - back), count - 1))
    except (OSError, struct.error):  # cut under our hands: the next poll sees the rest
        return None
    seconds, steps = last.t - earlier.t, last.step - earlier.step
    return Edge(last, steps / seconds if seconds > 0 and steps > 0 else None)


def last_attempt(path: Path) -> Metric | None:
    """Return the first record that the last attempt wrote into metrics.bin, by bisection."""
    with path.open("rb") as file:
        count = os.fstat(file.fileno()).st_size // METRIC.size
        if not count:
            return None
        attempt = _record(file.fileno(), count - 1).attempt
        return _record(file.fileno(), _first(file.fileno(), count, lambda record: record.attempt >= attempt))


def find_step(path: Path, step: int) -> int:
    """Return the index of the first record at or after `step` that the last attempt wrote, by bisection."""
    with path.open("rb") as file:
        count = os.fstat(file.fileno()).st_size // METRIC.size
        if not count:
            return 0
        attempt = _record(file.fileno(), count - 1).attempt
        return _first(file.fileno(), count, lambda record: record.attempt >= attempt and record.step >= step)


def _first(fd: int, count: int, fits: Callable[[Metric], bool]) -> int:
    """Return the index of the first of `count` records that fits, where all after it fit too."""
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        if fits(_record(fd, middle)):
            high = middle
        else:
            low = middle + 1
    return low


def _record(fd: int, index: int) -> Metric:
    return Metric(*METRIC.unpack(os.pread(fd, METRIC.size, index * METRIC.size)))


class EventTail:
    """All events of a run, read as they come; a damaged line is passed over.

    With `most`, of so many epochs at least, but not of all where there are twice as many.
    """

    def __init__(self, path: Path, most: int | None = None) -> None:
        self._tail = Tail(path)
        self._most = most
        self._decoder = records.decoder(Event)
        self.events: tuple[Event, ...] = ()
        self.new: tuple[Event, ...] = ()  # what the last read added, before anything was folded or thinned

    def read(self) -> tuple[Event, ...]:
        """Return all events so far."""
        lines = self._tail.read_lines()
        if self._tail.restarted:
            self.events = ()
        self.new = tuple(event for line in lines if (event := self._decode(line)))
        if self.new:
            self.events = fold(self.new, self.events)
            if self._most is not None:
                self.events = thinned(self.events, self._most)
        return self.events

    def _decode(self, line: bytes) -> Event | None:
        try:
            return self._decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None
