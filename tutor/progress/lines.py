"""An event as a line of a file, and back: a line is a newline, the CRC-32 in hex, a space, and compact JSON."""

from __future__ import annotations

import zlib

import msgspec
from msgspec import Struct, field

from tutor import records
from tutor.progress.model import SCHEMA, Event

_encoder = msgspec.json.Encoder()
_decoder = records.decoder(Event)
_CRC_WIDTH = 8


class _Head(Struct):
    """All that is asked of a line whose schema we may not know."""

    schema: int = 1


class Lines(Struct):
    """What a piece of an event file holds."""

    events: list[Event] = field(default_factory=list)
    damaged: int = 0  # lines that are not what their checksum says
    newer: int = 0  # lines of a schema that this version does not know
    torn: bytes = b""  # the last line, when it is unreadable: its writer may still be at it


def encode(event: Event) -> bytes:
    """Write an event as a line; the newline comes first, so that a torn predecessor spoils only itself."""
    body = _encoder.encode(event)
    return b"\n%08x %b" % (zlib.crc32(body), body)


def decode(data: bytes) -> Lines:
    """Read a piece of an event file; whatever is wrong with it, every line that is whole comes back."""
    found = Lines()
    lines = data.split(b"\n")
    for number, line in enumerate(lines, start=1):
        if not line:
            continue
        body = _checked(line)
        if body is not None:
            _decode_body(body, found)
        elif number == len(lines):
            found.torn = line
        else:
            found.damaged += 1
    return found


def whole(data: bytes) -> list[bytes]:
    """The lines of an event file that are what their checksum says, as they stand there."""
    return [line for line in data.split(b"\n") if _checked(line) is not None]


def _checked(line: bytes) -> bytes | None:
    """Return the JSON of a line, or None when the checksum does not fit."""
    crc, space, body = line[:_CRC_WIDTH], line[_CRC_WIDTH : _CRC_WIDTH + 1], line[_CRC_WIDTH + 1 :]
    return body if space == b" " and crc == b"%08x" % zlib.crc32(body) else None


def _decode_body(body: bytes, found: Lines) -> None:
    try:
        schema = records.decode(body, _Head).schema
        if schema > SCHEMA:
            found.newer += 1
        else:
            found.events.append(_decoder.decode(body))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        found.damaged += 1
