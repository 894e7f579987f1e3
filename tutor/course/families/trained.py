"""How a passed exercise of the families `layer` and `network` becomes a network that trains: its [train] table."""

from __future__ import annotations

from collections.abc import Mapping

from tutor.course.families import Tables
from tutor.course.families.presets import Preset

# What a network around each layer learns with: found on the digits, where each of them reaches what it can.
_DENSE: Tables = {"hidden": [32], "activation": "relu", "lr": 0.1, "epochs": 30}
_RECIPES: Mapping[str, Tables] = {
    "linear": _DENSE,
    "sigmoid_layer": {"hidden": [32], "loss": "mse", "lr": 1.0, "epochs": 60},
    "relu": _DENSE,
    "leaky_relu": _DENSE,
    "sigmoid": {**_DENSE, "lr": 0.5},
    "tanh": _DENSE,
    "batch_norm": _DENSE,
    "layer_norm": _DENSE,
    "dropout": {**_DENSE, "hidden": [64]},
    "own": {**_DENSE, "activation": "none"},
    "own_linear": _DENSE,
    "conv2d": {"hidden": [8], "activation": "relu", "lr": 0.1, "epochs": 20},
    "max_pool": {"hidden": [8], "activation": "relu", "lr": 0.1, "epochs": 20},
    "embedding": {"hidden": [4], "lr": 0.1, "epochs": 20},
    "attention": {"hidden": [16, 32], "activation": "relu", "lr": 0.1, "epochs": 40},
    "recurrent": {"hidden": [32], "lr": 0.1, "epochs": 40},
    "recurrent_step": {"hidden": [32], "lr": 0.1, "epochs": 40},
}


def layer_train(of: str, preset: Preset, values: Mapping[str, object], drive: Tables) -> Tables:
    """The [train] table of a layer, or nothing where it has no place in a network; `drive` is how it is driven."""
    place = of or _own_place(preset)
    if not place:
        return {}
    own_shapes = {
        "x": _lengths(preset),
        "out": list(preset.output[1:]),
        **{k: list(v) for k, v in preset.params.items()},
    }
    return {
        "train": {
            "kind": "layer",
            "of": place,
            **_RECIPES[place],
            "values": {**preset.sizes, **preset.values, **values},
            **({} if of else {"shapes": own_shapes}),
            **drive,
        }
    }


def _lengths(preset: Preset) -> list[str]:
    first, *_ = preset.inputs.values()
    return list(first[1:])


def _own_place(preset: Preset) -> str:
    """An own layer of one input of rows stands where a linear layer or an activation would."""
    if len(preset.inputs) != 1 or preset.flat or "N" not in preset.sizes:
        return ""
    (x,) = preset.inputs.values()
    if len(x) != 2 or len(preset.output) != 2 or (x[0], preset.output[0]) != ("N", "N"):
        return ""
    if x[1] == preset.output[1]:
        return "own"
    return "own_linear" if x[1].isidentifier() and preset.output[1].isidentifier() and preset.params else ""
