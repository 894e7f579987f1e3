"""Write tutor/training/datasets/digits.npz, the 8x8 digits that come with the tutor.

It was run once. scikit-learn, which carries the images, is needed only to run it again: it is no dependency of the
tutor. Another run gives the same pixels and labels; the shuffle and the compression are those of the versions of NumPy
and zlib that run it, and tests/unit/test_datasets.py holds the checksum of the file that was published.

    python scripts/export_digits.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

TARGET = Path(__file__).resolve().parent.parent / "tutor" / "training" / "datasets" / "digits.npz"
SHUFFLE_SEED = 0


def main() -> None:
    digits = load_digits()
    # The images come writer by writer: without a shuffle the held-back ones would be by other people than the rest.
    # It is stored, not redrawn, so that the split never depends on a version of NumPy.
    order = np.random.default_rng(SHUFFLE_SEED).permutation(len(digits.target))
    np.savez_compressed(
        TARGET,
        pixels=digits.data.astype(np.uint8),  # (1797, 64), each 0 to 16, row by row of the image
        labels=digits.target.astype(np.uint8),  # (1797,), each 0 to 9
        order=order.astype(np.uint16),  # (1797,), the fixed shuffle
    )
    print(f"{TARGET}: {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
