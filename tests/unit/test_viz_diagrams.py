"""The pictures of the lessons, sign by sign."""

from __future__ import annotations

import pytest

from tutor.viz.diagrams import draw, names
from tutor.viz.model import as_text

FLOW = {"nodes": "x:(N, 4)|z:(N, 3)|a:(N, 3)|L:()", "edges": "@ W + b|sigmoid|mean"}
MATMUL = {"left": "x.T (in, N)", "right": "g (N, out)", "result": "grad_W (in, out)"}

FLOW_WIDE = """\
┌────────┐  @ W + b  ┌────────┐  sigmoid  ┌────────┐   mean   ┌────┐
│   x    │ ━━━━━━━━▸ │   z    │ ━━━━━━━━▸ │   a    │ ━━━━━━━▸ │ L  │
│ (N, 4) │ ◂╌╌╌╌╌╌╌╌ │ (N, 3) │ ◂╌╌╌╌╌╌╌╌ │ (N, 3) │ ◂╌╌╌╌╌╌╌ │ () │
└────────┘   grad_x  └────────┘   grad_z  └────────┘  grad_a  └────┘
━━▸ forward    ◂╌╌ gradient"""

FLOW_NARROW = """\
┌────────┐  @ W + b  ┌────────┐  sigmoid
│   x    │ ━━━━━━━━▸ │   z    │ ━━━━━━━━▸
│ (N, 4) │ ◂╌╌╌╌╌╌╌╌ │ (N, 3) │ ◂╌╌╌╌╌╌╌╌
└────────┘   grad_x  └────────┘   grad_z
      ┌────────┐   mean   ┌────┐
   ━▸ │   a    │ ━━━━━━━▸ │ L  │
   ◂╌ │ (N, 3) │ ◂╌╌╌╌╌╌╌ │ () │
      └────────┘  grad_a  └────┘
━━▸ forward    ◂╌╌ gradient"""

MATMUL_PICTURE = """\
                            out
         N              ╓─────────╖            out
   ╒════════════╕       ║         ║        ┌─────────┐
in │    x.T     │  @  N ║    g    ║  =  in │  grad_W │
   │            │       ║         ║        │         │
   ╘════════════╛       ║         ║        └─────────┘
                        ╙─────────╜
each entry of grad_W sums over N"""


@pytest.mark.parametrize(
    ("width", "expected"), [(110, FLOW_WIDE), (68, FLOW_WIDE), (61, FLOW_NARROW), (56, FLOW_NARROW)]
)
def test_flow_stands_in_one_row_or_goes_on_in_the_next(width: int, expected: str) -> None:
    assert as_text(draw("flow", FLOW, width)) == expected


@pytest.mark.parametrize("width", [56, 80, 110])
def test_matmul_draws_the_shared_side_double_and_equally_long(width: int) -> None:
    assert as_text(draw("matmul", MATMUL, width)) == MATMUL_PICTURE


def test_a_vector_shape_keeps_its_comma() -> None:
    picture = as_text(draw("flow", {"nodes": "b:(3,)|z:(N, 3)", "edges": "+"}, 80))
    assert "│ (3,) │" in picture


def test_too_narrow_says_what_it_needs() -> None:
    assert as_text(draw("matmul", MATMUL, 40)) == "This picture needs 54 columns."


@pytest.mark.parametrize(
    ("name", "options", "sentence"),
    [
        ("flwo", FLOW, "no diagram called 'flwo'"),
        ("flow", {**FLOW, "colour": "red"}, "no option 'colour'"),
        ("flow", {"nodes": "x:()"}, "needs the option 'edges'"),
        ("flow", {**FLOW, "edges": "one"}, "4 nodes and 1 edges"),
        ("flow", {"nodes": "x (N, 4)", "edges": ""}, r"reads name:\(shape\)"),
        ("flow", {"nodes": "x:(N)|😀:()", "edges": "f"}, "not one cell wide"),
        ("matmul", {**MATMUL, "right": "g (M, out)"}, "x.T has N columns and g M rows"),
        ("matmul", {**MATMUL, "result": "grad_W (out, in)"}, r"has shape \(in, out\), not \(out, in\)"),
        ("matmul", {**MATMUL, "left": "x"}, r"reads name \(rows, columns\)"),
    ],
)
def test_a_wrong_block_is_a_sentence(name: str, options: dict[str, str], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        draw(name, options, 80)


def test_names_are_those_that_draw() -> None:
    assert names() == ("flow", "matmul", "chain", "graph", "shapes", "paths", "cost", "heat", "slope")
