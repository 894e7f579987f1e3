"""More styles of code: dicts, functions, samples as columns, closures, generators, and one without gradients."""

from __future__ import annotations

from tests.network_styles import START, Net, Pen, Pieces, Slip, Style, layers, lists
from tests.network_styles_plain import einsum, in_place, samples, scalars


def dictionary(net: Net, pen: Pen) -> str:
    """Parameters in a dict by name; backward returns a dict of gradients by the same names."""
    of = Pieces(net, pen)
    return (
        START
        + of.loss()
        + f"""class Net:
    def __init__(self, widths):
        self.depth = len(widths) - 1
        self.params = {{}}
        for k in range(1, self.depth + 1):
            self.params["W" + str(k)] = np.zeros((widths[k - 1], widths[k]))
            self.params["b" + str(k)] = np.zeros(widths[k])

    def forward(self, x):
        p, self.cache = self.params, {{"a0": x}}
        for k in range(1, self.depth + 1):
            a = self.cache[f"a{{k - 1}}"]
            z = {of.affine("a", 'p[f"W{k}"]', 'p[f"b{k}"]')}
            self.cache[f"z{{k}}"] = z
            self.cache[f"a{{k}}"] = {of.activate("z")} if k < self.depth else z
        self.cache["out"] = {of.head("z")}
        return self.cache["out"]

    def backward(self, g):
        grads, out = {{}}, self.cache["out"]
        g = {of.head_back("g", "out")}
        for k in range(self.depth, {pen.right("0", Slip("the first layer forgotten", "1"))}, -1):
            a, W = self.cache[f"a{{k - 1}}"], self.params[f"W{{k}}"]
            grads[f"W{{k}}"] = {of.grad_W("a")}
            grads[f"b{{k}}"] = {of.grad_b()}
            g = {of.grad_x("W")}
            if k > 1:
                z = self.cache[f"z{{k - 1}}"]
                g = g * {of.slope("z", "a")}
        grads["x"] = g
        return grads
"""
    )


def functions(net: Net, pen: Pen) -> str:
    """Functions alone: the caches are handed on as a list of tuples."""
    of = Pieces(net, pen)
    cached = pen.right("(x, z, W)", Slip("the output in the cache for the input", "(z, z, W)"))
    return (
        START
        + of.loss()
        + f"""def activation(z):
    return {of.activate("z")}


def slope(z, a, g):
    return {of.slope("z", "a")}


def forward(x, params):
    caches = []
    for number, (W, b) in enumerate(params, start=1):
        z = {of.affine("x", "W", "b")}
        caches.append({cached})
        x = activation(z) if number < len(params) else z
    out = {of.head("x")}
    return out, (caches, out)


def backward(g, cache):
    caches, out = cache
    g = {of.head_back("g", "out")}
    grads = []
    for number, (x, _, W) in enumerate(caches[::-1]):
        grads.insert(0, ({of.grad_W("x")}, {of.grad_b()}))
        g = {of.grad_x("W")}
        if number + 1 < len(caches):
            z = caches[-number - 2][1]
            g = g * slope(z, x, g)
    return g, grads
"""
    )


def columns(net: Net, pen: Pen) -> str:
    """Samples as columns, weights (n_out, n_in), as in many books."""
    of = Pieces(net, pen)
    bias = of.averaged(
        pen.right(
            "g.sum(axis=1)",
            Slip("bias gradient over the outputs", "g.sum(axis=0)"),
            Slip("bias column kept", "g.sum(axis=1, keepdims=True)"),
            Slip("bias gradient a mean", "g.mean(axis=1)", net.batches_of_one),
        ),
        "g.T",
    )
    weights = of.averaged(pen.right("(g @ self.A[k].T)", Slip("weights transposed", "(self.A[k] @ g.T)")), "g.T")
    back = pen.right("self.W[k].T @ g", Slip("W for W.T", "self.W[k] @ g"))
    return (
        START
        + of.loss()
        + f"""class Net:
    def __init__(self, widths):
        self.W = [np.zeros((n, m)) for m, n in zip(widths[:-1], widths[1:])]
        self.b = [np.zeros(n) for n in widths[1:]]

    def forward(self, x):
        self.A, self.Z = [x.T], []
        for W, b in zip(self.W, self.b):
            Z = {pen.right("W @ self.A[-1] + b[:, None]", Slip("bias left out", "W @ self.A[-1]"))}
            self.Z.append(Z)
            self.A.append({of.activate("Z")})
        z = Z.T
        self.out = {of.head("z")}
        return self.out

    def backward(self, grad):
        self.dW, self.db = {{}}, {{}}
        g = ({of.head_back("grad", "self.out")}).T
        for k in {of.loop("len(self.W)")}:
            self.dW[k] = {weights}
            self.db[k] = {bias}
            g = {back}
            if k != 0:
                g = {of.slope("self.Z[k - 1]", "self.A[k]")} * g
        self.dW = [self.dW[k] for k in range(len(self.W))]
        self.db = [self.db[k] for k in range(len(self.W))]
        return g.T
"""
    )


