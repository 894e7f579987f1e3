"""Training loops: a learner's step, or epoch, trains a small network of ours that notices what is done to it.

    family = "loop"
    defines = ["train_step"]
    options = { call = "train_step(model, loss, optimizer, x, y)" }

What the learner's code is handed:

    model       forward(x) or model(x), backward(grad), zero_grad(), params and grads: dicts of W1, b1, W2, b2
    loss        loss(predictions, y) gives (loss, grad); with `loss = "object"` what it gives has backward() itself
    optimizer   zero_grad(), step(), lr
    x, y        a batch; for an epoch all samples, with batch_size and rng beside them

The network's backward pass adds to the gradients, as PyTorch's does, unless `accumulates = false`. A step is made
twice, the second time with another batch, since most faults of a loop do not show in the first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from tutor.course.families import FamilyError, Tables
from tutor.course.families.tables import Case, case, lines


class Options(Struct, frozen=True, forbid_unknown_fields=True):
    """How the learner's loop is called, and what it works with."""

    of: Literal["step", "epoch"] = "step"
    make: str = ""  # lines before the first call: "trainer = Trainer(model, loss, optimizer)"
    call: str = ""  # an expression; what it returns is the loss, where `returns` says so
    returns: Literal["loss", "nothing"] = "nothing"
    loss: Literal["pair", "object"] = "pair"
    accumulates: bool = True
    order: Literal["given", "shuffled"] = "given"  # of the samples in an epoch


PARAMS = ("W1", "b1", "W2", "b2")
_PARAMS = {"W1": ["n_in", "n_hidden"], "b1": ["n_hidden"], "W2": ["n_hidden", "n_out"], "b2": ["n_out"]}
_STEP = {"x1": ["N", "n_in"], "y1": ["N", "n_out"], "x2": ["M", "n_in"], "y2": ["M", "n_out"]}
_EPOCH = {"x": ["N", "n_in"], "y": ["N", "n_out"]}

SAYS = {
    "all_seen": "The network did not see every sample exactly once: the last batch may be smaller, and belongs to it.",
    "own_targets": "A batch met targets that are not its own: shuffle x and y by the same order.",
    "batches": "There was not one backward pass per batch: a batch is batch_size samples, the last one what is left.",
    "zeroed": "When a backward pass began, gradients of the batch before were still there: set them to zero first.",
    "in_order": "The parameters changed between forward and backward: update last, with the gradients of this batch.",
    "kept": "The gradients were set to zero after backward and before the update: it had nothing left to follow.",
    "moved": "No parameter of the network moved: the update must change the arrays themselves, not copies.",
    "as_batches_lead": "The parameters are not where these batches, one step for each, lead to.",
}


def expand(options: Options, defines: tuple[str, ...]) -> Tables:
    """The tables of a training loop's exercise."""
    if options.order == "shuffled" and (options.of == "step" or options.returns == "loss"):
        raise FamilyError('`order = "shuffled"` is for an epoch that returns nothing', "order")
    epoch = options.of == "epoch"
    facts = _facts(options)
    values = _shuffled_values() if options.order == "shuffled" else _epoch_values() if epoch else _step_values()
    if options.returns == "loss":
        values = {"loss": "float(found)", **values} if epoch else _with_losses(values)
    results = {**facts, **values}
    expected = {**dict.fromkeys(facts, "True"), **{n: "True" if n in SAYS else v for n, v in values.items()}}
    return {
        "arrays": {**(_EPOCH if epoch else _STEP), **_PARAMS},
        "drive": {
            "setup": lines(*defines) + _instruments(options),
            "forward": _run(options, defines[0]),
            "results": {"forward": {name: [expression] for name, expression in results.items()}},
        },
        "judge": {
            "reference": "tutor.nn.training_step",
            "results": dict.fromkeys(results, "value"),
            "says": {name: SAYS[name] for name in results if name in SAYS},
            "terms": {name: f"abs({name[-2:]})" for name in values if name[-2:] in PARAMS},
            "drive": {
                "setup": "",
                "forward": _REFERENCE_EPOCH if epoch else _REFERENCE_STEPS,
                "results": {"forward": {name: [expression] for name, expression in expected.items()}},
            },
            "variants": [_MEAN_OF_BATCHES] if epoch and options.returns == "loss" else [],
        },
        **(_epoch_tiers() if epoch else _step_tiers()),
    }


# ── what is judged ───────────────────────────────────────────────────────────────────────────────────────────────────


def _facts(options: Options) -> dict[str, str]:
    """What the network noticed; before the values, since it says why they are wrong."""
    found: dict[str, str] = {}
    if options.of == "epoch":
        found |= {"all_seen": "all_seen()", "own_targets": "own_targets()"}
        found |= {"batches": "model.backward_passes == -(-N // batch_size)"}
    if options.accumulates:
        found |= {"zeroed": "model.zeroed"}
    found |= {"in_order": "model.in_order"}
    if options.accumulates:
        found |= {"kept": "model.kept"}
    return found | {"moved": "model.has_moved()"}


