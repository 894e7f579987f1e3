"""The Train screen as lines: pure functions of a Tick and a width."""

from __future__ import annotations

import math
from collections.abc import Mapping

from textual.content import Content

from tutor.training import ENDED, Event, Tick, duration

# Sign, word and style of what a run is; a paused one is a running one that waits.
STATES = {
    "queued": ("·", "queued", "$dim"),
    "starting": ("·", "starting", "$dim"),
    "running": ("▸", "running", "$good"),
    "paused": ("◐", "paused", "$accent"),
    "done": ("✓", "done", "$good"),
    "cancelled": ("·", "cancelled", "$dim"),
    "failed": ("✗", "failed", "$bad"),
    "diverged": ("✗", "diverged", "$bad"),
    "timed-out": ("✗", "out of time", "$bad"),
    "out-of-memory": ("✗", "out of memory", "$bad"),
    "lost": ("✗", "lost", "$bad"),
}
WAITS = {
    "queued": "Waiting for a worker to take it.",
    "starting": "The worker is loading your code and the data.",
    "paused": "Paused: space lets it go on.",
}
WIDE = 90  # cells from which the progress line says that a run is paced


def title(tick: Tick, width: int) -> Content:
    """Which run this is, and its state in words."""
    config = tick.config
    network = "-".join(map(str, config.widths))
    left = Content.assemble(
        (f"Run {config.id}", "bold $bright"), (f" on {config.dataset} · {network} · your NumPy", "$dim")
    )
    sign, word, style = STATES[state(tick)]
    words = [Content.assemble((f"{sign} {word}", style))]
    words.append(Content.assemble((config.device, "$dim")))
    if tick.steps_per_s and tick.state == "running" and not tick.paused:
        words.append(Content.assemble((f"{tick.steps_per_s:,.0f} steps/s", "$dim")))
    right = Content.assemble((" · ", "$dim")).join(words)
    room = width - left.cell_length - right.cell_length
    return (
        left.pad_right(room) + right
        if room > 0
        else left.truncate(max(0, width - right.cell_length - 2)) + Content("  ") + right
    )


def state(tick: Tick) -> str:
    """The key of STATES for a run."""
    return "paused" if tick.paused and tick.state == "running" else tick.state


def progress(tick: Tick, width: int) -> Content:
    """How far it is, what it can do, and how long it will take."""
    share = min(1.0, tick.step / max(1, tick.config.steps))
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


def gauges(tick: Tick, values: Mapping[str, float]) -> Content:
    """Per parameter: the size of its gradient, and how far a step moves it."""
    names = [name.removeprefix("grad_norm.") for name in values if name.startswith("grad_norm.")]
    lines = [Content.assemble((f"{'parameter':<12}{'|grad|':>10}{'step/size':>12}", "$faint"))]
    for name in names:
        norm, ratio = values[f"grad_norm.{name}"], values.get(f"update_ratio.{name}", math.nan)
        lines.append(
            Content.assemble((f"{name:<12}", "$foreground"), (f"{number(norm):>10}{number(ratio):>12}", "$foreground"))
        )
    dead = [(name.removeprefix("dead."), share) for name, share in values.items() if name.startswith("dead.")]
    lines += [
        Content.assemble((f"dead units, layer {name}", "$dim"), (f"{share:>8.1%}", "$foreground"))
        for name, share in dead
    ]
    lines.append(Content(""))
    lr = tick.lr if tick.lr is not None else tick.config.lr
    for label, value in (
        ("learning rate", f"{lr:g}"),
        ("batch", str(tick.config.batch)),
        ("step", f"{tick.step:,} of {tick.config.steps:,}"),
        ("seed", str(tick.config.seed)),
        ("device", f"{tick.config.device}, {tick.config.threads} BLAS thread{'s' if tick.config.threads > 1 else ''}"),
    ):
        lines.append(Content.assemble((f"{label:<15}", "$dim"), (value, "$foreground")))
    return Content("\n").join(lines)


def notes(tick: Tick) -> Content:
    """What ended the run, or what it waits for, stands out; then the last things that happened, the newest first."""
    lines = []
    if state(tick) in WAITS:
        lines.append(Content.assemble((WAITS[state(tick)], "bold $bright")))
    if tick.end is not None:
        style = "bold $bright" if tick.end.state in ("done", "cancelled") else "bold $bad"
        lines.append(Content.assemble((tick.end.reason, style)))
        if tick.end.line is not None and f"ine {tick.end.line}" not in tick.end.reason:
            lines.append(Content.assemble((f"Line {tick.end.line} of your file.", "$foreground")))
    told = [event for event in tick.events if event.kind in ("control", "note") and event.text]
    lines += [_note(event) for event in reversed(told[-2:])]
    return Content("\n").join(lines)


def _note(event: Event) -> Content:
    return Content.assemble((f"▾ {event.step:,}  ", "$accent"), (event.text, "$dim"))


def number(value: float) -> str:
    """A loss or a norm in a few digits."""
    if not math.isfinite(value):
        return str(value)
    return f"{value:.3f}" if 1e-2 <= abs(value) < 1e3 or value == 0 else f"{value:.1e}"
