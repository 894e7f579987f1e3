# Stored slopes, and a walk that counts: each result keeps its slopes as
# finished numbers; on the way back a node is let go when the last of its
# users has sent. PyTorch's engine finds its order in this way.
# Gains: no function calls itself, so a chain may be as long as memory
#   allows; a later change of `.data` does no harm; and what arrives in this
#   pass is kept apart from `grad`, so that even a second backward on the
#   same result adds exactly one more gradient.
# Costs: the graph is walked twice, once to count and once to send; slopes
#   are made in the forward pass also when nobody goes backward.

import math


class Value:
    def __init__(self, data, sources=()):
        self.data = float(data)
        self.grad = 0.0
        self.sources = sources  # pairs: (a Value, the slope towards it)

    def __repr__(self):
        return f"Value(data={self.data}, grad={self.grad})"

    def __add__(self, other):
        other = as_value(other)
        return Value(self.data + other.data, ((self, 1.0), (other, 1.0)))

    def __mul__(self, other):
        other = as_value(other)
        slopes = ((self, other.data), (other, self.data))
        return Value(self.data * other.data, slopes)

    def __truediv__(self, other):
        other = as_value(other)
        out = self.data / other.data
        slopes = ((self, 1 / other.data), (other, -out / other.data))
        return Value(out, slopes)

    def __pow__(self, n):
        return Value(self.data**n, ((self, n * self.data ** (n - 1)),))

    def exp(self):
        out = math.exp(self.data)
        return Value(out, ((self, out),))

    def log(self):
        return Value(math.log(self.data), ((self, 1 / self.data),))

    def tanh(self):
        out = math.tanh(self.data)
        return Value(out, ((self, 1 - out * out),))

    def relu(self):
        slope = 1.0 if self.data > 0 else 0.0
        return Value(slope * self.data, ((self, slope),))

    def __neg__(self):
        return Value(-self.data, ((self, -1.0),))

    def __sub__(self, other):
        return self + -as_value(other)

    def __radd__(self, other):
        return as_value(other) + self

    def __rmul__(self, other):
        return as_value(other) * self

    def __rsub__(self, other):
        return as_value(other) - self

    def __rtruediv__(self, other):
        return as_value(other) / self

    def backward(self):
        waiting_for = count_users(self)
        arrived = {self: 1.0}
        ready = [self]
        while ready:
            node = ready.pop()
            node.grad += arrived[node]
            for source, slope in node.sources:
                message = slope * arrived[node]
                arrived[source] = arrived.get(source, 0.0) + message
                waiting_for[source] -= 1
                if waiting_for[source] == 0:
                    ready.append(source)


def count_users(result):
    """For each Value below the result: how many edges lead away from it."""
    count = {}
    found = [result]
    while found:
        for source, _ in found.pop().sources:
            if source not in count:
                count[source] = 0
                found.append(source)
            count[source] += 1
    return count


def as_value(number):
    return number if isinstance(number, Value) else Value(number)
