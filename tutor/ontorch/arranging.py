"""Putting arrays together, taking them apart, and looking at them in other forms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from tutor.ontorch.array import Array, as_array, into, tensor_of, wrap
from tutor.ontorch.dtypes import Tensor, together
from tutor.ontorch.errors import NotOnTorch


def _all(arrays: Any) -> list[Tensor]:
    """The tensors of a sequence of arrays, in their common type."""
    arrays = list(arrays)
    device = next(x.t.device for x in arrays if isinstance(x, Array))
    tensors = [tensor_of(x, device) for x in arrays]
    common = tensors[0]
    for t in tensors[1:]:
        common = together(common, t)[0]
    return [t.to(common.dtype) for t in tensors]


def concatenate(arrays: Any, axis: int | None = 0, out: Any = None) -> Any:
    """np.concatenate."""
    tensors = _all(arrays)
    return into(out, torch.cat([t.reshape(-1) for t in tensors]) if axis is None else torch.cat(tensors, axis))


def stack(arrays: Any, axis: int = 0, out: Any = None) -> Any:
    """np.stack."""
    return into(out, torch.stack(_all(arrays), axis))


def hstack(arrays: Any) -> Any:
    """np.hstack."""
    return wrap(torch.hstack(_all(arrays)))


def vstack(arrays: Any) -> Any:
    """np.vstack."""
    return wrap(torch.vstack(_all(arrays)))


def dstack(arrays: Any) -> Any:
    """np.dstack."""
    return wrap(torch.dstack(_all(arrays)))


def column_stack(arrays: Any) -> Any:
    """np.column_stack."""
    return wrap(torch.column_stack(_all(arrays)))


def append(x: Any, values: Any, axis: int | None = None) -> Any:
    """np.append."""
    return concatenate([x, values], axis)


def split(x: Any, parts: Any, axis: int = 0) -> list[Any]:
    """np.split: into equal parts, or before the places that are given."""
    n = x.t.shape[axis]
    if isinstance(parts, int) and n % parts:
        raise ValueError("array split does not result in an equal division")
    return array_split(x, parts, axis)


def array_split(x: Any, parts: Any, axis: int = 0) -> list[Any]:
    """np.array_split."""
    cuts = parts if isinstance(parts, int) else [int(place) for place in parts]
    return [as_array(t) for t in torch.tensor_split(x.t, cuts, dim=axis)]


def pad(x: Any, width: Any, mode: str = "constant", constant_values: Any = 0) -> Any:
    """np.pad with a constant; the widths of all axes may differ."""
    if mode != "constant" or not isinstance(constant_values, int | float):
        raise NotOnTorch(f"np.pad(..., mode={mode!r})", "", "Pad with a constant, or concatenate what you need.")
    t = x.t
    if isinstance(width, int):
        width = (width, width)
    if isinstance(width[0], int):
        width = (tuple(width) * (2 // len(width)),) * t.dim()
    flat = [int(side) for pair in reversed(tuple(width)) for side in (tuple(pair) * (2 // len(pair)))]
    return wrap(torch.nn.functional.pad(t, flat, value=constant_values))


def tile(x: Any, reps: Any) -> Any:
    """np.tile."""
    return wrap(x.t.tile((reps,) if isinstance(reps, int) else tuple(reps)))


def repeat(x: Any, repeats: Any, axis: int | None = None) -> Any:
    """np.repeat."""
    return x.repeat(repeats, axis)


def roll(x: Any, shift: Any, axis: Any = None) -> Any:
    """np.roll."""
    return wrap(x.t.roll(shift, axis))


def flip(x: Any, axis: Any = None) -> Any:
    """np.flip: a copy, where NumPy has a view."""
    return wrap(x.t.flip(tuple(range(x.t.dim())) if axis is None else axis))


def flipud(x: Any) -> Any:
    """np.flipud: a copy, where NumPy has a view."""
    return flip(x, 0)


def fliplr(x: Any) -> Any:
    """np.fliplr: a copy, where NumPy has a view."""
    return flip(x, 1)


def rot90(x: Any, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Any:
    """np.rot90."""
    return wrap(torch.rot90(x.t, k, axes))


def expand_dims(x: Any, axis: Any) -> Any:
    """np.expand_dims."""
    t = x.t
    axis = (axis,) if isinstance(axis, int) else axis
    for place in sorted(place % (t.dim() + len(axis)) for place in axis):
        t = t.unsqueeze(place)
    return as_array(t)


def moveaxis(x: Any, source: Any, destination: Any) -> Any:
    """np.moveaxis."""
    return as_array(x.t.movedim(source, destination))


def broadcast_to(x: Any, shape: Any) -> Any:
    """np.broadcast_to: a view, not to be written to."""
    return as_array(x.t.broadcast_to(shape if not isinstance(shape, int) else (shape,)))


_broadcast: Callable[..., Sequence[Tensor]] = torch.broadcast_tensors


def broadcast_arrays(*arrays: Any) -> tuple[Any, ...]:
    """np.broadcast_arrays."""
    return tuple(map(as_array, _broadcast(*(x.t for x in arrays))))


def meshgrid(*arrays: Any, indexing: str = "xy") -> tuple[Any, ...]:
    """np.meshgrid."""
    return tuple(map(as_array, torch.meshgrid(*(x.t for x in arrays), indexing=indexing)))


def atleast_1d(x: Any) -> Any:
    """np.atleast_1d."""
    return as_array(x.t.reshape(-1) if not x.t.dim() else x.t)


def atleast_2d(x: Any) -> Any:
    """np.atleast_2d."""
    return as_array(x.t if x.t.dim() > 1 else x.t.reshape(1, -1))


def diag(x: Any, k: int = 0) -> Any:
    """np.diag."""
    return as_array(torch.diag(x.t, k))


def tril(x: Any, k: int = 0) -> Any:
    """np.tril."""
    return as_array(torch.tril(x.t, k))


def triu(x: Any, k: int = 0) -> Any:
    """np.triu."""
    return as_array(torch.triu(x.t, k))


def sort(x: Any, axis: int | None = -1, **_: Any) -> Any:
    """np.sort."""
    return wrap((x.t.reshape(-1) if axis is None else x.t).sort(dim=-1 if axis is None else axis, stable=True).values)


def unique(x: Any, return_inverse: bool = False, return_counts: bool = False) -> Any:
    """np.unique, sorted; the host waits for their number."""
    found = torch.unique(x.t, sorted=True, return_inverse=return_inverse, return_counts=return_counts)
    return wrap(found) if isinstance(found, Tensor) else tuple(map(wrap, found))


def count_nonzero(x: Any, axis: Any = None) -> Any:
    """np.count_nonzero: the number is still on the device."""
    return as_array(x.t != 0).sum(axis)


def bincount(x: Any, weights: Any = None, minlength: int = 0) -> Any:
    """np.bincount; the host waits for the largest."""
    return wrap(torch.bincount(x.t, None if weights is None else weights.t, minlength))


def take_along_axis(x: Any, indices: Any, axis: int | None = -1) -> Any:
    """np.take_along_axis."""
    t = x.t.reshape(-1) if axis is None else x.t
    return wrap(torch.take_along_dim(t, tensor_of(indices, t.device), 0 if axis is None else axis))


def put_along_axis(x: Any, indices: Any, values: Any, axis: int) -> None:
    """np.put_along_axis: in place."""
    places = tensor_of(indices, x.t.device)
    values = tensor_of(values, x.t.device).to(x.t.dtype)
    x.t.scatter_(axis, places, values.expand(places.shape))


def diff(x: Any, n: int = 1, axis: int = -1) -> Any:
    """np.diff."""
    return wrap(torch.diff(x.t, n, axis))


def copyto(x: Any, values: Any, where: Any = True) -> None:
    """np.copyto: in place."""
    x[... if where is True else where] = values


def sliding_window_view(x: Any, window_shape: Any, axis: Any = None) -> Any:
    """np.lib.stride_tricks.sliding_window_view: every window of an axis, as new axes at the end; a view."""
    t = x.t
    sizes = (window_shape,) if isinstance(window_shape, int) else tuple(window_shape)
    places = tuple(range(t.dim())) if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)
    if len(sizes) != len(places):
        raise ValueError("Must provide matching length window_shape and axis")
    for size, place in zip(sizes, places, strict=True):
        if size > x.t.shape[place]:
            raise ValueError("window shape cannot be larger than input array shape")
        t = t.unfold(place, size, 1)
    return as_array(t)


def as_strided(x: Any, shape: Sequence[int] | None = None, strides: Sequence[int] | None = None, **_: Any) -> Any:
    """np.lib.stride_tricks.as_strided, of whole elements and without negative strides; a view."""
    t, size = x.t, x.t.element_size()
    shape = tuple(t.shape) if shape is None else tuple(shape)
    steps = x.strides if strides is None else tuple(strides)
    if any(step < 0 or step % size for step in steps):
        raise NotOnTorch("np.lib.stride_tricks.as_strided", "with strides that are negative or not of whole elements")
    return as_array(t.as_strided(shape, [step // size for step in steps]))


FUNCTIONS = {
    f.__name__: f
    for f in (
        concatenate, stack, hstack, vstack, dstack, column_stack, append, split, array_split, pad, tile, repeat,
        roll, flip, flipud, fliplr, rot90, expand_dims, moveaxis, broadcast_to, broadcast_arrays, meshgrid,
        atleast_1d, atleast_2d, diag, tril, triu, sort, unique, count_nonzero, bincount, take_along_axis,
        put_along_axis, diff, copyto,
    )
}  # fmt: skip
