"""The module that a learner's file gets for `numpy`: NumPy's own names, on the device."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import torch

from tutor.ontorch import algebra, arranging, elementwise, making
from tutor.ontorch.array import Array, has_arrays, ndarray, scalar
from tutor.ontorch.errors import NotOnTorch
from tutor.ontorch.making import Place, Random

METHODS = (
    "sum", "mean", "var", "std", "prod", "max", "min", "ptp", "argmax", "argmin", "any", "all", "cumsum", "cumprod",
    "trace", "round", "reshape", "ravel", "transpose", "swapaxes", "squeeze", "argsort", "nonzero", "take", "diagonal",
    "astype", "copy",
)  # fmt: skip
OTHER_NAMES = {"amax": "max", "amin": "min", "around": "round", "permute_dims": "transpose", "matrix_transpose": "mT"}


class Face(ModuleType):
    """A module of NumPy's; what is not written for tensors is NumPy's own as long as no array is handed to it."""

    def __init__(self, name: str, of: ModuleType, place: Place, own: dict[str, Any]) -> None:
        super().__init__(name, of.__doc__)
        self.__dict__.update(own)
        self._of, self._place = of, place

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._of, name)  # NumPy's AttributeError where it has none either
        if isinstance(found, ModuleType) and name not in ("typing", "dtypes", "exceptions"):
            return self.__dict__.setdefault(name, Face(f"{self.__name__}.{name}", found, self._place, {}))
        if isinstance(found, type) or not callable(found):
            return found  # a type, a number
        path = f"{self.__name__.replace('numpy', 'np', 1)}.{name}"
        return self.__dict__.setdefault(name, hosted(path, found, self._place))


def hosted(path: str, function: Callable[..., Any], place: Place) -> Callable[..., Any]:
    """A function of NumPy's that has no counterpart: for numbers of the host, and its arrays are moved."""

    def on_host(*args: Any, **named: Any) -> Any:
        if any(map(has_arrays, args)) or any(map(has_arrays, named.values())):
            raise NotOnTorch(path)
        return place.move(function(*args, **named), named.get("dtype"))

    on_host.__name__ = on_host.__qualname__ = path.rpartition(".")[2]
    return on_host


def ours(function: Callable[..., Any], on_host: Callable[..., Any]) -> Callable[..., Any]:
    """A function for tensors; where none of its arguments is one, NumPy's own."""

    def dispatched(*args: Any, **named: Any) -> Any:
        if args and type(args[0]) is ndarray:
            return function(*args, **named)
        if any(map(has_arrays, args)) or any(map(has_arrays, named.values())):
            return function(*args, **named)
        return on_host(*args, **named)

    dispatched.__name__ = dispatched.__qualname__ = on_host.__name__
    return dispatched


def _method(name: str, place: Place) -> Callable[..., Any]:
    def function(*args: Any, **named: Any) -> Any:
        if "where" in named:
            raise NotOnTorch(f"np.{name}(..., where=)", "", "Choose with np.where first: np.sum(np.where(mask, x, 0)).")
        x = args[0] if args else named.pop("a")
        return getattr(x if isinstance(x, Array) else place.array(x), name)(*args[1:], **named)

    return function


def make(device: str | torch.device, dtype: str = "float64") -> ModuleType:
    """Make `numpy` for a device: "cpu", "cuda", "cuda:1", "mps", "meta".

    `dtype` is the float of new arrays for which the file names none. On mps there is no float64: every one is float32.
    """
    place = Place(torch.device(device), getattr(torch, dtype))
    functions = {name: _method(name, place) for name in METHODS}
    functions |= {name: _method(other, place) for name, other in OTHER_NAMES.items() if other != "mT"}
    functions |= arranging.FUNCTIONS | algebra.FUNCTIONS | making.FUNCTIONS
    functions |= {
        f.__name__: f
        for f in (
            elementwise.where, elementwise.clip, elementwise.nan_to_num, elementwise.isclose, elementwise.allclose,
            elementwise.array_equal,
        )
    }  # fmt: skip
    names = _given(functions, np, "np", place) | elementwise.functions() | place.functions()
    names |= {
        "concat": names["concatenate"],
        "size": _size,
        "shape": _shape,
        "ndim": _ndim,
        "isscalar": _isscalar,
        "ndarray": ndarray,
    }
    numpy = Face("numpy", np, place, names)
    tricks = {"sliding_window_view": arranging.sliding_window_view, "as_strided": arranging.as_strided}
    stride_tricks = Face("numpy.lib.stride_tricks", np.lib.stride_tricks, place, tricks)
    numpy.lib = Face("numpy.lib", np.lib, place, {"stride_tricks": stride_tricks})  # type: ignore[attr-defined]
    linalg = _given(algebra.LINALG, np.linalg, "np.linalg", place)
    numpy.linalg = Face("numpy.linalg", np.linalg, place, linalg)  # type: ignore[attr-defined]
    numpy.random = _random(place)  # type: ignore[attr-defined]
    return numpy


def _given(functions: dict[str, Any], of: ModuleType, path: str, place: Place) -> dict[str, Any]:
    return {name: ours(f, hosted(f"{path}.{name}", getattr(of, name), place)) for name, f in functions.items()}


def _random(place: Place) -> Face:
    """numpy.random: its functions draw from the state of the process, as NumPy's own."""
    shared = Random(np.random, place)

    def default_rng(seed: Any = None) -> Any:
        return seed if isinstance(seed, Random) else Random(np.random.default_rng(seed), place)

    def random_state(seed: Any = None) -> Any:
        return Random(np.random.RandomState(seed), place)

    own = {"default_rng": default_rng, "RandomState": random_state}
    drawing = [name for name in dir(np.random) if not name.startswith("_") and name[0].islower() and name not in own]
    own |= {name: getattr(shared, name) for name in drawing}
    return Face("numpy.random", np.random, place, own)


def _size(x: Any, axis: int | None = None) -> int:
    if not isinstance(x, Array):
        return np.size(x, axis)
    return x.size if axis is None else x.shape[axis]


def _shape(x: Any) -> tuple[int, ...]:
    return x.shape if isinstance(x, Array) else np.shape(x)


def _ndim(x: Any) -> int:
    return x.ndim if isinstance(x, Array) else np.ndim(x)


def _isscalar(x: Any) -> bool:
    return isinstance(x, scalar) or np.isscalar(x)
