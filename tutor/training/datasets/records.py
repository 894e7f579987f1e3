"""What a data set is, before it is read and after."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from tutor.errors import RunError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Progress = Callable[[int, int], object]  # bytes that are there, bytes of all


class DatasetUnavailable(RunError):
    """A data set cannot be had: no network, a missing file, or one that is not what it should be."""


class DataFacts(Struct, frozen=True):
    """What a data set is like, known without reading it."""

    name: str
    title: str  # "Fashion-MNIST", in a sentence
    samples: int  # to learn from
    held_back: int
    sample_shape: tuple[int, ...]  # (8, 8), (2,), (28, 28)
    class_names: tuple[str, ...]
    attribution: str  # who made it, where it is from, its licence

    @property
    def classes(self) -> int:
        """How many labels there are: 0 to classes - 1."""
        return len(self.class_names)


class Dataset(Struct, frozen=True, eq=False):
    """Samples as rows of floats, labels as whole numbers from 0 to classes - 1.

    x_train (N, features), y_train (N,); x_test (M, features), y_test (M,): held back, never trained on. A row is a
    sample of `sample_shape`, flattened.
    """

    name: str
    x_train: NDArray[np.floating[Any]]
    y_train: NDArray[np.int64]
    x_test: NDArray[np.floating[Any]]
    y_test: NDArray[np.int64]
    classes: int
    attribution: str  # who made it, where it is from, its licence
    sample_shape: tuple[int, ...]
    class_names: tuple[str, ...]


def dataset(facts: DataFacts, x_train: Any, y_train: Any, x_test: Any, y_test: Any) -> Dataset:
    """Join the arrays of a set to its facts."""
    return Dataset(
        name=facts.name,
        x_train=x_train,
        y_train=y_train,
        x_test=x_test,
        y_test=y_test,
        classes=facts.classes,
        attribution=facts.attribution,
        sample_shape=facts.sample_shape,
        class_names=facts.class_names,
    )
