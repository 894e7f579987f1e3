"""PyTorch's network of an Architecture: standard modules in a row, the loss, and autograd for the way back."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from tutor.errors import RunError
from tutor.training.model import Architecture, RunConfig
from tutor.training.networks.network import AT_ONCE, Stack
from tutor.training.networks.shaping import flat
from tutor.training.networks.units import YourDropout
from tutor.training.torch_side.layers import Dropout, find_parameter, make_layer
from tutor.training.trainable import Evaluation, Trainable

Array = NDArray[Any]

DTYPES = {"float64": torch.float64, "float32": torch.float32}


class Parameter(NamedTuple):
    """One parameter of the network, and whether PyTorch holds it transposed."""

    tensor: nn.Parameter
    turned: bool

    def ours(self, tensor: Tensor) -> Tensor:
        """Show the parameter, or its gradient, in our layout."""
        return tensor.T if self.turned else tensor


class Gradients(Mapping[str, Array]):
    """The gradients of the last backward pass on the host, fetched when asked for: most steps ask for none."""

    def __init__(self, parameters: Mapping[str, Parameter]) -> None:
        self._parameters = parameters

    def __getitem__(self, name: str) -> Array:
        parameter = self._parameters[name]
        grad = parameter.tensor.grad
        return on_host(parameter.ours(torch.zeros_like(parameter.tensor) if grad is None else grad))

    def __iter__(self) -> Iterator[str]:
        return iter(self._parameters)

    def __len__(self) -> int:
        return len(self._parameters)


class TwinNetwork:
    """The modules of an Architecture, with the parameters under the names and in the layout of ours."""

    def __init__(self, architecture: Architecture, device: torch.device, dtype: torch.dtype) -> None:
        """Make the modules; the parameters hold nothing until `take`. RunError where a layer has no twin."""
        self.device, self.dtype = device, dtype
        self.loss_name = architecture.loss
        self.classes = architecture.layers[-1].n_out[-1]
        self.layers = architecture.layers
        self.modules = nn.ModuleList(make_layer(layer) for layer in architecture.layers).to(device, dtype)
        self.parameters = {
            name: Parameter(*find_parameter(layer, module, own))
            for layer, module in zip(architecture.layers, self.modules, strict=True)
            for own, name in layer.params.items()
        }
        for tensor, turned in self.parameters.values():
            if turned:  # in memory it lies as ours does: to copy and to compare it takes a fraction of the time
                tensor.data = tensor.data.T.contiguous().T
        self._in_memory = self.params() if device.type == "cpu" else {}
        self.dropouts = {place: module for place, module in enumerate(self.modules) if isinstance(module, Dropout)}
        self.gradients = Gradients(self.parameters)

    def take(self, values: Mapping[str, Array]) -> None:
        """Copy the parameters from ours, by name."""
        if self.device.type == "cpu":
            for name, here in self._in_memory.items():
                np.copyto(here, values[name])  # a third of the time that PyTorch takes for it
            return
        with torch.no_grad():
            for name, parameter in self.parameters.items():
                parameter.ours(parameter.tensor).copy_(torch.from_numpy(np.ascontiguousarray(values[name])))

    def share_draws(self, like: Trainable) -> None:
        """Draw the masks of dropout that `like` is going to draw, from a copy of its generator."""
        if self.dropouts:
            draws: Any = copy.deepcopy(like.roots()["generator"])
            for dropout in self.dropouts.values():
                dropout.draws = draws

    def take_masks(self, like: Trainable) -> None:
        """Drop in the next forward pass what `like` dropped in its last one."""
        if self.dropouts:
            assert isinstance(like, Stack)
            for place, dropout in self.dropouts.items():
                unit = like.units[place]
                assert isinstance(unit, YourDropout)
                dropout.mask = torch.as_tensor(unit.mask, device=self.device)

    def place(self, x: Array, labels: Array) -> tuple[Tensor, Tensor]:
        """See Trainable."""
        targets = torch.tensor(labels, dtype=torch.int64, device=self.device)
        if self.loss_name == "mse":
            targets = functional.one_hot(targets, self.classes).to(self.dtype)
        return torch.tensor(flat(x), dtype=self.dtype, device=self.device), targets

    def forward(self, x: Tensor) -> Tensor:
        """Map x (N, n_in) to the output (N, classes), as in training."""
        for module in self.modules:
            x = module(x)
        return x

    def loss(self, output: Tensor, targets: Tensor) -> Tensor:
        """Return the loss, a tensor of one number; the mean over the batch."""
        if self.loss_name == "mse":
            return functional.mse_loss(output, targets, reduction="sum") / len(output)
        return functional.cross_entropy(output, targets)

    def backward(self, loss: Tensor) -> Gradients:
        """Go back from the loss; the gradients before are forgotten."""
        for parameter in self.parameters.values():
            parameter.tensor.grad = None
        loss.backward()  # type: ignore[no-untyped-call]
        return self.gradients

    def tensors(self) -> list[nn.Parameter]:
        """List the parameters as PyTorch's optimizers take them."""
        return [parameter.tensor for parameter in self.parameters.values()]

    def params(self) -> dict[str, Array]:
        """See Trainable."""
        return {name: on_host(parameter.ours(parameter.tensor)) for name, parameter in self.parameters.items()}

    def evaluate(self, x: Tensor, targets: Tensor) -> Evaluation:
        """See Trainable."""
        outputs: list[Array] = []
        alive: list[Tensor] = []
        total = 0.0
        self.modules.eval()
        with torch.no_grad():
            for at in range(0, len(x), AT_ONCE):
                values, active = x[at : at + AT_ONCE], []
                for module in self.modules:
                    values = module(values)
                    if isinstance(module, nn.ReLU):
                        active.append((values > 0).any(dim=0))
                total += self.loss(values, targets[at : at + AT_ONCE]).item() * len(values)
                outputs.append(on_host(values))
                alive = [a | b for a, b in zip(alive or active, active, strict=True)]
        self.modules.train()
        dead = [float((~active).double().mean()) for active in alive]
        return Evaluation(total / len(x), np.concatenate(outputs), dead)

    def find_non_finite(self, x: Tensor, targets: Tensor) -> str:
        """See Trainable."""
        for name, parameter in self.parameters.items():
            if not _finite(parameter.tensor):
                return f"the update of {name}, a step before"
        number = 0
        for layer, module in zip(self.layers, self.modules, strict=True):
            x = module(x)
            number += bool(layer.params)
            if not _finite(x):
                place = f"layer {number}" if layer.params else f"what stands behind layer {number}"
                return f"the forward pass of {place}, PyTorch's {layer.kind}"
        loss = self.loss(x, targets)
        if not _finite(loss):
            return "the loss: the forward pass is finite"
        for name, gradient in reversed([*self.backward(loss).items()]):
            if not np.isfinite(gradient).all():
                return f"the backward pass: the gradient of {name}"
        return "nowhere: the forward pass, the loss and every gradient are finite now"


def make_twin_network(config: RunConfig) -> TwinNetwork:
    """Make the network of a run on its device, in its dtype; RunError where PyTorch cannot."""
    if config.architecture is None:
        raise RunError("This run says nothing about its network.", "", "Start it anew.")
    device = torch.device(config.device)
    if device.type == "mps" and config.dtype == "float64":
        raise RunError("Apple's graphics processor has no float64.", "", "Choose --dtype float32, or --device cpu.")
    return TwinNetwork(config.architecture, device, DTYPES[config.dtype])


def _finite(tensor: Tensor) -> bool:
    return bool(torch.isfinite(tensor).all())


def on_host(tensor: Tensor) -> Array:
    """Give a tensor as an array; on the CPU it is the same memory."""
    array: Array = tensor.detach().cpu().numpy()
    return array
