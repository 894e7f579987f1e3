"""What a chart draws of a run: of any stretch of it, in fixed memory, growing while it is trained. Loads NumPy.

A stretch that is short enough is read from metrics.bin as it is; of a longer one the pyramid's blocks are.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from tutor.training import RunConfig
from tutor.training.export import TWIN_FILE, StepFile
from tutor.training.folder import METRICS_FILE, PYRAMID_FILE
from tutor.training.metrics import Records, dtype_of, read_pyramid
from tutor.training.model import DIFFERENT, METRICS
from tutor.training.tail import Tail
from tutor.viz import Curve
from tutor.viz.curve import Array

DIRECT = 65_536  # records that are read as they are; a longer stretch comes from the pyramid
BLOCKS = 1 << 20  # of the pyramid's finest level; of a longer run the next level is read
WARM_UP = 4  # spans before the stretch, so that its mean does not begin with its first value
PIECES = 8192  # that a curve holds
LEAST_BLOCKS = 8  # a mean over fewer blocks is as rough as every batch, and narrower than a column anyway
PARTS = 60  # of a stretch over which the exponential sum stays well within float64
CLOCK_KNOTS = 256


class RunningMean:
    """The mean of the first values, then an exponential one over about the last `span`; NaN and inf are passed on."""

    def __init__(self, span: int) -> None:
        self.span = max(1, span)
        self.mean = 0.0
        self.count = 0

    def extend(self, values: NDArray[np.floating]) -> Array:
        """The mean after each of the values."""
        means = np.array(values, dtype=np.float64)
        finite = np.isfinite(means)
        kept = means[finite]
        early = max(0, min(self.span - self.count, kept.size))
        if early:
            numbers = self.count + np.arange(1, early + 1)
            kept[:early] = (self.mean * self.count + np.cumsum(kept[:early])) / numbers
            self.mean = float(kept[early - 1])
        for start in range(early, kept.size, PARTS * self.span):
            kept[start : start + PARTS * self.span] = self._exponential(kept[start : start + PARTS * self.span])
        self.count += kept.size
        means[finite] = kept
        return means

    def _exponential(self, values: Array) -> Array:
        share = 1 / self.span
        if share == 1:
            means = values.copy()
        else:
            powers = (1 - share) ** np.arange(1, values.size + 1)
            means = powers * (self.mean + np.cumsum(values * share / powers))
        self.mean = float(means[-1])
        return means


class LossCurves:
    """The training loss from one step to another: every batch, and its mean over `span` batches."""

    def __init__(self, run_dir: Path, config: RunConfig, first: int, last: int, span: int) -> None:
        self.first, self.last = first, last
        self.every_batch = Curve("", "cloud")
        self.every_batch.stroke = "cloud"
        self.mean = Curve("training loss")
        self.mean.stroke = "solid"
        self.newest = 0  # the last step that was read, also of those right of the stretch
        self._fields = config.metrics or METRICS
        self._running = RunningMean(span)
        path = run_dir / METRICS_FILE
        self._tail = Tail(path)
        self._tail.offset = _whole_records(path, dtype_of(self._fields).itemsize)
        records = StepFile(path, self._fields)
        if records.parts:
            # What was written last: of a run that was resumed, steps beyond it are of an attempt that is no longer so.
            written_last = max(part.stop for part in records.parts)
            self.newest = int(records.read(range(written_last - 1, written_last))["step"][0])
            self._open(run_dir, records)

    def _open(self, run_dir: Path, records: StepFile) -> None:
        first, last = max(1, self.first), min(self.last, self.newest)
        before = max(1, first - min(WARM_UP * self._running.span, DIRECT))
        if last - before < 2 * DIRECT:
            self._add(records.between(before, last))
            return
        if (run_dir / PYRAMID_FILE).exists():
            blocks = read_pyramid(run_dir, BLOCKS)
            blocks = blocks[(blocks["last_step"] >= first) & (blocks["first_step"] <= last)]
            before = self._add_blocks(blocks) + 1 if len(blocks) else before
        for start in range(before, last + 1, DIRECT):  # what the pyramid does not hold yet, or no longer
            self._add(records.between(start, min(start + DIRECT - 1, last)))

    def _add_blocks(self, blocks: Records) -> int:
        """Take blocks for the steps in them, and return the last of these."""
        span, self._running.span = self._running.span, max(LEAST_BLOCKS, self._running.span // int(blocks["level"][0]))
        means = self._running.extend(blocks["last"])
        self._running.span = span
        _extend(self.every_batch, blocks["first_step"], blocks["min"], blocks["max"])
        _extend(self.mean, blocks["first_step"], means, means)
        return int(blocks["last_step"][-1])

    def _add(self, records: Records) -> None:
        means = self._running.extend(records["loss"])
        steps = records["step"]
        kept = (steps >= self.first) & (steps <= self.last)
        if kept.any():
            losses = records["loss"][kept]
            _extend(self.every_batch, steps[kept], losses, losses)
            _extend(self.mean, steps[kept], means[kept], means[kept])

    def read(self) -> Records | None:
        """The records that are new; None when the run went back to an earlier step, so that all must be read anew."""
        data = self._tail.read(dtype_of(self._fields).itemsize)
        records: Records = np.frombuffer(data, dtype_of(self._fields))
        went_back = len(records) and not (np.diff(records["step"].astype("i8"), prepend=self.newest) > 0).all()
        return None if self._tail.restarted or went_back else records

    def add(self, records: Records) -> None:
        """Let the curves grow by what `read` gave."""
        if len(records):
            self.newest = int(records["step"][-1])
            self._add(records)


def _extend(curve: Curve, steps: NDArray[Any], low: NDArray[Any], high: NDArray[Any]) -> None:
    """Give a curve many points, merged first where they are more than it holds: it merges them a part at a time."""
    every = -(-len(steps) // PIECES)
    if every > 1:
        starts = np.arange(0, len(steps), every)
        steps, low, high = steps[starts], np.fmin.reduceat(low, starts), np.fmax.reduceat(high, starts)
    curve.extend(steps, low, high)


class TwinCurve:
    """The mean loss of the twin that was left to itself, from one step to another; as LossCurves."""

    def __init__(self, run_dir: Path, config: RunConfig, first: int, last: int, span: int) -> None:
        self.first, self.last = first, last
        self.free = Curve("PyTorch alone", "curve3")
        self.free.stroke = "dashed"
        self._running = RunningMean(span)
        self._fields = config.twin
        path = run_dir / TWIN_FILE
        self._tail = Tail(path)
        self._tail.offset = _whole_records(path, dtype_of(self._fields).itemsize)
        for records in StepFile(path, self._fields).chunks():
            self.add(records)

    def read(self) -> Records:
        """The records that are new."""
        records: Records = np.frombuffer(self._tail.read(dtype_of(self._fields).itemsize), dtype_of(self._fields))
        return records

    def add(self, records: Records) -> None:
        """Let the curve grow."""
        kept = (records["step"] >= self.first) & (records["step"] <= self.last)
        means = self._running.extend(records["free_loss"])
        if kept.any():
            _extend(self.free, records["step"][kept], means[kept], means[kept])


class Lockstep(Struct, frozen=True):
    """How far two computations of the same step were apart, at equal weights, up to now."""

    loss: float = 0.0
    gradient: float = 0.0
    gradient_at: int = 0  # the step of the largest difference of a gradient
    first_off: int | None = None  # the first step at which they do not compute the same
    steps: int = 0


class Differences:
    """Looks through twin.bin once, a part at a time."""

    def __init__(self, run_dir: Path, config: RunConfig) -> None:
        self._tail = Tail(run_dir / TWIN_FILE)
        self._fields = config.twin
        self._agree = DIFFERENT[config.dtype]
        self.found = Lockstep()

    def look(self) -> Lockstep:
        """What is known after all that is written by now."""
        records = np.frombuffer(self._tail.read(dtype_of(self._fields).itemsize), dtype_of(self._fields))
        if self._tail.restarted:
            self.found = Lockstep()
        if not len(records):
            return self.found
        before = self.found
        loss, gradient = (
            np.nan_to_num(records[name], nan=np.inf) for name in ("loss_difference", "gradient_difference")
        )
        largest = int(gradient.argmax())
        off = np.flatnonzero((loss > self._agree) | (gradient > self._agree))
        more = gradient[largest] > before.gradient
        self.found = Lockstep(
            loss=max(before.loss, float(loss.max())),
            gradient=float(gradient[largest]) if more else before.gradient,
            gradient_at=int(records["step"][largest]) if more else before.gradient_at,
            first_off=before.first_off
            if before.first_off is not None or not off.size
            else int(records["step"][off[0]]),
            steps=before.steps + len(records),
        )
        return self.found


def _whole_records(path: Path, size: int) -> int:
    """The bytes of the whole records of a file."""
    try:
        return path.stat().st_size // size * size
    except FileNotFoundError:
        return 0


class Knots(NamedTuple):
    """What grows with the steps, at some of them; between two of them evenly."""

    steps: Array
    values: Array

    def on(self, a_step: float) -> Knots:
        """As far again as any run goes, by so much a step."""
        far = 1e10
        return Knots(
            np.append(self.steps, self.steps[-1] + far), np.append(self.values, self.values[-1] + far * a_step)
        )

    def later(self, step: float, value: float) -> Knots:
        """One more at the end; every second one when they become many."""
        if self.steps.size and step <= self.steps[-1]:
            return self
        thin = 2 if self.steps.size > 4 * CLOCK_KNOTS else 1
        return Knots(np.append(self.steps[::thin], step), np.append(self.values[::thin], value))


def clock_of(run_dir: Path, config: RunConfig) -> Knots:
    """Seconds since the start at a few hundred steps of the run."""
    fields = config.metrics or METRICS
    records = StepFile(run_dir / METRICS_FILE, fields)
    every = max(1, sum(map(len, records.parts)) // CLOCK_KNOTS)
    found = []
    for part in records.parts:
        for place in (*part[::every], part[-1]):
            found.append(records.read(range(place, place + 1)))
    knots = np.concatenate([np.empty(0, dtype_of(fields)), *found])
    steps, kept = np.unique(knots["step"], return_index=True)
    return Knots(steps.astype("f8"), np.maximum.accumulate(knots["t"][kept]))


class GaugeHistory:
    """The last few thousand records of gauges.bin, by name."""

    KEPT = 2048
    BARS = 8

    def __init__(self, run_dir: Path, config: RunConfig) -> None:
        self._type = dtype_of(config.gauges)
        self._tail = Tail(run_dir / "gauges.bin")
        whole = _whole_records(run_dir / "gauges.bin", self._type.itemsize) if self._type.itemsize else 0
        self._tail.offset = max(0, whole - self.KEPT * self._type.itemsize)
        self._records: Records = np.empty(0, self._type)

    def look(self) -> dict[str, tuple[float, ...]]:
        """By name: the medians of a few stretches of time one after the other, and last the newest value."""
        if not self._type.itemsize:
            return {}
        data = self._tail.read(self._type.itemsize)
        if data:
            kept = np.concatenate([self._records, np.frombuffer(data, self._type)])
            self._records = kept[-self.KEPT :]
        if not len(self._records):
            return {}
        stretches = np.array_split(self._records, min(self.BARS, len(self._records)))
        return {
            name: (*(_median(stretch[name]) for stretch in stretches), float(self._records[name][-1]))
            for name in self._type.names or ()
        }


def _median(values: NDArray[np.floating]) -> float:
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if finite.size else float("nan")
