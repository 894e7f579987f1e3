"""Random networks, each a learner's file and the challenge that it answers; the same seed gives the same network.

`right(seed)` is a file that is right, `planted(seed)` one with a slip. The exercises are those of the `network` family
with sizes drawn anew; where a style has an interface that the family does not know, or the network ends in something
other than a linear layer, the drive is written here, as an author would.
"""

from __future__ import annotations

import random
from functools import cache
from typing import Literal, NamedTuple

import msgspec

from tests.family_specs import family
from tests.network_styles import ACTIVATIONS, HEADS, Net, Pen
from tests.network_styles_more import STYLES
from tutor.course import Case, Challenge, Drive

_OPTIONS: dict[str, dict[str, object]] = {
    "layers": {"weights": "layers"},
    "dictionary": {"weights": "dict"},
    "columns": {"transposed": True},
    "einsum": {"named": {"W": "weights", "b": "biases"}},
    "unrolled": {"weights": "attributes"},
}
_OWN_INTERFACE = ("functions", "closures", "descent")
_FAMILY_HEADS = ("upstream", "softmax_ce", "mse")  # what the family itself can end in
_LOGS = ("softmax_probs", "sigmoid_bce")  # a logarithm of probabilities: right as long as none of them is 0
_LR = 0.1


Results = dict[Literal["forward", "backward", "update"], dict[str, tuple[str, ...]]]


class Made(NamedTuple):
    """A learner's file, and what it answers."""

    seed: int
    style: str
    net: Net
    source: str
    challenge: Challenge
    slip: str = ""  # what was planted
    harmless: bool = False  # and it comes to the same

    def told(self) -> str:
        """For a failed test: which network it was, and its file."""
        return f"seed {self.seed}, {self.style}{': ' + self.slip if self.slip else ''}, {self.net}\n{self.source}"


def right(seed: int) -> Made:
    """A right network."""
    rng = random.Random(seed)
    style = rng.choice(sorted(STYLES))
    net = _draw(rng, style, smallest=1)
    source = STYLES[style](net, Pen(rng))
    return Made(seed, style, net, source, challenge(rng, style, net))


def planted(seed: int) -> Made:
    """A network with one slip; every layer has at least two units, so that a slip has where to show."""
    rng = random.Random(-1 - seed)
    style = rng.choice(sorted(STYLES))
    net = _draw(rng, style, smallest=2)
    writing = rng.random()
    pen = Pen(random.Random(writing))
    STYLES[style](net, pen)
    number = rng.randrange(len(pen.slips))
    slip = pen.slips[number]
    source = STYLES[style](net, Pen(random.Random(writing), number))
    return Made(seed, style, net, source, challenge(rng, style, net), slip.label, slip.harmless)


def _draw(rng: random.Random, style: str, smallest: int) -> Net:
    head = rng.choice(("mse", "sigmoid_mse") if style == "descent" else HEADS)
    activation = rng.choice(ACTIVATIONS)
    depth = rng.choice((1, 2, 2, 3, 4))
    widest = 6 if style == "scalars" else 24
    if head in _LOGS:
        depth, widest, activation = min(depth, 2), 5, rng.choice(("sigmoid", "tanh"))
    widths = tuple(rng.randint(smallest, widest) for _ in range(depth + 1))
    by_loss = head not in ("upstream", "sigmoid")
    in_layers = by_loss and style != "descent" and rng.random() < 0.3
    return Net(widths, activation, head, rng.random() < 0.08, in_layers)


# ── the challenge ────────────────────────────────────────────────────────────────────────────────────────────────────


def challenge(rng: random.Random, style: str, net: Net) -> Challenge:
    """The exercise that a file in this style answers, its sizes drawn."""
    loss = {"softmax_ce": "softmax_cross_entropy", "softmax_probs": "softmax_cross_entropy"}.get(net.head, "mse")
    loss = "upstream" if net.head in ("upstream", "sigmoid") else loss
    base = _of_family(style if style in _OPTIONS else "", net.depth, net.activation, loss)
    own = style in _OWN_INTERFACE or net.head not in _FAMILY_HEADS
    judge = base.judge
    if own:
        truth = judge.drive
        assert truth is not None
        results: Results = {"forward": {"out": ("out",), **({} if loss == "upstream" else {"loss": ("loss",)})}}
        results["backward"] = {**truth.results["backward"], "grad": ("grad",)}
        truth = msgspec.structs.replace(
            truth, forward=_truth(net.head), backward="grad_input = net.backward(delta)\n", results=results
        )
        judge = msgspec.structs.replace(judge, drive=truth)
    if loss != "upstream" and rng.random() < (1.0 if net.mean_in_layers else 0.3):
        judge = msgspec.structs.replace(judge, scale="either", per_sample=("grad", "grad_input"))
    made = msgspec.structs.replace(
        base,
        judge=judge,
        drive=_drive(style, net, base.drive, loss) if own else base.drive,
        draws={"y": "mask(0.5)"} if net.head == "sigmoid_bce" else base.draws,
        **_tiers(rng, net, style),
    )
    return _stepping(made, net) if style == "descent" else made


@cache
def _of_family(style: str, depth: int, activation: str, loss: str) -> Challenge:
    return family(
        "network", "Net", depths=[depth], activation=activation, loss=loss, computes="loss(out, y)",
        **_OPTIONS.get(style, {}),
    )  # fmt: skip


