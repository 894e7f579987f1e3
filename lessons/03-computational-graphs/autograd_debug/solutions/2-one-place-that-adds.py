# The engine, rearranged so that no rule can forget to
# add: an operation gives back slopes, and one line in the whole file adds.
# Gains: `=` for `+=` can be written in one place alone; slopes are fixed on
#   the way forward; the list of nodes is a local name.
# Costs: a larger change than the repair asked for; every slope is computed
#   forward, also when nobody goes back.

import math


class Value:
    """A number that remembers how it was made."""

    def __init__(self, data, *edges):
        self.data = float(data)
        self.grad = 0.0
        self.edges = edges  # pairs: (a Value, the slope towards it)

    def __add__(self, other):
        other = as_value(other)
        return Value(self.data + other.data, (self, 1.0), (other, 1.0))

    def __mul__(self, other):
        other = as_value(other)
        edges = (self, other.data), (other, self.data)
        return Value(self.data * other.data, *edges)

    def __pow__(self, n):
        return Value(self.data**n, (self, n * self.data ** (n - 1)))

    def exp(self):
        out = math.exp(self.data)
        return Value(out, (self, out))

    def log(self):
        return Value(math.log(self.data), (self, 1 / self.data))

    def tanh(self):
        out = math.tanh(self.data)
        return Value(out, (self, 1 - out**2))

    def relu(self):
        return Value(max(self.data, 0.0), (self, float(self.data > 0)))

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

    def backward(self):
        self.grad = 1.0
        for node in reversed(topological_order(self)):
            for source, slope in node.edges:
                source.grad += slope * node.grad


def topological_order(result):
    """Sources first; with a stack of its own: no chain is too long."""
    order, visited = [], set()
    stack = [(result, False)]
    while stack:
        node, sources_are_in = stack.pop()
        if sources_are_in:
            order.append(node)
        elif node not in visited:
            visited.add(node)
            stack.append((node, True))
            stack += [(source, False) for source, _ in node.edges]
    return order


def as_value(number):
    return number if isinstance(number, Value) else Value(number)
