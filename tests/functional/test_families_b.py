"""The families `optimizer` and `loop` in the real box: right files in any style pass, planted faults are refused."""

from __future__ import annotations

import pytest

from tests.family_specs import family, outcome, with_changes
from tutor.learner import Box

# ── optimizer ────────────────────────────────────────────────────────────────────────────────────────────────────────

ADAM = """
import numpy as np

class Adam:
    def __init__(self, lr, beta1=0.9, beta2=0.999, eps=1e-8):
        self.lr, self.beta1, self.beta2, self.eps = lr, beta1, beta2, eps
        self.t, self.m, self.v = 0, {}, {}

    def step(self, params, grads):
        self.t += 1
        for name in params:
            g = grads[name]
            m, v = self.m.get(name, 0), self.v.get(name, 0)
            m = self.beta1 * m + (1 - self.beta1) * g
            v = self.beta2 * v + (1 - self.beta2) * g**2
            self.m[name], self.v[name] = m, v
            m_hat = m / (1 - self.beta1**self.t)
            v_hat = v / (1 - self.beta2**self.t)
            params[name] -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
"""

ADAM_OVER_LISTS = """
import numpy as np

class Adam:
    def __init__(self, lr, beta1, beta2, eps):
        self.settings, self.moments, self.t = (lr, beta1, beta2, eps), None, 0

    def step(self, params, grads):
        lr, b1, b2, eps = self.settings
        if self.moments is None:
            self.moments = [(np.zeros_like(p), np.zeros_like(p)) for p in params]
        self.t = self.t + 1
        for p, g, (m, v) in zip(params, grads, self.moments):
            for i in np.ndindex(p.shape):
                m[i] = b1 * m[i] + (1 - b1) * g[i]
                v[i] = b2 * v[i] + (1 - b2) * g[i] * g[i]
                p[i] = p[i] - lr * (m[i] / (1 - b1**self.t)) / ((v[i] / (1 - b2**self.t)) ** 0.5 + eps)
"""

ADAM_AS_FUNCTION = """
import numpy as np

def adam(params, grads, state, lr, beta1, beta2, eps):
    t = state.get("t", 0) + 1
    new, moments = {}, {"t": t}
    for name, p in params.items():
        m, v = state.get(name, (np.zeros_like(p), np.zeros_like(p)))
        m, v = m + (1 - beta1) * (grads[name] - m), v + (1 - beta2) * (grads[name] ** 2 - v)
        moments[name] = m, v
        rate = lr * np.sqrt(1 - beta2**t) / (1 - beta1**t)
        new[name] = p - rate * m / (np.sqrt(v) + eps * np.sqrt(1 - beta2**t))
    return new, moments
"""

EPSILON_HAT = ADAM.replace("m_hat = m /", "m_hat = m * np.sqrt(1 - self.beta2**self.t) /").replace(
    "v_hat = v / (1 - self.beta2**self.t)", "v_hat = v"
)
ADAMW = (
    ADAM.replace("class Adam", "class AdamW")
    .replace("eps=1e-8", "eps=1e-8, decay=0.01")
    .replace("self.eps =", "self.eps, self.decay =")
    .replace("beta2, eps\n", "beta2, eps, decay\n")
    .replace(
        "            g = grads[name]\n",
        "            g = grads[name]\n            params[name] *= 1 - self.lr * self.decay\n",
    )
)

