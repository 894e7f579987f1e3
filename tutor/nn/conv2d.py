"""The two-dimensional convolution: one small set of weights, laid over every place of an image.

    forward     Y[n, o, i, j] = b[o] + sum over c, u, v of  X[n, c, i*s + u, j*s + v] * W[o, c, u, v]

    backward    grad_W[o, c, u, v] = sum over n, i, j of  X[n, c, i*s + u, j*s + v] * G[n, o, i, j]
                grad_b[o]          = sum over n, i, j of  G[n, o, i, j]
                grad_X[n, c, i*s + u, j*s + v]  gathers  W[o, c, u, v] * G[n, o, i, j]  from every o, i, j, u, v

Here X is the input with a border of `padding` zeros on all four sides, s is the stride, k the size of the kernel, and G
is dL/dY. This is what every framework calls convolution; mathematicians call it cross-correlation, because the kernel
is not flipped. The shapes, with N images of C_in channels:

    X, grad_X  (N, C_in, H, W)             W, grad_W  (C_out, C_in, k, k)
    Y, G       (N, C_out, H_out, W_out)    b, grad_b  (C_out,)

    H_out = (H + 2 padding - k) // stride + 1, and W_out alike

A convolution is a linear layer in disguise (im2col): write each window as one row of a matrix, and the same k*k*C_in
weights multiply every row.

    columns  (N*H_out*W_out, C_in*k*k)     Y = columns @ W.T + b, with W as a matrix (C_out, C_in*k*k)

So the backward pass is that of the linear layer, and then each row's gradient is added back to the window it was
copied from (col2im). Windows overlap, so a pixel gets a sum.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Array = NDArray[Any]  # float64, float32, or complex128 under the complex step


class Conv2D:
    """Square kernels slid over images with a stride, after a border of zeros was put around them.

    Parameters: `W` (c_out, c_in, kernel, kernel) and `b` (c_out,). After `backward` the layer holds `grad_W` and
    `grad_b`, of the same shapes. Both parameters may be replaced from outside, in any float dtype.

    Source: LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document recognition" (1998),
    section II; Chellapilla, Puri and Simard, "High performance convolutional neural networks for document processing"
    (2006), for the windows as rows of a matrix.
    """

    def __init__(
        self,
        c_in: int,
        c_out: int,
        kernel: int,
        stride: int = 1,
        padding: int = 0,
        rng: np.random.Generator | None = None,
    ) -> None:
        """Draw `W` from a normal distribution of variance 2 / (c_in * kernel * kernel), and set `b` to zero.

        The variance is that of a linear layer with a ReLU after it, He et al., "Delving Deep into Rectifiers" (2015),
        equation 10: each output is a weighted sum of c_in * kernel * kernel inputs.
        """
        if rng is None:
            rng = np.random.default_rng()
        self.stride = stride
        self.padding = padding
        self.W: Array = rng.normal(0.0, np.sqrt(2.0 / (c_in * kernel * kernel)), size=(c_out, c_in, kernel, kernel))
        self.b: Array = np.zeros(c_out)

    def forward(self, x: Array) -> Array:
        """Map x (N, c_in, H, W) to the output (N, c_out, H_out, W_out), and keep the windows as rows.

        Raises ValueError where the kernel is larger than the image with its border, or the channels do not fit.
        """
        c_out, _, k, _ = self.W.shape
        p, s = self.padding, self.stride
        padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
        # windows[n, c, i, j, u, v] is padded[n, c, i*s + u, j*s + v]: a view, nothing is copied yet. Every s-th window
        # is taken; where s does not divide H + 2p - k, the last rows of the image are in no window.
        windows = sliding_window_view(padded, (k, k), axis=(2, 3))[:, :, ::s, ::s]
        n, c_in, h_out, w_out = windows.shape[:4]

        # One row per place (n, i, j), one column per weight (c, u, v): the four loops over n, i, j and o and the three
        # sums over c, u, v become one matrix product. The price is memory: a pixel is copied into up to k*k rows.
        self.columns = windows.transpose(0, 2, 3, 1, 4, 5).reshape(n * h_out * w_out, c_in * k * k)
        self.x_shape = x.shape
        rows = self.columns @ self.W.reshape(c_out, -1).T + self.b
        return rows.reshape(n, h_out, w_out, c_out).transpose(0, 3, 1, 2)

    def backward(self, grad_output: Array) -> Array:
        """Take dL/d(output) (N, c_out, H_out, W_out), set `grad_W` and `grad_b`, and return dL/dx (N, c_in, H, W).

        An AttributeError for `columns` means that no forward pass came before.
        """
        c_out, c_in, k, _ = self.W.shape
        n, _, h_out, w_out = grad_output.shape
        grad_rows = grad_output.transpose(0, 2, 3, 1).reshape(-1, c_out)  # the order of the rows in forward

        # From here it is the linear layer. One weight acts at every place of every image, so its gradient is a sum over
        # them all, and the product has it: over the rows.
        self.grad_W = (grad_rows.T @ self.columns).reshape(self.W.shape)
        self.grad_b = grad_rows.sum(axis=0)
        grad_columns = grad_rows @ self.W.reshape(c_out, -1)
        return self._add_windows(grad_columns.reshape(n, h_out, w_out, c_in, k, k))

    def _add_windows(self, grad_windows: Array) -> Array:
        """Add each window's gradient (N, H_out, W_out, c_in, k, k) to the pixels that it was copied from."""
        n, c_in, height, width = self.x_shape
        h_out, w_out = grad_windows.shape[1:3]
        k, p, s = self.W.shape[-1], self.padding, self.stride
        grad_padded = np.zeros((n, c_in, height + 2 * p, width + 2 * p), grad_windows.dtype)
        # Windows overlap, but their pixels (u, v) for one fixed (u, v) never do: they lie s apart. So one slice takes
        # them all at once, and only the k*k steps from (u, v) to (u, v) have to be added one after another.
        for u in range(k):
            for v in range(k):
                pixels = grad_padded[:, :, u : u + s * h_out : s, v : v + s * w_out : s]
                pixels += grad_windows[..., u, v].transpose(0, 3, 1, 2)
        return grad_padded[:, :, p : p + height, p : p + width]  # the border was ours, and no one asks for its gradient
