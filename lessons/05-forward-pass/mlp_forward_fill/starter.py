# The forward pass of a network with two hidden
# layers: make the outputs, and keep what the way
# back will ask for. Replace each `...`.
#
# `backward` is finished and right: read what it
# wants from the cache, and leave it as it is. Your
# outputs are judged layer by layer, and then the
# gradients that backward makes of *your* cache.
# Between your forward and its backward another
# batch goes forward: each call needs a cache of
# its own.
#
# N samples; params holds W1, b1, W2, b2, W3, b3.

import numpy as np


def sigmoid(z):
    """Return 1 / (1 + exp(-z)), safe for any z."""
    return 0.5 * (1.0 + np.tanh(0.5 * z))


def silu(z):
    """The bend of layer 1: z * sigmoid(z)."""
    return z * sigmoid(z)


def silu_slope(z):
    """The slope of silu, taken at z."""
    s = sigmoid(z)
    return s + z * s * (1.0 - s)


def forward(x, params):
    """Take x (N, n_in) through three layers.

    Layer 1  linear with W1, b1, then silu    (N, n1)
    Layer 2  linear with W2, b2, then tanh    (N, n2)
    Layer 3  linear with W3, b3               (N, n_out)

    Returns (a1, a2, out) and the cache.
    """
    z1 = ...  # BLANK 1: linear step of layer 1, (N, n1)
    a1 = ...  # BLANK 2: output of layer 1, (N, n1)
    z2 = ...  # BLANK 3: linear step of layer 2, (N, n2)
    a2 = ...  # BLANK 4: output of layer 2, (N, n2)
    out = ...  # BLANK 5: output of layer 3, (N, n_out)
    cache = {
        "into_W1": ...,  # BLANK 6: what W1 met
        "silu_at": ...,  # BLANK 7: what silu_slope takes
        "into_W2": ...,  # BLANK 8: what W2 met
        "tanh_gave": ...,  # BLANK 9: the a of 1 - a**2
        "into_W3": ...,  # BLANK 10: what W3 met
    }
    return (a1, a2, out), cache


def backward(grad_out, params, cache):
    """Finished; do not change it.

    grad_out (N, n_out). Returns all gradients by name.
    """
    grads = {}
    grads["W3"] = cache["into_W3"].T @ grad_out
    grads["b3"] = grad_out.sum(axis=0)
    grad_a2 = grad_out @ params["W3"].T

    grad_z2 = grad_a2 * (1 - cache["tanh_gave"] ** 2)
    grads["W2"] = cache["into_W2"].T @ grad_z2
    grads["b2"] = grad_z2.sum(axis=0)
    grad_a1 = grad_z2 @ params["W2"].T

    grad_z1 = grad_a1 * silu_slope(cache["silu_at"])
    grads["W1"] = cache["into_W1"].T @ grad_z1
    grads["b1"] = grad_z1.sum(axis=0)
    grads["x"] = grad_z1 @ params["W1"].T
    return grads
