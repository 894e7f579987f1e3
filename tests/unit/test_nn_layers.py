"""The further layers at their limits: dtypes, repeated calls, ties, extremes, and numbers done by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import DTypeLike, NDArray

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
Rng = np.random.Generator

pytestmark = pytest.mark.filterwarnings("error")  # an overflow that is rescued afterwards still warns

# name: the layer, its parameters and buffers, and what forward takes
LAYERS: dict[str, tuple[Callable[[Rng], Any], tuple[str, ...], Callable[[Rng], tuple[Array, ...]]]] = {
    "conv2d": (lambda r: Conv2D(2, 3, 3, 2, 1, r), ("W", "b"), lambda r: (r.normal(size=(2, 2, 6, 5)),)),
    "max_pool": (lambda r: MaxPool2D(3, 2), (), lambda r: (r.normal(size=(2, 2, 6, 5)),)),
    "batch_norm": (
        lambda r: BatchNorm(3),
        ("gamma", "beta", "running_mean", "running_var"),
        lambda r: (r.normal(size=(4, 3)),),
    ),
    "layer_norm": (lambda r: LayerNorm(3), ("gamma", "beta"), lambda r: (r.normal(size=(4, 3)),)),
    "dropout": (lambda r: Dropout(0.3, r), (), lambda r: (r.normal(size=(4, 3)), r.integers(2, size=(4, 3)) * 1.0)),
    "embedding": (lambda r: Embedding(5, 3, r), ("W",), lambda r: (r.integers(5, size=(4, 2)),)),
    "attention": (
        lambda r: SelfAttention(4, 3, causal=True, rng=r),
        ("W_q", "W_k", "W_v", "W_o"),
        lambda r: (r.normal(size=(2, 3, 4)),),
    ),
    "recurrent_step": (
        lambda r: RecurrentStep(2, 3, r),
        ("W_x", "W_h", "b"),
        lambda r: (r.normal(size=(4, 2)), r.normal(size=(4, 3))),
    ),
    "recurrent": (lambda r: Recurrent(2, 3, r), ("W_x", "W_h", "b"), lambda r: (r.normal(size=(4, 5, 2)),)),
}
every_layer = pytest.mark.parametrize("name", LAYERS)


def results(layer: Any, inputs: tuple[Array, ...], g: Array | None = None) -> dict[str, Array]:
    """Forward and backward: the output, what backward returns, and every grad_ that the layer then holds."""
    out = layer.forward(*inputs)
    returned = layer.backward(np.ones_like(out) if g is None else g)
    returned = returned if isinstance(returned, tuple) else (returned,)
    held = {key: value for key, value in vars(layer).items() if key.startswith("grad_")}
    return {"out": out, **{f"returned {i}": v for i, v in enumerate(returned) if v is not None}, **held}


@every_layer
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
def test_the_dtype_that_comes_in_goes_out(name: str, dtype: DTypeLike) -> None:
    make, parameters, inputs = LAYERS[name]
    layer = make(np.random.default_rng(1))
    for parameter in parameters:
        setattr(layer, parameter, getattr(layer, parameter).astype(dtype))
    # Tokens stay whole numbers, and a mask may be of another dtype than x: only what is normally distributed is cast.
    first, *others = inputs(np.random.default_rng(2))
    first = first if first.dtype.kind == "i" else first.astype(dtype)
    others = others if name == "dropout" else [other.astype(dtype) for other in others]
    for key, value in results(layer, (first, *others)).items():
        assert value.dtype == dtype, key
    for parameter in parameters:
        assert getattr(layer, parameter).dtype == dtype


@every_layer
def test_float32_is_float64_up_to_rounding(name: str) -> None:
    make, parameters, inputs = LAYERS[name]
    given = inputs(np.random.default_rng(2))
    layer, single = make(np.random.default_rng(1)), make(np.random.default_rng(1))
    for parameter in parameters:
        setattr(single, parameter, getattr(single, parameter).astype(np.float32))
    rounded = tuple(a if a.dtype.kind == "i" else a.astype(np.float32) for a in given)
    g = np.random.default_rng(3).normal(size=layer.forward(*given).shape)
    expected, got = results(layer, given, g), results(single, rounded, g.astype(np.float32))
    assert expected.keys() == got.keys()
    for key in expected:
        np.testing.assert_allclose(got[key], expected[key], rtol=1e-4, atol=1e-5, err_msg=key)


@every_layer
def test_the_second_call_gives_what_the_first_gave_and_nothing_handed_in_changes(name: str) -> None:
    make, parameters, inputs = LAYERS[name]
    layer, given = make(np.random.default_rng(1)), inputs(np.random.default_rng(2))
    g = np.random.default_rng(3).normal(size=layer.forward(*given).shape)
    handed_in = [*given, g, *(getattr(layer, parameter) for parameter in parameters)]
    before = [array.copy() for array in handed_in]
    first = {key: value.copy() for key, value in results(layer, given, g).items()}
    layer.forward(*(array[:1] for array in given))  # another batch in between leaves nothing behind
    for key, value in results(layer, given, g).items():
        np.testing.assert_array_equal(value, first[key], err_msg=key)
    for array, copy in zip(handed_in, before, strict=True):
        np.testing.assert_array_equal(array, copy)


@every_layer
def test_a_gradient_has_the_shape_of_its_parameter(name: str) -> None:
    make, parameters, inputs = LAYERS[name]
    layer, given = make(np.random.default_rng(1)), inputs(np.random.default_rng(2))
    found = results(layer, given)
    for parameter in parameters:
        if not parameter.startswith("running"):
            assert found[f"grad_{parameter}"].shape == getattr(layer, parameter).shape
    if name != "embedding":
        assert found["returned 0"].shape == given[0].shape


@every_layer
def test_memory_order_and_gaps_do_not_matter(name: str) -> None:
    make, _, inputs = LAYERS[name]
    given = inputs(np.random.default_rng(2))
    layer = make(np.random.default_rng(1))
    g = np.random.default_rng(3).normal(size=layer.forward(*given).shape)
    expected = {key: value.copy() for key, value in results(layer, given, g).items()}
    with_gaps = [np.repeat(array, 2, axis=-1)[..., ::2] for array in (*given, g)]
    in_columns = [np.asfortranarray(array) for array in (*given, g)]
    for *others, upstream in (with_gaps, in_columns):
        for key, value in results(layer, tuple(others), upstream).items():
            np.testing.assert_allclose(value, expected[key], rtol=1e-12, atol=1e-13, err_msg=key)


@pytest.mark.parametrize(
    ("make", "name", "variance"),
    [
        (lambda rng: Conv2D(40, 50, 3, rng=rng), "W", 2 / 360),
        (lambda rng: Embedding(200, 90, rng), "W", 1.0),
        (lambda rng: SelfAttention(200, 100, rng=rng), "W_k", 1 / 200),
        (lambda rng: SelfAttention(200, 100, rng=rng), "W_o", 1 / 100),
        (lambda rng: RecurrentStep(200, 100, rng), "W_x", 1 / 300),
        (lambda rng: Recurrent(100, 150, rng), "W_h", 1 / 250),
    ],
)
def test_initial_weights(make: Callable[[Rng | None], Any], name: str, variance: float) -> None:
    W = getattr(make(np.random.default_rng(0)), name)
    assert abs(W.mean()) < 4 * np.sqrt(variance / W.size)
    assert W.var() == pytest.approx(variance, rel=0.05)
    np.testing.assert_array_equal(W, getattr(make(np.random.default_rng(0)), name))
    assert not np.array_equal(getattr(make(None), name), getattr(make(None), name))


# ── convolution and pooling ──────────────────────────────────────────────────────────────────────────────────────────


def test_conv2d_by_hand_is_not_flipped() -> None:
    layer = Conv2D(1, 1, 2)
    layer.W, layer.b = np.array([[[[1.0, 2.0], [3.0, 4.0]]]]), np.array([10.0])
    x = np.array([[[[1.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 5.0]]]])
    np.testing.assert_array_equal(layer.forward(x), [[[[11.0, 10.0], [10.0, 30.0]]]])
    grad_x = layer.backward(np.array([[[[1.0, 0.0], [0.0, 2.0]]]]))
    np.testing.assert_array_equal(grad_x, [[[[1.0, 2.0, 0.0], [3.0, 4.0 + 2.0, 4.0], [0.0, 6.0, 8.0]]]])
    np.testing.assert_array_equal(layer.grad_W, [[[[1.0, 0.0], [0.0, 10.0]]]])
    np.testing.assert_array_equal(layer.grad_b, [3.0])


def test_conv2d_is_its_loops() -> None:
    rng = np.random.default_rng(4)
    layer, x = Conv2D(2, 3, 2, stride=2, padding=1, rng=rng), rng.normal(size=(2, 2, 4, 5))
    layer.b = rng.normal(size=3)
    out, padded = layer.forward(x), np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    assert out.shape == (2, 3, 3, 3)
    for n, o, i, j in np.ndindex(out.shape):
        window = padded[n, :, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
        assert out[n, o, i, j] == pytest.approx((window * layer.W[o]).sum() + layer.b[o], rel=1e-13)


def test_pixels_that_no_window_reaches_get_no_gradient() -> None:
    x = np.random.default_rng(0).normal(size=(1, 1, 6, 6))
    layers: list[Conv2D | MaxPool2D] = [Conv2D(1, 1, 2, stride=3), MaxPool2D(2, stride=3)]
    for layer in layers:
        grad_x = layer.backward(np.ones_like(layer.forward(x)))
        assert not grad_x[..., 2::3, :].any() and not grad_x[..., 2::3].any()
        assert grad_x.any()


def test_conv2d_refuses_what_does_not_fit() -> None:
    with pytest.raises(ValueError, match="window shape"):
        Conv2D(1, 1, 3).forward(np.zeros((1, 1, 2, 5)))
    with pytest.raises(ValueError, match="size 4 is different from 8"):
        Conv2D(1, 1, 2).forward(np.zeros((1, 2, 5, 5)))
    with pytest.raises(ValueError, match="window shape"):
        MaxPool2D(3).forward(np.zeros((1, 1, 2, 5)))


def test_overlapping_windows_of_a_max_pool_add_up_and_a_tie_goes_to_the_first() -> None:
    layer = MaxPool2D(2, stride=1)
    x = np.array([[[[0.0, 0.0, 0.0], [0.0, 9.0, 0.0], [-0.0, 0.0, -1.0]]]])
    np.testing.assert_array_equal(layer.forward(x), np.full((1, 1, 2, 2), 9.0))
    grad_x = layer.backward(np.array([[[[1.0, 2.0], [3.0, 4.0]]]]))
    np.testing.assert_array_equal(grad_x, [[[[0, 0, 0], [0, 10.0, 0], [0, 0, 0]]]])
    layer = MaxPool2D(2)
    np.testing.assert_array_equal(layer.forward(np.array([[[[-1.0, -0.0], [0.0, 0.0]]]])), [[[[0.0]]]])
    np.testing.assert_array_equal(layer.backward(np.array([[[[5.0]]]])), [[[[0.0, 5.0], [0.0, 0.0]]]])


# ── normalisation ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_batch_norm_of_one_sample_gives_beta_and_no_gradient() -> None:
    layer = BatchNorm(2)
    layer.gamma, layer.beta = np.array([2.0, 3.0]), np.array([-1.0, 1.0])
    np.testing.assert_array_equal(layer.forward(np.array([[5.0, -1e6]])), [[-1.0, 1.0]])
    np.testing.assert_array_equal(layer.backward(np.array([[1.0, 2.0]])), [[0.0, 0.0]])
    np.testing.assert_array_equal(layer.grad_gamma, [0.0, 0.0])
    np.testing.assert_array_equal(layer.grad_beta, [1.0, 2.0])
    np.testing.assert_allclose(layer.running_mean, [0.5, -1e5])
    np.testing.assert_allclose(layer.running_var, [0.9, 0.9])


def test_features_and_rows_that_never_vary_stay_finite() -> None:
    x = np.full((3, 4), 7.0)
    layers: list[BatchNorm | LayerNorm] = [BatchNorm(4), LayerNorm(4)]
    for layer in layers:
        np.testing.assert_array_equal(layer.forward(x), np.zeros((3, 4)))
        assert np.isfinite(layer.backward(np.arange(12.0).reshape(3, 4))).all()


def test_batch_norm_gradients_of_a_feature_sum_to_zero_and_of_a_row_in_layer_norm() -> None:
    rng = np.random.default_rng(0)
    x, g = rng.normal(size=(6, 4)), rng.normal(size=(6, 4))
    batch, layer = BatchNorm(4), LayerNorm(4)
    batch.gamma, layer.gamma = rng.normal(size=4), rng.normal(size=4)
    batch.forward(x)
    layer.forward(x)
    np.testing.assert_allclose(batch.backward(g).sum(axis=0), 0, atol=1e-13)
    np.testing.assert_allclose(layer.backward(g).sum(axis=1), 0, atol=1e-13)


def test_batch_norm_in_use_leaves_the_running_averages_and_backward_follows_its_forward() -> None:
    rng = np.random.default_rng(0)
    layer, x, g = BatchNorm(3), rng.normal(size=(5, 3)), rng.normal(size=(5, 3))
    layer.forward(x)
    mean, var = layer.running_mean.copy(), layer.running_var.copy()
    in_training = layer.backward(g)
    layer.training = False
    np.testing.assert_array_equal(layer.backward(g), in_training)
    np.testing.assert_allclose(layer.forward(x), (x - mean) / np.sqrt(var + layer.eps), rtol=1e-13)
    np.testing.assert_allclose(layer.backward(g), g / np.sqrt(var + layer.eps), rtol=1e-13)
    np.testing.assert_array_equal(layer.running_mean, mean)
    np.testing.assert_array_equal(layer.running_var, var)


# ── dropout and embedding ────────────────────────────────────────────────────────────────────────────────────────────


def test_dropout_scales_what_it_keeps_and_the_gradient_takes_the_same_way() -> None:
    layer = Dropout(0.2)
    x, mask = np.array([[1.0, -2.0, 4.0]]), np.array([[1, 0, 1]])
    np.testing.assert_array_equal(layer.forward(x, mask), [[1.25, 0.0, 5.0]])
    np.testing.assert_array_equal(layer.backward(np.array([[4.0, 4.0, -4.0]])), [[5.0, 0.0, -5.0]])


def test_dropout_draws_masks_of_its_own_and_leaves_the_global_random_state_alone() -> None:
    state = np.random.get_state(legacy=False)["state"]["key"].tolist()
    layer, x = Dropout(0.2, np.random.default_rng(0)), np.ones((200, 100))
    out = layer.forward(x)
    assert set(np.unique(out)) == {0.0, 1.25}
    assert (out == 0).mean() == pytest.approx(0.2, abs=0.01)
    np.testing.assert_array_equal(layer.backward(x), out)
    assert not np.array_equal(layer.forward(x), out)
    np.testing.assert_array_equal(Dropout(0.2, np.random.default_rng(0)).forward(x), out)
    assert np.random.get_state(legacy=False)["state"]["key"].tolist() == state


def test_dropout_of_nothing_and_in_use_is_the_identity() -> None:
    x = np.random.default_rng(0).normal(size=(4, 3))
    np.testing.assert_array_equal(Dropout(0.0).forward(x), x)
    layer = Dropout(0.9)
    layer.forward(x)
    layer.training = False
    np.testing.assert_array_equal(layer.forward(x, np.zeros_like(x)), x)
    np.testing.assert_array_equal(layer.backward(x), x)


def test_dropout_refuses_what_makes_no_sense() -> None:
    for p in (-0.1, 1.0, float("nan")):
        with pytest.raises(ValueError, match="at least 0 and below 1"):
            Dropout(p)
    with pytest.raises(ValueError, match=r"mask has shape \(3,\) and x \(2, 3\)"):
        Dropout(0.5).forward(np.ones((2, 3)), np.ones(3))


def test_a_token_that_comes_often_gets_all_of_its_gradients() -> None:
    layer = Embedding(4, 2)
    tokens = np.array([[1, 1], [3, 1]])
    np.testing.assert_array_equal(layer.forward(tokens)[1, 0], layer.W[3])
    layer.backward(np.array([[[1.0, 10.0], [2.0, 20.0]], [[3.0, 30.0], [4.0, 40.0]]]))
    np.testing.assert_array_equal(layer.grad_W, [[0, 0], [7, 70], [0, 0], [3, 30]])


@pytest.mark.parametrize("tokens", [[0, -1], [0, 4], [0.0, 1.0]])
def test_tokens_that_have_no_row_are_refused(tokens: list[float]) -> None:
    with pytest.raises(IndexError):
        Embedding(4, 2).forward(np.array(tokens))


# ── sequences ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_attention_with_equal_scores_is_the_plain_mean_of_what_is_seen() -> None:
    layer = SelfAttention(2, 2)
    layer.W_q, layer.W_k = np.zeros((2, 2)), np.zeros((2, 2))
    layer.W_v = layer.W_o = np.eye(2)
    x = np.array([[[3.0, 0.0], [0.0, 6.0], [3.0, 3.0]]])
    np.testing.assert_allclose(layer.forward(x), np.full((1, 3, 2), [2.0, 3.0]), rtol=1e-15)
    layer.causal = True
    np.testing.assert_allclose(layer.forward(x), [[[3.0, 0.0], [1.5, 3.0], [2.0, 3.0]]], rtol=1e-15)


def test_causal_attention_hides_what_comes_later_from_both_passes() -> None:
    rng = np.random.default_rng(0)
    layer, x = SelfAttention(4, 3, causal=True, rng=rng), rng.normal(size=(2, 5, 4))
    out = layer.forward(x)
    later = x.copy()
    later[:, 3:] = rng.normal(size=(2, 2, 4))
    np.testing.assert_array_equal(layer.forward(later)[:, :3], out[:, :3])
    g = rng.normal(size=x.shape)
    g[:, 3:] = 0  # only the places 0 to 2 have a say in the loss, and they have not seen 3 and 4
    layer.forward(x)
    np.testing.assert_array_equal(layer.backward(g)[:, 3:], 0)
    np.testing.assert_array_equal(np.triu(layer.weights, 1), 0)
    np.testing.assert_array_equal(np.triu(layer.grad_scores, 1), 0)
    assert np.isfinite(layer.scores).all()


@pytest.mark.parametrize("causal", [False, True])
def test_attention_with_huge_scores_stays_finite(causal: bool) -> None:
    rng = np.random.default_rng(0)
    layer = SelfAttention(4, 3, causal, rng)
    found = results(layer, (1e100 * rng.normal(size=(2, 5, 4)),))
    assert all(np.isfinite(value).all() for value in found.values())
    np.testing.assert_allclose(layer.weights.sum(axis=-1), 1, rtol=1e-15)


def test_recurrent_is_its_step_again_and_again() -> None:
    rng = np.random.default_rng(0)
    layer, step = Recurrent(2, 3, rng), RecurrentStep(2, 3)
    step.W_x, step.W_h, step.b = layer.W_x, layer.W_h, layer.b
    x, h = rng.normal(size=(4, 5, 2)), rng.normal(size=(4, 3))
    states = layer.forward(x, h)
    for t in range(5):
        h = step.forward(x[:, t], h)
        np.testing.assert_array_equal(states[:, t], h)


def test_a_gradient_at_the_last_time_reaches_the_first_input_but_never_the_other_way() -> None:
    rng = np.random.default_rng(0)
    layer, x = Recurrent(2, 3, rng), rng.normal(size=(4, 5, 2))
    layer.forward(x)
    g = np.zeros((4, 5, 3))
    g[:, 4] = 1
    assert (layer.backward(g)[:, 0] != 0).all() and (layer.grad_h_0 != 0).all()
    np.testing.assert_array_equal(layer.backward(g[:, ::-1])[:, 1:], 0)


def test_saturated_recurrent_units_have_a_gradient_of_zero_not_nan() -> None:
    layer = RecurrentStep(1, 2)
    layer.W_x = np.array([[1e4, -1e300]])
    np.testing.assert_array_equal(layer.forward(np.array([[1.0]]), np.zeros((1, 2))), [[1.0, -1.0]])
    grad_x, grad_h_prev = layer.backward(np.ones((1, 2)))
    np.testing.assert_array_equal(grad_x, [[0.0]])
    np.testing.assert_array_equal(grad_h_prev, [[0.0, 0.0]])
