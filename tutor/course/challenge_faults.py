"""What is wrong with a challenge.toml beyond its types: names that do not fit together, code that is no Python.

A fault is the key that is wrong and the reason; the first one found is what an author reads.
"""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import ParamSpec

from tutor.course.draws import Draw, draw_arguments, fill_fault, number_of, parse_draw, shape_of
from tutor.course.expressions import ExpressionError, names_in
from tutor.course.model import TIERS, Case, Challenge, Drive, Judge
from tutor.course.reader import KeyPath
from tutor.paths import PACKAGE

_ID = re.compile(r"[a-z][a-z0-9_]*")
_TAKEN = {"np", "right", "unjudged"}  # names that the drive has already

Fault = tuple[KeyPath, str]
P = ParamSpec("P")


def faults_of(challenge: Challenge, folder: Path) -> Iterator[Fault]:
    """Every fault of an exercise by itself; `folder` is where its reference file would stand."""
    if challenge.folder is not None:
        yield ("folder",), "`folder` is not known here"
    if not _ID.fullmatch(challenge.id):
        yield ("id",), f"`id` is {challenge.id!r}: a lower-case name is needed, such as linear_scratch"
    for name in challenge.defines:
        if not _is_name(name):
            yield ("defines",), f"`defines`: {name!r} is no Python name"
    if not challenge.defines:
        yield ("defines",), "`defines` names nothing that the learner's file must define"
    if challenge.limits.seconds <= 0 or challenge.limits.memory_mb <= 0:
        yield ("limits",), "`limits` must be above zero"
    yield from _array_faults(challenge)
    yield from _tier_faults(challenge)
    yield from _drive_faults(challenge.drive, ("drive",))
    yield from _result_faults(challenge)
    yield from _reference_faults(challenge, folder)
    yield from _estimate_faults(challenge)
    if challenge.train is not None and challenge.train.layer not in challenge.defines:
        yield ("train", "layer"), f"`train.layer`: {challenge.train.layer!r} is not in `defines`"


def faults_of_place(challenge: Challenge, folder: Path) -> Iterator[Fault]:
    """In the course the folders say the id and the lesson too."""
    if challenge.id != folder.name:
        yield ("id",), f"`id` is {challenge.id!r}, the folder is {folder.name!r}: both must be the same lower-case name"
    if challenge.lesson != folder.parent.name:
        yield ("lesson",), f"`lesson` is {challenge.lesson!r}, the folder stands in {folder.parent.name!r}"


# ── arrays and cases ─────────────────────────────────────────────────────────────────────────────────────────────────


def _array_faults(challenge: Challenge) -> Iterator[Fault]:
    sizes = {name for shape in challenge.arrays.values() for length in shape for name in names_in(length)}
    for name, shape in challenge.arrays.items():
        if not _is_name(name) or name in sizes | _TAKEN:
            yield ("arrays", name), f"`arrays.{name}` is no name for an array"
        for length in shape:
            if reason := _syntax(length, "eval"):
                yield ("arrays", name), f"`arrays.{name}`: {length!r} is no size: {reason}"
    for name, text in challenge.draws.items():
        if name not in challenge.arrays:
            yield ("draws", name), f"`draws` names {name!r}, which is no array"
        elif _draw(text) is None:
            yield ("draws", name), f"`draws.{name}`: {_refused(parse_draw, text)}"


def _tier_faults(challenge: Challenge) -> Iterator[Fault]:
    for tier in TIERS:
        if not challenge.cases(tier):
            yield (tier,), f"there is no [[{tier}]] case"
        for index, case in enumerate(challenge.cases(tier)):
            reason = ""
            for key, reason in _case_faults(challenge, case):
                yield (tier, index, key), f"{tier} case {index + 1}: {reason}"
            if tier == "basic" and not reason:
                for reason in _telling_faults(challenge, case):
                    yield (tier, index, "sizes"), f"basic case {index + 1}: {reason}"