def closures(net: Net, pen: Pen) -> str:
    """Every step leaves a function that takes the gradient back: an autograd of lambdas."""
    of = Pieces(net, pen)
    order = pen.right("reversed(tape)", Slip("the tape not reversed", "tape", net.depth == 1))
    bound = pen.right("W=W", Slip("other weights on the way back", "W=W[::-1]"))
    return (
        START
        + of.loss()
        + f"""def dense(x, W, b):
    def back(g, grads, x=x, {bound}):
        grads.append(({of.grad_W("x")}, {of.grad_b()}))
        return {of.grad_x("W")}
    return {of.affine("x", "W", "b")}, back


def activation(z):
    a = {of.activate("z")}
    return a, lambda g, grads: g * {of.slope("z", "a")}


def network(x, weights, biases):
    tape = []
    for k, (W, b) in enumerate(zip(weights, biases)):
        if k:
            x, back = activation(x)
            tape.append(back)
        z, back = dense(x, W, b)
        tape.append(back)
        x = z
    out = {of.head("x")}

    def backward(g):
        grads = []
        g = {of.head_back("g", "out")}
        for back in {order}:
            g = back(g, grads)
        return g, grads[::-1]

    return out, backward
"""
    )


def generators(net: Net, pen: Pen) -> str:
    """A layer is a generator: it yields its output, is sent a gradient, and yields what becomes of it."""
    of = Pieces(net, pen)
    order = pen.right("[::-1]", Slip("first layer first", "[:]", net.depth == 1))
    return (
        START
        + of.loss()
        + f"""def layer(x, W, b, last):
    z = {of.affine("x", "W", "b")}
    a = z if last else {of.activate("z")}
    g = yield a
    if not last:
        g = g * {of.slope("z", "a")}
    yield {of.grad_x("W")}, {of.grad_W("x")}, {of.grad_b()}


class Net:
    def __init__(self, widths):
        self.W, self.b = None, None

    def forward(self, x):
        self.running = []
        for k in range(len(self.W)):
            step = layer(x, self.W[k], self.b[k], k + 1 == len(self.W))
            x = next(step)
            self.running.append(step)
        self.out = {of.head("x")}
        return self.out

    def backward(self, g):
        self.dW, self.db = [], []
        g = {of.head_back("g", "self.out")}
        for step in self.running{order}:
            g, dW, db = step.send(g)
            self.dW.insert(0, dW)
            self.db.insert(0, db)
        return g
"""
    )


def unrolled(net: Net, pen: Pen) -> str:
    """Every layer written out, with attributes and local names of its own."""
    of = Pieces(net, pen)
    forward, back = [], []
    for k in range(1, net.depth + 1):
        a = f"self.a{k - 1}"
        forward.append(f"self.z{k} = {of.affine(a, f'self.W{k}', f'self.b{k}')}")
        forward.append(f"self.a{k} = {of.activate(f'self.z{k}') if k < net.depth else f'self.z{k}'}")
    for k in range(net.depth, 0, -1):
        g = f"delta{k}"
        back.append(f"self.grad_W{k} = {of.grad_W(f'self.a{k - 1}', g)}")
        back.append(f"self.grad_b{k} = {of.grad_b(g)}")
        slope = f" * {of.slope(f'self.z{k - 1}', f'self.a{k - 1}', g + '[:, :1]')}" if k > 1 else ""
        raw = Slip("raw error for the delta", "delta_raw", net.head not in ("sigmoid", "sigmoid_mse"))
        below = of.grad_x(f"self.W{k}", pen.right(g, raw) if k == net.depth else g)
        back.append(f"delta{k - 1} = ({below}){slope}")
    lines = "\n        "
    return (
        START
        + of.loss()
        + f"""class Net:
    def __init__(self, widths):
        self.widths = widths

    def forward(self, x):
        self.a0 = x
        {lines.join(forward)}
        z = self.z{net.depth}
        self.out = {of.head("z")}
        return self.out

    def backward(self, delta_raw):
        delta{net.depth} = {of.head_back("delta_raw", "self.out")}
        {lines.join(back)}
        return delta0
"""
    )


def descent(net: Net, pen: Pen) -> str:
    """One step with target - output as the error, and += in the update: the gradients are never written down."""
    of = Pieces(net, pen)
    factor = pen.right("2 * ", Slip("factor 2 left out", ""))
    error = pen.right("y - out", Slip("output - target with +=", "out - y"))
    early = pen.right("", Slip("updated before it is propagated", "self.W[k] += lr * dW; ", net.depth == 1))
    late = "self.W[k] += lr * dW; " if not early else ""
    slope = "" if net.head == "mse" else " * " + pen.right("out * (1 - out)", Slip("output slope left out", "1"))
    share = pen.right(" / len(x)", Slip("mean never taken", "", net.batches_of_one))
    return (
        START
        + f"""class Net:
    def __init__(self, widths):
        self.W, self.b = [], []

    def forward(self, x):
        self.a, self.z = [x], []
        for W, b in zip(self.W, self.b):
            z = {of.affine("self.a[-1]", "W", "b")}
            self.z.append(z)
            self.a.append({of.activate("z")})
        return {of.head("z")}

    def learn(self, x, y, lr):
        out = self.forward(x)
        error = {error}
        delta = {factor}error{slope}{share}
        for k in {of.loop("len(self.W)", "the first layer never learns")}:
            dW, db = self.a[k].T @ delta, delta.sum(axis=0)
            {early}below = delta @ self.W[k].T
            {late}self.b[k] {pen.right("+=", Slip("sign of the bias step", "-="))} lr * db
            if k > 0:
                delta = below * {of.slope("self.z[k - 1]", "self.a[k]", "below")}
        return ((y - out) ** 2).sum() / len(x)
"""
    )


STYLES: dict[str, Style] = {
    style.__name__: style
    for style in (
        lists, layers, dictionary, functions, columns, samples, scalars, einsum, in_place, closures, generators,
        unrolled, descent,
    )
}  # fmt: skip
