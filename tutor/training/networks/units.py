"""The layers of a network as objects that go forward and backward: the learner's, and ours around them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from tutor.course import Train
from tutor.errors import RunError
from tutor.training.model import Layer
from tutor.training.networks.access import Scope, at, bound, expression_of, first_found, reader
from tutor.training.networks.architecture import names_of, shapes_of
from tutor.training.networks.checks import can_start, check_initial, check_methods, find_class, no_gradient
from tutor.training.networks.shaping import Host, Last, Reshape, Tokens

Array = NDArray[Any]


class Unit:
    """One layer of the chain. `made` is the object itself, whose methods are called as they are."""

    def __init__(self, layer: Layer, made: Any) -> None:
        self.layer, self.made = layer, made
        self.forward: Callable[[Any], Any] = made.forward
        self.backward: Callable[[Any], Any] = getattr(made, "backward", _no_gradient)  # tokens have none
        self.places = {name: f"layer.{name}" for name in layer.params}
        self.gradients: dict[str, tuple[str, ...]] = {name: (f"layer.grad_{name}",) for name in layer.params}
        self.transposed: tuple[str, ...] = ()
        self.owner = type(made).__name__

    def first_backward(self, grad: Any) -> Any:
        """Go backward for the first time, and decide where the gradients are from now on: the first place that fits."""
        return self.backward(grad)

    @contextmanager
    def used(self) -> Iterator[None]:
        """For as long as it is used and not trained: batch norm by its averages, dropout off."""
        training = getattr(self.made, "training", None)
        if not isinstance(training, bool):
            yield
            return
        self.made.training = False
        try:
            yield
        finally:
            self.made.training = training


def _no_gradient(_grad: object) -> None:
    return None


class YourLayer(Unit):
    """A layer of the learner's class, with its own ways to keep parameters and to hand gradients back."""

    def __init__(self, layer: Layer, made: Any, train: Train, host: Host) -> None:
        check_methods(made, train.layer, (train.forward, train.backward))
        self.layer, self.made, self.owner, self.host = layer, made, train.layer, host
        self._passes_back = getattr(made, train.backward)
        self.forward = getattr(made, train.forward)
        self.backward = self._passed_back
        self.returned: Any = None
        self.places = {name: expression_of(train.places.get(name, name)) for name in layer.params}
        self.gradients = {name: tuple(map(expression_of, train.params[name])) for name in layer.params}
        self.transposed = train.transposed
        self.input_gradients = train.inputs or {"x": ("returned",)}
        self._grad_x: Callable[[], Any] | None = None  # where it is is known after the first pass

    def _passed_back(self, grad: Any) -> Any:
        self.returned = self._passes_back(grad)
        return self.returned if self._grad_x is None else self._grad_x()

    def first_backward(self, grad: Any) -> Any:
        """See Unit."""
        self.returned = self._passes_back(grad)
        for name, accepted in self.gradients.items():
            found = first_found(accepted, self.scope(), self.host.holds)
            if found is None:
                raise no_gradient(self.layer.params[name], accepted[0])
            self.gradients[name] = (found,)
        x = first_found(self.input_gradients.get("x", ()), self.scope(), self.host.holds)
        if x not in ("returned", None):
            self._grad_x = eval(f"lambda: {bound(x, {'returned': 'unit.returned'})}", {**self.scope(), "unit": self})
            return self._grad_x()
        if not any("returned" in found for (found, *_) in self.gradients.values()):
            self.backward = self._passes_back  # nothing else is wanted of what it returns: no step in between
        return self.returned

    def check_initial(self, made_as: str) -> None:
        """Check that there is something to start from."""
        for place in self.places.values():
            try:
                value = eval(place, self.scope())
            except (AttributeError, LookupError, TypeError):
                value = None
            check_initial(value, self.owner, place.replace("layer.", "self."), made_as, self.host)

    def scope(self) -> Scope:
        """What the expressions of its exercise may name."""
        return {"layer": self.made, "returned": self.returned, "_at": at}


