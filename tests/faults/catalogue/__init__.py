"""A catalogue of planted faults, over all families and all kinds of fault that learners were seen to make.

Each fault is a right file and what is changed in it; the verdict on it is the first wrong result, by name. The kinds
are numbered in the order of how often they were found, `KINDS`; letters are what a plain gradient check lets through.
"""

from __future__ import annotations

from typing import NamedTuple

KINDS = {
    "1": "the gradient of what was broadcast not summed, or over a wrong axis",
    "2": "= for += where something is used more than once",
    "3": "the batch's 1/N: left out, twice, or of something else",
    "4": "softmax over the wrong axis",
    "5": "the raw error propagated instead of the delta",
    "6": "softmax differentiated like a sigmoid",
    "7": "the derivative of the activation left out",
    "8": "the derivative at the wrong quantity",
    "9": "the numeric gradient times h",
    "10": "targets (N,) against predictions (N, 1)",
    "11": "autograd without an order or without a visited set",
    "12": "a wrong sign",
    "13": "dropout: keep and drop confused, scale or mask wrong",
    "14": "a path, an axis or a count wrong in batch and layer norm",
    "15": "a transposed product, or a wrong order",
    "16": "the factor 2 of a square",
    "17": "labels: a whole column, or shifted",
    "18": "optimisers: their time, their memory, their moments",
    "19": "a cached or handed array changed in place, state that is shared",
    "20": "weights updated before the error has passed through them",
    "21": "a gradient check in float32, one-sided, or with a wrong step",
    "22": "p - y for a loss on probabilities, or times the derivative again",
    "23": "gradients never reset",
    "24": "the mask of ReLU from the wrong array, the leaky slope lost",
    "A": "only the gradient of the input is wrong",
    "B": "right as long as the stride is the size of the pool",
    "C": "what adds nothing while the biases are zero",
    "D": "forward and backward share the mistake",
    "E": "finite, of the right shape, not zero, and nothing more",
    "F": "right for equal sizes, a batch of one, p = 0.5, an upstream gradient of ones",
    "G": "right everywhere but at the edge: a tie, a kink, a value too large",
}

Change = tuple[str, str]


class Fault(NamedTuple):
    """One fault: what is changed in a right file, and what is said of it then."""

    base: str  # the right file, by its name in `bases`
    kinds: str  # of KINDS, with spaces between
    label: str
    first: str  # the first wrong result and its verdict
    changes: tuple[Change, ...]


def fault(base: str, kinds: str, label: str, first: str, *changes: Change) -> Fault:
    """A fault; where `first` has no verdict, it is "wrong_value"."""
    return Fault(base, kinds, label, first if " " in first else f"{first} wrong_value", changes)
