"""The numeric gradient of the learner's own forward pass.

Complex step: df/dx = Im f(x + ih) / h, exact to rounding (Squire and Trapp 1998, "Using complex variables to estimate
derivatives of real functions"). Code that takes absolute values or writes into real buffers breaks it, silently or with
a warning: so the warning is an error, and one central difference along a random direction confirms the result;
otherwise central differences, entry by entry.
"""

from __future__ import annotations

import signal
import time
import warnings
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from .wire import AnyArray

    Arrays = dict[str, AnyArray]

Objective = Callable[[dict[str, Any]], Any]

_COMPLEX_STEP = 1e-30
_STEP = 1e-6  # relative, of central differences
_CONFIRMED = 1e-5
_AT_KINK = 1e-4  # relative difference of the slopes over h and h/10


class _OutOfTime(BaseException):
    """The time for the numeric gradient is used up."""


def gradients(request: dict[str, Any], arrays: Arrays, objective: Objective, deadline: float) -> tuple[Arrays, str]:
    """The gradient by each array of `request["wrt"]`, and one note on how it was made, or why there is none."""
    seconds = min(float(request["seconds"]), deadline - time.monotonic())
    wrt = [name for name in request["wrt"] if name in arrays]
    if seconds <= 0:
        return {}, "there was no time left for the numeric gradient"

    def stop(_: int, __: FrameType | None) -> None:
        raise _OutOfTime

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", np.exceptions.ComplexWarning)
            return _either_way({name: array.astype(np.float64) for name, array in arrays.items()}, wrt, objective)
    except _OutOfTime:
        return {}, f"making the numeric gradient took longer than {seconds:.1g} s"
    except BaseException as error:
        return {}, f"the forward pass could not be repeated ({type(error).__name__})"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _either_way(at: Arrays, wrt: list[str], objective: Objective) -> tuple[Arrays, str]:
    try:
        found = _complex_step(at, wrt, objective)
        if _confirmed(at, found, objective):
            return found, "complex step"
    except Exception:  # whatever the learner's code raises when it meets complex numbers
        pass
    return _central_differences(at, wrt, objective)


def _complex_step(at: Arrays, wrt: list[str], objective: Objective) -> Arrays:
    found = {}
    for name in wrt:
        gradient = np.empty(at[name].shape)
        for index in np.ndindex(at[name].shape):
            moved = at[name].astype(np.complex128)
            moved[index] += 1j * _COMPLEX_STEP
            gradient[index] = np.imag(objective(_copies(at) | {name: moved})) / _COMPLEX_STEP
        found[name] = gradient
    return found


def _confirmed(at: Arrays, found: Arrays, objective: Objective) -> bool:
    if not all(np.isfinite(gradient).all() for gradient in found.values()):
        return False
    rng = np.random.default_rng()
    direction = {name: rng.standard_normal(at[name].shape) * _scale(at[name]) for name in found}
    here = float(objective(_copies(at)))
    ahead, behind = (
        float(objective(_copies(at) | {name: at[name] + sign * _STEP * direction[name] for name in found}))
        for sign in (1, -1)
    )
    slope = (ahead - behind) / (2 * _STEP)
    claimed = sum(float((found[name] * direction[name]).sum()) for name in found)
    return abs(slope - claimed) <= _CONFIRMED * (abs(slope) + abs(claimed)) + 1e-8 * abs(here)


def _central_differences(at: Arrays, wrt: list[str], objective: Objective) -> tuple[Arrays, str]:
    found, kinks = {}, 0
    for name in wrt:
        gradient = np.empty(at[name].shape)
        scale = _scale(at[name])
        for index in np.ndindex(at[name].shape):
            wide, narrow = (
                _slope(at, name, index, step * float(scale[index]), objective) for step in (_STEP, _STEP / 10)
            )
            at_kink = abs(wide - narrow) > _AT_KINK * (abs(wide) + abs(narrow)) + 1e-7
            kinks += at_kink
            gradient[index] = narrow if at_kink else wide
        found[name] = gradient
    return found, "central differences" + (f", {kinks} of them beside a kink" if kinks else "")


def _slope(at: Arrays, name: str, index: tuple[int, ...], step: float, objective: Objective) -> float:
    values = []
    for sign in (1, -1):
        moved = at[name].copy()
        moved[index] += sign * step
        values.append(float(objective(_copies(at) | {name: moved})))
    return (values[0] - values[1]) / (2 * step)


def _scale(array: AnyArray) -> AnyArray:
    return np.maximum(np.abs(array), 1.0)


def _copies(arrays: Arrays) -> Arrays:
    return {name: array.copy() for name, array in arrays.items()}
