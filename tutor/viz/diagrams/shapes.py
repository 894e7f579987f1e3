"""shapes: tensors down the page with their shapes, and their gradients, of equal shape, coming back up beside them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from tutor.viz.diagrams.blocks import Kind, Options, Tensor, note, parts, tensor
from tutor.viz.diagrams.sheet import HEAVY, LIGHT, Sheet
from tutor.viz.model import Picture

MOST_AIR = 6  # cells between two columns

_PRODUCT = re.compile(r"\w+ *= *(?P<left>\w+) *@ *(?P<right>\w+)( *\+ *\w+)?")
_LINE = re.compile(r"(?P<text>.*\S)\s*\((?P<shape>[^()]*)\)")


class _Step(NamedTuple):
    """A line of the forward pass, the tensor it makes, and the parameters it uses."""

    text: str
    made: Tensor
    params: tuple[Tensor, ...]


def _read(options: Options) -> list[_Step]:
    params = {param.name: param for param in map(_param, parts(options.get("params", "")))}
    known = dict(params)
    steps: list[_Step] = []
    for text in parts(options["steps"]):
        match = _LINE.fullmatch(text)
        made = tensor(f"{match['text'].partition('=')[0]}({match['shape']})") if match else None
        if match is None or made is None:
            raise ValueError(
                "A step of the diagram shapes reads name = expression (shape), for example z = x @ W (N, 4),"
                f" not {text!r}."
            )
        used = [params.pop(word) for word in re.findall(r"\w+", match["text"].partition("=")[2]) if word in params]
        steps.append(_Step(match["text"], made, tuple(used)))
        _check_product(match["text"], made, known)
        known[made.name] = made
    if len(steps) < 2:
        raise ValueError('The diagram shapes needs at least two steps, for example steps="x (N, 3)|L = mean(x) ()".')
    if params:
        raise ValueError(f"No step of the diagram shapes uses the parameter {next(iter(params))}.")
    return steps


def _check_product(text: str, made: Tensor, known: Mapping[str, Tensor]) -> None:
    """Refuse a product of two matrices, with or without something added, whose shapes do not fit."""
    match = _PRODUCT.fullmatch(text)
    left, right = (known.get(match["left"]), known.get(match["right"])) if match else (None, None)
    if left is None or right is None or not len(left.shape) == len(right.shape) == 2:
        return
    result = Tensor(made.name, (left.shape[0], right.shape[1]))
    if left.shape[1] != right.shape[0]:
        raise ValueError(f"{left.name} {left.shape_text} and {right.name} {right.shape_text} do not multiply.")
    if made.shape != result.shape:
        raise ValueError(f"{left.name} @ {right.name} has shape {result.shape_text}, not {made.shape_text}.")


def _param(text: str) -> Tensor:
    param = tensor(text)
    if param is None:
        raise ValueError(f"A parameter of the diagram shapes reads name (shape), for example W (3, 4), not {text!r}.")
    return param


def _draw(options: Options, width: int, _step: int | None) -> Picture:
    steps = _read(options)
    texts = max(len(one.text) for one in steps)
    shapes = max(len(one.made.shape_text) for one in steps)
    names = max(len("gradient"), *(len(_gradient(one.made.name)) for one in steps))
    params = [param for one in steps for param in one.params]
    first = max((len(_owned(param)) for param in params), default=0) + 2
    owned = first + max((len(_owed(param)) for param in params), default=0)
    core = texts + 2 * shapes + names + 5  # the two arrows and a cell of air on each side of them
    beside = core + owned + 4 <= width or not params
    gaps = 3 if beside and params else 2
    air = max(2, min(MOST_AIR, (width - core - (owned if beside and params else 0)) // gaps))
    spine = texts + air + shapes + 2
    gradient = spine + 3 + shapes + air
    parameters = gradient + names + air  # where they stand beside; else below, on either side of the arrows
    sheet = Sheet()
    sheet.text(0, 0, "forward", "label")
    sheet.text(gradient, 0, "gradient", "label")
    if beside and params:
        sheet.text(parameters, 0, "parameters", "label")
    row = 1
    for place, one in enumerate(steps):
        last = place == len(steps) - 1
        sheet.text(0, row, one.text, "bright")
        sheet.text(spine - 1 - shapes, row, one.made.shape_text.rjust(shapes), "plain")
        sheet.text(spine + 4, row, one.made.shape_text, "plain")
        sheet.text(gradient, row, "1" if last and not one.made.shape else _gradient(one.made.name), "curve2")
        for below, param in enumerate(one.params, 0 if beside else 1):
            at, owed_at = (parameters, parameters + first) if beside else (2, spine + 4)
            sheet.text(at, row + below, _owned(param), "plain")
            sheet.text(owed_at, row + below, _owed(param), "curve2")
        row += 1 if last else max(2, len(one.params) + (0 if beside else 1))
    sheet.line(((spine, 1), (spine, row - 1)), HEAVY, "curve")
    sheet.text(spine, row - 1, "▾", "curve")
    sheet.line(((spine + 2, 1), (spine + 2, row - 1)), LIGHT, "curve2", dashed=True)
    sheet.text(spine + 2, 1, "▴", "curve2")
    words = "A gradient has the shape of what it belongs to. The batch N is in every tensor that passes through"
    words += ", in no parameter." if params else "."
    return (*sheet.picture(), (), *note(words if "N" in options["steps"] else words.partition(". ")[0] + ".", width))


def _gradient(name: str) -> str:
    return f"grad_{name}"


def _owned(param: Tensor) -> str:
    return f"{param.name} {param.shape_text}"


def _owed(param: Tensor) -> str:
    return f"{_gradient(param.name)} {param.shape_text}"


KIND = Kind(("steps",), ("params",), _draw)
