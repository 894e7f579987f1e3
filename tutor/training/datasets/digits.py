"""The 8x8 digits that come with the tutor."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tutor.training.datasets.records import Dataset, dataset
from tutor.training.datasets.tables import DIGITS

FILE = Path(__file__).with_name("digits.npz")
_PIXEL_MAX = 16  # a pixel counts the dark dots of a 4x4 cell of the scan


def load(dtype: str) -> Dataset:
    """Read the digits in their stored order, pixels from 0 to 1; the last 360 are held back."""
    with np.load(FILE) as stored:
        order = stored["order"]
        x = np.divide(stored["pixels"][order], _PIXEL_MAX, dtype=np.dtype(dtype))
        y = stored["labels"][order].astype(np.int64)
    split = DIGITS.samples
    return dataset(DIGITS, x[:split], y[:split], x[split:], y[split:])
