"""The learner's layers in a row, as a network that can be trained."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tutor import nn
from tutor.course import Train
from tutor.errors import RunError

Array = NDArray[Any]

ACTIVATIONS: dict[str, Callable[[], Any]] = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh}
LOSSES: dict[str, Callable[[], Any]] = {"softmax_cross_entropy": nn.SoftmaxCrossEntropy, "mse": nn.MSE}


class Gradients(Mapping[str, Array]):
    """The gradients that the learner's layers hold, read when asked for: most steps ask for none."""

    def __init__(self, places: Mapping[str, tuple[object, str]]) -> None:
        self._places = [(name, layer, attribute) for name, (layer, attribute) in places.items()]

    def read(self) -> dict[str, Array]:
        """Read all of them at once."""
        return {name: getattr(layer, attribute) for name, layer, attribute in self._places}

    def __getitem__(self, name: str) -> Array:
        return self.read()[name]

    def __iter__(self) -> Iterator[str]:
        return (name for name, _, _ in self._places)

    def __len__(self) -> int:
        return len(self._places)


class LayerStack:
    """The learner's layers in a row, with our activation between them, our loss, and their update or ours."""

    def __init__(self, layers: list[Any], train: Train, widths: tuple[int, ...]) -> None:
        """Take the learner's layers in the order of the forward pass; layer i maps widths[i] to widths[i + 1]."""
        self._chain: list[Any] = []  # what the forward pass goes through ...
        self._widths = [widths[0]]  # ... and the features before, between and behind
        for layer, n_out in zip(layers, widths[1:], strict=True):
            if self._chain and train.activation != "none":
                self._chain.append(ACTIVATIONS[train.activation]())
                self._widths.append(self._widths[-1])
            self._chain.append(layer)
            self._widths.append(n_out)
        self._forwards = [layer.forward for layer in self._chain]  # looked up once: a step is some sixty microseconds
        self._backwards = [layer.backward for layer in reversed(self._chain)]
        self._loss = LOSSES[train.loss]().forward
        self._one_hot = np.eye(widths[-1]) if train.loss == "mse" else None
        self._sgd = nn.SGD(train.lr)
        self._updates = [getattr(layer, train.update) for layer in layers] if train.update else []
        self._parameters = [(f"{name}{i}", layer, name) for i, layer in enumerate(layers, 1) for name in train.params]
        self._spellings = {
            f"{name}{i}": (layer, accepted)
            for i, layer in enumerate(layers, 1)
            for name, accepted in train.params.items()
        }
        self._gradients: Gradients | None = None  # where they are is known after the first backward pass

    def params(self) -> dict[str, Array]:
        """Return the parameters by name; see Trainable."""
        return {name: getattr(layer, attribute) for name, layer, attribute in self._parameters}

    def targets(self, labels: Array) -> Array:
        """Return the labels, or their one-hot rows for the squared error; see Trainable."""
        return labels if self._one_hot is None else self._one_hot[labels]

    def forward(self, x: Array) -> Array:
        """Map x (N, n_in) to the output (N, classes); see Trainable."""
        for forward in self._forwards:
            x = forward(x)
        return x

    def loss(self, output: Array, targets: Array) -> tuple[float, Array]:
        """Return the loss and its gradient; see Trainable."""
        loss, grad = self._loss(output, targets)
        return float(loss), grad

    def backward(self, grad: Array) -> Mapping[str, Array]:
        """Walk back through all layers and return the gradients by name; see Trainable."""
        for backward in self._backwards:
            grad = backward(grad)
        if self._gradients is None:
            self._gradients = Gradients(self._find_gradients())
        return self._gradients

    def check_first_pass(self, x: Array, labels: Array) -> None:
        """Walk one batch through every layer and check every shape; see Trainable."""
        n, values = len(x), x.copy()
        for layer, n_out in zip(self._chain, self._widths[1:], strict=True):
            values = layer.forward(values)
            _check_array("Your forward returns", values, (n, n_out))
        _, grad = self.loss(values, self.targets(labels))
        for layer, n_in in zip(reversed(self._chain), reversed(self._widths[:-1]), strict=True):
            grad = layer.backward(grad)
            _check_array("Your backward returns", grad, (n, n_in))
        gradients = self._gradients = Gradients(self._find_gradients())
        for name, parameter in self.params().items():
            _check_array(f"The gradient of {name} is", gradients[name], parameter.shape)

    def step(self, lr: float) -> None:
        """Update every layer by the learner's method, or by our SGD; see Trainable."""
        if self._updates:
            for update in self._updates:
                update(lr)
        elif self._gradients is not None:
            self._sgd.lr = lr
            self._sgd.step(self.params(), self._gradients.read())

    def evaluate(self, x: Array) -> tuple[Array, list[float]]:
        """Return the output, and the dead share of every ReLU between the layers; see Trainable."""
        dead = []
        for layer in self._chain:
            x = layer.forward(x)
            if isinstance(layer, nn.ReLU):
                dead.append(float((~(x > 0).any(axis=0)).mean()))
        return x, dead

    def _find_gradients(self) -> dict[str, tuple[object, str]]:
        """Settle, after the first backward pass, under which accepted name each gradient is kept."""
        found: dict[str, tuple[object, str]] = {}
        for name, (layer, accepted) in self._spellings.items():
            attribute = next((spelling for spelling in accepted if getattr(layer, spelling, None) is not None), None)
            if attribute is None:
                raise RunError(
                    f"Your backward leaves no self.{accepted[0]} behind.",
                    f"The update of {name} needs it.",
                    f"Keep it in backward: self.{accepted[0]} = ...",
                )
            found[name] = (layer, attribute)
        return found


