"""New arrays: made on the device where nothing has to be drawn or read, and else by NumPy, then moved there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from tutor.ontorch.array import Array, as_array, has_arrays, tensor_of
from tutor.ontorch.dtypes import Tensor, fitting, torch_dtype
from tutor.ontorch.errors import NotOnTorch


class Place:
    """Where new arrays are made, and which float they hold where the file names none."""

    def __init__(self, device: torch.device, dtype: torch.dtype) -> None:
        self.device, self.dtype = device, fitting(dtype, device)

    def float_or(self, dtype: Any) -> torch.dtype:
        """The type that is asked for; without one, or for Python's float, the float of this place."""
        return self.dtype if dtype is None or dtype is float else torch_dtype(dtype, self.device)

    def move(self, value: Any, dtype: Any = None) -> Any:
        """Bring what NumPy made to the device: arrays, also in tuples and lists; numbers stay what they are.

        Where no `dtype` was asked for, float64 becomes the float of this place.
        """
        if isinstance(value, np.ndarray):
            wanted = torch_dtype(value.dtype, self.device) if dtype is not None else self._usual(value.dtype)
            return as_array(torch.tensor(value, dtype=wanted, device=self.device))
        if type(value) in (tuple, list):
            return type(value)(self.move(part, dtype) for part in value)
        return value

    def _usual(self, dtype: np.dtype[Any]) -> torch.dtype:
        return self.dtype if dtype == np.float64 else torch_dtype(dtype, self.device)

    # ── NumPy's functions ────────────────────────────────────────────────────────────────────────────────────────────

    def array(self, value: Any, dtype: Any = None, copy: Any = True, ndmin: int = 0, **_: Any) -> Any:
        """np.array: of numbers, of arrays, of lists of both."""
        if isinstance(value, map | filter | zip | range) or hasattr(value, "__next__"):
            value = list(value)
        if has_arrays(value):
            t = tensor_of(value, self.device)
            t = t.to(torch_dtype(dtype, self.device)) if dtype is not None else t
            made: Any = as_array(t.clone() if copy and isinstance(value, Array) else t)
        else:
            made = self.move(np.array(value, dtype=dtype), None if dtype is float else dtype)
        return made[(None,) * (ndmin - made.ndim)] if made.ndim < ndmin else made

    def asarray(self, value: Any, dtype: Any = None, **_: Any) -> Any:
        """np.asarray: the array itself where it is one already."""
        if type(value) is not Array and isinstance(value, Array) and (dtype is None or value.dtype == np.dtype(dtype)):
            return value
        return self.array(value, dtype, copy=False)

    def zeros(self, shape: Any, dtype: Any = None, **_: Any) -> Any:
        """np.zeros."""
        return as_array(torch.zeros(_shape(shape), dtype=self.float_or(dtype), device=self.device))

    def ones(self, shape: Any, dtype: Any = None, **_: Any) -> Any:
        """np.ones."""
        return as_array(torch.ones(_shape(shape), dtype=self.float_or(dtype), device=self.device))

    def empty(self, shape: Any, dtype: Any = None, **_: Any) -> Any:
        """np.empty."""
        return as_array(torch.empty(_shape(shape), dtype=self.float_or(dtype), device=self.device))

    def full(self, shape: Any, fill_value: Any, dtype: Any = None, **_: Any) -> Any:
        """np.full."""
        if isinstance(fill_value, Array | list | tuple):
            filling = tensor_of(fill_value, self.device)
            wanted = filling.dtype if dtype is None else torch_dtype(dtype, self.device)
            return as_array(filling.to(wanted).expand(_shape(shape)).clone())
        kind = np.asarray(fill_value).dtype
        wanted = self._usual(kind) if dtype is None else self.float_or(dtype)
        return as_array(torch.full(_shape(shape), fill_value, dtype=wanted, device=self.device))

    def eye(self, rows: int, columns: int | None = None, k: int = 0, dtype: Any = None, **_: Any) -> Any:
        """np.eye."""
        if k:
            return self.move(np.eye(rows, columns, k), dtype)
        columns = rows if columns is None else columns
        return as_array(torch.eye(int(rows), int(columns), dtype=self.float_or(dtype), device=self.device))

    def identity(self, rows: int, dtype: Any = None) -> Any:
        """np.identity."""
        return self.eye(rows, dtype=dtype)

    def arange(self, *bounds: Any, dtype: Any = None) -> Any:
        """np.arange."""
        if len(bounds) == 1 and type(bounds[0]) is int and dtype is None:
            return as_array(torch.arange(bounds[0], device=self.device))
        return self.move(np.arange(*(b.item() if isinstance(b, np.generic) else b for b in bounds), dtype=dtype), dtype)

    def functions(self) -> dict[str, Callable[..., Any]]:
        """All of them by name."""
        names = ("array", "asarray", "zeros", "ones", "empty", "full", "eye", "identity", "arange")
        return {name: getattr(self, name) for name in names} | {
            "asanyarray": self.asarray,
            "ascontiguousarray": self._contiguous,
        }

    def _contiguous(self, value: Any, dtype: Any = None) -> Any:
        return as_array(self.asarray(value, dtype).t.contiguous())


