"""What of a run is in sight: a frozen record, and pure functions that zoom, pan and move the cursor. All in steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

LEAST = 8  # steps: fewer than these are not worth a picture
ZOOM = 2  # in and out
PAN = 4  # a key moves the window by this part of itself
# Over how many batches the training loss is averaged; 1: every batch as it is.
SPANS = (1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000)

XAxis = Literal["step", "epoch", "time"]
YAxis = Literal["loss", "accuracy"]
X_AXES: tuple[XAxis, ...] = ("step", "epoch", "time")


class ChartState(Struct, frozen=True):
    """How a run is looked at, apart from its data."""

    window: tuple[int, int] | None = None  # first and last step in sight; None: all, also what is still to come
    cursor: int | None = None  # the step whose values are read
    x: XAxis = "step"
    y: YAxis = "loss"
    log_y: bool = False
    span: int = 1  # of the running mean, one of SPANS
    smoothed: int = 1  # the span that comes back when every batch has been looked at


def usual_span(steps_per_epoch: int, steps: int) -> int:
    """The mean over at most an epoch and a fiftieth of the run: about two columns of the chart."""
    wanted = min(steps_per_epoch, steps // 50)
    return max((span for span in SPANS if span <= wanted), default=1)


def in_sight(state: ChartState, extent: int) -> tuple[int, int]:
    """The first and the last step in sight; `extent` is the last that there is, or will be."""
    return (0, max(LEAST, extent)) if state.window is None else state.window


def zoom(state: ChartState, extent: int, *, closer: bool, around: int) -> ChartState:
    """Half or twice as many steps; `around`, or the cursor where there is one, stays where it is on the screen."""
    first, last = in_sight(state, extent)
    span = (last - first) // ZOOM if closer else (last - first) * ZOOM
    span = max(LEAST, span)
    if span >= extent:
        return replace(state, window=None)
    still = min(max(around if state.cursor is None else state.cursor, first), last)
    start = still - (still - first) * span // (last - first)
    return _at(state, extent, start, span)


def pan(state: ChartState, extent: int, by: int) -> ChartState:
    """Quarters of the window to the right, or to the left (negative); no further than the data goes."""
    if state.window is None:
        return state
    first, last = state.window
    return _at(state, extent, first + by * max(1, (last - first) // PAN), last - first)


def all_of_it(state: ChartState) -> ChartState:
    """Back to the whole run."""
    return replace(state, window=None)


def _at(state: ChartState, extent: int, start: int, span: int) -> ChartState:
    start = max(0, min(start, extent - span))
    cursor = None if state.cursor is None else max(start, min(state.cursor, start + span))
    return replace(state, window=(start, start + span), cursor=cursor)


def put_cursor(state: ChartState, extent: int, newest: int, step: int) -> ChartState:
    """Read the values at a step, at most the `newest` that there is; the window follows where it must."""
    first, last = in_sight(state, extent)
    step = max(0, min(step, newest, extent))
    state = replace(state, cursor=step)
    if first <= step <= last:
        return state
    return _at(state, extent, step - (last - first) // 2, last - first)


def move_cursor(state: ChartState, extent: int, newest: int, columns: int) -> ChartState:
    """So many columns of a hundred to the right, or to the left (negative); the first move brings it into sight."""
    first, last = in_sight(state, extent)
    if state.cursor is None:
        return put_cursor(state, extent, newest, min(newest, last))
    return put_cursor(state, extent, newest, state.cursor + columns * max(1, (last - first) // 100))


def to_mark(state: ChartState, extent: int, newest: int, marks: Sequence[int], *, forward: bool) -> ChartState:
    """On the next step that is marked, or the one before; from nowhere on the newest."""
    ordered = sorted(set(marks))
    if not ordered:
        return state
    if state.cursor is None:
        return put_cursor(state, extent, newest, ordered[-1])
    here = state.cursor
    found = (
        next((mark for mark in ordered if mark > here), ordered[-1])
        if forward
        else next((mark for mark in reversed(ordered) if mark < here), ordered[0])
    )
    return put_cursor(state, extent, newest, found)


def smoother(state: ChartState, by: int) -> ChartState:
    """The mean over more batches, or over fewer (negative)."""
    place = SPANS.index(state.span) + by
    span = SPANS[max(0, min(place, len(SPANS) - 1))]
    return replace(state, span=span, smoothed=span if span > 1 else state.smoothed)


def as_it_is(state: ChartState) -> ChartState:
    """Every batch as it is, and back to the mean."""
    return replace(state, span=1 if state.span > 1 else state.smoothed)


def other_x(state: ChartState) -> ChartState:
    """Step, epoch, time, and again."""
    return replace(state, x=X_AXES[(X_AXES.index(state.x) + 1) % len(X_AXES)])


def other_y(state: ChartState) -> ChartState:
    """Loss or accuracy."""
    return replace(state, y="accuracy" if state.y == "loss" else "loss")


def other_scale(state: ChartState) -> ChartState:
    """The loss on a logarithmic scale, or back."""
    return replace(state, log_y=not state.log_y)


def without_cursor(state: ChartState) -> ChartState:
    """No values are read."""
    return replace(state, cursor=None)
