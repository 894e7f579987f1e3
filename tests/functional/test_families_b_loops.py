"""The families `loop` and `autograd` in the real box: right files in any style pass, planted faults are refused."""

from __future__ import annotations

import pytest

from tests.families import textbook
from tests.family_specs import family, outcome, with_changes
from tests.gradings import verdict
from tutor.learner import Box

# ── loop ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

STEP = """
def train_step(model, loss, optimizer, x, y):
    predictions = model.forward(x)
    value, grad = loss(predictions, y)
    optimizer.zero_grad()
    model.backward(grad)
    optimizer.step()
    return value
"""
STEP_ZEROES_LAST = """
def train_step(model, loss, optimizer, x, y):
    value, grad = loss(model(x), y)
    model.backward(grad)
    for name, p in model.params().items():
        p -= optimizer.lr * model.grads()[name]
        model.grads[name] = 0 * p
    return value
"""
STEP_PYTORCH = """
def train_step(model, loss_fn, optimizer, x, y):
    optimizer.zero_grad()
    loss = loss_fn(model(x), y)
    loss.backward()
    optimizer.step()
    return loss.item()
"""
TRAINER = """
class Trainer:
    def __init__(self, model, loss, lr):
        self.model, self.loss, self.lr = model, loss, lr

    def fit_batch(self, x, y):
        value, grad = self.loss(self.model.forward(x), y)
        self.model.backward(grad)
        for name in self.model.params:
            self.model.params[name] = self.model.params[name] - self.lr * self.model.grads[name]
        return value
"""
EPOCH = """
def train_epoch(model, loss, optimizer, x, y, batch_size):
    total = 0.0
    for start in range(0, len(x), batch_size):
        rows = slice(start, start + batch_size)
        value, grad = loss(model.forward(x[rows]), y[rows])
        model.zero_grad()
        model.backward(grad)
        optimizer.step()
        total += value * len(x[rows])
    return total / len(x)
"""
EPOCH_SPLIT = """
import numpy as np

def train_epoch(model, loss, optimizer, x, y, batch_size):
    pieces = range(batch_size, len(x), batch_size)
    losses = []
    for xb, yb in zip(np.split(x, pieces), np.split(y, pieces)):
        optimizer.zero_grad()
        value, grad = loss(model(xb), yb)
        model.backward(grad)
        optimizer.step(model.params, model.grads)
        losses.append(value)
    return sum(losses) / len(losses)
"""
EPOCH_SHUFFLED = """
def train_epoch(model, loss, optimizer, x, y, batch_size, rng):
    order = rng.permutation(len(x))
    for start in range(0, len(x), batch_size):
        rows = order[start : start + batch_size]
        _, grad = loss(model.forward(x[rows]), y[rows])
        model.zero_grad()
        model.backward(grad)
        optimizer.step()
"""
SHUFFLED: dict[str, object] = {
    "of": "epoch",
    "order": "shuffled",
    "call": "train_epoch(model, loss, optimizer, x, y, batch_size, rng)",
}
LOSS: dict[str, object] = {"returns": "loss"}

RIGHT_LOOPS: dict[str, tuple[str, dict[str, object], str, str]] = {
    "in order": ("train_step", LOSS, STEP, "passed"),
    "its loss is not asked for": ("train_step", {}, STEP.replace("return value", "return"), "passed"),
    "zeroes last, updates by hand": ("train_step", LOSS, STEP_ZEROES_LAST, "passed"),
    "as in PyTorch": ("train_step", {**LOSS, "loss": "object"}, STEP_PYTORCH, "passed"),
    "a class, gradients that replace": (
        "Trainer",
        {**LOSS, "accumulates": False, "make": "t = Trainer(model, loss, lr)", "call": "t.fit_batch(x, y)"},
        TRAINER,
        "passed",
    ),
    "epoch": ("train_epoch", {**LOSS, "of": "epoch"}, EPOCH, "passed"),
    "epoch with the mean of batch losses": (
        "train_epoch",
        {**LOSS, "of": "epoch"},
        EPOCH_SPLIT,
        "passed (the mean of the batches' losses)",
    ),
    "epoch, shuffled": ("train_epoch", SHUFFLED, EPOCH_SHUFFLED, "passed"),
    "epoch, shuffled, in its own way": (
        "train_epoch",
        {"of": "epoch", "order": "shuffled"},
        EPOCH_SHUFFLED.replace(", rng)", ")").replace("rng.perm", "__import__('numpy').random.perm"),
        "passed",
    ),
}


@pytest.mark.parametrize("label", RIGHT_LOOPS)
def test_right_loops_pass(box: Box, label: str) -> None:
    name, options, source, expected = RIGHT_LOOPS[label]
    assert outcome(box, family("loop", name, **options), source) == expected


