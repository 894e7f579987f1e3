"""The network of a run in NumPy: the learner's layers among ours, or their whole network, as a Trainable."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tutor.course import Train
from tutor.errors import RunError
from tutor.training.model import Architecture, Optimizer, RunConfig
from tutor.training.networks.access import Scope, at, bound, chain, each, reader, writer
from tutor.training.networks.checks import check_array, check_methods
from tutor.training.networks.optimizers import Ours, Yours
from tutor.training.networks.shaping import NUMPY, Host, flat
from tutor.training.networks.units import YourLayer, make_unit
from tutor.training.trainable import Evaluation

Array = NDArray[Any]

LOSSES = {"softmax_cross_entropy": "SoftmaxCrossEntropy", "mse": "MSE"}
AT_ONCE = 1024  # samples that are evaluated together: what a convolution keeps of them must fit into memory


def make_network(
    config: RunConfig,
    namespace: Mapping[str, object],
    optimizer_namespace: Mapping[str, object] | None,
    seed: int | np.random.SeedSequence,
    host: Host = NUMPY,
) -> Network:
    """Make the network of a run from the names of the learner's file, and of the file of their optimiser.

    `seed` is for what is drawn here: our layers' weights, masks of dropout. The learner's classes draw from NumPy's
    global state, which the worker has seeded. RunError is a sentence about what their file lacks.
    """
    if config.train is None or config.architecture is None:
        raise RunError("This run says nothing about its network.", "", "Start it anew.")
    rng = np.random.default_rng(seed)
    if config.train.kind == "network":
        from tutor.training.networks.whole import WholeNetwork

        network: Network = WholeNetwork(config, namespace, rng, host)
    else:
        network = Stack(config, namespace, rng, host)
    network.choose_optimizer(config.optimizer, config.lr, optimizer_namespace or {})
    return network


class Gradients(Mapping[str, Array]):
    """The gradients that the learner's objects hold, read when asked for: most steps ask for none."""

    def __init__(self, read: Callable[[], dict[str, Any]], names: Iterable[str], host: Host) -> None:
        self.read = read  # all of them, where the network computes
        self._names, self._host = tuple(names), host

    def __getitem__(self, name: str) -> Array:
        return self._host.get(self.read()[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class Network(ABC):
    """What stacked and whole networks have in common: parameters, gradients, the step, evaluation.

    What a step calls are attributes, put together once, so that next to nothing stands between the loop and the
    learner's methods.
    """

    forward: Callable[[Any], Any]
    loss: Callable[[Any, Any], tuple[float, Any]]
    backward: Callable[[Any], Mapping[str, Array]]
    step: Callable[[float], None]

    def __init__(self, config: RunConfig, host: Host) -> None:
        assert config.architecture is not None and config.train is not None
        self.architecture: Architecture = config.architecture
        self._train: Train = config.train
        self.host, self.dtype = host, config.dtype
        classes = self.architecture.layers[-1].n_out[-1]
        self._one_hot = np.eye(classes, dtype=config.dtype) if self.architecture.loss == "mse" else None
        self._criterion = host.textbook(LOSSES[self.architecture.loss])().forward
        self._gradients: Gradients | None = None  # where they are is known after the first backward pass
        self.loss = self._our_loss
        self.backward = self._first_backward
        self._read: Callable[[], dict[str, Any]]
        self._write: Callable[[Mapping[str, Any]], None]
        self._optimizer: Ours | Yours | None = None
        self._x: Any = None  # the batch at hand, for those who go over it once more
        self._targets: Any = None

    # ── Trainable ────────────────────────────────────────────────────────────────────────────────────────────────────

    def place(self, x: Array, labels: Array) -> tuple[Any, Any]:
        """Give samples as rows of the run's dtype, and labels, or their one-hot rows for the squared error."""
        targets = labels if self._one_hot is None else self._one_hot[labels]
        return self.host.put(flat(x).astype(self.dtype)), self.host.put(targets)

    def params(self) -> dict[str, Array]:
        """Return the parameters by name; see Trainable."""
        values = self._read()
        return values if self.host is NUMPY else {name: self.host.get(value) for name, value in values.items()}

    @abstractmethod
    def check_first_pass(self, x: Array, labels: Array) -> None:
        """Walk one batch forward and backward and check every shape; see Trainable."""

    def evaluate(self, x: Any, targets: Any) -> Evaluation:
        """Measure the network as it is used, on so many samples at once as memory allows; see Trainable."""
        outputs: list[Array] = []
        alive: list[Any] = []
        total = 0.0
        with self._used():
            for at in range(0, len(x), AT_ONCE):
                part = 1 * x[at : at + AT_ONCE]  # a copy: a forward may write into its x
                output, active = self._seen(part)
                loss, _ = self.loss(output, targets[at : at + AT_ONCE])
                total += loss * len(part)
                outputs.append(self.host.get(output))
                alive = active if not alive else [a | b for a, b in zip(alive, active, strict=True)]
        return Evaluation(total / len(x), np.concatenate(outputs), [float((~active).mean()) for active in alive])

    def roots(self) -> dict[str, object]:
        """Name the objects that hold the state; see Trainable."""
        return self._optimizer.roots() if self._optimizer is not None else {}

    def find_non_finite(self, x: Any, targets: Any) -> str:
        """Say where the first number that is not finite came from; see Trainable."""
        for name, value in self.params().items():
            if not np.isfinite(value).all():
                return f"the update of {name}, a step before"
        output, where = self._first_non_finite(x)
        if where:
            return where
        loss, grad = self.loss(output, targets)
        if not np.isfinite(loss):
            return "the loss: the forward pass is finite"
        gradients = self.backward(grad)
        for name in reversed([*gradients]):
            if not np.isfinite(gradients[name]).all():
                return f"the backward pass: the gradient of {name}"
        return "nowhere: the forward pass, the loss and every gradient are finite now"

    def lockstep(self) -> None:  # noqa: B027, most networks have nothing beside them
        """Nothing runs beside it; see Trainable."""

    def first_divergence(self) -> str:
        """Nothing runs beside it; see Trainable."""
        return ""

    # ── for those that derive ────────────────────────────────────────────────────────────────────────────────────────

    def choose_optimizer(self, optimizer: Optimizer, lr: float, namespace: Mapping[str, object]) -> None:
        """Settle what moves the parameters."""
        if optimizer.owner == "layer":
            self.step = each(self._updates_of(self._train.update))
        elif optimizer.owner == "yours":
            self._optimizer = Yours(optimizer, lr, namespace, list(self._places))
            self.step = self._step_of_yours(self._optimizer)
            if optimizer.drive is not None and optimizer.drive.gradient == "function":
                self._remember_batches()
        else:
            self._optimizer = Ours(optimizer, lr, self.host)

    def _our_loss(self, output: Any, targets: Any) -> tuple[float, Any]:
        loss, grad = self._criterion(output, targets)
        return float(loss), grad

    def _step_of_yours(self, optimizer: Yours) -> Callable[[float], None]:
        def step(lr: float) -> None:
            assert self._gradients is not None, "a step comes after a backward pass"
            new = optimizer.step(lr, self._read(), self._gradients.read(), self._gradients_at)
            if new:
                self._write(new)

        return step

    def _remember_batches(self) -> None:
        forward, loss = self.forward, self.loss

        def remembering(x: Any) -> Any:
            self._x = x
            return forward(x)

        def remembering_targets(output: Any, targets: Any) -> tuple[float, Any]:
            self._targets = targets
            return loss(output, targets)

        self.forward, self.loss = remembering, remembering_targets

    def _locate(self, places: Mapping[str, str], transposed: Iterable[str], scope: Scope) -> None:
        """Remember where the parameters are, and which of them are held the other way round."""
        self._transposed, self._scope = frozenset(transposed), scope
        self._places = self._in_our_layout(places)
        self._read = reader(self._places, scope)
        self._write = writer(places, self._transposed, scope)
        values = {name: self.host.get(value) for name, value in self._read().items()}
        other = {name: value for name, value in values.items() if value.dtype != self.dtype}
        self._write({name: self.host.put(value.astype(self.dtype)) for name, value in other.items()})

    def _hold(self, places: Mapping[str, str]) -> Gradients:
        """Remember where the gradients are; from now on a step reads them there."""
        found = self._in_our_layout({name: places[name] for name in self._places})
        self._gradients = Gradients(reader(found, self._scope), found, self.host)
        if isinstance(self._optimizer, Ours):
            self.step = self._optimizer.stepping(self._places, found, self._scope)
        return self._gradients

    def _in_our_layout(self, places: Mapping[str, str]) -> dict[str, str]:
        return {name: f"{place}.T" if name in self._transposed else place for name, place in places.items()}

    def _check_gradients(self, gradients: Gradients) -> None:
        """Check that every gradient has the shape of its parameter."""
        found = gradients.read()
        for name, parameter in self._read().items():
            check_array(f"The gradient of {name} is", found[name], tuple(parameter.shape), self.host)

    @abstractmethod
    def _first_backward(self, grad: Any) -> Gradients:
        """Go backward for the first time, and settle where the gradients are."""

    @abstractmethod
    def _updates_of(self, method: str) -> list[Callable[[float], object]]: ...

    @abstractmethod
    def _used(self) -> AbstractContextManager[object]: ...

    @abstractmethod
    def _seen(self, x: Any) -> tuple[Any, list[Any]]:
        """Go forward; for each ReLU say which of its units are above zero for some sample."""

    @abstractmethod
    def _first_non_finite(self, x: Any) -> tuple[Any, str]: ...

    def _gradients_at(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return the gradients of the batch at hand with these parameters in place of the present ones."""
        present = self._read()
        self._write({name: params[name] for name in present})
        _, grad = self.loss(self.forward(self._x), self._targets)
        self.backward(grad)
        assert self._gradients is not None
        found = {name: 1 * value for name, value in self._gradients.read().items()}
        self._write(present)
        return found


class Stack(Network):
    """Layers in a row, the learner's among ours, with our loss."""

    def __init__(
        self, config: RunConfig, namespace: Mapping[str, object], rng: np.random.Generator, host: Host
    ) -> None:
        super().__init__(config, host)
        train, self._rng = self._train, rng
        self.units = [make_unit(layer, train, namespace, host, rng, config.dtype) for layer in self.architecture.layers]
        self._check_initial()
        scope: Scope = {"_at": at, **{f"layer{i}": unit.made for i, unit in enumerate(self.units)}}
        scope |= {f"unit{i}": unit for i, unit in enumerate(self.units)}
        named = [(i, unit, own, name) for i, unit in enumerate(self.units) for own, name in unit.layer.params.items()]
        self._locate(
            {name: bound(unit.places[own], {"layer": f"layer{i}"}) for i, unit, own, name in named},
            [name for _, unit, own, name in named if own in unit.transposed],
            scope,
        )
        first = next(i for i, unit in enumerate(self.units) if unit.layer.params)  # nobody asks for gradients below it
        self._with_gradients = self.units[first:]
        self.forward = chain([unit.forward for unit in self.units])

    def check_first_pass(self, x: Array, labels: Array) -> None:
        """Walk one batch through every layer and check every shape; see Trainable."""
        values, targets = self.place(x, labels)
        for unit in self.units:
            values = unit.forward(values)
            if unit.layer.yours:
                check_array("Your forward returns", values, (len(x), *unit.layer.n_out), self.host)
        _, grad = self.loss(values, targets)
        self._check_gradients(self._first_backward(grad))

    def _first_backward(self, grad: Any) -> Gradients:
        """Go backward, check what comes back, and settle where each gradient is kept."""
        n, found = len(grad), dict[str, str]()
        for unit in reversed(self._with_gradients):
            i = self.units.index(unit)
            grad = unit.first_backward(grad)
            if unit.layer.yours and unit.layer.kind != "embedding":
                check_array("Your backward returns", grad, (n, *unit.layer.n_in), self.host)
            names = {"layer": f"layer{i}", "unit": f"unit{i}", "returned": f"unit{i}.returned"}
            found |= {name: bound(unit.gradients[own][0], names) for own, name in unit.layer.params.items()}
        gradients = self._hold(found)
        self.backward = chain([unit.backward for unit in reversed(self._with_gradients)], gradients)
        return gradients

    def roots(self) -> dict[str, object]:
        """See Network."""
        layers = {f"layer{i}": unit.made for i, unit in enumerate(self.units, 1)}
        return {**layers, **super().roots(), "generator": self._rng}

    def _used(self) -> ExitStack:
        stack = ExitStack()
        for unit in self.units:
            stack.enter_context(unit.used())
        return stack

    def _seen(self, x: Any) -> tuple[Any, list[Any]]:
        alive = []
        for unit in self.units:
            x = unit.forward(x)
            if unit.layer.kind == "relu":
                alive.append((self.host.get(x) > 0).any(axis=0))
        return x, alive

    def _first_non_finite(self, x: Any) -> tuple[Any, str]:
        number = 0
        for unit in self.units:
            x = unit.forward(x)
            number += bool(unit.layer.params)
            if not np.isfinite(self.host.get(x)).all():
                owner = "your" if unit.layer.yours else "our"
                place = f"layer {number}" if unit.layer.params else f"what stands behind layer {number}"
                return x, f"the forward pass of {place}, {owner} {unit.owner}"
        return x, ""

    def _check_initial(self) -> None:
        for unit in self.units:
            if isinstance(unit, YourLayer):
                sizes = ", ".join(str(size) for size in (unit.layer.n_in[0], unit.layer.n_out[0]))
                unit.check_initial(f"{unit.owner}({sizes})")

    def _updates_of(self, method: str) -> list[Callable[[float], object]]:
        units = [unit for unit in self.units if unit.layer.yours and unit.layer.params]
        for unit in units:
            check_methods(unit.made, unit.owner, (method,))
        return [getattr(unit.made, method) for unit in units]
