"""Which network a passed exercise becomes: its layers in the order of the forward pass, as plain records.

The same record makes the network here and PyTorch's twin. Shapes are of one sample; the first layer's is one row of
features, and an image's layer begins with a reshape. A parameter is named by its own name and the number of its layer,
counted over the layers that have parameters: W1, b1, gamma2, beta2, W3, b3; a convolution's weights are called K.

kind                    in -> out                          parameters, as `params` gives them       settings
linear, sigmoid_layer   (n_in,) -> (n_out,)                W (n_in, n_out), b (n_out,)
relu, sigmoid, tanh     any, unchanged
leaky_relu              any, unchanged                                                              slope
conv2d                  (C_in, H, W) -> (C_out, H2, W2)    W (C_out, C_in, k, k), b (C_out,)        k, stride, padding
max_pool                (C, H, W) -> (C, H2, W2)                                                    k, stride
batch_norm              (n,) -> (n,)                       gamma (n,), beta (n,)                    eps, momentum
layer_norm              (n,) -> (n,)                       gamma (n,), beta (n,)                    eps
dropout                 any, unchanged                                                              p, to drop
reshape, flatten        of as many numbers, row by row
tokens                  (T,) -> (T,), whole numbers        rint(x * (levels - 1)), clipped          levels
embedding               (T,) -> (T, D)                     W (levels, D)                            levels
attention               (T, D) -> (T, D)                   W_q, W_k, W_v (D, head), W_o (head, D)   head, causal
recurrent               (T, n_in) -> (T, n_h)              W_x (n_in, n_h), W_h (n_h, n_h), b (n_h,)
last                    (T, D) -> (D,)                     the last place of a sequence
own                     as it says                         as its exercise says: only the learner has it
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from types import MappingProxyType

from tutor.course import Train, shape_of
from tutor.errors import RunError
from tutor.training.model import Architecture, Layer

Shape = tuple[int, ...]

LEVELS = 17  # of brightness: a pixel of the 8x8 digits counts from 0 to 16
LARGE_IMAGE = 16  # pixels a side, from which on convolutions take every second place
_BATCH_NORM = {"eps": 1e-5, "momentum": 0.1}
_ATTENTION = ("W_q", "W_k", "W_v", "W_o")
_RECURRENT = ("W_x", "W_h", "b")


def architecture_of(
    train: Train, sample_shape: Sequence[int], classes: int, hidden: Sequence[int] | None = None
) -> Architecture:
    """Plan the network of an exercise for samples such as (8, 8) or (2,); `hidden` replaces the exercise's own.

    RunError says in a sentence why a layer has no place in a network for such samples.
    """
    units = tuple(train.hidden if hidden is None else hidden)
    if any(n < 1 for n in units):
        raise RunError(f"{min(units)} hidden units make no layer.", "", "Give whole numbers from 1 on.")
    plan = _Plan(train, tuple(sample_shape), classes)
    if train.kind == "network":
        _whole_network(plan, units)
    else:
        _PLACES[train.of](plan, units)
    return Architecture(tuple(plan.layers), train.loss, train.layer if train.kind == "network" else "")


def widths_of(architecture: Architecture) -> tuple[int, ...]:
    """Count the numbers that a sample is at the input, behind each layer with parameters, and at the output."""
    layers = architecture.layers
    return (prod(layers[0].n_in), *(prod(layer.n_out) for layer in layers if layer.params))


def has_twin(architecture: Architecture) -> bool:
    """Whether PyTorch has each of its layers: it cannot have one that only the learner's file knows."""
    return all(layer.kind != "own" for layer in architecture.layers)


class _Plan:
    """The layers so far, and the shape that a sample has behind the last of them."""

    def __init__(self, train: Train, sample_shape: Shape, classes: int) -> None:
        self.train, self.sample_shape, self.classes = train, sample_shape, classes
        self.layers: list[Layer] = []
        self.shape: Shape = (prod(sample_shape),)
        self._numbers = 0

    def add(
        self,
        kind: str,
        n_out: Shape | None = None,
        params: Sequence[str] = (),
        yours: bool = False,
        settings: Mapping[str, float] = MappingProxyType({}),
    ) -> None:
        """Put a layer behind the last one; without `n_out` it leaves the shape as it is."""
        if kind == "none":
            return
        n_out = self.shape if n_out is None else n_out
        self._numbers += bool(params)
        names = {name: f"{'K' if (kind, name) == ('conv2d', 'W') else name}{self._numbers}" for name in params}
        self.layers.append(Layer(kind, self.shape, n_out, names, yours, dict(settings)))
        self.shape = n_out

    def linear(self, n_out: int, yours: bool = False) -> None:
        """Put a linear layer."""
        self.add("linear", (n_out,), ("W", "b"), yours)

    def activation(self, kind: str, yours: bool = False) -> None:
        """Put an activation."""
        self.add(kind, yours=yours, settings={"slope": 0.01} if kind == "leaky_relu" else {})

    def classify(self, units: Shape) -> None:
        """Put our linear layers with ReLU between them, down to one output per class."""
        for n_out in units:
            self.linear(n_out)
            self.add("relu")
        self.linear(self.classes)

    def value(self, name: str, usual: float) -> float:
        """Look up a setting that the exercise's own class is made with."""
        value = self.train.values.get(name, usual)
        return usual if isinstance(value, str) else value

    def image(self, what: str) -> Shape:
        """Return the sides of the samples, which must be images."""
        if len(self.sample_shape) < 2:
            raise RunError(
                f"{what}, and these samples are points of {prod(self.sample_shape)} numbers.",
                "",
                "Train it on images: the digits, MNIST or Fashion-MNIST.",
            )
        return self.sample_shape[-2:]


