"""A scalar autograd engine: numbers that remember how they were made, and so can take gradients back.

    forward     every operation makes a new Value and notes, for each Value it came from, the slope of the result
                with respect to it: for c = a * b that is b for a, and a for b
    backward    from the result down, each Value hands  slope * its own gradient  to each of those it came from;
                what arrives at a Value from several sides is added

The order matters: a Value may hand its gradient on only when all of it has arrived, that is after everything that
was made from it. The reverse of a topological order of the graph is such an order. Walking down without one visits a
shared Value too early (and hands on half) or twice (and hands on too much).

`backward` adds to `grad`, as PyTorch does: set it to zero (`zero_grad`) before the next pass.

Source: Baydin et al., "Automatic differentiation in machine learning: a survey" (2018), section 3.2.
"""

from __future__ import annotations

import math
from collections.abc import Iterable


class Value:
    """A number in a graph: `data` is what it is, `grad` is d(result)/d(this) after `result.backward()`."""

    def __init__(self, data: float, sources: tuple[tuple[Value, float], ...] = ()) -> None:
        """Take the number, and each Value that it was made from with the slope of this one with respect to it."""
        self.data = float(data)
        self.grad = 0.0
        self.sources = sources

    def __repr__(self) -> str:
        return f"Value(data={self.data}, grad={self.grad})"

    # ── operations: the value, and beside it the local rule ──────────────────────────────────────────────────────────

    def __add__(self, other: Value | float) -> Value:
        other = _value(other)
        return Value(self.data + other.data, ((self, 1.0), (other, 1.0)))

    def __mul__(self, other: Value | float) -> Value:
        other = _value(other)
        return Value(self.data * other.data, ((self, other.data), (other, self.data)))  # each gets the other

    def __truediv__(self, other: Value | float) -> Value:
        other = _value(other)
        quotient = self.data / other.data
        return Value(quotient, ((self, 1 / other.data), (other, -quotient / other.data)))

    def __pow__(self, exponent: Value | float) -> Value:
        if isinstance(exponent, Value):
            return (exponent * self.log()).exp()
        slope = exponent * self.data ** (exponent - 1) if exponent else 0.0  # x^0 is 1 everywhere, at 0 too
        return Value(self.data**exponent, ((self, slope),))

    def __neg__(self) -> Value:
        return Value(-self.data, ((self, -1.0),))

    def exp(self) -> Value:
        """Return e to the power of this."""
        e = math.exp(self.data)
        return Value(e, ((self, e),))  # its own slope

    def log(self) -> Value:
        """Return the natural logarithm; a ValueError says that this is not positive."""
        return Value(math.log(self.data), ((self, 1 / self.data),))

    def tanh(self) -> Value:
        """Return the hyperbolic tangent."""
        t = math.tanh(self.data)
        return Value(t, ((self, 1 - t * t),))

    def relu(self) -> Value:
        """Return max(0, this); at 0, where there is no slope, 0 is taken."""
        return Value(max(0.0, self.data), ((self, 1.0 if self.data > 0 else 0.0),))

    # ── the rest of the arithmetic is made of these ──────────────────────────────────────────────────────────────────

    def __sub__(self, other: Value | float) -> Value:
        return self + -_value(other)

    # A plain number on the left knows nothing of Values: Python then asks the right-hand side for these.
    def __radd__(self, other: float) -> Value:
        return self + other

    def __rmul__(self, other: float) -> Value:
        return self * other

    def __rsub__(self, other: float) -> Value:
        return Value(other) - self

    def __rtruediv__(self, other: float) -> Value:
        return Value(other) / self

    def __rpow__(self, other: float) -> Value:
        return Value(other) ** self

    # ── the way back ─────────────────────────────────────────────────────────────────────────────────────────────────

    def backward(self) -> None:
        """Add d(this)/d(node) to `grad` of every node that this was made from, itself included."""
        order = topological_order(self)
        # What arrives in this pass is kept apart from `grad`, where an earlier pass may have left something: that
        # must be added to, but not handed on a second time.
        arrived = dict.fromkeys(order, 0.0)
        arrived[self] = 1.0
        for node in reversed(order):
            node.grad += arrived[node]
            for source, slope in node.sources:
                arrived[source] += slope * arrived[node]


def topological_order(result: Value) -> list[Value]:
    """Return every Value that the result was made from, each once and after all that it was made from itself.

    A depth-first walk with a stack of its own: written as a function that calls itself, it would stop at Python's
    recursion limit, on a chain of about a thousand operations.
    """
    order: list[Value] = []
    visited = {result}
    stack = [(result, iter(result.sources))]
    while stack:
        node, sources = stack[-1]
        for source, _ in sources:
            if source not in visited:
                visited.add(source)
                stack.append((source, iter(source.sources)))
                break
        else:  # all its sources are in the list
            order.append(node)
            stack.pop()
    return order


def zero_grad(values: Iterable[Value]) -> None:
    """Set the gradient of each of these to zero, before the next backward pass."""
    for value in values:
        value.grad = 0.0


def _value(number: Value | float) -> Value:
    return number if isinstance(number, Value) else Value(number)
