"""Optimisers, clipping, initialisers and the training step against PyTorch in float64, and by hand."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import Any, Protocol

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from tutor.nn import (
    SGD,
    Adam,
    AdamW,
    Momentum,
    Nesterov,
    RMSProp,
    TanhNetwork,
    clip_by_norm,
    clip_by_value,
    he_normal,
    he_uniform,
    lecun_normal,
    lecun_uniform,
    train_epoch,
    train_step,
    xavier_normal,
    xavier_uniform,
)

Array = NDArray[Any]
SHAPES = {"W": (4, 3), "b": (3,), "scale": ()}
LR = 0.03


class Optimizer(Protocol):
    lr: float

    def step(self, params: dict[str, Array], grads: dict[str, Array], /) -> None: ...


Twin = Callable[[Iterable[torch.Tensor]], torch.optim.Optimizer]
PAIRS: dict[str, tuple[Callable[[], Optimizer], Twin]] = {
    "sgd": (lambda: SGD(LR), lambda p: torch.optim.SGD(p, LR)),
    "momentum": (lambda: Momentum(LR, 0.8), lambda p: torch.optim.SGD(p, LR, momentum=0.8)),
    "nesterov": (lambda: Nesterov(LR, 0.8), lambda p: torch.optim.SGD(p, LR, momentum=0.8, nesterov=True)),
    "rmsprop": (lambda: RMSProp(LR, 0.95, 1e-7), lambda p: torch.optim.RMSprop(p, LR, alpha=0.95, eps=1e-7)),
    "adam": (lambda: Adam(LR), lambda p: torch.optim.Adam(p, LR)),
    "adam, other settings": (
        lambda: Adam(LR, 0.7, 0.95, 1e-3),
        lambda p: torch.optim.Adam(p, LR, betas=(0.7, 0.95), eps=1e-3),
    ),
    "adam with a penalty": (
        lambda: Adam(LR, weight_decay=0.2),
        lambda p: torch.optim.Adam(p, LR, weight_decay=0.2),
    ),
    "adamw": (lambda: AdamW(LR, weight_decay=0.2), lambda p: torch.optim.AdamW(p, LR, weight_decay=0.2)),
}


def draw(rng: np.random.Generator, scale: float = 1.0) -> dict[str, Array]:
    return {name: np.array(scale * rng.normal(size=shape)) for name, shape in SHAPES.items()}


@pytest.mark.parametrize("scale", [1.0, 1e-6, 1e6])
@pytest.mark.parametrize("name", PAIRS)
def test_forty_steps_end_where_pytorch_ends(name: str, scale: float) -> None:
    rng = np.random.default_rng(3)
    make, make_twin = PAIRS[name]
    params, optimizer = draw(rng), make()
    twins = {key: torch.tensor(value, requires_grad=True) for key, value in params.items()}
    twin = make_twin(twins.values())
    for _ in range(40):
        grads = draw(rng, scale)
        optimizer.step(params, grads)
        for key, tensor in twins.items():
            tensor.grad = torch.tensor(grads[key])
        twin.step()
    for key, value in params.items():
        np.testing.assert_allclose(value, twins[key].detach().numpy(), rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("name", PAIRS)
def test_gradients_stay_as_they_are_float32_stays_and_instances_share_nothing(name: str) -> None:
    rng = np.random.default_rng(4)
    one, other = PAIRS[name][0](), PAIRS[name][0]()
    params = {key: value.astype(np.float32) for key, value in draw(rng).items()}
    same = {key: value.copy() for key, value in params.items()}
    for _ in range(3):
        grads = {key: value.astype(np.float32) for key, value in draw(rng).items()}
        before = {key: value.copy() for key, value in grads.items()}
        one.step(params, grads)
        other.step(same, grads)
        assert all(np.array_equal(grads[key], before[key]) for key in grads)
    for key in params:
        assert params[key].dtype == np.float32
        np.testing.assert_array_equal(params[key], same[key])


def test_first_steps_by_hand() -> None:
    g = {"w": np.array([2.0, -0.5])}
    for optimizer, expected in (
        (Momentum(0.1), -0.1 * g["w"]),
        (Nesterov(0.1), -0.19 * g["w"]),
        (RMSProp(0.1, eps=0.0), np.array([-1.0, 1.0]) * 0.1 / np.sqrt(0.1)),
        (Adam(0.1, eps=0.0), np.array([-0.1, 0.1])),
    ):
        w = {"w": np.zeros(2)}
        optimizer.step(w, g)
        np.testing.assert_allclose(w["w"], expected, rtol=1e-15)


def test_nesterov_is_sutskevers_walk_seen_ahead() -> None:
    """Sutskever's form, with the gradient of a bowl taken at the looked-ahead point, against ours."""
    curvature, lr, mu = np.array([1.0, 30.0]), 0.01, 0.9
    ahead = {"w": np.array([1.0, -2.0])}
    ball, velocity = ahead["w"].copy(), np.zeros(2)
    optimizer = Nesterov(lr, mu)
    for _ in range(20):
        velocity = mu * velocity - lr * curvature * (ball + mu * velocity)
        ball = ball + velocity
        optimizer.step(ahead, {"w": curvature * ahead["w"]})
        np.testing.assert_allclose(ahead["w"], ball + mu * velocity, rtol=1e-12)


