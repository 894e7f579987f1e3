"""No false alarm on right networks in thirteen styles of code, and no pass for one with a slip in it.

Of the thousand that are right the first two hundred are judged, of the three hundred with a slip the first two of each
kind; TUTOR_THOROUGH=1 judges them all.
"""

from __future__ import annotations

import os
from collections import Counter
from functools import cache

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
JUDGED = RIGHT if THOROUGH else 200
PARTS = PLANTED // CHUNK if THOROUGH else 2


def _report(box: Box, made: Made) -> Report:
    return verdict(box, made.challenge, made.source, seed=made.seed)


@pytest.mark.parametrize("first", range(0, JUDGED, CHUNK))
def test_right_networks_pass(box: Box, first: int) -> None:
    for seed in range(first, first + CHUNK):
        made = right(seed)
        report = _report(box, made)
        assert report.passed, f"{told(report)}\n{made.told()}"


@cache
def with_a_slip() -> list[Made]:
    """Those that are judged."""
    made, seen = [planted(seed) for seed in range(PLANTED)], Counter[str]()
    if THOROUGH:
        return made
    judged = []
    for one in made:
        seen[one.slip] += 1
        if seen[one.slip] <= 2:
            judged.append(one)
    return judged


@pytest.mark.parametrize("part", range(PARTS))
def test_a_network_with_a_slip_never_passes_unless_the_slip_comes_to_the_same(box: Box, part: int) -> None:
    for made in with_a_slip()[part::PARTS]:
        report = _report(box, made)
        assert report.passed == made.harmless, f"{told(report)}\n{made.told()}"


def test_the_thousand_are_of_every_kind() -> None:
    """Every style with tanh, every depth, every end; slips enough; and of what is judged every kind in any case."""
    made = [right(seed) for seed in range(RIGHT)]
    assert {(one.style, one.net.activation) for one in made} >= {(style, "tanh") for style in STYLES}
    assert {(one.style, one.net.depth) for one in made} >= {(style, 4) for style in STYLES}
    for some in (made, made[:JUDGED]):
        assert {one.style for one in some} == set(STYLES)
        assert {one.net.head for one in some} == {
            "upstream", "sigmoid", "softmax_ce", "mse", "sigmoid_mse", "sigmoid_bce", "softmax_probs"
        }  # fmt: skip
    assert {case.sizes["N"] for one in made for case in one.challenge.basic} == set(range(1, 65))
    assert {width for one in made for width in one.net.widths} == set(range(1, 25))
    slips = [planted(seed) for seed in range(PLANTED)]
    assert len({one.slip for one in slips}) >= 45
    assert {one.slip for one in with_a_slip()} == {one.slip for one in slips}
    assert 5 <= sum(one.harmless for one in with_a_slip()) <= len(with_a_slip()) // 5
    assert 5 <= sum(one.harmless for one in slips) <= PLANTED // 5


def test_the_same_seed_gives_the_same_network() -> None:
    assert right(7) == right(7)
    assert planted(7) == planted(7)
