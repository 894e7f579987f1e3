"""PyTorch's optimizers, set so that they take the same steps as those of tutor.nn."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn

from tutor.errors import RunError
from tutor.training.model import Optimizer


def make_optimizer(chosen: Optimizer, parameters: Iterable[nn.Parameter], lr: float) -> torch.optim.Optimizer:
    """Make PyTorch's twin of an optimizer, whoever wrote it, with its settings; RunError where there is none."""
    settings = chosen.settings
    betas = settings.get("beta1", 0.9), settings.get("beta2", 0.999)
    eps = settings.get("eps", 1e-8)
    match chosen.kind:
        case "sgd":
            return torch.optim.SGD(parameters, lr)
        case "momentum" | "nesterov":
            return torch.optim.SGD(parameters, lr, momentum=settings.get("mu", 0.9), nesterov=chosen.kind == "nesterov")
        case "rmsprop":
            return torch.optim.RMSprop(parameters, lr, alpha=settings.get("rho", 0.9), eps=eps)
        case "adam":
            return torch.optim.Adam(parameters, lr, betas, eps, weight_decay=settings.get("weight_decay", 0.0))
        case "adamw":
            return torch.optim.AdamW(parameters, lr, betas, eps, weight_decay=settings.get("weight_decay", 0.01))
    raise RunError(
        f"PyTorch has no twin of the optimizer {chosen.kind}.", "", "Choose sgd, momentum, rmsprop, adam or adamw."
    )


def set_learning_rate(optimizer: torch.optim.Optimizer, lr: float) -> None:
    """Change the learning rate between two steps, as tutor.nn's optimizers understand it.

    The textbook's velocity is in units of the parameter, v <- mu v - lr g; PyTorch's in units of the gradient,
    buffer <- mu buffer + g, p <- p - lr buffer. They are the same for one learning rate; when it changes, the velocity
    stays what it was only if the buffer is rescaled.
    """
    for group in optimizer.param_groups:
        before, group["lr"] = group["lr"], lr
        for parameter in group["params"] if before != lr and isinstance(optimizer, torch.optim.SGD) else ():
            buffer = optimizer.state[parameter].get("momentum_buffer")
            if buffer is not None:
                buffer.mul_(before / lr)