MOMENTUM = """
import numpy as np

class Momentum:
    def __init__(self, lr, mu=0.9):
        self.lr, self.mu, self.v = lr, mu, {}

    def step(self, params, grads):
        for name, p in params.items():
            v = self.mu * self.v.get(name, 0) - self.lr * grads[name]
            self.v[name] = v
            p += v
"""
OUTSIDE = MOMENTUM.replace("- self.lr * grads[name]", "+ grads[name]").replace("p += v", "p -= self.lr * v")
NESTEROV_CS231N = """
class Nesterov:
    def __init__(self, lr, mu):
        self.lr, self.mu, self.v = lr, mu, {}

    def step(self, params, grads):
        for name in params:
            before = self.v.get(name, 0)
            self.v[name] = self.mu * before - self.lr * grads[name]
            params[name] += -self.mu * before + (1 + self.mu) * self.v[name]
"""
NESTEROV_PYTORCH = """
class Nesterov:
    def __init__(self, lr, mu):
        self.lr, self.mu, self.buffers = lr, mu, {}

    def step(self, params, grads):
        for name in params:
            self.buffers[name] = self.mu * self.buffers.get(name, 0) + grads[name]
            params[name] -= self.lr * (grads[name] + self.mu * self.buffers[name])
"""
NESTEROV_SUTSKEVER = """
class Nesterov:
    def __init__(self, lr, mu):
        self.lr, self.mu, self.v = lr, mu, {}

    def step(self, params, gradient):
        grads = gradient({name: p + self.mu * self.v.get(name, 0) for name, p in params.items()})
        for name in params:
            self.v[name] = self.mu * self.v.get(name, 0) - self.lr * grads[name]
            params[name] += self.v[name]
"""
RMSPROP = """
import numpy as np

class RMSProp:
    def __init__(self, lr, rho, eps):
        self.lr, self.rho, self.eps, self.s = lr, rho, eps, None

    def update(self, w, g):
        if self.s is None:
            self.s = np.zeros_like(w)
        self.s = self.rho * self.s + (1 - self.rho) * g * g
        return w - self.lr * g / (np.sqrt(self.s) + self.eps)
"""
SGD = """
class SGD:
    def __init__(self, lr):
        self.lr = lr

    def step(self, params, grads):
        for name in params:
            params[name] -= self.lr * grads[name]
"""
CLIP = """
import numpy as np

def clip_by_norm(grads, max_norm):
    norm = np.sqrt(sum(np.sum(g**2) for g in grads.values()))
    if norm > max_norm:
        for g in grads.values():
            g *= max_norm / norm
    return norm
"""
CLIP_PYTORCH = """
import numpy as np

def clip_by_norm(grads, max_norm):
    norm = np.linalg.norm(np.concatenate([g.ravel() for g in grads.values()]))
    coefficient = min(1, max_norm / (norm + 1e-6))
    for name in grads:
        grads[name] *= coefficient
    return float(norm)
"""
CLIP_NEW = """
import numpy as np

def clip(grads, limit):
    norm = np.sqrt(sum((g * g).sum() for g in grads))
    factor = 1.0 if norm <= limit else limit / norm
    return [g * factor for g in grads], norm
"""

HAT = "passed (epsilon outside the correction (epsilon-hat))"
PYTORCH = "passed (the learning rate outside the velocity, as in PyTorch)"
NORM: dict[str, object] = {"rule": "clip_by_norm", "returns": "norm"}
IN_ROOT = RMSPROP.replace("np.sqrt(self.s) + self.eps", "np.sqrt(self.s + self.eps)")

