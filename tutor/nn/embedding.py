"""The embedding: a table with one row of learnt numbers per token, in which tokens are looked up.

    forward     Y[..., :] = W[tokens[...], :]

    backward    grad_W[t, :] = sum of G[..., :] over all places where tokens is t       G is dL/dY

The shapes, for tokens of any shape, such as (N,) or (N, T), and D features:

    tokens  (...), whole numbers from 0 to n_tokens - 1      Y, G  (..., D)      W, grad_W  (n_tokens, D)

Looking up row t is the product of a one-hot row with W, so this is the linear layer's X.T @ G without the zeros. A
token that comes three times has used its row three times, and gets three gradients, added; one that does not come
gets zero.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]  # float64, float32, or complex128 under the complex step
Tokens = NDArray[np.integer[Any]]


class Embedding:
    """A row of `W` for every token.

    Parameter: `W` (n_tokens, n_features). After `backward` the layer holds `grad_W`, of the same shape. `W` may be
    replaced from outside, in any float dtype.

    Source: Bengio, Ducharme, Vincent and Jauvin, "A neural probabilistic language model" (2003), section 2.
    """

    def __init__(self, n_tokens: int, n_features: int, rng: np.random.Generator | None = None) -> None:
        """Draw `W` from the standard normal distribution: nothing is summed here that could grow."""
        if rng is None:
            rng = np.random.default_rng()
        self.W: Array = rng.normal(size=(n_tokens, n_features))

    def forward(self, tokens: Tokens) -> Array:
        """Map tokens, of any shape, to their rows (..., n_features), and keep the tokens.

        Raises IndexError where a token is negative, n_tokens or more, or no whole number.
        """
        if (tokens < 0).any():
            # NumPy would count from the end and return the row of another token without a word.
            raise IndexError(f"there is a token {tokens.min()}; tokens go from 0 to {len(self.W) - 1}")
        self.tokens = tokens  # which row went where: all that backward needs
        rows: Array = self.W[tokens]
        return rows

    def backward(self, grad_output: Array) -> None:
        """Take dL/d(output) (..., n_features) and set `grad_W`; tokens are not numbers to move, so none is returned.

        An AttributeError for `tokens` means that no forward pass came before.
        """
        self.grad_W = np.zeros(self.W.shape, grad_output.dtype)
        # `grad_W[tokens] = G` would keep one gradient per token, the last. `grad_W[tokens] += G` would too: it means
        # `grad_W[tokens] = grad_W[tokens] + G`, which reads the zeros of all places first and then writes each place
        # over the one before. np.add.at goes through the places one by one, so that a repeated token adds up.
        np.add.at(self.grad_W, self.tokens, grad_output)
