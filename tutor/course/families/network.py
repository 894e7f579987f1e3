"""A network of linear layers with an activation between them, of several depths in one exercise.

The plan has the arrays of the deepest network; each case says its `depth`, and the result of a layer that a shallower
network has not is not judged there. Sizes: n0 inputs, then n1, n2, ... units; n_out is the last one of the case.
"""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct

from tutor.course.families import FamilyError, Tables
from tutor.course.families.tables import PARTS, Case, case, gradient_names, lines, spelled

DEEPEST = 32
# No two widths are equal, nor equal to the batch: a transposed weight must show.
_UNITS = (5, 4, 6, 7, 3, *range(9, DEEPEST + 5))
_LARGE = (40, 24, 16, 12, *[10] * (DEEPEST - 3))


class Options(Struct, frozen=True, forbid_unknown_fields=True):
    """What a network exercise says in `[options]`; in its lines of Python, `widths` are the units and `net` the net."""

    make: str = ""  # "MLP(widths, activation)"; the first of `defines` with (widths) where it is not said
    depths: tuple[int, ...] = (2, 1, 3, 4)  # of the cases; the first one is the basic case's
    activation: Literal["relu", "leaky_relu", "sigmoid", "tanh", "none"] = "relu"
    # where the parameters go: net.W[0], net.params["W1"], net.W1, net.layers[0].W (what has no W is passed over)
    weights: Literal["lists", "dict", "attributes", "layers"] = "lists"
    named: dict[Literal["W", "b"], str] = {}  # the lists' or attributes' own names: W = "weights", b = "biases"
    holder: str = ""  # the attribute that holds the dict, "params", or the layers, "layers"
    gradients: dict[
        Literal["W", "b"], tuple[str, ...]
    ] = {}  # more spellings: W = ["returned[{i}][0]"]; {k} counts from 1
    transposed: bool = False  # each W is (n_out, n_in)
    loss: Literal["upstream", "softmax_cross_entropy", "mse"] = "upstream"
    computes: str = "net.loss(out, y)"  # with a loss: gives it, or (loss, grad)
    goes_back: str = ""  # "net.backward(g)"; with a loss "net.backward(grad)", or "net.backward()"
    grad_input: bool = True  # backward returns the gradient of x


def expand(options: Options, defines: tuple[str, ...]) -> Tables:
    """The tables of a network exercise."""
    if not options.depths or not all(1 <= depth <= DEEPEST for depth in options.depths):
        raise FamilyError(f"options: `depths` are numbers from 1 to {DEEPEST}, and there is at least one", "depths")
    deepest = max(options.depths)
    arrays: dict[str, list[str]] = {"x": ["N", "n0"]}
    for k in range(1, deepest + 1):
        shape = [f"n{k - 1}", f"n{k}"]
        arrays |= {f"W{k}": shape[::-1] if options.transposed else shape, f"b{k}": [f"n{k}"]}
    by_loss = options.loss != "upstream"
    arrays["y" if by_loss else "g"] = ["N"] if options.loss == "softmax_cross_entropy" else ["N", "n_out"]
    gradients = {f"grad_{p}{k}": f"{p}{k}" for k in range(deepest, 0, -1) for p in ("W", "b")}
    gradients |= {"grad_input": "x"} if options.grad_input else {}
    return {
        "arrays": arrays,
        "draws": {"y": "labels(n_out)"} if options.loss == "softmax_cross_entropy" else {},
        "drive": _drive(options, deepest, options.make or f"{defines[0]}(widths)"),
        "judge": {
            "reference": "tutor.nn.mlp",
            "drive": _reference(options, deepest),
            "results": {
                "out": "value",
                **({"loss": "value"} if by_loss else {}),
                **({"grad": "value"} if _in_the_open(options) else {}),
                **{name: f"d/d{array}" for name, array in gradients.items()},
            },
            **({"loss": "loss"} if by_loss else {"output": "out", "upstream": "g"}),
            "terms": _terms(options, gradients),
        },
        "limits": {"seconds": 10.0},
        **_tiers(options, deepest),
        "train": _train(options, defines[0]),
    }


def _terms(options: Options, gradients: dict[str, str]) -> dict[str, str]:
    """What is left of a softmax over one class, of dead units, of saturated ones: zero, but for rounding.

    A weight's gradient is a product with what came in: where the inputs are large, so is the rounding.
    """
    found = {
        name: f"np.ones_like({array}) / len(x)" + (" * (1 + abs(x).max())" if array[0] == "W" else "")
        for name, array in gradients.items()
    }
    if options.loss != "upstream":
        found["loss"] = "1.0"
    if _in_the_open(options):
        found["grad"] = "np.ones_like(out) / len(x)"
    return found


