"""The further layers against the complex step: every input, every parameter, every intermediate that has a gradient."""

from __future__ import annotations

from copy import copy
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.complex_step import complex_step
from tutor.nn import (
    BatchNorm,
    Conv2D,
    Dropout,
    Embedding,
    LayerNorm,
    MaxPool2D,
    Recurrent,
    RecurrentStep,
    SelfAttention,
)

Array = NDArray[Any]
LIMIT = 1e-12

sizes = st.integers(1, 4)
seeds = st.integers(0, 2**32 - 1)
fixed = settings(derandomize=True, deadline=None, max_examples=40)


def assert_same(got: Array, true: Array, terms: float = 0.0) -> None:
    """Equal up to rounding; `terms` is the size of what was summed, where a sum may cancel to nearly nothing."""
    assert got.shape == true.shape
    scale = np.linalg.norm(got) + np.linalg.norm(true) + terms
    assert np.linalg.norm(got - true) <= LIMIT * scale, f"norm ratio {np.linalg.norm(got - true) / scale:.1e}"


def distinct(rng: np.random.Generator, *shape: int) -> Array:
    """Values no two of which are equal or nearly so: a maximum of them has a slope."""
    return rng.permutation(np.linspace(-3, 3, int(np.prod(shape)))).reshape(shape)


def check(
    layer: Any,
    rng: np.random.Generator,
    inputs: dict[str, Array],
    parameters: tuple[str, ...] = (),
    constants: dict[str, Any] | None = None,
    terms: float = 0.0,
) -> None:
    """Hold what backward returns, and each grad_<parameter>, against the complex step through forward."""
    given = {**inputs, **(constants or {})}
    out = layer.forward(**given)
    g = rng.normal(size=out.shape)
    returned = layer.backward(g)
    returned = returned if isinstance(returned, tuple) else (returned,)

    def with_input(name: str, value: Array) -> Any:
        return (copy(layer).forward(**{**given, name: value}) * g).sum()

    def with_parameter(name: str, value: Array) -> Any:
        other = copy(layer)
        setattr(other, name, value)
        return (other.forward(**given) * g).sum()

    for (name, value), grad in zip(inputs.items(), returned, strict=True):
        assert_same(grad, complex_step(lambda v, name=name: with_input(name, v), value), terms)  # type: ignore[misc]
    for name in parameters:
        true = complex_step(lambda v, name=name: with_parameter(name, v), getattr(layer, name))  # type: ignore[misc]
        assert_same(getattr(layer, f"grad_{name}"), true, terms)


