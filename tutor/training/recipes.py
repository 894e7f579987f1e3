"""What a run is made with where nobody says otherwise: by its data set, and by its optimiser."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from tutor import records
from tutor.course import Challenge, Train
from tutor.errors import RunError, UnknownName
from tutor.training.model import Optimizer, OptimizerDrive, OwnOptimizer


class Recipe(Struct, frozen=True):
    """What a data set asks for; what is None is as the exercise says."""

    hidden: tuple[int, ...] | None = None  # of networks of linear layers; other layers keep their own sizes
    batch: int | None = None
    epochs: int | None = None


_PLANE = Recipe((32, 32), 32, 100)
_MNIST = Recipe((128,), 64, 10)
_RECIPES: Mapping[str, Recipe] = {
    "xor": _PLANE,
    "moons": _PLANE,
    "spirals": _PLANE,
    "rings": _PLANE,
    "mnist": _MNIST,
    "fashion-mnist": _MNIST,
}
_OF_LINEAR_LAYERS = (
    "linear", "sigmoid_layer", "own_linear", "own", "relu", "leaky_relu", "sigmoid", "tanh", "batch_norm", "layer_norm",
    "dropout",
)  # fmt: skip


def recipe_for(train: Train, dataset: str) -> Recipe:
    """Find what to train with on a data set, for the network that an exercise makes."""
    found = _RECIPES.get(dataset, Recipe())
    hidden = train.hidden if found.hidden is None else found.hidden
    if train.kind == "network":
        depth = max((depth for depth in train.depths if depth <= len(hidden) + 1), default=len(hidden) + 1)
        depth = depth if depth in train.depths or not train.depths else min(train.depths)
        hidden = (*hidden, *hidden[-1:] * depth)[: depth - 1]
    elif train.of not in _OF_LINEAR_LAYERS:
        hidden = train.hidden
    return Recipe(
        hidden,
        train.batch if found.batch is None else found.batch,
        train.epochs if found.epochs is None else found.epochs,
    )


# ── optimisers ───────────────────────────────────────────────────────────────────────────────────────────────────────

_ADAM = {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8}
SETTINGS: Mapping[str, Mapping[str, float]] = {
    "sgd": {},
    "momentum": {"mu": 0.9},
    "nesterov": {"mu": 0.9},
    "rmsprop": {"rho": 0.9, "eps": 1e-8},
    "adam": _ADAM,
    "adamw": {**_ADAM, "weight_decay": 0.01},
}
_CAREFUL = 0.003  # of those whose steps are as long as the learning rate, whatever the gradient


def choose_optimizer(train: Train, asked: str | OwnOptimizer) -> Optimizer:
    """Settle on one of ours by name, the learner's own, or, where nothing is asked, the layers' update or our SGD."""
    if isinstance(asked, OwnOptimizer):
        return optimizer_of(asked.challenge)
    if not asked:
        return Optimizer(owner="layer" if train.update else "ours")
    if asked not in SETTINGS:
        raise UnknownName("optimizer", asked, SETTINGS)
    return Optimizer(asked, settings=dict(SETTINGS[asked]))


def usual_lr(train: Train, optimizer: Optimizer) -> float:
    """Choose a learning rate: the exercise's for plain gradient descent, others by what their steps are like."""
    match optimizer.kind:
        case "sgd":
            return train.lr
        case "momentum" | "nesterov":
            return train.lr * (1 - optimizer.settings.get("mu", 0.9))  # a steady velocity is 1 / (1 - mu) as long
        case _:
            return _CAREFUL


def optimizer_of(challenge: Challenge) -> Optimizer:
    """Read from an exercise of the family `optimizer` how the learner's own is made and called; RunError: of others."""
    from tutor.course.families.optimizer import Options
    from tutor.course.families.optimizer_rules import RULES

    options = records.convert(challenge.options, Options) if challenge.family == "optimizer" else None
    if options is None or options.rule not in RULES:
        raise RunError(
            f"{challenge.id} is no optimiser that trains a network.",
            "",
            f"Choose an exercise in which you write one, or one of ours: {', '.join(SETTINGS)}.",
        )
    known = RULES[options.rule].settings  # what the exercise makes it with, and what its lines may name
    settings = {name: SETTINGS[options.rule].get(name, value) for name, value in known.items() if name != "lr"}
    settings |= {name: value for name, value in options.settings.items() if name != "lr"}
    if options.penalty:
        settings.setdefault("weight_decay", 0.0)
    arguments = ", ".join([*known, *(["weight_decay"] if options.penalty and "weight_decay" not in known else [])])
    name = challenge.defines[0]
    usual = {
        "update": "w = optimizer.update(w, g)",
        "function": f"params, state = {name}(params, grads, state, {arguments})",
    }
    drive = OptimizerDrive(
        make=options.make or f"{name}({arguments})",
        step=options.step or usual.get(options.style, "optimizer.step(params, grads)"),
        style=options.style,
        state=options.state,
        lr=options.lr,
        gradient=options.gradient,
    )
    return Optimizer(options.rule, "yours", challenge.id, settings, drive)