def _goes_back(options: Options) -> str:
    return options.goes_back or ("net.backward(g)" if options.loss == "upstream" else "net.backward(grad)")


def _in_the_open(options: Options) -> bool:
    """True where the loss hands its gradient to backward through our hands."""
    return options.loss != "upstream" and bool(re.search(r"\bgrad\b", _goes_back(options)))


# ── the drives ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _drive(options: Options, deepest: int, make: str) -> Tables:
    by_loss, seen = options.loss != "upstream", _in_the_open(options)
    templates = {p: _spellings(options, p) for p in ("W", "b")}
    gradients = {
        f"grad_{p}{k}": [template.replace("{k}", str(k)).replace("{i}", str(k - 1)) for template in templates[p]]
        for k in range(deepest, 0, -1)
        for p in ("W", "b")
    }
    if options.grad_input:
        keys = ("grad_input", "grad_x", "dx", "dX", "x")
        gradients["grad_input"] = [*spelled('_at(returned, "{}")', keys), "_at(returned, 0)", "returned"]
    return {
        "setup": lines(PARTS, _widths(deepest), f"net = {make}", *_setting(options, deepest)),
        "forward": lines(
            "with unjudged(): net.forward(1 - x)",  # another batch, which must be forgotten
            "made = net.forward(x)",
            "out = made[0] if isinstance(made, (tuple, list)) else made",
            f"computed = {options.computes}" if by_loss else "",
        ),
        "backward": lines(
            "grad = right('grad', _at(computed, 1))" if seen else "",
            f"returned = {_goes_back(options)}",
        ),
        "results": {
            "forward": {
                "out": ["out"],
                **({"loss": ["_at(computed, 0)", "computed"]} if by_loss else {}),
            },
            # Wherever it is made: it is the gradient that backward starts from, and may lack the batch's 1/N.
            "backward": {**({"grad": ["_at(computed, 1)"]} if seen else {}), **gradients},
        },
    }


def _reference(options: Options, deepest: int) -> Tables:
    by_loss = options.loss != "upstream"
    turned = ".T" if options.transposed else ""
    layers = range(1, deepest + 1)
    gradients = {f"grad_{p}{k}": [f"net.grad_{p}[{k - 1}]{turned if p == 'W' else ''}"] for k in layers for p in "Wb"}
    return {
        "setup": lines(
            _widths(deepest),
            f'net = MLP(widths, "{options.activation}")',
            f"net.W = [{', '.join(f'W{k}{turned}' for k in layers)}][:depth]",
            f"net.b = [{', '.join(f'b{k}' for k in layers)}][:depth]",
        ),
        "forward": lines("out = net.forward(x)", f"loss, grad = {options.loss}(out, y)" if by_loss else "grad = g"),
        "backward": lines("grad_input = net.backward(grad)"),
        "results": {
            "forward": {"out": ["out"], **({"loss": ["loss"]} if by_loss else {})},
            "backward": {**({"grad": ["grad"]} if by_loss else {}), **gradients, "grad_input": ["grad_input"]},
        },
    }


def _widths(deepest: int) -> str:
    return f"widths = [{', '.join(f'n{k}' for k in range(deepest + 1))}][: depth + 1]"


def _setting(options: Options, deepest: int) -> list[str]:
    """The lines that hand the case's parameters to the network."""
    layers = range(1, deepest + 1)
    W, b = (options.named.get(p, p) for p in ("W", "b"))
    all_W, all_b = (f"[{', '.join(f'{p}{k}' for k in layers)}][:depth]" for p in "Wb")
    match options.weights:
        case "lists":
            return [f"net.{W} = {all_W}", f"net.{b} = {all_b}"]
        case "dict":
            pairs = ", ".join(f'("{W}{k}", W{k}), ("{b}{k}", b{k})' for k in layers)
            return [f"net.{options.holder or 'params'}.update([{pairs}][: 2 * depth])"]
        case "attributes":
            return [f"if depth >= {k}: net.{W}{k}, net.{b}{k} = W{k}, b{k}" for k in layers]
        case "layers":
            return [
                f"linears = {_linears(options, W)}",
                f"for linear, W, b in zip(linears, {all_W}, {all_b}): linear.{W}, linear.{b} = W, b",
            ]


def _linears(options: Options, W: str) -> str:
    """The layers that have weights."""
    return f'[layer for layer in net.{options.holder or "layers"} if hasattr(layer, "{W}")]'


