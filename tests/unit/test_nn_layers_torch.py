"""The further layers against PyTorch's own in float64, parameter by parameter."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from tutor.nn import BatchNorm, Conv2D, Embedding, LayerNorm, MaxPool2D, Recurrent, RecurrentStep, SelfAttention

Array = NDArray[Any]
N, D, T = 5, 4, 3


def leaf(array: Array) -> torch.Tensor:
    return torch.tensor(array, dtype=torch.float64, requires_grad=True)


def assert_close(ours: Any, theirs: torch.Tensor | None) -> None:
    assert theirs is not None
    np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=1e-11, atol=1e-13)


def backward(out: torch.Tensor, g: Array) -> None:
    torch.autograd.backward(out, torch.tensor(g))


def put(module: torch.nn.Module, **values: Array) -> None:
    """Set the module's parameters and buffers by their PyTorch names."""
    for name, value in values.items():
        getattr(module, name).data = torch.tensor(value)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


@pytest.mark.parametrize(("kernel", "stride", "padding"), [(3, 1, 0), (3, 1, 1), (2, 2, 0), (3, 2, 2), (1, 3, 0)])
def test_conv2d(kernel: int, stride: int, padding: int, rng: np.random.Generator) -> None:
    ours = Conv2D(3, 4, kernel, stride, padding, rng)
    ours.b = rng.normal(size=4)
    x = rng.normal(size=(2, 3, 8, 7))
    x_torch, W_torch, b_torch = leaf(x), leaf(ours.W), leaf(ours.b)
    out = torch.nn.functional.conv2d(x_torch, W_torch, b_torch, stride, padding)
    backward(out, g := rng.normal(size=out.shape))
    assert_close(ours.forward(x), out)
    assert_close(ours.backward(g), x_torch.grad)
    assert_close(ours.grad_W, W_torch.grad)
    assert_close(ours.grad_b, b_torch.grad)


@pytest.mark.parametrize(("size", "stride"), [(2, None), (3, 1), (3, 2), (2, 3)])
@pytest.mark.parametrize("tied", [False, True])
def test_max_pool(size: int, stride: int | None, tied: bool, rng: np.random.Generator) -> None:
    # With ties too: PyTorch gives the gradient to the first of the window as well.
    x = rng.integers(2, size=(2, 3, 7, 8)).astype(float) if tied else rng.normal(size=(2, 3, 7, 8))
    ours, x_torch = MaxPool2D(size, stride), leaf(x)
    out = torch.nn.functional.max_pool2d(x_torch, size, stride)
    backward(out, g := rng.normal(size=out.shape))
    assert_close(ours.forward(x), out)
    assert_close(ours.backward(g), x_torch.grad)


def test_batch_norm_in_training_and_in_use(rng: np.random.Generator) -> None:
    ours, theirs = BatchNorm(D, momentum=0.3), torch.nn.BatchNorm1d(D, momentum=0.3, dtype=torch.float64)
    ours.gamma, ours.beta = rng.normal(size=D), rng.normal(size=D)
    put(theirs, weight=ours.gamma, bias=ours.beta)
    for training in (True, True, True, False):
        ours.training = training
        theirs.train(training)
        x, g = 2 + 3 * rng.normal(size=(N, D)), rng.normal(size=(N, D))
        x_torch = leaf(x)
        theirs.zero_grad()
        out = theirs(x_torch)
        backward(out, g)
        assert_close(ours.forward(x), out)
        assert_close(ours.backward(g), x_torch.grad)
        assert_close(ours.grad_gamma, theirs.weight.grad)
        assert_close(ours.grad_beta, theirs.bias.grad)
        assert_close(ours.running_mean, theirs.running_mean)
        assert_close(ours.running_var, theirs.running_var)


@pytest.mark.parametrize("shape", [(N, D), (N, T, D)])
def test_layer_norm(shape: tuple[int, ...], rng: np.random.Generator) -> None:
    ours = LayerNorm(D)
    ours.gamma, ours.beta = rng.normal(size=D), rng.normal(size=D)
    x, g = 2 + 3 * rng.normal(size=shape), rng.normal(size=shape)
    x_torch, gamma, beta = leaf(x), leaf(ours.gamma), leaf(ours.beta)
    out = torch.nn.functional.layer_norm(x_torch, (D,), gamma, beta, eps=1e-5)
    backward(out, g)
    assert_close(ours.forward(x), out)
    assert_close(ours.backward(g), x_torch.grad)
    assert_close(ours.grad_gamma, gamma.grad)
    assert_close(ours.grad_beta, beta.grad)


def test_embedding(rng: np.random.Generator) -> None:
    ours = Embedding(4, D, rng)
    tokens, g = np.array([[1, 1, 3], [0, 1, 3]]), rng.normal(size=(2, 3, D))
    W_torch = leaf(ours.W)
    out = torch.nn.functional.embedding(torch.tensor(tokens), W_torch)
    backward(out, g)
    assert_close(ours.forward(tokens), out)
    ours.backward(g)
    assert_close(ours.grad_W, W_torch.grad)


