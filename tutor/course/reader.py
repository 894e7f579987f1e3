"""Reading the course's files: whatever is wrong with one ends as a ContentError with file, line and plain words."""

from __future__ import annotations

import difflib
import math
import os
import re
import stat
from pathlib import Path
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from tutor import records
from tutor.errors import ContentError, reason_of

MAX_BYTES = 1 << 20
MAX_DEPTH = 40
MAX_INTEGER = 1 << 53  # whole numbers up to here are exact as floats

Struct = TypeVar("Struct", bound=msgspec.Struct)
Data = dict[str, Any]
KeyPath = tuple[str | int, ...]

# ── text ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def read_text(file: Path) -> str:
    """The text of a course file, its lines ended by "\\n"; ContentError when it is no UTF-8 text of at most 1 MiB."""
    try:
        # O_NONBLOCK: a FIFO in a foreign course must not block the tutor
        with open(file, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                raise ContentError(file, "is not a plain file")
            raw = stream.read(MAX_BYTES + 1)
    except IsADirectoryError:
        raise ContentError(file, "is not a plain file") from None
    except FileNotFoundError:
        raise ContentError(file, "is missing") from None
    except OSError as error:
        raise ContentError(file, f"cannot be read: {reason_of(error)}") from None
    if len(raw) > MAX_BYTES:
        raise ContentError(file, "is larger than 1 MiB")
    if raw.startswith(b"\xef\xbb\xbf"):
        raise ContentError(file, "starts with a byte order mark: save it as UTF-8 without one", 1)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ContentError(file, f"is not UTF-8: byte 0x{raw[error.start]:02x}", line) from None
    text = text.replace("\r\n", "\n")
    control = _CONTROL.search(text)
    if control:
        line = text.count("\n", 0, control.start()) + 1
        raise ContentError(file, f"holds the control character U+{ord(control.group()):04X}", line)
    return text


# ── TOML ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def read_toml(file: Path, into: type[Struct]) -> Struct:
    """A whole TOML file as a record."""
    return parse_toml(read_text(file), into, file)


def parse_toml(text: str, into: type[Struct], file: Path, first_line: int = 1) -> Struct:
    """TOML as a record; `first_line` is the line of `file` on which the text starts."""
    return to_record(toml_data(text, file, first_line), into, text, file, first_line)


def toml_data(text: str, file: Path, first_line: int = 1) -> Data:
    """TOML as plain data, without what the course has no use for: nan, inf, endless integers, control characters."""
    import tomli

    try:
        data: Data = tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        lineno = getattr(error, "lineno", None)
        line = None if lineno is None else first_line + int(lineno) - 1
        raise ContentError(file, f"is no TOML: {getattr(error, 'msg', None) or error}", line) from None
    except RecursionError:
        raise ContentError(file, "is nested too deeply") from None
    except ValueError:  # int() refuses more than 4,300 digits
        raise ContentError(file, "holds a number with thousands of digits") from None
    for path, value in _leaves(data):
        reason = _unusable(path, value)
        if reason:
            raise ContentError(file, f"`{_dotted(path)}` {reason}", _line_in(text, path, first_line))
    return data


def to_record(data: Data, into: type[Struct], text: str, file: Path, first_line: int = 1) -> Struct:
    """Plain data as a record; `text` is where it came from, for the line of a wrong key."""
    try:
        return records.convert(data, into)
    except msgspec.ValidationError as error:
        path, reason = in_plain_words(str(error), data, into)
        raise ContentError(file, reason, _line_in(text, path, first_line)) from None


def _leaves(data: Data) -> list[tuple[KeyPath, object]]:
    found: list[tuple[KeyPath, object]] = []
    waiting: list[tuple[KeyPath, object]] = [((), data)]
    while waiting:  # not recursive: the nesting is the author's
        path, value = waiting.pop()
        if isinstance(value, dict | list) and len(path) < MAX_DEPTH:
            items = value.items() if isinstance(value, dict) else enumerate(value)
            waiting.extend(((*path, key), child) for key, child in items)
        else:
            found.append((path, value))
    return found


def _unusable(path: KeyPath, value: object) -> str | None:
    if isinstance(value, dict | list):
        return "is nested too deeply"
    if isinstance(value, float) and not math.isfinite(value):
        return "must be a finite number"
    if isinstance(value, int) and abs(value) > MAX_INTEGER:
        return "is too large a number"
    for text in (value, *path):
        control = _CONTROL.search(text) if isinstance(text, str) else None
        if control:
            return f"holds the control character U+{ord(control.group()):04X}"
    return None


# ── a wrong key in plain words ───────────────────────────────────────────────────────────────────────────────────────

_TYPES = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "int | float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "a table",
    "null": "nothing",
}