def _case_faults(challenge: Challenge, case: Case) -> Iterator[tuple[str, str]]:
    lengths = {length for shape in challenge.arrays.values() for length in shape}
    for size, value in case.sizes.items():
        if not _is_name(size) or value < (size in lengths):  # a padding, which is no length of its own, may be 0
            yield "sizes", "a size is a name and a number of at least 1"
            return
    for name in case.values:
        if not _is_name(name) or name in {*challenge.arrays, *case.sizes, *_TAKEN}:
            yield "values", f"`values.{name}` is no name for a value, or something else's name"
    for name, shape in challenge.arrays.items():
        if missing := [size for length in shape for size in sorted(names_in(length)) if size not in case.sizes]:
            yield "sizes", f"the arrays need the size {missing[0]}"
        elif reason := _refused(shape_of, shape, case.sizes):
            yield "sizes", f"`arrays.{name}`: {reason}"
    names = {**case.sizes, **case.values}
    for name, text in challenge.draws.items():
        if (draw := _draw(text)) and (reason := _refused(draw_arguments, draw, names)):
            yield "sizes", f"`draws.{name}`: {reason}"
    for name, fill in case.fill.items():
        if name not in challenge.arrays:
            yield "fill", f"`fill` names {name!r}, which is no array"
        elif (draw := _draw(challenge.draws.get(name, "normal"))) and (reason := fill_fault(draw, fill)):
            yield "fill", f"`fill.{name}`: {reason}"
    if case.repeat < 1:
        yield "repeat", "`repeat` must be at least 1"
    for name, (mean, variance) in challenge.judge.moments.items():
        if reason := _refused(number_of, mean, names) or _refused(_variance, variance, names):
            yield "sizes", f"`judge.moments.{name}`: {reason}"


def _variance(expression: str, names: Mapping[str, object]) -> float:
    variance = number_of(expression, names)
    if variance < 0:
        raise ExpressionError(f"`{expression}` is {variance}, which is no variance")
    return variance


def _telling_faults(challenge: Challenge, case: Case) -> Iterator[str]:
    """What would hide a transposed array, a layer that takes another's, or a missing sum.

    The lengths of one array differ, and so do those of all arrays that have a gradient. An upstream gradient or a
    target repeats the output's, and a size that is no array's, such as `steps`, hides nothing.
    """
    differentiated = {what[3:] for what in challenge.judge.results.values() if what.startswith("d/d")}
    together = {length for name, shape in challenge.arrays.items() if name in differentiated for length in shape}
    for lengths in (together, *map(set, challenge.arrays.values())):
        if len(set(shape_of(tuple(lengths), case.sizes))) != len(lengths):
            yield "all sizes must differ, so that a transposed array shows"
            break
    if case.sizes.get("N", 2) < 2:
        yield "N must be above 1, so that a missing sum shows"


def _draw(text: str) -> Draw | None:
    try:
        return parse_draw(text)
    except ExpressionError:
        return None