ZERO, BACK, UPDATE = "optimizer.zero_grad()\n", "model.backward(grad)\n", "optimizer.step()\n"
IN_STEP = {
    "never zeroed": ("zeroed wrong_value", ZERO, "pass\n"),
    "zeroed after backward": ("kept wrong_value", f"{ZERO}    {BACK}", f"{BACK}    {ZERO}"),
    "update before backward": ("zeroed wrong_value", f"{ZERO}    {BACK}    {UPDATE}", f"{UPDATE}    {BACK}"),
    "update before backward, then zeroed": (
        "in_order wrong_value",
        f"{ZERO}    {BACK}    {UPDATE}",
        f"{UPDATE}    {ZERO}    {BACK}",
    ),
    "no update": ("moved wrong_value", UPDATE, "pass\n"),
    "copies are updated": (
        "moved wrong_value",
        UPDATE,
        "optimizer.step({n: p.copy() for n, p in model.params.items()})\n",
    ),
    "names are bound anew": (
        "moved wrong_value",
        UPDATE,
        "\n    for n, p in model.params.items():\n        p = p - optimizer.lr * model.grads[n]\n",
    ),
    "two updates": ("step_1_W1 wrong_value", UPDATE, "optimizer.step(); optimizer.step()\n"),
    "backward twice": ("zeroed wrong_value", BACK, "model.backward(grad); model.backward(grad)\n"),
    "uphill": ("step_1_W1 wrong_value", UPDATE, "optimizer.lr = -abs(optimizer.lr); optimizer.step()\n"),
    "biases left out": (
        "step_1_b1 wrong_value",
        UPDATE,
        "optimizer.step({n: p for n, p in model.params.items() if n[0] == 'W'})\n",
    ),
    "first batch for ever": (
        "loss_2 wrong_value",
        "    predictions",
        "    x, y = vars(model).setdefault('first', (x, y))\n    predictions",
    ),
    "loss after the step": ("loss_1 wrong_value", "return value", "return loss(model(x), y)[0]"),
    "loss not returned": ("loss_1 missing", "return value", ""),
    "half of the batch": ("loss_1 wrong_value", "    predictions", "    x, y = x[::2], y[::2]\n    predictions"),
    "batch divided again": ("step_1_W1 wrong_value", BACK, "model.backward(grad / len(x))\n"),
}
IN_EPOCH = {
    "last batch dropped": ("all_seen wrong_value", "0, len(x), batch", "0, len(x) - batch_size + 1, batch"),
    "whole batches only": ("all_seen wrong_value", "range(0, len(x), batch_size)", "range(0, batch_size, batch_size)"),
    "overlapping": ("all_seen wrong_value", "start + batch_size)", "start + batch_size + 1)"),
    "one large batch": ("batches wrong_value", "    total = 0.0\n", "    total, batch_size = 0.0, len(x)\n"),
    "zeroed once per epoch": ("zeroed wrong_value", "        model.zero_grad()\n", ""),
    "update once per epoch": ("moved wrong_value", "        optimizer.step()\n", ""),
    "the last batch's loss": ("loss wrong_value", "total +=", "total ="),
    "divided by the batch size": ("loss wrong_value", "/ len(x)", "/ batch_size"),
    "first targets": ("own_targets wrong_value", "y[rows])", "y[: len(x[rows])])"),
}
IN_SHUFFLED = {
    "targets stay": ("own_targets wrong_value", "y[rows]", "y[start : start + batch_size]"),
    "drawn with repetition": ("all_seen wrong_value", "rng.permutation(len(x))", "rng.integers(len(x), size=len(x))"),
    "rate lowered on the way": (
        "as_batches_lead wrong_value",
        "optimizer.step()",
        "optimizer.step(); optimizer.lr /= 2",
    ),
    "never zeroed": ("zeroed wrong_value", "model.zero_grad()", "pass"),
}


@pytest.mark.parametrize("label", IN_STEP)
def test_wrong_steps_are_refused(box: Box, label: str) -> None:
    expected, source = with_changes(STEP, IN_STEP)[label]
    assert outcome(box, family("loop", "train_step", **LOSS), source) == expected


@pytest.mark.parametrize("label", IN_EPOCH)
def test_wrong_epochs_are_refused(box: Box, label: str) -> None:
    expected, source = with_changes(EPOCH, IN_EPOCH)[label]
    assert outcome(box, family("loop", "train_epoch", of="epoch", **LOSS), source) == expected


@pytest.mark.parametrize("label", IN_SHUFFLED)
def test_wrong_shuffled_epochs_are_refused(box: Box, label: str) -> None:
    expected, source = with_changes(EPOCH_SHUFFLED, IN_SHUFFLED)[label]
    assert outcome(box, family("loop", "train_epoch", **SHUFFLED), source) == expected


