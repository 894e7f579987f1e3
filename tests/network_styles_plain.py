"""Styles of code without matrix products of whole batches: samples, numbers, indices, arrays that are filled."""

from __future__ import annotations

from tests.network_styles import START, Net, Pen, Pieces, Slip


def samples(net: Net, pen: Pen) -> str:
    """One sample after the other, vectors alone, gradients added up."""
    of = Pieces(net, pen)
    share = " / len(g_batch)" if net.mean_in_layers else ""
    once = net.batches_of_one
    plus = pen.right("+=", Slip("= for += over the samples", "=", once))
    plus_b = pen.right("+=", Slip("= for += over the samples, bias", "=", once))
    return (
        START
        + of.loss()
        + f"""class Net:
    def __init__(self, widths):
        self.W, self.b = [], []

    def sample(self, x):
        a, z = [x], []
        for W, b in zip(self.W, self.b):
            z.append({of.affine("a[-1]", "W", "b")})
            a.append({of.activate("z[-1]")})
        return a, z

    def forward(self, x):
        self.seen = [self.sample(row) for row in x]
        z = np.array([z[-1] for _, z in self.seen])
        self.out = {of.head("z")}
        return self.out

    def backward(self, g_batch):
        g_batch = {of.head_back("g_batch", "self.out")}
        self.grad_W, self.grad_b = [0 * W for W in self.W], [0 * b for b in self.b]
        grad_x = []
        for (a, z), g in zip(self.seen, g_batch):
            for k in {of.loop("len(self.W)")}:
                self.grad_W[k] {plus} np.outer(a[k], g){share}
                self.grad_b[k] {plus_b} g{share}
                g = {pen.right("self.W[k] @ g", Slip("sign of the error", "-self.W[k] @ g"))}
                if k:
                    g = g * {of.slope("z[k - 1]", "a[k]")}
            grad_x.append(g)
        return np.array(grad_x)
"""
    )


def scalars(net: Net, pen: Pen) -> str:
    """Plain loops over every number."""
    of = Pieces(net, pen)
    share = " / len(g)" if net.mean_in_layers else ""
    once = net.batches_of_one
    plus = pen.right("+=", Slip("= for += over the samples", "=", once))
    start = pen.right("self.b[k][j]", Slip("bias left out", "0"))
    return (
        START
        + of.loss()
        + f"""class Net:
    def __init__(self, widths):
        pass

    def forward(self, x):
        self.a, self.z = [x], []
        for k, W in enumerate(self.W):
            z = np.zeros((len(x), W.shape[1]))
            for n in range(len(x)):
                for j in range(W.shape[1]):
                    total = {start}
                    for i in range(W.shape[0]):
                        total += self.a[k][n, i] * W[i, j]
                    z[n, j] = total
            self.z.append(z)
            self.a.append({of.activate("z")})
        self.out = {of.head("z")}
        return self.out

    def backward(self, g):
        g = {of.head_back("g", "self.out")}
        self.grad_W, self.grad_b = [np.zeros(W.shape) for W in self.W], [np.zeros(len(b)) for b in self.b]
        for k in {of.loop("len(self.W)")}:
            W, below = self.W[k], np.zeros(self.a[k].shape)
            for n in range(len(g)):
                for j in range(W.shape[1]):
                    self.grad_b[k][j] {plus} g[n, j]{share}
                    for i in range(W.shape[0]):
                        self.grad_W[k][i, j] {plus} self.a[k][n, i] * g[n, j]{share}
                        below[n, i] += W[i, j] * g[n, j]
            g = below
            if k > 0:
                g = g * {of.slope("self.z[k - 1]", "self.a[k]")}
        return g
"""
    )


def einsum(net: Net, pen: Pen) -> str:
    """Every product and sum by its indices."""
    of = Pieces(net, pen)
    weights = of.averaged(
        pen.right(
            'np.einsum("ni,nj->ij", a, g)',
            Slip("weights transposed", 'np.einsum("ni,nj->ji", a, g)'),
            Slip("samples mixed", 'np.einsum("ni,mj->ij", a, g)', net.batches_of_one),
        )
    )
    bias = of.averaged(
        pen.right(
            'np.einsum("nj->j", g)',
            Slip("bias gradient over the outputs", 'np.einsum("nj->n", g)'),
            Slip("bias gradient over all", 'np.einsum("nj->", g)'),
        )
    )
    back = pen.right('np.einsum("nj,ij->ni", g, W)', Slip("W for W.T", 'np.einsum("nj,ji->ni", g, W)'))
    return (
        START
        + of.loss()
        + f"""class Net:
    def __init__(self, widths):
        self.weights, self.biases = [], []

    def forward(self, x):
        self.kept, a = [], x
        for W, b in zip(self.weights, self.biases):
            z = np.einsum("ni,ij->nj", a, W) + {pen.right("b", Slip("bias left out", "0 * b"))}
            self.kept.append((a, z, W))
            a = {of.activate("z")}
        self.out = {of.head("z")}
        return self.out

    def backward(self, g):
        self.grad_weights, self.grad_biases = [], []
        g = {of.head_back("g", "self.out")}
        for k in range(len(self.kept))[::-1]:
            a, _, W = self.kept[k]
            self.grad_weights = [{weights}] + self.grad_weights
            self.grad_biases = [{bias}] + self.grad_biases
            g = {back}
            if k > 0:
                z = self.kept[k - 1][1]
                g = np.einsum("ni,ni->ni", g, np.ones_like(g) * {of.slope("z", "a")})
        return g
"""
    )


def in_place(net: Net, pen: Pen) -> str:
    """Arrays that are made once and filled in every pass."""
    of = Pieces(net, pen)
    fill = pen.right("self.dW[k].fill(0)", Slip("gradients never reset", "pass"))
    own = pen.right("g = g.copy()", Slip("upstream changed in place", "pass", net.head != "sigmoid"))
    return (
        START
        + of.loss()
        + f"""class Net:
    def __init__(self, widths):
        self.widths = list(widths)
        self.dW = [np.zeros(pair) for pair in zip(widths, widths[1:])]
        self.db = [np.empty(n) for n in widths[1:]]

    def forward(self, x):
        self.a = [x] + [np.empty((len(x), n)) for n in self.widths[1:]]
        self.z = [np.empty((len(x), n)) for n in self.widths[1:]]
        for k in range(len(self.z)):
            np.matmul(self.a[k], self.W[k], out=self.z[k])
            self.z[k] += {pen.right("self.b[k]", Slip("bias left out", "0"))}
            z = self.z[k]
            self.a[k + 1][...] = {of.activate("z")}
        self.out = {of.head("z")}
        return self.out

    def backward(self, g):
        {own}
        g[...] = {of.head_back("g", "self.out")}
        for k in {of.loop("len(self.z)")}:
            {fill}
            for n in range(len(g)):
                self.dW[k] += self.a[k][n][:, None] * g[n]{" / len(g)" if net.mean_in_layers else ""}
            np.copyto(self.db[k], {of.grad_b()})
            below = np.empty(self.a[k].shape)
            np.matmul(g, self.W[k].T, out=below)
            g = below
            if k > 0:
                g *= {of.slope("self.z[k - 1]", "self.a[k]")}
        return g
"""
    )