RIGHT: dict[str, tuple[str, dict[str, object], str, str]] = {
    "adam": ("Adam", {"rule": "adam"}, ADAM, "passed"),
    "adam, its rate lowered": ("Adam", {"rule": "adam", "lr": "lr"}, ADAM, "passed"),
    "adam, by its own defaults": ("Adam", {"rule": "adam", "make": "Adam(lr)"}, ADAM, "passed"),
    "adam, epsilon-hat": ("Adam", {"rule": "adam"}, EPSILON_HAT, HAT),
    "adam over lists, entry by entry": ("Adam", {"rule": "adam", "style": "list"}, ADAM_OVER_LISTS, "passed"),
    "adam as a function": ("adam", {"rule": "adam", "style": "function"}, ADAM_AS_FUNCTION, "passed"),
    "adam with a penalty": (
        "Adam",
        {"rule": "adam", "penalty": True},
        ADAM.replace("g = grads[name]", "g = grads[name] + self.decay * params[name]")
        .replace("eps=1e-8", "eps=1e-8, decay=0.1")
        .replace("self.lr,", "self.decay, self.lr,")
        .replace("= lr, beta1", "= decay, lr, beta1"),
        "passed",
    ),
    "adamw": ("AdamW", {"rule": "adamw"}, ADAMW, "passed"),
    "momentum": ("Momentum", {"rule": "momentum", "lr": "lr"}, MOMENTUM, "passed"),
    "momentum, rate outside, constant": ("Momentum", {"rule": "momentum"}, OUTSIDE, "passed"),
    "momentum, rate outside, lowered": ("Momentum", {"rule": "momentum", "lr": "lr"}, OUTSIDE, PYTORCH),
    "momentum as a mean, where asked for": (
        "Momentum",
        {"rule": "momentum", "accept": ["the velocity as a mean of gradients"]},
        OUTSIDE.replace("+ grads[name]", "+ (1 - self.mu) * grads[name]"),
        "passed (the velocity as a mean of gradients)",
    ),
    "nesterov": ("Nesterov", {"rule": "nesterov", "lr": "lr"}, NESTEROV_CS231N, "passed"),
    "nesterov, PyTorch's": ("Nesterov", {"rule": "nesterov", "lr": "lr"}, NESTEROV_PYTORCH, PYTORCH),
    "nesterov, Sutskever's": (
        "Nesterov",
        {"rule": "nesterov", "gradient": "function"},
        NESTEROV_SUTSKEVER,
        "passed (the parameters stand behind the point looked ahead to (Sutskever))",
    ),
    "nesterov that asks for the gradient": (
        "Nesterov",
        {"rule": "nesterov", "gradient": "function"},
        NESTEROV_CS231N.replace("        for name", "        grads = grads(params)\n        for name"),
        "passed",
    ),
    "rmsprop, array by array": ("RMSProp", {"rule": "rmsprop", "style": "update"}, RMSPROP, "passed"),
    "rmsprop, epsilon in the root": (
        "RMSProp",
        {"rule": "rmsprop", "style": "update"},
        IN_ROOT,
        "passed (epsilon inside the root)",
    ),
    "sgd": ("SGD", {"rule": "sgd", "lr": "lr"}, SGD, "passed"),
    "sgd that makes new arrays": (
        "SGD",
        {"rule": "sgd", "in_place": False},
        SGD.replace("-= self", "= params[name] - self"),
        "passed",
    ),
    "sgd as a function": (
        "sgd",
        {"rule": "sgd", "style": "function", "step": "params = sgd(params, grads, lr)"},
        "def sgd(params, grads, lr):\n    return {name: p - lr * grads[name] for name, p in params.items()}\n",
        "passed",
    ),
    "clipping": ("clip_by_norm", NORM, CLIP, "passed"),
    "clipping, PyTorch's": ("clip_by_norm", NORM, CLIP_PYTORCH, "passed (with 1e-6 in the divisor, as in PyTorch)"),
    "clipping of a list, into new arrays": (
        "clip",
        {"rule": "clip_by_norm", "style": "list", "returns": "grads, norm"},
        CLIP_NEW,
        "passed",
    ),
    "clipping by value": (
        "clip_by_value",
        {"rule": "clip_by_value"},
        "def clip_by_value(grads, limit):\n    for g in grads.values():\n        g.clip(-limit, limit, out=g)\n",
        "passed",
    ),
}


@pytest.mark.parametrize("label", RIGHT)
def test_right_optimizers_pass(box: Box, label: str) -> None:
    name, options, source, expected = RIGHT[label]
    assert outcome(box, family("optimizer", name, **options), source) == expected


