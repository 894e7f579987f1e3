"""The chart talks: on sick runs it says what is wrong, and on healthy ones nothing. All of them are trained here."""

from __future__ import annotations

import json
import math
import re
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from tests.explained_runs import HEALTHY, SICK, Setup, Sick, record, replay
from tests.training_runs import CONFIG
from tutor.course import load_course
from tutor.paths import locate
from tutor.training.explain import Explained, Explainer
from tutor.training.explain.memory import MOST_BLOCKS, Losses
from tutor.training.explain.rules import KEYS, NEW_AFTER_A_CHANGE
from tutor.training.explain.thresholds import THRESHOLDS

SEED = 41  # the thresholds were set on the runs of the seeds 0 to 4
CE = structs.replace(CONFIG, loss="softmax_cross_entropy")
quietly = np.errstate(all="ignore")


def keys(said: tuple[Explained, ...]) -> list[str]:
    return [one.key for one in said]


# ── what is right is left in peace, what is wrong is told ────────────────────────────────────────────────────────────


@pytest.mark.parametrize("setup", HEALTHY, ids=lambda setup: setup.name)
def test_a_healthy_run_is_left_in_peace(setup: Setup) -> None:
    recording = record(setup, SEED)
    assert not recording.diverged
    for chunk in (7, 45, 2000):  # a paced run, an epoch at a time, full speed
        assert replay(recording, chunk) == ()


@quietly
@pytest.mark.parametrize("sick", SICK, ids=lambda sick: f"{sick.key}: {sick.setup.name}")
def test_a_sick_run_is_told_once(sick: Sick) -> None:
    recording = record(sick.setup, SEED)
    slugs = {entry.outline.slug for entry in load_course(locate().lessons).entries}
    for chunk in (7, 45):
        said = replay(recording, chunk)
        assert sick.key in keys(said)
        assert set(keys(said)) <= {sick.key} | sick.also
        assert len(set(keys(said))) == len(said)
        for one in said:
            assert one.lesson in slugs
            assert re.search(r"\d", one.text) and one.text.endswith(".") and one.advice.endswith(".")
            assert not re.search(r"nan|inf\b|None|e-?\d{3}", one.text + one.advice)


def test_every_kind_has_its_sick_run() -> None:
    assert {sick.key for sick in SICK} == set(KEYS) >= NEW_AFTER_A_CHANGE
    assert len(HEALTHY) >= 30


def test_the_table_names_its_sources() -> None:
    for name, row in THRESHOLDS.items():
        assert row.value > 0 and row.of, name
        assert re.search(r"\((19|20)\d\d\)|, (19|20)\d\d\)|^measured", row.source), name


# ── one kind at a time, by hand ──────────────────────────────────────────────────────────────────────────────────────


def test_the_first_loss_is_told_of_a_cross_entropy_alone() -> None:
    high = np.full(4, 9.3)
    (said,) = Explainer(CE).steps(np.arange(1, 5), high)
    assert said.key == "first-loss" and said.step == 4
    assert said.text == ("The first loss is 9.3; 10 classes guessed evenly give 2.30. The weights start too large.")
    assert Explainer(CONFIG).steps(np.arange(1, 5), high) == ()
    assert Explainer(CE).steps(np.arange(1, 5), np.full(4, 4.5)) == ()


def test_points_of_the_plane_may_begin_with_a_larger_loss() -> None:
    plane = structs.replace(CE, widths=(2, 16, 2))
    assert Explainer(plane).steps(np.array([1]), np.array([4.0])) == ()
    assert keys(Explainer(plane).steps(np.array([1]), np.array([7.0]))) == ["first-loss"]


def test_a_small_batch_waits_for_its_first_loss() -> None:
    explainer = Explainer(structs.replace(CE, batch=1))
    assert explainer.steps(np.arange(1, 32), np.full(31, 9.3)) == ()
    assert keys(explainer.steps(np.array([32]), np.array([9.3]))) == ["first-loss"]


def test_where_a_number_was_lost_is_told_once() -> None:
    explainer = Explainer(CE)
    (said,) = explainer.diverged(412, "the forward pass of layer 2")
    assert said.step == 412 and "step 412" in said.text and "the forward pass of layer 2" in said.text
    assert explainer.diverged(413, "") == ()
    (first,) = Explainer(CE).diverged(1, "")
    assert "Nothing was learnt yet" in first.advice


@pytest.mark.parametrize(
    ("measured", "advice"),
    [
        ({"dead.1": 1.0, "update_ratio.W1": 0.0}, "100% of a layer's units are dead: start anew with a learning rate"),
        ({"dead.1": 0.0, "update_ratio.W1": 1e-8, "update_ratio.b1": 0.5}, "Try a learning rate of 0.1."),
        ({"dead.1": 0.0, "update_ratio.W1": 1e-3}, "Try a learning rate ten times as large, 20."),
    ],
)
def test_what_to_try_against_a_flat_loss_follows_from_the_gauges(measured: dict[str, float], advice: str) -> None:
    explainer = Explainer(structs.replace(CE, lr=2.0))
    explainer.steps(np.arange(1, 5), np.full(4, 2.5))
    explainer.gauges(4, measured)
    for epoch in range(1, 9):
        for said in explainer.evaluated(epoch, 45 * epoch, 2.5, 0.1, 2.5, 0.1):
            assert said.key == "flat" and said.advice.startswith(advice)
    assert "flat" in explainer.state()["said"]


