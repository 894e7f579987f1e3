"""What the layers of tutor.nn are: their arrays, how they are made, and the cases that try them.

`layer` and `function` take a preset by `of = "conv2d"`; whatever interface the learner's code has, these arrays go in,
and the textbook's layer says what must come out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct

from tutor.course.families import FamilyError, Tables
from tutor.course.families.tables import Case, case, lines
from tutor.errors import UnknownName

Shapes = Mapping[str, tuple[str, ...]]
_NONE: Shapes = MappingProxyType({})
_NOTHING: Mapping[str, str] = MappingProxyType({})


class Preset(Struct, frozen=True):
    """One layer of tutor.nn."""

    module: str  # in tutor.nn
    make: str  # how the textbook's is made; a learner's takes the same arguments unless it says otherwise
    inputs: Shapes  # in the order in which forward takes them
    output: tuple[str, ...]
    sizes: Mapping[str, int]  # of the basic case
    large: Mapping[str, int]  # of the stress case: no larger than plain loops can do, also on a busy machine
    params: Shapes = _NONE
    draws: Mapping[str, str] = MappingProxyType({})
    flat: tuple[str, ...] = ()  # inputs that have no gradient: tokens, masks
    terms: Mapping[str, str] = MappingProxyType({})  # by what it is the gradient of; "out" is the output
    fills: tuple[str, ...] = ("zeros", "negative_zero", "tiny")  # of the first input
    kinks: tuple[str, ...] = ()  # fills at which the layer has a kink
    cases: tuple[Case, ...] = ()  # more edge cases, with the sizes that differ from the basic ones
    values: Mapping[str, float] = MappingProxyType({})
    settings: tuple[str, ...] = ()  # sizes and values that a function is called with, after the arrays
    repeat: int = 20  # other draws in the stress tier
    seconds: float = 2.0

    @property
    def name(self) -> str:
        """The class in tutor.nn."""
        return self.make.partition("(")[0]

    @property
    def gradients(self) -> tuple[str, ...]:
        """The arrays that have a gradient, in the order in which a backward pass makes them."""
        return (*self.params, *(name for name in self.inputs if name not in self.flat))


def find_preset(name: str) -> Preset:
    """The preset of this name; raises FamilyError with the nearest."""
    if name not in PRESETS:
        raise FamilyError(f"options: `of`: {UnknownName('preset', name, PRESETS)}", "of")
    return PRESETS[name]


# ── the reference ────────────────────────────────────────────────────────────────────────────────────────────────────


def result_names(preset: Preset, single: str = "grad_input") -> dict[str, str]:
    """Array -> the result that is its gradient; that of a lone input is called `single`."""
    inputs = [name for name in preset.inputs if name not in preset.flat]
    return {name: single if [name] == inputs else f"grad_{name}" for name in preset.gradients}


def reference_drive(
    preset: Preset,
    results: Mapping[str, str],
    transposed: tuple[str, ...] = (),
    more: tuple[str, ...] = (),
    again: Mapping[str, str] = _NOTHING,
) -> Tables:
    """How the textbook's layer is driven, whatever the learner's interface is.

    `more` are attributes to compare, `again` further results that are the gradients of these arrays too.
    """
    inputs = [name for name in preset.inputs if name not in preset.flat]
    backward = {results[name]: [f"layer.grad_{name}{_t(name, transposed)}"] for name in preset.params}
    backward |= {results[name]: [f"grad_{name}"] for name in inputs}
    backward |= {result: backward[results[name]] for result, name in again.items()}
    given = ", ".join(f"grad_{name}" for name in inputs)
    return {
        "setup": lines(
            f"layer = {preset.make}", *(f"layer.{name} = {name}{_t(name, transposed)}" for name in preset.params)
        ),
        "forward": lines(f"out = layer.forward({', '.join(preset.inputs)})"),
        "backward": lines(f"{given} = layer.backward(g)" if given else "layer.backward(g)"),
        "results": {
            "forward": {"out": ["out"], **{name: [f"layer.{name}"] for name in more if not is_gradient(name)}},
            "backward": {**{name: [f"layer.{name}"] for name in more if is_gradient(name)}, **backward},
        },
    }


def is_gradient(name: str) -> bool:
    """True for an intermediate that the backward pass makes."""
    return name.startswith("grad_")


def terms_of(preset: Preset, results: Mapping[str, str], transposed: tuple[str, ...] = ()) -> dict[str, str]:
    """The magnitudes of what is summed, in the learner's own layout."""
    found = {}
    for of, expression in preset.terms.items():
        for name in transposed:
            expression = re.sub(rf"\b{name}\b", f"{name}.T", expression)
        found[results.get(of, of)] = f"({expression}).T" if of in transposed else expression
    return found


