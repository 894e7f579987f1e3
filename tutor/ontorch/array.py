"""The array that a learner's file computes with: a tensor, behaving as NumPy's array does.

Every operation goes straight to torch and stays on the device. Values come to the host only where the file asks for one
of them: float(), int(), bool(), item(), tolist(), print, a loop over whole numbers.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

from tutor.ontorch import indexing
from tutor.ontorch.dtypes import NUMBERS, Tensor, floating, together, torch_dtype, with_number
from tutor.ontorch.errors import NotOnTorch
from tutor.ontorch.methods import Methods

_new = object.__new__
_number_types = (float, int)


def wrap(t: Tensor) -> Array:
    """Make of a result what NumPy makes of it: an array, or, where it has no axis, a scalar."""
    made = _new(ndarray if t.dim() else scalar)
    made.t = t
    return made


def as_array(t: Tensor) -> Array:
    """Make an array also of a tensor without an axis: it can be changed in place, which a scalar cannot."""
    made = _new(ndarray)
    made.t = t
    return made


def into(out: Array | None, t: Tensor) -> Array:
    """Return a result, or write it to where it was asked for."""
    if out is None:
        return wrap(t)
    if isinstance(out, tuple):
        (out,) = out
    out.t.copy_(t.expand(out.t.shape))
    return out


def tensor_of(value: Any, device: torch.device) -> Tensor:
    """The tensor of an array, of numbers, or of lists of both, on the device of those that are on one."""
    if isinstance(value, Array):
        return value.t
    if isinstance(value, list | tuple) and has_arrays(value):
        parts = [tensor_of(part, device) for part in value]
        dtype = torch.result_type(parts[0], parts[0])
        for part in parts[1:]:
            dtype = together(torch.empty(0, dtype=dtype), torch.empty(0, dtype=part.dtype))[0].dtype
        return torch.stack([part.to(dtype) for part in parts])
    host = np.asarray(value)
    return torch.tensor(host, dtype=torch_dtype(host.dtype, device), device=device)


def has_arrays(value: Any) -> bool:
    """Whether it is one of ours, or a list with one in it."""
    return isinstance(value, Array) or (isinstance(value, list | tuple) and any(has_arrays(part) for part in value))


def operands(t: Tensor, other: Any) -> tuple[Tensor, Any] | None:
    """What an operator computes with: both tensors in their common type, or a tensor and a number of Python."""
    if isinstance(other, Array):
        return together(t, other.t)
    if isinstance(other, (*NUMBERS, np.generic)):
        return with_number(t, other)
    if isinstance(other, list | tuple | np.ndarray):
        return together(t, tensor_of(other, t.device))
    return None


def _forward(op: Callable[[Any, Any], Tensor], floats: bool = False) -> Callable[[Array, Any], Any]:
    def forward(self: Array, other: Any) -> Any:
        t, kind = self.t, type(other)
        if kind is ndarray or kind is scalar:
            o = other.t
            if o.dtype is t.dtype and (not floats or t.is_floating_point()):
                return wrap(op(t, o))
        elif kind in _number_types and t.is_floating_point():
            return wrap(op(t, other))
        pair = operands(t, other)
        if pair is None:
            return NotImplemented
        return wrap(op(floating(pair[0]), pair[1]) if floats else op(*pair))

    return forward


def _reflected(op: Callable[[Any, Any], Tensor], floats: bool = False) -> Callable[[Array, Any], Any]:
    def reflected(self: Array, other: Any) -> Any:
        t = self.t
        if type(other) not in _number_types or not t.is_floating_point():
            pair = operands(t, other)
            if pair is None:
                return NotImplemented
            t, other = pair
            t = floating(t) if floats else t
        return wrap(op(other, t))

    return reflected


def _in_place(
    op: Callable[[Any, Any], Tensor], outside: Callable[[Array, Any], Array]
) -> Callable[[Array, Any], Array]:
    def in_place(self: Array, other: Any) -> Array:
        if type(self) is not ndarray:
            return outside(self, other)  # a scalar is never changed: whoever else holds it sees no difference
        t = self.t
        if isinstance(other, Array):
            other = other.t
        elif isinstance(other, np.generic):
            other = other.item()
        elif not isinstance(other, NUMBERS):
            other = tensor_of(other, t.device)
        try:
            op(t, other)
        except RuntimeError as error:
            if "memory" not in str(error):
                raise
            op(t, other.clone())  # they overlap, as in x[1:] += x[:-1]
        return self

    return in_place


def _divide_number(number: Any, t: Tensor) -> Tensor:
    """number / t: torch would take the reciprocal first and round twice."""
    if type(number) is Tensor:
        return number / t
    return t.reciprocal() if number == 1 else torch.full_like(t, number).div_(t)


_add, _sub, _mul = _forward(operator.add), _forward(operator.sub), _forward(operator.mul)
_div, _pow = _forward(operator.truediv, floats=True), _forward(operator.pow)
_floordiv, _mod = _forward(operator.floordiv), _forward(operator.mod)
_and, _or, _xor = _forward(operator.and_), _forward(operator.or_), _forward(operator.xor)


class Array(Methods):
    """What an array and a scalar share; `t` is the tensor."""

    __slots__ = ("t",)
    __array_ufunc__ = None  # np.float64(2) * x is then asked of x
    t: Tensor

    # ── operators ────────────────────────────────────────────────────────────────────────────────────────────────────

    __add__, __radd__, __iadd__ = _add, _reflected(operator.add), _in_place(Tensor.add_, _add)
    __sub__, __rsub__, __isub__ = _sub, _reflected(operator.sub), _in_place(Tensor.sub_, _sub)
    __mul__, __rmul__, __imul__ = _mul, _reflected(operator.mul), _in_place(Tensor.mul_, _mul)
    __truediv__, __itruediv__ = _div, _in_place(Tensor.div_, _div)
    __rtruediv__ = _reflected(_divide_number, floats=True)
    __pow__, __rpow__, __ipow__ = _pow, _reflected(torch.pow), _in_place(Tensor.pow_, _pow)
    __floordiv__, __rfloordiv__ = _floordiv, _reflected(torch.floor_divide)
    __ifloordiv__ = _in_place(Tensor.floor_divide_, _floordiv)
    __mod__, __rmod__, __imod__ = _mod, _reflected(torch.remainder), _in_place(Tensor.remainder_, _mod)
    __and__, __rand__, __iand__ = _and, _and, _in_place(Tensor.logical_and_, _and)
    __or__, __ror__, __ior__ = _or, _or, _in_place(Tensor.logical_or_, _or)
    __xor__, __rxor__ = _xor, _xor
    __matmul__, __rmatmul__ = _forward(torch.matmul), _reflected(torch.matmul)
    __lt__, __le__, __gt__, __ge__ = (_forward(op) for op in (operator.lt, operator.le, operator.gt, operator.ge))
    __eq__, __ne__ = _forward(operator.eq), _forward(operator.ne)
    __hash__ = None  # type: ignore[assignment]

    def __neg__(self) -> Array:
        return wrap(-self.t)

    def __pos__(self) -> Array:
        return wrap(self.t.clone())

    def __abs__(self) -> Array:
        return wrap(self.t.abs())

    def __invert__(self) -> Array:
        return wrap(~self.t)

    # ── rows ──────────────────────────────────────────────────────────────────────────────────────────────────────────

    def __len__(self) -> int:
        if not self.t.dim():
            raise TypeError("len() of unsized object")
        return len(self.t)

    def __iter__(self) -> Iterator[Any]:
        t = self.t
        if not t.dim():
            raise TypeError("iteration over a 0-d array")
        if t.dim() == 1 and not t.is_floating_point():
            return iter(t.cpu().numpy().copy())  # a loop over whole numbers asks for their values: all at once
        return map(wrap, (t.clone() if t.dim() == 1 else t).unbind(0))  # elements are copies, rows are views

    # ── values on the host, asked for one by one ─────────────────────────────────────────────────────────────────────

    def item(self, *index: int) -> Any:
        """Bring one value to the host."""
        return (self.t[index] if index else self.t).item()

    def tolist(self) -> Any:
        """Bring all values to the host."""
        return self.t.tolist()

    def _one(self) -> Any:
        if self.t.dim() and self.t.numel() != 1:
            raise TypeError("only 0-dimensional arrays can be converted to Python scalars")
        return self.t.item()

    def __float__(self) -> float:
        return float(self._one())

    def __int__(self) -> int:
        return int(self._one())

    def __complex__(self) -> complex:
        return complex(self._one())

    def __index__(self) -> int:
        return operator.index(self._one())

    def __bool__(self) -> bool:
        if self.t.numel() != 1:
            raise ValueError(
                "The truth value of an array with more than one element is ambiguous. Use a.any() or a.all()"
            )
        return bool(self.t.item())

    def __contains__(self, value: Any) -> bool:
        return bool((self == value).any())

    def __round__(self, digits: int = 0) -> Any:
        return self.round(digits)

    def __format__(self, form: str) -> str:
        return format(self.t.item() if not self.t.dim() else str(self), form)

    def __repr__(self) -> str:
        return str(self.t.item()) if not self.t.dim() and self.t.device.type != "meta" else _shown(self.t, repr)

    def __str__(self) -> str:
        return str(self.t.item()) if not self.t.dim() and self.t.device.type != "meta" else _shown(self.t, str)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        raise NotOnTorch("__array__", "NumPy itself, or another library, asked for all values on the host")

    def __reduce__(self) -> Any:
        return _restored, (type(self) is scalar, self.t.cpu().numpy(), str(self.t.device))

    def __copy__(self) -> Any:
        return self.copy()

    def __deepcopy__(self, memo: Any) -> Any:
        return self.copy()

    def __getattr__(self, name: str) -> Any:
        if hasattr(np.ndarray, name) and not name.startswith("__"):
            raise NotOnTorch(f"x.{name}")
        raise AttributeError(f"'numpy.ndarray' object has no attribute {name!r}", name=name, obj=self)

    # ── elements ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def __getitem__(self, key: Any) -> Array:
        kind, t = type(key), self.t
        if kind is ndarray and key.t.dtype is torch.bool and key.t.shape == t.shape and t.dim():
            return masked(t, key.t)
        if kind is ndarray:
            return as_array(t[key.t]) if key.t.dim() or t.dim() else wrap(t[key.t])
        if kind is int:
            found = t[key]
            return as_array(found) if found.dim() else wrap(found.clone())
        if kind is slice and (key.step is None or key.step > 0):
            return as_array(t[key])
        found, element = indexing.read(t, _key(key))
        return wrap(found.clone()) if element else as_array(found)  # an element is no view

    def __setitem__(self, key: Any, value: Any) -> None:
        if type(self) is scalar:
            raise TypeError(f"'numpy.{self.dtype}' object does not support item assignment")
        if type(value) is masked and isinstance(key, Array) and value.is_waiting(key.t):
            self.t.copy_(torch.where(key.t, value.whole, self.t))
            return
        if isinstance(value, Array):
            value = value.t
        elif isinstance(value, np.generic):
            value = value.item()
        elif not isinstance(value, NUMBERS):
            value = tensor_of(value, self.t.device)
        indexing.write(self.t, _key(key), value)

    def _made(self, t: Tensor) -> Array:
        return wrap(t)

    def _view(self, t: Tensor) -> Array:
        return as_array(t)

    def _like(self, t: Tensor) -> Array:
        made = _new(type(self))
        made.t = t
        return made

    def _into(self, out: Array | None, t: Tensor) -> Array:
        return into(out, t)


class ndarray(Array):
    """An array: it can be changed in place, and a view of it changes with it."""

    __slots__ = ()


class scalar(Array):
    """A number that is still on the device: what NumPy's sums and elements are; nothing changes it in place."""

    __slots__ = ()

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(self.t.item())


