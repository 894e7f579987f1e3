"""A pair of functions: one goes forward, the other takes the gradient back.

The forward function returns (out, cache) where `backward` is called with the cache, and the output alone otherwise.
`of = "linear"` takes arrays, cases and the truth from a layer of tutor.nn (see `presets`); without it the options say
the arrays, and `reference` is a file beside challenge.toml that defines the same two functions.
"""

from __future__ import annotations

from msgspec import Struct

from tutor.course.families import FamilyError, Tables
from tutor.course.families.own import own_preset
from tutor.course.families.presets import Preset, find_preset, reference_drive, terms_of, tiers_of
from tutor.course.families.tables import PARTS, another, call, lines, returned_parts
from tutor.course.model import Fill

Shapes = dict[str, tuple[str, ...]]


class Options(Struct, frozen=True, forbid_unknown_fields=True):
    """What a function exercise says in `[options]`."""

    of: str = ""  # a preset: "linear", "relu", ...
    forward: str = ""  # the names of the functions; the first two of `defines` where they are not said
    backward: str = ""
    calls: tuple[str, ...] = ()  # what forward is called with: ["x", "W", "b"]; arrays, sizes and values
    takes: tuple[str, ...] = ("g", "cache")  # what backward is called with: g, cache, out, arrays, sizes, values
    returns: tuple[str, ...] = ()  # the arrays whose gradients backward returns, in this order
    gradients: dict[str, tuple[str, ...]] = {}  # array -> more spellings: W = ['returned["weights"]']
    sizes: dict[str, int] = {}  # over those of the preset's basic case
    values: dict[str, bool | int | float | str] = {}
    transposed: tuple[str, ...] = ()  # arrays that the learner's functions take the other way round
    # functions of one's own
    inputs: Shapes = {}  # every array, in call order
    output: tuple[str, ...] = ()
    draws: dict[str, str] = {}
    flat: tuple[str, ...] = ()  # arrays without a gradient
    kinks: tuple[Fill, ...] = ()
    reference: str = ""


def expand(options: Options, defines: tuple[str, ...]) -> Tables:
    """The tables of a function exercise."""
    if not options.backward and len(defines) < 2:
        raise FamilyError("`defines` must name the forward and the backward function")
    preset = find_preset(options.of) if options.of else own_preset(options, make="", kinks=options.kinks)
    if options.of and (options.inputs or options.output or options.reference):
        raise FamilyError("options: `of` says inputs, output and reference already", "of")
    for key in ("returns", "transposed"):
        for name in getattr(options, key):
            if name not in preset.gradients:
                known = ", ".join(preset.gradients)
                raise FamilyError(f"options: `{key}` names {name!r}; the arrays with a gradient are: {known}", key)
    results = {name: f"grad_{name}" for name in preset.gradients}
    returns = options.returns or tuple(name for name in (*preset.inputs, *preset.params) if name in preset.gradients)
    judge: Tables = {
        "results": {"out": "value", **{results[name]: f"d/d{name}" for name in returns}},
        "output": "out",
        "upstream": "g",
        "terms": {
            name: terms
            for name, terms in terms_of(preset, results, options.transposed).items()
            if name in ("out", *(results[array] for array in returns))
        },
    }
    if options.of:
        judge["reference"] = f"tutor.nn.{preset.module}"
        judge["drive"] = reference_drive(preset, results, options.transposed)
    elif options.reference:
        judge["reference"] = options.reference
    shapes = {**preset.inputs, **preset.params, "g": preset.output}
    return {
        "arrays": {
            name: list(reversed(shape) if name in options.transposed else shape) for name, shape in shapes.items()
        },
        "draws": dict(preset.draws),
        "drive": _drive(options, preset, returns, defines),
        "judge": judge,
        "limits": {"seconds": preset.seconds},
        **tiers_of(preset, {**preset.sizes, **options.sizes}, {**preset.values, **options.values}),
    }


def _drive(options: Options, preset: Preset, returns: tuple[str, ...], defines: tuple[str, ...]) -> Tables:
    forward, backward = options.forward or defines[0], options.backward or defines[1]
    calls = options.calls or (*preset.inputs, *preset.params, *preset.settings)
    out = "_at(made, 0)" if "cache" in options.takes else "made"
    given = {"cache": "_at(made, 1)", "out": f'right("out", {out})'}
    results = {}
    for name in returns:
        parts = returned_parts("returned", returns, name)
        lone = ["returned"] if len(returns) == 1 else []
        results[f"grad_{name}"] = [*options.gradients.get(name, ()), *parts, *lone]
    return {
        "setup": "",  # nothing is made: functions that keep things between them have one place for it
        "forward": lines(
            PARTS,
            call(forward, (another(name, preset.draws) if name in preset.inputs else name for name in calls)),
            f"made = {call(forward, calls)}",
        ),
        "backward": lines(f"returned = {call(backward, (given.get(name, name) for name in options.takes))}"),
        "results": {"forward": {"out": [out]}, "backward": results},
    }
