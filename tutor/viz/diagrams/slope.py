"""slope: a curve, a point on it, and the line that touches it there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tutor.viz import raster, scale
from tutor.viz.diagrams import formulas
from tutor.viz.diagrams.blocks import Kind, Options, note, number, real
from tutor.viz.diagrams.formulas import Formula
from tutor.viz.diagrams.sheet import Sheet
from tutor.viz.model import Picture

HEIGHT, WIDEST = 13, 84  # of the plot and its axis, in cells
AIR = 0.04  # of the height, above and below the curve
LEAST = 24  # columns of curve

Array = NDArray[np.float64]


def _draw(options: Options, width: int, _step: int | None) -> Picture:
    formula = formulas.read(options["expression"])
    name = next(iter(formula.uses), "x")
    if set(formula.uses) != {name}:
        raise ValueError(f"The expression of the diagram slope has one name, for example x ** 2, not {formula.text}.")
    at, low, high = (real(options[key], f"The option {key!r} of the diagram slope") for key in ("at", "low", "high"))
    if not low <= at <= high or low == high:
        raise ValueError(f"In the diagram slope, at={number(at)} must lie between low and high.")
    height, slope = formulas.value(formula, {name: at}), sum(formulas.slopes(formula, {name: at}))
    xs = np.linspace(low, high, 801)
    ys = np.array([_value(formula, name, float(x)) for x in xs])
    shown = ys[np.isfinite(ys)]
    bottom, top = float(min(shown.min(), height)), float(max(shown.max(), height))
    air = AIR * (top - bottom)
    y_scale = scale.fixed(bottom - air, top + air, 4)
    margin = max(map(len, y_scale.labels)) + 2
    plot = min(width, WIDEST) - margin
    sheet = Sheet()
    _axes(sheet, name, (margin, plot), scale.fixed(low, high, 5), y_scale)
    if plot >= LEAST:
        box = (low, high), (y_scale.low, y_scale.high)
        _curve(sheet, margin, xs, ys, (plot, box), tangent=False)
        _curve(sheet, margin, xs, height + slope * (xs - at), (plot, box), tangent=True)
        column = margin + round((at - low) / (high - low) * (plot - 1))
        row = round((y_scale.high - height) / (y_scale.high - y_scale.low) * (HEIGHT - 1))
        sheet.text(column, row, "●", "bright")
        _name_slope(sheet, f"slope {number(slope)}", (column, row), margin + plot)
    else:
        sheet.text(0, 0, " " * (margin + LEAST))  # says how many columns it needs
    legend = f"━ {formula.text}   ╍ its tangent at {name} = {number(at)}"
    return (*sheet.picture(), *note(legend, width), (), *note(_words(name, at, height, slope), width, "plain"))


def _name_slope(sheet: Sheet, words: str, point: tuple[int, int], end: int) -> None:
    """The slope's number near the point, where nothing stands in the way."""
    column, row = point
    places = [
        (column + right, row + down)
        for away in (1, 2, 3)
        for down in (away, -away)
        for right in (2, 4, 6, 8, 10, -len(words) - 1)
    ]
    for left, line in places:
        inside = 0 <= line < HEIGHT and left + len(words) <= end
        if inside and sheet.free(left - 1, line, len(words) + 2):
            sheet.text(left, line, words, "mark")
            return


def _value(formula: Formula, name: str, x: float) -> float:
    try:
        return formulas.value(formula, {name: x})
    except ValueError:
        return float("nan")


def _axes(sheet: Sheet, name: str, room: tuple[int, int], x_scale: scale.Scale, y_scale: scale.Scale) -> None:
    margin, plot = room
    sheet.line(((margin - 1, 0), (margin - 1, HEIGHT), (margin + plot - 1, HEIGHT)))
    for tick, label in zip(y_scale.ticks, y_scale.labels, strict=True):
        row = round((y_scale.high - tick) / (y_scale.high - y_scale.low) * (HEIGHT - 1))
        sheet.text(0, row, label.rjust(margin - 2), "label")
        sheet.text(margin - 1, row, "┤", "axis")
    for tick, label in zip(x_scale.ticks, x_scale.labels, strict=True):
        column = margin + round((tick - x_scale.low) / (x_scale.high - x_scale.low) * (plot - 1))
        sheet.text(column, HEIGHT, "┬", "axis")
        start = min(column - len(label) // 2, margin + plot - len(label))
        sheet.text(start, HEIGHT + 1, label, "label")
    sheet.text(0, HEIGHT, name.rjust(margin - 2), "label")


def _curve(
    sheet: Sheet,
    margin: int,
    xs: Array,
    ys: Array,
    view: tuple[int, tuple[tuple[float, float], tuple[float, float]]],
    tangent: bool,
) -> None:
    """Braille, the tangent in dashes; where both run through one cell, it has the dots of both."""
    plot, (x_range, y_range) = view
    kept = np.isfinite(ys)
    columns = raster.decimate(xs[kept], ys[kept], 2 * plot, x_range)
    dots = raster.trace(columns, HEIGHT, y_range, raster.DASHED if tangent else raster.SOLID)
    for row, signs in enumerate(raster.characters(dots)):
        for column, sign in enumerate(signs):
            if sign != ord(" "):
                sheet.dots(margin + column, row, chr(sign), "mark" if tangent else "curve")


def _words(name: str, at: float, height: float, slope: float) -> str:
    where = f"At {name} = {number(at)} the height is {number(height)} and the slope is {number(slope)}:"
    if not slope:
        return f"{where} flat, a small step either way changes next to nothing."
    way = "up" if slope > 0 else "down"
    return f"{where} a step of 0.01 to the right leads about {number(abs(slope) * 0.01)} {way}."


KIND = Kind(("expression", "at", "low", "high"), (), _draw)
