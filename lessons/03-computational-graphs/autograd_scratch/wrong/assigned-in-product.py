# fails: grad_sum_with_itself wrong_value

import math

# name: (the value, the slopes towards the inputs); `out` is the value
RULES = {
    "+": (lambda a, b: a + b, lambda out, a, b: (1.0, 1.0)),
    "-": (lambda a, b: a - b, lambda out, a, b: (1.0, -1.0)),
    "*": (lambda a, b: a * b, lambda out, a, b: (b, a)),
    "/": (lambda a, b: a / b, lambda out, a, b: (1 / b, -out / b)),
    "neg": (lambda a: -a, lambda out, a: (-1.0,)),
    "exp": (math.exp, lambda out, a: (out,)),
    "log": (math.log, lambda out, a: (1 / a,)),
    "tanh": (math.tanh, lambda out, a: (1 - out * out,)),
    "relu": (lambda a: max(a, 0.0), lambda out, a: (float(a > 0),)),
    # n is a plain number and gets no gradient: its slope is cut off by zip
    "**": (lambda a, n: a**n, lambda out, a, n: (n * a ** (n - 1),)),
}


def apply(name, sources, *numbers):
    """The result of an operation on Values, and numbers beside them."""
    sources = [s if isinstance(s, Value) else Value(s) for s in sources]
    value, _ = RULES[name]
    out = Value(value(*(s.data for s in sources), *numbers))
    out.name, out.sources, out.numbers = name, sources, numbers
    return out


class Value:
    def __init__(self, data):
        self.data = float(data)
        self.grad = 0.0
        self.name, self.sources, self.numbers = "leaf", (), ()

    def __repr__(self):
        return f"Value({self.data}, {self.name!r}, grad={self.grad})"

    def __add__(self, other):
        return apply("+", (self, other))

    def __sub__(self, other):
        return apply("-", (self, other))

    def __mul__(self, other):
        return apply("*", (self, other))

    def __truediv__(self, other):
        return apply("/", (self, other))

    def __radd__(self, other):
        return apply("+", (other, self))

    def __rsub__(self, other):
        return apply("-", (other, self))

    def __rmul__(self, other):
        return apply("*", (other, self))

    def __rtruediv__(self, other):
        return apply("/", (other, self))

    def __pow__(self, n):
        return apply("**", (self,), n)

    def __neg__(self):
        return apply("neg", (self,))

    def exp(self):
        return apply("exp", (self,))

    def log(self):
        return apply("log", (self,))

    def tanh(self):
        return apply("tanh", (self,))

    def relu(self):
        return apply("relu", (self,))

    def backward(self):
        order, visited = [], set()

        def visit(node):
            if node not in visited:
                visited.add(node)
                for source in node.sources:
                    visit(source)
                order.append(node)

        visit(self)
        self.grad = 1.0
        for node in reversed(order):
            if node.sources:
                _, slopes = RULES[node.name]
                inputs = (s.data for s in node.sources)
                found = slopes(node.data, *inputs, *node.numbers)
                for source, slope in zip(node.sources, found):
                    source.grad = slope * node.grad
