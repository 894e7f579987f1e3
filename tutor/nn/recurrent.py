"""The recurrent layer: one step that is taken again and again along a sequence, handing its result to itself.

    forward     h = tanh(x @ W_x + h_prev @ W_h + b)            at each time t, with h_prev the h of time t - 1

    backward    grad_z      = grad_h * (1 - h * h)              z is what stands inside tanh
                grad_W_x    = x.T @ grad_z
                grad_W_h    = h_prev.T @ grad_z
                grad_b      = grad_z summed over the batch
                grad_x      = grad_z @ W_x.T
                grad_h_prev = grad_z @ W_h.T                    goes on to the step before

The shapes, with N sequences in the batch:

    x, grad_x                    (N, n_in)        W_x, grad_W_x  (n_in, n_hidden)
    h, h_prev, z, and gradients  (N, n_hidden)    W_h, grad_W_h  (n_hidden, n_hidden)      b, grad_b  (n_hidden,)

Over a whole sequence (backpropagation through time), two things are added up. The hidden state of time t goes two
ways, out as the output of time t and on to time t + 1, so its gradient is the sum of what comes back from both. And
one set of parameters serves every time step, so its gradient is the sum over them.

On its way back through T steps a gradient is multiplied by W_h.T and by a slope of tanh, T times: it tends to vanish or
to explode.
"""

from __future__ import annotations

from copy import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]  # float64, float32, or complex128 under the complex step


class RecurrentStep:
    """One step, h = tanh(x @ W_x + h_prev @ W_h + b).

    Parameters: `W_x` (n_in, n_hidden), `W_h` (n_hidden, n_hidden) and `b` (n_hidden,). After `backward` the layer holds
    `grad_W_x`, `grad_W_h` and `grad_b`, of the same shapes. The parameters may be replaced from outside, in any float
    dtype.

    Source: Elman, "Finding structure in time" (1990).
    """

    def __init__(self, n_in: int, n_hidden: int, rng: np.random.Generator | None = None) -> None:
        """Draw `W_x` and `W_h` from a normal distribution of variance 1 / (n_in + n_hidden), and set `b` to zero.

        Each unit sums n_in + n_hidden products, and this variance keeps the size of the signal: LeCun, Bottou, Orr and
        Müller, "Efficient BackProp" (1998), section 4.6.
        """
        if rng is None:
            rng = np.random.default_rng()
        spread = np.sqrt(1 / (n_in + n_hidden))
        self.W_x: Array = rng.normal(0.0, spread, size=(n_in, n_hidden))
        self.W_h: Array = rng.normal(0.0, spread, size=(n_hidden, n_hidden))
        self.b: Array = np.zeros(n_hidden)

    def forward(self, x: Array, h_prev: Array) -> Array:
        """Map x (N, n_in) and the state before, h_prev (N, n_hidden), to the state after, h (N, n_hidden)."""
        self.x = x
        self.h_prev = h_prev
        z: Array = x @ self.W_x + h_prev @ self.W_h + self.b
        self.h: Array = np.tanh(z)  # the slope of tanh is 1 - h * h: with h at hand, backward does not need z
        return self.h

    def backward(self, grad_h: Array) -> tuple[Array, Array]:
        """Take dL/dh (N, n_hidden), set the parameters' gradients, and return dL/dx and dL/dh_prev.

        grad_h must be whole: from the output of this step and from the step after, added. An AttributeError for `h`
        means that no forward pass came before.
        """
        grad_z: Array = grad_h * (1 - self.h * self.h)
        # Two linear maps whose outputs were added: each gets the same gradient.
        self.grad_W_x = self.x.T @ grad_z
        self.grad_W_h = self.h_prev.T @ grad_z
        self.grad_b = grad_z.sum(axis=0)
        grad_x: Array = grad_z @ self.W_x.T
        grad_h_prev: Array = grad_z @ self.W_h.T
        return grad_x, grad_h_prev


class Recurrent:
    """The step along whole sequences, with the same parameters at every time.

    Parameters: `W_x`, `W_h` and `b`, with `grad_W_x`, `grad_W_h` and `grad_b`, as in `RecurrentStep`. After `backward`
    there is `grad_h_0` (N, n_hidden) as well, the gradient of the state that the sequences began with.

    Source: Werbos, "Backpropagation through time: what it does and how to do it" (1990).
    """

    def __init__(self, n_in: int, n_hidden: int, rng: np.random.Generator | None = None) -> None:
        """Draw the parameters as a single step does."""
        self._step = RecurrentStep(n_in, n_hidden, rng)
        self.W_x, self.W_h, self.b = self._step.W_x, self._step.W_h, self._step.b

    def forward(self, x: Array, h_0: Array | None = None) -> Array:
        """Map x (N, T, n_in) to the states (N, T, n_hidden), from h_0 (N, n_hidden) on, by default zeros."""
        h = np.zeros((len(x), len(self.b)), x.dtype) if h_0 is None else h_0
        self.steps: list[RecurrentStep] = []
        for t in range(x.shape[1]):
            step = copy(self._step)  # each time needs a cache of its own, but all have the very same parameters
            step.W_x, step.W_h, step.b = self.W_x, self.W_h, self.b
            h = step.forward(x[:, t], h)
            self.steps.append(step)
        return np.stack([step.h for step in self.steps], axis=1)

    def backward(self, grad_output: Array) -> Array:
        """Take dL/d(states) (N, T, n_hidden), set the parameters' gradients and `grad_h_0`, and return dL/dx.

        An AttributeError for `steps` means that no forward pass came before.
        """
        grads_x: list[Array] = []
        grad_h_prev = np.zeros_like(grad_output[:, 0])  # no step comes after the last
        for t in reversed(range(len(self.steps))):  # the last time first: the one before needs its grad_h_prev
            # The state went out as an output and on to the next step: both send a gradient back.
            grad_x, grad_h_prev = self.steps[t].backward(grad_output[:, t] + grad_h_prev)
            grads_x.insert(0, grad_x)
        self.grad_h_0 = grad_h_prev

        # Every time used the same parameters; what a value gives to many places, it gets back as a sum.
        self.grad_W_x: Array = np.sum([step.grad_W_x for step in self.steps], axis=0)
        self.grad_W_h: Array = np.sum([step.grad_W_h for step in self.steps], axis=0)
        self.grad_b: Array = np.sum([step.grad_b for step in self.steps], axis=0)
        return np.stack(grads_x, axis=1)
