"""Every fault of the catalogue is refused, at the step where it was planted; every kind and every family is there."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.families import outcome
from tests.faults.catalogue import KINDS, Fault, learning
from tests.faults.catalogue import layers as layers_of
from tests.faults.catalogue.bases import BASES, challenge_of
from tests.gradings import changed
from tutor.course.model import FAMILIES
from tutor.learner import Box

FAULTS: tuple[Fault, ...] = (*layers_of.FAULTS, *learning.FAULTS)


@pytest.mark.parametrize("name", BASES)
def test_the_file_without_its_faults_passes(box: Box, name: str) -> None:
    assert outcome(box, challenge_of(name), BASES[name].source) == "passed"


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.base}: {fault.label}")
def test_a_fault_of_the_catalogue_is_refused_where_it_was_planted(box: Box, fault: Fault) -> None:
    assert outcome(box, challenge_of(fault.base), changed(BASES[fault.base].source, *fault.changes)) == fault.first


def test_the_catalogue_holds_every_kind_and_every_family() -> None:
    of_families = Counter(BASES[fault.base].family for fault in FAULTS)
    of_kinds = Counter(kind for fault in FAULTS for kind in fault.kinds.split())

    assert len(FAULTS) >= 80
    assert {name: of_families[name] for name in FAMILIES if of_families[name] < 5} == {}
    assert set(of_kinds) == set(KINDS)
    assert {fault.base for fault in FAULTS} == set(BASES)
    assert len({(fault.base, fault.label) for fault in FAULTS}) == len(FAULTS)
