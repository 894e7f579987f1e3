"""The wire between the tutor and the box."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tutor.learner.inside import wire

arrays = hnp.arrays(
    dtype=st.sampled_from(["<f8", "<f4", "<f2", "<i8", "<i2", "|u1", "|b1", ">f8"]),
    shape=hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4),
)


@given(st.lists(arrays, max_size=4), st.sampled_from(["C", "F", "strided"]))
def test_arrays_arrive_as_they_were_sent(sent: list[Any], layout: str) -> None:
    parts = wire.Parts()
    given = [wire.fresh(array, layout) for array in sent]
    header, body = wire.unpack(wire.pack({"arrays": [parts.add_array(array) for array in given]}, parts.parts))
    for spec, array in zip(header["arrays"], given, strict=True):
        got = wire.rebuild(spec, body)
        assert (got.dtype, got.shape) == (array.dtype, array.shape)
        assert got.tobytes() == array.tobytes()
        assert got.flags.aligned and not got.flags.writeable
        again = wire.fresh(got, spec["layout"])
        assert again.flags.writeable
        assert wire.describe(again) == wire.describe(array)


def test_layouts_are_told_apart() -> None:
    array = np.arange(12.0).reshape(3, 4)
    assert wire.describe(array)["layout"] == "C"
    assert wire.describe(np.asfortranarray(array))["layout"] == "F"
    assert wire.describe(array[:, ::2])["layout"] == "strided"
    assert not wire.fresh(array, "strided").flags.contiguous


@pytest.mark.parametrize(
    "spec",
    [
        {"dtype": "|O", "shape": [1], "part": 0},
        {"dtype": "<c16", "shape": [0], "part": 0},
        {"dtype": "<f8", "shape": [2], "part": 0},
        {"dtype": "<f8", "shape": [-1], "part": 0},
        {"dtype": "<f8", "shape": [1], "part": 7},
        {"dtype": "nonsense", "shape": [1], "part": 0},
        {"dtype": "<f8", "shape": ["1"], "part": 0},
        {"shape": [1], "part": 0},
        {"dtype": "<f8", "shape": [1] * 40, "part": 0},
        {"dtype": "<f8,<f8", "shape": [0], "part": 0},
    ],
)
def test_a_wrong_description_is_refused(spec: dict[str, Any]) -> None:
    with pytest.raises(wire.WireError):
        wire.rebuild(spec, [memoryview(bytes(8))])


@given(st.binary(max_size=200), st.integers(0, 60), st.integers(0, 255))
def test_any_damage_is_noticed_or_harmless(rubbish: bytes, at: int, byte: int) -> None:
    message = bytearray(wire.pack({"x": 1}, [b"abc"]))
    message[at % len(message)] = byte
    for data in (rubbish, bytes(message), bytes(message[: at % len(message)])):
        try:
            for header, body in wire.split(data):
                wire.parse(header, body)
        except wire.WireError:
            pass


def test_several_messages_are_split() -> None:
    two = wire.pack({"n": 1}) + wire.pack({"n": 2}, [b"x"])
    assert [wire.parse(*message)[0]["n"] for message in wire.split(two)] == [1, 2]
