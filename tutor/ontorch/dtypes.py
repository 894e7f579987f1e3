"""Which type of torch stands for which of NumPy, and what two of them become together: NumPy's rules."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import torch

from tutor.ontorch.errors import NotOnTorch

Tensor = torch.Tensor

_PAIRS = {
    "bool": torch.bool,
    "uint8": torch.uint8,
    "uint16": torch.uint16,
    "uint32": torch.uint32,
    "uint64": torch.uint64,
    "int8": torch.int8,
    "int16": torch.int16,
    "int32": torch.int32,
    "int64": torch.int64,
    "float16": torch.float16,
    "float32": torch.float32,
    "float64": torch.float64,
    "complex64": torch.complex64,
    "complex128": torch.complex128,
}
_TO_TORCH = {np.dtype(name): dtype for name, dtype in _PAIRS.items()}
NUMPY_OF: dict[torch.dtype, np.dtype[Any]] = {dtype: numpy_dtype for numpy_dtype, dtype in _TO_TORCH.items()}
NUMBERS = (bool, int, float, complex)


def torch_dtype(dtype: Any, device: torch.device) -> torch.dtype:
    """Return torch's type for anything that NumPy takes as one; NotOnTorch for those of text and objects."""
    found = _found(dtype if isinstance(dtype, type | str | np.dtype) else np.dtype(dtype))
    return fitting(found, device)


@cache
def _found(dtype: Any) -> torch.dtype:
    found = _TO_TORCH.get(np.dtype(dtype))
    if found is None:
        raise NotOnTorch(
            f"dtype={dtype}", "tensors hold numbers only", "Use an array of floats, whole numbers or bool."
        )
    return found


def fitting(dtype: torch.dtype, device: torch.device) -> torch.dtype:
    """Apple's GPUs know no float64: what would be one is a float32 there."""
    return torch.float32 if dtype is torch.float64 and device.type == "mps" else dtype


@cache
def promote(a: torch.dtype, b: torch.dtype) -> torch.dtype:
    """What two arrays of these types become together: int64 and float32 a float64, where torch says float32."""
    return _TO_TORCH[np.promote_types(NUMPY_OF[a], NUMPY_OF[b])]


def together(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Bring two tensors to their common type; torch itself would take one of no axis for a plain number."""
    if a.dtype is b.dtype:
        return a, b
    dtype = fitting(promote(a.dtype, b.dtype), a.device)
    return a.to(dtype), b.to(dtype)


def floating(t: Tensor) -> Tensor:
    """Make a float of whole numbers and of booleans, as division, exp and mean do."""
    if t.is_floating_point() or t.is_complex():
        return t
    return t.to(fitting(torch.float64, t.device))


def with_number(t: Tensor, number: Any) -> tuple[Tensor, Any]:
    """Bring a tensor to the type that it has with a number of Python or NumPy beside it, and the number to Python's.

    Python's numbers are weak (a float32 array stays one), NumPy's are as strong as arrays: NEP 50.
    """
    if isinstance(number, np.generic):
        other = _TO_TORCH.get(number.dtype)
        if other is None:
            raise NotOnTorch(f"a number of the type {number.dtype}")
        if other is not t.dtype:
            t = t.to(fitting(promote(t.dtype, other), t.device))
        return t, number.item()
    if isinstance(number, bool):
        return t, number
    if isinstance(number, int):
        return (t.to(torch.int64) if t.dtype is torch.bool else t), number
    return floating(t), number