def test_a_parameter_without_a_gradient_is_named() -> None:
    for make, _ in PAIRS.values():
        with pytest.raises(KeyError, match="'b'"):
            make().step({"b": np.zeros(2)}, {"W": np.zeros(2)})


# ── clipping ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("max_norm", [0.5, 3.0, 100.0])
def test_clip_by_norm(max_norm: float) -> None:
    grads = draw(np.random.default_rng(5))
    twins = [torch.tensor(g, requires_grad=True) for g in grads.values()]
    for twin, g in zip(twins, grads.values(), strict=True):
        twin.grad = torch.tensor(g)
    norm = torch.nn.utils.clip_grad_norm_(twins, max_norm)
    assert clip_by_norm(grads, max_norm) == pytest.approx(norm.item(), rel=1e-14)
    for twin, g in zip(twins, grads.values(), strict=True):
        assert twin.grad is not None
        np.testing.assert_allclose(g, twin.grad.numpy(), rtol=3e-6)  # of PyTorch's 1e-6 in the divisor
    assert clip_by_norm(grads, np.inf) == pytest.approx(min(norm.item(), max_norm), rel=1e-14)


def test_clip_by_norm_of_nothing_and_of_what_has_no_direction() -> None:
    assert clip_by_norm({"w": np.zeros(3)}, 1.0) == 0.0
    with pytest.raises(ValueError, match="nan"):
        clip_by_norm({"w": np.array([1.0, np.nan])}, 1.0)


def test_clip_by_value() -> None:
    grads = draw(np.random.default_rng(6))
    twin = torch.nn.Parameter(torch.zeros(4, 3, dtype=torch.float64))
    twin.grad = torch.tensor(grads["W"])
    torch.nn.utils.clip_grad_value_([twin], 0.7)
    clip_by_value(grads, 0.7)
    np.testing.assert_array_equal(grads["W"], twin.grad.numpy())
    assert np.abs(grads["W"]).max() == 0.7


# ── initialisers ─────────────────────────────────────────────────────────────────────────────────────────────────────

N_IN, N_OUT = 300, 200
RULES: list[tuple[Callable[[int, int, np.random.Generator], Array], Callable[[torch.Tensor], torch.Tensor]]] = [
    (he_normal, lambda w: torch.nn.init.kaiming_normal_(w, nonlinearity="relu")),
    (he_uniform, lambda w: torch.nn.init.kaiming_uniform_(w, nonlinearity="relu")),
    (lecun_normal, lambda w: torch.nn.init.kaiming_normal_(w, nonlinearity="linear")),
    (lecun_uniform, lambda w: torch.nn.init.kaiming_uniform_(w, nonlinearity="linear")),
    (xavier_normal, torch.nn.init.xavier_normal_),
    (xavier_uniform, torch.nn.init.xavier_uniform_),
]


