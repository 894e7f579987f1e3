"""The data that networks train on: each set split once and for all into what is learnt from and what is held back.

`facts` says what a set is like without reading it, `load` reads it. The digits and the two-dimensional sets come with
the tutor; MNIST and Fashion-MNIST are read from a folder of IDX files that the learner names, or that `obtain` has
filled by one download. A worker never downloads: who starts a run calls `obtain` first and hands the folder on.
Nothing here imports NumPy or opens a connection until it is asked to.
"""

from __future__ import annotations

from pathlib import Path

from tutor.errors import UnknownName
from tutor.training.datasets.records import DataFacts, Dataset, DatasetUnavailable, Progress
from tutor.training.datasets.tables import DIGITS, PLANE, PUBLISHED

__all__ = ["NAMES", "DataFacts", "Dataset", "DatasetUnavailable", "Progress", "facts", "load", "missing", "obtain"]

NAMES = ("digits", *PLANE, *PUBLISHED)


def facts(name: str, folder: Path | None = None) -> DataFacts:
    """Say what the set of that name is like, from constants or, in a folder of IDX files, from their headers.

    UnknownName: it is none of NAMES. DatasetUnavailable: a file in `folder` is missing or damaged.
    """
    _check(name)
    if name in PUBLISHED:
        from tutor.training.datasets import images

        return images.facts(name, folder)
    return PLANE.get(name, DIGITS)


def load(name: str, folder: Path | None = None, dtype: str = "float64") -> Dataset:
    """Read a set by one of NAMES into fresh arrays of `dtype`, float64 or float32.

    `folder` holds the files of MNIST and Fashion-MNIST, and says nothing for the others. UnknownName: it is none of
    NAMES. DatasetUnavailable: a file is missing or damaged.
    """
    _check(name)
    if name in PUBLISHED:
        from tutor.training.datasets import images

        return images.load(name, folder, dtype)
    if name in PLANE:
        from tutor.training.datasets import plane

        return plane.load(name, dtype)
    from tutor.training.datasets import digits

    return digits.load(dtype)


def missing(name: str, kept: Path) -> int:
    """Count the bytes that `obtain` would download into `kept`; 0 for a set that is at hand."""
    _check(name)
    if name not in PUBLISHED:
        return 0
    from tutor.training.datasets import download

    return download.missing(PUBLISHED[name], kept / name)


def obtain(name: str, kept: Path, progress: Progress | None = None) -> Path | None:
    """Make sure that a set's files lie below `kept`, download what is missing, and return the folder to `load` from.

    None: the set comes with the tutor and needs no folder. `progress` is called with the bytes that are there and the
    bytes of all files; an exception that it raises ends the download, and what has come is kept for the next time.
    DatasetUnavailable: no server answers, what they send is not the published file, or the disk refuses it.
    """
    _check(name)
    if name not in PUBLISHED:
        return None
    from tutor.training.datasets import download

    download.obtain(PUBLISHED[name], kept / name, progress)
    return kept / name


def _check(name: str) -> None:
    if name not in NAMES:
        raise UnknownName("dataset", name, NAMES)