def test_the_sentence_says_what_to_do(box: Box) -> None:
    report = verdict(box, family("loop", "train_step"), STEP.replace(ZERO, "pass\n"))
    assert report.headline == (
        "When a backward pass began, gradients of the batch before were still there: set them to zero first."
    )


# ── autograd ─────────────────────────────────────────────────────────────────────────────────────────────────────────

CLOSURES = """
import math

class Value:
    def __init__(self, data, children=()):
        self.data, self.grad, self.children, self._backward = data, 0.0, set(children), lambda: None

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data + other.data, (self, other))
        def _backward():
            self.grad += out.grad
            other.grad += out.grad
        out._backward = _backward
        return out

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data * other.data, (self, other))
        def _backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad
        out._backward = _backward
        return out

    def __pow__(self, k):
        out = Value(self.data**k, (self,))
        def _backward():
            self.grad += k * self.data ** (k - 1) * out.grad
        out._backward = _backward
        return out

    def unary(self, value, slope):
        out = Value(value, (self,))
        def _backward():
            self.grad += slope * out.grad
        out._backward = _backward
        return out

    def exp(self): return self.unary(math.exp(self.data), math.exp(self.data))
    def log(self): return self.unary(math.log(self.data), 1 / self.data)
    def tanh(self): return self.unary(math.tanh(self.data), 1 - math.tanh(self.data) ** 2)
    def relu(self): return self.unary(max(self.data, 0), float(self.data > 0))
    def __neg__(self): return self * -1
    def __sub__(self, other): return self + (-other)
    def __truediv__(self, other): return self * other**-1
    def __radd__(self, other): return self + other
    def __rmul__(self, other): return self * other
    def __rsub__(self, other): return (-self) + other
    def __rtruediv__(self, other): return self**-1 * other

    def backward(self):
        order, visited = [], set()
        def build(v):
            if v not in visited:
                visited.add(v)
                for child in v.children:
                    build(child)
                order.append(v)
        build(self)
        self.grad = 1.0
        for v in reversed(order):
            v._backward()
"""
# Few operators, functions instead of methods, another spelling of everything, gradients that start anew in each pass.
TAPE = """
import math

class Var:
    def __init__(self, v, parents=()):
        self.v, self.g, self.parents = v, None, parents
    def __add__(self, o): return Var(self.v + o.v, [(self, 1), (o, 1)])
    def __mul__(self, o): return Var(self.v * o.v, [(self, o.v), (o, self.v)])

def sine(a): return Var(math.sin(a.v), [(a, math.cos(a.v))])

def backprop(result):
    waiting, order, stack = {}, [], [result]
    while stack:
        node = stack.pop()
        for parent, _ in node.parents:
            waiting[parent] = waiting.get(parent, 0) + 1
            if waiting[parent] == 1:
                stack.append(parent)
        node.g = 0.0
    result.g, ready = 1.0, [result]
    while ready:
        node = ready.pop()
        for parent, slope in node.parents:
            parent.g += slope * node.g
            waiting[parent] -= 1
            if waiting[parent] == 0:
                ready.append(parent)
"""
TAPE_OPTIONS: dict[str, object] = {
    "make": "Var(n)",
    "data": "v",
    "grad": "g",
    "backward": "backprop(result)",
    "operators": {"add": "a + b", "mul": "a * b"},
    "numbers": False,
    "left": False,
    "without_zeroing": "starts_anew",
}


def test_right_engines_pass(box: Box) -> None:
    assert outcome(box, family("autograd", "Value"), CLOSURES) == "passed"
    assert outcome(box, family("autograd", "Value", chain=5000), textbook("autograd")) == "passed"
    assert outcome(box, family("autograd", "Value", zero="zero_grad([node])"), textbook("autograd")) == "passed"


