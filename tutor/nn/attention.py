"""Self-attention: every place of a sequence looks at all places and takes a weighted mean of what they have to say.

    forward     Q = X @ W_q      K = X @ W_k      V = X @ W_v       what is asked for, what is offered, what is said
                S = Q @ K.T / sqrt(H)                               scores: place t asks place u
                P = softmax of S along each row                     weights: each row sums to 1
                C = P @ V                                           context: the weighted mean
                Y = C @ W_o

    backward    grad_W_o = C.T @ G                                  G is dL/dY
                grad_C   = G @ W_o.T
                grad_P   = grad_C @ V.T                             C is a product: each factor's gradient
                grad_V   = P.T @ grad_C                             is made with the other factor
                grad_S   = P * (grad_P - row sum of grad_P * P)     softmax: raising one weight lowers the rest
                grad_Q   = grad_S @ K / sqrt(H)
                grad_K   = grad_S.T @ Q / sqrt(H)
                grad_W_q = X.T @ grad_Q, and grad_W_k and grad_W_v alike
                grad_X   = grad_Q @ W_q.T + grad_K @ W_k.T + grad_V @ W_v.T

The shapes, with N sequences of T places, D features and a head of H dimensions; products and .T act on the last two
axes, and the gradients of the weight matrices are summed over the N sequences as well:

    X, Y, G   (N, T, D)       S, P  (N, T, T), asking place first      W_q, W_k, W_v  (D, H)
    Q, K, V, C  (N, T, H)                                              W_o            (H, D)

With a causal mask place t sees the places up to t alone: the later weights are 0, and so are their scores' gradients.

The scores are divided by sqrt(H) because a sum of H products of random numbers grows like that, and a softmax of large
scores is nearly one-hot, where its gradient is nearly 0.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]  # float64, float32, or complex128 under the complex step


def softmax(scores: Array, visible: NDArray[np.bool_]) -> Array:
    """Return the softmax along the last axis over what is visible, and 0 elsewhere; each row has something visible."""
    hidden_away = np.where(visible, scores, -np.inf)  # exp(-inf) is 0: the same as leaving the entry out of the sum
    # Adding a constant to a row changes nothing; with the largest visible score at 0, no exp can overflow.
    e = np.exp(hidden_away - hidden_away.max(axis=-1, keepdims=True))
    weights: Array = e / e.sum(axis=-1, keepdims=True)
    return weights


def transpose(a: Array) -> Array:
    """Return a (N, rows, columns) with the last two axes exchanged: the .T of each matrix in the batch."""
    return a.swapaxes(-1, -2)


def product_over_places(a: Array, b: Array) -> Array:
    """Return a.T @ b summed over the batch: a (N, T, A) and b (N, T, B) give (A, B).

    A weight matrix serves every place of every sequence, so all N * T of them are rows of one tall matrix.
    """
    product: Array = a.reshape(-1, a.shape[-1]).T @ b.reshape(-1, b.shape[-1])
    return product


class SelfAttention:
    """Scaled dot-product attention of a sequence to itself, with one head and no biases.

    Parameters: `W_q`, `W_k`, `W_v` (n_features, n_head_dim) and `W_o` (n_head_dim, n_features). After `forward` the
    layer holds `q`, `k`, `v`, `scores` (before the mask), `weights` and `context`; after `backward` the gradient of
    each of these and of each parameter, named with grad_ in front and of the same shape. The parameters may be replaced
    from outside, in any float dtype, and `causal` may be changed between passes.

    Source: Vaswani et al., "Attention is all you need" (2017), equation 1.
    """

    def __init__(
        self, n_features: int, n_head_dim: int, causal: bool = False, rng: np.random.Generator | None = None
    ) -> None:
        """Draw each matrix from a normal distribution of variance 1 / (its number of rows).

        This variance keeps the size of the signal through a linear map: LeCun, Bottou, Orr and Müller, "Efficient
        BackProp" (1998), section 4.6. `causal` hides from each place the places after it.
        """
        if rng is None:
            rng = np.random.default_rng()
        self.causal = causal
        self.W_q: Array = rng.normal(0.0, math.sqrt(1 / n_features), size=(n_features, n_head_dim))
        self.W_k: Array = rng.normal(0.0, math.sqrt(1 / n_features), size=(n_features, n_head_dim))
        self.W_v: Array = rng.normal(0.0, math.sqrt(1 / n_features), size=(n_features, n_head_dim))
        self.W_o: Array = rng.normal(0.0, math.sqrt(1 / n_head_dim), size=(n_head_dim, n_features))

    def forward(self, x: Array) -> Array:
        """Map x (N, T, n_features) to the output of the same shape, and keep every step of the way."""
        self.x = x
        self.q = x @ self.W_q
        self.k = x @ self.W_k
        self.v = x @ self.W_v
        # math.sqrt gives a Python number; NumPy's would be a float64 and turn float32 scores into float64.
        self.scores = self.q @ transpose(self.k) / math.sqrt(self.W_q.shape[1])
        visible = np.ones(self.scores.shape[-2:], dtype=bool)
        if self.causal:
            visible = np.tril(visible)  # row t (who asks) is True in the columns 0 to t (who is asked)
        self.weights = softmax(self.scores, visible)
        self.context = self.weights @ self.v
        out: Array = self.context @ self.W_o
        return out

    def backward(self, grad_output: Array) -> Array:
        """Take dL/d(output) (N, T, n_features), set all gradients, and return dL/dx of the same shape.

        An AttributeError for `context` means that no forward pass came before.
        """
        self.grad_W_o = product_over_places(self.context, grad_output)
        self.grad_context = grad_output @ self.W_o.T

        self.grad_weights = self.grad_context @ transpose(self.v)
        self.grad_v = transpose(self.weights) @ self.grad_context  # place u spoke to every t, so it gathers over them

        # A row of weights sums to 1, so a gradient that is the same for all of them can move nothing: what counts is
        # how far each is above the row's weighted mean. A hidden place has weight 0, and with it gradient 0.
        weighted_mean = (self.grad_weights * self.weights).sum(axis=-1, keepdims=True)
        self.grad_scores = self.weights * (self.grad_weights - weighted_mean)

        grad_products = self.grad_scores / math.sqrt(self.W_q.shape[1])
        self.grad_q = grad_products @ self.k
        self.grad_k = transpose(grad_products) @ self.q

        self.grad_W_q = product_over_places(self.x, self.grad_q)
        self.grad_W_k = product_over_places(self.x, self.grad_k)
        self.grad_W_v = product_over_places(self.x, self.grad_v)
        # x went three ways, as asker, as asked and as speaker, and its gradients come back along all three.
        grad_input: Array = self.grad_q @ self.W_q.T + self.grad_k @ self.W_k.T + self.grad_v @ self.W_v.T
        return grad_input