# ── sizes by name ────────────────────────────────────────────────────────────────────────────────────────────────────


def names_of(layer: Layer, train: Train) -> dict[str, float]:
    """Name the sizes and settings of a layer as the exercises do, for the expression that makes it."""
    first, last = layer.n_in[0], layer.n_out[0]
    match layer.kind:
        case "linear" | "sigmoid_layer":
            names: dict[str, float] = {"n_in": first, "n_out": last}
        case "conv2d":
            names = {"c_in": first, "c_out": last, "H": layer.n_in[1], "W_in": layer.n_in[2]}
        case "max_pool":
            names = {"C": first, "H": layer.n_in[1], "W_in": layer.n_in[2]}
        case "batch_norm" | "layer_norm":
            names = {"n_features": first}
        case "embedding":
            names = {"T": first, "n_tokens": int(layer.settings["levels"]), "n_features": layer.n_out[1]}
        case "attention":
            names = {"T": first, "n_features": layer.n_in[1], "n_head_dim": int(layer.settings["head"])}
        case "recurrent":
            names = {"T": first, "n_in": layer.n_in[1], "n_hidden": layer.n_out[1]}
        case "own":
            names = {name: n for part, n in (("x", first), ("out", last)) for name in train.shapes[part]}
        case _:
            names = {"n": first}
    for name in ("k", "stride", "padding"):
        if name in layer.settings:
            names[name] = int(layer.settings[name])
    return {**names, "p": layer.settings["p"]} if "p" in layer.settings else names


def shapes_of(layer: Layer, train: Train) -> dict[str, Shape]:
    """Return the shape of each parameter, in our layout."""
    names = names_of(layer, train)
    lengths = {**_SHAPES.get(layer.kind, {}), **(train.shapes if layer.kind == "own" else {})}
    sizes = {**train.values, **names}
    return {param: shape_of(lengths[param], sizes) for param in layer.params}


Lengths = Mapping[str, tuple[str, ...]]
_HEAD = ("n_features", "n_head_dim")
_DENSE_SHAPES: Lengths = {"W": ("n_in", "n_out"), "b": ("n_out",)}
_NORM_SHAPES: Lengths = {"gamma": ("n_features",), "beta": ("n_features",)}
_SHAPES: Mapping[str, Lengths] = {
    "linear": _DENSE_SHAPES,
    "sigmoid_layer": _DENSE_SHAPES,
    "conv2d": {"W": ("c_out", "c_in", "k", "k"), "b": ("c_out",)},
    "batch_norm": _NORM_SHAPES,
    "layer_norm": _NORM_SHAPES,
    "embedding": {"W": ("n_tokens", "n_features")},
    "attention": {"W_q": _HEAD, "W_k": _HEAD, "W_v": _HEAD, "W_o": _HEAD[::-1]},
    "recurrent": {"W_x": ("n_in", "n_hidden"), "W_h": ("n_hidden", "n_hidden"), "b": ("n_hidden",)},
}


# ── where each layer stands ──────────────────────────────────────────────────────────────────────────────────────────


def _whole_network(plan: _Plan, units: Shape) -> None:
    train = plan.train
    if train.depths and len(units) + 1 not in train.depths:
        known = ", ".join(str(depth) for depth in sorted(train.depths))
        raise RunError(
            f"A network of {len(units) + 1} layers is more than its exercise asks of {train.layer}.",
            f"It was judged with this many layers: {known}.",
            "Give one hidden size less than there are layers.",
        )
    for index, n_out in enumerate((*units, plan.classes)):
        if index:
            plan.activation(train.activation, yours=True)
        plan.linear(n_out, yours=True)


def _dense(plan: _Plan, units: Shape) -> None:
    kind = "own" if plan.train.of == "own_linear" else plan.train.of
    for index, n_out in enumerate((*units, plan.classes)):
        if index:
            plan.activation(plan.train.activation)
        plan.add(kind, (n_out,), tuple(plan.train.params), yours=True)


def _activation(plan: _Plan, units: Shape) -> None:
    for n_out in units:
        plan.linear(n_out)
        plan.activation(plan.train.of, yours=True)
    plan.linear(plan.classes)


