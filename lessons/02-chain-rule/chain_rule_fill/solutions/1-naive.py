# Naive: sample by sample, one path at a time. Every gradient starts at zero,
# and every use of a number adds its share.
# Gains: the rule "multiply along a path, add over paths" stands in the code
#   as it is spoken.
# Costs: a loop in Python over the samples.

import numpy as np


def sigmoid(z):
    return 0.5 * (1.0 + np.tanh(0.5 * z))


def forward(x, y, w, b):
    z = np.array([w * x_n + b for x_n in x])
    s = np.array([sigmoid(z_n) for z_n in z])
    a = np.array([z_n * s_n for z_n, s_n in zip(z, s)])
    e = np.array([a_n - y_n for a_n, y_n in zip(a, y)])
    loss = 0.0
    for e_n in e:
        loss += e_n * e_n / len(e)
    return {"z": z, "s": s, "a": a, "e": e, "loss": loss}


def backward(kept, x, w):
    z, s, e = kept["z"], kept["s"], kept["e"]
    N = len(e)
    grad_e, grad_a, grad_s, grad_z, grad_x = (np.zeros(N) for _ in range(5))
    grad_w = 0.0
    grad_b = 0.0
    for n in range(N):
        grad_e[n] += 1 / N * 2 * e[n]       # loss = mean of e ** 2
        grad_a[n] += grad_e[n] * 1          # e = a - y
        grad_s[n] += grad_a[n] * z[n]       # a = z * s: s gets z
        grad_z[n] += grad_a[n] * s[n]       # a = z * s: z gets s
        grad_z[n] += grad_s[n] * s[n] * (1 - s[n])  # s = sigmoid(z)
        grad_w += grad_z[n] * x[n]          # z = w * x + b
        grad_b += grad_z[n] * 1
        grad_x[n] += grad_z[n] * w
    return {
        "e": grad_e,
        "a": grad_a,
        "s": grad_s,
        "z": grad_z,
        "w": grad_w,
        "b": grad_b,
        "x": grad_x,
    }