def _step_values() -> dict[str, str]:
    return {f"step_{i}_{name}": f"moved_{i}[{name!r}]" for i in (1, 2) for name in PARAMS}


def _with_losses(values: dict[str, str]) -> dict[str, str]:
    """The loss of each step before the step itself, since it is made before."""
    found: dict[str, str] = {}
    for name, expression in values.items():
        number = name.split("_")[1]
        found.setdefault(f"loss_{number}", f"float(found_{number})")
        found[name] = expression
    return found


def _epoch_values() -> dict[str, str]:
    return {f"epoch_{name}": f"moved[{name!r}]" for name in PARAMS}


def _shuffled_values() -> dict[str, str]:
    return {"as_batches_lead": "as_batches_lead()"}


# ── the instruments ──────────────────────────────────────────────────────────────────────────────────────────────────

_MODEL = """
class Named(dict):
    def __call__(self):
        return self

class Model:
    def __init__(self):
        self.params = Named(W1=W1.copy(), b1=b1.copy(), W2=W2.copy(), b2=b2.copy())
        self.grads = Named({name: np.zeros_like(p) for name, p in self.params.items()})
        self.start = self.at_forward = self.copies()
        self.zeroed = self.in_order = self.kept = True
        self.waiting, self.backward_passes, self.seen = False, 0, []

    def copies(self):
        return {name: p.copy() for name, p in self.params.items()}

    def moved_since(self, before):
        return {name: self.params[name] - p for name, p in before.items()}

    def unmoved(self, before):
        return all(np.array_equal(self.params[name], p) for name, p in before.items())

    def has_moved(self):
        return not self.unmoved(self.start)

    def forward(self, x):
        self.x, self.at_forward, self.waiting = x, self.copies(), False
        self.seen.append(np.array(x))
        self.a = np.tanh(x @ self.params["W1"] + self.params["b1"])
        return self.a @ self.params["W2"] + self.params["b2"]

    __call__ = forward

    def zero_grad(self, *_, **__):
        if self.waiting and self.unmoved(self.at_forward):
            self.kept = False
        self.waiting = False
        for g in self.grads.values():
            g[...] = 0

    def backward(self, grad):
        self.in_order = self.in_order and self.unmoved(self.at_forward)
        self.waiting, self.backward_passes = True, self.backward_passes + 1
        grad_z = (grad @ self.params["W2"].T) * (1 - self.a * self.a)
        found = {
            "W2": self.a.T @ grad, "b2": grad.sum(axis=0), "W1": self.x.T @ grad_z, "b1": grad_z.sum(axis=0)
        }
        for name, g in found.items():
            self.take(name, g)
"""
_ADDS = """
    def take(self, name, g):
        if np.any(self.grads[name]):
            self.zeroed = False
        self.grads[name] = self.grads[name] + g
"""
_REPLACES = """
    def take(self, name, g):
        self.grads[name] = g
"""
_OPTIMIZER = """
class Optimizer:
    def __init__(self, model, lr):
        self.model, self.lr = model, lr

    def zero_grad(self, *_, **__):
        self.model.zero_grad()

    def step(self, params=None, grads=None):
        for name, p in (self.model.params if params is None else params).items():
            p -= self.lr * (self.model.grads if grads is None else grads)[name]
"""
_PAIR = """
targets_seen = []

def loss(predictions, targets):
    targets_seen.append(np.array(targets))
    difference = predictions - targets
    return float((difference * difference).sum() / len(difference)), 2 * difference / len(difference)
"""
_OBJECT = """
pair = loss

class Loss(float):
    def backward(self):
        model.backward(self.grad)

    def item(self):
        return float(self)

def loss(predictions, targets):
    value, grad = pair(predictions, targets)
    found = Loss(value)
    found.grad = grad
    return found
"""
_EPOCH_FACTS = """
def rows(of):
    return sorted(map(tuple, np.concatenate(of).tolist())) if of else []

def all_seen():
    return rows(model.seen) == rows([x])

def own_targets():
    if [len(batch) for batch in model.seen] != [len(batch) for batch in targets_seen]:
        return False
    pairs = [np.hstack(pair) for pair in zip(model.seen, targets_seen)]
    return set(rows(pairs)) <= set(rows([np.hstack([x, y])]))

def as_batches_lead():
    again = Model()
    for batch, targets in zip(list(model.seen), list(targets_seen)):
        again.zero_grad()
        difference = again.forward(batch) - targets
        again.backward(2 * difference / len(difference))
        Optimizer(again, lr).step()
    return all(np.allclose(again.params[name], p, rtol=1e-6, atol=1e-9) for name, p in model.params.items())
"""


