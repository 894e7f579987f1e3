"""A run taken elsewhere as CSV: read a part at a time, written whole or not at all, never over a file unasked."""

from __future__ import annotations

import contextlib
import os
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from tutor.errors import RunError, reason_of
from tutor.training.folder import EVENTS, METRICS_FILE
from tutor.training.metrics import Fields, Records, dtype_of
from tutor.training.model import Event
from tutor.training.tail import EventTail
from tutor.training.watch import Watch

TWIN_FILE = "twin.bin"
CHUNK = 1 << 16  # records read at once
COLUMNS = "step,t,epoch,loss,lr,held_back_loss,held_back_accuracy"
TWIN_COLUMNS = ",loss_difference,gradient_difference,free_loss"


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────


class StepFile:
    """metrics.bin or twin.bin in the order of steps, a part at a time; steps that were run again count as the last."""

    def __init__(self, path: Path, fields: Fields) -> None:
        self._path = path
        self._type = dtype_of(fields)
        try:
            self._count = path.stat().st_size // self._type.itemsize
        except FileNotFoundError:
            self._count = 0
        self.parts = self._parts()

    def chunks(self, size: int = CHUNK) -> Iterator[Records]:
        """All records, `size` at most at a time."""
        for part in self.parts:
            for start in range(part.start, part.stop, size):
                yield self.read(range(start, min(start + size, part.stop)))

    def read(self, records: range) -> Records:
        """The records in these places of the file."""
        with self._path.open("rb") as file:
            file.seek(records.start * self._type.itemsize)
            data = file.read(len(records) * self._type.itemsize)
        whole: Records = np.frombuffer(data[: len(data) // self._type.itemsize * self._type.itemsize], self._type)
        return whole

    def between(self, first: int, last: int) -> Records:
        """The records of the steps from `first` to `last`."""
        found = [range(self._find(part, "step", first), self._find(part, "step", last + 1)) for part in self.parts]
        return np.concatenate([np.empty(0, self._type), *(self.read(places) for places in found if places)])

    def _parts(self) -> list[range]:
        """The places that count, in the order of steps: of each attempt what comes before any later one."""
        if not self._count:
            return []
        newest = int(self.read(range(self._count - 1, self._count))["attempt"][0])
        everything = range(self._count)
        oldest = int(self.read(range(1))["attempt"][0])
        starts = [self._find(everything, "attempt", attempt) for attempt in range(oldest, newest + 1)]
        parts: list[range] = []
        for start, stop in reversed([*zip(starts, [*starts[1:], self._count], strict=True)]):
            attempt = range(start, stop)
            if parts and attempt:
                attempt = range(start, self._find(attempt, "step", self._step(parts[0].start)))
            parts = [attempt, *parts] if attempt else parts
        return parts

    def _step(self, place: int) -> int:
        return int(self.read(range(place, place + 1))["step"][0])

    def _find(self, part: range, field: str, value: int) -> int:
        """The first place of a part, in which `field` never falls, where it is at least `value`."""
        return part.start + bisect_left(part, value, key=lambda at: int(self.read(range(at, at + 1))[field][0]))


# ── CSV ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def export_csv(run_dir: Path, file: Path, *, every: int = 1, force: bool = False) -> int:
    """Write the run's steps to a CSV file and return how many rows: see `csv_lines`.

    RunError: the run cannot be read, the file is there already and not `force`, or it cannot be written.
    """
    rows = -1  # the heading is none
    with whole_file(file, force) as out:
        for lines in csv_lines(run_dir, every):
            rows += lines.count("\n")
            out.write(lines.encode())
    return rows


def csv_lines(run_dir: Path, every: int = 1) -> Iterator[str]:
    """A run as CSV, many lines at a time: a heading, then every `every`th step and each that was evaluated.

    Columns: step, t in seconds since the start, epoch, loss, lr; held-back loss and accuracy where they were measured;
    of a run in lockstep also what PyTorch made of the step. A number is written so that it reads back as the same.
    """
    watch = Watch(run_dir, points=False)
    config, events = watch.config, EventTail(run_dir / EVENTS).read()
    metrics, twin = StepFile(run_dir / METRICS_FILE, config.metrics), StepFile(run_dir / TWIN_FILE, config.twin)
    evaluated = {event.step: event for event in events if event.kind == "evaluated"}
    epochs = _epochs(events)
    yield COLUMNS + (TWIN_COLUMNS if config.twin else "") + "\n"
    done = -1
    for records in metrics.chunks():
        first, last = int(records["step"][0]), int(records["step"][-1])
        held = {step: event for step, event in evaluated.items() if done < step <= last}
        kept = records[(records["step"] % every == 0) | np.isin(records["step"], list(held))]
        beside = _beside(twin.between(first, last), kept["step"]) if config.twin else None
        yield "".join(_rows(kept, held, epochs, beside))
        done = last
    late = {step: event for step, event in evaluated.items() if step > done}
    yield "".join(_rows(np.empty(0, dtype_of(config.metrics)), late, epochs, [] if config.twin else None))


def _epochs(events: Sequence[Event]) -> tuple[NDArray[np.int64], list[int]]:
    """The steps before which epochs began, and which; of an epoch that was run again the last beginning."""
    begun = {event.step: event.epoch or 1 for event in events if event.kind == "epoch"}
    return np.array(sorted(begun), dtype=np.int64), [begun[step] for step in sorted(begun)]


def _beside(twin: Records, steps: NDArray[np.uint32]) -> list[str]:
    """What stands in the columns of the twin for these steps."""
    places = dict(zip(twin["step"].tolist(), range(len(twin)), strict=True))
    texts = [
        f",{one!r},{other!r},{free!r}"
        for one, other, free in zip(*(twin[name].tolist() for name in TWIN_COLUMNS[1:].split(",")), strict=True)
    ]
    return [texts[places[step]] if step in places else ",,," for step in steps.tolist()]


def _rows(
    records: Records,
    held: dict[int, Event],
    epochs: tuple[NDArray[np.int64], list[int]],
    beside: list[str] | None,
) -> list[str]:
    """Lines for the steps, and for what was evaluated where no step is recorded (before the first)."""
    begins, numbers = epochs
    steps = records["step"].tolist()
    of_step = [numbers[at - 1] if at else 1 for at in np.searchsorted(begins, records["step"], side="left").tolist()]
    columns = (records["t"].tolist(), of_step, records["loss"].tolist(), records["lr"].tolist())
    tails = [""] * len(steps) if beside is None else beside
    rows = [
        f"{step},{t!r},{epoch},{loss:.9g},{lr:.9g},{_held(held.get(step))}{tail}\n"
        for step, t, epoch, loss, lr, tail in zip(steps, *columns, tails, strict=True)
    ]
    for step in sorted(held.keys() - set(steps), reverse=True):
        event = held[step]
        epoch = "" if event.epoch is None else event.epoch
        alone = f"{step},{event.t!r},{epoch},,,{_held(event)}{'' if beside is None else ',,,'}\n"
        rows.insert(bisect_left(steps, step), alone)
    return rows


def _held(event: Event | None) -> str:
    if event is None:
        return ","
    return ",".join("" if value is None else repr(value) for value in (event.held_back_loss, event.held_back))


# ── a file, whole or not at all ──────────────────────────────────────────────────────────────────────────────────────


@contextlib.contextmanager
def whole_file(file: Path, force: bool) -> Iterator[IO[bytes]]:
    """A file to write that appears under its name when it is complete; RunError as of `export_csv`."""
    temporary = file.with_name(f".{file.name}-{os.getpid()}-{os.urandom(4).hex()}")
    try:
        _refuse_taken(file, force)
        try:
            with temporary.open("xb") as out:
                yield out
                out.flush()
                os.fsync(out.fileno())
            _refuse_taken(file, force)
            temporary.replace(file)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise RunError(
            f"{file} cannot be written.", f"{reason_of(error)}.", "Make room, or choose another file."
        ) from error


def _refuse_taken(file: Path, force: bool) -> None:
    if file.is_dir():
        raise RunError(f"{file} is a folder.", "", "Give the name of a file in it.")
    if os.path.lexists(file) and not force:
        raise RunError(f"{file} is there already.", "", "Choose another name, or add --force to replace it.")
