"""Messages between the tutor, the box host and its children: a JSON header and raw parts, never pickles.

A message is a fixed prefix (magic, length of the header, length of the body), the header, and the body: the parts one
after the other, each filled up to a multiple of 16 bytes so that arrays in it are aligned.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    AnyArray = np.ndarray[Any, np.dtype[Any]]

MAGIC = b"tbx1"
PREFIX = struct.Struct("<4sIQ")
LARGEST_HEADER = 16 << 20
LARGEST_BODY = 256 << 20
LARGEST_ARRAY = 64 << 20
KINDS = "biuf"
_ALIGN = 16

# Stands in the output before what a part of a case printed: the case, and which part, as PARTS has it.
MARK = "\x1d\x1e{}{}\x1f"
PARTS = "fsuo"  # first call, second call, update, and what is driven besides and not judged: other batches


class WireError(ValueError):
    """What came over the wire is no message."""


class Parts:
    """The raw parts of a message being put together; `add` gives the number by which the header names a part."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def add(self, part: bytes) -> int:
        """Append a part."""
        self.parts.append(part)
        return len(self.parts) - 1

    def add_array(self, array: AnyArray) -> dict[str, object]:
        """Append an array's values in C order; the result describes it for the header, memory layout included."""
        return describe(array) | {"part": self.add(array.tobytes())}


def describe(array: AnyArray) -> dict[str, object]:
    """An array without its values."""
    flags = array.flags
    layout = "C" if flags.c_contiguous else "F" if flags.f_contiguous else "strided"
    return {"dtype": array.dtype.str, "shape": list(array.shape), "layout": layout}


def pieces(header: dict[str, object], parts: Iterable[bytes | bytearray] = ()) -> list[bytes | bytearray]:
    """A message as the pieces to send one after the other: arrays are large, and joining them is one more copy."""
    parts = list(parts)
    text = json.dumps(header | {"parts": [len(part) for part in parts]}, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _ALIGN)
    body = [piece for part in parts for piece in (part, bytes(-len(part) % _ALIGN)) if piece]
    return [PREFIX.pack(MAGIC, len(text), sum(map(len, body))), text, *body]


def pack(header: dict[str, object], parts: Iterable[bytes] = ()) -> bytes:
    """A message in one piece."""
    return b"".join(pieces(header, parts))


def body_size(prefix: bytes | bytearray | memoryview) -> tuple[int, int]:
    """The lengths of header and body that a prefix announces; raises WireError if it is none."""
    magic, header, body = PREFIX.unpack_from(prefix)
    if magic != MAGIC or header > LARGEST_HEADER or body > LARGEST_BODY:
        raise WireError("not the prefix of a message")
    return header, body


def split_parts(sizes: Iterable[object], body: memoryview) -> list[memoryview]:
    """Cut a body into its parts."""
    parts = []
    at = 0
    for size in sizes:
        if not isinstance(size, int) or size < 0 or at + size > len(body):
            raise WireError("a part lies outside of its message")
        parts.append(body[at : at + size])
        at += size + (-size % _ALIGN)
    return parts


def parse(header: bytes | bytearray | memoryview, body: memoryview) -> tuple[dict[str, Any], list[memoryview]]:
    """Read header and parts of a message."""
    try:
        fields = json.loads(bytes(header))
    except (ValueError, RecursionError) as error:
        raise WireError("the header is no JSON") from error
    if not isinstance(fields, dict) or not isinstance(fields.get("parts"), list):
        raise WireError("the header is no message header")
    return fields, split_parts(fields["parts"], body)


def unpack(data: bytes | bytearray | memoryview) -> tuple[dict[str, Any], list[memoryview]]:
    """Read exactly one message."""
    (message,) = split(data)
    return parse(*message)


def split(data: bytes | bytearray | memoryview) -> Iterator[tuple[memoryview, memoryview]]:
    """Header and body of each message in `data`, which must hold whole messages and nothing else."""
    view = memoryview(data)
    while view:
        if len(view) < PREFIX.size:
            raise WireError("cut off")
        header, body = body_size(view)
        end = PREFIX.size + header + body
        if len(view) < end:
            raise WireError("cut off")
        yield view[PREFIX.size : PREFIX.size + header], view[PREFIX.size + header : end]
        view = view[end:]


def rebuild(spec: dict[str, Any], parts: list[memoryview]) -> AnyArray:
    """The array that a header describes: a read-only view of its part, in C order."""
    import numpy as np

    try:
        dtype, shape, part = np.dtype(spec["dtype"]), tuple(spec["shape"]), parts[spec["part"]]
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise WireError("an array is not described") from error
    if dtype.kind not in KINDS or dtype.itemsize > 8 or len(shape) > 32:
        raise WireError("an array of a kind that is not sent")
    if not all(isinstance(n, int) and n >= 0 for n in shape) or math.prod(shape) * dtype.itemsize != len(part):
        raise WireError("an array whose shape is not that of its values")
    return np.frombuffer(part, dtype=dtype).reshape(shape)


def fresh(array: AnyArray, layout: str) -> AnyArray:
    """A new, writable copy in the given memory layout: "C", "F", or "strided" (every second of a larger block)."""
    import numpy as np

    if layout == "strided" and array.ndim:
        block = np.zeros((*array.shape[:-1], 2 * array.shape[-1]), dtype=array.dtype)
        view = block[..., ::2]
        view[...] = array
        return view
    return array.copy(order="F" if layout == "F" else "C")