def in_plain_words(message: str, data: Data, into: type) -> tuple[KeyPath, str]:
    """The key that msgspec's message is about, and the message as an author reads it."""
    what, _, where = message.partition(" - at `$")
    path = _real_path(where.rstrip("`"), data, into)
    name = _dotted(path)
    if match := re.match(r"Object missing required field `(.*)`", what):
        return path, f"`{_dotted((*path, match[1]))}` is missing"
    if match := re.match(r"Object contains unknown field `(.*)`", what):
        known = owner.__struct_encode_fields__ if _is_struct(owner := _type_at(into, path)) else ()
        near = difflib.get_close_matches(match[1], known, n=1)
        hint = f": did you mean `{near[0]}`?" if near else f": there is {', '.join(known)}"
        return (*path, match[1]), f"`{_dotted((*path, match[1]))}` is not known here{hint}"
    if match := re.match(r"Invalid enum value (.*)", what):
        choices = ", ".join(str(choice) for choice in get_args(_type_at(into, path)))
        return path, f"`{name}` is {match[1]}, not one of: {choices}"
    if match := re.match(r"Expected `(.*)`, got `(.*)`", what):
        wanted, got = (_TYPES.get(kind, kind) for kind in match.groups())
        return path, f"`{name}` must be {wanted}, not {got}"
    return path, f"`{name}`: {what}" if name else what


def _real_path(where: str, data: Data, into: type) -> KeyPath:
    """The path that msgspec names; it writes `[...]` for the key of a dictionary, which is searched for here."""
    path: KeyPath = ()
    value: Any = data
    for part in re.findall(r"\.([^.\[\]]+)|\[(\d+)\]|(\[\.\.\.\])", where):
        if part[2]:
            kind = _type_at(into, (*path, "?"))
            path += (next((key for key in value if not _fits(value[key], kind)), ""),)
        else:
            path += (int(part[1]) if part[1] else part[0],)
        try:
            value = value[path[-1]]
        except (KeyError, IndexError, TypeError):
            break
    return path


def _fits(value: object, kind: Any) -> bool:
    try:
        records.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True


def _is_struct(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _type_at(kind: Any, path: KeyPath) -> Any:
    for key in path:
        if get_origin(kind) in (Union, UnionType):
            kind = next((arm for arm in get_args(kind) if arm is not type(None)), None)
        if _is_struct(kind):
            called = dict(zip(kind.__struct_encode_fields__, kind.__struct_fields__, strict=True))  # `pass` in TOML
            kind = get_type_hints(kind).get(called.get(str(key), ""))
        elif get_origin(kind) is tuple:
            kind = get_args(kind)[0]
        elif get_origin(kind) is dict:
            kind = get_args(kind)[1]
        else:
            return None
    if get_origin(kind) in (Union, UnionType):
        kind = next((arm for arm in get_args(kind) if get_origin(arm) is Literal or isinstance(arm, type)), kind)
    return kind


def _dotted(path: KeyPath) -> str:
    """A path as an author reads it: `question 3.choice 1.why`."""
    words = ""
    for key in path:
        words += f" {key + 1}" if isinstance(key, int) else f".{key}" if words else key
    return words


# ── the line of a key ────────────────────────────────────────────────────────────────────────────────────────────────

# compiled when first needed: a course without faults is read without them
_TABLE = r"\s*\[([^\[\]]+)\]\s*(#.*)?$"
_ARRAY_OF_TABLES = r"\s*\[\[([^\[\]]+)\]\]\s*(#.*)?$"
_KEY = r"""\s*([A-Za-z0-9_\-."']+)\s*="""


def line_of(text: str, path: KeyPath) -> int | None:
    """The line on which a key stands, or the nearest table around it; None when nothing of it is found.

    A scan by lines, for messages only: keys inside inline tables are found as the line of the outer key.
    """
    table: KeyPath = ()
    counts: dict[KeyPath, int] = {}
    best: tuple[int, int | None] = (0, None)
    inside: str | None = None
    for number, line in enumerate(text.split("\n"), 1):
        if inside:
            inside = None if inside in line else inside
            continue
        here: KeyPath | None = None
        if match := re.match(_ARRAY_OF_TABLES, line):
            name = _indexed(_parts(match[1]), counts)
            counts[name] = counts.get(name, -1) + 1
            table = here = (*name, counts[name])
        elif match := re.match(_TABLE, line):
            table = here = _indexed(_parts(match[1]), counts)
        elif match := re.match(_KEY, line):
            here = (*table, *_parts(match[1]))
            inside = next((quote for quote in ('"""', "'''") if line.count(quote) % 2), None)
        if here and here == path[: len(here)] and len(here) > best[0]:
            best = (len(here), number)
    return best[1]


def _line_in(text: str, path: KeyPath, first_line: int) -> int | None:
    """The line in the whole file; what is not there is looked for at the fence that opens the TOML."""
    return first_line + (line_of(text, path) or 0) - 1 or None


def _parts(name: str) -> KeyPath:
    return tuple(part.strip().strip("\"'") for part in name.split("."))


def _indexed(name: KeyPath, counts: dict[KeyPath, int]) -> KeyPath:
    """`question.draw` below the third `[[question]]` is `question 3.draw`."""
    path: KeyPath = ()
    for position, part in enumerate(name):
        path = (*path, part)
        if path in counts and position < len(name) - 1:
            path = (*path, counts[path])
    return path
