# fails: grad_e wrong_value

import numpy as np

last = {}


def sigmoid(z):
    return 0.5 * (1.0 + np.tanh(0.5 * z))


def forward(x, y, w, b):
    z = w * x + b
    s = sigmoid(z)
    a = z * s
    e = a - y
    loss = np.mean(e ** 2)
    last.update(z=z, s=s, e=e)
    return {"z": z, "s": s, "a": a, "e": e, "loss": loss}


def backward(kept, x, w):
    z, s, e = last["z"], last["s"], last["e"]
    grad_e = 2 * e / len(e)
    grad_a = grad_e
    grad_s = grad_a * z
    grad_z = grad_a * s + grad_s * s * (1 - s)
    grad_w = np.sum(grad_z * x)
    grad_b = np.sum(grad_z)
    grad_x = grad_z * w
    return {
        "e": grad_e,
        "a": grad_a,
        "s": grad_s,
        "z": grad_z,
        "w": grad_w,
        "b": grad_b,
        "x": grad_x,
    }
