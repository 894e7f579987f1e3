"""PyTorch's side of training: the only place of the room that imports torch, and only the worker comes here.

`make_network` makes what a run trains when its mode is not "numpy": PyTorch's twin of the network, the learner's NumPy
and the twin in lockstep, or the learner's unchanged file on torch tensors.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from tutor.errors import RunError

if TYPE_CHECKING:
    from tutor.training.model import RunConfig
    from tutor.training.trainable import Trainable

__all__ = ["make_network"]


def make_network(config: RunConfig, sources: Mapping[str, str], seed: int) -> Trainable:
    """Make the network of a run that needs PyTorch, with the initial weights that the learner's NumPy has of `seed`.

    `sources` are the frozen files, name -> text: `<config.challenge>.py`, and `<config.optimizer.challenge>.py` where
    the optimizer is the learner's own; they are loaded here, in this order, and stay in `namespaces` of the network for
    its checkpoints. RunError: PyTorch is missing, or cannot make the network; LearnerCodeError.
    """
    try:
        import torch
    except ImportError as error:
        raise RunError(
            "PyTorch is not installed here.",
            "A run beside PyTorch, or on its tensors, needs it.",
            "Add it with: pip install torch. Everything else works without it.",
        ) from error
    torch.set_num_threads(config.threads)
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # CUDA's matrix products repeat themselves only so
    torch.set_deterministic_debug_mode("warn")  # use_deterministic_algorithms would load the compiler for seconds
    torch.backends.cudnn.allow_tf32 = False  # float32 is meant
    match config.mode:
        case "twin":
            from tutor.training.torch_side import twin

            return twin.make_network(config, sources, seed)
        case "lockstep":
            from tutor.training.torch_side import lockstep

            return lockstep.make_network(config, sources, seed)
        case "on-torch":
            from tutor.training.torch_side import on_torch

            return on_torch.make_network(config, sources, seed)
    raise RunError(f"A run in the mode {config.mode} does not go through PyTorch.")
