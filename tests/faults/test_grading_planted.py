"""Planted faults: each is the mistake of many learners, none passes, and the first wrong step is the planted one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.gradings import LINEAR, SIGMOID, changed, last_report, lean, said
from tutor.learner import Box

Pairs = tuple[tuple[str, str], ...]


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    with Box() as box:
        yield box


# ── the linear layer ─────────────────────────────────────────────────────────────────────────────────────────────────

INIT = "self.b = np.zeros(n_out)"
OUT = "return x @ self.W + self.b"
KEEP = "self.x = x"
GRAD_W = "self.grad_W = self.x.T @ grad_output"
GRAD_B = "self.grad_b = grad_output.sum(axis=0)"
GRAD_X = "return grad_output @ self.W.T"

IN_LINEAR: dict[str, tuple[str, Pairs]] = {
    # The gradient of what was broadcast, and sums over the batch.
    "bias not summed": ("", ((GRAD_B, "self.grad_b = grad_output"),)),
    "bias mean": ("", ((GRAD_B, "self.grad_b = grad_output.mean(axis=0)"),)),
    "bias summed over the outputs": ("", ((GRAD_B, "self.grad_b = grad_output.sum(axis=1)"),)),
    "bias summed over everything": ("", ((GRAD_B, "self.grad_b = grad_output.sum()"),)),
    "bias summed over everything, spread again": ("", ((GRAD_B, "self.grad_b = np.full_like(self.b, grad_output.sum())"),)),
    "bias with an axis kept": ("", ((GRAD_B, "self.grad_b = grad_output.sum(axis=0, keepdims=True)"),)),
    "bias of ones": ("", ((GRAD_B, "self.grad_b = np.ones_like(self.b)"),)),
    "bias of the output": ("", ((OUT, "self.out = x @ self.W + self.b; return self.out"), (GRAD_B, "self.grad_b = self.out.sum(axis=0)"))),
    "bias of the last sample": ("", ((GRAD_B, "for row in grad_output:\n            self.grad_b = row"),)),
    "weights of the last sample": ("", ((GRAD_W, "for x, g in zip(self.x, grad_output):\n            self.grad_W = np.outer(x, g)"),)),
    "weights of all samples but the last": ("", ((GRAD_W, "self.grad_W = self.x[:-1].T @ grad_output[:-1]"),)),
    "samples added before the product": ("", ((GRAD_W, "self.grad_W = np.outer(self.x.sum(0), grad_output.sum(0))"),)),
    "weights not summed": ("", ((GRAD_W, "self.grad_W = self.x[:, :, None] * grad_output[:, None]"),)),
    # The size of the batch, and other scales.
    "weights divided by N": ("", ((GRAD_W, f"{GRAD_W} / len(self.x)"),)),
    "weights divided by n_in": ("", ((GRAD_W, f"{GRAD_W} / self.x.shape[1]"),)),
    "weights divided by N * n_out": ("", ((GRAD_W, f"{GRAD_W} / grad_output.size"),)),
    "all divided by N in a copy": ("", ((GRAD_W, f"grad_output = grad_output / len(grad_output); {GRAD_W}"),)),
    "weights times N": ("", ((GRAD_W, f"{GRAD_W} * len(self.x)"),)),
    "input divided by N": ("", ((GRAD_X, f"{GRAD_X} / len(self.x)"),)),
    "factor 2": ("", ((GRAD_W, f"{GRAD_W} * 2"),)),
    "clipped": ("", ((GRAD_W, f"{GRAD_W}.clip(-1, 1)".replace("self.x.T @ grad_output", "(self.x.T @ grad_output)")),)),
    "normalised": ("", ((GRAD_W, f"{GRAD_W}; self.grad_W /= np.linalg.norm(self.grad_W)"),)),
    "weight decay": ("", ((GRAD_W, f"{GRAD_W} + 1e-3 * self.W"),)),
    "a little off": ("", ((GRAD_W, f"{GRAD_W} * (1 + 1e-5)"),)),
    # Signs.
    "sign of the weights": ("", ((GRAD_W, f"{GRAD_W} * -1"),)),
    "sign of the bias": ("", ((GRAD_B, "self.grad_b = -grad_output.sum(axis=0)"),)),
    "sign of the input": ("", ((GRAD_X, "return -grad_output @ self.W.T"),)),
    "bias taken away": ("", ((OUT, "return x @ self.W - self.b"),)),
    "only what is positive": ("", ((GRAD_X, "return np.maximum(grad_output @ self.W.T, 0)"),)),
    # Transposes and the order of the product.
    "weights transposed": ("", ((GRAD_W, "self.grad_W = grad_output.T @ self.x"),)),
    "weights reshaped to fit": ("", ((GRAD_W, "self.grad_W = (grad_output.T @ self.x).reshape(self.W.shape)"),)),
    "product without a transpose": ("", ((GRAD_W, "self.grad_W = self.x @ grad_output"),)),
    "W for W.T": ("", ((GRAD_X, "return grad_output @ self.W"),)),
    "W for W.T where it is square": ("", ((GRAD_X, "return grad_output @ (self.W if self.W.shape[0] == self.W.shape[1] else self.W.T[::-1])"),)),
    "input in the wrong order": ("", ((GRAD_X, "return (self.W @ grad_output.T).reshape(self.x.shape)"),)),
    "forward with W.T": ("", ((OUT, "return x @ self.W.T + self.b"),)),
    # Terms left out.
    "bias left out of forward": ("", ((OUT, "return x @ self.W"),)),
    "bias added twice": ("", ((OUT, "return x @ self.W + self.b + self.b"),)),
    "grad_W not stored": ("", ((GRAD_W, "grad_W = self.x.T @ grad_output"),)),
    "grad_b not stored": ("", ((GRAD_B, "grad_b = grad_output.sum(axis=0)"),)),
    "grad_input not returned": ("", ((GRAD_X, "grad_output @ self.W.T"),)),
    "grad_output handed on": ("", ((GRAD_X, "return grad_output"),)),
    "grad_output ignored": ("", ((GRAD_W, f"grad_output = np.ones_like(grad_output); {GRAD_W}"),)),
    "only the sign of grad_output": ("", ((GRAD_W, f"grad_output = np.sign(grad_output); {GRAD_W}"),)),
    # State: caches, sharing, changes in place.
    "cache of the first batch": ("", ((KEEP, "self.x = getattr(self, 'x', x)"),)),
    "cache of the output": ("", ((KEEP, "self.x = x @ self.W"),)),
    "cache of the batch before": ("", ((KEEP, "self.x, self.next = getattr(self, 'next', x), x"),)),
    "a queue where a stack is due": ("", ((INIT, f"{INIT}\n        self.kept = []"), (KEEP, "self.kept.append(x)"), (GRAD_W, f"self.x = self.kept.pop(0); {GRAD_W}"))),
    "nothing kept": ("", ((KEEP, "pass"),)),
    "gradient added up over calls": ("", ((INIT, f"{INIT}; self.grad_W = 0"), (GRAD_W, "self.grad_W = self.grad_W + self.x.T @ grad_output"))),
    "gradient added up in place": ("", ((INIT, f"{INIT}; self.grad_b = np.zeros(n_out)"), (GRAD_B, "self.grad_b += grad_output.sum(axis=0)"))),
    "gradient added up in the class": ("", (("    def __init__", "    total = 0\n\n    def __init__"), (GRAD_W, "Linear.total = Linear.total + self.x.T @ grad_output; self.grad_W = Linear.total"))),
    "x centred in place": ("", ((KEEP, "x -= x.mean(axis=0); self.x = x"),)),
    "x overwritten after use": ("", ((GRAD_W, f"{GRAD_W}; self.x[...] = 0"),)),
    "grad_output averaged in place": ("", ((GRAD_W, f"grad_output /= len(grad_output); {GRAD_W}"),)),
    "weights updated in place": ("", ((GRAD_X, f"grad_x = grad_output @ self.W.T; self.W -= 0.01 * self.grad_W; return grad_x"),)),
    "weights replaced in backward": ("", ((GRAD_X, f"grad_x = grad_output @ self.W.T; self.W = self.W - 0.01 * self.grad_W; return grad_x"),)),
    "update before the error goes back": ("", ((GRAD_X, f"self.W = self.W - 0.01 * self.grad_W; {GRAD_X}"),)),
    "weights of the start": ("", ((INIT, f"{INIT}; self.start = self.W"), (GRAD_X, "return grad_output @ self.start.T"))),
    "weights made anew": ("", ((KEEP, "self.x = x; self.W = np.random.randn(*self.W.shape)"),)),
    # Kinds of numbers, and cases at the edge.
    "float32": ("", ((OUT, "return (x.astype('f4') @ self.W.astype('f4') + self.b.astype('f4'))"),)),
    "float32 inside": ("", ((OUT, "return x.astype('f4').astype(float) @ self.W + self.b"),)),
    "rounded": ("", ((GRAD_W, "self.grad_W = np.round(self.x.T @ grad_output, 3)"),)),
    "squeezed": ("", ((GRAD_X, "return np.squeeze(grad_output @ self.W.T)"),)),
    "outputs squeezed": ("", ((GRAD_B, "self.grad_b = np.squeeze(grad_output.sum(axis=0))"),)),
    "NaN for an input of zero": ("", ((GRAD_X, "return grad_output @ self.W.T * self.x / self.x"),)),
    "overflow of a huge input": ("", ((OUT, "return np.sqrt(x.astype('f4') ** 4).astype(float) * 0 + x @ self.W + self.b if False else x @ self.W + self.b + 0 * x[:, :1].astype('f4') ** 4"),)),
    "a loop for as many samples as features": ("", ((GRAD_B, "self.grad_b = sum(grad_output[n] for n in range(min(self.x.shape)))"),)),
}  # fmt: skip

# ── the sigmoid layers ───────────────────────────────────────────────────────────────────────────────────────────────

Z = "x @ self.W + self.b"
ACTIVATE = "self.a = 1 / (1 + np.exp(-(x @ self.W + self.b)))"
SLOPE = "grad_z = grad_output * self.a * (1 - self.a)"
DW = "self.dW = self.x.T @ grad_z"
DB = "self.db = grad_z.sum(axis=0)"
DX = "return grad_z @ self.W.T"
STEP_W = "self.W -= lr * self.dW"
STEP_B = "self.b -= lr * self.db"

IN_SIGMOID: dict[str, tuple[str, Pairs]] = {
    # The factor of the activation.
    "factor left out": ("", ((SLOPE, "grad_z = grad_output"),)),
    "factor twice": ("", ((SLOPE, f"{SLOPE} * self.a * (1 - self.a)"),)),
    "factor at z": ("", ((ACTIVATE, f"self.z = {Z}; {ACTIVATE}"), (SLOPE, "grad_z = grad_output * self.z * (1 - self.z)"))),
    "factor at the activation of the activation": ("", ((SLOPE, "s = 1 / (1 + np.exp(-self.a)); grad_z = grad_output * s * (1 - s)"),)),
    "factor at the upstream gradient": ("", ((SLOPE, "s = 1 / (1 + np.exp(-grad_output)); grad_z = grad_output * s * (1 - s)"),)),
    "factor of tanh": ("", ((SLOPE, "grad_z = grad_output * (1 - self.a**2)"),)),
    "factor of relu": ("", ((SLOPE, "grad_z = grad_output * (self.a > 0.5)"),)),
    "factor a alone": ("", ((SLOPE, "grad_z = grad_output * self.a"),)),
    "factor 1 - a alone": ("", ((SLOPE, "grad_z = grad_output * (1 - self.a)"),)),
    "factor a(1+a)": ("", ((SLOPE, "grad_z = grad_output * self.a * (1 + self.a)"),)),
    "factor at x": ("", ((SLOPE, "grad_z = grad_output @ self.W.T * self.x * (1 - self.x) @ self.W"),)),
    "factor not in the bias": ("", ((DB, "self.db = grad_output.sum(axis=0)"),)),
    "factor not in the weights": ("", ((DW, "self.dW = self.x.T @ grad_output"),)),
    "raw error propagated": ("", ((DX, "return grad_output @ self.W.T"),)),
    "factor of the next layer taken too early": ("", ((DX, f"{DX} * self.x * (1 - self.x)"),)),
    "a softmax's factor": ("", ((SLOPE, "grad_z = self.a * (grad_output - (grad_output * self.a).sum(axis=1, keepdims=True))"),)),
    "p - y": ("", ((SLOPE, "grad_z = self.a - grad_output"),)),
    # Forward.
    "bias left out of forward": ("", ((ACTIVATE, ACTIVATE.replace(" + self.b", "")),)),
    "activation left out": ("", ((ACTIVATE, f"self.a = {Z}"),)),
    "activation twice": ("", ((ACTIVATE, f"{ACTIVATE}; self.a = 1 / (1 + np.exp(-self.a))"),)),
    "sigmoid of -z": ("", ((ACTIVATE, ACTIVATE.replace("exp(-", "exp(")),)),
    "tanh for sigmoid": ("", ((ACTIVATE, f"self.a = np.tanh({Z})"),)),
    "softmax for sigmoid": ("", ((ACTIVATE, f"e = np.exp({Z}); self.a = e / e.sum(axis=1, keepdims=True)"),)),
    "sigmoid normalised over the batch": ("", ((ACTIVATE, f"e = np.exp({Z}); self.a = e / (1 + e.mean(axis=0))"),)),
    "exp overflows": ("", ((ACTIVATE, f"e = np.exp({Z}); self.a = e / (1 + e)"),)),
    "clipped too early": ("", ((ACTIVATE, f"self.a = 1 / (1 + np.exp(-np.clip({Z}, -3, 3)))"),)),
    # Sums, scales, signs, transposes.
    "bias not summed": ("", ((DB, "self.db = grad_z"),)),
    "bias mean": ("", ((DB, "self.db = grad_z.mean(axis=0)"),)),
    "bias summed over the outputs": ("", ((DB, "self.db = grad_z.sum(axis=1)"),)),
    "bias summed over everything": ("", ((DB, "self.db = grad_z.sum()"),)),
    "bias with an axis kept": ("", ((DB, "self.db = grad_z.sum(axis=0, keepdims=True)"),)),
    "divided by N in the layer": ("", ((SLOPE, f"{SLOPE} / len(grad_output)"),)),
    "weights divided by N": ("", ((DW, f"{DW} / len(self.x)"),)),
    "factor 2": ("", ((SLOPE, f"{SLOPE} * 2"),)),
    "sign of the error": ("", ((SLOPE, f"{SLOPE} * -1"),)),
    "sign of the input": ("", ((DX, "return -grad_z @ self.W.T"),)),
    "weights transposed": ("", ((DW, "self.dW = grad_z.T @ self.x"),)),
    "weights of the activation": ("", ((DW, "self.dW = self.a.T @ grad_z"),)),
    "W for W.T": ("", ((DX, "return grad_z @ self.W"),)),
    "input not returned": ("", ((DX, "grad_z @ self.W.T"),)),
    "the last sample alone": ("", ((DW, "for x, g in zip(self.x, grad_z):\n            self.dW = np.outer(x, g)"),)),
    # State.
    "gradients added up over calls": ("", ((DW, "self.dW = getattr(self, 'dW', 0) + self.x.T @ grad_z"),)),
    "cache of the first batch": ("", (("self.x = x", "self.x = getattr(self, 'x', x)"),)),
    "cache shared by the layers": ("", (("self.x = x", "SigmoidLayer.x = x"),)),
    "cache shared by the layers, of the activation": ("", (("self.a", "SigmoidLayer.a"),)),
    "gradients shared by the layers": ("", (("self.dW = ", "SigmoidLayer.dW = "), ("self.W -= lr", "self.W = self.W - lr"))),
    "upstream changed in place": ("", ((SLOPE, "grad_output *= self.a * (1 - self.a); grad_z = grad_output"),)),
    "cached activation changed in place": ("", ((SLOPE, "self.a *= 1 - self.a; grad_z = grad_output * self.a; self.dz = self.a"), (DW, f"{DW}; self.x *= 1.0"), (DX, "return grad_z @ self.W.T * (1 + 0 * self.x)"), ("return self.a", "self.kept = getattr(self, 'kept', self.a); return self.kept"))),
    "input changed in place": ("", (("self.x = x", "x -= x.mean(); self.x = x"),)),
    "updated before the error goes back": ("", ((DX, f"self.W = self.W - 0.5 * self.dW; {DX}"),)),
    "updated in backward and again": ("", ((DX, f"grad_x = grad_z @ self.W.T; self.W = self.W - 0.5 * self.dW; return grad_x"),)),
    # The step.
    "uphill": ("", ((STEP_W, "self.W += lr * self.dW"),)),
    "learning rate left out": ("", ((STEP_W, "self.W -= self.dW"),)),
    "learning rate twice": ("", ((STEP_W, "self.W -= lr * lr * self.dW"),)),
    "learning rate of its own": ("", ((STEP_W, "self.W -= 0.1 * self.dW"),)),
    "bias never updated": ("", ((STEP_B, "pass"),)),
    "step of the sign": ("", ((STEP_W, "self.W -= lr * np.sign(self.dW)"),)),
    "step added to the bias": ("", ((STEP_B, "self.b = self.b - lr * self.db.sum()"),)),
    "step is the gradient": ("", ((STEP_W, "self.W = lr * self.dW"),)),
    "step into a name of its own": ("", ((STEP_W, "W = self.W - lr * self.dW"),)),
    "a step with momentum": ("", ((STEP_W, "self.v = 0.9 * getattr(self, 'v', 0.1) - lr * self.dW; self.W += self.v"),)),
    "weight decay in the step": ("", ((STEP_W, "self.W -= lr * (self.dW + 1e-3 * self.W)"),)),
}  # fmt: skip
