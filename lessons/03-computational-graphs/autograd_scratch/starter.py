# A scalar autograd engine: numbers that remember how they were made.
#
# Replace each `raise` by your own lines. How a Value remembers is
# yours to decide: stored slopes, closures, or tags with a table of
# rules. Give __init__ more arguments if you like; Value(2.0) must go
# on working. Begin with +, * and backward: what is written is judged,
# and what is not yet written, or stops, is said to be missing.
#
# Every save is judged: each operation by itself, its value and then
# what it sends back; then plain numbers beside Values; then graphs in
# which nodes are shared; last a second pass over the same leaves. The
# hard cases are 0 ** 2, equal leaves, tiny numbers, a chain of 300
# operations, and x = x + x forty times.

import math


class Value:
    """A number in a graph.

    Holds, from the start:
        data    the number, a float
        grad    0.0; after result.backward(): how fast result changes
                with this
    """

    def __init__(self, data):
        self.data = float(data)
        self.grad = 0.0

    def __repr__(self):
        return f"Value(data={self.data}, grad={self.grad})"

    # ── operations: each makes a new Value and notes how it was made ──
    # `other` is a Value, or a plain number as in `a + 2`: make a Value
    # of a plain one first.

    def __add__(self, other):
        """self + other"""
        raise NotImplementedError("+ is empty: a new Value, and its inputs")

    def __mul__(self, other):
        """self * other"""
        raise NotImplementedError("* is empty")

    def __pow__(self, n):
        """self ** n, where n is a plain number"""
        raise NotImplementedError("** is empty")

    def exp(self):
        """e to the power of self"""
        raise NotImplementedError("exp is empty")

    def log(self):
        """The natural logarithm of self, which is positive."""
        raise NotImplementedError("log is empty")

    def tanh(self):
        """The hyperbolic tangent of self."""
        raise NotImplementedError("tanh is empty")

    def relu(self):
        """self where it is positive, 0 otherwise

        At 0 is a corner: 0, 1 or any slope between is accepted there.
        The lesson takes 0.
        """
        raise NotImplementedError("relu is empty")

    # ── these may be made out of the ones above ───────────────────────

    def __neg__(self):
        """-self"""
        raise NotImplementedError("-a is empty")

    def __sub__(self, other):
        """self - other"""
        raise NotImplementedError("- is empty")

    def __truediv__(self, other):
        """self / other"""
        raise NotImplementedError("/ is empty")

    # ── a plain number on the left: 2 + a, 3 * a, 1 - a, 2 / a ────────
    # Python asks the right-hand side; the number comes as `other`.

    def __radd__(self, other):
        """other + self"""
        raise NotImplementedError("2 + a is empty")

    def __rmul__(self, other):
        """other * self"""
        raise NotImplementedError("3 * a is empty")

    def __rsub__(self, other):
        """other - self"""
        raise NotImplementedError("1 - a is empty")

    def __rtruediv__(self, other):
        """other / self"""
        raise NotImplementedError("2 / a is empty")

    # ── the way back ──────────────────────────────────────────────────

    def backward(self):
        """Add to the grad of every Value that self was made from, how
        fast self changes with it.

        It adds, as PyTorch does: what an earlier pass has left in the
        leaves stays there. Whoever wants a fresh start sets grad to 0.0
        before.
        """
        raise NotImplementedError("backward is empty: seed, order, +=")