@given(
    n=st.integers(1, 3),
    channels=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    kernel=st.integers(1, 3),
    more=st.tuples(st.integers(0, 3), st.integers(0, 3)),
    stride=st.integers(1, 3),
    padding=st.integers(0, 2),
    seed=seeds,
)
@fixed
def test_conv2d(
    n: int, channels: tuple[int, int], kernel: int, more: tuple[int, int], stride: int, padding: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    layer = Conv2D(*channels, kernel, stride, padding, rng)
    layer.b = rng.normal(size=channels[1])
    x = rng.normal(size=(n, channels[0], kernel + more[0], kernel + more[1]))
    check(layer, rng, {"x": x}, ("W", "b"))


@given(
    n=st.integers(1, 3),
    channels=st.integers(1, 3),
    size=st.integers(1, 3),
    more=st.tuples(st.integers(0, 4), st.integers(0, 4)),
    stride=st.none() | st.integers(1, 4),
    seed=seeds,
)
@fixed
def test_max_pool(n: int, channels: int, size: int, more: tuple[int, int], stride: int | None, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = distinct(rng, n, channels, size + more[0], size + more[1])
    check(MaxPool2D(size, stride), rng, {"x": x})


@given(n=st.integers(1, 6), d=sizes, training=st.booleans(), seed=seeds)
@fixed
def test_batch_norm(n: int, d: int, training: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    layer = BatchNorm(d)
    layer.gamma, layer.beta, layer.training = rng.normal(size=d), rng.normal(size=d), training
    layer.running_mean, layer.running_var = rng.normal(size=d), rng.uniform(0.5, 2, size=d)
    x = rng.normal(size=(n, d))
    layer.forward(x)
    # A small batch loses nearly all of the gradient: two samples always become -1 and 1.
    terms = float(np.linalg.norm(layer.gamma * layer.inv_std) * (1 + np.abs(layer.x_hat).max()))
    check(layer, rng, {"x": x}, ("gamma", "beta"), terms=terms)


@given(n=st.integers(2, 6), d=sizes, seed=seeds)
@fixed
def test_the_three_paths_of_batch_norm(n: int, d: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    layer = BatchNorm(d)
    layer.gamma = rng.normal(size=d)
    layer.forward(rng.normal(size=(n, d)))
    g = rng.normal(size=(n, d))
    layer.backward(g)
    x = layer.centred + layer.mean

    def objective(mean: Array, var: Array) -> Any:
        return (layer.gamma * (x - mean) / np.sqrt(var + layer.eps) * g).sum()

    assert_same(layer.grad_x_hat, complex_step(lambda v: (layer.gamma * v * g).sum(), layer.x_hat))
    terms = float(np.abs(layer.inv_std**3).max() * np.abs(g).max())
    assert_same(layer.grad_var, complex_step(lambda v: objective(layer.mean, v), layer.var), terms)
    assert_same(layer.grad_mean, complex_step(lambda v: objective(v, layer.var), layer.mean), terms)


@given(before=st.lists(sizes, max_size=3), d=st.integers(1, 6), seed=seeds)
@fixed
def test_layer_norm(before: list[int], d: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    layer = LayerNorm(d)
    layer.gamma, layer.beta = rng.normal(size=d), rng.normal(size=d)
    x = rng.normal(size=(*before, d))
    layer.forward(x)
    terms = float(np.linalg.norm(layer.inv_std) * np.linalg.norm(layer.gamma))
    check(layer, rng, {"x": x}, ("gamma", "beta"), terms=terms)


@given(shape=st.lists(sizes, min_size=1, max_size=3), p=st.floats(0, 0.95), training=st.booleans(), seed=seeds)
@fixed
def test_dropout(shape: list[int], p: float, training: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    layer = Dropout(p)
    layer.training = training
    mask = (rng.random(shape) >= p).astype(rng.choice([bool, int, float]))  # type: ignore[arg-type]
    check(layer, rng, {"x": rng.normal(size=shape)}, constants={"mask": mask})


@given(shape=st.lists(sizes, min_size=1, max_size=3), n_tokens=sizes, n_features=sizes, seed=seeds)
@fixed
def test_embedding(shape: list[int], n_tokens: int, n_features: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    layer = Embedding(n_tokens, n_features, rng)
    tokens, g = rng.integers(n_tokens, size=shape), rng.normal(size=(*shape, n_features))

    def objective(W: Array) -> Any:
        other = Embedding(n_tokens, n_features)
        other.W = W
        return (other.forward(tokens) * g).sum()

    layer.forward(tokens)
    layer.backward(g)
    assert_same(layer.grad_W, complex_step(objective, layer.W))


@given(n=st.integers(1, 3), t=sizes, d=sizes, h=sizes, causal=st.booleans(), seed=seeds)
@fixed
def test_self_attention(n: int, t: int, d: int, h: int, causal: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    layer = SelfAttention(d, h, causal, rng)
    # With one place, or one that sees itself alone, the scores have no say and their gradients cancel to nothing.
    check(layer, rng, {"x": rng.normal(size=(n, t, d))}, ("W_q", "W_k", "W_v", "W_o"), terms=1.0)


@given(n=st.integers(1, 3), t=sizes, d=sizes, h=sizes, causal=st.booleans(), seed=seeds)
@fixed
def test_every_intermediate_of_self_attention(n: int, t: int, d: int, h: int, causal: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    layer = SelfAttention(d, h, causal, rng)
    g = rng.normal(size=layer.forward(rng.normal(size=(n, t, d))).shape)
    layer.backward(g)
    seen = np.tril(np.ones((t, t))) if causal else np.ones((t, t))

    def objective(**given: Array) -> Any:
        """The pass from the given intermediate on; what comes before it stands as it was."""
        q, k, v = (given.get(name, getattr(layer, name)) for name in ("q", "k", "v"))
        scores = given.get("scores", np.einsum("nth,nuh->ntu", q, k) / h**0.5)
        e = np.exp(scores) * seen
        weights = given.get("weights", e / e.sum(axis=-1, keepdims=True))
        context = given.get("context", np.einsum("ntu,nuh->nth", weights, v))
        return np.einsum("nth,hd,ntd->", context, layer.W_o, g)

    for name in ("q", "k", "v", "scores", "weights", "context"):
        true = complex_step(lambda v, name=name: objective(**{name: v}), getattr(layer, name))  # type: ignore[misc]
        assert_same(getattr(layer, f"grad_{name}"), true, terms=1.0)


@given(n=sizes, n_in=sizes, n_hidden=sizes, seed=seeds)
@fixed
def test_recurrent_step(n: int, n_in: int, n_hidden: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    layer = RecurrentStep(n_in, n_hidden, rng)
    layer.b = rng.normal(size=n_hidden)
    inputs = {"x": rng.normal(size=(n, n_in)), "h_prev": rng.normal(size=(n, n_hidden))}
    check(layer, rng, inputs, ("W_x", "W_h", "b"))


@given(n=st.integers(1, 3), t=st.integers(1, 5), n_in=sizes, n_hidden=sizes, begun=st.booleans(), seed=seeds)
@fixed
def test_recurrent(n: int, t: int, n_in: int, n_hidden: int, begun: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    layer = Recurrent(n_in, n_hidden, rng)
    layer.b = rng.normal(size=n_hidden)
    h_0 = rng.normal(size=(n, n_hidden)) if begun else np.zeros((n, n_hidden))
    x, g = rng.normal(size=(n, t, n_in)), rng.normal(size=(n, t, n_hidden))
    check(layer, rng, {"x": x}, ("W_x", "W_h", "b"), constants={"h_0": h_0} if begun else None)
    layer.forward(x, h_0)
    layer.backward(g)
    assert_same(layer.grad_h_0, complex_step(lambda v: (copy(layer).forward(x, v) * g).sum(), h_0))