def _spellings(options: Options, p: Literal["W", "b"]) -> list[str]:
    """Where the gradients of W or b may be, of layer {k} counted from 1, or {i} from 0."""
    names = tuple(dict.fromkeys((options.named.get(p, p), p)))
    whole = [gradient for name in names for gradient in gradient_names(name)]  # grad_W: a list of all layers
    single = [gradient for name in names for gradient in gradient_names(f"{name}{{k}}")]  # grad_W1
    own = options.gradients.get(p, ())
    if options.weights == "layers":
        return [*own, *spelled("linears[{i}].{}", whole)]
    return [
        *own,
        *spelled("_at(net.{}, {i})", [*whole, *(f"grads_{name}" for name in names)]),
        *spelled("net.{}", single),
        *spelled('net.grads["{}"]', [*single, *(f"{name}{{k}}" for name in names)]),
        *spelled('_at(returned, "{}")', [*single, *(f"{name}{{k}}" for name in names)]),
        *spelled('_at(_at(returned, "{}"), {i})', [*whole, *names]),
    ]


# ── in training ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _train(options: Options, name: str) -> Tables:
    """The class as a network that trains, at whatever widths the data asks for."""
    W, b = (options.named.get(p, p) for p in ("W", "b"))
    holder = options.holder or "params"
    match options.weights:
        case "lists":
            place, sets = "net.{}[{i}]", f"net.{W}, net.{b} = list(Ws), list(bs)"
        case "dict":
            place = f'net.{holder}["{{}}{{k}}"]'
            sets = (
                f'for k, (W, b) in enumerate(zip(Ws, bs), 1): net.{holder}.update({{f"{W}{{k}}": W, f"{b}{{k}}": b}})'
            )
        case "attributes":
            place = "net.{}{k}"
            sets = f'for k, (W, b) in enumerate(zip(Ws, bs), 1): vars(net).update({{f"{W}{{k}}": W, f"{b}{{k}}": b}})'
        case "layers":
            place, sets = "linears[{i}].{}", f"for linear, W, b in zip(linears, Ws, bs): linear.{W}, linear.{b} = W, b"
    by_loss = options.loss != "upstream"
    return {
        "kind": "network",
        "layer": name,
        "make": options.make or f"{name}(widths)",
        "hidden": [32] * (options.depths[0] - 1),
        "depths": list(options.depths),
        "activation": options.activation,
        "loss": options.loss if by_loss else "softmax_cross_entropy",
        "lr": 0.05 if options.loss == "mse" else {"sigmoid": 1.0, "none": 0.05}.get(options.activation, 0.1),
        "params": {p: _spellings(options, p) for p in ("W", "b")},
        "places": {"W": place.replace("{}", W), "b": place.replace("{}", b)},
        "sets": sets,
        "transposed": ["W"] if options.transposed else [],
        "names": {"linears": _linears(options, W)} if options.weights == "layers" else {},
        "computes": options.computes if by_loss else "",
        "goes_back": _goes_back(options),
    }


# ── the tiers ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _tiers(options: Options, deepest: int) -> Tables:
    def at(
        depth: int, proves: str, units: tuple[int, ...] = _UNITS, N: int = 8, one: bool = False, **more: object
    ) -> Case:
        sizes = {"N": N, **{f"n{k}": units[k] for k in range(deepest + 1)}}
        if one:
            sizes[f"n{depth}"] = 1
        sizes["n_out"] = sizes[f"n{depth}"]
        return case(proves, sizes, values={"depth": depth, "activation": options.activation}, **more)

    first, *others = options.depths
    classes = options.loss == "softmax_cross_entropy"
    edge = [
        at(first, "a batch of one", N=1),
        at(first, "a single class" if classes else "a single output", one=True),
        at(first, "inputs of zero", fill={"x": "zeros"}),
        at(first, "inputs of -0.0", fill={"x": "negative_zero"}),
        at(first, "inputs whose memory is not in one piece", fill={"x": "strided"}),
        at(first, "weights that lie in memory by columns", fill={f"W{k}": "fortran" for k in range(1, deepest + 1)}),
        at(first, "float32 inputs", dtype="float32"),
        *(at(depth, _layers(depth)) for depth in others),
    ]
    if classes:
        edge.append(at(first, "logits so large that exp alone would overflow", fill={"x": "saturated"}))
    stress = [at(first, "larger layers", units=_LARGE, N=12)]
    stress += [at(depth, f"ten other draws of {_layers(depth)}", repeat=10) for depth in options.depths]
    return {"basic": [at(first, f"8 samples through {_layers(first)}")], "edge": edge, "stress": stress}


def _layers(depth: int) -> str:
    return "one layer" if depth == 1 else f"{depth} layers"
