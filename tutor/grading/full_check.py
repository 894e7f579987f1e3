"""Every gradient of a small network by differences, hundreds of times faster than by a forward pass for each.

The network of lesson 14: x -> W1, b1 -> ReLU -> W2, b2 -> softmax and cross-entropy, a mean over the batch. At
784-128-10 it has 101,770 parameters, and central differences ask for the loss at two points for each of them. Four
observations make that cheap, and no derivative is among them: what is computed is the change of the loss, exactly.

1.  One weight moves one column. W1[i, j] + h adds h * x[:, i] to z1[:, j], and nothing to any other unit. So the logits
    of sample n change by t * W2[j, :], where t = h * x[n, i] if the unit is on, and 0 if it is off: a change of rank
    one, known without a matrix product. A bias is a weight whose input is 1.

2.  The new loss comes from the old probabilities. If the logits z change by d, then for a sample of class y

        new loss - old loss  =  log( sum over k of p[k] * exp(d[k] - d[y]) )
                             =  log1p( sum over k of p[k] * expm1(d[k] - d[y]) )         since p sums to 1

3.  Nothing cancels. The naive difference takes two losses near 2.3 from each other and is left with their last digits:
    rounding of 1e-16 becomes 1e-16 / h. Here the change itself is computed, and expm1 and log1p keep all digits of it
    however small it is. So h may be small, and the error of a central difference, about h^2, is below rounding.

4.  A unit must not pass its kink, where the loss has no derivative and a difference means nothing. Since h may be small
    for one unit and not for another, each gets a step that leaves all its z1[n, j] on their side of 0.

A sample and a few units are done at a time: what that needs fits into the cache of one core.

Source for what expm1 saves: Higham, "Accuracy and Stability of Numerical Algorithms" (2002), section 1.14.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Labels = npt.NDArray[np.integer[Any]]

STEP = 1e-6
_SMALLEST_STEP = 1e-100  # so near to a kink a unit counts as standing on it
_UNITS_AT_ONCE = 8


@dataclass(frozen=True)
class FullGradient:
    """Central differences for every parameter, and what became of the kinks."""

    W1: Array
    b1: Array
    W2: Array
    b2: Array
    step: float  # of all parameters but those of units near a kink
    smallest_step: float
    kinks_avoided: int  # parameters whose step would have carried a unit past its kink; its unit got a smaller one
    at_kink: int  # parameters that move a unit which stands at its kink: there it was kept off, as backward does

    @property
    def size(self) -> int:
        """The number of parameters checked."""
        return self.W1.size + self.b1.size + self.W2.size + self.b2.size


def full_gradient(
    x: Array, labels: Labels, W1: Array, b1: Array, W2: Array, b2: Array, step: float = STEP
) -> FullGradient:
    """Make all gradients of the network by central differences, each of a loss change without cancellation.

    x is (N, n_in), labels (N,), W1 (n_in, units), b1 (units,), W2 (units, classes), b2 (classes,), all in float64.
    Raises ValueError where an array has another type or shape.
    """
    _look_at(x, labels, W1, b1, W2, b2)
    x_and_1 = np.column_stack([x, np.ones(len(x))])  # a bias is a weight whose input is 1
    z1 = x @ W1 + b1
    a1_and_1 = np.column_stack([np.maximum(z1, 0), np.ones(len(x))])
    p = _softmax(a1_and_1[:, :-1] @ W2 + b2)
    steps, avoided, at_kink = _steps_beside_kinks(x_and_1, z1, step)
    grad_1 = _first_layer(x_and_1, z1 > 0, p, labels, W2, steps)
    grad_2 = _second_layer(a1_and_1, p, labels, step)
    return FullGradient(
        W1=grad_1[:-1], b1=grad_1[-1], W2=grad_2[:-1], b2=grad_2[-1],
        step=step, smallest_step=float(np.min(steps, initial=step)), kinks_avoided=avoided, at_kink=at_kink,
    )  # fmt: skip


def _first_layer(x_and_1: Array, on: npt.NDArray[np.bool_], p: Array, labels: Labels, W2: Array, steps: Array) -> Array:
    """The gradient by W1, with that by b1 as its last row; `steps` holds a step for each unit."""
    rise = np.zeros((W2.shape[0], x_and_1.shape[1]))  # loss(+h) - loss(-h), summed over the batch
    for inputs, units_on, q, y in zip(x_and_1, on, p, labels, strict=True):
        # A weight on an input of 0 changes nothing, and neither does one into a unit that is off.
        at, units = np.flatnonzero(inputs), np.flatnonzero(units_on)
        others = np.flatnonzero(np.arange(len(q)) != y)
        # How far the other logits move against that of the right class, for an input of 1.
        shift = steps[units, None] * (W2[np.ix_(units, others)] - W2[units, y, None])
        for some in range(0, len(units), _UNITS_AT_ONCE):
            block = slice(some, some + _UNITS_AT_ONCE)
            up = np.expm1(shift[block, :, None] * inputs[at])  # (units, classes - 1, inputs)
            down = up / (1 + up)  # -expm1(-u), and cheaper than to ask for it
            rise[np.ix_(units[block], at)] += np.log1p(q[others] @ up) - np.log1p(-(q[others] @ down))
    grad: Array = (rise / (2 * len(x_and_1) * steps[:, None])).T
    return grad


def _second_layer(a1_and_1: Array, p: Array, labels: Labels, step: float) -> Array:
    """The gradient by W2, with that by b2 as its last row."""
    right = np.arange(p.shape[1]) == labels[:, None]
    # One logit moves: a wrong class by t; or the right one, which is as if all the others moved by -t.
    moved = np.where(right, np.where(right, 0, p).sum(axis=1, keepdims=True), p)
    t = step * a1_and_1[:, :, None] * np.where(right, -1, 1)[:, None, :]  # (N, units + 1, classes)
    rise = np.log1p(moved[:, None, :] * np.expm1(t)) - np.log1p(moved[:, None, :] * np.expm1(-t))
    grad: Array = rise.sum(axis=0) / (2 * len(p) * step)
    return grad


def _steps_beside_kinks(x_and_1: Array, z1: Array, step: float) -> tuple[Array, int, int]:
    """A step for each unit that carries it past 0 in no sample, and how many parameters meet a kink beside or at it."""
    reach = np.abs(x_and_1).max(axis=1, keepdims=True)  # one weight moves z1 by the step times one input
    room = np.abs(z1) / (2 * reach)
    standing = room < _SMALLEST_STEP
    steps = np.minimum(step, np.where(standing, step, room).min(axis=0, initial=step))
    avoided = at_kink = 0
    for unit in np.flatnonzero((room < step).any(axis=0)):
        stands = standing[:, unit, None]
        passes = step * np.abs(x_and_1) >= np.abs(z1[:, unit, None])
        avoided += int((passes & ~stands).any(axis=0).sum())
        at_kink += int(((x_and_1 != 0) & stands).any(axis=0).sum())
    return steps, avoided, at_kink


def _softmax(logits: Array) -> Array:
    p: Array = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    return p


def _look_at(x: Array, labels: Labels, W1: Array, b1: Array, W2: Array, b2: Array) -> None:
    n, (n_in, units), classes = len(labels), W1.shape, b2.size
    for name, array, shape in (
        ("x", x, (n, n_in)), ("b1", b1, (units,)), ("W1", W1, (n_in, units)),
        ("W2", W2, (units, classes)), ("b2", b2, (classes,)),
    ):  # fmt: skip
        if array.shape != shape or array.dtype != np.float64:
            raise ValueError(f"{name} is {array.dtype} of shape {array.shape}; it has to be float64 of shape {shape}")
    if n == 0 or labels.dtype.kind not in "iu" or labels.min() < 0 or labels.max() >= classes:
        raise ValueError(f"labels have to be whole numbers from 0 to {classes - 1}, at least one")
