"""The learner's NumPy and PyTorch side by side: who differs, by how much, and from which step on.

The learner's network trains. Before each of its steps a twin takes the learner's parameters and goes through the same
batch: at equal weights, loss and gradients must be equal up to rounding. A second twin, from the same start and on the
same batches, is left to itself; its loss is drawn beside the learner's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray
from torch import Tensor

from tutor.training.model import RunConfig
from tutor.training.torch_side.judge import Judge
from tutor.training.torch_side.twin import Namespaces, Twin, make_learners
from tutor.training.trainable import Evaluation, Trainable

Array = NDArray[Any]


class Both:
    """Samples, or targets, in two places: as the learner's network takes them, and as PyTorch does.

    Nothing is shared: a learner's code may write into what it is given.
    """

    def __init__(self, ours: Any, theirs: Tensor) -> None:
        self.ours, self.theirs = ours, theirs

    def __getitem__(self, index: Any) -> Both:
        return Both(self.ours[index], self.theirs[index])

    def __len__(self) -> int:
        return len(self.theirs)


def make_network(config: RunConfig, sources: Mapping[str, str], seed: int) -> Lockstep:
    """See the face of this room."""
    return Lockstep(config, *make_learners(config, sources, seed))


class Lockstep:
    """The learner's network in training, with a twin that judges every step and one that runs free; see Trainable."""

    def __init__(self, config: RunConfig, learners: Trainable, namespaces: Namespaces = ()) -> None:
        """Take the learner's network before its first step; RunError where it has no twin."""
        self.namespaces = namespaces  # of the learner's files, for a checkpoint
        self._learners = learners
        self._judge = Judge(config, learners)
        self._free = Twin(config, learners)
        self._x: Both | None = None  # of the step under way
        self._targets: Both | None = None
        self._loss = float("nan")
        self._differences = (float("nan"), float("nan"))
        self._free_loss = float("nan")

    def check_first_pass(self, x: Array, labels: Array) -> None:
        """See Trainable."""
        self._learners.check_first_pass(x, labels)
        self._free.check_first_pass(x, labels)

    def place(self, x: Array, labels: Array) -> tuple[Both, Both]:
        """See Trainable."""
        ours, our_targets = self._learners.place(x, labels)
        theirs, their_targets = self._free.place(x, labels)
        return Both(ours, theirs), Both(our_targets, their_targets)

    def forward(self, x: Both) -> Any:
        """Go forward in both, and return the learner's output; see Trainable."""
        self._judge.take_weights()
        output = self._learners.forward(x.ours)
        self._judge.forward(x.theirs, output)
        self._x = x
        return output

    def loss(self, output: Any, targets: Both) -> tuple[float, Any]:
        """Return the learner's; see Trainable."""
        self._loss, grad = self._learners.loss(output, targets.ours)
        self._targets = targets
        return self._loss, grad

    def backward(self, grad: Any) -> Mapping[str, Array]:
        """Go back in both and compare, before the learner's update can touch a gradient; see Trainable."""
        gradients = self._learners.backward(grad)
        assert self._targets is not None
        self._differences = self._judge.compare(self._loss, self._targets.theirs, gradients)
        return gradients

    def step(self, lr: float) -> None:
        """Let the free twin take a step of its own, and update the learner's network by its own optimizer."""
        assert self._x is not None and self._targets is not None
        free = self._free
        free.take_masks(self._learners)
        self._free_loss, loss = free.loss(free.forward(self._x.theirs), self._targets.theirs)
        free.backward(loss)
        free.step(lr)
        self._learners.step(lr)

    def params(self) -> dict[str, Array]:
        """Return the learner's; see Trainable."""
        return self._learners.params()

    def evaluate(self, x: Both, targets: Both) -> Evaluation:
        """Measure the learner's network; see Trainable."""
        return self._learners.evaluate(x.ours, targets.ours)

    def roots(self) -> dict[str, object]:
        """Return the learner's, with what the two twins hold beside; see Trainable."""
        free = {f"free.{name}": root for name, root in self._free.roots().items()}
        judge = {"judge.network": self._judge.network.modules, "judge.memory": self._judge.memory}
        return {**self._learners.roots(), **free, **judge}

    def find_non_finite(self, x: Both, targets: Both) -> str:
        """Look into the learner's network; see Trainable."""
        return self._learners.find_non_finite(x.ours, targets.ours)

    def lockstep(self) -> tuple[float, float, float]:
        """See Trainable."""
        return (*self._differences, self._free_loss)

    def first_divergence(self) -> str:
        """See Trainable."""
        return self._judge.sentence
