"""PyTorch's twin of the learner's network: the same initial weights, the same batches, and autograd for the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray
from torch import Tensor

from tutor.errors import RunError
from tutor.learner import load_module
from tutor.training.model import RunConfig
from tutor.training.networks.network import make_network as make_learners_network
from tutor.training.torch_side.network import make_twin_network
from tutor.training.torch_side.optimizers import make_optimizer, set_learning_rate
from tutor.training.trainable import Evaluation, Trainable

Array = NDArray[Any]


Namespaces = tuple[dict[str, object], ...]


def make_network(config: RunConfig, sources: Mapping[str, str], seed: int) -> Twin:
    """See the face of this room."""
    return Twin(config, *make_learners(config, sources, seed))


def make_learners(config: RunConfig, sources: Mapping[str, str], seed: int) -> tuple[Trainable, Namespaces]:
    """Make the learner's own network under NumPy, as a run without PyTorch does, and return the files' namespaces."""
    files = [config.challenge, *([config.optimizer.challenge] if config.optimizer.owner == "yours" else [])]
    namespaces = tuple(load_module(sources[f"{name}.py"], f"{name}.py") for name in files)
    return make_learners_network(config, namespaces[0], namespaces[1] if namespaces[1:] else None, seed), namespaces


class Twin:
    """The network in PyTorch, trained by PyTorch's optimizer of the same kind; see Trainable."""

    def __init__(self, config: RunConfig, like: Trainable, namespaces: Namespaces = ()) -> None:
        """Begin at the weights of `like`, and draw the masks that its dropout will draw."""
        self.namespaces = namespaces  # of the learner's files, for a checkpoint
        self._network = make_twin_network(config)
        self._network.take(like.params())
        self._network.share_draws(like)
        self._optimizer = make_optimizer(config.optimizer, self._network.tensors(), config.lr)

    def check_first_pass(self, x: Array, labels: Array) -> None:
        """See Trainable."""
        placed, targets = self.place(x, labels)
        output = self.forward(placed)
        expected = (len(x), self._network.classes)
        if tuple(output.shape) != expected:
            raise RunError(f"PyTorch's twin returns {tuple(output.shape)}.", f"It must be {expected}.")
        self.backward(self.loss(output, targets)[1])

    def take_masks(self, like: Trainable) -> None:
        """Drop in the next forward pass what `like` dropped in its last one."""
        self._network.take_masks(like)

    def place(self, x: Array, labels: Array) -> tuple[Tensor, Tensor]:
        """See Trainable."""
        return self._network.place(x, labels)

    def forward(self, x: Tensor) -> Tensor:
        """See Trainable."""
        return self._network.forward(x)

    def loss(self, output: Tensor, targets: Tensor) -> tuple[float, Tensor]:
        """Return the loss, and again as the tensor from which PyTorch goes back; see Trainable."""
        loss = self._network.loss(output, targets)
        return loss.item(), loss

    def backward(self, grad: Tensor) -> Mapping[str, Array]:
        """Go back from the loss's tensor; see Trainable."""
        return self._network.backward(grad)

    def step(self, lr: float) -> None:
        """See Trainable."""
        set_learning_rate(self._optimizer, lr)
        self._optimizer.step()

    def params(self) -> dict[str, Array]:
        """See Trainable."""
        return self._network.params()

    def evaluate(self, x: Tensor, targets: Tensor) -> Evaluation:
        """See Trainable."""
        return self._network.evaluate(x, targets)

    def roots(self) -> dict[str, object]:
        """See Trainable."""
        return {
            "network": self._network.modules,
            "optimizer": self._optimizer,
            "generator": [dropout.draws for dropout in self._network.dropouts.values()],
        }

    def find_non_finite(self, x: Tensor, targets: Tensor) -> str:
        """See Trainable."""
        return self._network.find_non_finite(x, targets)

    def lockstep(self) -> None:
        """A twin by itself has nobody beside it."""

    def first_divergence(self) -> str:
        """A twin by itself has nobody beside it."""
        return ""
