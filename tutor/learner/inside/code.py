"""Runs the learner's text as a module, and tells of its exceptions by the learner's own lines."""

from __future__ import annotations

import itertools
import linecache
import sys
import types
from collections.abc import Iterator

LONGEST_TEXT = 4096  # characters of a message
MOST_FRAMES = 12  # of a traceback: the outermost and the innermost half


def load(source: str, filename: str, name: str) -> types.ModuleType:
    """Run decoded text as the module `name`, and leave it in `sys.modules`; whatever it raises comes through."""
    module = types.ModuleType(name)
    module.__file__ = filename
    lines = source.splitlines(keepends=True)
    linecache.cache[filename] = (len(source), None, lines, filename)  # no time stamp: never looked for on disk
    sys.modules[name] = module
    try:
        program = compile(source, filename, "exec", dont_inherit=True)
    except UnicodeEncodeError as error:
        line = source.count("\n", 0, error.start) + 1
        raise SyntaxError("half a character stands here (a lone surrogate)", (filename, line, None, None)) from None
    except (ValueError, SyntaxError) as error:
        if isinstance(error, SyntaxError) and error.filename:
            raise
        raise SyntaxError(str(error), (filename, None, None, None)) from None  # NUL bytes: Python names no file
    exec(program, module.__dict__)
    return module


def public_names(module: types.ModuleType) -> list[str]:
    """What a file defines at top level, without private names and imported modules."""
    return [
        name
        for name, value in list(vars(module).items())
        if type(name) is str and not name.startswith("_") and not isinstance(value, types.ModuleType)
    ]


def describe(error: BaseException, filename: str, stage: str = "") -> dict[str, object]:
    """The fields of a CodeError: type, message, the innermost line of the learner's file, their lines as text.

    Safe with exceptions whose `__str__` raises; calls nothing else of the learner's.
    """
    if isinstance(error, SyntaxError) and error.filename == filename:
        return _described_syntax(error, stage)
    frames = list(_frames(error, filename))
    innermost = frames[-1] if frames else None
    return {
        "type": plain(type.__dict__["__name__"].__get__(type(error))),
        "message": _message(error),
        "line": innermost.tb_lineno if innermost else None,
        "column": _column(innermost, filename) if innermost else None,
        "stage": stage,
        "traceback": plain("".join(_told(frames, filename)), 4 * LONGEST_TEXT),
    }


def plain(text: str, longest: int = LONGEST_TEXT) -> str:
    """Text that any JSON reader takes, of bounded length."""
    text = str.__str__(text)
    if len(text) > longest:
        text = text[:longest] + " ..."
    return text.encode("utf-8", "replace").decode()


def _described_syntax(error: SyntaxError, stage: str) -> dict[str, object]:
    line = error.lineno if type(error.lineno) is int else None
    column = error.offset if type(error.offset) is int and error.offset > 0 else None
    shown = (linecache.getline(str(error.filename), line) if line else "").rstrip("\n")
    pointed = f"    {shown.strip()}\n" if shown.strip() else ""
    if pointed and column:
        pointed += " " * (4 + max(0, column - 1 - (len(shown) - len(shown.lstrip())))) + "^\n"
    return {
        "type": type(error).__name__,
        "message": plain(str(error.msg)),
        "line": line,
        "column": column,
        "stage": stage,
        "traceback": plain(f"  line {line}\n{pointed}"),
    }


def _message(error: BaseException) -> str:
    try:
        text = str(error)
    except BaseException:
        return "(its text cannot be made: __str__ raises)"
    return plain(text)


def _frames(error: BaseException, filename: str) -> Iterator[types.TracebackType]:
    """The frames in the learner's file, outermost first."""
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == filename:
            yield trace
        trace = trace.tb_next


def _column(trace: types.TracebackType, filename: str) -> int | None:
    positions = itertools.islice(trace.tb_frame.f_code.co_positions(), trace.tb_lasti // 2, None)
    column = next(positions, (None, None, None, None))[2]
    if column is None:
        return None
    return len(linecache.getline(filename, trace.tb_lineno).encode()[:column].decode("utf-8", "replace")) + 1


def _told(frames: list[types.TracebackType], filename: str) -> Iterator[str]:
    half = MOST_FRAMES // 2
    left_out = max(0, len(frames) - MOST_FRAMES)
    for trace in frames if not left_out else frames[:half]:
        yield from _told_frame(trace, filename)
    if left_out:
        yield f"  ... {left_out} more calls ...\n"
        for trace in frames[-half:]:
            yield from _told_frame(trace, filename)


def _told_frame(trace: types.TracebackType, filename: str) -> Iterator[str]:
    function = trace.tb_frame.f_code.co_name
    yield f"  line {trace.tb_lineno}{'' if function == '<module>' else f', in {function}'}\n"
    text = linecache.getline(filename, trace.tb_lineno).strip()
    if text:
        yield f"    {text}\n"
