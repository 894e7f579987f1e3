"""Reading the frozen records that pass between rooms and lie in files.

msgspec works out what it must know of a type when it first reads one, and two threads that do so at once end the
process (SIGSEGV, msgspec 0.22): a save while the first check is still being prepared was enough. Here one thread works
it out and the others wait.
"""

from __future__ import annotations

import threading
from typing import TypeVar

import msgspec

T = TypeVar("T")

_lock = threading.Lock()
_known: set[object] = set()


def decode(data: bytes, kind: type[T]) -> T:
    """Read a record from JSON; raises msgspec.DecodeError, of which a ValidationError is one."""
    _work_out(kind)
    return msgspec.json.decode(data, type=kind)


def convert(value: object, kind: type[T]) -> T:
    """Make a record of plain values; raises msgspec.ValidationError."""
    _work_out(kind)
    return msgspec.convert(value, kind)


def decoder(kind: type[T]) -> msgspec.json.Decoder[T]:
    """A reader of many records of one type from JSON."""
    with _lock:
        return msgspec.json.Decoder(kind)


def _work_out(kind: type) -> None:
    if kind not in _known:
        with _lock:
            msgspec.json.Decoder(kind)
            _known.add(kind)