def _refused(reading: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> str:
    """Why an expression has no value, or nothing."""
    try:
        reading(*args, **kwargs)
    except ExpressionError as error:
        return str(error)
    return ""


# ── the drive and what is judged of it ───────────────────────────────────────────────────────────────────────────────


def _drive_faults(drive: Drive, where: tuple[str, ...]) -> Iterator[Fault]:
    for stage in ("setup", "forward", "backward", "update"):
        reason = _syntax(getattr(drive, stage), "exec")
        if reason:
            yield (*where, stage), f"`{'.'.join(where)}.{stage}` is no Python: {reason}"
    seen: set[str] = set()
    for stage, results in drive.results.items():
        for name, spellings in results.items():
            path = (*where, "results", stage, name)
            if name in seen:
                yield path, f"the result {name!r} stands in two stages"
            seen.add(name)
            if not spellings:
                yield path, f"the result {name!r} has no spelling"
            for spelling in spellings:
                if reason := _syntax(spelling, "eval"):
                    yield path, f"the result {name!r}: {spelling!r} is no expression: {reason}"


def _result_faults(challenge: Challenge) -> Iterator[Fault]:
    judge = challenge.judge
    results = _results(challenge.drive)
    derivatives = False
    if not judge.results:
        yield ("judge", "results"), "`judge.results` is empty: nothing would be judged"
    for name, what in judge.results.items():
        path = ("judge", "results", name)
        if name not in results:
            yield path, f"`judge.results` names {name!r}, which is no result of the drive"
        derivative = what.startswith("d/d") and what[3:] in challenge.arrays
        if not derivative and what not in ("value", "moments"):
            yield path, f'`judge.results.{name}` is {what!r}: "value", "moments", or "d/dNAME" of an array, is needed'
        if what == "moments" and name not in judge.moments:
            yield path, f"`judge.results.{name}` is judged by moments: `judge.moments.{name}` is missing"
        derivatives = derivatives or derivative or what.startswith("d/d")
    if derivatives and bool(judge.loss) == bool(judge.output and judge.upstream):
        yield ("judge",), "derivatives need either `output` and `upstream`, or `loss`"
    for key, value, known in (
        ("output", judge.output, results),
        ("loss", judge.loss, results),
        ("upstream", judge.upstream, set(challenge.arrays)),
    ):
        if value and value not in known:
            kind = "array" if key == "upstream" else "result"
            yield ("judge", key), f"`judge.{key}` is {value!r}, which is no {kind}"
    for name, expression in judge.terms.items():
        if reason := _syntax(expression, "eval"):
            yield ("judge", "terms", name), f"`judge.terms.{name}` is no expression: {reason}"
    for table, names in (("terms", judge.terms), ("says", judge.says), ("within", judge.within)):
        for name in names:
            if name not in judge.results:
                yield ("judge", table, name), f"`judge.{table}` names {name!r}, which is not judged"


# ── the reference, its variants, and what is only estimated ──────────────────────────────────────────────────────────


def _reference_faults(challenge: Challenge, folder: Path) -> Iterator[Fault]:
    judge = challenge.judge
    if not _reference_exists(judge.reference, folder):
        yield ("judge", "reference"), f"`judge.reference`: there is no {judge.reference!r}"
    if judge.drive is not None:
        yield from _drive_faults(judge.drive, ("judge", "drive"))
        needed = {name for name, what in judge.results.items() if what != "moments"} | {judge.output, judge.loss} - {""}
        absent = sorted(needed - _results(judge.drive))
        if absent:
            yield ("judge", "drive", "results"), f"`judge.drive.results` lacks {absent[0]!r}, which is judged"
    seen: set[str] = set()
    for index, variant in enumerate(judge.variants):
        if not variant.name or variant.name in seen:
            yield (
                ("judge", "variants", index, "name"),
                f"`judge.variants`: {variant.name!r} is no name, or stands twice",
            )
        seen.add(variant.name)
        if reason := _syntax(variant.lines, "exec"):
            yield ("judge", "variants", index, "lines"), f"the variant {variant.name!r} is no Python: {reason}"


def _estimate_faults(challenge: Challenge) -> Iterator[Fault]:
    judge = challenge.judge
    for name in judge.moments:
        if judge.results.get(name) != "moments":
            yield ("judge", "moments", name), f'`judge.moments` names {name!r}, which is not judged by "moments"'
    for name, limit in judge.within.items():
        if not 0 < limit < 1:
            yield ("judge", "within", name), f"`judge.within.{name}` is {limit}: a norm ratio between 0 and 1 is needed"
    for name, sentence in judge.says.items():
        if not sentence.strip():
            yield ("judge", "says", name), f"`judge.says.{name}` says nothing"
    yield from _scale_faults(judge, challenge.drive)


def _scale_faults(judge: Judge, drive: Drive) -> Iterator[Fault]:
    if judge.per_sample and judge.scale == "fixed":
        yield ("judge", "per_sample"), '`judge.per_sample` means something where `scale = "either"` alone'
    for name in judge.per_sample:
        if name not in judge.results or name not in drive.results.get("backward", {}):
            yield ("judge", "per_sample"), f"`judge.per_sample` names {name!r}, which is no judged result of backward"


def _reference_exists(reference: str, folder: Path) -> bool:
    """A module of tutor.nn, looked for without importing it, or a plain file beside challenge.toml."""
    if re.fullmatch(r"tutor\.nn(\.[a-z_][a-z0-9_]*)+", reference):
        module = PACKAGE.joinpath(*reference.split(".")[1:])
        return module.with_suffix(".py").is_file() or (module / "__init__.py").is_file()
    return bool(re.fullmatch(r"[\w-]+\.py", reference)) and (folder / reference).is_file()


# ── names and code ───────────────────────────────────────────────────────────────────────────────────────────────────


def _results(drive: Drive) -> set[str]:
    return {name for stage in drive.results.values() for name in stage}


def _syntax(code: str, mode: str) -> str | None:
    try:
        ast.parse(code.strip() if mode == "eval" else code, mode=mode)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return error.msg if isinstance(error, SyntaxError) else str(error)
    return None


def _is_name(name: str) -> bool:
    return name.isidentifier() and not keyword.iskeyword(name) and not name.startswith("__")
