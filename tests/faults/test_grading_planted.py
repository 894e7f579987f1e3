"""Planted faults: each is the mistake of many learners, none passes, and the first wrong step is the planted one."""

from __future__ import annotations

import pytest

from tests.gradings import LINEAR, SIGMOID, changed, lean, said, verdict
from tutor.learner import Box

Pairs = tuple[tuple[str, str], ...]


# ── the linear layer ─────────────────────────────────────────────────────────────────────────────────────────────────

INIT = "self.b = np.zeros(n_out)"
OUT = "return x @ self.W + self.b"
KEEP = "self.x = x"
GRAD_W = "self.grad_W = self.x.T @ grad_output"
GRAD_B = "self.grad_b = grad_output.sum(axis=0)"
GRAD_X = "return grad_output @ self.W.T"

IN_LINEAR: dict[str, tuple[str, Pairs]] = {
    # The gradient of what was broadcast, and sums over the batch.
    "bias not summed": ("grad_b wrong_shape", ((GRAD_B, "self.grad_b = grad_output"),)),
    "bias mean": ("grad_b wrong_value", ((GRAD_B, "self.grad_b = grad_output.mean(axis=0)"),)),
    "bias summed over the outputs": ("grad_b wrong_shape", ((GRAD_B, "self.grad_b = grad_output.sum(axis=1)"),)),
    "bias summed over everything": ("grad_b wrong_shape", ((GRAD_B, "self.grad_b = grad_output.sum()"),)),
    "bias summed over everything, spread again": (
        "grad_b wrong_value",
        ((GRAD_B, "self.grad_b = np.full_like(self.b, grad_output.sum())"),),
    ),
    "bias with an axis kept": (
        "grad_b wrong_shape",
        ((GRAD_B, "self.grad_b = grad_output.sum(axis=0, keepdims=True)"),),
    ),
    "bias of ones": ("grad_b wrong_value", ((GRAD_B, "self.grad_b = np.ones_like(self.b)"),)),
    "bias of the output": (
        "grad_b wrong_value",
        ((OUT, "self.out = x @ self.W + self.b; return self.out"), (GRAD_B, "self.grad_b = self.out.sum(axis=0)")),
    ),
    "bias of the last sample": (
        "grad_b wrong_value",
        ((GRAD_B, "for row in grad_output:\n            self.grad_b = row"),),
    ),
    "weights of the last sample": (
        "grad_W wrong_value",
        ((GRAD_W, "for x, g in zip(self.x, grad_output):\n            self.grad_W = np.outer(x, g)"),),
    ),
    "weights of all samples but the last": (
        "grad_W wrong_value",
        ((GRAD_W, "self.grad_W = self.x[:-1].T @ grad_output[:-1]"),),
    ),
    "samples added before the product": (
        "grad_W wrong_value",
        ((GRAD_W, "self.grad_W = np.outer(self.x.sum(0), grad_output.sum(0))"),),
    ),
    "weights not summed": (
        "grad_W wrong_shape",
        ((GRAD_W, "self.grad_W = self.x[:, :, None] * grad_output[:, None]"),),
    ),
    # The size of the batch, and other scales.
    "weights divided by N": ("grad_W wrong_value", ((GRAD_W, f"{GRAD_W} / len(self.x)"),)),
    "weights divided by n_in": ("grad_W wrong_value", ((GRAD_W, f"{GRAD_W} / self.x.shape[1]"),)),
    "weights divided by N * n_out": ("grad_W wrong_value", ((GRAD_W, f"{GRAD_W} / grad_output.size"),)),
    "all divided by N in a copy": (
        "grad_W wrong_value",
        ((GRAD_W, f"grad_output = grad_output / len(grad_output); {GRAD_W}"),),
    ),
    "weights times N": ("grad_W wrong_value", ((GRAD_W, f"{GRAD_W} * len(self.x)"),)),
    "input divided by N": ("grad_input wrong_value", ((GRAD_X, f"{GRAD_X} / len(self.x)"),)),
    "factor 2": ("grad_W wrong_value", ((GRAD_W, f"{GRAD_W} * 2"),)),
    "clipped": ("grad_W wrong_value", ((GRAD_W, "self.grad_W = (self.x.T @ grad_output).clip(-1, 1)"),)),
    "normalised": ("grad_W wrong_value", ((GRAD_W, f"{GRAD_W}; self.grad_W /= np.linalg.norm(self.grad_W)"),)),
    "weight decay": ("grad_W wrong_value", ((GRAD_W, f"{GRAD_W} + 1e-3 * self.W"),)),
    "a little off": ("grad_W wrong_value", ((GRAD_W, f"{GRAD_W} * (1 + 1e-5)"),)),
    # Signs.
    "sign of the weights": ("grad_W wrong_value", ((GRAD_W, f"{GRAD_W} * -1"),)),
    "sign of the bias": ("grad_b wrong_value", ((GRAD_B, "self.grad_b = -grad_output.sum(axis=0)"),)),
    "sign of the input": ("grad_input wrong_value", ((GRAD_X, "return -grad_output @ self.W.T"),)),
    "bias taken away": ("out wrong_value", ((OUT, "return x @ self.W - self.b"),)),
    "only what is positive": ("grad_input wrong_value", ((GRAD_X, "return np.maximum(grad_output @ self.W.T, 0)"),)),
    # Transposes and the order of the product.
    "weights transposed": ("grad_W wrong_shape", ((GRAD_W, "self.grad_W = grad_output.T @ self.x"),)),
    "weights reshaped to fit": (
        "grad_W wrong_value",
        ((GRAD_W, "self.grad_W = (grad_output.T @ self.x).reshape(self.W.shape)"),),
    ),
    "product without a transpose": ("could_not_run exception", ((GRAD_W, "self.grad_W = self.x @ grad_output"),)),
    "W for W.T": ("could_not_run exception", ((GRAD_X, "return grad_output @ self.W"),)),
    "W for W.T where it is square": (
        "grad_input wrong_value",
        ((GRAD_X, "return grad_output @ (self.W if self.W.shape[0] == self.W.shape[1] else self.W.T[::-1])"),),
    ),
    "input in the wrong order": (
        "grad_input wrong_value",
        ((GRAD_X, "return (self.W @ grad_output.T).reshape(self.x.shape)"),),
    ),
    "forward with W.T": ("could_not_run exception", ((OUT, "return x @ self.W.T + self.b"),)),
    # Terms left out.
    "bias left out of forward": ("out wrong_value", ((OUT, "return x @ self.W"),)),
    "bias added twice": ("out wrong_value", ((OUT, "return x @ self.W + self.b + self.b"),)),
    "grad_W not stored": ("grad_W missing", ((GRAD_W, "grad_W = self.x.T @ grad_output"),)),
    "grad_b not stored": ("grad_b missing", ((GRAD_B, "grad_b = grad_output.sum(axis=0)"),)),
    "grad_input not returned": ("grad_input missing", ((GRAD_X, "grad_output @ self.W.T"),)),
    "grad_output handed on": ("grad_input wrong_shape", ((GRAD_X, "return grad_output"),)),
    "grad_output ignored": ("grad_W wrong_value", ((GRAD_W, f"grad_output = np.ones_like(grad_output); {GRAD_W}"),)),
    "only the sign of grad_output": (
        "grad_W wrong_value",
        ((GRAD_W, f"grad_output = np.sign(grad_output); {GRAD_W}"),),
    ),
    # State: caches, sharing, changes in place.
    "cache of the first batch": ("grad_W wrong_value", ((KEEP, "self.x = getattr(self, 'x', x)"),)),
    "cache of the output": ("grad_W wrong_shape", ((KEEP, "self.x = x @ self.W"),)),
    "cache of the batch before": ("grad_W wrong_value", ((KEEP, "self.x, self.next = getattr(self, 'next', x), x"),)),
    "a queue where a stack is due": (
        "grad_W wrong_value",
        (
            (INIT, f"{INIT}\n        self.kept = []"),
            (KEEP, "self.kept.append(x)"),
            (GRAD_W, f"self.x = self.kept.pop(0); {GRAD_W}"),
        ),
    ),
    "cache shared by all layers": ("grad_W wrong_value", (("self.x", "Linear.x"),)),
    "gradients shared by all layers": ("grad_W wrong_value", (("self.grad_W = ", "Linear.grad_W = "),)),
    "cache in the module": (
        "grad_W wrong_value",
        (("class Linear", "kept = {}\n\n\nclass Linear"), ("self.x = x", "kept['x'] = x"), ("self.x.T", "kept['x'].T")),
    ),
    "nothing kept": ("could_not_run exception", ((KEEP, "pass"),)),
    "gradient added up over calls": (
        "grad_W unstable",
        ((INIT, f"{INIT}; self.grad_W = 0"), (GRAD_W, "self.grad_W = self.grad_W + self.x.T @ grad_output")),
    ),
    "gradient added up in place": (
        "grad_b unstable",
        ((INIT, f"{INIT}; self.grad_b = np.zeros(n_out)"), (GRAD_B, "self.grad_b += grad_output.sum(axis=0)")),
    ),
    "gradient added up in the class": (
        "grad_W unstable",
        (
            ("    def __init__", "    total = 0\n\n    def __init__"),
            (GRAD_W, "Linear.total = Linear.total + self.x.T @ grad_output; self.grad_W = Linear.total"),
        ),
    ),
    "x centred in place": ("x mutated", ((KEEP, "x -= x.mean(axis=0); self.x = x"),)),
    "x overwritten after use": ("x mutated", ((GRAD_W, f"{GRAD_W}; self.x[...] = 0"),)),
    "grad_output averaged in place": ("g mutated", ((GRAD_W, f"grad_output /= len(grad_output); {GRAD_W}"),)),
    "weights updated in place": (
        "W mutated",
        ((GRAD_X, "grad_x = grad_output @ self.W.T; self.W -= 0.01 * self.grad_W; return grad_x"),),
    ),
    "weights replaced in backward": (
        "out unstable",
        ((GRAD_X, "grad_x = grad_output @ self.W.T; self.W = self.W - 0.01 * self.grad_W; return grad_x"),),
    ),
    "update before the error goes back": (
        "grad_input wrong_value",
        ((GRAD_X, f"self.W = self.W - 0.01 * self.grad_W; {GRAD_X}"),),
    ),
    "weights of the start": (
        "grad_input wrong_value",
        ((INIT, f"{INIT}; self.start = self.W"), (GRAD_X, "return grad_output @ self.start.T")),
    ),
    "weights made anew": ("out wrong_value", ((KEEP, "self.x = x; self.W = np.random.randn(*self.W.shape)"),)),
    # Kinds of numbers, and cases at the edge.
    "float32": ("out wrong_dtype", ((OUT, "return (x.astype('f4') @ self.W.astype('f4') + self.b.astype('f4'))"),)),
    "rounded": ("grad_W wrong_value", ((GRAD_W, "self.grad_W = np.round(self.x.T @ grad_output, 3)"),)),
    "squeezed": ("grad_input wrong_shape", ((GRAD_X, "return np.squeeze(grad_output @ self.W.T)"),)),
    "outputs squeezed": ("grad_b wrong_shape", ((GRAD_B, "self.grad_b = np.squeeze(grad_output.sum(axis=0))"),)),
    "NaN for an input of zero": (
        "grad_input non_finite",
        ((GRAD_X, "return grad_output @ self.W.T * self.x / self.x"),),
    ),
    "overflow of a huge input": ("out non_finite", ((OUT, f"{OUT} + 0 * x[:, :1].astype('f4') ** 4"),)),
    "a loop for as many samples as features": (
        "grad_b wrong_value",
        ((GRAD_B, "self.grad_b = sum(grad_output[n] for n in range(min(self.x.shape)))"),),
    ),
}

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
    "factor left out": ("grad_W2 wrong_value", ((SLOPE, "grad_z = grad_output"),)),
    "factor twice": ("grad_W2 wrong_value", ((SLOPE, f"{SLOPE} * self.a * (1 - self.a)"),)),
    "factor at z": (
        "grad_W2 wrong_value",
        ((ACTIVATE, f"self.z = {Z}; {ACTIVATE}"), (SLOPE, "grad_z = grad_output * self.z * (1 - self.z)")),
    ),
    "factor at the activation of the activation": (
        "grad_W2 wrong_value",
        ((SLOPE, "s = 1 / (1 + np.exp(-self.a)); grad_z = grad_output * s * (1 - s)"),),
    ),
    "factor at the upstream gradient": (
        "grad_W2 wrong_value",
        ((SLOPE, "s = 1 / (1 + np.exp(-grad_output)); grad_z = grad_output * s * (1 - s)"),),
    ),
    "factor of tanh": ("grad_W2 wrong_value", ((SLOPE, "grad_z = grad_output * (1 - self.a**2)"),)),
    "factor of relu": ("grad_W2 wrong_value", ((SLOPE, "grad_z = grad_output * (self.a > 0.5)"),)),
    "factor a alone": ("grad_W2 wrong_value", ((SLOPE, "grad_z = grad_output * self.a"),)),
    "factor 1 - a alone": ("grad_W2 wrong_value", ((SLOPE, "grad_z = grad_output * (1 - self.a)"),)),
    "factor a(1+a)": ("grad_W2 wrong_value", ((SLOPE, "grad_z = grad_output * self.a * (1 + self.a)"),)),
    "factor not in the bias": ("grad_b2 wrong_value", ((DB, "self.db = grad_output.sum(axis=0)"),)),
    "factor not in the weights": ("grad_W2 wrong_value", ((DW, "self.dW = self.x.T @ grad_output"),)),
    "raw error propagated": ("grad_a1 wrong_value", ((DX, "return grad_output @ self.W.T"),)),
    "factor of the next layer taken too early": ("grad_a1 wrong_value", ((DX, f"{DX} * self.x * (1 - self.x)"),)),
    "a softmax's factor": (
        "grad_W2 wrong_value",
        ((SLOPE, "grad_z = self.a * (grad_output - (grad_output * self.a).sum(axis=1, keepdims=True))"),),
    ),
    "p - y": ("grad_W2 wrong_value", ((SLOPE, "grad_z = self.a - grad_output"),)),
    # Forward.
    "bias left out of forward": ("a1 wrong_value", ((ACTIVATE, ACTIVATE.replace(" + self.b", "")),)),
    "activation left out": ("a1 wrong_value", ((ACTIVATE, f"self.a = {Z}"),)),
    "activation twice": ("a1 wrong_value", ((ACTIVATE, f"{ACTIVATE}; self.a = 1 / (1 + np.exp(-self.a))"),)),
    "sigmoid of -z": ("a1 wrong_value", ((ACTIVATE, ACTIVATE.replace("exp(-", "exp(")),)),
    "tanh for sigmoid": ("a1 wrong_value", ((ACTIVATE, f"self.a = np.tanh({Z})"),)),
    "softmax for sigmoid": (
        "a1 wrong_value",
        ((ACTIVATE, f"e = np.exp({Z}); self.a = e / e.sum(axis=1, keepdims=True)"),),
    ),
    "sigmoid normalised over the batch": (
        "a1 wrong_value",
        ((ACTIVATE, f"e = np.exp({Z}); self.a = e / (1 + e.mean(axis=0))"),),
    ),
    "exp overflows": ("a1 non_finite", ((ACTIVATE, f"e = np.exp({Z}); self.a = e / (1 + e)"),)),
    "clipped too early": ("a1 wrong_value", ((ACTIVATE, f"self.a = 1 / (1 + np.exp(-np.clip({Z}, -3, 3)))"),)),
    # Sums, scales, signs, transposes.
    "bias not summed": ("grad_b2 wrong_shape", ((DB, "self.db = grad_z"),)),
    "bias mean": ("grad_b2 wrong_value", ((DB, "self.db = grad_z.mean(axis=0)"),)),
    "bias summed over the outputs": ("grad_b2 wrong_shape", ((DB, "self.db = grad_z.sum(axis=1)"),)),
    "bias summed over everything": ("grad_b2 wrong_shape", ((DB, "self.db = grad_z.sum()"),)),
    "bias with an axis kept": ("grad_b2 wrong_shape", ((DB, "self.db = grad_z.sum(axis=0, keepdims=True)"),)),
    "divided by N in the layer": ("grad_W2 wrong_value", ((SLOPE, f"{SLOPE} / len(grad_output)"),)),
    "weights divided by N": ("grad_W2 wrong_value", ((DW, f"{DW} / len(self.x)"),)),
    "factor 2": ("grad_W2 wrong_value", ((SLOPE, f"{SLOPE} * 2"),)),
    "sign of the error": ("grad_W2 wrong_value", ((SLOPE, f"{SLOPE} * -1"),)),
    "sign of the input": ("grad_a1 wrong_value", ((DX, "return -grad_z @ self.W.T"),)),
    "weights transposed": ("grad_W2 wrong_shape", ((DW, "self.dW = grad_z.T @ self.x"),)),
    "weights of the activation": ("grad_W2 wrong_shape", ((DW, "self.dW = self.a.T @ grad_z"),)),
    "W for W.T": ("could_not_run exception", ((DX, "return grad_z @ self.W"),)),
    "input not returned": ("grad_a1 missing", ((DX, "grad_z @ self.W.T"),)),
    "the last sample alone": (
        "grad_W2 wrong_value",
        ((DW, "for x, g in zip(self.x, grad_z):\n            self.dW = np.outer(x, g)"),),
    ),
    # State.
    "gradients added up over calls": (
        "grad_W2 unstable",
        ((DW, "self.dW = getattr(self, 'dW', 0) + self.x.T @ grad_z"),),
    ),
    "cache of the first batch": ("grad_W2 wrong_value", (("self.x = x", "self.x = getattr(self, 'x', x)"),)),
    "cache shared by the layers": ("grad_W1 wrong_shape", (("self.x = x", "SigmoidLayer.x = x"),)),
    "cache shared by the layers, of the activation": ("could_not_run exception", (("self.a", "SigmoidLayer.a"),)),
    "gradients shared by the layers": (
        "grad_W2 wrong_shape",
        (("self.dW = ", "SigmoidLayer.dW = "), ("self.W -= lr", "self.W = self.W - lr")),
    ),
    "upstream changed in place": (
        "g mutated",
        ((SLOPE, "grad_output *= self.a * (1 - self.a); grad_z = grad_output"),),
    ),
    "input changed in place": ("x mutated", (("self.x = x", "x -= x.mean(); self.x = x"),)),
    "updated before the error goes back": ("grad_a1 wrong_value", ((DX, f"self.W = self.W - 0.5 * self.dW; {DX}"),)),
    "updated in backward and again": (
        "a1 unstable",
        ((DX, "grad_x = grad_z @ self.W.T; self.W = self.W - 0.5 * self.dW; return grad_x"),),
    ),
    # The step.
    "uphill": ("W2_new wrong_value", ((STEP_W, "self.W += lr * self.dW"),)),
    "learning rate left out": ("W2_new wrong_value", ((STEP_W, "self.W -= self.dW"),)),
    "learning rate twice": ("W2_new wrong_value", ((STEP_W, "self.W -= lr * lr * self.dW"),)),
    "learning rate of its own": ("W2_new wrong_value", ((STEP_W, "self.W -= 0.1 * self.dW"),)),
    "bias never updated": ("b2_new wrong_value", ((STEP_B, "pass"),)),
    "step of the sign": ("W2_new wrong_value", ((STEP_W, "self.W -= lr * np.sign(self.dW)"),)),
    "step added to the bias": ("b2_new wrong_value", ((STEP_B, "self.b = self.b - lr * self.db.sum()"),)),
    "step is the gradient": ("W2_new wrong_value", ((STEP_W, "self.W = lr * self.dW"),)),
    "step into a name of its own": ("W2_new wrong_value", ((STEP_W, "W = self.W - lr * self.dW"),)),
    "a step with momentum": (
        "W2_new wrong_value",
        ((STEP_W, "self.v = 0.9 * getattr(self, 'v', 0.1) - lr * self.dW; self.W += self.v"),),
    ),
    "weight decay in the step": ("W2_new wrong_value", ((STEP_W, "self.W -= lr * (self.dW + 1e-3 * self.W)"),)),
}


@pytest.mark.parametrize(("first", "pairs"), IN_LINEAR.values(), ids=IN_LINEAR)
def test_a_fault_in_the_linear_layer_never_passes(box: Box, first: str, pairs: Pairs) -> None:
    assert said(verdict(box, lean("linear_scratch"), changed(LINEAR, *pairs))) == first


@pytest.mark.parametrize(("first", "pairs"), IN_SIGMOID.values(), ids=IN_SIGMOID)
def test_a_fault_in_the_sigmoid_layers_never_passes(box: Box, first: str, pairs: Pairs) -> None:
    assert said(verdict(box, lean("backprop_fill"), changed(SIGMOID, *pairs))) == first


def test_a_stale_cache_is_not_taken_for_a_wrong_sign(box: Box) -> None:
    """The batch that goes through first is chosen so that its gradient looks like nothing else."""
    stale = changed(LINEAR, (KEEP, "self.x = getattr(self, 'x', x)"))

    assert "sign" not in verdict(box, lean("linear_scratch"), stale).headline
