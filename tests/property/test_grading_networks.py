"""No false alarm on right networks in thirteen styles of code, and no pass for one with a slip in it.

Of a thousand and three hundred there are judged the first two hundred and a hundred; TUTOR_THOROUGH=1 judges them all.
"""

from __future__ import annotations

import os

import pytest

from tests.families import told
from tests.gradings import verdict
from tests.network_styles_more import STYLES
from tests.networks import Made, planted, right
from tutor.grading import Report
from tutor.learner import Box

CHUNK = 50
RIGHT, PLANTED = 1000, 300
THOROUGH = bool(os.environ.get("TUTOR_THOROUGH"))


def _report(box: Box, made: Made) -> Report:
    return verdict(box, made.challenge, made.source, seed=made.seed)


@pytest.mark.parametrize("first", range(0, RIGHT if THOROUGH else 200, CHUNK))
def test_right_networks_pass(box: Box, first: int) -> None:
    for seed in range(first, first + CHUNK):
        made = right(seed)
        report = _report(box, made)
        assert report.passed, f"{told(report)}\n{made.told()}"


@pytest.mark.parametrize("first", range(0, PLANTED if THOROUGH else 100, CHUNK))
def test_a_network_with_a_slip_never_passes_unless_the_slip_comes_to_the_same(box: Box, first: int) -> None:
    for seed in range(first, first + CHUNK):
        made = planted(seed)
        report = _report(box, made)
        assert report.passed == made.harmless, f"{told(report)}\n{made.told()}"


def test_the_thousand_are_of_every_kind() -> None:
    """Every style with every activation, every depth, every end; and slips enough of every kind."""
    made = [right(seed) for seed in range(RIGHT)]
    assert {(one.style, one.net.activation) for one in made} >= {(style, "tanh") for style in STYLES}
    assert {(one.style, one.net.depth) for one in made} >= {(style, 4) for style in STYLES}
    assert {one.net.head for one in made} == {
        "upstream", "sigmoid", "softmax_ce", "mse", "sigmoid_mse", "sigmoid_bce", "softmax_probs"
    }  # fmt: skip
    assert {case.sizes["N"] for one in made for case in one.challenge.basic} == set(range(1, 65))
    assert {width for one in made for width in one.net.widths} == set(range(1, 25))
    slips = [planted(seed) for seed in range(PLANTED)]
    assert len({one.slip for one in slips}) >= 45
    assert 5 <= sum(one.harmless for one in slips) <= PLANTED // 5


def test_the_same_seed_gives_the_same_network() -> None:
    assert right(7) == right(7)
    assert planted(7) == planted(7)
