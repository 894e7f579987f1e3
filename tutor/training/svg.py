"""The chart of a run as one SVG file that stands alone: it follows the reader's light or dark, and needs nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import NDArray

from tutor.training.export import TWIN_FILE, StepFile, whole_file
from tutor.training.folder import METRICS_FILE
from tutor.training.metrics import Fields
from tutor.training.model import Event, Tick
from tutor.training.runs import title_of
from tutor.training.watch import Watch
from tutor.training.words import duration, mode_words, network_words, optimizer_words
from tutor.viz.scale import Scale, fixed, linear, logarithmic

WIDTH, HEIGHT = 960, 540
LEFT, RIGHT, TOP, BOTTOM = 64, 936, 84, 488  # the frame
COLUMNS = 218  # points of a curve, 4 units of the paper apart, however long the run
MOST_NOTES = 8
LEAST_POSITIVE = 1e-300  # what stands for a loss of 0 where there is a logarithm
MARKED = ("control", "explained", "resumed")

# Colours by class and not by CSS variables, which many viewers do not know.
INKS = (
    ("text { fill", "#626262", "#a8a8a8"),
    ("text.title { fill", "#1c1c1c", "#eeeeee"),
    (".paper { fill", "#ffffff", "#121212"),
    (".grid { stroke", "#e4e4e4", "#303030"),
    (".axis, .mark { stroke", "#626262", "#a8a8a8"),
    (".loss { stroke", "#005faf", "#87afff"),
    (".spread { fill", "#005faf", "#87afff"),
    (".held { stroke", "#af5f00", "#ffaf5f"),
    (".dot { fill", "#af5f00", "#ffaf5f"),
    (".free { stroke", "#5f875f", "#87d787"),
    (".band, text.bad { fill", "#af0000", "#ff8787"),
)
SHAPES = """
text { font: 13px system-ui, sans-serif; } text.title { font-size: 18px; font-weight: 600; }
.axis, .loss, .held, .free { fill: none; } .loss, .held, .free { stroke-width: 2; stroke-linejoin: round; }
.held { stroke-dasharray: 7 4; } .free { stroke-dasharray: 2 3; } .mark { stroke-dasharray: 2 4; }
.spread { opacity: .22; } .band { opacity: .16; }
"""
STYLE = SHAPES + "\n".join(
    [
        *(f"{selector}: {light}; }}" for selector, light, _ in INKS),
        "@media (prefers-color-scheme: dark) {",
        *(f"{selector}: {dark}; }}" for selector, _, dark in INKS),
        "}",
    ]
)


class Column(NamedTuple):
    """A series reduced to a point for each column: x in steps, and the least, mean and largest value there."""

    x: NDArray[np.float64]
    low: NDArray[np.float64]
    mean: NDArray[np.float64]
    high: NDArray[np.float64]


def export_svg(run_dir: Path, file: Path, *, log_y: bool = False, force: bool = False) -> None:
    """Write the run's chart: its loss as mean and spread, the held-back loss, what was changed, explained and resumed.

    RunError: the run cannot be read, the file is there already and not `force`, or it cannot be written.
    """
    watch = Watch(run_dir, points=False)
    tick = watch.poll()
    loss = reduce(run_dir / METRICS_FILE, tick.config.metrics, "loss", tick.step)
    free = reduce(run_dir / TWIN_FILE, tick.config.twin, "free_loss", tick.step) if tick.config.twin else None
    text = draw(tick, title_of(run_dir), loss, free, log_y=log_y)
    with whole_file(file, force) as out:
        out.write(text.encode())


def reduce(path: Path, fields: Fields, field: str, last_step: int, columns: int = COLUMNS) -> Column:
    """Reduce a growing file to `columns` points by one pass, a part of it in memory at a time; NaN and inf left out."""
    low, high = np.full(columns, np.inf), np.full(columns, -np.inf)
    total, count, place = np.zeros(columns), np.zeros(columns), np.zeros(columns)
    for records in StepFile(path, fields).chunks():
        values = records[field].astype(np.float64)
        finite = np.isfinite(values)
        values, steps = values[finite], records["step"][finite].astype(np.float64)
        at = np.minimum((steps * columns / max(1, last_step + 1)).astype(np.intp), columns - 1)
        np.minimum.at(low, at, values)
        np.maximum.at(high, at, values)
        total += np.bincount(at, values, columns)
        place += np.bincount(at, steps, columns)
        count += np.bincount(at, minlength=columns)
    kept = count > 0
    return Column(place[kept] / count[kept], low[kept], total[kept] / count[kept], high[kept])


def draw(tick: Tick, title: str, loss: Column, free: Column | None, *, log_y: bool) -> str:
    """The whole document."""
    events = [event for event in tick.events if event.kind == "evaluated" and event.held_back_loss is not None]
    held_x = np.array([event.step for event in events], dtype=np.float64)
    held_y = np.array([event.held_back_loss for event in events], dtype=np.float64)
    seen = np.isfinite(held_y)
    held = Column(held_x[seen], held_y[seen], held_y[seen], held_y[seen])
    curves = [held, loss] if free is None else [held, loss, free]
    frame = Frame(tick, curves, log_y)
    diverged = [frame.band(tick.step)] if tick.state == "diverged" else []
    parts = [
        *_heading(tick, title),
        *frame.axes("loss, log" if log_y else "loss"),
        *diverged,
        frame.spread(loss),
        frame.curve(loss.x, loss.mean, "loss"),
        *([frame.curve(free.x, free.mean, "free")] if free is not None else []),
        frame.curve(held.x, held.mean, "held"),
        *frame.dots(held),
        *_marks(frame, tick.events),
        *_legend(free is not None, bool(len(held.x))),
    ]
    if not len(loss.x):
        parts.append(_text((LEFT + RIGHT) // 2, (TOP + BOTTOM) // 2, "no points yet", anchor="middle"))
    notes = _notes(tick.events)
    height = HEIGHT + (18 * len(notes) + 8 if notes else 0)
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
            f'height="{height}" role="img">',
            f"<title>{_safe(title or tick.config.id)}</title>",
            f"<style>{STYLE}</style>",
            f'<rect class="paper" width="{WIDTH}" height="{height}"/>',
            *(part for part in parts if part),
            *(_text(LEFT, HEIGHT + 8 + 18 * at, note) for at, note in enumerate(notes)),
            "</svg>",
            "",
        ]
    )


class Frame:
    """From steps and losses to places on the paper."""

    def __init__(self, tick: Tick, curves: Sequence[Column], log_y: bool) -> None:
        self.log_y = log_y
        self.x: Scale = fixed(0, max(1, tick.step), max(1, min(8, tick.step)))
        low = min((float(one.low.min()) for one in curves if len(one.x)), default=0.0)
        high = max((float(one.high.max()) for one in curves if len(one.x)), default=1.0)
        if log_y:
            positive = [one.low[one.low > 0] for one in curves]
            low = min((float(values.min()) for values in positive if len(values)), default=LEAST_POSITIVE)
            self.y: Scale = logarithmic(float(np.log10(low)), float(np.log10(max(low, high))), 6)
            return
        means = [one.mean for one in curves if len(one.x)]
        if tick.state == "diverged" and means:
            # What ran away would flatten everything before it: room for the start and the usual height, no more.
            start = max(float(values[: 1 + len(values) // 10].max()) for values in means)
            high = min(high, max(start, 2 * max(float(np.median(values)) for values in means)))
        self.y = linear(low, max(low, high), 6)

    def across(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Steps to the right."""
        return LEFT + (x - self.x.low) / (self.x.high - self.x.low) * (RIGHT - LEFT)

    def down(self, y: NDArray[np.float64]) -> NDArray[np.float64]:
        """Losses upwards; what leaves the frame stays at its edge."""
        place = np.log10(np.maximum(y, LEAST_POSITIVE)) if self.log_y else y
        return BOTTOM - np.clip((place - self.y.low) / (self.y.high - self.y.low), 0, 1) * (BOTTOM - TOP)

    def curve(self, x: NDArray[np.float64], y: NDArray[np.float64], kind: str) -> str:
        """A line through the points."""
        return f'<polyline class="{kind}" points="{_points(self.across(x), self.down(y))}"/>' if len(x) else ""

    def spread(self, one: Column) -> str:
        """The surface between the least and the largest loss."""
        if not (one.high > one.low).any():
            return ""
        x = np.concatenate([one.x, one.x[::-1]])
        y = np.concatenate([one.low, one.high[::-1]])
        return f'<polygon class="spread" points="{_points(self.across(x), self.down(y))}"/>'

    def dots(self, one: Column) -> list[str]:
        """A dot where a value was measured, as long as they can be told apart."""
        if len(one.x) > COLUMNS // 3:
            return []
        places = zip(self.across(one.x).tolist(), self.down(one.mean).tolist(), strict=True)
        return [f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="3"/>' for x, y in places]

    def band(self, step: int) -> str:
        """From where the loss was no number any more to the right edge."""
        x = min(float(self.across(np.array([float(step)]))[0]), RIGHT - 6.0)
        return (
            f'<rect class="band" x="{x:.1f}" y="{TOP}" width="{RIGHT - x:.1f}" height="{BOTTOM - TOP}"/>'
            f'<text class="bad" x="{RIGHT}" y="{TOP - 6}" text-anchor="end">diverged at step {step:,}</text>'
        )

    def axes(self, y_label: str) -> list[str]:
        """The frame, its grid and its labels."""
        parts = []
        for place, label in zip(self.y.ticks, self.y.labels, strict=True):
            y = BOTTOM - (place - self.y.low) / (self.y.high - self.y.low) * (BOTTOM - TOP)
            parts.append(f'<line class="grid" x1="{LEFT}" x2="{RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
            parts.append(_text(LEFT - 8, y + 4, label, anchor="end"))
        for place, label in zip(self.x.ticks, self.x.labels, strict=True):
            x = float(self.across(np.array([place]))[0])
            parts.append(_text(x, BOTTOM + 20, label, anchor="middle"))
        parts.append(f'<polyline class="axis" points="{LEFT},{TOP} {LEFT},{BOTTOM} {RIGHT},{BOTTOM}"/>')
        parts.append(_text(8, TOP - 10, y_label))
        return [*parts, _text(RIGHT, BOTTOM + 38, "step", anchor="end")]


def _heading(tick: Tick, title: str) -> list[str]:
    config = tick.config
    facts = [config.dataset, network_words(config), mode_words(config), optimizer_words(config)]
    facts += [f"learning rate {config.lr:g}", f"batch {config.batch}", f"seed {config.seed}"]
    came_out = [tick.state] if tick.held_back is None else [tick.state, f"held-back accuracy {tick.held_back:.1%}"]
    facts += [*came_out, duration(tick.elapsed)]
    name = f"{title} · {config.id}" if title else f"Run {config.id}"
    return [_text(LEFT, 30, name, "title"), _text(LEFT, 52, " · ".join(facts))]


def _legend(free: bool, held: bool) -> list[str]:
    entries = [("loss", "training loss, mean and spread")]
    entries += [("held", "held-back loss")] if held else []
    entries += [("free", "PyTorch on its own")] if free else []
    parts, x = [], LEFT
    for kind, words in entries:
        y = BOTTOM + 34
        parts.append(f'<line class="{kind}" x1="{x}" x2="{x + 28}" y1="{y}" y2="{y}"/>')
        parts.append(_text(x + 36, y + 4, words))
        x += 60 + 7 * len(words)
    return parts


def _told(events: Sequence[Event]) -> list[Event]:
    return [event for event in events if event.kind in MARKED and event.text]


def _marks(frame: Frame, events: Sequence[Event]) -> list[str]:
    parts = []
    for number, event in enumerate(_told(events), 1):
        x = float(frame.across(np.array([float(event.step)]))[0])
        if LEFT <= x <= RIGHT:
            words = _safe(f"step {event.step:,}: {event.text}")
            parts.append(f'<line class="mark" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{BOTTOM}">')
            parts.append(f"<title>{words}</title></line>")
            parts.append(_text(x, TOP - 4, str(number) if number <= MOST_NOTES else "▾", anchor="middle"))
    return parts


def _notes(events: Sequence[Event]) -> list[str]:
    told = _told(events)
    lines = [f"{at}  step {event.step:,}: {event.text}" for at, event in enumerate(told[:MOST_NOTES], 1)]
    return lines + ([f"and {len(told) - MOST_NOTES} more"] if len(told) > MOST_NOTES else [])


def _points(x: NDArray[np.float64], y: NDArray[np.float64]) -> str:
    return " ".join(f"{across:.1f},{down:.1f}" for across, down in zip(x.tolist(), y.tolist(), strict=True))


def _text(x: float, y: float, words: str, kind: str = "", anchor: str = "") -> str:
    look = (f' class="{kind}"' if kind else "") + (f' text-anchor="{anchor}"' if anchor else "")
    return f'<text x="{x:.1f}" y="{y:.1f}"{look}>{_safe(words)}</text>'


def _safe(words: str) -> str:
    """What XML may hold, whatever a learner's text is."""
    return escape("".join(sign for sign in words if sign.isprintable()))
