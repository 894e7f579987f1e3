"""What a training loop needs of a network, whoever computes it: the learner's NumPy, PyTorch, or both in lockstep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from msgspec import Struct
from numpy.typing import NDArray

Array = NDArray[Any]


class Evaluation(Struct, frozen=True, eq=False):
    """What a network makes of samples that it is not trained on at this moment."""

    loss: float
    output: Array  # (N, classes), on the host
    dead: list[float]  # per ReLU: the share of its units that are zero for every sample


class Trainable(Protocol):
    """A network that can be trained by steps of gradient descent.

    Samples, targets, outputs and gradients are NumPy arrays or tensors on a device: only the network itself looks into
    them. What the protocol calls Array is NumPy's, on the host.
    """

    def check_first_pass(self, x: Array, labels: Array) -> None:
        """Walk one batch forward and backward and check every shape; RunError is a sentence for the learner."""

    def place(self, x: Array, labels: Array) -> tuple[Any, Any]:
        """Put samples (N, ...) and labels (N,) where the network computes, as what `forward` and `loss` take.

        Both can be indexed by an array of whole numbers and sliced.
        """

    def forward(self, x: Any) -> Any:
        """Map x (N, ...) to the output (N, classes)."""

    def loss(self, output: Any, targets: Any) -> tuple[float, Any]:
        """Return the loss and its gradient with respect to the output (N, classes)."""

    def backward(self, grad: Any) -> Mapping[str, Array]:
        """Take dL/d(output) and return the gradient of every parameter, by the names of `params`, read when asked."""

    def step(self, lr: float) -> None:
        """Move every parameter against its gradient of the last backward pass."""

    def params(self) -> dict[str, Array]:
        """Return the parameters by name in the order of the forward pass: W1, b1, W2, ...; not to be written to."""

    def evaluate(self, x: Any, targets: Any) -> Evaluation:
        """Measure the network on placed samples, as it is used and not as it is trained (dropout off)."""

    def roots(self) -> dict[str, object]:
        """Name the objects whose attributes are all that a checkpoint must hold: layers, optimizer, generators."""

    def find_non_finite(self, x: Any, targets: Any) -> str:
        """Say where the first number that is not finite came from, for a sentence: "the forward pass of layer 2"."""

    def lockstep(self) -> tuple[float, float, float] | None:
        """Return (loss_difference, gradient_difference, free_loss) of the last step, as in twin.bin; else None."""

    def first_divergence(self) -> str:
        """Say what is not PyTorch's, after the first step of a run in lockstep that differs; "" after every other."""
