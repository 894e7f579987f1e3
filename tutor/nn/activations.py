"""Activations: a bend between two linear layers, without which they would be one linear layer.

An activation works element by element, so its backward pass does too: each gradient that arrives is multiplied by the
slope at its own element, and by nothing else.

    forward     A = f(Z)
    backward    grad_input = G * f'(Z)          Z, A, G, grad_input: all of one shape, usually (N, units)

What differs is the value at which the slope is taken, and so what has to be kept from the forward pass:

    ReLU         1 where z > 0, else 0          keeps the mask z > 0
    LeakyReLU    1 where z > 0, else slope      keeps the mask z > 0
    Sigmoid      a * (1 - a)                    keeps a, the output
    Tanh         1 - a * a                      keeps a, the output

Putting z into a * (1 - a) is a common mistake: the formula is right, the value is not.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]  # float64, float32, or complex128 under the complex step


def sigmoid(z: Array) -> Array:
    """Return 1 / (1 + exp(-z)), element by element, for any size of z.

    exp(-z) overflows for large negative z, so there the same value is computed as exp(z) / (1 + exp(z)): the
    argument of exp is never positive.
    """
    positive = z.real > 0
    e = np.exp(np.where(positive, -z, z))
    a: Array = np.where(positive, 1, e) / (1 + e)
    return a


class ReLU:
    """max(0, z): lets what is positive through and blocks the rest.

    Its slope is 1 or 0, so a gradient passes unchanged or not at all. A unit that is negative for every sample gets no
    gradient and cannot recover ("dead"); LeakyReLU keeps a way back open.

    Source: Nair and Hinton, "Rectified linear units improve restricted Boltzmann machines" (2010).
    """

    def forward(self, z: Array) -> Array:
        """Return max(0, z), of the shape of z, and keep where z was positive."""
        # A mask of booleans is all that the slope depends on. Taken from the output it would be the same mask,
        # because max(0, z) is positive exactly where z is.
        self.mask = z > 0
        return np.maximum(z, 0)

    def backward(self, grad_output: Array) -> Array:
        """Return dL/dz for dL/d(output); at z = 0, where there is no slope, 0 is taken, as is usual."""
        return np.where(self.mask, grad_output, 0)


class LeakyReLU:
    """z where z is positive, slope * z elsewhere: a ReLU that never blocks a gradient completely.

    Source: Maas, Hannun and Ng, "Rectifier nonlinearities improve neural network acoustic models" (2013), with
    slope 0.01.
    """

    def __init__(self, slope: float = 0.01) -> None:
        """Take the slope of the negative side, a small positive number."""
        self.slope = slope

    def forward(self, z: Array) -> Array:
        """Return z or slope * z, of the shape of z, and keep where z was positive."""
        self.mask = z > 0  # all that the derivative depends on
        return np.where(self.mask, z, self.slope * z)

    def backward(self, grad_output: Array) -> Array:
        """Return dL/dz for dL/d(output); at z = 0 the slope of the negative side is taken."""
        return np.where(self.mask, grad_output, self.slope * grad_output)


class Sigmoid:
    """1 / (1 + exp(-z)): squeezes any number into (0, 1).

    Its slope a * (1 - a) is 1/4 at most (at z = 0) and nearly 0 where the unit is saturated: a gradient that goes back
    through many of them vanishes.

    Source: Rumelhart, Hinton and Williams, "Learning representations by back-propagating errors" (Nature, 1986),
    equations 2 and 5.
    """

    def forward(self, z: Array) -> Array:
        """Return sigmoid(z), of the shape of z, and keep it."""
        self.a = sigmoid(z)  # the slope is a * (1 - a): with a at hand, backward needs neither z nor another exp
        return self.a

    def backward(self, grad_output: Array) -> Array:
        """Return dL/dz for dL/d(output)."""
        grad_z: Array = grad_output * self.a * (1 - self.a)
        return grad_z


class Tanh:
    """The hyperbolic tangent: squeezes any number into (-1, 1), with 0 staying 0.

    Its slope 1 - a * a is 1 at z = 0, four times that of the sigmoid, and nearly 0 where the unit is saturated.

    Source: LeCun, Bottou, Orr and Müller, "Efficient BackProp" (1998), section 4.4, on why it is centred on zero.
    """

    def forward(self, z: Array) -> Array:
        """Return tanh(z), of the shape of z, and keep it."""
        self.a: Array = np.tanh(z)  # the slope is 1 - a * a: with a at hand, backward does not need z
        return self.a

    def backward(self, grad_output: Array) -> Array:
        """Return dL/dz for dL/d(output)."""
        grad_z: Array = grad_output * (1 - self.a * self.a)
        return grad_z
