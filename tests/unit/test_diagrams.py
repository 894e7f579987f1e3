"""The stepped and drawn pictures of the lessons: sign by sign, step by step, and what they say of a wrong option."""

from __future__ import annotations

import pytest

from tutor.viz import Picture, as_text, diagram_names, diagram_steps, draw_diagram

CHAIN = {"values": "x=3|u=6|L=36", "ops": "2x|u²", "slopes": "2|12"}
GRAPH = {"lines": "d = a * b|e = d + a|L = e ** 2", "values": "a=2|b=-3"}
DEEP = {"lines": "s = a * b|t = s * a|u = t + s|v = relu(u)|w = v - a|L = w ** 2", "values": "a=2|b=-3"}
SHAPES = {"steps": "x (N, 3)|z = x @ W + b (N, 2)|L ()", "params": "W (3, 2)|b (2,)"}
PATHS = {"sizes": "3|4|2", "weight": "1:0:2", "samples": "2"}
COST = {"sizes": "784|128|10"}
HEAT = {"values": "0.2 -1.0 3.0; 0 0 1.5", "title": "a1", "rows": "sample", "columns": "unit"}
SLOPE = {"expression": "x ** 2 - 2 * x", "at": "2", "low": "-1", "high": "4"}
FLOW = {"nodes": "x:(N, 4)|z:(N, 3)", "edges": "@ W"}
MATMUL = {"left": "x.T (in, N)", "right": "g (N, out)", "result": "grad_W (in, out)"}
EVERY = {
    "flow": FLOW,
    "matmul": MATMUL,
    "chain": CHAIN,
    "graph": GRAPH,
    "shapes": SHAPES,
    "paths": PATHS,
    "cost": COST,
    "heat": HEAT,
    "slope": SLOPE,
}

CHAIN_STEP_5 = """\
┌────────────┐        2x       ┌────────────┐        u²       ┌───────────┐
│   x = 3    │ ━━━━━━━━━━━━━━▸ │   u = 6    │ ━━━━━━━━━━━━━━▸ │   L = 36  │
├────────────┤                 ┢━━━━━━━━━━━━┪                 ├───────────┤
│            │                 ┃ ∂L/∂u = 12 ┃ ◂╌╌╌╌╌╌╌╌╌╌╌╌╌╌ │ ∂L/∂L = 1 │
└────────────┘                 ┗━━━━━━━━━━━━┛     slope 12    └───────────┘

∂L/∂u = 1 · 12 = 12: what arrived at L, times the slope of u²."""

CHAIN_IN_ROWS = """\
┌───────┐   2x   ┌───────┐
│ x = ? │ ─────▸ │ u = ? │
├───────┤        ├───────┤
│       │        │       │
│       │        │       │
└───────┘        └───────┘

   u²   ┌────────┐
 ─────▸ │ L = ?  │
        ├────────┤
        │        │
        │        │
        └────────┘

Values go forward, from x to L; then the
gradient comes back."""

GRAPH_STEP_8 = """\
┏ a ━━━━━━━━┓
┃ ▸       2 ┃ ◂┳╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍┓
┃ ◂      16 ┃  ╏                    ╏
┃   -8 + 24 ┃  ╏                    ╏
┗━━━━━━━━━━━┛  ╏                    ╏      ┌ e = d+a ┐         ┌ L = e**2 ┐
               ╏       ┌ d = a*b ┐  ┗ 1 ╍▸ │ ▸    -4 │ ◂ -8 ╍▸ │ ▸     16 │
┌ b ────────┐  ┗ -3 ╍▸ │ ▸    -6 │ ◂╍ 1 ╍▸ │ ◂    -8 │         │ ◂      1 │
│ ▸      -3 │ ━━━━━━━▸ │ ◂    -8 │         └─────────┘         └──────────┘
│           │          └─────────┘
└───────────┘
▸ value   ◂ gradient of L   number on a line: its local slope

∂L/∂a through d: -8 · (-3) = 24. Added: -8 + 24 = 16"""

