"""The gauges beside the chart as lines: every parameter, the machine, and what the run was started with."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from textual.content import Content

from tutor.training import ENDED, Control, Tick
from tutor.tui.screens.train_view import number

BARS = "▁▂▃▄▅▆"  # not the whole height: the bars of two lines must not touch
Trails = Mapping[str, Sequence[float]]  # by the name of a gauge: medians over time, and last the newest value
NORM, RATIO, DEAD = "grad_norm.", "update_ratio.", "dead."
MACHINE = ("cpu", "rss_mb", "gpu", "gpu_mb")
WIDTH = 44


def gauges(tick: Tick, trails: Trails, control: Control, rows: int) -> Content:
    """Per parameter the size of its gradient, over time, and how far a step moves it; at most `rows` lines."""
    machine, facts = _machine(tick, trails), _facts(tick, control)
    room = rows - len(machine) - len(facts) - 2  # a line of air after each block
    lines = [*_parameters(trails, max(3, room)), Content(""), *machine, *([Content("")] if machine else []), *facts]
    return Content("\n").join(lines[: max(1, rows)])


def spark(values: Sequence[float]) -> str:
    """Bars as high as the values are large, by their logarithm: a gradient falls by powers of ten."""
    sizes = [math.log10(value) if value > 0 and math.isfinite(value) else math.nan for value in values]
    finite = [size for size in sizes if math.isfinite(size)]
    if not finite:
        return " " * len(values)
    low, high = min(finite), max(finite)
    span = max(high - low, 0.3)  # less than a factor of two is level
    return "".join(BARS[round((size - low) / span * (len(BARS) - 1))] if math.isfinite(size) else " " for size in sizes)


# ── the network ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _parameters(trails: Trails, rows: int) -> list[Content]:
    """A line for each parameter; biases go first where there is no room for all."""
    names = [name.removeprefix(NORM) for name in trails if name.startswith(NORM)]
    dead = [name for name in trails if name.startswith(DEAD)]
    room = rows - 1 - len(dead)
    if len(names) > room:
        names = [name for name in names if not name.startswith(("b", "beta"))]
    left_out = max(0, len(names) - max(1, room - 1)) if len(names) > room else 0
    lines = [Content.styled(f"{'':<9}{'|grad|':>8}{'':<10}{'step/size':>9}", "$faint")]
    for name in names[: len(names) - left_out]:
        norms, ratios = trails[NORM + name], trails.get(RATIO + name, (math.nan,))
        sign, style = verdict(name, ratios[-1])
        lines.append(
            Content.assemble(
                (f"{name[:9]:<9}", "$foreground"),
                (f"{number(norms[-1]):>8} ", "$foreground"),
                (f"{spark(norms[:-1]):<9}", "$curve"),
                (f"{number(ratios[-1]) if math.isfinite(ratios[-1]) else '–':>9} ", "$foreground"),
                (sign, style),
            )
        )
    if left_out:
        lines.append(Content.styled(f"and {left_out} more", "$dim"))
    return lines + [_dead(name.removeprefix(DEAD), trails[name]) for name in dead][: max(0, rows - len(lines))]


def verdict(name: str, ratio: float) -> tuple[str, str]:
    """Whether a step moves a weight matrix further, or less far, than is healthy; a sign and its style.

    The limits are the ones that the chart talks by; a bias begins at zero, so of it nothing follows.
    """
    from tutor.training.explain.thresholds import limit

    if name.startswith(("b", "beta")) or not math.isfinite(ratio):
        return "", ""
    if ratio > limit("large steps"):
        return "✗ long", "$bad"
    if ratio < limit("small steps"):
        return "✗ short", "$bad"
    return "✓", "$good"


def _dead(layer: str, shares: Sequence[float]) -> Content:
    from tutor.training.explain.thresholds import limit

    share = shares[-1]
    if not math.isfinite(share):
        return Content.styled(f"dead units, layer {layer}", "$dim")
    filled = round(8 * share)
    bad = share > limit("dead units")
    return Content.assemble(
        (f"dead units, layer {layer:<3}", "$dim"),
        ("█" * filled, "$bad" if bad else "$curve"),
        ("░" * (8 - filled), "$faint"),
        (f" {share:>5.0%} ", "$foreground"),
        ("✗" if bad else "", "$bad"),
    )


# ── the machine, and what it was started with ────────────────────────────────────────────────────────────────────────


def _machine(tick: Tick, trails: Trails) -> list[Content]:
    """What the worker takes; what was not measured is left out."""
    now = {name: trails[name][-1] for name in MACHINE if name in trails and math.isfinite(trails[name][-1])}
    parts = []
    if "cpu" in now:
        parts.append(("CPU", f"{now['cpu']:.1f} cores"))
    if "rss_mb" in now:
        parts.append(("memory", f"{now['rss_mb']:,.0f} MB"))
    if "gpu" in now:
        parts.append(("GPU", f"{now['gpu']:.0%}"))
    if "gpu_mb" in now:
        parts.append(("GPU memory", f"{now['gpu_mb']:,.0f} MB"))
    if tick.steps_per_s and tick.state not in ENDED:
        parts.append(("speed", f"{tick.steps_per_s:,.0f} steps/s"))
    return [_fact(label, value) for label, value in parts]


def _facts(tick: Tick, control: Control) -> list[Content]:
    config = tick.config
    lr = tick.lr if tick.lr is not None else config.lr
    return [
        _fact("learning rate", f"{lr:g}"),
        _fact("batch", str(control.batch or config.batch)),
        _fact("step", f"{tick.step:,} of {tick.steps:,}"),
        _fact("seed", str(config.seed)),
        _fact("device", f"{config.dtype}, {config.device_name or config.device}"),
        _fact("BLAS threads", str(config.threads)),
    ]


def _fact(label: str, value: str) -> Content:
    return Content.assemble((f"{label:<15}", "$dim"), (value, "$foreground")).truncate(WIDTH, ellipsis=True)
