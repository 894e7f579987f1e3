"""The Train screen as lines: pure functions of a Tick and a width."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from tutor.training import ENDED, Event, Tick, duration, mode_words, network_words, optimizer_words
from tutor.tui.theme import ROLE_STYLES

if TYPE_CHECKING:
    from tutor.tui.curves import Lockstep
    from tutor.tui.screens.train_series import Reading
    from tutor.viz.model import Role

# The runs that are laid over the one that is watched: their colours, and the letters that stand on their curves.
OTHERS: tuple[Role, ...] = ("curve3", "curve4", "curve5", "curve6", "curve7")
LETTERS = "abcde"

# Sign, word and style of what a run is; a paused one is a running one that waits.
STATES = {
    "queued": ("·", "queued", "$dim"),
    "starting": ("·", "starting", "$dim"),
    "running": ("▸", "running", "$good"),
    "paused": ("◐", "paused", "$accent"),
    "disconnected": ("◐", "disconnected", "$bad"),
    "done": ("✓", "done", "$good"),
    "cancelled": ("·", "cancelled", "$dim"),
    "failed": ("✗", "failed", "$bad"),
    "diverged": ("✗", "diverged", "$bad"),
    "timed-out": ("✗", "out of time", "$bad"),
    "out-of-memory": ("✗", "out of memory", "$bad"),
    "lost": ("✗", "lost", "$bad"),
}
_RESUME = "space goes on from its last checkpoint, R trains it anew."
# What a run waits for, or what can be done with it next.
NEXT = {
    "queued": "Waiting for a worker to take it; c takes it back.",
    "starting": "The worker is loading your code and the data.",
    "paused": "Paused: space lets it go on, . makes a single step.",
    "disconnected": "Its folder cannot be reached at the moment. What you see is what was true before; it is tried on.",
    "done": "⏎ goes on in the course, R trains it again with the same seed, o lays another run beside it.",
    "cancelled": _RESUME,
    "failed": _RESUME,
    "diverged": "space goes on from its last checkpoint with a smaller learning rate; R trains it anew.",
    "timed-out": _RESUME,
    "out-of-memory": "space goes on from its last checkpoint with a smaller batch, which needs less memory.",
    "lost": _RESUME,
}
_MEND = "Mend that line in the Lab; F5 there trains it anew."
_LOADS_TORCH = "The worker is loading your code, the data and PyTorch, which takes it some seconds."
WIDE = 90  # cells from which the progress line says that a run is paced


def title(tick: Tick, width: int) -> Content:
    """Which run this is, and its state in words."""
    config = tick.config
    told = f" on {config.dataset} · {network_words(config)} · {mode_words(config)} · {optimizer_words(config)}"
    left = Content.assemble((f"Run {config.id}", "bold $bright"), (told, "$dim"))
    if tick.title:
        left = Content.assemble((tick.title, "bold $bright"), (" · ", "$dim")) + left
    sign, word, style = STATES[state(tick)]
    words = [Content.assemble((f"{sign} {word}", style))]
    words.append(Content.assemble((config.device, "$dim")))
    if tick.steps_per_s and state(tick) == "running":
        words.append(Content.assemble((f"{tick.steps_per_s:,.0f} steps/s", "$dim")))
    right = Content.assemble((" · ", "$dim")).join(words)
    return across(left, right, width)


def across(left: Content, right: Content, width: int) -> Content:
    """Something on the left, which is cut where it must be, and something on the right."""
    room = width - left.cell_length - right.cell_length
    if room > 0:
        return left.pad_right(room) + right
    return left.truncate(max(0, width - right.cell_length - 2), ellipsis=True) + Content("  ") + right


def state(tick: Tick) -> str:
    """The key of STATES for a run."""
    if tick.disconnected:
        return "disconnected"
    return "paused" if tick.paused and tick.state == "running" else tick.state


def resumable(tick: Tick) -> bool:
    """Whether an ended run can go on: what the learner's own line stopped would stop there again."""
    by_line = tick.state == "failed" and tick.end is not None and tick.end.line is not None
    return tick.state in ENDED and tick.state != "done" and not by_line


