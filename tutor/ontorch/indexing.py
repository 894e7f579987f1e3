"""What NumPy writes in square brackets, on tensors: reading and writing, without asking the device for a value."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from tutor.ontorch.dtypes import Tensor
from tutor.ontorch.errors import NotOnTorch

FULL = slice(None)


def read(t: Tensor, key: tuple[Any, ...]) -> tuple[Tensor, bool]:
    """Return t[key] and whether it is a single element; its key holds tensors where NumPy's has arrays.

    A view where NumPy has one, but for negative steps: those are copies.
    """
    key, flips = _plain(t, key)
    if any(type(part) is Tensor and part.dim() == 0 and part.dtype is not torch.bool for part in key):
        return _element(t, key), True
    found = t[key]
    if flips:
        found = found.flip(flips)
    return found, found.dim() == 0 and Ellipsis not in [part for part in key if type(part) is not Tensor]


def write(t: Tensor, key: tuple[Any, ...], value: Any) -> None:
    """Set t[key] to a number or a tensor, which is broadcast and brought to t's type."""
    key, flips = _plain(t, key)
    if type(value) is Tensor:
        if value.dtype is not t.dtype:
            value = value.to(t.dtype)
        if flips:
            value = value.expand(t[key].shape).flip(flips)
    if any(type(part) is Tensor and part.dim() == 0 and part.dtype is not torch.bool for part in key):
        rest, indices = _rest(t, key)
        value = value.reshape(1) if type(value) is Tensor else t.new_full((1,), value)
        rest.index_put_(indices, value)
        return
    if len(key) == 1 and type(key[0]) is Tensor and key[0].dtype is torch.bool and _write_mask(t, key[0], value):
        return
    try:
        t[key] = value
    except RuntimeError as error:
        if "memory" not in str(error):
            raise
        t[key] = value.clone()  # they overlap, as in x[1:] = x[:-1]


def _write_mask(t: Tensor, mask: Tensor, value: Any) -> bool:
    """Write through a mask without counting what it holds, for which the host would have to wait."""
    if mask.shape != t.shape[: mask.dim()]:
        return False
    single = type(value) is not Tensor or value.numel() == 1
    if single or mask.dim() < t.dim():
        mask = mask.reshape(mask.shape + (1,) * (t.dim() - mask.dim()))
    if single:
        t.masked_fill_(mask, value.reshape(()) if type(value) is Tensor else value)
        return True
    if mask.dim() == t.dim() and value.dim() == 1 and 1 not in mask.shape[-1:]:
        t.masked_scatter_(mask, value)
        return True
    return False


def _plain(t: Tensor, key: tuple[Any, ...]) -> tuple[tuple[Any, ...], list[int]]:
    """Turn lists and arrays of the host into tensors, and slices with negative steps into positive ones to be flipped.

    Returns the key and the axes of the result that have to be flipped.
    """
    parts = [_part(t, part) for part in key]
    tensors = [type(part) is Tensor for part in parts]
    if any(tensors):
        if any(type(part) is slice and (part.step or 1) < 0 for part in parts):
            raise NotOnTorch("x[rows, ::-1]", "", "Index first, then turn round: x[rows][:, ::-1].")
        if (
            False in tensors
            and any(type(part) is int for part in parts)
            and any(p.dim() for p in parts if type(p) is Tensor)
        ):
            # A whole number beside an array is an array of one to NumPy; to torch it is a slice.
            parts = [torch.tensor([part], device=t.device) if type(part) is int else part for part in parts]
        return tuple(parts), []
    flips: list[int] = []
    axis = place = 0  # of t, of the result
    for number, part in enumerate(parts):
        if part is Ellipsis:
            skipped = t.dim() - sum(other is not None and other is not Ellipsis for other in parts)
            axis, place = axis + skipped, place + skipped
        elif part is None:
            place += 1
        elif type(part) is slice:
            if part.step is not None and part.step < 0:
                parts[number] = _turned(part, t.shape[axis])
                flips.append(place)
            axis, place = axis + 1, place + 1
        else:
            axis += 1
    return tuple(parts), flips


def _part(t: Tensor, part: Any) -> Any:
    kind = type(part)
    if kind is Tensor or kind is int or kind is slice or part is None or part is Ellipsis:
        return part
    if isinstance(part, list | range | np.ndarray):
        host = np.asarray(part)
        return torch.as_tensor(host.astype(np.int64) if not host.size else host, device=t.device)
    if isinstance(part, np.bool_ | bool):
        return bool(part)
    return int(part)


def _turned(part: slice, length: int) -> slice:
    """The same places from low to high."""
    places = range(*part.indices(length))
    if not places:
        return slice(0, 0)
    return slice(places[-1], places[0] + 1, -places.step)


def _rest(t: Tensor, key: tuple[Any, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Of a key of whole numbers, some of them on the device: the view by Python's, and the others as indices of it."""
    if len(key) != t.dim() or any(type(part) not in (int, Tensor) for part in key):
        raise NotOnTorch(
            "W[labels[n]]",
            "the host would have to wait for the number",
            NotOnTorch("__index__").args[0].split(". ", 1)[1],
        )
    view = t[tuple(part if type(part) is int else FULL for part in key)]
    return view, tuple(part.reshape(1) for part in key if type(part) is Tensor)


def _element(t: Tensor, key: tuple[Any, ...]) -> Tensor:
    view, indices = _rest(t, key)
    return view[indices].reshape(())