_ENDS = {
    "sigmoid": 'out = activate("sigmoid", z); grad = g',
    "upstream": "out = z; grad = g",
    "softmax_ce": "out = z; loss, grad = softmax_cross_entropy(z, y)",
    "mse": "out = z; loss, grad = mse(z, y)",
    "sigmoid_mse": 'out = activate("sigmoid", z); loss, grad = mse(out, y)',
    "sigmoid_bce": (
        'out = activate("sigmoid", z); grad = (out - y) / len(y); loss = (np.logaddexp(0, z) - y * z).sum() / len(y)'
    ),
    "softmax_probs": (
        "loss, grad = softmax_cross_entropy(z, y)\n"
        "out = np.exp(z - z.max(axis=1, keepdims=True)); out = out / out.sum(axis=1, keepdims=True)"
    ),
}


_SLOPED = ("sigmoid", "sigmoid_mse")  # what comes back is the gradient of the output, not of the last z
_DELTA = ("delta = grad", 'delta = grad * slope("sigmoid", out)')


def _truth(head: str) -> str:
    return f"z = net.forward(x)\n{_ENDS[head]}\n{_DELTA[head in _SLOPED]}\n"


def _drive(style: str, net: Net, drive: Drive, loss: str) -> Drive:
    """How the learner's file is driven where the family does not know its interface or its last step."""
    layers = range(1, net.depth + 1)
    setup, forward, backward = drive.setup, "net.forward(1 - x)\nout = net.forward(x)\n", "net.backward({})"
    found = dict(drive.results["backward"])
    params = ", ".join(f"(W{k}, b{k})" for k in layers)
    if style == "functions":
        setup = f"params = [{params}]\n"
        forward = "forward(1 - x, params)\nout, cache = forward(x, params)\n"
        backward = "backward({}, cache)"
        found = {f"grad_{p}{k}": (f"returned[1][{k - 1}][{i}]",) for k in layers for i, p in enumerate("Wb")}
    elif style == "closures":
        setup = f"Ws, bs = zip(*[{params}])\n"
        forward = "network(1 - x, Ws, bs)\nout, back = network(x, Ws, bs)\n"
        backward = "back({})"
        found = {f"grad_{p}{k}": (f"returned[1][{k - 1}][{i}]",) for k in layers for i, p in enumerate("Wb")}
    if style in _OWN_INTERFACE:
        found |= {"grad_input": ("returned[0]",)}
    results: Results = {"forward": {"out": ("out",)}, "backward": found}
    if loss == "upstream":
        return Drive(setup, forward, f"returned = {backward.format('g')}\n", results=results)
    results["forward"]["loss"] = ("computed[0]",)
    results["backward"] = {"grad": ("computed[1]",), **found}
    given = f"grad = right('grad', computed[1])\nreturned = {backward.format('grad')}\n"
    return Drive(setup, f"{forward}computed = loss(out, y)\n", given, results=results)


def _stepping(of: Challenge, net: Net) -> Challenge:
    """What is judged of a file that never writes its gradients down: the way that each parameter went."""
    params = [f"{p}{k}" for k in range(1, net.depth + 1) for p in "Wb"]
    mine = {f"step_{name}": (f"net.{name[0]}[{int(name[1]) - 1}] - {name}",) for name in params}
    theirs = {f"step_{name}": (f"-{_LR} * net.grad_{name[0]}[{int(name[1]) - 1}]",) for name in params}
    copies = "net.W, net.b = [W.copy() for W in net.W], [b.copy() for b in net.b]\n"
    truth = of.judge.drive
    assert truth is not None
    return msgspec.structs.replace(
        of,
        drive=Drive(
            of.drive.setup + copies,
            "net.forward(1 - x)\nout = net.forward(x)\n",
            "",
            f"loss = net.learn(x, y, {_LR})\n",
            {"forward": {"out": ("out",)}, "update": {"loss": ("loss",), **mine}},
        ),
        judge=msgspec.structs.replace(
            of.judge,
            scale="fixed",
            results=dict.fromkeys(("out", "loss", *mine), "value"),
            terms={name: f"abs({name[5:]})" for name in mine},
            drive=msgspec.structs.replace(
                truth,
                forward=_truth(net.head),
                backward="net.backward(delta)\n",
                update="done = True\n",
                results={"forward": {"out": ("out",), "loss": ("loss",)}, "update": theirs},
            ),
        ),
    )


# ── the tiers ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _tiers(rng: random.Random, net: Net, style: str) -> dict[str, tuple[Case, ...]]:
    """A basic case, three that differ from it, and a tiny stress tier."""
    largest = 12 if style == "scalars" else 64

    def at(proves: str, N: int = 0, **more: object) -> Case:
        N = 1 if net.batches_of_one else N or rng.randint(2, largest)
        sizes = {"N": N, **{f"n{k}": width for k, width in enumerate(net.widths)}, "n_out": net.widths[-1]}
        values = {"depth": net.depth, "activation": net.activation}
        return msgspec.convert({"proves": proves, "sizes": sizes, "values": values, **more}, Case)

    edge = [
        at("a batch of one", 1),
        at("inputs of zero", fill={"x": "zeros"}),
        at("inputs of -0.0", fill={"x": "negative_zero"}),
        at("strided inputs", fill={"x": "strided"}),
        at("weights by columns", fill={"W1": "fortran", "x": "fortran"}),
        at("float32", dtype="float32"),
        at("tiny inputs", fill={"x": "tiny"}),
    ]
    if net.head not in _LOGS:
        edge += [at("saturated inputs", fill={"x": "saturated"}), at("huge inputs", fill={"x": "huge"})]
    return {
        "basic": (at("random inputs"),),
        "edge": tuple(rng.sample(edge, 3)),
        "stress": (at("another draw"),),
    }
