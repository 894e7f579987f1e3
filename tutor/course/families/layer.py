"""A layer as a class: forward keeps what backward needs; backward stores and returns gradients.

`of = "linear"` takes a layer of tutor.nn (see `presets`), and the other options say how the learner's class differs
from it: how it is made, where its parameters go, which of them it holds transposed. Without `of` the options say all
of it, and `reference` is a file beside challenge.toml with the learner's own interface.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from tutor.course.families import FamilyError, Tables
from tutor.course.families.own import own_preset
from tutor.course.families.presets import (
    Preset,
    find_preset,
    is_gradient,
    reference_drive,
    result_names,
    terms_of,
    tiers_of,
)
from tutor.course.families.tables import PARTS, another, call, gradient_names, lines, returned_parts, spelled
from tutor.course.families.trained import layer_train
from tutor.course.model import Fill

Shapes = dict[str, tuple[str, ...]]


class Options(Struct, frozen=True, forbid_unknown_fields=True, rename={"given": "pass"}):
    """What a layer exercise says in `[options]`."""

    of: str = ""  # a preset: "linear", "conv2d", ...
    name: str = ""  # the class; the first of `defines` where it is not said
    make: str = ""  # "Linear(n_in, n_out)"
    given: Literal["attributes", "constructor"] = "attributes"  # how the parameters reach the layer
    attributes: dict[str, str] = {}  # parameter -> its attribute: W = "weight", or W = "params['W']"
    gradients: dict[str, tuple[str, ...]] = {}  # array -> more spellings of its gradient: W = ["layer.weight_gradient"]
    transposed: tuple[str, ...] = ()  # parameters that the learner's layer holds as (n_out, n_in)
    forward: str = "forward"
    backward: str = "backward"
    intermediates: tuple[str, ...] = ()  # attributes to judge on the way: "scores", "grad_scores"
    copies: bool = False  # the layer must keep copies of its inputs
    sizes: dict[str, int] = {}  # over those of the preset's basic case
    values: dict[str, bool | int | float | str] = {}
    # a layer of one's own
    inputs: Shapes = {}
    params: Shapes = {}
    output: tuple[str, ...] = ()
    draws: dict[str, str] = {}
    flat: tuple[str, ...] = ()  # inputs without a gradient
    kinks: tuple[Fill, ...] = ()  # fills of the first input at which the layer has a kink
    reference: str = ""


def expand(options: Options, defines: tuple[str, ...]) -> Tables:
    """The tables of a layer exercise."""
    preset = find_preset(options.of) if options.of else _own(options, defines)
    if options.of and (options.inputs or options.params or options.output or options.reference):
        raise FamilyError("options: `of` says inputs, params, output and reference already", "of")
    for key in ("attributes", "transposed"):
        for name in getattr(options, key):
            if name not in preset.params:
                known = ", ".join(preset.params) or "none"
                raise FamilyError(f"options: `{key}` names {name!r}; the parameters are: {known}", key)
    results = result_names(preset)
    judge: Tables = {
        "results": {
            "out": "value",
            **dict.fromkeys(options.intermediates, "value"),
            **{results[name]: f"d/d{name}" for name in preset.gradients},
        },
        "output": "out",
        "upstream": "g",
        "terms": terms_of(preset, results, options.transposed),
        "copies": options.copies,
    }
    if options.of:
        judge["reference"] = f"tutor.nn.{preset.module}"
        judge["drive"] = reference_drive(preset, results, options.transposed, options.intermediates)
    elif options.reference:
        judge["reference"] = options.reference
    flipped = {name: tuple(reversed(shape)) for name, shape in preset.params.items() if name in options.transposed}
    name = options.name or defines[0]
    drive = _drive(options, preset, results, name)
    return {
        "arrays": {
            name: list(shape)
            for name, shape in {**preset.inputs, **preset.params, **flipped, "g": preset.output}.items()
        },
        "draws": dict(preset.draws),
        "drive": drive,
        "judge": judge,
        "limits": {"seconds": preset.seconds},
        **tiers_of(preset, {**preset.sizes, **options.sizes}, {**preset.values, **options.values}),
        **_train(options, preset, results, name, drive),
    }


def _own(options: Options, defines: tuple[str, ...]) -> Preset:
    make = options.make or f"{options.name or defines[0]}()"
    preset = own_preset(options, make, params=options.params, kinks=options.kinks)
    if options.params and options.given == "attributes" and not options.make:
        raise FamilyError('options: `make` is missing, such as make = "Layer(n_in, n_out)"', "make")
    return preset


def _made(options: Options, preset: Preset, name: str) -> tuple[str, list[str]]:
    """How the layer is made, and the lines that hand its parameters over."""
    if options.given == "constructor":
        return options.make or call(name, preset.params), []
    setting = [f"{_place(options, param)} = {param}" for param in preset.params]
    return options.make or f"{name}({preset.make.partition('(')[2]}", setting


def _place(options: Options, param: str) -> str:
    return f"layer.{options.attributes.get(param, param)}"


def _drive(options: Options, preset: Preset, results: dict[str, str], name: str) -> Tables:
    made, setting = _made(options, preset, name)
    inputs = tuple(name for name in preset.inputs if name not in preset.flat)
    order = (*inputs, *preset.params)
    backward: dict[str, list[str]] = {part: [f"layer.{part}"] for part in options.intermediates if is_gradient(part)}
    for param in preset.params:
        backward[results[param]] = _spellings(options, order, param)
    for array in inputs:
        parts = returned_parts("returned", order, array, *(("grad_input",) if array == "x" else ()))
        lone = ["returned"] if len(inputs) == 1 else []
        backward[results[array]] = [*options.gradients.get(array, ()), *parts, *lone]
    forward = {part: [f"layer.{part}"] for part in options.intermediates if not is_gradient(part)}
    run = f"layer.{options.forward}"
    return {
        "setup": lines(PARTS, f"layer = {made}", *setting),
        "forward": lines(
            call(run, (another(name, preset.draws) for name in preset.inputs)),
            f"out = {call(run, preset.inputs)}",
        ),
        "backward": lines(f"returned = layer.{options.backward}(g)"),
        "results": {"forward": {**forward, "out": ["out"]}, "backward": backward},
    }


def _train(options: Options, preset: Preset, results: dict[str, str], name: str, drive: Tables) -> Tables:
    """How a network is made of it, where it has a place in one: the same class, driven as it is judged."""
    made, setting = _made(options, preset, name)
    found: dict[str, dict[str, list[str]]] = drive["results"]  # type: ignore[assignment]
    return layer_train(
        options.of,
        preset,
        {**options.sizes, **options.values},
        {
            "layer": name,
            "make": made,
            "places": {
                param: _place(options, param) for param in preset.params if setting or param in options.attributes
            },
            "sets": lines(*setting),
            "transposed": list(options.transposed),
            "forward": options.forward,
            "backward": options.backward,
            "params": {param: found["backward"][results[param]] for param in preset.params},
            "inputs": {x: found["backward"][results[x]] for x in preset.inputs if x not in preset.flat},
        },
    )


def _spellings(options: Options, order: tuple[str, ...], param: str) -> list[str]:
    """Where the gradient of a parameter may be: an attribute, a dict of the layer, or what backward returned."""
    attribute = options.attributes.get(param, param)
    called = dict.fromkeys((attribute, param)) if attribute.isidentifier() else (param,)
    names = [gradient for name in called for gradient in gradient_names(name)]
    return [
        *options.gradients.get(param, ()),
        *spelled("layer.{}", names),
        *spelled('layer.grads["{}"]', [param, *names]),
        *spelled('layer.gradients["{}"]', [param, *names]),
        *returned_parts("returned", order, param),
    ]
