# fails: grad_diamond wrong_value

import math


class Value:
    """A number that remembers how it was made.

    data    the number
    grad    after result.backward(): how fast result changes with it
    """

    def __init__(self, data, sources=()):
        self.data = float(data)
        self.grad = 0.0
        self.sources = sources
        self.hand_on = lambda: None  # a leaf has nobody to send to

    def __repr__(self):
        return f"Value(data={self.data}, grad={self.grad})"

    # ── operations ──────────────────────────────────────────────────

    def __add__(self, other):
        other = as_value(other)
        out = Value(self.data + other.data, (self, other))

        def hand_on():
            self.grad += out.grad
            other.grad += out.grad

        out.hand_on = hand_on
        return out

    def __mul__(self, other):
        other = as_value(other)
        out = Value(self.data * other.data, (self, other))

        def hand_on():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad

        out.hand_on = hand_on
        return out

    def __pow__(self, n):
        out = Value(self.data**n, (self,))

        def hand_on():
            self.grad += n * self.data ** (n - 1) * out.grad

        out.hand_on = hand_on
        return out

    def exp(self):
        return self._of_one(math.exp, lambda a, out: out)

    def log(self):
        return self._of_one(math.log, lambda a, out: 1 / a)

    def tanh(self):
        return self._of_one(math.tanh, lambda a, out: 1 - out**2)

    def relu(self):
        return self._of_one(lambda a: max(a, 0.0), lambda a, out: a > 0)

    def _of_one(self, function, slope):
        """A result made from self alone; `slope` gets input and output."""
        out = Value(function(self.data), (self,))

        def hand_on():
            self.grad += slope(self.data, out.data) * out.grad

        out.hand_on = hand_on
        return out

    # ── made out of the ones above ──────────────────────────────────

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + -as_value(other)

    def __truediv__(self, other):
        return self * as_value(other) ** -1

    def __radd__(self, other):
        return as_value(other) + self

    def __rmul__(self, other):
        return as_value(other) * self

    def __rsub__(self, other):
        return as_value(other) - self

    def __rtruediv__(self, other):
        return as_value(other) / self

    # ── the way back ────────────────────────────────────────────────

    def backward(self):
        """Add how fast self changes with it to the grad of every node."""
        order = order_of(self)
        self.grad = 1.0
        for node in order:
            node.hand_on()


def order_of(result):
    """The nodes that `result` was made from, in the order of the walk."""
    order, visited = [], set()

    def visit(node):
        visited.add(node)
        order.append(node)
        for source in node.sources:
            visit(source)

    visit(result)
    return order


def as_value(number):
    return number if isinstance(number, Value) else Value(number)
