# fails: grad_two_depths wrong_value

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
        self.grad = 1.0
        queue, seen = [self], {self}
        while queue:
            node = queue.pop(0)
            for source, slope in node.sources:
                source.grad += slope * node.grad
                if source not in seen:
                    seen.add(source)
                    queue.append(source)


def as_value(number):
    return number if isinstance(number, Value) else Value(number)
