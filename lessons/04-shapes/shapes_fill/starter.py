# A two-layer network's backward pass, with holes
# wherever a shape decides. Replace each `...` and
# leave the rest as it is.
#
# Whatever needs a derivative is there. Your part is
# to bring each result into the shape of its thing:
# by a transpose, a sum or a reshape. Each gradient
# is judged by itself, in the order of the backward
# pass, with the right values coming in from above.
# All sizes differ at first; then come batches of
# one, square layers and float32.
#
# N samples; an image has height * width pixels,
# and n_in is that number.

import numpy as np


def forward(images, W1, b1, W2, b2, gate):
    """Two layers, and a gate per sample at the end.

    images  (N, height, width)
    W1      (n_in, n_hidden)     b1  (1, n_hidden)
    W2      (n_hidden, n_out)    b2  (n_out,)
    gate    (N, 1)

    Returns out (N, n_out), and x, a1, z2 for later.
    """
    x = images.reshape(len(images), -1)  # (N, n_in)
    a1 = np.tanh(x @ W1 + b1)  # (N, n_hidden)
    z2 = a1 @ W2 + b2  # (N, n_out)
    out = z2 * gate  # (N, n_out)
    return out, x, a1, z2


def gate_backward(grad_out, z2, gate):
    """From grad_out (N, n_out) through z2 * gate."""
    grad_z2 = grad_out * gate  # (N, n_out)
    products = grad_out * z2  # (N, n_out)
    grad_gate = ...  # BLANK 1: gradient of gate, from products
    return grad_z2, grad_gate


def output_backward(grad_z2, a1, W2):
    """From grad_z2 (N, n_out) through a1 @ W2 + b2."""
    grad_W2 = ...  # BLANK 2: gradient of W2, (n_hidden, n_out)
    grad_b2 = ...  # BLANK 3: gradient of b2, (n_out,)
    grad_a1 = ...  # BLANK 4: gradient of a1, (N, n_hidden)
    return grad_W2, grad_b2, grad_a1


def hidden_backward(grad_a1, images, x, a1, W1):
    """From grad_a1 (N, n_hidden) back to the images."""
    grad_z1 = grad_a1 * (1 - a1**2)  # (N, n_hidden)
    grad_W1 = ...  # BLANK 5: gradient of W1
    grad_b1 = ...  # BLANK 6: gradient of b1, shaped like b1
    grad_x = ...  # BLANK 7: gradient of x
    grad_images = ...  # BLANK 8: gradient of images
    return grad_W1, grad_b1, grad_x, grad_images


def unbroadcast(grad, shape):
    """Bring grad back to the shape it was stretched from.

    grad   of a shape that `shape` broadcasts to
    shape  a tuple: (n_out,), (1, n_out), (N, 1), ()
    """
    extra = grad.ndim - len(shape)
    front = tuple(range(extra))  # axes `shape` has not
    ones = tuple(i for i, n in enumerate(shape) if n == 1)
    fewer = ...  # BLANK 9: grad, its axes front summed away
    result = ...  # BLANK 10: fewer, summed to a 1 on each of ones
    return result