GRAPH_WIDE = """\
┌ a ────────┐
│ value   2 │ ◂┳╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍┓
│ grad   16 │  ╏                            ╏
│   -8 + 24 │  ╏                            ╏
└───────────┘  ╏                            ╏            ┌ e = d + a ┐               ┌ L = e ** 2 ┐
               ╏             ┌ d = a * b ┐  ┗╍╍╍╍╍╍ 1 ╍▸ │ value  -4 │ ◂╍╍╍╍╍╍ -8 ╍▸ │ value   16 │
┌ b ────────┐  ┗╍╍╍╍╍╍ -3 ╍▸ │ value  -6 │ ◂╍╍╍╍╍╍╍ 1 ╍▸ │ grad   -8 │               │ grad     1 │
│ value  -3 │ ◂╍╍╍╍╍╍╍╍ 2 ╍▸ │ grad   -8 │               └───────────┘               └────────────┘
│ grad  -16 │                └───────────┘
└───────────┘
━▸ value   ◂╍ gradient of L   number on a line: its local slope

a is used twice, so what comes back is added: ∂L/∂a = -8 + 24 = 16"""

GRAPH_AS_LIST = """\
                     value    gradient        slopes
●     a              2        4 + 0 + 0 = 4
╏ ●   b             -3        0
┣╍●   s = a * b     -6        0 + 0 = 0       a: -3  b: 2
┣╍╋╍● t = s * a     -12       0               s: 2  a: -6
╏ ●╍┛ u = t + s     -18       0               t: 1  s: 1
╏ ●   v = relu(u)    0       -4               u: 0
●╍┛   w = v - a     -2       -4               v: 1  a: -1
●     L = w ** 2     4        1               w: -4

a is used 3 times, so what comes back is added: ∂L/∂a = 4 +
0 + 0 = 4"""

SHAPES_PICTURE = """\
forward                                 gradient     parameters
x                  (N, 3) ┃ ▴ (N, 3)    grad_x
                          ┃ ╎
z = x @ W + b      (N, 2) ┃ ╎ (N, 2)    grad_z       W (3, 2)  grad_W (3, 2)
                          ┃ ╎                        b (2,)    grad_b (2,)
L                      () ▾ ╎ ()        1

A gradient has the shape of what it belongs to. The batch N is in every
tensor that passes through, in no parameter."""

SHAPES_NARROW = """\
forward                                   gradient
x                   (N, 3) ┃ ▴ (N, 3)     grad_x
                           ┃ ╎
z = x @ W + b       (N, 2) ┃ ╎ (N, 2)     grad_z
  W (3, 2)                 ┃ ╎ grad_W (3, 2)
  b (2,)                   ┃ ╎ grad_b (2,)
L                       () ▾ ╎ ()         1

A gradient has the shape of what it belongs to.
The batch N is in every tensor that passes
through, in no parameter."""

COST_PICTURE = """\
784 ▸ 128 ▸ 10
layer 1    784 × 128 weights + 128 biases   100,480
layer 2    128 × 10 weights + 10 biases       1,290
together                                    101,770

nudge every number  ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒ 101,771 forward

backprop            ██ 1 forward, 1 backward
                    └───────┴───────┴──────┴───────┴───────┴
passes, log scale   1       10      100    1,000   10,000  100,000

101,771 passes against 2. A backward pass does about the work of two
forward passes, so count three: still 33,924 times less. The scale is
logarithmic: each mark is ten times the one before."""

HEAT_PICTURE = """\
a1  (2, 3)
             unit 0     unit 1     unit 2

sample 0       0.2       -1.0        3.0


sample 1       0.0        0.0        1.5


          -3         0          3   darker is lower"""


