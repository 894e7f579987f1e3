"""A loss and its gradient: in one call, in two, or as a class that goes forward and backward.

The loss is a mean over the batch, so the gradient carries the 1/N; `scale` stays "fixed" unless the file says
otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from msgspec import Struct

from tutor.course.families import FamilyError, Tables
from tutor.course.families.tables import PARTS, Case, call, case, lines

Style = Literal["together", "apart", "class"]


class Options(Struct, frozen=True, forbid_unknown_fields=True):
    """What a loss exercise says in `[options]`."""

    of: Literal["softmax_cross_entropy", "mse", "bce_with_logits"] = "softmax_cross_entropy"
    style: Style = "together"  # loss, grad = f(logits, y); or f and then its gradient function; or a class
    loss: str = ""  # the function, or how the object is made: "CrossEntropy()"; from `defines` where it is not said
    gradient: str = ""  # style "apart": the second function
    labels: Literal["integer", "one_hot"] = "integer"
    stable: bool = True  # logits beyond what exp can take must work
    sizes: dict[str, int] = {}


class _Loss(Struct, frozen=True):
    name: str  # the class in the module of tutor.nn
    first: str  # the array that has a gradient
    shapes: Mapping[str, tuple[str, ...]]
    sizes: Mapping[str, int]
    terms: Mapping[str, str]
    large: Mapping[str, int]
    draws: Mapping[str, str] = MappingProxyType({})


_ROWS = "np.ones_like(logits) / len(logits)"
_LOSSES: Mapping[str, _Loss] = {
    "softmax_cross_entropy": _Loss(
        name="SoftmaxCrossEntropy",
        first="logits",
        shapes={"logits": ("N", "n_classes"), "y": ("N",)},
        sizes={"N": 5, "n_classes": 4},
        terms={"loss": "abs(logits).max() + 1", "grad": _ROWS},
        large={"N": 60, "n_classes": 20},
        draws={"y": "labels(n_classes)"},
    ),
    "mse": _Loss(
        name="MSE",
        first="p",
        shapes={"p": ("N", "n_out"), "y": ("N", "n_out")},
        sizes={"N": 5, "n_out": 3},
        terms={"loss": "(p * p + y * y).sum() / len(p)", "grad": "(abs(p) + abs(y)) / len(p)"},
        large={"N": 60, "n_out": 20},
    ),
    "bce_with_logits": _Loss(
        name="BCEWithLogits",
        first="logits",
        shapes={"logits": ("N", "n_out"), "y": ("N", "n_out")},
        sizes={"N": 5, "n_out": 3},
        terms={"loss": "(abs(logits) + 1).sum() / len(logits)", "grad": _ROWS},
        large={"N": 60, "n_out": 20},
        draws={"y": "mask(0.5)"},
    ),
}


def expand(options: Options, defines: tuple[str, ...]) -> Tables:
    """The tables of a loss exercise."""
    of = _LOSSES[options.of]
    if options.labels == "one_hot" and options.of != "softmax_cross_entropy":
        raise FamilyError("options: `labels` belong to softmax_cross_entropy", "labels")
    if options.style == "apart" and not options.gradient and len(defines) < 2:
        raise FamilyError("`defines` must name the loss and its gradient", "style")
    shapes, draws = dict(of.shapes), dict(of.draws)
    if options.labels == "one_hot":
        shapes["y"], draws["y"] = shapes[of.first], "one_hot"
    labels = "y.argmax(axis=1)" if options.labels == "one_hot" else "y"
    return {
        "arrays": {name: list(shape) for name, shape in shapes.items()},
        "draws": draws,
        "drive": _drive(options, of.first, defines),
        "judge": {
            "reference": f"tutor.nn.{options.of}",
            "drive": {
                "setup": lines(f"loss_of = {of.name}()"),
                "forward": lines(f"loss, grad = loss_of.forward({of.first}, {labels})"),
                "results": {"forward": {"loss": ["loss"]}, "backward": {"grad": ["grad"]}},
            },
            "results": {"loss": "value", "grad": f"d/d{of.first}"},
            "loss": "loss",
            "terms": dict(of.terms),
        },
        **_tiers(options, of),
    }


def _drive(options: Options, first: str, defines: tuple[str, ...]) -> Tables:
    made = options.loss or (defines[0] if options.style != "class" else f"{defines[0]}()")
    backward, gradient = "", ["_at(made, 1)", '_at(made, "grad")']
    function = made
    if options.style == "apart":
        backward = f"grad = {call(options.gradient or defines[1], (first, 'y'))}"
        gradient = ["grad"]
    elif options.style == "class":
        function = "loss_of.forward"
        backward = "grad = None if isinstance(made, tuple) else loss_of.backward()"
        gradient = ["grad", "_at(made, 1)", "loss_of.grad", "loss_of.grad_logits", "loss_of.grad_input"]
    return {
        "setup": lines(PARTS, f"loss_of = {made}" if options.style == "class" else ""),
        # The call before, with other numbers: whatever was kept of it must be forgotten.
        "forward": lines(call(function, (f"1 - {first}", "y[::-1]")), f"made = {call(function, (first, 'y'))}"),
        "backward": lines(backward),
        "results": {
            "forward": {"loss": ["_at(made, 0)", '_at(made, "loss")', "made"]},
            "backward": {"grad": gradient},
        },
    }


def _tiers(options: Options, of: _Loss) -> Tables:
    sizes = {**of.sizes, **options.sizes}
    width = next(name for name in of.sizes if name != "N")
    exponential = options.of != "mse"
    edge: list[Case] = [
        case("a batch of one", {**sizes, "N": 1}),
        case("a single class" if width == "n_classes" else "a single output", {**sizes, width: 1}),
        case("inputs of zero", sizes, fill={of.first: "zeros"}),
        case("inputs of -0.0", sizes, fill={of.first: "negative_zero"}),
        case("tiny inputs", sizes, fill={of.first: "tiny"}),
        case("inputs whose memory is not in one piece", sizes, fill={of.first: "strided"}),
        case("columns in one piece, as Fortran has them", sizes, fill={of.first: "fortran"}),
        case("float32 inputs", sizes, dtype="float32"),
    ]
    stress: list[Case] = [
        case("a large batch", {**sizes, **of.large}),
        case("twenty other draws", sizes, repeat=20),
    ]
    if not exponential:
        edge.append(case("huge inputs", sizes, fill={of.first: "huge"}))
    elif options.stable:
        edge.append(case("logits so large that exp alone would overflow", sizes, fill={of.first: "extreme"}))
        stress.append(case("extreme logits, ten draws", sizes, fill={of.first: "extreme"}, repeat=10))
    return {"basic": [case(f"{sizes['N']} samples", sizes)], "edge": edge, "stress": stress}
