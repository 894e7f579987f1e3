"""Every kind of layer as PyTorch makes it: its own modules where it has one, a few lines on its functions elsewhere."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from tutor.errors import RunError
from tutor.training.model import Layer


class BatchNorm(nn.BatchNorm1d):
    """PyTorch's, which refuses a batch of one; tutor.nn normalises it to zero, and so the last batch may be one."""

    def forward(self, x: Tensor) -> Tensor:
        """Map x (N, n_features) to the output of the same shape."""
        if len(x) > 1 or not self.training:
            return super().forward(x)
        assert self.running_mean is not None and self.running_var is not None and self.momentum is not None
        with torch.no_grad():
            self.running_mean.lerp_(x[0], self.momentum)
            self.running_var.mul_(1 - self.momentum)
        return (x - x) * self.weight + self.bias


class Dropout(nn.Module):
    """Inverted dropout whose mask can be handed in: two networks can only be compared under one mask."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p
        self.mask: Tensor | None = None  # of the next forward pass in training, 0 where a value is dropped
        self.draws = np.random.default_rng()  # where masks come from when none is handed in

    def forward(self, x: Tensor) -> Tensor:
        """Map x of any shape to the output of the same shape."""
        if not self.training:
            return x
        mask = self.mask
        if mask is None:
            mask = torch.from_numpy(self.draws.random(tuple(x.shape)) < 1 - self.p).to(x.device)
        self.mask = None
        return torch.where(mask != 0, x / (1 - self.p), 0.0)


class Tokens(nn.Module):
    """Numbers in [0, 1] to whole numbers from 0 to levels - 1."""

    def __init__(self, levels: int) -> None:
        super().__init__()
        self.levels = levels

    def forward(self, x: Tensor) -> Tensor:
        """Map x of any shape to tokens of the same shape."""
        return (x * (self.levels - 1)).round().clamp(0, self.levels - 1).to(torch.int64)


class Attention(nn.Module):
    """Attention of a sequence to itself, with one head and no biases."""

    def __init__(self, n_features: int, n_head: int, causal: bool) -> None:
        super().__init__()
        self.causal = causal
        self.W_q, self.W_k, self.W_v = (nn.Parameter(torch.empty(n_features, n_head)) for _ in range(3))
        self.W_o = nn.Parameter(torch.empty(n_head, n_features))

    def forward(self, x: Tensor) -> Tensor:
        """Map x (N, T, n_features) to the output of the same shape."""
        q, k, v = x @ self.W_q, x @ self.W_k, x @ self.W_v
        return functional.scaled_dot_product_attention(q, k, v, is_causal=self.causal) @ self.W_o


class Recurrent(nn.Module):
    """h = tanh(x @ W_x + h @ W_h + b) along a sequence, from zeros on: nn.RNN would train a second bias."""

    def __init__(self, n_in: int, n_hidden: int) -> None:
        super().__init__()
        self.W_x = nn.Parameter(torch.empty(n_in, n_hidden))
        self.W_h = nn.Parameter(torch.empty(n_hidden, n_hidden))
        self.b = nn.Parameter(torch.empty(n_hidden))

    def forward(self, x: Tensor) -> Tensor:
        """Map x (N, T, n_in) to the states (N, T, n_hidden)."""
        states = [x.new_zeros(len(x), len(self.b))]
        for t in range(x.shape[1]):
            states.append(torch.tanh(x[:, t] @ self.W_x + states[-1] @ self.W_h + self.b))
        return torch.stack(states[1:], dim=1)


class Reshape(nn.Module):
    """Give every sample another shape."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.shape = shape

    def forward(self, x: Tensor) -> Tensor:
        """Map x (N, ...) to (N, *shape)."""
        return x.reshape(len(x), *self.shape)


class Last(nn.Module):
    """The last place of a sequence."""

    def forward(self, x: Tensor) -> Tensor:
        """Map x (N, T, D) to (N, D)."""
        return x[:, -1]


