"""The sweep page as lines: pure functions of a SweepReport and a width."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

if TYPE_CHECKING:
    from tutor.grading import SweepReport
    from tutor.grading.sweep import Method

NAMES: dict[Method, str] = {
    "complex": "complex step",
    "one-sided": "one-sided",
    "float32": "float32",
    "float64": "float64",
}
ROUNDING = 2e-16  # an error that is no larger is one of the last digit
SAME = 1e-6  # the relative error up to which a gradient is right, as the verdict has it
WIDE = 90  # cells from which the numbers have air
COARSE = 1e-5  # an error with which no gradient check can be strict
OFF = 1e-5  # a complex step that is worse than this however small h is has lost its imaginary part


def title(name: str, sweep: SweepReport | None, whole: bool, width: int) -> Content:
    """What is swept, and what moves."""
    left = Content.assemble(("step sizes", "$dim"), (f" · {name}", "bold $bright"))
    if sweep is None:
        return (left + Content.assemble((" · sweeping …", "$dim"))).truncate(width)
    entries = math.prod(sweep.shape)
    if whole:
        moved = f"all {entries} entries of {sweep.wrt} along one random direction"
    else:
        moved = f"{sweep.wrt}[{', '.join(map(str, sweep.entry or ()))}] alone"
    return (left + Content.assemble((f" · {moved}", "$foreground"))).truncate(width)


def numbers(sweep: SweepReport, at: int, width: int) -> Content:
    """The errors at one step, every method by its name."""
    line = Content.assemble(("h = ", "$dim"), (_step(sweep.steps[at]), "bold $accent"))
    gap = "    " if width >= WIDE else "  "
    for method in reversed(NAMES):
        curve = sweep.curve(method)
        if curve is not None:
            line += Content.assemble((f"{gap}{method} ", "$dim"), (_error(curve.errors[at]), "bold $bright"))
    return line.truncate(width)


def reading(sweep: SweepReport, width: int, most: int) -> Content:
    """What to read from the curves, what matters most first, in at most so many lines."""
    if sweep.note:
        said = [(sweep.note, "$foreground")]
    else:
        told = (_yours(sweep), _right(sweep), _kink(sweep), _float64(sweep), _float32(sweep), _complex(sweep))
        said = [(words, "$foreground") for words in told if words]
    lines: list[Content] = []
    for words, style in said:
        wrapped = Content.styled(words, style).wrap(max(10, width - 2))
        if lines and len(lines) + len(wrapped) > most:
            continue
        lines += [
            (Content.assemble(("· ", "$faint")) if n == 0 else Content("  ")) + line for n, line in enumerate(wrapped)
        ]
    return Content("\n").join(lines)


def _yours(sweep: SweepReport) -> str:
    if sweep.yours is None:
        return f"Your {sweep.name} has another shape: there is nothing of it to compare along this direction."
    if sweep.yours <= SAME:
        agrees = "to the last digit" if sweep.yours <= 10 * ROUNDING else f"to {sweep.yours:.0e}"
        return f"Your {sweep.name} agrees with the derivative {agrees}."
    return f"Your {sweep.name} is off by {sweep.yours:.2g}, at every h: no step size explains that."


def _kink(sweep: SweepReport) -> str:
    if sweep.kink is None:
        return ""
    if sweep.kink == 0:
        return (
            "The point stands on a kink: the slopes to its two sides differ, so no h makes a difference right. "
            "Any value between them is a fair one."
        )
    return (
        f"A kink lies at {sweep.kink:.1e} (◇), the corner of a ReLU, max or abs: "
        "a larger h reaches over it, and its error jumps there."
    )


def _float64(sweep: SweepReport) -> str:
    best, curve = sweep.best("float64"), sweep.curve("float64")
    if best is None or curve is None or sweep.kink == 0 or sweep.absolute:
        return ""
    h, error = best
    if h >= 0.9 * max(sweep.steps):
        return (
            f"float64 is best at the largest h: your forward is a straight line in {sweep.wrt} here, nothing bends, "
            "and a smaller h only lets rounding grow."
        )
    room = [one for step, one in zip(sweep.steps, curve.errors, strict=True) if h < step < (sweep.kink or 0)]
    straight = sweep.kink is not None and all(one < 1e3 * max(error, ROUNDING) for one in room)
    above = "the kink lies" if straight else "the curve bends, h² of it"
    return f"float64 is best near {_step(h)} ({_error(error)}): below that rounding grows as 1/h, above it {above}."


def _float32(sweep: SweepReport) -> str:
    if sweep.in_double:
        return "Your forward computes in float64 even when it is given float32: both curves are of float64."
    best = sweep.best("float32")
    if best is None or sweep.kink == 0 or sweep.absolute or not math.isfinite(best[1]):
        return ""
    said = f"float32 gets no better than {_error(best[1])}, near {_step(best[0])}"
    if best[1] < COARSE:
        return f"{said}: rounding is 1e-7 there, and grows as 1/h too."
    return f"{said}: a gradient check in it cannot tell a small mistake from rounding."


def _complex(sweep: SweepReport) -> str:
    curve = sweep.curve("complex")
    if curve is None or sweep.kink == 0 or sweep.absolute:
        return ""
    small = [error for h, error in zip(sweep.steps, curve.errors, strict=True) if h < 1e-9]
    if not any(map(math.isfinite, small)):
        return "There is no complex step: something in your forward takes no complex numbers."
    if max(small) > OFF:
        return (
            "The complex step is wrong at every h and does not say so: something in your forward drops the imaginary "
            "part (np.abs, norm, var and std do)."
        )
    return "The complex step takes no difference, so nothing cancels: it stays at rounding however small h is."


def _right(sweep: SweepReport) -> str:
    if sweep.absolute:
        return "The derivative is zero here: the errors are absolute, not relative, and all they show is rounding."
    if not sweep.of_reference:
        return "All is compared with the derivative of your own forward pass, whose values are not the right ones yet."
    return ""


def _step(h: float) -> str:
    mantissa, exponent = f"{h:.0e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def _error(error: float) -> str:
    if not math.isfinite(error):
        return "–"
    if error < 1e-16:
        return "<1e-16"
    mantissa, exponent = f"{error:.1e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def choices(names: Sequence[str], chosen: str, proves: str, width: int) -> Content:
    """The gradients that can be swept, the chosen one bright; the case on the right, where there is room for it."""
    parts = [Content.assemble((name, "bold $bright" if name == chosen else "$dim")) for name in names]
    left, right = Content("   ").join(parts), Content.assemble((proves, "$dim"))
    room = width - left.cell_length - right.cell_length
    return left.pad_right(room) + right if room > 2 else left.truncate(width)
