"""The binary records of a run: written by the worker at every step, read by whoever draws them."""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tutor.training.folder import GAUGES_FILE, METRICS_FILE, PYRAMID_FILE, TWIN_FILE
from tutor.training.model import METRICS, PYRAMID, PYRAMID_LEVELS
from tutor.training.tail import METRIC

Records = NDArray[np.void]
Fields = tuple[tuple[str, str], ...]

TWIN_RECORD = struct.Struct("<IIddd")  # model.TWIN
REDUCED_AFTER = 10  # flushes: only a long run is opened from its pyramid
WAITING_CAP = 1 << 20  # bytes of records that wait for a full disk; older ones are given up


def dtype_of(fields: Fields) -> np.dtype[np.void]:
    """Make the NumPy type of a file from its fields in config.json."""
    return np.dtype([(name, kind) for name, kind in fields])


METRICS_TYPE = dtype_of(METRICS)


# ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────────────


class RecordFile:
    """An append-only file of equal records that never keeps a torn one, also when the disk is full."""

    def __init__(self, path: Path, record_size: int) -> None:
        self._record_size = record_size
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        self._size = self._trim(os.fstat(self._fd).st_size)
        self._waiting = bytearray()
        self.lost = 0  # records given up because the disk refused them for too long

    def append(self, data: bytes | bytearray) -> None:
        """Write records; what the disk refuses waits for the next call."""
        self._waiting += data
        try:
            while self._waiting:
                written = os.pwrite(self._fd, self._waiting, self._size)
                self._size += written
                del self._waiting[:written]
        except OSError:  # full or gone: training goes on, and the gap is told in the events
            torn = self._size % self._record_size
            if torn:
                self._waiting[:0] = os.pread(self._fd, torn, self._size - torn)
                self._size = self._trim(self._size)
            over = max(0, len(self._waiting) - WAITING_CAP) // self._record_size
            self.lost += over
            del self._waiting[: over * self._record_size]

    def close(self) -> None:
        """Try once more to write what waits, and force all to the disk."""
        try:
            self.append(b"")
            os.fsync(self._fd)
        finally:
            os.close(self._fd)

    def _trim(self, size: int) -> int:
        whole = size - size % self._record_size
        if whole != size:
            os.ftruncate(self._fd, whole)
        return whole


class Recorder:
    """Writes metrics.bin, gauges.bin, pyramid.bin and twin.bin; cheap per step, on the disk at every `flush`."""

    def __init__(self, run_dir: Path, gauges: Fields, attempt: int = 1, twin: Fields = ()) -> None:
        self._attempt = attempt
        self._path = run_dir / METRICS_FILE
        self._pending = bytearray()
        self._pack = METRIC.pack
        self._metrics = RecordFile(self._path, METRIC.size)
        self._gauge_type = dtype_of(gauges)
        self._gauges = RecordFile(run_dir / GAUGES_FILE, self._gauge_type.itemsize) if gauges else None
        self._twin_pending = bytearray()
        self._twin = RecordFile(run_dir / TWIN_FILE, TWIN_RECORD.size) if twin else None
        self._pyramid_file = RecordFile(run_dir / PYRAMID_FILE, dtype_of(PYRAMID).itemsize)
        self._pyramid = Pyramid()
        self._unreduced: list[Records] = []  # on the disk, and not yet in the pyramid

    @property
    def lost(self) -> int:
        """How many steps could not be recorded because the disk refused them."""
        return self._metrics.lost

    def step(self, t: float, step: int, loss: float, lr: float) -> None:
        """Record one step: t in seconds since the start, steps counted from 1."""
        self._pending += self._pack(t, step, self._attempt, loss, lr)

    def twin(self, step: int, differences: tuple[float, float, float]) -> None:
        """Record one step of a run in lockstep: the differences of loss and gradients, and the free twin's loss."""
        self._twin_pending += TWIN_RECORD.pack(step, self._attempt, *differences)

    def gauge(self, values: Mapping[str, float]) -> None:
        """Record the gauges by the names of their fields; one that is not given is NaN."""
        if self._gauges:
            record = tuple(values.get(name, math.nan) for name in self._gauge_type.names or ())
            self._gauges.append(np.array([record], dtype=self._gauge_type).tobytes())

    def flush(self) -> Records | None:
        """Write what was recorded since the last flush, and return it; None where there is nothing."""
        data, self._pending = self._pending, bytearray()
        self._metrics.append(data)
        if self._twin:
            twin, self._twin_pending = self._twin_pending, bytearray()
            self._twin.append(twin)
        if not data:
            return None
        records: Records = np.frombuffer(data, dtype=METRICS_TYPE)
        self._unreduced.append(records)
        if len(self._unreduced) >= REDUCED_AFTER:
            self._reduce()
        return records

    def _reduce(self) -> None:
        if self._unreduced:
            records = np.concatenate(self._unreduced)
            self._unreduced.clear()
            self._pyramid_file.append(self._pyramid.add(records["step"], records["loss"]).tobytes())

    def go_on(self, step: int) -> None:
        """Go on after `step` of an earlier attempt: the pyramid's blocks around it are written again from the metrics.

        They begin at its largest block, so that what the earlier attempt wrote of later steps counts for nothing.
        """
        first = (step - 1) // PYRAMID_LEVELS[-1] * PYRAMID_LEVELS[-1] + 1
        records = read_metrics(_whole(self._path, METRIC.size))
        records = records[(records["step"] >= first) & (records["step"] <= step)]
        if len(records):
            self._pyramid_file.append(self._pyramid.add(records["step"], records["loss"]).tobytes())
            self._pyramid_file.append(self._pyramid.rest().tobytes())

    def close(self) -> None:
        """Write the rest, with the blocks of the pyramid that are not full, and force all to the disk."""
        self.flush()
        self._reduce()
        self._pyramid_file.append(self._pyramid.rest().tobytes())
        for file in (self._metrics, self._gauges, self._twin, self._pyramid_file):
            if file:
                file.close()


