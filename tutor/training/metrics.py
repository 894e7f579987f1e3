"""The binary records of a run: written by the worker at every step, read by whoever draws them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tutor.training.folder import GAUGES_FILE, METRICS_FILE, PYRAMID_FILE
from tutor.training.model import METRICS, PYRAMID, PYRAMID_LEVELS
from tutor.training.tail import METRIC

Records = NDArray[np.void]
Fields = tuple[tuple[str, str], ...]

WAITING_CAP = 1 << 20  # bytes of records that wait for a full disk; older ones are given up


def dtype_of(fields: Fields) -> np.dtype[np.void]:
    """Make the NumPy type of a file from its fields in config.json."""
    return np.dtype([(name, kind) for name, kind in fields])


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
    """Writes metrics.bin, gauges.bin and pyramid.bin; cheap per step, on the disk at every `flush`."""

    def __init__(self, run_dir: Path, gauges: Fields, attempt: int = 1) -> None:
        self._attempt = attempt
        self._pending = bytearray()
        self._pack = METRIC.pack
        self._metrics = RecordFile(run_dir / METRICS_FILE, METRIC.size)
        self._gauge_type = dtype_of(gauges)
        self._gauges = RecordFile(run_dir / GAUGES_FILE, self._gauge_type.itemsize) if gauges else None
        self._pyramid_file = RecordFile(run_dir / PYRAMID_FILE, dtype_of(PYRAMID).itemsize)
        self._pyramid = Pyramid()

    @property
    def lost(self) -> int:
        """How many steps could not be recorded because the disk refused them."""
        return self._metrics.lost

    def step(self, t: float, step: int, loss: float, lr: float) -> None:
        """Record one step: t in seconds since the start, steps counted from 1."""
        self._pending += self._pack(t, step, self._attempt, loss, lr)

    def gauge(self, values: tuple[float, ...]) -> None:
        """Record the gauges, in the order of their fields."""
        if self._gauges:
            self._gauges.append(np.array([values], dtype=self._gauge_type).tobytes())

    def flush(self) -> None:
        """Write what was recorded since the last flush."""
        data, self._pending = self._pending, bytearray()
        self._metrics.append(data)
        if data:
            records = np.frombuffer(data, dtype=dtype_of(METRICS))
            self._pyramid_file.append(self._pyramid.add(records["step"], records["loss"]).tobytes())

    def close(self) -> None:
        """Write the rest, with the blocks of the pyramid that are not full, and force all to the disk."""
        self.flush()
        self._pyramid_file.append(self._pyramid.rest().tobytes())
        for file in (self._metrics, self._gauges, self._pyramid_file):
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


def read_metrics(data: bytes, fields: Fields = METRICS) -> Records:
    """View the bytes of metrics.bin as records, without what an earlier attempt wrote of steps that were run again."""
    records: Records = np.frombuffer(data, dtype=dtype_of(fields))
    steps = records["step"].astype(np.int64)
    if len(steps) < 2 or (np.diff(steps) > 0).all():
        return records
    order = np.lexsort((np.arange(len(steps)), records["attempt"], steps))
    newest = np.append(np.diff(steps[order]) != 0, True)  # of equal steps: the last of the last attempt
    kept: Records = records[order[newest]]
    return kept


def read_gauges(data: bytes, fields: Fields) -> dict[str, float]:
    """Return the last record of the bytes of gauges.bin, by field."""
    dtype = dtype_of(fields)
    last = np.frombuffer(data[-dtype.itemsize :], dtype=dtype)[-1]
    return {name: float(last[name]) for name, _ in fields}


def read_pyramid(run_dir: Path, blocks_wanted: int = 200_000) -> Records:
    """Return the blocks of the finest level that has at most `blocks_wanted`, in order of their steps."""
    dtype = dtype_of(PYRAMID)
    data = (run_dir / PYRAMID_FILE).read_bytes()
    blocks: Records = np.frombuffer(data[: len(data) // dtype.itemsize * dtype.itemsize], dtype=dtype)
    for level in PYRAMID_LEVELS:
        chosen: Records = blocks[blocks["level"] == level]
        if len(chosen) <= blocks_wanted:
            break
    order = np.lexsort((np.arange(len(chosen)), chosen["first_step"]))
    newest = np.append(np.diff(chosen["first_step"][order].astype(np.int64)) != 0, True)
    kept: Records = chosen[order[newest]] if len(chosen) else chosen
    return kept


def outline(blocks: Records) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Turn blocks into the points of a curve with the same extremes: min, max and last of each."""
    first, last = blocks["first_step"].astype(np.int64), blocks["last_step"].astype(np.int64)
    steps = np.stack([first, (first + last) // 2, last], axis=1)
    losses = np.stack([blocks["min"], blocks["max"], blocks["last"]], axis=1)
    return steps.ravel(), losses.astype(np.float32).ravel()