def _t(name: str, transposed: tuple[str, ...]) -> str:
    return ".T" if name in transposed else ""


# ── the tiers ────────────────────────────────────────────────────────────────────────────────────────────────────────

_PROVES = {
    "zeros": "inputs of zero",
    "negative_zero": "inputs of -0.0",
    "tiny": "tiny inputs",
    "huge": "huge inputs",
    "saturated": "saturated inputs",
    "ties": "inputs that tie",
    "extreme": "extreme inputs",
}


def tiers_of(preset: Preset, sizes: Mapping[str, int], values: Mapping[str, object]) -> Tables:
    """Basic, edge and stress cases of a layer at these basic sizes."""
    first, *_ = preset.inputs
    basic = f"{sizes['N']} samples" if "N" in sizes else "random inputs"
    edge = [case("a batch of one", {**sizes, "N": 1}, values=values)] if "N" in sizes else []
    for more in preset.cases:
        own = {key: value for key, value in more.items() if key not in ("proves", "sizes", "values")}
        at, with_values = more.get("sizes", {}), more.get("values", {})
        assert isinstance(at, dict) and isinstance(with_values, dict)
        edge.append(case(str(more["proves"]), {**sizes, **at}, values={**values, **with_values}, **own))
    for fill in preset.fills:
        edge.append(case(_PROVES[fill], sizes, fill={first: fill}, values=values, kink=fill in preset.kinks))
    layout = {**{name: "strided" for name in preset.inputs if name not in preset.flat}, "g": "fortran"}
    edge.append(case("inputs whose memory is not in one piece", sizes, fill=layout, values=values))
    edge.append(case("float32 inputs", sizes, dtype="float32", values=values))
    return {
        "basic": [case(basic, sizes, values=values)],
        "edge": edge,
        "stress": [
            case("larger arrays", {**sizes, **preset.large}, values=values),
            case(f"{preset.repeat} other draws", sizes, repeat=preset.repeat, values=values),
        ],
    }


# ── the table ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _activation(make: str, **more: object) -> Preset:
    shape = ("N", "n")
    settings: dict[str, object] = {"fills": ("zeros", "negative_zero", "huge", "tiny"), **more}
    return Preset(
        module="activations",
        make=make,
        inputs={"x": shape},
        output=shape,
        sizes={"N": 5, "n": 4},
        large={"N": 40, "n": 30},
        cases=({"proves": "a single unit", "sizes": {"n": 1}},),
        **settings,  # type: ignore[arg-type]
    )


_KINKED = {"kinks": ("zeros", "negative_zero")}
_SMOOTH = {"fills": ("zeros", "negative_zero", "saturated", "extreme", "tiny"), "terms": {"x": "abs(g)"}}

_DENSE: Mapping[str, object] = {
    "inputs": {"x": ("N", "n_in")},
    "params": {"W": ("n_in", "n_out"), "b": ("n_out",)},
    "output": ("N", "n_out"),
    "sizes": {"N": 5, "n_in": 4, "n_out": 3},
    "large": {"N": 12, "n_in": 64, "n_out": 32},
    "cases": ({"proves": "a single output", "sizes": {"n_out": 1}},),
}
_DENSE_TERMS = {"W": "abs(x).T @ abs(g)", "b": "abs(g).sum(axis=0)", "x": "abs(g) @ abs(W).T"}
_SPREAD = "np.sqrt(x.var(axis={axis}, keepdims=True) + 1e-5)"