IN_ADAM = {
    "t stays at one": ("step_2_W wrong_value", "self.t += 1", "self.t = 1"),
    "t starts at zero": ("step_1_W non_finite", "self.t += 1", "t = self.t; self.t += 0"),
    "t counts parameters": ("step_1_b wrong_value", "g = grads[name]", "g = grads[name]; self.t += name == 'b'"),
    "no correction": ("step_1_W wrong_value", "params[name] -=", "m_hat, v_hat = m, v; params[name] -="),
    "first moment alone corrected": ("step_1_W wrong_value", "v_hat = v / (1 - self.beta2**self.t)", "v_hat = v"),
    "corrected moments kept": ("step_2_W wrong_value", "v_hat = v /", "self.m[name] = m_hat; v_hat = v /"),
    "moments reset": ("step_2_W wrong_value", "self.t += 1", "self.t += 1; self.m, self.v = {}, {}"),
    "moments shared by parameters": (
        "step_1_b wrong_",
        "m, v = self.m.get(name, 0), self.v.get(name, 0)",
        "m, v = [sum(x.sum() for x in of.values()) for of in (self.m, self.v)]",
    ),
    "moments shared by instances": (
        "step_1_W wrong_value",
        "self.t, self.m, self.v = 0, {}, {}",
        "self.t, self.m, self.v = 0, shared, shared.setdefault('v', {})",
    ),
    "second moment of the step": ("step_1_W wrong_value", "g**2", "m**2"),
    "second moment not squared": ("step_1_W wrong_value", "g**2", "abs(g)"),
    "no root": ("step_1_W wrong_value", "np.sqrt(v_hat)", "v_hat"),
    "no epsilon": ("step_1_W non_finite", " + self.eps)", ")"),
    "epsilon in the root": ("step_1_W wrong_value", "np.sqrt(v_hat) + self.eps", "np.sqrt(v_hat + self.eps)"),
    "epsilon of its own": ("step_1_W wrong_value", "+ self.eps)", "+ 1e-7)"),
    "rate twice": ("step_1_W wrong_value", "self.lr * m_hat", "self.lr * self.lr * m_hat"),
    "uphill": ("step_1_W wrong_value", "params[name] -=", "params[name] +="),
    "betas swapped": ("step_2_W wrong_value", "= lr, beta1, beta2, eps", "= lr, beta2, beta1, eps"),
    "settings written down": ("step_2_W wrong_value", "= lr, beta1, beta2, eps", "= lr, 0.9, 0.999, eps"),
    "a copy is moved": ("moves wrong_value", "params[name] -=", "p = params[name].copy(); p -="),
    "a new array is put in the dict": ("moves wrong_value", "params[name] -=", "params[name] = params[name] -"),
    "gradient squared in place": ("g_W mutated", "g**2", "np.multiply(g, g, out=g)"),
    "only the first parameter": ("step_1_b wrong_value", "params[name] -=", "params[name] -= name != 'b' and"),
}
IN_MOMENTUM = {
    "sgd": ("step_2_W wrong_value", "self.mu * self.v.get(name, 0)", "0"),
    "velocity never kept": ("step_2_W wrong_value", "self.v[name] = v", "pass"),
    "one velocity for all": ("step_1_b wrong_value", "self.v[name] = v", "self.v = dict.fromkeys('Wb', v.sum())"),
    "rate twice": ("step_1_W wrong_value", "p += v", "p += self.lr * v"),
    "a mean, where it is not asked for": ("step_1_W wrong_value", "- self.lr", "- (1 - self.mu) * self.lr"),
    "sign of the velocity": ("step_1_W wrong_value", "p += v", "p -= v"),
    "gradient kept, not velocity": (
        "step_3_W wrong_value",
        "self.v[name] = v",
        "self.v[name] = -self.lr * grads[name]",
    ),
    "velocity capped": ("wrong_value", "self.v[name] = v", "self.v[name] = v.clip(-1, 1)"),
    "rounded": ("step_1_W wrong_value", "p += v", "p += v.astype('float16')"),
}
IN_ADAMW = {
    "decay in the gradient": (
        "step_1_W wrong_value",
        "params[name] *= 1 - self.lr * self.decay",
        "g = g + self.decay * params[name]",
    ),
    "no decay": ("step_1_W wrong_value", "self.lr * self.decay", "0"),
    "decay without the rate": ("step_1_W wrong_value", "self.lr * self.decay", "self.decay"),
    "growth": ("step_1_W wrong_value", "1 - self.lr", "1 + self.lr"),
    "biases left out": ("step_1_b wrong_value", "self.lr * self.decay", "self.lr * self.decay * (name == 'W')"),
}
IN_RMSPROP = {
    "no mean": ("step_1_W wrong_value", "(1 - self.rho) * g * g", "g * g"),
    "starts at one": ("step_1_W wrong_value", "zeros_like", "ones_like"),
    "one mean for all entries": ("step_1_W wrong_value", "* g * g", "* (g * g).mean()"),
    "corrected": ("step_1_W wrong_value", "np.sqrt(self.s)", "np.sqrt(self.s / (1 - self.rho))"),
}
IN_CLIP = {
    "norm per parameter": (
        "clipped_W wrong_value",
        "norm = np.sqrt(sum(np.sum(g**2) for g in grads.values()))\n",
        "norm = max(np.linalg.norm(g) for g in grads.values())\n",
    ),
    "always": ("clipped_W wrong_value", "if norm > max_norm:", "if norm > 0:"),
    "never": ("clipped_W wrong_value", "if norm > max_norm:", "if False:"),
    "divides alone": ("clipped_W wrong_value", "max_norm / norm", "1 / norm"),
    "squared norm": ("clipped_W wrong_value", "np.sqrt(", "float("),
    "a copy": ("clipped_W wrong_value", "g *= max_norm", "g = g * max_norm"),
    "norm after clipping": ("norm wrong_value", "return norm", "return min(norm, max_norm)"),
    "by value": ("clipped_W wrong_value", "g *= max_norm / norm", "g.clip(-max_norm, max_norm, out=g)"),
}
WRONG = {
    **{f"adam: {k}": ("Adam", "adam", *v) for k, v in with_changes(f"shared = {{}}\n{ADAM}", IN_ADAM).items()},
    **{f"momentum: {k}": ("Momentum", "momentum", *v) for k, v in with_changes(MOMENTUM, IN_MOMENTUM).items()},
    **{f"adamw: {k}": ("AdamW", "adamw", *v) for k, v in with_changes(ADAMW, IN_ADAMW).items()},
    "nesterov: classical momentum": (
        "Nesterov",
        "nesterov",
        "step_1_W wrong_value",
        MOMENTUM.replace("Momentum", "Nesterov"),
    ),
    "sgd: uphill": ("SGD", "sgd", "step_1_W wrong_value", SGD.replace("-=", "+=")),
    "sgd: another name": ("SGD", "sgd", "could_not_run exception", SGD.replace("SGD", "Sgd")),
}


