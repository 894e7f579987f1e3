"""A network: layers in a row, walked forward and then backward.

    forward     x -> layer 0 -> layer 1 -> ... -> output
    backward    dL/dx <- layer 0 <- layer 1 <- ... <- dL/d(output)

That is the whole of backpropagation: each layer knows the gradient of its own step, and the chain rule multiplies them
by handing each layer's grad_input to the layer below as its grad_output.

Source: Rumelhart, Hinton and Williams, "Learning representations by back-propagating errors" (1986).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from numpy.typing import NDArray

Array = NDArray[Any]  # float64, float32, or complex128 under the complex step

# What the layers of this book call their parameters; the gradient of each is its name with "grad_" in front.
PARAMETERS = ("W", "b", "gamma", "beta", "W_q", "W_k", "W_v", "W_o", "W_x", "W_h")


class Layer(Protocol):
    """Anything with a forward and a backward pass; one that learns also has parameters and their gradients."""

    def forward(self, x: Array, /) -> Array:
        """Map the input to the output, and keep what backward needs."""

    def backward(self, grad_output: Array, /) -> Array:
        """Turn the gradient of the output into that of the input, and keep those of the parameters."""


class Network:
    """Layers in a row; itself a layer, with the parameters of all of them."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        """Take the layers in the order of the forward pass."""
        self.layers = list(layers)

    def forward(self, x: Array) -> Array:
        """Map x (N, n_in) to the output of the last layer (N, n_out)."""
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, grad_output: Array) -> Array:
        """Take dL/d(output) (N, n_out) and return dL/dx (N, n_in); every layer then holds its gradients.

        The loss gives the first gradient; for a mean over the batch it carries the 1/N already.
        """
        grad = grad_output
        for layer in reversed(self.layers):  # the last layer first: the one below needs its grad_input
            grad = layer.backward(grad)
        return grad

    def params(self) -> dict[str, Array]:
        """Return the parameters themselves, not copies, as "0.W": the layer's place and the name there."""
        return {f"{i}.{name}": getattr(layer, name) for i, layer, name in self._learnable()}

    def grads(self) -> dict[str, Array]:
        """Return the gradients of the last backward pass under the names of `params`.

        An AttributeError for `grad_W` means that no backward pass came before.
        """
        return {f"{i}.{name}": getattr(layer, f"grad_{name}") for i, layer, name in self._learnable()}

    def _learnable(self) -> list[tuple[int, Layer, str]]:
        """Every (place, layer, name) that is learnt; a layer without parameters, such as ReLU, adds none."""
        return [(i, layer, name) for i, layer in enumerate(self.layers) for name in PARAMETERS if hasattr(layer, name)]
