"""Ready-made exercises: a family and a few options give the tables of a challenge.toml.

A family is a module of this room with two names:

    class Options(Struct, frozen=True, forbid_unknown_fields=True)      its own settings, with their defaults
    def expand(options: Options, defines: tuple[str, ...]) -> Tables    arrays, draws, drive, judge, basic, ..., as TOML

It is pure and knows no NumPy: plain dicts, lists, texts and numbers come out, as if an author had written them.
An author's own words win over it, table by table, so that a family is a start and never a cage. What it cannot make of
its options it says with a FamilyError that names the key.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import msgspec

from tutor import records
from tutor.course.model import FAMILIES
from tutor.course.reader import Data, KeyPath, in_plain_words
from tutor.errors import UnknownName

Tables = dict[str, object]


class FamilyError(ValueError):
    """A family cannot be made of its options: `reason` in plain words, and the option it is about."""

    def __init__(self, reason: str, *key: str | int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.key: KeyPath = key  # inside `options`; empty where it is about the family itself


def expand(name: str, options: Data, defines: tuple[str, ...]) -> Tables:
    """The tables of a challenge.toml that this family gives; raises FamilyError."""
    if name not in FAMILIES:
        raise FamilyError(str(UnknownName("family", name, FAMILIES)))
    if not defines:
        raise FamilyError("`defines` must name what the learner's file defines")
    family: Any = import_module(f"{__name__}.{name}")
    try:
        settings = records.convert(options, family.Options)
    except msgspec.ValidationError as error:
        path, reason = in_plain_words(str(error), options, family.Options)
        raise FamilyError(f"options: {reason}", *path) from None
    tables: Tables = family.expand(settings, defines)
    return tables


def merged(family: Data, own: Data) -> Data:
    """The family's tables with the file's own words over them: tables key by key, everything else whole."""
    both = dict(family)
    for key, value in own.items():
        under = both.get(key)
        both[key] = merged(under, value) if isinstance(under, dict) and isinstance(value, dict) else value
    return both
