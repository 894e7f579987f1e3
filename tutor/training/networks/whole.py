"""A network that is one class of the learner's: it goes forward and backward, and may have its own loss."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tutor.training.model import RunConfig
from tutor.training.networks.access import Scope, at, bound, first_found
from tutor.training.networks.architecture import shapes_of
from tutor.training.networks.checks import can_start, check_array, check_initial, check_methods, find_class, no_gradient
from tutor.training.networks.network import Gradients, Network
from tutor.training.networks.shaping import Host
from tutor.training.networks.units import drawn

Array = NDArray[Any]

_ACTIVATIONS: Mapping[str, Callable[[Array], Array]] = {
    "relu": lambda z: np.maximum(z, 0),
    "leaky_relu": lambda z: np.where(z > 0, z, 0.01 * z),
    "sigmoid": lambda z: np.exp(-np.logaddexp(0, -z)),
    "tanh": np.tanh,
}


class WholeNetwork(Network):
    """The learner's class, driven as its exercise drives it."""

    def __init__(
        self, config: RunConfig, namespace: Mapping[str, object], rng: np.random.Generator, host: Host
    ) -> None:
        super().__init__(config, host)
        train = self._train
        self._linears = [layer for layer in self.architecture.layers if layer.params]
        self.net = self._make(namespace)
        check_methods(self.net, train.layer, (train.forward,))
        scope: Scope = {**namespace, "_at": at, "net": self.net, "whole": self}
        scope |= {name: eval(made, scope) for name, made in train.names.items()}
        layers = range(1, len(self._linears) + 1)
        places = {f"{p}{k}": _of_layer(train.places.get(p, f"net.{p}{k}"), k) for k in layers for p in train.params}
        self._initialise(places, scope, rng)
        self._locate(places, [name for name in places if name[:1] in train.transposed], scope)
        self._go_forward = getattr(self.net, train.forward)
        self._go_back = self._compiled(train.goes_back or "net.backward(grad)")
        self.forward, self.backward = self._forward, self._backward
        if train.computes:
            self._compute = self._compiled(train.computes)
            self.loss = self._their_loss
        self._output: Any = None
        self.returned: Any = None

    def _forward(self, x: Any) -> Any:
        self._x = x
        made = self._go_forward(x)
        self._output = made[0] if isinstance(made, tuple | list) else made
        return self._output

    def _their_loss(self, output: Any, targets: Any) -> tuple[float, Any]:
        self._targets = targets
        computed = self._compute(self._x, output, targets, None, None)
        if isinstance(computed, tuple | list):
            return float(computed[0]), computed[1]
        return float(computed), None

    def _backward(self, grad: Any) -> Mapping[str, Array]:
        self.returned = self._go_back(self._x, self._output, self._targets, grad, grad)
        return self._gradients or self._find_gradients()

    def _first_backward(self, grad: Any) -> Gradients:
        """See Network."""
        self._backward(grad)
        return self._find_gradients()

    def check_first_pass(self, x: Array, labels: Array) -> None:
        """Walk one batch through the network and check every shape; see Trainable."""
        values, targets = self.place(x, labels)
        output: Any = self.forward(values)
        shape = (len(x), *self.architecture.layers[-1].n_out)
        check_array("Your forward returns", output, shape, self.host)
        _, grad = self.loss(output, targets)
        if grad is not None:
            check_array("The gradient of your loss is", grad, shape, self.host)
        self._check_gradients(self._first_backward(grad))

    def roots(self) -> dict[str, object]:
        """See Network."""
        return {"net": self.net, **super().roots()}

    def _make(self, namespace: Mapping[str, object]) -> Any:
        train, layers = self._train, self.architecture.layers
        find_class(train, namespace)
        widths = [layers[0].n_in[0], *(layer.n_out[0] for layer in self._linears)]
        names: Scope = {f"n{k}": width for k, width in enumerate(widths)}
        names |= {"widths": widths, "n_out": widths[-1], "depth": len(widths) - 1, "activation": train.activation}
        return eval(train.make or f"{train.layer}(widths)", {**namespace, **train.values, **names})

    def _initialise(self, places: Mapping[str, str], scope: Scope, rng: np.random.Generator) -> None:
        """Take the parameters that the class has drawn; where it has not, hand ours over as its exercise does."""
        train = self._train
        values: dict[str, Any] = {}
        for layer in self._linears:
            for own, made in drawn(layer, shapes_of(layer, train), rng).items():
                turned = np.ascontiguousarray(made.T) if own in train.transposed else made
                values[layer.params[own]] = self.host.put(turned.astype(self.dtype))

        def theirs(name: str) -> str | None:
            return first_found([places[name]], scope, lambda kept: can_start(kept, values[name], self.host))

        if train.sets and not all(theirs(name) for name in places):
            lists = {f"{p}s": [value for name, value in values.items() if name.startswith(p)] for p in train.params}
            exec(train.sets, {**scope, **lists})
        for place in places.values():
            value: Any = eval(place, scope) if first_found([place], scope, lambda _: True) else None
            check_initial(value, train.layer, place.replace("net.", "self."), train.layer, self.host)

    def _compiled(self, expression: str) -> Callable[..., Any]:
        """A function of what the drive of the exercise has at hand."""
        made: Callable[..., Any] = eval(f"lambda x, out, y, g, grad: {expression}", self._scope)
        return made

    def _find_gradients(self) -> Gradients:
        found: dict[str, str] = {}
        for name in self._places:
            own, k = name[:1], int(name[1:])
            accepted = [bound(_of_layer(text, k), {"returned": "whole.returned"}) for text in self._train.params[own]]
            place = first_found(accepted, self._scope, self.host.holds)
            if place is None:
                raise no_gradient(name, accepted[0])
            found[name] = place
        return self._hold(found)

    def _updates_of(self, method: str) -> list[Callable[[float], object]]:
        check_methods(self.net, self._train.layer, (method,))
        return [getattr(self.net, method)]

    def _used(self) -> AbstractContextManager[object]:
        return nullcontext()  # linear layers and activations: in use they are what they are in training

    def _seen(self, x: Any) -> tuple[Any, list[Any]]:
        alive = [(a > 0).any(axis=0) for kind, a in self._textbook(self.host.get(x)) if kind == "relu"]
        return self.forward(x), alive

    def _first_non_finite(self, x: Any) -> tuple[Any, str]:
        number = 0
        for kind, a in self._textbook(self.host.get(x)):
            number += kind == "linear"
            if not np.isfinite(a).all():
                return x, f"the forward pass of layer {number}"
        output = self.forward(x)
        if not np.isfinite(self.host.get(output)).all():
            return output, "your forward pass: with the same weights the textbook's is finite"
        return output, ""

    def _textbook(self, a: Array) -> list[tuple[str, Array]]:
        """What each layer makes of x by its parameters: the class need not show its hidden units."""
        params, passed = self.params(), []
        for layer in self.architecture.layers:
            if layer.kind == "linear":
                a = a @ params[layer.params["W"]] + params[layer.params["b"]]
            else:
                a = _ACTIVATIONS[layer.kind](a)
            passed.append((layer.kind, a))
        return passed


def _of_layer(template: str, k: int) -> str:
    """Fill the template of an expression for layer k, counted from 1."""
    return template.replace("{k}", str(k)).replace("{i}", str(k - 1))