def stack_layers(train: Train, namespace: Mapping[str, object], widths: tuple[int, ...]) -> LayerStack:
    """Make the learner's layers for all pairs of `widths` and stack them; RunError says what they lack."""
    layer_class: Any = namespace.get(train.layer)
    if not isinstance(layer_class, type):
        raise RunError(f"Your file defines no class {train.layer}.", "", f"Write class {train.layer}: ...")
    layers = []
    for n_in, n_out in pairwise(widths):
        layer = layer_class(n_in, n_out)
        for method in ("forward", "backward", *([train.update] if train.update else [])):
            if not callable(getattr(layer, method, None)):
                raise RunError(f"Your {train.layer} has no method {method}.", "", f"Write def {method}(self, ...).")
        for name in train.params:
            _check_initial(layer, train.layer, name, n_in, n_out)
        layers.append(layer)
    return LayerStack(layers, train, widths)


def _check_initial(layer: object, layer_class: str, name: str, n_in: int, n_out: int) -> None:
    """Weights that are not there or all zero cannot be trained; a sentence is better than a dead network."""
    value = getattr(layer, name, None)
    if value is None:
        raise RunError(
            f"Your {layer_class} sets no self.{name}.",
            f"Training starts from what {layer_class}({n_in}, {n_out}) makes.",
            f"Set self.{name} in __init__.",
        )
    if not isinstance(value, np.ndarray) or value.dtype.kind != "f":
        kind = f"array of {value.dtype}" if isinstance(value, np.ndarray) else type(value).__name__
        raise RunError(
            f"self.{name} of your {layer_class} is of the type {kind}.",
            "",
            "Make it a NumPy array of floats in __init__.",
        )
    if value.ndim == 2 and not value.any():
        raise RunError(
            f"All weights of your {layer_class} start at zero.",
            "Units that start equal get equal gradients and stay equal: nothing is learnt.",
            f"Draw them in __init__: self.{name} = np.random.randn(n_in, n_out) * np.sqrt(1 / n_in)",
        )


def check_first_step(before: Mapping[str, Array], after: Mapping[str, Array], norms: Mapping[str, float]) -> None:
    """Compare the parameters around the first step, by the gradients' norms: an update that moves nothing is said."""
    if any(norms.values()) and all(np.array_equal(before[name], after[name]) for name in before):
        names = " and ".join(dict.fromkeys(name.rstrip("0123456789") for name in before))
        raise RunError(
            "Your update changes nothing.",
            f"After it, {names} are what they were, though the gradients are not zero.",
            "Change them in place: self.W -= lr * self.grad_W",
        )


def _check_array(subject: str, value: object, shape: tuple[int, ...]) -> None:
    if not isinstance(value, np.ndarray):
        got = "None" if value is None else f"a value of the type {type(value).__name__}"
        raise RunError(f"{subject} {got}.", f"Training needs an array of shape {shape}.")
    if value.shape != shape:
        raise RunError(
            f"{subject} an array of shape {value.shape}.", f"It must be {shape}.", "Test the exercise first."
        )
    if value.dtype.kind != "f":
        raise RunError(f"{subject} an array of {value.dtype}.", "It must hold floats.")