class YourDropout(YourLayer):
    """A dropout that is given its masks; where it has no mode for use, it is left out then, as inverted dropout is."""

    def __init__(self, layer: Layer, made: Any, train: Train, host: Host, rng: np.random.Generator, dtype: str) -> None:
        super().__init__(layer, made, train, host)
        self._forward: Callable[..., Any] = self.forward
        self.forward = self._with_mask
        self._rng, self._dtype, self._keep = rng, dtype, 1 - layer.settings["p"]
        self._left_out = False
        self.mask: Any = None

    def _with_mask(self, x: Any) -> Any:
        if self._left_out:
            return x
        self.mask = self.host.put((self._rng.random(tuple(x.shape)) < self._keep).astype(self._dtype))
        return self._forward(x, self.mask)

    @contextmanager
    def used(self) -> Iterator[None]:
        """See Unit."""
        with super().used():
            self._left_out = not isinstance(getattr(self.made, "training", None), bool)
            try:
                yield
            finally:
                self._left_out = False


class YourStep(YourLayer):
    """One step of a recurrent layer, taken along the sequence by us.

    On the way back every step goes forward once more before it goes backward: the learner's object keeps one step only.
    """

    def __init__(self, layer: Layer, made: Any, train: Train, host: Host, dtype: str) -> None:
        super().__init__(layer, made, train, host)
        self._step: Callable[..., Any] = self.forward
        self.forward, self.backward = self._along, self._back_along
        self._dtype, self._n_hidden = dtype, layer.n_out[1]
        self._spelled = dict(self.gradients)
        self.gradients = {name: (f"unit.sums[{name!r}]",) for name in layer.params}
        self.sums: dict[str, Any] = {}
        self._read: Callable[[], dict[str, Any]] | None = None

    def _along(self, x: Any) -> Any:
        self._x = x
        self._states = [self.host.put(np.zeros((len(x), self._n_hidden), self._dtype))]
        for t in range(x.shape[1]):
            self._states.append(self._step(x[:, t], self._states[-1]))
        return self.host.stack(self._states[1:])

    def _back_along(self, grad: Any) -> Any:
        grads_x: list[Any] = []
        grad_h = 0 * grad[:, -1]
        self.sums = {}
        for t in reversed(range(grad.shape[1])):
            self._step(self._x[:, t], self._states[t])
            self.returned = self._passes_back(grad[:, t] + grad_h)
            here = (self._read or self._find())()
            grad_h = here.pop("h_prev")
            grads_x.insert(0, here.pop("x"))
            for name, gradient in here.items():
                self.sums[name] = self.sums[name] + gradient if name in self.sums else 1 * gradient
        return self.host.stack(grads_x)

    def _find(self) -> Callable[[], dict[str, Any]]:
        """After the first step back: where the gradients of the parameters and of both inputs are."""
        found: dict[str, str] = {}
        for name, accepted in {**self._spelled, **self.input_gradients}.items():
            expression = first_found(accepted, self.scope(), self.host.holds)
            if expression is None:
                raise RunError(
                    f"Your {self.owner}.{self._passes_back.__name__} gives no gradient of {name}.",
                    "The step before needs it." if name == "h_prev" else "",
                    "Return the gradients of x and h_prev, and keep those of the parameters.",
                )
            found[name] = bound(expression, {"returned": "unit.returned"})
        self._read = reader(found, {**self.scope(), "unit": self})
        return self._read

    def first_backward(self, grad: Any) -> Any:
        """See Unit; each step back finds its gradients itself."""
        return self._back_along(grad)


# ── making them ──────────────────────────────────────────────────────────────────────────────────────────────────────


def make_unit(
    layer: Layer, train: Train, namespace: Mapping[str, object], host: Host, rng: np.random.Generator, dtype: str
) -> Unit:
    """Make one layer of the plan: of the learner's class, or of the textbook's."""
    if not layer.yours:
        return Unit(layer, _ours(layer, host, rng, dtype))
    made, held = _yours(layer, train, namespace, host, rng, dtype)
    if not train.sets:
        train = structs.replace(train, places={**held, **train.places})
    if layer.kind == "dropout":
        return YourDropout(layer, made, train, host, rng, dtype)
    if train.of == "recurrent_step":
        return YourStep(layer, made, train, host, dtype)
    return YourLayer(layer, made, train, host)