IN_ENGINE = {
    "add without accumulation": (
        "grad_sum_with_itself wrong_value",
        "self.grad += out.grad\n            other.grad += out.grad",
        "self.grad = out.grad; other.grad = out.grad",
    ),
    "product rule swapped": ("grad_mul wrong_value", "self.grad += other.data", "self.grad += self.data"),
    "product without accumulation": (
        "grad_square wrong_value",
        "self.grad += other.data * out.grad\n            other.grad +=",
        "self.grad = other.data * out.grad\n            other.grad =",
    ),
    "upstream left out of pow": ("grad_div wrong_value", "(k - 1) * out.grad", "(k - 1)"),
    "exponent not lowered": ("grad_pow wrong_value", "** (k - 1)", "** k"),
    "exp": ("grad_exp wrong_value", "math.exp(self.data))", "self.data)"),
    "log": ("grad_log wrong_value", "1 / self.data)", "math.log(self.data))"),
    "tanh with its argument": ("grad_tanh wrong_value", "1 - math.tanh(self.data) ** 2", "1 - self.data ** 2"),
    "relu's slope of one": ("grad_relu wrong_value", "float(self.data > 0)", "1.0"),
    "relu's value": ("relu wrong_value", "max(self.data, 0)", "abs(self.data)"),
    "sub": ("sub wrong_value", "return self + (-other)", "return -self + other"),
    "neg": ("neg wrong_value", "return self * -1", "return self * 1"),
    "1 - a as a - 1": ("number_sub wrong_value", "return (-self) + other", "return self + -other"),
    "2 / a as a / 2": ("number_div wrong_value", "return self**-1 * other", "return self * other**-1"),
    "no numbers on the left": ("number_mul missing", "__rmul__", "rmul"),
    "no order": (
        "grad_diamond wrong_value",
        "        order, visited = [], set()",
        "        self.grad = 1.0\n        stack = [self]\n        while stack:\n            v = stack.pop()\n"
        "            v._backward()\n            stack += [c for c in v.children if c not in stack]\n        return\n"
        "        order, visited = [], set()",
    ),
    "no visited set": ("wrong_value", "visited.add(v)", "pass"),
    "breadth first": (
        "grad_diamond wrong_value",
        "        build(self)\n",
        "        row = [self]\n        while row:\n            order = [v for v in row if v not in order] + order\n"
        "            row = [c for v in row for c in v.children if c not in order]\n",
    ),
    "pre-order": (
        "wrong_value",
        "                for child in v.children:\n",
        "                order.insert(0, v)\n                for child in v.children:\n",
    ),
    "result's gradient left at zero": ("grad_add wrong_value", "self.grad = 1.0", "pass"),
    "starts anew": (
        "grad_not_zeroed wrong_value",
        "        self.grad = 1.0\n",
        "        for v in order: v.grad = 0.0\n        self.grad = 1.0\n",
    ),
    "values compared, not nodes": (
        "wrong_value",
        "    def exp(",
        "    def __eq__(self, other): return self.data == other.data\n"
        "    def __hash__(self): return hash(self.data)\n    def exp(",
    ),
    "data left as it was": ("add wrong_value", "Value(self.data + other.data", "Value(self.data"),
}


@pytest.mark.parametrize("label", IN_ENGINE)
def test_wrong_engines_are_refused(box: Box, label: str) -> None:
    expected, source = with_changes(CLOSURES, IN_ENGINE)[label]
    assert expected in outcome(box, family("autograd", "Value"), source)


def test_an_engine_spelt_otherwise(box: Box) -> None:
    of = family("autograd", "Var", **TAPE_OPTIONS)
    assert outcome(box, of, TAPE) == "passed"
    assert outcome(box, of, TAPE.replace("parent.g += slope", "parent.g = slope")) == "grad_sum_with_itself wrong_value"
    adds = family("autograd", "Var", **{**TAPE_OPTIONS, "without_zeroing": "adds"})
    assert outcome(box, adds, TAPE) == "grad_not_zeroed wrong_value"
    either = family("autograd", "Var", **{**TAPE_OPTIONS, "without_zeroing": "either"})
    assert outcome(box, either, TAPE) == "passed"


def test_an_engine_of_sums_alone_and_one_with_an_operator_of_its_own(box: Box) -> None:
    add = {"operators": {"add": "a + b"}}
    assert outcome(box, family("autograd", "Var", **{**TAPE_OPTIONS, **add}), TAPE) == "passed"
    sigmoid = (
        CLOSURES
        + """
    def sigmoid(self):
        s = 1 / (1 + math.exp(-self.data))
        return self.unary(s, s * (1 - s))
"""
    )
    options = {
        "operators": {"add": "a + b", "mul": "a * b", "sigmoid": "a.sigmoid()"},
        "means": {"sigmoid": "1 / (1 + (-a).exp())"},
    }
    assert outcome(box, family("autograd", "Value", **options), sigmoid) == "passed"
    wrong = sigmoid.replace("s * (1 - s)", "self.data * (1 - self.data)")
    assert outcome(box, family("autograd", "Value", **options), wrong) == "grad_sigmoid wrong_value"


def test_recursion_shows_on_a_long_chain(box: Box) -> None:
    report = verdict(box, family("autograd", "Value", chain=5000), CLOSURES)
    assert report.headline.startswith("grad_chain is missing: backward of the graph stopped in line ")
    assert "RecursionError" in report.headline and "a chain of 5000 operations" in report.headline
