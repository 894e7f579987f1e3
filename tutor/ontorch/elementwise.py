"""Functions of single elements: exp, maximum, where and their like, with NumPy's out=, where= and dtype=."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from tutor.ontorch import reductions as reduce
from tutor.ontorch.array import Array, as_array, into, ndarray, operands, tensor_of, wrap
from tutor.ontorch.dtypes import NUMBERS, Tensor, fitting, floating, together, torch_dtype
from tutor.ontorch.errors import NotOnTorch


class Function:
    """A function of single elements, as np.exp and np.add are: callable, with what NumPy hangs on it."""

    __slots__ = ("__name__", "_of_tensors")

    def __init__(self, name: str, of_tensors: Callable[..., Tensor]) -> None:
        self.__name__, self._of_tensors = name, of_tensors

    def __repr__(self) -> str:
        return f"<ufunc '{self.__name__}'>"

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_") and hasattr(getattr(np, self.__name__), name):
            raise NotOnTorch(f"np.{self.__name__}.{name}")
        raise AttributeError(name)

    def _finish(self, t: Tensor, out: Any, where: Any, dtype: Any) -> Array:
        """Bring a result to its type and to where it is wanted."""
        if dtype is not None:
            t = t.to(torch_dtype(dtype, t.device))
        if where is not True:
            out = out[0] if isinstance(out, tuple) else out
            kept = torch.empty_like(t) if out is None else out.t
            t = torch.where(tensor_of(where, t.device), t.to(kept.dtype), kept)
        return into(out, t)


class OfOne(Function):
    """A function of one array; of whole numbers it makes floats, unless it keeps its type."""

    __slots__ = ("_keeps",)

    def __init__(self, name: str, of_tensors: Callable[..., Tensor], keeps: bool = False) -> None:
        super().__init__(name, of_tensors)
        self._keeps = keeps

    def __call__(self, x: Any, /, out: Any = None, *, where: Any = True, dtype: Any = None) -> Any:
        """Return the function of every element."""
        if not isinstance(x, Array):
            return getattr(np, self.__name__)(x) if out is None else self(tensor_array(x, out), out)
        t = x.t
        if out is None and where is True and dtype is None:
            return wrap(self._of_tensors(t if self._keeps or t.is_floating_point() else floating(t)))
        t = t if dtype is None else t.to(torch_dtype(dtype, t.device))
        return self._finish(self._of_tensors(t if self._keeps else floating(t)), out, where, dtype)


class OfTwo(Function):
    """A function of two arrays, of which one may be a number."""

    __slots__ = ("_with_number",)

    def __init__(self, name: str, of_tensors: Callable[..., Tensor]) -> None:
        super().__init__(name, of_tensors)
        self._with_number = WITH_NUMBER.get(name)

    def __call__(self, a: Any, b: Any, /, out: Any = None, *, where: Any = True, dtype: Any = None) -> Any:
        """Return the function of every pair of elements."""
        if type(a) is ndarray and type(b) is ndarray and out is None and where is True and dtype is None:
            t, o = a.t, b.t
            return wrap(self._of_tensors(t, o) if t.dtype is o.dtype else self._of_tensors(*together(t, o)))
        if self._with_number is not None and out is None and where is True and dtype is None:
            x, number = (a, b) if type(a) is ndarray else (b, a)
            if type(x) is ndarray and type(number) in (int, float) and x.t.is_floating_point():
                return wrap(self._with_number(x.t, number))
        if not isinstance(a, Array) and not isinstance(b, Array):
            if out is None and where is True:
                return getattr(np, self.__name__)(a, b)
            a = tensor_array(a, out if out is not None else where)
        t, o = pair_of(a, b)
        return self._finish(self._of_tensors(t, o), out, where, dtype)

    def at(self, x: Array, indices: Any, values: Any = 0) -> None:
        """Add to x[indices] place by place, so that a place that is named twice gets both; see np.add.at."""
        if self.__name__ not in ("add", "subtract"):
            raise NotOnTorch(f"np.{self.__name__}.at")
        key = tuple(tensor_of(part, x.t.device) for part in (indices if isinstance(indices, tuple) else (indices,)))
        more = tensor_of(values, x.t.device).to(x.t.dtype)
        x.t.index_put_(key, more if self.__name__ == "add" else -more, accumulate=True)

    def outer(self, a: Array, b: Array) -> Any:
        """Return the function of every element of a with every element of b."""
        first, second = pair_of(a, b)
        return self(as_array(first.reshape(first.shape + (1,) * second.dim())), as_array(second))

    def reduce(self, x: Any, axis: Any = 0, out: Any = None, keepdims: bool = False) -> Any:
        """See NumPy."""
        reducers: dict[str, Callable[..., Tensor]] = {
            "add": reduce.add_up,
            "multiply": reduce.product,
            "maximum": reduce.largest,
            "minimum": reduce.smallest,
        }
        if self.__name__ not in reducers or not isinstance(x, Array):
            raise NotOnTorch(f"np.{self.__name__}.reduce")
        return into(out, reducers[self.__name__](x.t, axis, keepdims=keepdims))


def tensor_array(x: Any, like: Any) -> Array:
    """Numbers of the host as an array beside `like`."""
    like = like[0] if isinstance(like, tuple) else like
    return as_array(tensor_of(x, like.t.device))


def pair_of(a: Any, b: Any) -> tuple[Tensor, Tensor]:
    """Two tensors of one type, of which one may have been a number."""
    swapped = not isinstance(a, Array)
    if swapped:
        a, b = (b, a) if isinstance(b, Array) else (as_array(torch.as_tensor(np.asarray(a))), b)
    pair = operands(a.t, b)
    if pair is None:
        raise TypeError(f"np.maximum and its like take arrays and numbers, not {type(b).__name__}")
    t, o = pair
    if type(o) is not Tensor:
        o = torch.full((), o, dtype=torch.bool if isinstance(o, bool) else t.dtype, device=t.device)
        t, o = together(t, o)
    return (o, t) if swapped else (t, o)


def _heaviside(t: Tensor, at_zero: Tensor) -> Tensor:
    return torch.heaviside(t, at_zero.to(t.dtype))


def _divide(t: Tensor, o: Tensor) -> Tensor:
    return floating(t) / floating(o)


def _cube_root(t: Tensor) -> Tensor:
    return t.sign() * t.abs().pow(1 / 3)


WITH_NUMBER: dict[str, Callable[..., Tensor]] = {"maximum": torch.clamp_min, "minimum": torch.clamp_max}
OF_ONE: dict[str, tuple[Callable[..., Tensor], bool]] = {
    **{name: (getattr(torch, name), False) for name in (
        "exp", "log", "log1p", "expm1", "log2", "log10", "exp2", "sqrt", "sin", "cos", "tan", "tanh", "sinh", "cosh",
        "arcsin", "arccos", "arctan", "arctanh", "arcsinh", "arccosh",
    )},
    **{name: (getattr(torch, name), True) for name in (
        "abs", "sign", "square", "negative", "positive", "floor", "ceil", "trunc", "isnan", "isinf", "isfinite",
        "signbit", "logical_not", "bitwise_not", "deg2rad", "rad2deg", "conj_physical",
    )},
    "absolute": (torch.abs, True),
    "fabs": (torch.abs, False),
    "cbrt": (_cube_root, False),
    "invert": (torch.bitwise_not, True),
    "reciprocal": (torch.reciprocal, False),
    "rint": (torch.round, True),
}  # fmt: skip
OF_TWO: dict[str, Callable[..., Tensor]] = {
    **{name: getattr(torch, name) for name in (
        "add", "subtract", "multiply", "floor_divide", "remainder", "maximum", "minimum", "fmax", "fmin", "hypot",
        "logaddexp", "arctan2", "copysign", "equal", "not_equal", "less", "less_equal", "greater", "greater_equal",
        "logical_and", "logical_or", "logical_xor", "bitwise_and", "bitwise_or", "bitwise_xor", "fmod",
    )},
    "divide": _divide,
    "true_divide": _divide,
    "power": torch.pow,
    "float_power": torch.pow,
    "mod": torch.remainder,
    "heaviside": _heaviside,
    "equal": torch.eq,
}  # fmt: skip


def functions() -> dict[str, Function]:
    """All of them by NumPy's names."""
    one: dict[str, Function] = {
        name: OfOne(name, of, keeps) for name, (of, keeps) in OF_ONE.items() if hasattr(np, name)
    }
    return one | {name: OfTwo(name, of) for name, of in OF_TWO.items()}