@pytest.mark.parametrize(
    ("name", "options", "width", "step", "expected"),
    [
        ("chain", CHAIN, 76, 5, CHAIN_STEP_5),
        ("chain", CHAIN, 40, 0, CHAIN_IN_ROWS),
        ("graph", GRAPH, 76, 8, GRAPH_STEP_8),
        ("graph", GRAPH, 112, None, GRAPH_WIDE),
        ("graph", DEEP, 60, None, GRAPH_AS_LIST),
        ("shapes", SHAPES, 76, None, SHAPES_PICTURE),
        ("shapes", SHAPES, 50, None, SHAPES_NARROW),
        ("cost", COST, 76, None, COST_PICTURE),
        ("heat", HEAT, 76, None, HEAT_PICTURE),
    ],
)
def test_a_picture(name: str, options: dict[str, str], width: int, step: int | None, expected: str) -> None:
    assert as_text(draw_diagram(name, options, width, step)) == expected


def captions(name: str, options: dict[str, str]) -> list[str]:
    """The last paragraph of each step."""
    steps = range(diagram_steps(name, options) + 1)
    texts = [as_text(draw_diagram(name, options, 100, step)).rstrip().split("\n\n")[-1] for step in steps]
    return [" ".join(text.split()) for text in texts]


def test_a_chain_goes_forward_and_comes_back() -> None:
    assert captions("chain", CHAIN) == [
        "Values go forward, from x to L; then the gradient comes back.",
        "x = 3 goes in.",
        "u = 2x = 6",
        "L = u² = 36",
        "∂L/∂L = 1: here the way back begins.",
        "∂L/∂u = 1 · 12 = 12: what arrived at L, times the slope of u².",
        "∂L/∂x = 12 · 2 = 24: what arrived at u, times the slope of 2x.",
    ]


def test_a_graph_goes_forward_and_comes_back_and_adds() -> None:
    assert captions("graph", GRAPH) == [
        "The values of a, b are given.",
        "d = a * b = 2 * -3 = -6",
        "e = d + a = -6 + 2 = -4",
        "L = e ** 2 = (-4) ** 2 = 16",
        "∂L/∂L = 1: here the way back begins.",
        "∂L/∂e = 1 · (-8) = -8: the slope of L = e ** 2",
        "∂L/∂d = ∂L/∂e · ∂e/∂d = -8 · 1 = -8",
        "∂L/∂a through e: -8 · 1 = -8. a is used twice: more is to come.",
        "∂L/∂a through d: -8 · (-3) = 24. Added: -8 + 24 = 16",
        "∂L/∂b = ∂L/∂d · ∂d/∂b = -8 · 2 = -16",
    ]


def test_a_name_used_twice_in_one_line_has_two_edges() -> None:
    options = {"lines": "L = a * a", "values": "a=3"}
    assert captions("graph", options)[-2:] == [
        "∂L/∂a through L: 1 · 3 = 3. a is used twice: more is to come.",
        "∂L/∂a through L: 1 · 3 = 3. Added: 3 + 3 = 6",
    ]


def test_paths_are_lit_layer_by_layer() -> None:
    assert captions("paths", PATHS) == [
        "The weight from unit 0 to unit 2 of layer 1: what can it reach?",
        "In each sample it moves one number: unit 2 of layer 1.",
        "That moves every unit of layer 2: 2 paths so far.",
        "And all of them end in the one loss: 2 paths per sample, 4 in all.",
    ]


@pytest.mark.parametrize(
    ("sizes", "weight", "samples", "said"),
    [
        ("3|4|2", "1:0:2", "2", "1 weight, 2 paths per sample; 2 samples: 4 paths."),
        ("3|4|2", "2:3:1", "1", "1 weight, 1 path per sample."),
        ("4|3|5|2", "1:0:0", "64", "1 weight, 10 paths per sample; 64 samples: 640 paths."),
        ("784|128|10", "1:400:99", "1", "1 weight, 10 paths per sample."),
    ],
)
def test_paths_are_counted(sizes: str, weight: str, samples: str, said: str) -> None:
    text = as_text(draw_diagram("paths", {"sizes": sizes, "weight": weight, "samples": samples}, 100))
    assert said in " ".join(text.split())


