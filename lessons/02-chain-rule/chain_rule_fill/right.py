"""One neuron whose activation is z * sigmoid(z), with a mean squared error."""

import numpy as np


def forward(x, y, w, b):
    """Every value of the forward pass by its name; x and y are (N,), w and b single numbers."""
    z = w * x + b
    s = 0.5 * (1 + np.tanh(z / 2))
    a = z * s
    e = a - y
    return {"z": z, "s": s, "a": a, "e": e, "loss": np.mean(e**2)}


def backward(kept, x, w):
    """The gradient of the loss at each of them, by its name, in the shape of the value."""
    z, s, e = kept["z"], kept["s"], kept["e"]
    grad_e = 2 * e / len(e)
    grad_a = grad_e
    grad_s = grad_a * z
    grad_z = grad_a * s + grad_s * s * (1 - s)
    return {
        "e": grad_e,
        "a": grad_a,
        "s": grad_s,
        "z": grad_z,
        "w": np.sum(grad_z * x),
        "b": np.sum(grad_z),
        "x": grad_z * w,
    }
