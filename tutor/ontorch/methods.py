"""What an array can be asked for: what it is, other forms of it, sums, extremes and products."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from tutor.ontorch import reductions as reduce
from tutor.ontorch.dtypes import NUMPY_OF, Tensor, torch_dtype
from tutor.ontorch.errors import NotOnTorch


class Methods:
    """What NumPy's arrays can be asked for by name; each is NumPy's of that name, and `t` is the tensor."""

    __slots__ = ()
    if TYPE_CHECKING:
        t: Tensor

        def _made(self, t: Tensor) -> Any: ...  # an array, or a scalar where there is no axis
        def _view(self, t: Tensor) -> Any: ...  # an array
        def _like(self, t: Tensor) -> Any: ...  # what this one is
        def _into(self, out: Any, t: Tensor) -> Any: ...  # `out` where it is given

    # ── other forms ──────────────────────────────────────────────────────────────────────────────────────────────────

    # ── what it is ───────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of every axis."""
        return tuple(self.t.shape)

    @shape.setter
    def shape(self, shape: tuple[int, ...]) -> None:
        self.t = self.t.view(shape)  # type: ignore[misc]  # the slot is Array's

    @property
    def dtype(self) -> np.dtype[Any]:
        """NumPy's name for its type."""
        return NUMPY_OF[self.t.dtype]

    @property
    def ndim(self) -> int:
        """The number of its axes."""
        return self.t.dim()

    @property
    def size(self) -> int:
        """The number of its elements."""
        return self.t.numel()

    @property
    def itemsize(self) -> int:
        """The bytes of one element."""
        return self.t.element_size()

    @property
    def nbytes(self) -> int:
        """The bytes of all elements."""
        return self.t.numel() * self.t.element_size()

    @property
    def strides(self) -> tuple[int, ...]:
        """The bytes from one element to the next, for every axis."""
        return tuple(step * self.t.element_size() for step in self.t.stride())

    @property
    def T(self) -> Any:
        """The axes in reverse order: a view."""
        t = self.t
        return self._view(t.t() if t.dim() == 2 else t.permute(*range(t.dim() - 1, -1, -1)) if t.dim() > 2 else t)

    @property
    def mT(self) -> Any:
        """The last two axes exchanged: a view."""
        return self._view(self.t.mT)

    @property
    def real(self) -> Any:
        """The real part: of floats, they themselves."""
        return self if not self.t.is_complex() else self._made(self.t.real)

    @property
    def imag(self) -> Any:
        """The imaginary part: of floats, zeros."""
        return self._made(self.t.imag if self.t.is_complex() else torch.zeros_like(self.t))

    @property
    def flat(self) -> Any:
        """All elements in a row."""
        if not self.t.is_contiguous():
            raise NotOnTorch("x.flat", "its memory is not in one piece", "Use x.ravel() to read, or x.copy() first.")
        return self._view(self.t.view(-1))

    # ── other forms ───────────────────────────────────────────────────────────────────────────────────────────────────

    def copy(self, **_: Any) -> Any:
        """See NumPy."""
        return self._like(self.t.clone(memory_format=torch.contiguous_format))

    def astype(self, dtype: Any, copy: bool = True, **_: Any) -> Any:
        """See NumPy."""
        return self._like(self.t.to(torch_dtype(dtype, self.t.device), copy=copy))

    def fill(self, value: Any) -> None:
        """See NumPy."""
        self.t.fill_(value.t if isinstance(value, Methods) else value)

    def reshape(self, *shape: Any, order: str = "C") -> Any:
        """See NumPy: a view where it can be one."""
        if order != "C":
            raise NotOnTorch("x.reshape(..., order='F')", "", "Transpose, reshape, transpose again.")
        return self._view(self.t.reshape(_numbers(shape)))

    def ravel(self, order: str = "C") -> Any:
        """See NumPy: a view where it can be one."""
        return self.reshape(-1, order=order)

    def flatten(self, order: str = "C") -> Any:
        """See NumPy: a copy."""
        return self.reshape(-1, order=order).copy()

    def transpose(self, *order: Any) -> Any:
        """See NumPy: a view."""
        axes = _numbers(order) if order and order[0] is not None else tuple(range(self.t.dim()))[::-1]
        return self._view(self.t.permute(axes))

    def swapaxes(self, axis1: int, axis2: int) -> Any:
        """See NumPy: a view."""
        return self._view(self.t.transpose(axis1, axis2))

    def squeeze(self, axis: Any = None) -> Any:
        """See NumPy: a view."""
        return self._view(self.t.squeeze() if axis is None else self.t.squeeze(axis))

    def repeat(self, repeats: Any, axis: int | None = None) -> Any:
        """See NumPy."""
        t = self.t.reshape(-1) if axis is None else self.t
        return self._made(t.repeat_interleave(repeats.t if isinstance(repeats, Methods) else repeats, dim=axis or 0))

    def take(self, indices: Any, axis: int | None = None) -> Any:
        """See NumPy."""
        t, places = (
            self.t,
            indices.t if isinstance(indices, Methods) else torch.as_tensor(indices, device=self.t.device),
        )
        t, axis = (t.reshape(-1), 0) if axis is None else (t, axis % t.dim())
        return self._made(t[(slice(None),) * axis + (places.to(torch.int64),)])

    def diagonal(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
        """See NumPy: a view."""
        return self._made(self.t.diagonal(offset, axis1, axis2))

    def sort(self, axis: int = -1, **_: Any) -> None:
        """See NumPy: in place."""
        self.t.copy_(self.t.sort(dim=axis, stable=True).values)

    def argsort(self, axis: int | None = -1, **_: Any) -> Any:
        """See NumPy; equal values keep their order."""
        return self._made(
            self.t.reshape(-1).argsort(stable=True) if axis is None else self.t.argsort(dim=axis, stable=True)
        )

    def nonzero(self) -> tuple[Any, ...]:
        """See NumPy; the host waits for their number."""
        return tuple(map(self._made, self.t.nonzero(as_tuple=True)))

    # ── sums, extremes, products ─────────────────────────────────────────────────────────────────────────────────────

    def sum(
        self, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False, initial: Any = None
    ) -> Any:
        """See NumPy."""
        if type(axis) is int and dtype is None and out is None and initial is None:
            return self._made(self.t.sum(axis, keepdims))  # what a step has most of
        found = reduce.add_up(self.t, axis, dtype, keepdims)
        return self._into(out, found if initial is None else found + initial)

    def mean(self, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False) -> Any:
        """See NumPy."""
        return self._into(out, reduce.mean(self.t, axis, dtype, keepdims))

    def var(self, axis: Any = None, dtype: Any = None, out: Any = None, ddof: float = 0, keepdims: bool = False) -> Any:
        """See NumPy."""
        return self._into(out, reduce.var(self.t, axis, dtype, keepdims, ddof))

    def std(self, axis: Any = None, dtype: Any = None, out: Any = None, ddof: float = 0, keepdims: bool = False) -> Any:
        """See NumPy."""
        return self._into(out, reduce.std(self.t, axis, dtype, keepdims, ddof))

    def prod(self, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False) -> Any:
        """See NumPy."""
        return self._into(out, reduce.product(self.t, axis, dtype, keepdims))

    def max(self, axis: Any = None, out: Any = None, keepdims: bool = False, initial: Any = None) -> Any:
        """See NumPy."""
        return self._into(out, reduce.largest(self.t, axis, keepdims, initial))

    def min(self, axis: Any = None, out: Any = None, keepdims: bool = False, initial: Any = None) -> Any:
        """See NumPy."""
        return self._into(out, reduce.smallest(self.t, axis, keepdims, initial))

    def ptp(self, axis: Any = None, out: Any = None, keepdims: bool = False) -> Any:
        """See NumPy."""
        return self.max(axis, out, keepdims) - self.min(axis, None, keepdims)

    def argmax(self, axis: int | None = None, out: Any = None, keepdims: bool = False) -> Any:
        """See NumPy."""
        return self._into(out, reduce.argmax(self.t, axis, keepdims))

    def argmin(self, axis: int | None = None, out: Any = None, keepdims: bool = False) -> Any:
        """See NumPy."""
        return self._into(out, reduce.argmin(self.t, axis, keepdims))

    def any(self, axis: Any = None, out: Any = None, keepdims: bool = False) -> Any:
        """See NumPy."""
        return self._into(out, reduce.any_of(self.t, axis, keepdims))

    def all(self, axis: Any = None, out: Any = None, keepdims: bool = False) -> Any:
        """See NumPy."""
        return self._into(out, reduce.all_of(self.t, axis, keepdims))

    def cumsum(self, axis: int | None = None, dtype: Any = None, out: Any = None) -> Any:
        """See NumPy."""
        return self._into(out, reduce.cumulate(self.t, axis, dtype))

    def cumprod(self, axis: int | None = None, dtype: Any = None, out: Any = None) -> Any:
        """See NumPy."""
        return self._into(out, reduce.cumulate(self.t, axis, dtype, multiply=True))

    def trace(self, offset: int = 0) -> Any:
        """See NumPy."""
        return self._made(self.t.diagonal(offset).sum(-1))

    def round(self, decimals: int = 0, out: Any = None) -> Any:
        """See NumPy."""
        return self._into(out, self.t.round(decimals=decimals) if self.t.is_floating_point() else self.t)

    def clip(self, min: Any = None, max: Any = None, out: Any = None) -> Any:
        """See NumPy."""
        from tutor.ontorch.elementwise import clip

        return clip(self, min, max, out=out)

    def dot(self, other: Any, out: Any = None) -> Any:
        """See NumPy."""
        from tutor.ontorch.algebra import dot

        return dot(self, other, out=out)

    def conj(self) -> Any:
        """See NumPy."""
        return self._made(self.t.conj_physical())


def _numbers(given: tuple[Any, ...]) -> tuple[int, ...]:
    """The arguments of reshape(2, 3) or of reshape((2, 3))."""
    if len(given) == 1 and not isinstance(given[0], int):
        (given,) = given
    if not isinstance(given, tuple | list):
        return (int(given),)
    return tuple(map(int, given))
