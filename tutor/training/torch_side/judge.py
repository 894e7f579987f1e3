"""PyTorch at the learner's weights: how far a step is from what it should be, and what was the first to differ."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from tutor.training.model import DIFFERENT, RunConfig
from tutor.training.networks.network import Gradients
from tutor.training.torch_side.network import make_twin_network, on_host
from tutor.training.trainable import Trainable

Array = NDArray[Any]

# Of the largest gradient, of this step or the first: what is smaller than this share is measured against it. A sum that
# cancels, such as that of a bias in front of a batch norm, or p - y of a network that is sure, is rounding and no more.
FLOOR = 1e-2
PROPORTIONAL = 1e-6  # up to here a gradient is the right one times a number


class Judge:
    """A twin that takes the learner's weights before each step and goes through the same batch."""

    def __init__(self, config: RunConfig, learners: Trainable) -> None:
        """Judge the network of a run; RunError where it has no twin."""
        self._learners = learners
        self.network = make_twin_network(config)
        self._limit = DIFFERENT[config.dtype]
        self._output: Tensor | None = None
        self._learners_output: Array = np.empty(0)
        self._scratch = {name: np.empty_like(value) for name, value in self.network.params().items()}
        # What a checkpoint must hold: the sizes of the first step, and whether the first difference was told.
        self.memory: dict[str, float] = {"gradient": 0.0, "loss": 0.0, "told": 0.0}
        self.sentence = ""  # what differs in this step, where it is the first that differs

    def take_weights(self) -> None:
        """Take the learner's parameters, before their code can change one."""
        self.network.take(self._learners.params())

    def forward(self, x: Tensor, output: Array) -> None:
        """Go forward, after the learner's network did and returned `output`."""
        self.network.take_masks(self._learners)
        self._output = self.network.forward(x)
        self._learners_output = np.array(output)  # a copy: their loss or backward may write into it

    def compare(self, loss: float, targets: Tensor, gradients: Mapping[str, Array]) -> tuple[float, float]:
        """Return the differences of the loss and of the gradient that differs most, in [0, 1]; see TWIN in model.py."""
        assert self._output is not None
        expected_loss = self.network.loss(self._output, targets)
        expected = self.network.backward(expected_loss)
        ours = gradients.read() if isinstance(gradients, Gradients) else dict(gradients)
        theirs = dict(expected)
        with np.errstate(all="ignore"):  # what is not finite is different, and said so
            sizes = {name: _norm(value) for name, value in theirs.items()}
            largest, memory = max(sizes.values(), default=0.0), self.memory
            if not memory["gradient"]:
                memory["gradient"], memory["loss"] = largest, abs(loss)
            floor = FLOOR * max(largest, memory["gradient"])
            differences = {
                name: _difference(ours[name], theirs[name], scratch, size, floor)
                for (name, scratch), size in zip(self._scratch.items(), sizes.values(), strict=True)
            }
        right_loss = expected_loss.item()
        of_loss = _share(abs(loss - right_loss), abs(loss) + abs(right_loss) + FLOOR * memory["loss"])
        largest_difference = max(differences.values(), default=0.0)
        self.sentence = ""
        if not memory["told"] and max(of_loss, largest_difference) > self._limit:
            self.sentence = self._describe(of_loss, differences, ours, theirs)
            memory["told"] = 1.0
        return of_loss, largest_difference

    # ── what differs first ───────────────────────────────────────────────────────────────────────────────────────────

    def _describe(
        self, of_loss: float, differences: Mapping[str, float], ours: Mapping[str, Array], theirs: Mapping[str, Array]
    ) -> str:
        """Say what differs first in the order in which a step makes it: output, loss, gradients from the last layer."""
        assert self._output is not None
        at_equal = "at the same weights, on the same batch"
        output = on_host(self._output)
        apart, size = _norm(self._learners_output - output), _norm(self._learners_output) + _norm(output)
        if _share(apart, size) > self._limit:
            return f"Your forward pass does not return what PyTorch's does {at_equal}: look at forward first."
        if of_loss > self._limit:
            return f"Your loss is not PyTorch's {at_equal}, though the output is: look at how the loss is made."
        agreeing: tuple[str, ...] = ()
        for layer in reversed(self.network.layers):
            wrong = [name for name in layer.params.values() if differences[name] > self._limit]
            if wrong:
                subject = (
                    f"The gradients of {' and '.join(wrong)} are" if wrong[1:] else f"The gradient of {wrong[0]} is"
                )
                where = "Backward makes it first."
                if agreeing:
                    where = f"What backward makes before, for {' and '.join(agreeing)}, is right."
                return f"{subject} not PyTorch's {at_equal}. {_plain_relations(wrong, ours, theirs)}{where}"
            agreeing = tuple(layer.params.values()) or agreeing
        return ""


def _plain_relations(names: Sequence[str], ours: Mapping[str, Array], theirs: Mapping[str, Array]) -> str:
    """Say what each wrong gradient is to the right one, where that is plain."""
    found = [(name, relation) for name in names if (relation := _relation(ours[name], theirs[name]))]
    return "".join(f"That of {name} is {relation}. " for name, relation in found)


def _relation(got: Array, expected: Array) -> str:
    if got.shape != expected.shape or not np.isfinite(got).all() or not expected.any():
        return ""
    if not got.any():
        return "zero"
    factor = float(np.vdot(expected, got) / np.vdot(expected, expected))
    if _norm(got - factor * expected) <= PROPORTIONAL * _norm(got):
        return f"the right one times {factor:.6g}" + (f" (1/{1 / factor:.4g})" if 0 < factor < 1 else "")
    if got.ndim == 2 and got.shape[0] == got.shape[1] and _norm(got - expected.T) <= PROPORTIONAL * _norm(got):
        return "the right one transposed"
    return ""


def _difference(got: Array, expected: Array, scratch: Array, size: float, floor: float) -> float:
    """|got - expected| / (|got| + |expected| + floor) by norm; `size` is |expected|, `scratch` of its shape."""
    if got.shape != scratch.shape:
        return 1.0
    apart = _norm(np.subtract(got, expected, out=scratch))
    close = apart < 1e-3 * size  # then both are of one size: the second need not be measured
    return _share(apart, (size if close else _norm(got)) + size + floor)


def _share(apart: float, whole: float) -> float:
    """|a - b| / (|a| + |b| + floor): 0 when equal, near 1 when unrelated, 1 where one is not finite."""
    found = apart / whole if whole else 0.0
    return found if math.isfinite(found) else 1.0


def _norm(values: Array) -> float:
    flat = values.ravel("K")  # whatever the order: nothing is copied
    return math.sqrt(flat.dot(flat))
