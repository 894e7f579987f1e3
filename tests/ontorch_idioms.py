"""What learners write with NumPy, one idiom a line: each snippet leaves what is compared in `r`."""

from __future__ import annotations

PRELUDE = """
import numpy as np
rng = np.random.default_rng(7)
x, z = rng.normal(size=(6, 4)), rng.standard_normal((6, 3))
W, b, g = rng.normal(0, 0.5, size=(4, 3)), np.zeros(3), rng.uniform(-1, 1, (6, 3))
y, n, images = rng.integers(0, 3, 6), 6, rng.random((2, 3, 6, 6))
"""

IDIOMS: dict[str, str] = {
    # the linear layer, and what belongs to it
    "matrix product and bias": "r = x @ W + b",
    "np.dot and np.matmul": "r = np.dot(x, W), np.matmul(x, W), x.dot(W), np.dot(x[0], x[1])",
    "gradient of the weights": "r = x.T @ g, (g.T @ x).T, g @ W.T",
    "sum over the batch": "r = g.sum(axis=0), np.sum(g, 0), np.sum(g, axis=0, keepdims=True), g.sum()",
    "weights drawn and scaled": "r = np.random.default_rng(3).standard_normal((4, 3)) * np.sqrt(2 / 4)",
    "the global generator": "np.random.seed(5); r = np.random.randn(4, 3) / np.sqrt(4), np.random.rand(3) * 0.1",
    "uniform, integers, choice": "r = rng.uniform(-1, 1, 5), rng.integers(10, size=4), rng.choice(9, 4, replace=False)",
    "einsum": "r = np.einsum('ni,ij->nj', x, W), np.einsum('nj->j', g), np.einsum('ni,nj->ij', x, g)",
    "outer product": "r = np.outer(x[0], g[0]), x[0][:, None] * g[0], x[0][:, np.newaxis] * g[0][None, :]",
    "product into an array": "r = np.empty((6, 3)); np.matmul(x, W, out=r)",
    "sum into an array": "r = np.empty(3); np.sum(g, axis=0, out=r)",
    "in-place update": "W0 = W; W -= 0.1 * (x.T @ g); r = W0",
    "update by a mean": "W -= 0.1 * (x.T @ g) / n; b -= 0.1 * g.mean(axis=0); r = W, b",
    "a parameter of its own copy": "V = W.copy(); V *= 2; r = V, W",
    # activations
    "ReLU by np.maximum": "r = np.maximum(0, z), np.maximum(z, 0.01 * z), np.minimum(z, 0.5)",
    "ReLU by a mask": "a = z.copy(); a[a < 0] = 0; d = g.copy(); d[z <= 0] = 0; r = a, d",
    "ReLU by a product": "r = z * (z > 0), g * (z > 0).astype(float), np.where(z > 0, g, 0)",
    "mask times in place": "a = z.copy(); a[a < 0] *= 0.01; m = a > 0; a[m] += g[m]; a[m] /= 2; r = a",
    "two numbers by np.where": "r = np.where(z > 0, 1, 0.01), np.where(z > 0, 1, 0), np.where(z > 0, 1.0, 0.0)",
    "sigmoid": "r = 1 / (1 + np.exp(-z)), 0.5 * (1 + np.tanh(0.5 * z)), np.exp(-np.logaddexp(0, -z))",
    "sigmoid in place": (
        "a = x @ W; a += b; np.negative(a, out=a); np.exp(a, out=a); a += 1; np.divide(1, a, out=a); r = a"
    ),
    "slopes": "a = np.tanh(z); r = 1 - a**2, a * (1 - a), (1 - np.square(a)), np.cosh(z)**-2.0, np.heaviside(z, 0)",
    "clip": "r = np.clip(z, -0.5, 0.5), z.clip(0), np.clip(z, 1e-12, 1 - 1e-12), z.clip(max=0.2)",
    "abs, sign, power": "r = np.abs(z), abs(z), np.sign(z), np.power(z, 2), z**3, 2**z, np.abs(z)**0.5",
    "log and its like": "p = np.abs(z) + 0.1; r = np.log(p), np.log1p(p), np.expm1(z), np.sqrt(p), np.log2(p)",
    # losses
    "softmax": "e = np.exp(z - z.max(axis=1, keepdims=True)); r = e / e.sum(axis=1, keepdims=True)",
    "picking each row's class": "p = np.abs(z); r = p[np.arange(n), y], -np.log(p[range(n), y]).mean()",
    "minus one at the class": "p = z.copy(); p[np.arange(n), y] -= 1; p /= n; r = p",
    "one-hot rows": "t = np.zeros((n, 3)); t[np.arange(n), y] = 1; r = t, np.eye(3)[y]",
    "a mean squared error": "d = z - g; r = (d**2).sum() / len(d), 2 * d / len(d), np.mean((z - g) ** 2)",
    "a loss as a number": "total = 0.0\nfor row in z: total += float((row**2).sum())\nr = np.array(total)",
    "accuracy": "r = (z.argmax(axis=1) == y).mean(), np.mean(np.argmax(z, 1) == y), (np.argmax(z, axis=-1) == y).sum()",
    # shapes
    "reshape": (
        "r = images.reshape(2, -1), images.reshape((2, 108)), images.ravel(), images.flatten(), x.reshape(-1, "
        "2, 4)"
    ),
    "transpose": "r = images.transpose(0, 2, 3, 1), np.transpose(x), images.swapaxes(1, 2), np.moveaxis(images, 1, -1)",
    "new axes": "r = x[:, None] - x[None], np.expand_dims(x, 1), x[..., None].squeeze(), x[None].shape[0] * x",
    "shape, len, ndim, size": "r = np.zeros(x.shape) + x.ndim + len(x) + x.size + x.shape[1], np.array(x.shape)",
    "stack and concatenate": (
        "r = np.stack([x, x]), np.concatenate([x, x], axis=1), np.hstack((x, z)), np.vstack([x, x])"
    ),
    "split, tile, repeat, roll": (
        "r = *np.split(x, 3), np.tile(b, (2, 1)), np.repeat(x, 2, axis=0), np.roll(x, 1, axis=0)"
    ),
    "padding": "r = np.pad(images, ((0, 0), (0, 0), (1, 1), (2, 2))), np.pad(x, 1), np.pad(x, ((0, 1), (0, 0)))",
    "windows": (
        "from numpy.lib.stride_tricks import sliding_window_view\nr = sliding_window_view(images, (3, 3), "
        "axis=(2, 3))"
    ),
    "strides": "s = x.strides; r = np.lib.stride_tricks.as_strided(x, (5, 2, 4), (s[0], s[0], s[1]))",
    # indexing
    "slices": "r = x[1:4, ::2], x[-2:], x[:, -1], x[..., 0], x[2, 3], x[1]",
    "backwards": "r = x[::-1], x[:, ::-1], x[::-2, 1:], [k for k in x[:, 0]][::-1]",
    "rows by numbers": "i = rng.permutation(n); r = x[i], x[i[:2]], x[[0, 2]], x[y], np.take(x, y, axis=0)",
    "masks": "m = x > 0; r = x[m], x[m.any(axis=1)], (~m & (x > -1)) | m, m.sum(), np.count_nonzero(m)",
    "writing to places": (
        "a = x.copy(); a[1] = 0; a[:, 2] += 1; a[[0, 3]] = a[[3, 0]]; a[2, 1] = 7; a[4:, :2] = x[:2, :2]; r = "
        "a"
    ),
    "a repeated place adds up": "t = np.zeros((3, 4)); np.add.at(t, y, x); r = t",
    "a view is a view": "a = x.copy(); row = a[1]; row += 1; part = a[:, :2]; part *= 0; r = a",
    "an element is a copy": "a = x.copy(); kept = a[0, 0]; a[0, 0] = 9; s = a[1, 1]; s += 1; r = a, kept, s",
    "loops over numbers": (
        "t = np.zeros((2, 3))\nfor i in range(2):\n  for j in range(3):\n    for k in range(4): t[i, j] += "
        "x[i, k] * W[k, j]\nr = t"
    ),
    "class of one sample": "p = z.copy()\nfor i in range(n): p[i, y[i]] -= 1\nr = p",
    "sorting": "r = np.sort(z, axis=1), np.argsort(z, axis=1), np.unique(y), np.argsort(-z[:, 0])[:2]",
    # statistics, and the rest
    "mean, variance, deviation": (
        "r = x.mean(axis=0), x.var(axis=0), x.std(axis=0), np.var(x, axis=0, ddof=1), np.std(x), x.min(0)"
    ),
    "norms": (
        "r = np.linalg.norm(W), np.sqrt(np.sum(W**2)), np.linalg.norm(x, axis=1, keepdims=True), "
        "np.sqrt(sum(np.sum(v**2) for v in (W, b)))"
    ),
    "like another": (
        "r = np.zeros_like(x), np.ones_like(x), np.full_like(g[0], 2), np.full((2, 2), 0.5), np.ones(3), "
        "np.linspace(0, 1, 5)"
    ),
    "finite or not": (
        "with np.errstate(divide='ignore', invalid='ignore'):\n  q = np.log(np.maximum(z, 0))\nr = "
        "np.isfinite(q), np.isnan(z).any(), np.all(np.isfinite(z)), np.allclose(z, z + 1e-12), "
        "np.nan_to_num(q, neginf=-1)"
    ),
    "types": (
        "r = x.astype(np.float32), (x > 0).astype(int), x.astype(np.float32) * 2, y / 2, np.float32(2) * x, "
        "(x.dtype == np.float64) * x, isinstance(x, np.ndarray) * x, np.finfo(x.dtype).eps * x"
    ),
}  # fmt: skip

# What needs the host by its nature: a result's size depends on values, or the file asks for a value.
ASKS_FOR_VALUES = {"a loss as a number", "masks", "sorting"}
