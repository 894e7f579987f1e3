"""Products of arrays, and numpy.linalg."""

from __future__ import annotations

from typing import Any

import torch

from tutor.ontorch.array import Array, as_array, into, tensor_of, wrap
from tutor.ontorch.dtypes import Tensor, floating, together
from tutor.ontorch.elementwise import pair_of
from tutor.ontorch.errors import NotOnTorch


def dot(a: Any, b: Any, out: Any = None) -> Any:
    """np.dot: a product of numbers, vectors, matrices, or over the last axis of a and the last but one of b."""
    x, y = pair_of(a, b)
    if not x.dim() or not y.dim():
        return into(out, x * y)
    if max(x.dim(), y.dim()) <= 2 or y.dim() == 1:
        return into(out, torch.matmul(x, y))
    return into(out, torch.tensordot(x, y, dims=([x.dim() - 1], [max(0, y.dim() - 2)])))


def matmul(a: Any, b: Any, out: Any = None) -> Any:
    """np.matmul."""
    return into(out, torch.matmul(*pair_of(a, b)))


def einsum(subscripts: Any, *arrays: Any, out: Any = None, **_: Any) -> Any:
    """np.einsum, of the form "ni,nj->ij"."""
    if not isinstance(subscripts, str):
        raise NotOnTorch("np.einsum(x, [0, 1])", "", 'Write the indices as text: np.einsum("ni,nj->ij", a, b).')
    device = next(x.t.device for x in arrays if isinstance(x, Array))
    tensors = [tensor_of(x, device) for x in arrays]
    common = tensors[0]
    for t in tensors[1:]:
        common = together(common, t)[0]
    return into(out, torch.einsum(subscripts, *(t.to(common.dtype) for t in tensors)))


def outer(a: Any, b: Any, out: Any = None) -> Any:
    """np.outer: of the flat arrays."""
    x, y = pair_of(a, b)
    return into(out, x.reshape(-1, 1) * y.reshape(1, -1))


def inner(a: Any, b: Any) -> Any:
    """np.inner."""
    return wrap(torch.inner(*pair_of(a, b)))


def vdot(a: Any, b: Any) -> Any:
    """np.vdot."""
    x, y = pair_of(a, b)
    return wrap(torch.dot(x.reshape(-1), y.reshape(-1)))


def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """np.tensordot."""
    x, y = pair_of(a, b)
    if not isinstance(axes, int):
        axes = tuple([part] if isinstance(part, int) else list(part) for part in axes)
    return wrap(torch.tensordot(x, y, dims=axes))


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """np.linalg.norm: by default the root of the sum of all squares."""
    t = floating(x.t)
    if ord is None and axis is None:
        found = torch.linalg.vector_norm(t.reshape(-1))
        return wrap(found.reshape((1,) * t.dim()) if keepdims else found)
    axis = tuple(axis) if isinstance(axis, list | tuple) else axis
    if t.dim() == 1 or isinstance(axis, int) or ord is None:
        return wrap(torch.linalg.vector_norm(t, 2 if ord is None else ord, axis, keepdims))
    return wrap(torch.linalg.matrix_norm(t, ord, axis or (-2, -1), keepdims))


def _plain(name: str) -> Any:
    of_tensors = getattr(torch.linalg, name)

    def function(*arrays: Any) -> Any:
        found = of_tensors(*(floating(x.t) if isinstance(x, Array) else x for x in arrays))
        return wrap(found) if isinstance(found, Tensor) else tuple(map(as_array, found))

    function.__name__ = name
    return function


FUNCTIONS = {f.__name__: f for f in (dot, matmul, einsum, outer, inner, vdot, tensordot)}
LINALG = {
    "norm": norm,
    **{name: _plain(name) for name in ("inv", "det", "solve", "pinv", "cholesky", "eigh", "qr", "matrix_power")},
}