def _through_mask(op: Callable[[Any, Any], Tensor]) -> Callable[[masked, Any], Any]:
    def in_place(self: masked, other: Any) -> Any:
        if isinstance(other, NUMBERS) and self.is_waiting():
            op(self.whole, other)
        elif type(other) is masked and self.is_waiting() and other.is_waiting(self.mask):
            op(self.whole, other.whole)
        else:
            op(self.t, other.t if isinstance(other, Array) else other)
        return self

    return in_place


class masked(ndarray):
    """x[mask], whose elements are put together when they are wanted: for x[mask] *= 0 nobody has to count them."""

    __slots__ = ("chosen", "mask", "whole")

    def __init__(self, whole: Tensor, mask: Tensor) -> None:
        self.whole, self.mask = whole.clone(), mask  # a copy, as NumPy's is
        self.chosen: Tensor | None = None

    @property
    def t(self) -> Tensor:  # type: ignore[override]
        """The elements; the host waits for their number."""
        if self.chosen is None:
            self.chosen = self.whole[self.mask]
        return self.chosen

    def is_waiting(self, mask: Tensor | None = None) -> bool:
        """Whether nobody has asked for the elements yet; and whether it is this mask."""
        return self.chosen is None and (mask is None or mask is self.mask)

    def _like(self, t: Tensor) -> Array:
        return as_array(t)

    __iadd__, __isub__ = _through_mask(Tensor.add_), _through_mask(Tensor.sub_)
    __imul__, __itruediv__ = _through_mask(Tensor.mul_), _through_mask(Tensor.div_)


def _key(key: Any) -> tuple[Any, ...]:
    """A key as a tuple in which arrays are tensors."""
    if type(key) is not tuple:
        key = (key,)
    return tuple(
        part.t if isinstance(part, Array) else _list(part) if type(part) is list and has_arrays(part) else part
        for part in key
    )


def _list(parts: list[Any]) -> Tensor:
    device = next(part.t.device for part in parts if isinstance(part, Array))
    return tensor_of(parts, device)


def _shown(t: Tensor, form: Callable[[Any], str]) -> str:
    if t.device.type == "meta":
        return f"array of shape {tuple(t.shape)}, without values"
    return form(t.detach().cpu().numpy())


def _restored(of_no_axis: bool, host: np.ndarray[Any, Any], device: str) -> Array:
    t = torch.tensor(host, device=device)
    return wrap(t) if of_no_axis else as_array(t)


def to_host(value: Any) -> Any:
    """Copy an array to NumPy's; other values are returned as they are."""
    return value.t.cpu().numpy().copy() if isinstance(value, Array) else value
