"""A layer or function that tutor.nn does not have, as an exercise's options describe it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from tutor.course.families import FamilyError
from tutor.course.families.presets import Preset

Shapes = Mapping[str, tuple[str, ...]]


class Described(Protocol):
    """The options that describe one, whichever family they are of."""

    @property
    def inputs(self) -> dict[str, tuple[str, ...]]:
        """Every array, in call order."""

    @property
    def output(self) -> tuple[str, ...]:
        """The shape of what forward gives."""

    @property
    def sizes(self) -> dict[str, int]:
        """Of the basic case."""

    @property
    def draws(self) -> dict[str, str]:
        """How arrays are drawn where not from the normal distribution."""

    @property
    def flat(self) -> tuple[str, ...]:
        """Inputs without a gradient."""


def own_preset(
    options: Described,
    make: str,
    *,
    needed: tuple[str, ...] = (),
    params: Shapes | None = None,
    kinks: tuple[str, ...] = (),
) -> Preset:
    """What the options describe; raises FamilyError naming what they leave out, of `needed` too."""
    for key in ("inputs", "output", "sizes", *needed):
        if not getattr(options, key):
            raise FamilyError(f"options: `{key}` is missing: it is needed where `of` names no layer of ours", key)
    return Preset(
        module="",
        make=make,
        inputs=options.inputs,
        params=params or {},
        output=options.output,
        draws=options.draws,
        flat=options.flat,
        sizes=options.sizes,
        large={"N": 4 * options.sizes["N"]} if "N" in options.sizes else {},
        fills=() if next(iter(options.inputs)) in options.flat else ("zeros", "negative_zero", "tiny"),
        kinks=kinks,
    )
