"""The rules of learning that `optimizer` knows: their settings, and the other documented ways to write each.

A variant's lines are put below the reference's source, so they name its classes.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct


class Rule(Struct, frozen=True):
    """One rule of tutor.nn: where it is, what it is called with, and how else it may be written."""

    module: str
    name: str
    settings: Mapping[str, float]  # in the order in which they are passed, the learning rate first
    others: Mapping[str, float]  # other settings, so that what is written down as a number shows
    variants: Mapping[str, str] = MappingProxyType({})
    more_variants: Mapping[str, str] = MappingProxyType({})  # accepted only where the options name them


def _step(class_name: str, body: str, first: str = "") -> str:
    """The source of a class with another step; `body` is what happens to each parameter p with gradient g."""
    indented = "\n".join(f"            {line}" for line in body.strip().splitlines())
    return (
        f"class {class_name}({class_name}):\n"
        "    def step(self, params, grads):\n"
        f"{first}"
        "        for name, p in params.items():\n"
        f"{indented}\n"
    )


_OUTSIDE = """
u = self.velocity.setdefault(name, np.zeros_like(p))
u *= self.mu
u += grads[name]
p -= self.lr * {}
"""
_MEAN = """
v = self.velocity.setdefault(name, np.zeros_like(p))
v *= self.mu
v += (1 - self.mu) * grads[name]
p -= self.lr * v
"""
# `grads[name]` is asked for when the parameter stands at the place it looks ahead to.
_AHEAD = """
v = self.velocity.setdefault(name, np.zeros_like(p))
p += self.mu * v
g = grads[name]
p -= self.mu * v
v *= self.mu
v -= self.lr * g
p += v
"""
_EPSILON_IN_ROOT = """
s = self.square.setdefault(name, np.zeros_like(p))
s *= self.rho
s += (1 - self.rho) * grads[name] ** 2
p -= self.lr * grads[name] / np.sqrt(s + self.eps)
"""
_EPSILON_HAT = """
class {0}({0}):
    def _direction(self, name, g):
        super()._direction(name, g)
        correction = np.sqrt(1 - self.beta2**self.t) / (1 - self.beta1**self.t)
        return correction * self.m[name] / (np.sqrt(self.v[name]) + self.eps)
"""
_DECAY_OF_THE_PAPER = """
p *= 1 - self.weight_decay
p -= self.lr * self._direction(name, grads[name])
"""

_HAT = "epsilon outside the correction (epsilon-hat)"
_COUNT = "        self.t += 1\n"
_ADAM = {"lr": 0.05, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}
_ADAM_OTHERS = {"lr": 0.2, "beta1": 0.8, "beta2": 0.95, "eps": 1e-2}

RULES: Mapping[str, Rule] = {
    "sgd": Rule("sgd", "SGD", {"lr": 0.1}, {"lr": 0.7}),
    "momentum": Rule(
        "momentum",
        "Momentum",
        {"lr": 0.1, "mu": 0.9},
        {"lr": 0.7, "mu": 0.6},
        {"the learning rate outside the velocity, as in PyTorch": _step("Momentum", _OUTSIDE.format("u"))},
        {"the velocity as a mean of gradients": _step("Momentum", _MEAN)},
    ),
    "nesterov": Rule(
        "momentum",
        "Nesterov",
        {"lr": 0.1, "mu": 0.9},
        {"lr": 0.7, "mu": 0.6},
        {
            "the learning rate outside the velocity, as in PyTorch": _step(
                "Nesterov", _OUTSIDE.format("(grads[name] + self.mu * u)")
            )
        },
    ),
    "rmsprop": Rule(
        "rmsprop",
        "RMSProp",
        {"lr": 0.05, "rho": 0.9, "eps": 1e-8},
        {"lr": 0.2, "rho": 0.7, "eps": 1e-2},
        {"epsilon inside the root": _step("RMSProp", _EPSILON_IN_ROOT)},
    ),
    "adam": Rule("adam", "Adam", _ADAM, _ADAM_OTHERS, {_HAT: _EPSILON_HAT.format("Adam")}),
    "adamw": Rule(
        "adam",
        "AdamW",
        {**_ADAM, "weight_decay": 0.1},
        {**_ADAM_OTHERS, "weight_decay": 0.3},
        {_HAT: _EPSILON_HAT.format("AdamW")},
        {"the decay without the learning rate, as in the paper": _step("AdamW", _DECAY_OF_THE_PAPER, _COUNT)},
    ),
}

# Where the gradient is a function that the learner may ask anywhere: Nesterov's own form, and the same walk seen ahead.
LOOKING_AHEAD = {"the parameters stand behind the point looked ahead to (Sutskever)": _step("Nesterov", _AHEAD)}