def test_paths_are_heavy_whatever_their_colour() -> None:
    picture = draw_diagram("paths", PATHS, 100)
    dots = dict.fromkeys(("curve", "cloud"), 0.0)
    for role in dots:
        signs = [sign for line in picture for span in line if span.role == role for sign in span.text]
        dots[role] = sum((ord(sign) - 0x2800).bit_count() for sign in signs) / len(signs)
    assert dots["curve"] > 1.5 * dots["cloud"]


def test_cost_counts_weights_and_biases() -> None:
    for sizes, total in (("784|128|10", "101,770"), ("2|3|1", "13"), ("1|1", "2")):
        text = as_text(draw_diagram("cost", {"sizes": sizes}, 80))
        assert text.split("together")[1].split()[0] == total


def test_heat_is_darker_where_the_number_is_lower() -> None:
    shades = ["neg4", "neg3", "neg2", "neg1", "zero", "pos1", "pos2", "pos3", "pos4"]
    picture = draw_diagram("heat", {"values": "-4 -3 -2 -1 0 1 2 3 4"}, 100)
    cells = [span for line in picture for span in line if span.under and span.text.strip("- .") not in ("", "0 ")]
    found = {float(span.text): span.under for span in cells}
    assert [found[number] for number in range(-4, 5)] == shades
    assert {found[number]: span.role for span in cells for number in [float(span.text)]}["neg4"] == "pos4"


def test_heat_keeps_the_digits_of_the_author_and_has_no_negative_zero() -> None:
    text = as_text(draw_diagram("heat", {"values": "0.25 -0.0; 1 2"}, 80))
    assert {"0.25", "0.00", "1.00", "2.00"} <= set(text.split()) and "-0.00" not in text


@pytest.mark.parametrize(
    ("expression", "at", "slope"),
    [("x ** 2 - 2 * x", "2", "2"), ("3 - w", "0", "-1"), ("x ** 2", "0", "0"), ("sigmoid(x)", "0", "0.25")],
)
def test_slope_says_the_slope(expression: str, at: str, slope: str) -> None:
    text = as_text(draw_diagram("slope", {"expression": expression, "at": at, "low": "-3", "high": "3"}, 80))
    assert f"the slope is {slope}:" in " ".join(text.split())
    assert text.count("●") == 1 and f"slope {slope}" in text.split("━")[0]


def test_slope_leaves_out_where_there_is_no_value() -> None:
    text = as_text(draw_diagram("slope", {"expression": "log(x)", "at": "1", "low": "-1", "high": "3"}, 80))
    assert "the slope is 1:" in text


@pytest.mark.parametrize(("name", "steps"), [("chain", 6), ("graph", 9), ("paths", 3), ("cost", 5), ("heat", 0)])
def test_steps_are_counted(name: str, steps: int) -> None:
    assert diagram_steps(name, EVERY[name]) == steps


def lit(picture: Picture) -> int:
    """Signs in the colour of what is new."""
    return sum(len(span.text.strip()) for line in picture for span in line if span.role == "mark")


@pytest.mark.parametrize("name", ["chain", "graph", "paths", "cost"])
def test_each_step_has_something_new_and_the_finished_picture_nothing(name: str) -> None:
    options = EVERY[name]
    last = diagram_steps(name, options)
    assert all(lit(draw_diagram(name, options, 76, step)) for step in range(1, last + 1))
    assert not lit(draw_diagram(name, options, 76, 0)) and not lit(draw_diagram(name, options, 76))


@pytest.mark.parametrize("step", [-1, 7])
def test_a_step_that_is_not_there_is_a_sentence(step: int) -> None:
    with pytest.raises(ValueError, match=f"has steps 0 to 6, not {step}"):
        draw_diagram("chain", CHAIN, 76, step)


