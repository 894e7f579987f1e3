"""Reads the learner's file: whatever stands at the path, the answer is Python text or a sentence that says why not."""

from __future__ import annotations

import hashlib
import io
import os
import stat
import tokenize
from pathlib import Path
from typing import BinaryIO, Self

from msgspec import Struct

from tutor.errors import SourceError, reason_of
from tutor.learner.text import printable, shown_path

LARGEST = 1 << 20  # bytes


class Source(Struct, frozen=True):
    """One content of a learner's file; `hash` is the SHA-256 of the bytes, by which contents are told apart."""

    path: Path
    text: str
    raw: bytes
    hash: str

    @classmethod
    def of(cls, path: Path, text: str) -> Self:
        """The source that this text would be if it were saved there."""
        raw = text.encode("utf-8", errors="surrogatepass")
        return cls(path=path, text=text, raw=raw, hash=content_hash(raw))


def content_hash(raw: bytes) -> str:
    """The SHA-256 by which contents are told apart: times lie, hashes do not."""
    return hashlib.sha256(raw).hexdigest()


def read_source(path: Path) -> Source:
    """Read a learner's file, at most 1 MiB, symbolic links followed.

    Raises SourceError, with a next step, for whatever is not there, not a regular file, not readable or not text.
    """
    raw = _read_bytes(path)
    return Source(path=path, text=decode(raw, path.name), raw=raw, hash=content_hash(raw))


def read_stream(stream: BinaryIO, name: str) -> Source:
    """Read a program that is piped in, at most 1 MiB; `name` is what an error calls it. Raises SourceError."""
    raw = stream.read(LARGEST + 1)
    if len(raw) > LARGEST:
        raise SourceError(f"{name} is larger than 1 MiB.", "", "Take out the data in it.")
    return Source(path=Path("-"), text=decode(raw, name), raw=raw, hash=content_hash(raw))


def decode(raw: bytes, name: str) -> str:
    """Turn bytes into Python text by the rules of `tokenize.open`: byte order mark, coding cookie, any line ends.

    Raises SourceError that names line and byte where the bytes are no text.
    """
    name = shown_path(name)
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise SourceError(f"{name} is saved as UTF-16.", "Python reads UTF-8.", "Save it as UTF-8 in your editor.")
    nul = raw.find(b"\0")
    if nul >= 0:
        raise SourceError(
            f"{name} holds a NUL byte in line {_line_of(raw, nul)} (byte {nul}).",
            "Python source never does.",
            "Delete it, or save the file as UTF-8.",
        )
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(raw).readline)
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise _not_utf8(raw, name, error.start) from None
    except (SyntaxError, LookupError) as error:
        # detect_encoding reports undecodable bytes of the first two lines as a SyntaxError too
        try:
            raw.decode("utf-8")
        except UnicodeDecodeError as undecodable:
            raise _not_utf8(raw, name, undecodable.start) from None
        raise SourceError(
            f"The coding line at the top of {name} cannot be used: {printable(str(error))}.",
            "",
            "Delete that line: UTF-8 needs none.",
        ) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def encode(text: str) -> bytes:
    """The bytes in which a text is saved so that `decode` gives it back: UTF-8, unless its own coding line differs."""
    raw = text.encode("utf-8", errors="replace")
    try:
        return text.encode(tokenize.detect_encoding(io.BytesIO(raw).readline)[0])
    except (SyntaxError, LookupError, UnicodeEncodeError):
        return raw


def _not_utf8(raw: bytes, name: str, at: int) -> SourceError:
    return SourceError(
        f"{name} is not UTF-8: line {_line_of(raw, at)} holds the byte 0x{raw[at]:02X} (byte {at}).",
        "",
        "Save it as UTF-8 in your editor, or retype that character.",
    )


def _line_of(raw: bytes, at: int) -> int:
    return raw.count(b"\n", 0, at) + 1


def _read_bytes(path: Path) -> bytes:
    name = shown_path(path)
    try:
        # O_NONBLOCK: opening a FIFO would otherwise wait for a writer for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        if path.is_symlink():
            raise SourceError(
                f"{name} is a link to a file that is not there.", "", "Repair the link, or reset the exercise."
            ) from None
        raise SourceError(f"{name} is not there.", "", "Reset the exercise to get a fresh one.") from None
    except PermissionError:
        raise SourceError(f"{name} may not be read.", "", f"Allow it: chmod u+r {name}") from None
    except (OSError, ValueError) as error:
        raise SourceError(f"{name} cannot be opened: {reason_of(error)}.", "", "Check the path.") from None
    try:
        facts = os.fstat(descriptor)
        if stat.S_ISDIR(facts.st_mode):
            raise SourceError(f"{name} is a folder.", "", "Move it away, then reset the exercise.")
        if not stat.S_ISREG(facts.st_mode):
            raise SourceError(
                f"{name} is not a regular file, but a pipe or a device.", "", "Move it away, then reset the exercise."
            )
        if facts.st_size > LARGEST:
            raise _too_large(name, facts.st_size)
        with open(descriptor, "rb", closefd=False) as file:
            raw = file.read(LARGEST + 1)
        if len(raw) > LARGEST:
            raise _too_large(name, len(raw))
        return raw
    except OSError as error:
        raise SourceError(f"{name} cannot be read: {reason_of(error)}.", "", "Save it again.") from None
    finally:
        os.close(descriptor)


def _too_large(name: str, size: int) -> SourceError:
    return SourceError(
        f"{name} is {size / (1 << 20):.1f} MiB large.", "A file of yours may have 1 MiB.", "Take out the data in it."
    )