def _norm(plan: _Plan, units: Shape) -> None:
    settings = _BATCH_NORM if plan.train.of == "batch_norm" else {"eps": 1e-5}
    for n_out in units:
        plan.linear(n_out)
        plan.add(plan.train.of, None, ("gamma", "beta"), True, settings)
        plan.activation(plan.train.activation)
    plan.linear(plan.classes)


def _dropout(plan: _Plan, units: Shape) -> None:
    for n_out in units:
        plan.linear(n_out)
        plan.activation(plan.train.activation)
        plan.add("dropout", yours=True, settings={"p": plan.value("p", 0.3)})
    plan.linear(plan.classes)


def _own(plan: _Plan, units: Shape) -> None:
    for n_out in units:
        plan.linear(n_out)
        plan.add("own", None, tuple(plan.train.params), yours=True)
        plan.activation(plan.train.activation)
    plan.linear(plan.classes)


def _first(units: Shape) -> int:
    """The size of the layer that this exercise is about."""
    if not units:
        raise RunError("This layer needs a size of its own.", "", "Name at least one: --hidden 16")
    return units[0]


def _conv2d(plan: _Plan, units: Shape) -> None:
    height, width = plan.image("A convolution needs images")
    k, stride, padding = (int(plan.value(name, usual)) for name, usual in (("k", 3), ("stride", 1), ("padding", 0)))
    if "stride" in plan.train.make and max(height, width) > LARGE_IMAGE:
        stride = 2
    plan.add("reshape", (1, height, width))
    _convolve(plan, _first(units), k, stride, padding, yours=True)
    plan.activation(plan.train.activation)
    plan.add("flatten", (prod(plan.shape),))
    plan.classify(units[1:])


def _max_pool(plan: _Plan, units: Shape) -> None:
    height, width = plan.image("A pooling layer needs images")
    k, stride = int(plan.value("k", 2)), int(plan.value("stride", 2))
    plan.add("reshape", (1, height, width))
    _convolve(plan, _first(units), 3, 2 if max(height, width) > LARGE_IMAGE else 1, 1)
    plan.activation(plan.train.activation)
    c, *sides = plan.shape
    plan.add("max_pool", (c, *_windows(tuple(sides), k, stride)), (), True, {"k": k, "stride": stride})
    plan.add("flatten", (prod(plan.shape),))
    plan.classify(units[1:])


def _convolve(plan: _Plan, c_out: int, k: int, stride: int, padding: int, yours: bool = False) -> None:
    _, height, width = plan.shape
    sides = _windows((height, width), k, stride, padding)
    plan.add("conv2d", (c_out, *sides), ("W", "b"), yours, {"k": k, "stride": stride, "padding": padding})


def _windows(sides: Shape, k: int, stride: int, padding: int = 0) -> Shape:
    """Count the places of a window along each side of an image."""
    if k > min(sides) + 2 * padding:
        raise RunError(f"A window of {k} pixels does not fit into {' x '.join(map(str, sides))} pixels.")
    return tuple((side + 2 * padding - k) // stride + 1 for side in sides)


def _embedding(plan: _Plan, units: Shape) -> None:
    height, width = plan.image("An embedding needs tokens, such as an image's levels of brightness")
    plan.add("tokens", settings={"levels": LEVELS})
    plan.add("embedding", (height * width, _first(units)), ("W",), True, {"levels": LEVELS})
    plan.add("flatten", (prod(plan.shape),))
    plan.classify(units[1:])


def _attention(plan: _Plan, units: Shape) -> None:
    rows, row = plan.image("Attention needs a sequence, such as the rows of an image")
    plan.add("reshape", (rows, row))
    plan.add("attention", None, _ATTENTION, True, {"head": _first(units), "causal": plan.value("causal", 0)})
    plan.add("flatten", (rows * row,))  # a mean over the places would forget which row was where
    plan.classify(units[1:])


def _recurrent(plan: _Plan, units: Shape) -> None:
    rows, row = plan.image("A recurrent layer needs a sequence, such as the rows of an image")
    plan.add("reshape", (rows, row))
    plan.add("recurrent", (rows, _first(units)), _RECURRENT, True)
    plan.add("last", units[:1])
    plan.classify(units[1:])


_PLACES: dict[str, Callable[[_Plan, Shape], None]] = {
    "linear": _dense,
    "sigmoid_layer": _dense,
    "own_linear": _dense,
    "relu": _activation,
    "leaky_relu": _activation,
    "sigmoid": _activation,
    "tanh": _activation,
    "batch_norm": _norm,
    "layer_norm": _norm,
    "dropout": _dropout,
    "own": _own,
    "conv2d": _conv2d,
    "max_pool": _max_pool,
    "embedding": _embedding,
    "attention": _attention,
    "recurrent": _recurrent,
    "recurrent_step": _recurrent,
}