def where(condition: Any, x: Any = None, y: Any = None) -> Any:
    """np.where; with the condition alone it asks for places, and the host waits for their number."""
    device = next(part for part in (condition, x, y) if isinstance(part, Array)).t.device
    mask = condition.t if isinstance(condition, Array) else tensor_of(condition, device)
    mask = mask if mask.dtype is torch.bool else mask != 0
    if x is None:
        return as_array(mask).nonzero()
    for array, number in ((x, y), (y, x)):
        if type(array) is ndarray and type(number) in (int, float) and array.t.is_floating_point():
            return wrap(torch.where(mask, array.t, number) if array is x else torch.where(mask, number, array.t))
    if isinstance(x, Array) or isinstance(y, Array):
        t, o = pair_of(x, y)
        return wrap(torch.where(mask, t, o))
    host = (np.asarray(x), np.asarray(y))
    dtype = fitting(torch_dtype(np.result_type(*host), device), device)
    t, o = (torch.full((), h.item(), dtype=dtype, device=device) if not h.ndim else tensor_of(h, device) for h in host)
    return wrap(torch.where(mask, t, o))


def clip(x: Any, a_min: Any = None, a_max: Any = None, out: Any = None, **bounds: Any) -> Any:
    """np.clip."""
    low, high = bounds.get("min", a_min), bounds.get("max", a_max)
    t = x.t
    if all(bound is None or isinstance(bound, NUMBERS) for bound in (low, high)):
        if any(isinstance(bound, float) for bound in (low, high)):
            t = floating(t)
        return into(out, t.clamp(low, high))
    if low is not None:
        t = torch.maximum(*pair_of(as_array(t), low))
    if high is not None:
        t = torch.minimum(*pair_of(as_array(t), high))
    return into(out, t)


def nan_to_num(
    x: Any, copy: bool = True, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None
) -> Any:
    """np.nan_to_num."""
    found = torch.nan_to_num(x.t, nan, posinf, neginf)
    return wrap(found) if copy else into(x, found)


def isclose(a: Any, b: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Any:
    """np.isclose."""
    x, y = pair_of(a, b)
    return wrap(torch.isclose(floating(x), floating(y), rtol=rtol, atol=atol, equal_nan=equal_nan))


def allclose(a: Any, b: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Any:
    """np.allclose: the answer is still on the device."""
    return isclose(a, b, rtol, atol, equal_nan).all()


def array_equal(a: Any, b: Any) -> Any:
    """np.array_equal: the answer is still on the device."""
    first, second = pair_of(a, b)
    return False if first.shape != second.shape else wrap((first == second).all())
