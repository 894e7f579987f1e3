"""MNIST and Fashion-MNIST from a folder of four IDX files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import structs

from tutor.errors import reason_of
from tutor.training.datasets import idx
from tutor.training.datasets.records import DataFacts, Dataset, DatasetUnavailable, dataset
from tutor.training.datasets.tables import PUBLISHED

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# (part, what, dimensions): how the files are named, in the order in which Published lists them
_FILES = (("train", "images", 3), ("train", "labels", 1), ("t10k", "images", 3), ("t10k", "labels", 1))
_PLACES = ("", "raw", "MNIST/raw", "FashionMNIST/raw")  # torchvision's folders too
_WHITE = 255


def facts(name: str, folder: Path | None) -> DataFacts:
    """Say what a set is like; of a folder's files only the headers are read, without one it is as published."""
    published = PUBLISHED[name].facts
    if folder is None:
        return published
    files = _find(published, folder)
    shapes = [
        idx.read_header(path, what, dimensions) for path, (_, what, dimensions) in zip(files, _FILES, strict=True)
    ]
    _check_shapes(published, files, shapes)
    return structs.replace(published, samples=shapes[0][0], held_back=shapes[2][0])


def load(name: str, folder: Path | None, dtype: str) -> Dataset:
    """Read a set, pixels from 0 to 1; the files named t10k are what is held back."""
    published = PUBLISHED[name].facts
    if folder is None:
        raise DatasetUnavailable(
            f"{published.title} does not come with the tutor.", "", "Name the folder of its files with --data-dir."
        )
    files = _find(published, folder)
    y_train, y_test = (_labels(published, files[at]) for at in (1, 3))
    shapes = [idx.read_header(files[0], "images", 3), y_train.shape, idx.read_header(files[2], "images", 3)]
    _check_shapes(published, files, [*shapes, y_test.shape])
    x_train, x_test = (_pixels(files[at], dtype) for at in (0, 2))
    return dataset(published, x_train, y_train, x_test, y_test)


def _labels(published: DataFacts, path: Path) -> NDArray[np.int64]:
    import numpy as np

    labels = idx.read(path, "labels", 1)
    if labels.max() >= published.classes:
        at = int(labels.argmax())
        raise DatasetUnavailable(
            f"{path.name} cannot be used: label {at} is {labels[at]}, and {published.title} has the labels 0 to "
            f"{published.classes - 1}.",
            f"It lies in {path.parent}.",
            "Get it anew, or train on the digits.",
        )
    return labels.astype(np.int64)


def _pixels(path: Path, dtype: str) -> NDArray[np.floating[Any]]:
    """Read images as rows from 0 to 1; beside the result only the file's own bytes are ever in memory."""
    import numpy as np

    images = idx.read(path, "images", 3)
    return np.divide(images.reshape(len(images), -1), _WHITE, dtype=np.dtype(dtype))


def _check_shapes(published: DataFacts, files: list[Path], shapes: list[tuple[int, ...]]) -> None:
    """Hold the headers of the four files against each other and against the set."""
    for at in (0, 2):
        if shapes[at][1:] != published.sample_shape:
            here, there = ("x".join(map(str, shape)) for shape in (shapes[at][1:], published.sample_shape))
            raise DatasetUnavailable(
                f"{files[at].name} cannot be used: its images are {here}, and those of {published.title} {there}.",
                f"It lies in {files[at].parent}.",
                "Get it anew, or train on the digits.",
            )
        if shapes[at][0] != shapes[at + 1][0]:
            raise DatasetUnavailable(
                f"{files[at].name} and {files[at + 1].name} do not belong together: {shapes[at][0]:,} images and "
                f"{shapes[at + 1][0]:,} labels.",
                f"They lie in {files[at].parent}.",
                "Get both anew, or train on the digits.",
            )


def _find(published: DataFacts, folder: Path) -> list[Path]:
    """Find the four files under any of their usual names, the unpacked ones first."""
    absent: list[str] = []
    for place in _PLACES:
        there = _listing(published, folder / place, needed=not place)
        found = [_first(there, part, what, dimensions) for part, what, dimensions in _FILES]
        if None not in found:
            return [path for path in found if path is not None]
        if any(found) or not place:
            absent = [_name(*_FILES[at]) for at, path in enumerate(found) if path is None]
    raise DatasetUnavailable(
        f"{published.title} is not complete in {folder}: {', '.join(absent)} missing.",
        "Four files belong there, as they are or with .gz.",
        "Put them there, name another folder with --data-dir, or train on the digits.",
    )


def _listing(published: DataFacts, folder: Path, needed: bool) -> dict[str, Path]:
    """Name the files of a folder in small letters and one spelling."""
    try:
        return {path.name.lower().replace(".idx", "-idx"): path for path in sorted(folder.iterdir()) if path.is_file()}
    except OSError as error:
        if not needed:
            return {}
        raise DatasetUnavailable(
            f"{published.title} cannot be read from {folder}: {reason_of(error)}.",
            "",
            "Name a folder that holds its four files with --data-dir, or train on the digits.",
        ) from error


def _first(there: dict[str, Path], part: str, what: str, dimensions: int) -> Path | None:
    name = _name(part, what, dimensions)
    return there.get(name) or there.get(f"{name}.gz")


def _name(part: str, what: str, dimensions: int) -> str:
    return f"{part}-{what}-idx{dimensions}-ubyte"
