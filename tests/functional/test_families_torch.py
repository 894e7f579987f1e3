"""torch.autograd.Function: right code in any style passes, each planted fault is found where it is."""

from __future__ import annotations

import pytest

from tests.families import outcome, spec
from tests.gradings import changed
from tutor.learner import Box

LINEAR = """
import torch
class Linear(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, W, b):
        ctx.save_for_backward(x, W)
        return x @ W + b
    @staticmethod
    def backward(ctx, grad_output):
        x, W = ctx.saved_tensors
        return grad_output @ W.T, x.T @ grad_output, grad_output.sum(0)
"""
PLAIN_NUMPY = """
import numpy as np
from torch import from_numpy
from torch.autograd import Function
class Linear(Function):
    @staticmethod
    def forward(ctx, x, W, b):
        ctx.x, ctx.W = x.numpy(), W.numpy()
        return from_numpy(ctx.x @ ctx.W + b.numpy())
    @staticmethod
    def backward(ctx, g):
        g = g.numpy()
        return from_numpy(g @ ctx.W.T), from_numpy(ctx.x.T @ g), from_numpy(g.sum(0))
"""
NEEDS = """
from torch.autograd import Function
class Linear(Function):
    @staticmethod
    def forward(x, W, b):
        return x.mm(W).add(b)
    @staticmethod
    def setup_context(ctx, inputs, output):
        x, W, b = inputs
        ctx.save_for_backward(x, W)
    @staticmethod
    def backward(ctx, g):
        x, W = ctx.saved_tensors
        dx = g.mm(W.t()) if ctx.needs_input_grad[0] else None
        dW = x.t().mm(g) if ctx.needs_input_grad[1] else None
        return dx, dW, g.sum(dim=0)
"""
RELU = """
import torch
class ReLU(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x > 0)
        return x.clamp(min=0)
    @staticmethod
    def backward(ctx, g):
        return g * ctx.saved_tensors[0]
"""
EMBEDDING = """
import torch
class Embedding(torch.autograd.Function):
    @staticmethod
    def forward(ctx, tokens, W):
        ctx.save_for_backward(tokens)
        ctx.shape = W.shape
        return W[tokens]
    @staticmethod
    def backward(ctx, g):
        grad_W = torch.zeros(ctx.shape, dtype=g.dtype)
        return None, grad_W.index_add_(0, ctx.saved_tensors[0].flatten(), g.flatten(0, 1))
"""
TORCH = spec("torch_function", "Linear", 'of = "linear"')
RIGHT_FUNCTIONS = {
    "saved tensors": (TORCH, LINEAR),
    "a bias gradient that PyTorch sums itself": (TORCH, changed(LINEAR, ("grad_output.sum(0)", "grad_output"))),
    "NumPy inside": (TORCH, PLAIN_NUMPY),
    "setup_context and needs_input_grad": (TORCH, NEEDS),
    "whole numbers, which have no gradient": (spec("torch_function", "Embedding", 'of = "embedding"'), EMBEDDING),
    "ReLU": (spec("torch_function", "ReLU", 'of = "relu"'), RELU),
}


@pytest.mark.parametrize("style", RIGHT_FUNCTIONS)
def test_a_right_torch_function_passes_in_any_style(box: Box, style: str) -> None:
    assert outcome(box, *RIGHT_FUNCTIONS[style]) == "passed"


BACK = "grad_output @ W.T, x.T @ grad_output, grad_output.sum(0)"
PLANTED_TORCH = {
    "not summed": ("grad_output.sum(0)", "grad_output.mean(0)", "grad_b wrong_value"),
    "transposed": ("x.T @ grad_output", "grad_output.T @ x", "could_not_run exception"),
    "sign": ("x.T @ grad_output", "-x.T @ grad_output", "grad_W wrong_value"),
    "order of the gradients": (
        BACK,
        "grad_output.sum(0), grad_output @ W.T, x.T @ grad_output",
        "could_not_run exception",
    ),
    "no gradient for W": ("x.T @ grad_output", "None", "grad_W missing"),
    "divided by the batch": ("x.T @ grad_output", "x.T @ grad_output / len(x)", "grad_W wrong_value"),
    "bias forgotten": ("x @ W + b", "x @ W", "out wrong_value"),
    "state outside ctx": (
        "ctx.save_for_backward(x, W)",
        "Linear.kept = (x, W); ctx.save_for_backward(x, W)",
        "grad_W_of_two_uses wrong_value",
    ),
    "upstream ignored": ("x, W = ctx", "grad_output = torch.ones_like(grad_output); x, W = ctx", "grad_W wrong_value"),
}


@pytest.mark.parametrize("fault", PLANTED_TORCH)
def test_a_planted_fault_in_a_torch_function_is_found(box: Box, fault: str) -> None:
    right, wrong, first = PLANTED_TORCH[fault]
    source = changed(LINEAR, (right, wrong))
    if fault == "state outside ctx":
        source = changed(source, ("x, W = ctx.saved_tensors", "x, W = Linear.kept"))
    assert outcome(box, TORCH, source) == first