def _ours(layer: Layer, host: Host, rng: np.random.Generator, dtype: str) -> Any:
    settings = {name: int(value) for name, value in layer.settings.items() if name in ("k", "stride", "padding")}
    match layer.kind:
        case "reshape" | "flatten":
            return Reshape(layer.n_in, layer.n_out)
        case "tokens":
            return Tokens(int(layer.settings["levels"]), host)
        case "last":
            return Last(layer.n_in, host)
        case "relu":
            return host.textbook("ReLU")()
        case "leaky_relu":
            return host.textbook("LeakyReLU")(layer.settings["slope"])
        case "sigmoid" | "tanh":
            return host.textbook(layer.kind.capitalize())()
        case "linear":
            made = host.textbook("Linear")(layer.n_in[0], layer.n_out[0])
        case "conv2d":
            made = host.textbook("Conv2D")(
                layer.n_in[0], layer.n_out[0], settings["k"], settings["stride"], settings["padding"]
            )
        case _:
            raise ValueError(f"there is no layer of ours of the kind {layer.kind!r}")
    for name, value in drawn(layer, {"W": made.W.shape, "b": made.b.shape}, rng).items():
        setattr(made, name, host.put(value.astype(dtype)))
    return made


def _yours(
    layer: Layer, train: Train, namespace: Mapping[str, object], host: Host, rng: np.random.Generator, dtype: str
) -> tuple[Any, dict[str, str]]:
    """Make the learner's layer as its exercise does, and find where it keeps parameters that were drawn for it."""
    find_class(train, namespace)
    values = drawn(layer, shapes_of(layer, train), rng)
    given = {name: host.put(_turned(value, name in train.transposed).astype(dtype)) for name, value in values.items()}
    scope: Scope = {**namespace, **train.values, **names_of(layer, train), **given}
    made = eval(train.make or f"{train.layer}(n_in, n_out)", scope)
    if train.sets:
        theirs = {**scope, "layer": made}

        def kept(name: str, like: Any) -> bool:
            place = expression_of(train.places.get(name, name))
            return first_found([place], theirs, lambda value: can_start(value, like, host)) is not None

        if not all(kept(name, like) for name, like in given.items()):
            exec(train.sets, theirs)
    return made, {name: held for name, array in given.items() if (held := _holder(made, array))}


def _holder(made: Any, array: Any) -> str:
    """Find an array that was handed to a constructor: an attribute, or one level down in a dict or list."""
    for attribute, value in getattr(made, "__dict__", {}).items():
        if value is array:
            return f"layer.{attribute}"
        if isinstance(value, dict | list):
            inside = value.items() if isinstance(value, dict) else enumerate(value)
            for key, held in inside:
                if held is array:
                    return f"layer.{attribute}[{key!r}]"
    return ""


def _turned(value: Array, transposed: bool) -> Array:
    return np.ascontiguousarray(value.T) if transposed else value


def drawn(layer: Layer, shapes: Mapping[str, tuple[int, ...]], rng: np.random.Generator) -> dict[str, Array]:
    """Draw the parameters of a layer: weights whose sums neither grow nor shrink, biases of zero, scales of one.

    The variance is 2 / (number of inputs) in front of a ReLU, which lets half of it through, He et al. (2015), and 1 /
    (number of inputs) otherwise, LeCun et al. (1998). A row of an embedding is summed with no other: its variance is 1.
    """
    found: dict[str, Array] = {}
    for name, shape in shapes.items():
        if len(shape) == 1:
            found[name] = np.zeros(shape) if name.startswith("b") else np.ones(shape)
        elif layer.kind == "embedding":
            found[name] = rng.normal(size=shape)
        else:
            n_in = int(np.prod(shape[1:])) if layer.kind == "conv2d" else shape[0]
            gain = 2 if layer.kind in ("linear", "conv2d") else 1
            found[name] = rng.normal(0.0, np.sqrt(gain / n_in), size=shape)
    return found
