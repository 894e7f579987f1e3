"""What learners write with NumPy gives the same on torch tensors: the same values, shapes and kinds of numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from tests.ontorch_idioms import ASKS_FOR_VALUES, IDIOMS, PRELUDE
from tutor.ontorch import ndarray, run_source, to_host

CUDA = pytest.param(
    "cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device here")
)


def results(names: dict[str, Any]) -> list[Any]:
    found = names["r"]
    return list(found) if isinstance(found, tuple | list) else [found]


def with_numpy(idiom: str) -> list[Any]:
    names: dict[str, Any] = {}
    exec(PRELUDE + IDIOMS[idiom], names)
    return [part for found in results(names) for part in (found if isinstance(found, list) else [found])]


def on_torch(idiom: str, device: str) -> list[Any]:
    found = results(run_source(PRELUDE + IDIOMS[idiom], "idiom.py", device))
    return [part for one in found for part in (one if isinstance(one, list) else [one])]


def test_there_are_enough() -> None:
    assert len(IDIOMS) == 57


@pytest.mark.parametrize("device", ["cpu", CUDA])
@pytest.mark.parametrize("idiom", IDIOMS)
def test_same_as_numpy(idiom: str, device: str) -> None:
    expected, found = with_numpy(idiom), on_torch(idiom, device)
    assert len(found) == len(expected)
    for theirs, ours in zip(expected, found, strict=True):
        host, reference = np.asarray(to_host(ours)), np.asarray(theirs)
        assert host.shape == reference.shape
        assert host.dtype == reference.dtype
        np.testing.assert_allclose(host, reference, rtol=1e-15, atol=1e-15)


@pytest.mark.parametrize("idiom", [idiom for idiom in IDIOMS if idiom not in ASKS_FOR_VALUES])
def test_nothing_is_copied_to_the_host(idiom: str) -> None:
    """A meta tensor has no values: whoever asks for one gets an exception."""
    for theirs, ours in zip(with_numpy(idiom), on_torch(idiom, "meta"), strict=True):
        if isinstance(ours, ndarray):
            assert (ours.shape, ours.dtype) == (np.shape(theirs), np.asarray(theirs).dtype)


@pytest.mark.parametrize("idiom", sorted(ASKS_FOR_VALUES))
def test_what_asks_for_values_needs_them(idiom: str) -> None:
    with pytest.raises((RuntimeError, NotImplementedError)):
        on_torch(idiom, "meta")
