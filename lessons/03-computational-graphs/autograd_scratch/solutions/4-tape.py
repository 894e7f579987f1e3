# A tape: every Value gets a number when it is made. Nothing can be made
# from what does not exist yet, so these numbers are a topological order
# already, and backward takes the newest first.
# Gains: no search for an order and no recursion: one sort is all.
# Costs: the numbers come from one counter for the whole program; and the
#   Values below the result have to be gathered first, so that what does not
#   belong to it is left alone.

import itertools
import math

serial = itertools.count()


class Value:
    def __init__(self, data, *sources):
        self.data = float(data)
        self.grad = 0.0
        self.sources = sources
        self.serial = next(serial)

    def __repr__(self):
        return f"Value(data={self.data}, grad={self.grad})"

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data + other.data, (self, 1.0), (other, 1.0))

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(
            self.data * other.data, (self, other.data), (other, self.data)
        )

    def _of_one(self, out, slope):
        return Value(out, (self, slope))

    def __pow__(self, n):
        return self._of_one(self.data**n, n * self.data ** (n - 1))

    def exp(self):
        out = math.exp(self.data)
        return self._of_one(out, out)

    def log(self):
        return self._of_one(math.log(self.data), 1 / self.data)

    def tanh(self):
        out = math.tanh(self.data)
        return self._of_one(out, 1 - out**2)

    def relu(self):
        return self._of_one(max(self.data, 0.0), float(self.data > 0))

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + -other

    def __truediv__(self, other):
        return self * other**-1

    __radd__ = __add__
    __rmul__ = __mul__

    def __rsub__(self, other):
        return -self + other

    def __rtruediv__(self, other):
        return self**-1 * other

    def backward(self):
        below, found = {self}, [self]
        while found:
            for source, _ in found.pop().sources:
                if source not in below:
                    below.add(source)
                    found.append(source)
        self.grad = 1.0
        for node in sorted(below, key=lambda node: -node.serial):
            for source, slope in node.sources:
                source.grad += slope * node.grad
