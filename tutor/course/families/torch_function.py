"""A torch.autograd.Function: its backward is called by PyTorch's own engine, on tensors, in a box that has torch.

The truth is a layer of tutor.nn, in NumPy (`of`, see `presets`), or a file beside challenge.toml with a class that has
forward and backward. The function is also used twice in one graph, with other numbers the second time: a backward that
keeps its state outside `ctx` shows.
"""

from __future__ import annotations

from msgspec import Struct

from tutor.course.families import Tables
from tutor.course.families.own import own_preset
from tutor.course.families.presets import Preset, find_preset, reference_drive, terms_of, tiers_of
from tutor.course.families.tables import another, call, lines


class Options(Struct, frozen=True, forbid_unknown_fields=True):
    """What an exercise on torch.autograd.Function says in `[options]`."""

    of: str = ""  # a preset: "linear", "relu", ...
    name: str = ""  # the class; the first of `defines` where it is not said
    calls: tuple[str, ...] = ()  # what apply is called with: ["x", "W", "b"]
    sizes: dict[str, int] = {}  # over those of the preset's basic case
    values: dict[str, bool | int | float | str] = {}
    # a function of one's own
    inputs: dict[str, tuple[str, ...]] = {}
    output: tuple[str, ...] = ()
    draws: dict[str, str] = {}
    flat: tuple[str, ...] = ()  # inputs without a gradient
    reference: str = ""
    make: str = ""  # how the reference is made: "Softplus()"


def expand(options: Options, defines: tuple[str, ...]) -> Tables:
    """The tables of an exercise on torch.autograd.Function."""
    preset = find_preset(options.of) if options.of else own_preset(options, options.make, needed=("reference", "make"))
    results = {name: f"grad_{name}" for name in preset.gradients}
    twice = {f"grad_{name}_of_two_uses": name for name in preset.gradients}
    terms = terms_of(preset, results)
    drive = reference_drive(preset, results, again=twice)
    return {
        "arrays": {name: list(shape) for name, shape in {**preset.inputs, **preset.params, "g": preset.output}.items()},
        "draws": dict(preset.draws),
        "drive": _drive(options.name or defines[0], options, preset),
        "judge": {
            "reference": f"tutor.nn.{preset.module}" if options.of else options.reference,
            "drive": drive,
            "results": {
                "out": "value",
                **{results[name]: f"d/d{name}" for name in preset.gradients},
                **dict.fromkeys(twice, "value"),
            },
            "output": "out",
            "upstream": "g",
            "terms": {
                **terms,
                **{result: terms[results[name]] for result, name in twice.items() if results[name] in terms},
            },
            "says": {
                result: f"The gradient of {name} is wrong where your function is used twice in one graph: "
                "keep what backward needs in ctx, and nowhere else."
                for result, name in twice.items()
            },
        },
        "needs": ["torch"],
        "limits": {"seconds": max(20.0, preset.seconds)},
        **tiers_of(preset, {**preset.sizes, **options.sizes}, {**preset.values, **options.values}),
    }


def _drive(name: str, options: Options, preset: Preset) -> Tables:
    arrays = (*preset.inputs, *preset.params)
    calls = options.calls or (*arrays, *preset.settings)

    def leaves(suffix: str, other: bool = False) -> list[str]:
        # other tokens are the plan's from last to first, and torch refuses strides below zero
        return [
            f"{array}_{suffix} = torch.tensor({f'({another(array, preset.draws)}).copy()' if other else array}"
            f"{', requires_grad=True' if array in preset.gradients else ''})"
            for array in arrays
        ]

    def apply(suffix: str) -> str:
        return call(f"{name}.apply", (f"{part}_{suffix}" if part in arrays else part for part in calls))

    def gradient(leaf: str) -> list[str]:
        return [f"{leaf}.grad if {leaf}.grad is None else {leaf}.grad.numpy()"]

    return {
        "setup": lines("import torch"),
        "forward": lines(*leaves("t"), f"out_t = {apply('t')}"),
        "backward": lines(
            "out_t.backward(torch.tensor(g))",
            *leaves("u"),
            *leaves("v", other=True),
            f"((torch.tensor(g) * {apply('u')}).sum() + {apply('v')}.sum()).backward()",
        ),
        "results": {
            "forward": {"out": ["out_t.detach().numpy()"]},
            "backward": {
                **{f"grad_{array}": gradient(f"{array}_t") for array in preset.gradients},
                **{f"grad_{array}_of_two_uses": gradient(f"{array}_u") for array in preset.gradients},
            },
        },
    }
