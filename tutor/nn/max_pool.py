"""Max-pooling: of every window of an image only the largest value goes on.

    forward     Y[n, c, i, j] = max over u, v of  X[n, c, i*s + u, j*s + v]

    backward    grad_X[n, c, i*s + u, j*s + v]  gathers  G[n, c, i, j]  where (u, v) was the place of the largest

Here s is the stride, u and v run over the window of size k x k, and G is dL/dY. The shapes, with N images of C
channels:

    X, grad_X  (N, C, H, W)        Y, G  (N, C, H_out, W_out)

    H_out = (H - k) // stride + 1, and W_out alike

The largest value was passed on unchanged, so its slope is 1; the others did not matter, so theirs is 0. Where windows
overlap (stride < k), a pixel that is the largest of several gets the sum of their gradients.

Where two values of a window are equally large there is no slope; the first in reading order takes the whole gradient,
as in PyTorch. Any other way of sharing it out would be as right.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Array = NDArray[Any]  # float64, float32, or complex128 under the complex step


class MaxPool2D:
    """The largest value of each square window, channel by channel; nothing is learnt.

    Source: Krizhevsky, Sutskever and Hinton, "ImageNet classification with deep convolutional neural networks" (2012),
    section 3.4, with and without overlap.
    """

    def __init__(self, size: int, stride: int | None = None) -> None:
        """Take the side of the window, and the step from one window to the next: the side itself where not given."""
        self.size = size
        self.stride = size if stride is None else stride

    def forward(self, x: Array) -> Array:
        """Map x (N, C, H, W) to the output (N, C, H_out, W_out), and keep where in its window each largest was.

        Raises ValueError where the window is larger than the image.
        """
        k, s = self.size, self.stride
        windows = sliding_window_view(x, (k, k), axis=(2, 3))[:, :, ::s, ::s]  # (N, C, H_out, W_out, k, k)
        candidates = windows.reshape(*windows.shape[:4], k * k)
        # The place, from 0 to k*k - 1 in reading order, is all that backward needs; argmax takes the first of equals.
        # It is found by the real part, so that the complex step, which adds an imaginary one, does not break a tie.
        self.place = candidates.real.argmax(axis=-1)
        self.x_shape = x.shape
        return np.take_along_axis(candidates, self.place[..., None], axis=-1)[..., 0]

    def backward(self, grad_output: Array) -> Array:
        """Take dL/d(output) (N, C, H_out, W_out) and return dL/dx (N, C, H, W).

        An AttributeError for `x_shape` means that no forward pass came before.
        """
        k, s = self.size, self.stride
        h_out, w_out = grad_output.shape[2:]
        grad_input = np.zeros(self.x_shape, grad_output.dtype)
        # Pixel (u, v) of every window at once: for one (u, v) these never meet, even where windows overlap, so a slice
        # can take them. `+=` because the same pixel comes again, as another (u, v) of the neighbouring window.
        for u in range(k):
            for v in range(k):
                pixels = grad_input[:, :, u : u + s * h_out : s, v : v + s * w_out : s]
                pixels += np.where(self.place == u * k + v, grad_output, 0)
        return grad_input
