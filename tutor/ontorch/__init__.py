"""NumPy's face on torch tensors: a learner's unchanged file computes on any device of torch's.

`import numpy as np` in a file that is run by `run_source` or a `Loader` gives it a numpy of ours. Its arrays are
tensors, its operations go straight to torch, its random numbers are drawn by NumPy itself, so that the same seed gives
the same weights bit for bit. What this numpy lacks raises `NotOnTorch`, which names the idiom and a way out: nothing
is copied to the host behind the learner's back. Values come to the host where a file asks for one, as float(loss) does;
the host waits for a count where a result's size depends on values, as in x[x > 0], np.unique, np.nonzero.

Others may use: `run_source(text, filename, device, dtype)`, `Loader` (the same for several files that belong together),
`make` (such a numpy itself), `ndarray` and `to_host`. The names below load torch when first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tutor.ontorch.array import ndarray, to_host
    from tutor.ontorch.errors import NotOnTorch
    from tutor.ontorch.face import make
    from tutor.ontorch.source import Loader, run_source

__all__ = ["Loader", "NotOnTorch", "make", "ndarray", "run_source", "to_host"]

_MODULES = {
    "Loader": "source",
    "NotOnTorch": "errors",
    "make": "face",
    "ndarray": "array",
    "run_source": "source",
    "to_host": "array",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