@pytest.mark.parametrize("label", WRONG)
def test_wrong_optimizers_are_refused(box: Box, label: str) -> None:
    name, rule, expected, source = WRONG[label]
    assert expected in outcome(box, family("optimizer", name, rule=rule), source)


@pytest.mark.parametrize("label", IN_RMSPROP)
def test_wrong_rmsprop_is_refused(box: Box, label: str) -> None:
    expected, source = with_changes(RMSPROP, IN_RMSPROP)[label]
    assert expected in outcome(box, family("optimizer", "RMSProp", rule="rmsprop", style="update"), source)


@pytest.mark.parametrize("label", IN_CLIP)
def test_wrong_clipping_is_refused(box: Box, label: str) -> None:
    expected, source = with_changes(CLIP, IN_CLIP)[label]
    assert expected in outcome(box, family("optimizer", "clip_by_norm", **NORM), source)


def test_a_variant_must_hold_throughout(box: Box) -> None:
    """Epsilon inside for one parameter and outside for the other is neither."""
    mixed = ADAM.replace("np.sqrt(v_hat) + self.eps", "np.sqrt(v_hat) + self.eps / c").replace(
        "m_hat = m /", "c = np.sqrt(1 - self.beta2**self.t) if name == 'b' else 1\n            m_hat = m /"
    )
    assert "step_1_b wrong_value" in outcome(box, family("optimizer", "Adam", rule="adam"), mixed)