@pytest.mark.parametrize("causal", [False, True])
def test_self_attention_with_a_head_narrower_than_the_features(causal: bool, rng: np.random.Generator) -> None:
    ours = SelfAttention(D, 3, causal, rng)
    x, g = 2 * rng.normal(size=(N, T, D)), rng.normal(size=(N, T, D))
    x_torch = leaf(x)
    W = {name: leaf(getattr(ours, name)) for name in ("W_q", "W_k", "W_v", "W_o")}
    context = torch.nn.functional.scaled_dot_product_attention(
        x_torch @ W["W_q"], x_torch @ W["W_k"], x_torch @ W["W_v"], is_causal=causal
    )
    out = context @ W["W_o"]
    backward(out, g)
    assert_close(ours.forward(x), out)
    assert_close(ours.backward(g), x_torch.grad)
    for name, value in W.items():
        assert_close(getattr(ours, f"grad_{name}"), value.grad)


def test_self_attention_against_the_whole_module(rng: np.random.Generator) -> None:
    ours = SelfAttention(D, D, rng=rng)
    theirs = torch.nn.MultiheadAttention(D, num_heads=1, bias=False, batch_first=True, dtype=torch.float64)
    # PyTorch keeps weights as (out, in), and those of query, key and value in one matrix.
    put(theirs, in_proj_weight=np.concatenate([ours.W_q.T, ours.W_k.T, ours.W_v.T]))
    put(theirs.out_proj, weight=ours.W_o.T.copy())
    x, g = rng.normal(size=(N, T, D)), rng.normal(size=(N, T, D))
    x_torch = leaf(x)
    out, weights = theirs(x_torch, x_torch, x_torch)
    backward(out, g)
    assert_close(ours.forward(x), out)
    assert_close(ours.weights, weights)
    assert_close(ours.backward(g), x_torch.grad)
    assert_close(np.concatenate([ours.grad_W_q.T, ours.grad_W_k.T, ours.grad_W_v.T]), theirs.in_proj_weight.grad)
    assert_close(ours.grad_W_o.T, theirs.out_proj.weight.grad)


def put_recurrent(theirs: torch.nn.Module, ours: Recurrent | RecurrentStep, suffix: str = "") -> None:
    # PyTorch adds two biases; with the second at zero the first is ours.
    put(
        theirs,
        **{
            "weight_ih" + suffix: ours.W_x.T.copy(),
            "weight_hh" + suffix: ours.W_h.T.copy(),
            "bias_ih" + suffix: ours.b,
            "bias_hh" + suffix: np.zeros_like(ours.b),
        },
    )


def test_recurrent_step(rng: np.random.Generator) -> None:
    ours, theirs = RecurrentStep(D, 3, rng), torch.nn.RNNCell(D, 3, dtype=torch.float64)
    ours.b = rng.normal(size=3)
    put_recurrent(theirs, ours)
    x, h_prev, g = rng.normal(size=(N, D)), rng.normal(size=(N, 3)), rng.normal(size=(N, 3))
    x_torch, h_torch = leaf(x), leaf(h_prev)
    out = theirs(x_torch, h_torch)
    backward(out, g)
    assert_close(ours.forward(x, h_prev), out)
    grad_x, grad_h_prev = ours.backward(g)
    assert_close(grad_x, x_torch.grad)
    assert_close(grad_h_prev, h_torch.grad)
    assert_close(ours.grad_W_x.T, theirs.weight_ih.grad)
    assert_close(ours.grad_W_h.T, theirs.weight_hh.grad)
    assert_close(ours.grad_b, theirs.bias_ih.grad)


def test_recurrent_through_time(rng: np.random.Generator) -> None:
    ours, theirs = Recurrent(D, 3, rng), torch.nn.RNN(D, 3, batch_first=True, dtype=torch.float64)
    ours.b = rng.normal(size=3)
    put_recurrent(theirs, ours, "_l0")
    x, h_0, g = rng.normal(size=(N, 6, D)), rng.normal(size=(N, 3)), rng.normal(size=(N, 6, 3))
    x_torch, h_torch = leaf(x), leaf(h_0[None])
    out, _ = theirs(x_torch, h_torch)
    backward(out, g)
    assert_close(ours.forward(x, h_0), out)
    assert_close(ours.backward(g), x_torch.grad)
    assert_close(ours.grad_h_0[None], h_torch.grad)
    grads = {name: parameter.grad for name, parameter in theirs.named_parameters()}
    assert_close(ours.grad_W_x.T, grads["weight_ih_l0"])
    assert_close(ours.grad_W_h.T, grads["weight_hh_l0"])
    assert_close(ours.grad_b, grads["bias_ih_l0"])
