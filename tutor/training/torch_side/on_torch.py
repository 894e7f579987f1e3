"""The learner's unchanged file on torch tensors: their NumPy on any device that PyTorch has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tutor.errors import RunError
from tutor.learner import LearnerCodeError, code_error
from tutor.ontorch import Loader, ndarray, to_host
from tutor.training.model import RunConfig
from tutor.training.networks.network import Network
from tutor.training.networks.network import make_network as make_numpy_network

Array = NDArray[Any]


class Tensors:
    """A device: the textbook and the learner's files compute there, through numpy's face on tensors. See Host."""

    def __init__(self, device: str, dtype: str) -> None:
        self.loader = Loader(device, dtype, through=("tutor.nn",))

    def textbook(self, name: str) -> Any:
        """See Host."""
        return getattr(self.loader.module("tutor.nn"), name)

    def put(self, array: Array) -> Any:
        """See Host."""
        return self.loader.numpy.array(array, dtype=array.dtype)

    def get(self, value: Any) -> Array:
        """See Host."""
        host: Array = np.asarray(to_host(value))
        return host

    def holds(self, value: object) -> bool:
        """See Host."""
        return isinstance(value, ndarray)

    def stack(self, values: Sequence[Any]) -> Any:
        """See Host."""
        return self.loader.numpy.stack(values, axis=1)


def make_network(config: RunConfig, sources: Mapping[str, str], seed: int) -> Network:
    """Make the run's network with the learner's files, name -> text, the optimizer's last, on the run's device.

    Its `namespaces` are the names of those files. Weights are drawn by NumPy, so that the same seed starts with the
    same ones as on NumPy. RunError, LearnerCodeError.
    """
    if config.device.startswith("mps") and config.dtype != "float32":
        raise RunError(
            "Apple's GPUs compute in float32 only.",
            f"This run asks for {config.dtype}.",
            "Train with --dtype float32, or on the CPU: --device cpu.",
        )
    host = Tensors(config.device, config.dtype)
    namespaces = [_load(host.loader, text, name) for name, text in sources.items()]
    network = make_numpy_network(config, namespaces[0], namespaces[1] if namespaces[1:] else None, seed, host)
    network.namespaces = namespaces  # type: ignore[attr-defined]  # a checkpoint keeps what they hold
    return network


def _load(loader: Loader, text: str, name: str) -> dict[str, Any]:
    """Run one of their files, as `tutor.learner.load_module` does."""
    try:
        return loader.run(text, name)
    except BaseException as error:
        raise LearnerCodeError(code_error(error, name)) from error
