"""What a learner's class lacks for training, in sentences; it has passed its exercise, which asks for less."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tutor.course import Train
from tutor.errors import RunError
from tutor.training.networks.shaping import Host

Array = NDArray[Any]


def find_class(train: Train, namespace: Mapping[str, object]) -> Any:
    """Return the learner's class, which the run's frozen file must still define."""
    found = namespace.get(train.layer)
    if not isinstance(found, type):
        raise RunError(f"Your file defines no class {train.layer}.", "", f"Write class {train.layer}: ...")
    return found


def check_methods(made: object, name: str, methods: tuple[str, ...]) -> None:
    """Check that the methods are there which the training calls."""
    for method in methods:
        if not callable(getattr(made, method, None)):
            raise RunError(f"Your {name} has no method {method}.", "", f"Write def {method}(self, ...).")


def can_start(value: object, like: Any, host: Host) -> bool:
    """Say whether training can start from a parameter as the class has made it, which must be `like` another."""
    if not host.holds(value):
        return False
    array = host.get(value)
    return array.dtype.kind == "f" and array.shape == tuple(like.shape) and (array.ndim < 2 or bool(array.any()))


def check_initial(value: object, owner: str, place: str, made_as: str, host: Host) -> None:
    """Weights that are not there or all zero cannot be trained; a sentence is better than a dead network."""
    if value is None:
        raise RunError(
            f"Your {owner} sets no {place}.",
            f"Training starts from what {made_as} makes.",
            f"Set {place} in __init__.",
        )
    array = host.get(value) if host.holds(value) else None
    if array is None or array.dtype.kind != "f":
        kind = f"array of {array.dtype}" if array is not None else type(value).__name__
        raise RunError(
            f"{place} of your {owner} is of the type {kind}.", "", "Make it a NumPy array of floats in __init__."
        )
    if array.ndim > 1 and not array.any():
        raise RunError(
            f"All weights of your {owner} start at zero.",
            "Units that start equal get equal gradients and stay equal: nothing is learnt.",
            f"Draw them in __init__: {place} = np.random.randn(n_in, n_out) * np.sqrt(1 / n_in)",
        )


def check_array(subject: str, value: object, shape: tuple[int, ...], host: Host) -> None:
    """Check that something is an array of floats of this shape."""
    if not host.holds(value):
        got = "None" if value is None else f"a value of the type {type(value).__name__}"
        raise RunError(f"{subject} {got}.", f"Training needs an array of shape {shape}.")
    array = host.get(value)
    if array.shape != shape:
        raise RunError(
            f"{subject} an array of shape {array.shape}.", f"It must be {shape}.", "Test the exercise first."
        )
    if array.dtype.kind != "f":
        raise RunError(f"{subject} an array of {array.dtype}.", "It must hold floats.")


def no_gradient(name: str, spelling: str) -> RunError:
    """Say that a gradient is nowhere; `spelling` is the first place in which it was looked for."""
    place = spelling.replace("layer.", "self.").replace("net.", "self.")
    return RunError(
        f"Your backward leaves no {place} behind.",
        f"The update of {name} needs it.",
        f"Keep it in backward: {place} = ...",
    )


def check_first_step(before: Mapping[str, Array], after: Mapping[str, Array], norms: Mapping[str, float]) -> None:
    """Compare the parameters around the first step, by the gradients' norms: an update that moves nothing is said."""
    if any(norms.values()) and all(np.array_equal(before[name], after[name]) for name in before):
        names = " and ".join(dict.fromkeys(name.rstrip("0123456789") for name in before))
        raise RunError(
            "Your update changes nothing.",
            f"After it, {names} are what they were, though the gradients are not zero.",
            "Change them in place: self.W -= lr * self.grad_W",
        )
