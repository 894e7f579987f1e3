"""The data that networks train on: each set split once and for all into what is learnt from and what is held back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from tutor.errors import UnknownName

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_FOLDER = Path(__file__).resolve().parent
_DIGITS_HELD_BACK = 360  # of 1,797
_DIGITS_PIXEL_MAX = 16  # a pixel counts the dark dots of a 4x4 cell of the scan


class Dataset(Struct, frozen=True, eq=False):
    """Samples as rows of float64, labels as whole numbers from 0 to classes - 1.

    x_train (N, features), y_train (N,); x_test (M, features), y_test (M,): held back, never trained on.
    """

    name: str
    x_train: NDArray[np.float64]
    y_train: NDArray[np.int64]
    x_test: NDArray[np.float64]
    y_test: NDArray[np.int64]
    classes: int
    attribution: str  # who made it, where it is from, its licence


def load(name: str) -> Dataset:
    """Read a data set by one of NAMES, into fresh arrays; raises UnknownName for any other."""
    if name not in _READERS:
        raise UnknownName("dataset", name, _READERS)
    return _READERS[name]()


def _digits() -> Dataset:
    """Read the 8x8 digits: 1,437 to learn from and 360 held back, pixels from 0 to 1."""
    import numpy as np

    with np.load(_FOLDER / "digits.npz") as stored:
        order = stored["order"]
        x = stored["pixels"][order] / float(_DIGITS_PIXEL_MAX)
        y = stored["labels"][order].astype(np.int64)
    split = len(y) - _DIGITS_HELD_BACK
    return Dataset(
        name="digits",
        x_train=x[:split],
        y_train=y[:split],
        x_test=x[split:],
        y_test=y[split:],
        classes=10,
        attribution=(_FOLDER / "digits.txt").read_text(encoding="utf-8"),
    )


_READERS = {"digits": _digits}
NAMES = tuple(_READERS)
