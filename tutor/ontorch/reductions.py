"""Sums, means and extremes of a tensor along axes, with NumPy's arguments and types."""

from __future__ import annotations

from typing import Any

import torch

from tutor.ontorch.dtypes import Tensor, floating, torch_dtype

Axis = int | tuple[int, ...] | None


def axes(t: Tensor, axis: Axis) -> tuple[int, ...]:
    """All axes for None; else the ones that are meant."""
    if axis is None:
        return tuple(range(t.dim()))
    return (axis,) if isinstance(axis, int) else tuple(axis)


def _typed(t: Tensor, dtype: Any) -> Tensor:
    return t if dtype is None else t.to(torch_dtype(dtype, t.device))


def add_up(t: Tensor, axis: Axis = None, dtype: Any = None, keepdims: bool = False) -> Tensor:
    """np.sum."""
    t = _typed(t, dtype)
    if axis is None and not keepdims:
        return t.sum()
    over = axes(t, axis)
    return t.sum(over, keepdim=keepdims) if over else t.clone()  # torch takes no axis for all of them


def mean(t: Tensor, axis: Axis = None, dtype: Any = None, keepdims: bool = False) -> Tensor:
    """np.mean; whole numbers and booleans become floats."""
    t = floating(_typed(t, dtype))
    if axis is None and not keepdims:
        return t.mean()
    over = axes(t, axis)
    return t.mean(over, keepdim=keepdims) if over else t.clone()


def var(t: Tensor, axis: Axis = None, dtype: Any = None, keepdims: bool = False, ddof: float = 0) -> Tensor:
    """np.var: divided by n - ddof, and ddof is 0, where torch's own has 1."""
    return torch.var(floating(_typed(t, dtype)), axes(t, axis), correction=ddof, keepdim=keepdims)


def std(t: Tensor, axis: Axis = None, dtype: Any = None, keepdims: bool = False, ddof: float = 0) -> Tensor:
    """np.std; see var."""
    return var(t, axis, dtype, keepdims, ddof).sqrt()


def largest(t: Tensor, axis: Axis = None, keepdims: bool = False, initial: Any = None) -> Tensor:
    """np.max."""
    found = t.amax(axes(t, axis), keepdim=keepdims) if t.numel() or initial is None else t.new_full((), initial)
    return found if initial is None else found.clamp_min(initial)


def smallest(t: Tensor, axis: Axis = None, keepdims: bool = False, initial: Any = None) -> Tensor:
    """np.min."""
    found = t.amin(axes(t, axis), keepdim=keepdims) if t.numel() or initial is None else t.new_full((), initial)
    return found if initial is None else found.clamp_max(initial)


def product(t: Tensor, axis: Axis = None, dtype: Any = None, keepdims: bool = False) -> Tensor:
    """np.prod."""
    t = _typed(t, dtype)
    for place in sorted((a % t.dim() for a in axes(t, axis)), reverse=True):
        t = t.prod(place, keepdim=keepdims)
    return t


def argmax(t: Tensor, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """np.argmax: the first of equals."""
    t = t.to(torch.uint8) if t.dtype is torch.bool else t
    return t.argmax(axis, keepdim=keepdims)


def argmin(t: Tensor, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """np.argmin: the first of equals."""
    t = t.to(torch.uint8) if t.dtype is torch.bool else t
    return t.argmin(axis, keepdim=keepdims)


def any_of(t: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """np.any."""
    return torch.any(t != 0 if t.dtype is not torch.bool else t, axes(t, axis), keepdim=keepdims)


def all_of(t: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """np.all."""
    return torch.all(t != 0 if t.dtype is not torch.bool else t, axes(t, axis), keepdim=keepdims)


def cumulate(t: Tensor, axis: int | None = None, dtype: Any = None, multiply: bool = False) -> Tensor:
    """np.cumsum and np.cumprod: of the flat array without an axis."""
    t = _typed(t, dtype)
    t, axis = (t.reshape(-1), 0) if axis is None else (t, axis)
    return t.cumprod(axis) if multiply else t.cumsum(axis)