def test_a_change_makes_some_of_it_new() -> None:
    explainer = Explainer(CE)
    large = {"grad_norm.W1": 1.0, "update_ratio.W1": 0.4, "dead.1": 0.9}
    assert [keys(explainer.gauges(step, large)) for step in (1, 8, 15, 22)] == [[], [], ["dead", "large-steps"], []]
    explainer.changed(22, CE.lr, CE.batch)  # nothing was
    assert [keys(explainer.gauges(step, large)) for step in (29, 36, 43)] == [[], [], []]
    explainer.changed(43, CE.lr / 10, CE.batch)
    assert [keys(explainer.gauges(step, large)) for step in (50, 57, 64)] == [[], [], ["large-steps"]]


# ── over a resume, in pieces, and whatever comes ─────────────────────────────────────────────────────────────────────


@quietly
def test_a_resumed_run_says_what_an_uninterrupted_one_does() -> None:
    recording = record(SICK[5].setup, SEED)
    steps, losses, gauges = np.arange(1, 10**6), recording.losses, dict(recording.gauges)
    whole = Explainer(recording.config)
    in_parts = Explainer(recording.config)
    for at in range(0, len(losses), 5):
        news = slice(at, at + 5)
        said = whole.steps(steps[: len(losses)][news], losses[news])
        assert in_parts.steps(steps[: len(losses)][news], losses[news]) == said
        if at in gauges:
            assert in_parts.gauges(at, gauges[at]) == whole.gauges(at, gauges[at])
        restored = Explainer(recording.config)
        restored.restore(json.loads(json.dumps(in_parts.state(), allow_nan=False)))
        in_parts = restored
    assert "rising" in whole.state()["said"]


def test_what_was_said_before_is_not_said_again() -> None:
    explainer = Explainer(CE, said=["first-loss"])
    assert explainer.steps(np.array([1]), np.array([9.3])) == ()
    explainer.restore({"damaged": True})
    explainer.restore(Explainer(CE).state())
    assert explainer.steps(np.array([2]), np.array([9.3])) == ()


@given(st.lists(st.floats(0.01, 100), min_size=1, max_size=400), st.data())
def test_losses_are_summed_up_the_same_in_any_pieces(values: list[float], data: st.DataObject) -> None:
    whole, pieces = Losses(20), Losses(20)
    whole.add(np.array(values))
    at = 0
    while at < len(values):
        past = at + data.draw(st.integers(1, 90))
        pieces.add(np.array(values[at:past]))
        at = past
    assert [block.n for block in whole.blocks] == [block.n for block in pieces.blocks]
    assert len(whole.blocks) <= MOST_BLOCKS and sum(block.n for block in whole.blocks) == len(values)
    assert whole.first.n == pieces.first.n == min(20, len(values))
    assert math.isclose(whole.now().mean, pieces.now().mean, rel_tol=1e-9)
    assert math.isclose(sum(block.total for block in whole.blocks), sum(values), rel_tol=1e-9)


anything = st.floats() | st.sampled_from([0.0, math.nan, math.inf, -math.inf, 1e-320, 1e300])
names = st.sampled_from(["grad_norm.W1", "grad_norm.b1", "grad_norm.W2", "update_ratio.W1", "dead.1", "rss_mb", "x"])
calls = st.one_of(
    st.tuples(st.just("steps"), st.lists(anything, max_size=60)),
    st.tuples(st.just("gauges"), st.dictionaries(names, anything)),
    st.tuples(st.just("evaluated"), st.tuples(*[st.none() | anything] * 4)),
    st.tuples(st.just("changed"), st.tuples(st.floats(1e-9, 1e3), st.integers(1, 999))),
)


@settings(max_examples=30, deadline=None)
@given(st.lists(calls, max_size=25), st.sampled_from(["mse", "softmax_cross_entropy"]))
@quietly
def test_no_number_upsets_it(asked: list[tuple[str, Any]], loss: str) -> None:
    explainer, step = Explainer(structs.replace(CONFIG, loss=loss)), 0
    said: list[Explained] = []
    for epoch, (what, values) in enumerate(asked):
        if what == "steps":
            said += explainer.steps(np.arange(step + 1, step + 1 + len(values)), np.array(values, dtype=np.float32))
            step += len(values)
        elif what == "gauges":
            said += explainer.gauges(step, values)
        elif what == "evaluated":
            said += explainer.evaluated(epoch, step, *values)
        else:
            explainer.changed(step, *values)
    json.dumps(explainer.state(), allow_nan=False)
    assert all(isinstance(one, Explained) and one.text for one in said)


@pytest.mark.timed
def test_a_call_costs_little(capsys: pytest.CaptureFixture[str]) -> None:
    explainer = Explainer(CE)
    losses = np.random.default_rng(0).normal(1.0, 0.1, 2000)
    gauges = {f"{kind}.{p}{n}": 0.01 for kind in ("grad_norm", "update_ratio") for p in "Wb" for n in range(1, 6)}
    spent = []
    for look in range(200):
        began = time.perf_counter()
        explainer.steps(np.arange(2000 * look, 2000 * look + 2000), losses)
        explainer.gauges(2000 * look, gauges)
        explainer.evaluated(look, 2000 * look, 1.0 / (look + 1), 0.5, 1.0 / (look + 1), 0.5)
        spent.append(time.perf_counter() - began)
    with capsys.disabled():
        print(f"a look of the explainer: {1e3 * float(np.median(spent)):.2f} ms")
    assert np.median(spent) < 1e-3
    assert len(json.dumps(explainer.state())) < 20_000