@pytest.mark.parametrize(
    ("name", "options", "sentence"),
    [
        ("chain", {**CHAIN, "ops": "2x"}, "3 values, 1 ops and 2 slopes"),
        ("chain", {"values": "x=1", "ops": "", "slopes": ""}, "at least two values"),
        ("chain", {**CHAIN, "values": "x|u=6|L=36"}, "reads name=number, for example x=3, not 'x'"),
        ("chain", {**CHAIN, "values": "x=three|u=6|L=36"}, "x in the diagram chain is a number"),
        ("chain", {**CHAIN, "slopes": "2|inf"}, "is a finite number, not inf"),
        ("graph", {**GRAPH, "lines": ""}, "needs lines"),
        ("graph", {**GRAPH, "lines": "d = a @ b"}, r"'a @ b' is no formula of a diagram: it may have names, numbers"),
        ("graph", {**GRAPH, "lines": "d = open(a)"}, "is no formula"),
        ("graph", {**GRAPH, "lines": "d = a.real * b"}, "is no formula"),
        ("graph", {**GRAPH, "lines": "a * b"}, "reads name = formula"),
        ("graph", {**GRAPH, "lines": "d = a * c"}, "d = a \\* c uses c, which has no value before that line"),
        ("graph", {**GRAPH, "lines": "d = a * b|d = d + 1"}, "d has two values"),
        ("graph", {**GRAPH, "lines": "d = a * b|L = a + 1"}, "Nothing in the diagram graph uses b|uses d"),
        ("graph", {**GRAPH, "lines": "d = 3|L = a * b + d"}, "uses no name: give d as a value"),
        (
            "graph",
            {**GRAPH, "lines": "L = log(a * b)"},
            r"log\(a \* b\) has no finite value and slope at a = 2, b = -3",
        ),
        ("graph", {**GRAPH, "lines": "L = exp(a * 9 ** 9) + b"}, "has no finite value"),
        ("graph", {**GRAPH, "values": "a=2|b"}, "reads name=number, for example a=2, not 'b'"),
        ("graph", {"lines": "|".join(f"x{n + 1} = x{n} + 1" for n in range(20)), "values": "x0=1"}, "16 can be drawn"),
        ("shapes", {**SHAPES, "steps": "x|L ()"}, "reads name = expression"),
        ("shapes", {**SHAPES, "steps": "x (N, 3)"}, "at least two steps"),
        ("shapes", {**SHAPES, "params": "V (3, 2)"}, "uses the parameter V"),
        ("shapes", {**SHAPES, "params": "V"}, "A parameter of the diagram shapes reads"),
        ("shapes", {**SHAPES, "params": "W (2, 3)|b (2,)"}, r"x \(N, 3\) and W \(2, 3\) do not multiply"),
        ("shapes", {**SHAPES, "params": "W (3, 4)|b (4,)"}, r"x @ W has shape \(N, 4\), not \(N, 2\)"),
        ("paths", {**PATHS, "sizes": "3"}, "needs 2 to 6 sizes"),
        ("paths", {**PATHS, "sizes": "3|four"}, "is a whole number of at least 1, not 'four'"),
        ("paths", {**PATHS, "weight": "1:0"}, "reads layer:from:to"),
        ("paths", {**PATHS, "weight": "1:3:0"}, "is not there: layers count from 1 to 2"),
        ("paths", {**PATHS, "samples": "0"}, "at least 1"),
        ("cost", {"sizes": "784"}, "at least two sizes"),
        ("cost", {"sizes": "784|-1"}, "whole number"),
        ("heat", {"values": "1 2; 3"}, "rows of equal length"),
        ("heat", {"values": ""}, "rows of equal length"),
        ("heat", {"values": "1 x"}, "A value of the diagram heat is a number"),
        ("slope", {**SLOPE, "expression": "x * y"}, "has one name"),
        ("slope", {**SLOPE, "expression": "3"}, "has one name"),
        ("slope", {**SLOPE, "at": "9"}, "at=9 must lie between low and high"),
        ("slope", {**SLOPE, "at": "two"}, "The option 'at' of the diagram slope is a number"),
        ("slope", {**SLOPE, "expression": "1 / (x - 2)"}, "has no finite value and slope at x = 2"),
    ],
)
def test_a_wrong_option_is_a_sentence(name: str, options: dict[str, str], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        draw_diagram(name, options, 80)


def test_every_kind_is_looked_at_here() -> None:
    assert tuple(EVERY) == diagram_names()