def _norm(module: str, make: str, axis: int, **more: object) -> Preset:
    spread = _SPREAD.format(axis=axis)
    settings: dict[str, object] = dict(more)
    return Preset(
        module=module,
        make=make,
        inputs={"x": ("N", "n_features")},
        params={"gamma": ("n_features",), "beta": ("n_features",)},
        output=("N", "n_features"),
        sizes={"N": 6, "n_features": 4},
        large={"N": 40, "n_features": 30},
        terms={
            "out": f"abs(gamma) * abs(x) / {spread} + abs(beta)",
            "gamma": f"(abs(g) * abs(x) / {spread}).sum(axis=0)",
            "beta": "abs(g).sum(axis=0)",
            "x": f"abs(g) * abs(gamma) / {spread}",
        },
        **settings,  # type: ignore[arg-type]
    )


PRESETS: Mapping[str, Preset] = {
    "linear": Preset(
        module="linear",
        make="Linear(n_in, n_out)",
        terms={"out": "abs(x) @ abs(W) + abs(b)", **_DENSE_TERMS},
        fills=("zeros", "negative_zero", "huge", "tiny"),
        **_DENSE,  # type: ignore[arg-type]
    ),
    "sigmoid_layer": Preset(
        module="sigmoid_layer",
        make="SigmoidLayer(n_in, n_out)",
        terms=_DENSE_TERMS,
        fills=("zeros", "negative_zero", "saturated", "extreme", "tiny"),
        **_DENSE,  # type: ignore[arg-type]
    ),
    "relu": _activation("ReLU()", **_KINKED),
    "leaky_relu": _activation("LeakyReLU()", **_KINKED),
    "sigmoid": _activation("Sigmoid()", **_SMOOTH),
    # (1 - e) / (1 + e) takes two numbers near 1 from each other: near 0 its rounding is of their size.
    "tanh": _activation("Tanh()", **{**_SMOOTH, "terms": {"x": "abs(g)", "out": "np.ones_like(x)"}}),
    "conv2d": Preset(
        module="conv2d",
        make="Conv2D(c_in, c_out, k, stride, padding)",
        inputs={"x": ("N", "c_in", "H", "W_in")},
        params={"W": ("c_out", "c_in", "k", "k"), "b": ("c_out",)},
        output=(
            "N",
            "c_out",
            "(H + 2 * padding - k) // stride + 1",
            "(W_in + 2 * padding - k) // stride + 1",
        ),
        sizes={"N": 2, "c_in": 4, "c_out": 5, "k": 3, "H": 8, "W_in": 9, "stride": 1, "padding": 0},
        large={"N": 4, "H": 12, "W_in": 13},
        fills=("zeros", "negative_zero", "huge", "tiny"),
        cases=(
            {"proves": "a stride of two", "sizes": {"stride": 2}},
            {"proves": "a border of zeros", "sizes": {"padding": 1}},
            {"proves": "a stride of two over a border of zeros", "sizes": {"stride": 2, "padding": 1}},
            {"proves": "one channel in and out", "sizes": {"c_in": 1, "c_out": 1}},
            {"proves": "a kernel of one pixel", "sizes": {"k": 1}},
        ),
        settings=("stride", "padding"),
        repeat=10,
        seconds=20.0,  # seven loops in plain Python, on a machine that has other things to do
    ),
    "max_pool": Preset(
        module="max_pool",
        make="MaxPool2D(k, stride)",
        inputs={"x": ("N", "C", "H", "W_in")},
        output=("N", "C", "(H - k) // stride + 1", "(W_in - k) // stride + 1"),
        draws={"x": "distinct"},
        sizes={"N": 2, "C": 3, "H": 8, "W_in": 10, "k": 2, "stride": 2},
        large={"N": 4, "C": 5, "H": 16, "W_in": 18},
        fills=("zeros", "negative_zero", "ties"),
        kinks=("zeros", "negative_zero", "ties"),
        cases=(
            {"proves": "windows that overlap", "sizes": {"k": 3}},
            {"proves": "windows with gaps between them", "sizes": {"stride": 3}},
            {"proves": "one channel", "sizes": {"C": 1}},
        ),
        settings=("k", "stride"),
        seconds=10.0,
    ),
    "batch_norm": _norm("batch_norm", "BatchNorm(n_features)", 0),
    "layer_norm": _norm(
        "layer_norm", "LayerNorm(n_features)", 1, cases=({"proves": "a single feature", "sizes": {"n_features": 1}},)
    ),
    "dropout": Preset(
        module="dropout",
        make="Dropout(p)",
        inputs={"x": ("N", "n"), "mask": ("N", "n")},
        output=("N", "n"),
        draws={"mask": "mask(1 - p)"},
        flat=("mask",),
        sizes={"N": 6, "n": 5},
        large={"N": 40, "n": 30},
        values={"p": 0.3},
        settings=("p",),
        fills=("zeros", "negative_zero", "huge", "tiny"),
        cases=(
            {"proves": "p = 0: nothing is dropped", "values": {"p": 0.0}},
            {"proves": "p = 0.8: most is dropped", "values": {"p": 0.8}},
        ),
    ),
    "embedding": Preset(
        module="embedding",
        make="Embedding(n_tokens, n_features)",
        inputs={"tokens": ("N", "T")},
        params={"W": ("n_tokens", "n_features")},
        output=("N", "T", "n_features"),
        draws={"tokens": "labels(n_tokens)"},
        flat=("tokens",),
        sizes={"N": 3, "T": 4, "n_tokens": 5, "n_features": 6},
        large={"N": 12, "T": 20, "n_tokens": 30, "n_features": 16},
        fills=(),
        cases=(
            {"proves": "one token alone, again and again", "sizes": {"n_tokens": 1}},
            {"proves": "tokens that never come", "sizes": {"n_tokens": 40}},
            {"proves": "huge rows", "fill": {"W": "huge"}},
        ),
    ),
    "attention": Preset(
        module="attention",
        make="SelfAttention(n_features, n_head_dim, causal=causal)",
        inputs={"x": ("N", "T", "n_features")},
        params={
            "W_q": ("n_features", "n_head_dim"),
            "W_k": ("n_features", "n_head_dim"),
            "W_v": ("n_features", "n_head_dim"),
            "W_o": ("n_head_dim", "n_features"),
        },
        output=("N", "T", "n_features"),
        sizes={"N": 2, "T": 5, "n_features": 4, "n_head_dim": 3},
        large={"N": 4, "T": 12, "n_features": 16, "n_head_dim": 8},
        values={"causal": False},
        settings=("causal",),
        cases=(
            {"proves": "a sequence of one place", "sizes": {"T": 1}},
            {"proves": "a head of one dimension", "sizes": {"n_head_dim": 1}},
            {"proves": "scores so large that exp alone would overflow", "fill": {"x": "saturated"}, "kink": True},
        ),
        terms={"W_q": "abs(g).sum() * np.ones_like(W_q)", "W_k": "abs(g).sum() * np.ones_like(W_k)"},
        seconds=10.0,
    ),
    "recurrent_step": Preset(
        module="recurrent",
        make="RecurrentStep(n_in, n_hidden)",
        inputs={"x": ("N", "n_in"), "h_prev": ("N", "n_hidden")},
        params={"W_x": ("n_in", "n_hidden"), "W_h": ("n_hidden", "n_hidden"), "b": ("n_hidden",)},
        output=("N", "n_hidden"),
        sizes={"N": 5, "n_in": 4, "n_hidden": 3},
        large={"N": 12, "n_in": 32, "n_hidden": 24},
        fills=("zeros", "negative_zero", "saturated", "tiny"),
        cases=({"proves": "a single hidden unit", "sizes": {"n_hidden": 1}},),
        terms={
            "W_x": "abs(x).T @ abs(g)",
            "W_h": "abs(h_prev).T @ abs(g)",
            "b": "abs(g).sum(axis=0)",
            "x": "abs(g) @ abs(W_x).T",
            "h_prev": "abs(g) @ abs(W_h).T",
        },
    ),
    "recurrent": Preset(
        module="recurrent",
        make="Recurrent(n_in, n_hidden)",
        inputs={"x": ("N", "T", "n_in")},
        params={"W_x": ("n_in", "n_hidden"), "W_h": ("n_hidden", "n_hidden"), "b": ("n_hidden",)},
        output=("N", "T", "n_hidden"),
        sizes={"N": 2, "T": 5, "n_in": 4, "n_hidden": 3},
        large={"N": 4, "T": 12, "n_in": 12, "n_hidden": 10},
        cases=({"proves": "a sequence of one step", "sizes": {"T": 1}},),
        seconds=4.0,
    ),
}
