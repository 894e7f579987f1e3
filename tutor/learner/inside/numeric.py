"""The numeric gradient of the learner's own forward pass, in the time that is left: beside the verdict, never in it.

The mathematics is in `derivatives`; here stands what somebody's code in a box asks for besides. Each evaluation gets
arrays of its own, which the code may overwrite, and the same random numbers. A forward pass too slow for every entry is
asked for those alone that will be shown.
"""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Any

import numpy as np

from . import derivatives

if TYPE_CHECKING:
    from .derivatives import Arrays, Index, NumericGradient, Objective

_AGAIN = 0.05  # seconds after which code that swallowed the end of its time is told once more
_HURRY = 0.8  # of the time, to be filled by the entries
# Held here because the learner's code may put anything else in their place.
_seed_numpy, _seed_python = np.random.seed, random.seed


class _OutOfTime(BaseException):
    """The time for the numeric gradient is used up."""


class NoGradientError(Exception):
    """There is none, for the reason it names."""


def gradients(request: dict[str, Any], arrays: Arrays, objective: Objective, deadline: float) -> tuple[Arrays, str]:
    """The gradient by each array of `request["wrt"]`, and one note on how it was made, or why there is none.

    Where only the entries of `request["shown"]` could be made, all others are NaN.
    """

    def make(seconds: float) -> tuple[Arrays, str]:
        made = _make(request, arrays, objective, seconds)
        return made.values, _note(made)

    return in_time(make, min(float(request["seconds"]), deadline - time.monotonic()))


def in_time(make: Callable[[float], tuple[Arrays, str]], seconds: float) -> tuple[Arrays, str]:
    """What `make` makes in so many seconds, or nothing and the reason; the learner's code may raise what it likes."""
    if seconds <= 0:
        return {}, "there was no time left for the numeric gradient"

    def stop(_: int, __: FrameType | None) -> None:
        raise _OutOfTime

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN)
    try:
        return make(seconds)
    except _OutOfTime:
        return {}, _too_slow(seconds)
    except NoGradientError as reason:
        return {}, str(reason)
    except BaseException as error:
        return {}, f"the forward pass could not be repeated ({type(error).__name__})"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _make(request: dict[str, Any], arrays: Arrays, objective: Objective, seconds: float) -> NumericGradient:
    at = {name: array.astype(np.float64) for name, array in arrays.items()}
    wrt = [name for name in request["wrt"] if name in at]

    def again(moved: Arrays) -> Any:
        _seed_numpy(0)
        _seed_python(0)
        return objective({name: array.copy() for name, array in moved.items()})

    with derivatives.complex_warnings_raised():
        began = time.monotonic()
        first, second = float(again(at)), float(again(at))
        each = (time.monotonic() - began) / 2
        if not np.isfinite(first):
            raise NoGradientError("your forward pass gives no finite number here")
        if first != second:
            raise NoGradientError("your forward pass gives another value each time it is run on the same arrays")
        entries = None
        size = sum(at[name].size for name in wrt)
        if size > request["most"] or size * each > _HURRY * seconds:
            shown = _shown(request, at)
            if not shown:
                raise NoGradientError(
                    _too_slow(seconds) if size <= request["most"] else "there are too many entries to make each"
                )
            entries = {name: shown.get(name, []) for name in wrt}
        return derivatives.numeric_gradient(again, at, wrt, entries)


def _shown(request: dict[str, Any], at: Arrays) -> dict[str, list[Index]]:
    """The indices of the request that are indices of its arrays."""
    return {
        name: [
            index
            for index in map(tuple, indices)
            if len(index) == at[name].ndim and all(0 <= i < n for i, n in zip(index, at[name].shape, strict=True))
        ]
        for name, indices in request["shown"].items()
        if name in at
    }


def _too_slow(seconds: float) -> str:
    return f"making the numeric gradient took longer than {seconds:.1g} s"


def _note(made: NumericGradient) -> str:
    at_kink = sum(map(len, (made.at_kink or {}).values()))
    kinks = [f"{n} of them {where} a kink" for n, where in ((made.beside_kink, "beside"), (at_kink, "at")) if n]
    return ", ".join([made.method, *kinks])
