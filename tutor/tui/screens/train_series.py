"""The chart of a run: its curves on the axis that was chosen, its marks, and the values at the cursor. Loads NumPy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tutor.training import Event, Tick
from tutor.tui.curves import Knots
from tutor.tui.screens.train_view import LETTERS, OTHERS, is_marked
from tutor.tui.screens.train_window import ChartState, XAxis, in_sight
from tutor.viz import ChartSpec, Mark, Role
from tutor.viz.curve import Array, Plottable, Ranges, Series, Stroke

if TYPE_CHECKING:
    from tutor.tui.screens.train_follow import Run

ROOM_FOR_THE_BAND = 1.2  # of a run that diverged: the band from its last step on is to be seen
UNITS = ((180.0, 1.0, "seconds"), (3 * 3600.0, 60.0, "minutes"), (np.inf, 3600.0, "hours"))


class Reading(NamedTuple):
    """A curve's value at the cursor."""

    name: str
    role: Role
    sign: str  # as in the legend
    low: float
    high: float
    unit: str = ""


# ── what the events say ──────────────────────────────────────────────────────────────────────────────────────────────


class Told(NamedTuple):
    """What the events of a run say, as a chart needs it."""

    measured: dict[str, Knots]  # by the field of Event: what was measured, at which steps
    epochs: Knots  # epochs gone at the steps where one began, and on as long as the last would take
    said: tuple[Event, ...]  # what has a sentence
    marks: tuple[Event, ...]  # what of it is marked on the curve


def told_by(tick: Tick) -> Told:
    """Sort the events of a run, once when there are new ones."""
    measured = {}
    for field in ("held_back", "held_back_loss", "accuracy"):
        found = [(event.step, getattr(event, field)) for event in tick.events if getattr(event, field) is not None]
        newest = dict(found)  # of an epoch that was run again, the later
        steps = sorted(newest)
        values = np.array([newest[step] for step in steps], dtype=np.float64)
        measured[field] = Knots(np.array(steps, dtype=np.float64), values)
    begun = {event.step: event.epoch or 1 for event in tick.events if event.kind == "epoch"} or {0: 1}
    steps = sorted(begun)
    gone = np.maximum.accumulate(np.array([begun[step] - 1 for step in steps], dtype=np.float64))
    said = tuple(event for event in tick.events if event.text and event.kind != "ended")
    marks = tuple(event for event in said if is_marked(event))
    a_step = 1 / max(1, tick.config.steps_per_epoch)
    return Told(measured, Knots(np.array(steps, dtype=np.float64), gone).on(a_step), said, marks)


# ── axes ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


class Axis(NamedTuple):
    """Where a step stands: at its own number, or between knots."""

    label: str
    knots: Knots | None = None
    unit: float = 1.0

    def at(self, steps: Array) -> Array:
        """The places of some steps."""
        if self.knots is None:
            return steps
        return np.interp(steps, *self.knots) / self.unit


def times_of(clock: Knots | None) -> Knots:
    """Seconds at steps, from 0 on, and on as fast as in the last quarter."""
    if clock is None or not clock.steps.size:
        return Knots(np.zeros(1), np.zeros(1)).on(1e-3)
    steps, seconds = np.insert(clock.steps, 0, 0.0), np.insert(clock.values, 0, 0.0)
    from_here = 3 * steps.size // 4 if steps.size > 4 else 0
    taken = (seconds[-1] - seconds[from_here]) / max(1.0, steps[-1] - steps[from_here])
    return Knots(steps, seconds).on(float(taken) or 1e-6)


def axis_of(kind: XAxis, run: Run, last: int) -> Axis:
    """The axis of a run; `last` is the last step in sight, which decides between seconds, minutes and hours."""
    if run.told is None or kind == "step":
        return Axis("step")
    if kind == "epoch":
        return Axis("epoch", run.told.epochs)
    knots = times_of(run.clock)
    seconds = float(np.interp(last, *knots))
    unit, label = next((unit, label) for most, unit, label in UNITS if seconds <= most)
    return Axis(label, knots, unit)


class OnAxis(NamedTuple):
    """A curve whose steps stand on an axis."""

    curve: Plottable
    axis: Axis
    name: str
    role: Role
    stroke: Stroke
    sign: str = ""
    most: float = np.inf  # what lies above is drawn there

    def ranges(self) -> Ranges:
        """Its pieces, in the axis' own coordinates."""
        pieces = self.curve.ranges()
        low, high = (np.minimum(values, self.most) for values in (pieces.low, pieces.high))
        return Ranges(self.axis.at(pieces.x), low, high)


# ── curves ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def extent_of(tick: Tick, others: Iterable[Tick] = ()) -> int:
    """The last step that there is, or is to come; of several runs the longest."""
    return max(map(_extent, (tick, *others)))


def _extent(tick: Tick) -> int:
    if tick.state == "diverged":
        return int(ROOM_FOR_THE_BAND * tick.step) + 1
    return max(1, tick.step if tick.end is not None else tick.steps)


def _measured(name: str, told: Told, field: str, role: Role, stroke: Stroke, times: float = 1) -> Series:
    """What was measured at the ends of epochs."""
    steps, values = told.measured[field]
    return Series(name, steps, values * times, role, stroke)