class Pyramid:
    """Losses reduced to (min, max, last) per block of 256 and of 65,536 steps; a NaN counts only as the last."""

    def __init__(self) -> None:
        self._open: dict[int, Records] = {}  # level -> the block that is not full yet

    def add(self, steps: NDArray[Any], losses: NDArray[Any]) -> Records:
        """Take the next steps, in order, and return the blocks that they filled."""
        return np.concatenate([self._add(level, steps, losses) for level in PYRAMID_LEVELS])

    def rest(self) -> Records:
        """Return the blocks that are not full."""
        blocks = [block for block in self._open.values() if len(block)]
        return np.concatenate(blocks) if blocks else np.empty(0, dtype_of(PYRAMID))

    def _add(self, level: int, steps: NDArray[Any], losses: NDArray[Any]) -> Records:
        block_of = (steps.astype(np.int64) - 1) // level
        starts = np.flatnonzero(np.diff(block_of, prepend=block_of[0] - 1))
        ends = np.append(starts[1:], len(steps)) - 1
        blocks = np.empty(len(starts), dtype_of(PYRAMID))
        blocks["level"], blocks["first_step"], blocks["last_step"] = level, steps[starts], steps[ends]
        blocks["min"], blocks["max"] = np.fmin.reduceat(losses, starts), np.fmax.reduceat(losses, starts)
        blocks["last"] = losses[ends]
        before = self._open.get(level)
        if before is not None and len(before):
            if (int(before["first_step"][0]) - 1) // level == block_of[0]:
                blocks[0]["first_step"] = before["first_step"][0]
                blocks[0]["min"] = np.fmin(blocks[0]["min"], before["min"][0])
                blocks[0]["max"] = np.fmax(blocks[0]["max"], before["max"][0])
            else:
                blocks = np.concatenate([before, blocks])
        full = len(blocks) if int(blocks["last_step"][-1]) % level == 0 else len(blocks) - 1
        self._open[level] = blocks[full:].copy()
        return blocks[:full]


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def newest(steps: NDArray[Any]) -> NDArray[np.bool_]:
    """Mark, among the steps (n,) of records in the order of their file, those that no later attempt has taken back.

    A run that is resumed goes back to its checkpoint: from there on the later records count, and the earlier ones no
    more, however far they went.
    """
    numbers = steps.astype(np.int64)
    later = np.minimum.accumulate(numbers[::-1])[::-1]
    kept: NDArray[np.bool_] = np.append(numbers[:-1] < later[1:], True) if len(numbers) else np.zeros(0, bool)
    return kept


def read_metrics(data: bytes, fields: Fields = METRICS) -> Records:
    """View the bytes of metrics.bin (gauges.bin, twin.bin) as records, without the steps that were run again later."""
    records: Records = np.frombuffer(data, dtype=dtype_of(fields))
    steps = np.ascontiguousarray(records["step"])
    if (steps[1:] > steps[:-1]).all():
        return records
    chosen: Records = records[newest(steps)]
    return chosen


def read_gauges(data: bytes, fields: Fields) -> dict[str, float]:
    """Return the last record of the bytes of gauges.bin, by field."""
    dtype = dtype_of(fields)
    last = np.frombuffer(data[-dtype.itemsize :], dtype=dtype)[-1]
    return {name: float(last[name]) for name, _ in fields}


def read_pyramid(run_dir: Path, blocks_wanted: int = 200_000) -> Records:
    """Return the blocks of the finest level that has at most `blocks_wanted`, in order of their steps."""
    dtype = dtype_of(PYRAMID)
    blocks: Records = np.frombuffer(_whole(run_dir / PYRAMID_FILE, dtype.itemsize), dtype=dtype)
    for level in PYRAMID_LEVELS:
        chosen: Records = blocks[blocks["level"] == level]
        if len(chosen) <= blocks_wanted:
            break
    kept: Records = chosen[newest(chosen["first_step"])]
    return kept


def _whole(path: Path, record_size: int) -> bytes:
    data = path.read_bytes()
    return data[: len(data) // record_size * record_size]


def outline(blocks: Records) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Turn blocks into the points of a curve with the same extremes: min, max and last of each."""
    first, last = blocks["first_step"].astype(np.int64), blocks["last_step"].astype(np.int64)
    steps = np.stack([first, (first + last) // 2, last], axis=1)
    losses = np.stack([blocks["min"], blocks["max"], blocks["last"]], axis=1)
    return steps.ravel(), losses.astype(np.float32).ravel()