def _instruments(options: Options) -> str:
    parts = (
        _MODEL.lstrip("\n") + (_ADDS if options.accumulates else _REPLACES),
        _OPTIMIZER,
        _PAIR,
        _OBJECT if options.loss == "object" else "",
        _EPOCH_FACTS if options.of == "epoch" else "",
    )
    return "".join(parts)


def _run(options: Options, name: str) -> str:
    """The learner's loop at work, on a fresh network, so that a second call starts anew."""
    start = lines("model = Model()", "optimizer = Optimizer(model, lr)", "targets_seen.clear()", options.make)
    if options.of == "epoch":
        call = options.call or f"{name}(model, loss, optimizer, x, y, batch_size)"
        return start + lines(
            "rng = np.random.default_rng(0)", f"found = {call}", "moved = model.moved_since(model.start)"
        )
    call = options.call or f"{name}(model, loss, optimizer, x, y)"
    for i in (1, 2):
        start += lines(
            f"x, y = x{i}, y{i}",
            # A call that begins with zeroing does no harm, even if the one before moved nothing.
            "before, model.waiting = model.copies(), False",
            f"found_{i} = {call}",
            f"moved_{i} = model.moved_since(before)",
        )
    return start


_NETWORK = """
network = TanhNetwork(n_in, n_hidden, n_out)
network.params = {"W1": W1.copy(), "b1": b1.copy(), "W2": W2.copy(), "b2": b2.copy()}
"""
_REFERENCE_STEPS = (
    _NETWORK.lstrip("\n")
    + """
found_1 = train_step(network, x1, y1, lr)
between = {name: p.copy() for name, p in network.params.items()}
found_2 = train_step(network, x2, y2, lr)
moved_1 = {"W1": between["W1"] - W1, "b1": between["b1"] - b1, "W2": between["W2"] - W2, "b2": between["b2"] - b2}
moved_2 = {name: p - between[name] for name, p in network.params.items()}
"""
)
_REFERENCE_EPOCH = (
    _NETWORK.lstrip("\n")
    + """
found = train_epoch(network, x, y, lr, batch_size)
p = network.params
moved = {"W1": p["W1"] - W1, "b1": p["b1"] - b1, "W2": p["W2"] - W2, "b2": p["b2"] - b2}
"""
)
_MEAN_OF_BATCHES = {
    "name": "the mean of the batches' losses",
    "lines": """
def train_epoch(network, x, y, lr, batch_size):
    starts = range(0, len(x), batch_size)
    return np.mean([train_step(network, x[s : s + batch_size], y[s : s + batch_size], lr) for s in starts])
""",
}

# ── the tiers ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _tiers(sizes: Mapping[str, int], edge: list[Case], large: Mapping[str, int], proves: str) -> Tables:
    values = {"lr": 0.1}
    fresh = dict.fromkeys(("W1", "b1", "W2", "b2"), "fortran")
    return {
        "basic": [case(proves, sizes, values=values)],
        "edge": [
            *edge,
            case("another learning rate", sizes, values={"lr": 0.02}),
            case("a single hidden unit", {**sizes, "n_hidden": 1}, values=values),
            case("weights whose memory is not in one piece", sizes, values=values, fill=fresh),
            case("float32", sizes, values=values, dtype="float32"),
        ],
        "stress": [
            case("a larger network", {**sizes, **large}, values={"lr": 0.01}),
            case("ten other draws", sizes, values=values, repeat=10),
        ],
    }


def _step_tiers() -> Tables:
    sizes = {"N": 6, "M": 7, "n_in": 4, "n_hidden": 5, "n_out": 3}
    edge = [case("a batch of one after a batch of seven", {**sizes, "N": 7, "M": 1}, values={"lr": 0.1})]
    large = {"N": 40, "M": 30, "n_in": 20, "n_hidden": 25, "n_out": 10}
    return _tiers(sizes, edge, large, "two steps, each with a batch of its own")


def _epoch_tiers() -> Tables:
    sizes = {"N": 8, "n_in": 4, "n_hidden": 5, "n_out": 3, "batch_size": 3}
    edge = [
        case("batches that come out even", {**sizes, "N": 9}, values={"lr": 0.1}),
        case("fewer samples than a batch", {**sizes, "N": 2}, values={"lr": 0.1}),
        case("a last batch of one", {**sizes, "N": 7}, values={"lr": 0.1}),
        case("batches of one", {**sizes, "batch_size": 1}, values={"lr": 0.02}),
    ]
    large = {"N": 130, "n_in": 20, "n_hidden": 25, "n_out": 10, "batch_size": 32}
    return _tiers(sizes, edge, large, "three batches, the last one smaller")