def curves_of(run: Run, state: ChartState) -> list[Plottable]:
    """The curves of the run that is watched, over steps; what lies behind comes first."""
    if run.told is None or run.curves is None:
        return []
    if state.y == "accuracy":
        return [
            _measured("training", run.told, "accuracy", "curve", "solid", 100),
            _measured("held back", run.told, "held_back", "curve2", "dotted", 100),
        ]
    found: list[Plottable] = []
    if state.span > 1:
        found.append(run.curves.every_batch)
        found.append(_named(run.curves.mean, f"training, mean of {state.span:,}", "solid"))
    else:
        found.append(_named(run.curves.every_batch, "training, every batch", "solid"))
    found.append(_measured("held back", run.told, "held_back_loss", "curve2", "dotted"))
    if run.twin is not None:
        found.append(run.twin.free)
    return found


def _named(curve: Plottable, name: str, stroke: Stroke) -> Plottable:
    return OnAxis(curve, Axis("step"), name, "curve", stroke)


def other_curves(others: Sequence[Run], state: ChartState) -> list[tuple[Run, Plottable]]:
    """One curve of each run beside it, told by a letter that stands on it."""
    found: list[tuple[Run, Plottable]] = []
    for run, role, letter in zip(others, OTHERS, LETTERS, strict=False):
        if run.told is None or run.curves is None:
            continue
        if state.y == "accuracy":
            curve: Plottable = _measured("", run.told, "held_back", role, "dotted", 100)
        else:
            curve = run.curves.mean if state.span > 1 else run.curves.every_batch
        found.append((run, OnAxis(curve, Axis("step"), "", role, "dotted", letter)))
    return found


def headroom(curves: Sequence[Plottable], first: int, last: int) -> float:
    """Twice the highest value in sight: a run beside it that diverged must not press these curves flat."""
    highest = 0.0
    for pieces in (curve.ranges() for curve in curves):
        high = pieces.high[(pieces.x >= first) & (pieces.x <= last) & np.isfinite(pieces.high)]
        highest = max(highest, float(high.max(initial=0.0)))
    return 2 * highest or np.inf


def chart_of(
    run: Run, others: Sequence[Run], state: ChartState, size: tuple[int, int]
) -> tuple[list[Plottable], ChartSpec]:
    """What the chart draws, in so many cells: curves that lie behind first."""
    tick = run.tick
    assert tick is not None
    extent = extent_of(tick, [other.tick for other in others if other.tick is not None])
    first, last = in_sight(state, extent)
    axis = axis_of(state.x, run, last)
    left, right = axis.at(np.array([first, last], dtype=np.float64)).tolist()
    own = curves_of(run, state)
    most = np.inf if state.log_y else headroom(own, first, last)
    shown: list[Plottable] = [
        OnAxis(one, axis_of(state.x, other, last)._replace(unit=axis.unit), "", one.role, one.stroke, one.sign, most)
        for other, one in other_curves(others, state)
    ]
    shown += [OnAxis(one, axis, one.name, one.role, one.stroke) for one in own]
    shown.sort(key=lambda one: one.stroke != "cloud")
    marks = run.told.marks if run.told is not None else ()
    places = axis.at(np.array([event.step for event in marks], dtype=np.float64)).tolist()
    drawn = [Mark(place) for place in places]
    if state.cursor is not None:
        at = axis.at(np.array([state.cursor], dtype=np.float64)).item()
        on_mark = any(event.step == state.cursor for event in marks)
        drawn.append(Mark(at, "▾" if on_mark else "│", "│"))
    return shown, ChartSpec(
        width=size[0],
        height=size[1],
        x_label=axis.label,
        y_label="loss" if state.y == "loss" else "accuracy, %",
        log_y=state.log_y and state.y == "loss",
        x_range=(left, right if right > left else left + 1),
        marks=tuple(drawn),
        diverged_from=axis.at(np.array([tick.step], dtype=np.float64)).item() if tick.state == "diverged" else None,
    )


# ── what is read at the cursor ─────────────────────────────────────────────────────────────────────────────────────


def readings(run: Run, others: Sequence[Run], state: ChartState) -> list[Reading]:
    """Every curve's value at the cursor; of a curve with many steps in a column, the lowest and the highest."""
    if state.cursor is None:
        return []
    found, unit = [], " %" if state.y == "accuracy" else ""
    strokes: dict[Stroke, str] = {"solid": "━━", "dotted": "┅┅", "dashed": "╍╍"}
    for curve in curves_of(run, state):
        value = value_at(curve, state.cursor)
        if value is not None:
            name = "each batch" if curve.stroke == "cloud" else curve.name.partition(",")[0]
            role = "dim" if curve.stroke == "cloud" else curve.role
            found.append(Reading(name, role, strokes.get(curve.stroke, ""), *value, unit))
    for other, curve in other_curves(others, state):
        value = value_at(curve, state.cursor)
        if value is not None:
            found.append(
                Reading((other.tick and other.tick.title) or other.run_dir.name, curve.role, curve.sign, *value, unit)
            )
    return found


def value_at(curve: Plottable, step: int) -> tuple[float, float] | None:
    """The piece of a curve that a step lies in: the last one that begins there or before it."""
    pieces = curve.ranges()
    place = int(np.searchsorted(pieces.x, step, side="right")) - 1
    if place < 0:
        return None
    return float(pieces.low[place]), float(pieces.high[place])


def place_of(step: int, run: Run) -> tuple[float, float]:
    """The epochs and the seconds that had gone by at a step."""
    epochs = float(np.interp(step, *run.told.epochs)) if run.told is not None else 0.0
    return epochs, float(np.interp(step, *times_of(run.clock)))
