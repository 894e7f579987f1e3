"""Clipping: a limit for gradients, so that one bad batch cannot throw the parameters far away.

    by value    g <- min(max(g, -limit), limit)                 every entry by itself
    by norm     norm = sqrt(sum of all g * g)                   over all parameters together
                g <- g * max_norm / norm    where norm > max_norm, else as it is

By norm the gradient keeps its direction and only becomes shorter; by value its direction changes, since the largest
entries are cut and the others are not. A norm per parameter would change the direction too: hence one for all.

PyTorch's `clip_grad_norm_` divides by norm + 1e-6; the norm after clipping is then a little below max_norm.

Source: Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent neural networks" (2013), algorithm 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]  # float64 or float32


def clip_by_value(grads: Mapping[str, Array], limit: float) -> None:
    """Bring every entry of every gradient into [-limit, limit], in place."""
    for g in grads.values():
        np.clip(g, -limit, limit, out=g)


def clip_by_norm(grads: Mapping[str, Array], max_norm: float) -> float:
    """Shorten all gradients together to a norm of at most `max_norm`, in place, and return the norm they had.

    Raises ValueError where the norm is not finite: such a gradient has no direction that could be kept.
    """
    norm = float(np.sqrt(sum(float(np.sum(np.square(g, dtype=np.float64))) for g in grads.values())))
    if not np.isfinite(norm):
        raise ValueError(f"the norm of the gradients is {norm}: there is nothing to clip it to")
    if norm > max_norm:  # never the other way: a small gradient is not made longer
        for g in grads.values():
            g *= max_norm / norm
    return norm