@pytest.mark.parametrize(("ours", "theirs"), RULES, ids=lambda rule: getattr(rule, "__name__", ""))
def test_initial_weights_have_the_moments_of_pytorchs(
    ours: Callable[[int, int, np.random.Generator], Array], theirs: Callable[[torch.Tensor], torch.Tensor]
) -> None:
    torch.manual_seed(0)
    twin = theirs(torch.empty(N_OUT, N_IN, dtype=torch.float64)).numpy()  # PyTorch's layout is (out, in)
    W = ours(N_IN, N_OUT, np.random.default_rng(0))
    assert W.shape == (N_IN, N_OUT)
    assert abs(W.mean()) < 4 * W.std() / np.sqrt(W.size)
    assert W.var() == pytest.approx(twin.var(), rel=0.03)
    assert (np.abs(W).max() == pytest.approx(np.abs(twin).max(), rel=1e-3)) == ("uniform" in ours.__name__)
    np.testing.assert_array_equal(W, ours(N_IN, N_OUT, np.random.default_rng(0)))


def test_he_keeps_a_signal_alive_through_twenty_relu_layers() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(100, 128))
    for _ in range(20):
        x = np.maximum(x @ he_normal(128, 128, rng), 0)
    assert 0.1 < np.mean(x * x) < 10


# ── the training step ────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_epoch_is_pytorchs_epoch_with_an_uneven_last_batch() -> None:
    rng = np.random.default_rng(8)
    network = TanhNetwork(3, 4, 2, rng)
    x, y = rng.normal(size=(10, 3)), rng.normal(size=(10, 2))
    twin = {name: torch.tensor(value, requires_grad=True) for name, value in network.params.items()}
    optimizer = torch.optim.SGD(twin.values(), lr=0.1)
    for _ in range(2):
        loss = train_epoch(network, x, y, 0.1, batch_size=4)
        losses = []
        for rows in (slice(0, 4), slice(4, 8), slice(8, 10)):
            hidden = torch.tanh(torch.tensor(x[rows]) @ twin["W1"] + twin["b1"])
            error = hidden @ twin["W2"] + twin["b2"] - torch.tensor(y[rows])
            optimizer.zero_grad()
            batch_loss = (error * error).sum() / len(error)
            torch.autograd.backward(batch_loss)
            optimizer.step()
            losses += [batch_loss.item()] * len(error)
        assert loss == pytest.approx(np.mean(losses), rel=1e-13)
        for name, value in network.params.items():
            np.testing.assert_allclose(value, twin[name].detach().numpy(), rtol=1e-12)


def test_a_shuffled_epoch_sees_every_sample_once_with_its_own_target() -> None:
    rng = np.random.default_rng(9)
    network = TanhNetwork(3, 4, 1, rng)
    seen: list[float] = []
    forward = network.forward
    network.forward = lambda x: (seen.extend(x[:, 0]), forward(x))[1]  # type: ignore[method-assign, func-returns-value]
    x = rng.normal(size=(7, 3))
    train_epoch(network, x, x[:, :1], 0.05, batch_size=3, rng=rng)
    assert seen != list(x[:, 0])
    assert sorted(seen) == sorted(x[:, 0])


def test_training_learns() -> None:
    rng = np.random.default_rng(10)
    x = np.array(list(itertools.product([0.0, 1.0], repeat=2)))
    y = (x.sum(axis=1, keepdims=True) == 1).astype(float)  # exclusive or
    network = TanhNetwork(2, 8, 1, rng)
    losses = [train_step(network, x, y, 0.2) for _ in range(500)]
    assert losses[-1] < 0.01 < losses[0]
