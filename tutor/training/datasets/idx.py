"""The IDX format of MNIST: magic number, dimensions, bytes (described at http://yann.lecun.com/exdb/mnist/).

A file begins with two zero bytes, the code of its type (0x08: unsigned bytes), the number of its dimensions, and each
dimension as four bytes, the highest first; then follow the values, the last dimension fastest.
"""

from __future__ import annotations

import gzip
import math
import zlib
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from tutor.errors import reason_of
from tutor.training.datasets.records import DatasetUnavailable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_BYTES = 0x08
_MOST_FROM_A_BYTE = 1032  # what a byte of a gzip file can unpack to (https://zlib.net/zlib_tech.html)
_DAMAGED = (EOFError, zlib.error, gzip.BadGzipFile)


def read_header(path: Path, what: str, dimensions: int) -> tuple[int, ...]:
    """Read the shape of a file of `what` ("images"), compressed or not; DatasetUnavailable says what is wrong."""
    try:
        with _open(path) as file:
            return _header(file, path, what, dimensions)
    except _DAMAGED:
        _refuse(path, "it is damaged: it cannot be unpacked")
    except OSError as error:
        _cannot_read(path, error)


def read(path: Path, what: str, dimensions: int) -> NDArray[np.uint8]:
    """Read a whole file of `what` into an array of bytes; DatasetUnavailable says what is wrong."""
    import numpy as np

    try:
        with _open(path) as file:
            shape = _header(file, path, what, dimensions)
            expected = math.prod(shape)
            packed = path.stat().st_size
            if expected > packed * (_MOST_FROM_A_BYTE if _is_packed(path) else 1):
                _refuse(path, f"it is cut short: its header promises {expected:,} bytes of {what}")
            values = np.empty(shape, np.uint8)
            view = values.data.cast("B")
            have = 0
            while have < expected and (more := file.readinto(view[have:])):
                have += more
            if have < expected:
                _refuse(path, f"it is cut short: its header promises {expected:,} bytes of {what}, there are {have:,}")
            if file.read(1):
                _refuse(path, f"it is too long: its header promises {expected:,} bytes of {what}, more follow")
            return values
    except _DAMAGED:
        _refuse(path, "it is damaged: it cannot be unpacked to its end")
    except OSError as error:
        _cannot_read(path, error)


def _open(path: Path) -> gzip.GzipFile | BufferedReader:
    return gzip.open(path, "rb") if _is_packed(path) else path.open("rb")


def _is_packed(path: Path) -> bool:
    return path.suffix.lower() == ".gz"


def _header(file: gzip.GzipFile | BufferedReader, path: Path, what: str, dimensions: int) -> tuple[int, ...]:
    magic = file.read(4)
    if len(magic) == 4 and magic[:2] != b"\0\0":
        _refuse(path, f"it is no IDX file: it begins with {magic[:2].hex(' ')}, not with 00 00")
    if len(magic) == 4 and magic[2] != _BYTES:
        _refuse(path, f"its values are of type {magic[2]:#04x}, and {what} are bytes, {_BYTES:#04x}")
    if len(magic) == 4 and magic[3] != dimensions:
        _refuse(path, f"it has {magic[3]} dimensions, and {what} have {dimensions}: are images and labels mixed up?")
    sizes = file.read(4 * dimensions)
    if len(magic) + len(sizes) < 4 + 4 * dimensions:
        _refuse(path, "it is cut short: it ends within its header")
    shape = tuple(int.from_bytes(sizes[at : at + 4], "big") for at in range(0, len(sizes), 4))
    if 0 in shape:
        _refuse(path, f"it is empty: its header says {'x'.join(map(str, shape))}")
    return shape


def _refuse(path: Path, why: str) -> NoReturn:
    raise DatasetUnavailable(
        f"{path.name} cannot be used: {why}.", f"It lies in {path.parent}.", "Get it anew, or train on the digits."
    )


def _cannot_read(path: Path, error: OSError) -> NoReturn:
    raise DatasetUnavailable(
        f"{path} cannot be read: {reason_of(error)}.", "", "Make it readable for you, or train on the digits."
    ) from error