def progress(tick: Tick, width: int) -> Content:
    """How far it is, what it can do, and how long it will take."""
    share = tick.step / max(1, tick.steps)
    bar = min(24, max(6, (width - 66) // 2))
    filled = round(share * bar)
    parts = [
        Content.assemble(
            (f"epoch {min(tick.epoch, tick.config.epochs)}/{tick.config.epochs}  ", "$foreground"),
            ("━" * filled, "$accent"),
            ("━" * (bar - filled), "$faint"),
        )
    ]
    if tick.held_back is not None:
        parts.append(Content.assemble(("held-back accuracy ", "$dim"), (f"{tick.held_back:.1%}", "bold $bright")))
    if tick.loss is not None:
        parts.append(Content.assemble(("loss ", "$dim"), (number(tick.loss), "bold $bright")))
    if tick.state not in ENDED and tick.seconds_left is not None and not tick.paused:
        pace = " · paced" if tick.pace and width >= WIDE else ""
        parts.append(Content.assemble((f"{duration(tick.seconds_left)} left{pace}", "$dim")))
    elif tick.state in ENDED:
        parts.append(Content.assemble((f"took {duration(tick.elapsed)}", "$dim")))
    line = Content("")
    for part in parts:
        if line.cell_length + part.cell_length + 3 <= width:
            line = line + (Content("   ") if line.cell_length else Content("")) + part
    return line


# ── below the chart ──────────────────────────────────────────────────────────────────────────────────────────────────


def notes(
    tick: Tick,
    mark: Event | None,
    lesson: str,
    lockstep: Lockstep | None,
    width: int,
    rows: int = 99,
    *,
    mark_first: bool = False,
) -> Content:
    """How it ended; what is marked at the cursor, else the newest; then what it waits for, or can be done next.

    `lesson` is a sentence about the lesson that the mark names. What has no room in `rows` lines is left out; with
    `mark_first` the mark comes before how it ended.
    """
    lines: list[Content] = []
    if tick.end is not None:
        style = "bold $bright" if tick.end.state in ("done", "cancelled") else "bold $bad"
        lines.append(Content.styled(tick.end.reason, style))
        if tick.end.line is not None and f"ine {tick.end.line}" not in tick.end.reason:
            lines.append(Content.styled(f"Line {tick.end.line} of your file.", "$foreground"))
    if lockstep is not None and lockstep.steps:
        lines.append(together(lockstep))
    if mark is not None:
        lines = [*_mark(mark, lesson), *lines] if mark_first else [*lines, *_mark(mark, lesson)]
    told = _next(tick) if tick.state not in ENDED or tick.state == "done" or resumable(tick) else _MEND
    if told:
        lines.append(Content.styled(told, "$dim" if tick.state in ENDED else "bold $bright"))
    shown: list[Content] = []
    for whole in lines:
        wrapped = whole.wrap(max(1, width))
        if not shown or len(shown) + len(wrapped) <= rows:  # no sentence is cut in the middle
            shown += wrapped
    return Content("\n").join(shown[:rows])


def _next(tick: Tick) -> str:
    """What a run waits for, or can be done with it."""
    loads_torch = state(tick) == "starting" and tick.config.mode != "numpy"
    return _LOADS_TORCH if loads_torch else NEXT.get(state(tick), "")


def is_marked(event: Event) -> bool:
    """Whether it stands on the curve: what the run has to say, a changed value, a new start; not every pause."""
    return event.kind in ("explained", "resumed") or (event.kind == "control" and "→" in event.text)


def newest_mark(events: Sequence[Event]) -> Event | None:
    """What was said last: an explanation before a change, which the learner has made themselves."""
    said = [event for event in events if event.kind == "note" or is_marked(event)]
    explained = [event for event in said if event.kind == "explained"]
    return next(reversed(explained or said), None)


def _mark(event: Event, lesson: str) -> list[Content]:
    style = "$foreground" if event.kind == "explained" else "$dim"
    parts = [Content.assemble((f"▾ {event.step:,}  ", "$accent"), (event.text, style))]
    if event.advice or lesson:
        parts.append(Content.styled("  ".join(filter(None, (event.advice, lesson))), "$dim"))
    return parts


def together(lockstep: Lockstep) -> Content:
    """How far the learner's NumPy and PyTorch are apart, at equal weights."""
    if lockstep.first_off is None:
        told = (
            f"Lockstep: in {lockstep.steps:,} steps your gradients were within {lockstep.gradient:.0e} of PyTorch's "
            f"at equal weights, the loss within {lockstep.loss:.0e}."
        )
        return Content.assemble(("✓ ", "$good"), (told, "$foreground"))
    told = (
        f"Lockstep: from step {lockstep.first_off:,} on your code differs from PyTorch at equal weights, "
        f"in a gradient by up to {lockstep.gradient:.0e}, at step {lockstep.gradient_at:,}."
    )
    return Content.assemble(("✗ ", "$bad"), (told, "$foreground"))


def reading(
    step: int, place: tuple[float, float], values: Sequence[Reading], near: Event | None, width: int
) -> Content:
    """The values at the cursor, and the sentence of the event nearest to it."""
    epochs, seconds = place
    where = f"step {step:,} · epoch {epochs:.2f} · {duration(seconds)}"
    line, lines = Content.styled(where, "bold $bright"), []
    for one in values:
        value = _value(one.low, one.unit)
        if one.low != one.high:
            value = f"{value} to {_value(one.high, one.unit)}"
        part = Content.assemble((f"{one.sign} ", ROLE_STYLES[one.role]), (f"{one.name} ", "$dim"), (value, "$bright"))
        if line.cell_length + part.cell_length + 3 > width:
            lines.append(line)
            line = Content("  ") + part
        else:
            line = line + Content("   ") + part
    lines.append(line)
    if near is not None:
        told = f"{near.text}" if near.step == step else f"{near.text} (step {near.step:,})"
        lines.append(Content.assemble(("▾ ", "$accent"), (told, "$dim")).truncate(width, ellipsis=True))
    return Content("\n").join(lines)


def _value(value: float, unit: str) -> str:
    return f"{value:.1f}{unit}" if unit else number(value)


def nearest(events: Sequence[Event], step: int, within: int) -> Event | None:
    """The event whose sentence belongs to a step; of several at one step an explanation, else the last."""
    said = [event for event in reversed(events) if abs(event.step - step) <= within]
    return min(said, key=lambda event: (abs(event.step - step), -event.step, event.kind != "explained"), default=None)


def beside(others: Sequence[Tick], width: int) -> Content:
    """The runs that are laid over this one: the letter that stands on each curve, its name and how it went."""
    parts = []
    for tick, role, letter in zip(others, OTHERS, LETTERS, strict=False):
        sign, word, _ = STATES[state(tick)]
        right = f" · {tick.held_back:.1%}" if tick.held_back is not None else ""
        parts.append(
            Content.assemble(
                (f"{letter} ", ROLE_STYLES[role]),
                (tick.title or tick.config.id, "$foreground"),
                (f" {sign} {word}{right}", "$dim"),
            )
        )
    lines = [Content("")]
    for part in parts:
        if lines[-1].cell_length and lines[-1].cell_length + part.cell_length + 3 > width:
            lines.append(Content(""))
        lines[-1] = lines[-1] + Content("   " if lines[-1].cell_length else "") + part.truncate(width, ellipsis=True)
    return Content("\n").join(lines)


def number(value: float) -> str:
    """A loss or a norm in a few digits."""
    if not math.isfinite(value):
        return str(value)
    return f"{value:.3f}" if 1e-2 <= abs(value) < 1e3 or value == 0 else f"{value:.1e}"