def _shape(shape: Any) -> tuple[int, ...]:
    return (int(shape),) if not isinstance(shape, tuple | list) else tuple(map(int, shape))


def _like(make: Callable[..., Tensor]) -> Callable[..., Any]:
    def like(x: Any, dtype: Any = None, shape: Any = None, **_: Any) -> Any:
        t = x.t
        wanted = t.dtype if dtype is None else torch_dtype(dtype, t.device)
        return as_array(make(t if shape is None else t.new_empty(_shape(shape)), dtype=wanted))

    return like


def full_like(x: Any, fill_value: Any, dtype: Any = None, **_: Any) -> Any:
    """np.full_like."""
    t = x.t
    made = torch.empty_like(t, dtype=t.dtype if dtype is None else torch_dtype(dtype, t.device))
    return as_array(made.copy_(fill_value.t) if isinstance(fill_value, Array) else made.fill_(fill_value))


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "zeros_like": _like(torch.zeros_like),
    "ones_like": _like(torch.ones_like),
    "empty_like": _like(torch.empty_like),
    "full_like": full_like,
}


class Random:
    """A generator of NumPy's, whose arrays are moved to the device: the same seed gives the same numbers everywhere."""

    __slots__ = ("_move", "_source")  # two attributes, of which a checkpoint needs the generator alone

    def __init__(self, source: Any, place: Place) -> None:
        self._source, self._move = source, place.move

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        drawing = getattr(self._source, name)
        if not callable(drawing) or isinstance(drawing, type):
            return drawing

        def draw(*args: Any, **named: Any) -> Any:
            if any(has_arrays(arg) for arg in (*args, *named.values())):
                raise NotOnTorch(f"np.random.{name} with an array", "numbers are drawn on the host", _SCALE)
            return self._moved(drawing(*args, **named))

        return draw

    def permutation(self, x: Any) -> Any:
        """Draw an order of range(x), or return the array in one."""
        if not isinstance(x, Array):
            return self._moved(self._source.permutation(x))
        return x[self._order(len(x))]

    def shuffle(self, x: Any) -> None:
        """Bring x into another order, in place."""
        if isinstance(x, Array):
            x[...] = x[self._order(len(x))]
        else:
            self._source.shuffle(x)

    def choice(self, x: Any, size: Any = None, replace: bool = True, p: Any = None, **named: Any) -> Any:
        """Draw numbers of range(x), or elements of x."""
        if has_arrays(p):
            raise NotOnTorch("choice(p=array)", "numbers are drawn on the host", "Give p as a list: p.tolist().")
        drawn = self._source.choice(len(x) if isinstance(x, Array) else x, size, replace, p, **named)
        if isinstance(x, Array):
            return x[drawn if np.ndim(drawn) else int(drawn)]
        return self._moved(drawn)

    def _order(self, n: int) -> Any:
        order = np.arange(n)
        self._source.shuffle(order)
        return self._moved(order)

    def _moved(self, drawn: Any) -> Any:
        return self._move(
            drawn, _AS_DRAWN
        )  # float64 as NumPy draws it: rounded before it is scaled, a weight would differ


_AS_DRAWN = "as it is"
_SCALE = "Draw with numbers alone, then scale and shift: mean + std * rng.standard_normal(shape)."