class Mean(nn.Module):
    """The mean over the places of a sequence."""

    def forward(self, x: Tensor) -> Tensor:
        """Map x (N, T, D) to (N, D)."""
        return x.mean(dim=1)


def _linear(layer: Layer) -> nn.Module:
    return nn.Linear(layer.n_in[0], layer.n_out[0], bias="b" in layer.params)


def _conv2d(layer: Layer) -> nn.Module:
    k, stride, padding = (
        int(layer.settings.get(name, usual)) for name, usual in (("k", 3), ("stride", 1), ("padding", 0))
    )
    return nn.Conv2d(layer.n_in[0], layer.n_out[0], k, stride, padding, bias="b" in layer.params)


def _max_pool(layer: Layer) -> nn.Module:
    k = int(layer.settings.get("k", 2))
    return nn.MaxPool2d(k, int(layer.settings.get("stride", k)))


def _batch_norm(layer: Layer) -> nn.Module:
    return BatchNorm(layer.n_in[0], eps=layer.settings.get("eps", 1e-5), momentum=layer.settings.get("momentum", 0.1))


def _attention(layer: Layer) -> nn.Module:
    return Attention(layer.n_in[-1], int(layer.settings["head"]), bool(layer.settings.get("causal", 0)))


_MAKERS: dict[str, Callable[[Layer], nn.Module]] = {
    "linear": _linear,
    "sigmoid_layer": lambda layer: nn.Sequential(_linear(layer), nn.Sigmoid()),
    "relu": lambda _: nn.ReLU(),
    "leaky_relu": lambda layer: nn.LeakyReLU(layer.settings.get("slope", 0.01)),
    "sigmoid": lambda _: nn.Sigmoid(),
    "tanh": lambda _: nn.Tanh(),
    "none": lambda _: nn.Identity(),
    "conv2d": _conv2d,
    "max_pool": _max_pool,
    "batch_norm": _batch_norm,
    "layer_norm": lambda layer: nn.LayerNorm(layer.n_in[-1], eps=layer.settings.get("eps", 1e-5)),
    "dropout": lambda layer: Dropout(layer.settings["p"]),
    "reshape": lambda layer: Reshape(layer.n_out),
    "flatten": lambda _: nn.Flatten(),
    "tokens": lambda layer: Tokens(int(layer.settings["levels"])),
    "embedding": lambda layer: nn.Embedding(int(layer.settings["levels"]), layer.n_out[-1]),
    "attention": _attention,
    "recurrent": lambda layer: Recurrent(layer.n_in[-1], layer.n_out[-1]),
    "last": lambda _: Last(),
    "mean": lambda _: Mean(),
}
# The kind's own name of a parameter -> PyTorch's, where they are not the same; and which of them PyTorch holds as
# (n_out, n_in).
_NAMES = {
    "linear": {"W": "weight", "b": "bias"},
    "sigmoid_layer": {"W": "0.weight", "b": "0.bias"},
    "conv2d": {"W": "weight", "b": "bias"},
    "embedding": {"W": "weight"},
    "batch_norm": {"gamma": "weight", "beta": "bias"},
    "layer_norm": {"gamma": "weight", "beta": "bias"},
}
_TURNED = {("linear", "W"), ("sigmoid_layer", "W")}


def make_layer(layer: Layer) -> nn.Module:
    """Make PyTorch's layer, with any parameters; RunError where only the learner has such a layer."""
    maker = _MAKERS.get(layer.kind)
    if maker is None:
        raise RunError(
            "PyTorch has no twin of your network.",
            f"A layer of it ({layer.kind}) is one that only your file knows.",
            "Train it by itself, without a twin.",
        )
    return maker(layer)


def find_parameter(layer: Layer, module: nn.Module, own_name: str) -> tuple[nn.Parameter, bool]:
    """Find a parameter of `make_layer` by the kind's own name, and say whether PyTorch holds it transposed."""
    name = _NAMES.get(layer.kind, {}).get(own_name, own_name)
    return module.get_parameter(name), (layer.kind, own_name) in _TURNED
