"""IDX files as the tests need them: small, right, and wrong in any one field."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

NAMES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


def idx_bytes(values: NDArray[np.uint8], kind: int = 0x08, sizes: Sequence[int] | None = None) -> bytes:
    """Write an array as an IDX file; `kind` and `sizes` are what its header says."""
    sizes = values.shape if sizes is None else sizes
    header = bytes([0, 0, kind, len(sizes)]) + b"".join(size.to_bytes(4, "big") for size in sizes)
    return header + values.tobytes()


def little_mnist(samples: int = 60, held_back: int = 20) -> dict[str, bytes]:
    """Make the four files of a small set, whose images tell their label: row `label` is white, noise elsewhere."""
    rng = np.random.default_rng(0)
    files: dict[str, bytes] = {}
    for (images, labels), count in zip((NAMES[:2], NAMES[2:]), (samples, held_back), strict=True):
        y = (np.arange(count) % 10).astype(np.uint8)
        x = rng.integers(0, 90, (count, 28, 28)).astype(np.uint8)
        x[np.arange(count), 2 * y] = 255
        files |= {images: idx_bytes(x), labels: idx_bytes(y)}
    return files


def write_files(folder: Path, files: dict[str, bytes], packed: bool = False) -> Path:
    """Put files into a folder, compressed or not."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        if packed:
            (folder / f"{name}.gz").write_bytes(gzip.compress(content, mtime=0))
        else:
            (folder / name).write_bytes(content)
    return folder
