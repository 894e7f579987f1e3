"""Each construct of the layout, as it must look to the letter."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import time

import pytest

from tests.ptyscreen import ROOT
from tutor.mathtext import MathError, display, inline, macros


def picture(latex: str, width: int = 72, ascii: bool = False) -> str:
    return "\n".join(display(latex, width, ascii=ascii))


def drawn(text: str) -> str:
    """A picture as it stands in a test: without the first newline and the common margin."""
    return textwrap.dedent(text).strip("\n").rstrip()


PICTURES = {
    "a product and a sum": (
        r"Y = X W + b",
        """
        Y  =  X W + b
        """,
    ),
    "indices and sums on one line": (
        r"Y_{nj} = \sum_i X_{ni} W_{ij} + b_j",
        """
        Yₙⱼ  =  Σᵢ Xₙᵢ Wᵢⱼ + bⱼ
        """,
    ),
    "a fraction": (
        r"\frac{\partial L}{\partial W_{ij}} = \sum_n X_{ni} \, G_{nj}",
        """
         ∂L
        ────  =  Σₙ Xₙᵢ Gₙⱼ
        ∂Wᵢⱼ
        """,
    ),
    "a fraction of fractions": (
        r"\frac{\frac{a}{b} + c}{1 + \frac{x}{y}}",
        """
          a
         ─── + c
          b
        ─────────
              x
         1 + ───
              y
        """,
    ),
    "a minus keeps off a bar": (
        r"x = -\frac{a}{b^2} - \frac{-a}{b}",
        """
                a    −a
        x  =  − ── − ──
                b²   b
        """,
    ),
    "limits of a sum before something tall": (
        r"\frac{\partial L}{\partial u} = \sum_k \frac{\partial L}{\partial v_k} \cdot \frac{\partial v_k}{\partial u}",
        """
        ∂L        ∂L    ∂vₖ
        ──  =  Σ  ─── · ───
        ∂u     k  ∂vₖ   ∂u
        """,
    ),
    "limits above and below": (
        r"\sum_{i=1}^{n} x_i^2 + \prod_{k=0}^{K-1} a_k = \max_{j} z_j",
        """
         n        K−1
         Σ  xᵢ² +  Π  aₖ  =  maxⱼ zⱼ
        i=1       k=0
        """,
    ),
    "a limit": (
        r"f'(x) = \lim_{h \to 0} \frac{f(x + h) - f(x)}{h}",
        """
                      f(x + h) − f(x)
        f′(x)  =  lim ───────────────
                  h→0        h
        """,
    ),
    "roots": (
        r"\sqrt{x}, \sqrt{s_t}, \sqrt{x^2 + y^2}, \sqrt[3]{3 x}, \sqrt{\frac{a}{b}}",
        """
                                     ___
                  _______   ___     ╱ a
        √x, √sₜ, √x² + y², ∛3 x,   ╱ ───
                                 ╲╱   b
        """,
    ),
    "hats, bars and tildes": (
        r"\hat{y} = \hat{x} + \bar{x} + \tilde{a} + \overline{x + y} + \hat{\mu}_B",
        """
              ^   _       _____   ^
        ŷ  =  x + x + ã + x + y + μ
                                   B
        """,
    ),
    "a hat under a root": (
        r"\frac{\hat{m}_t}{\sqrt{\hat{v}_t} + \epsilon}",
        """
          ^
          mₜ
        ───────
         ^
        √vₜ + ε
        """,
    ),
    "a matrix and a vector": (
        r"\begin{bmatrix} 1 & -2 & 0.5 \\ 0 & 3 & 10 \end{bmatrix} \begin{pmatrix} a \\ b \\ c \end{pmatrix}",
        """
                     ⎛a⎞
        ⎡1  −2  0.5⎤ ⎜b⎟
        ⎣0   3   10⎦ ⎝c⎠
        """,
    ),
    "a Jacobian": (
        r"\begin{bmatrix} \frac{\partial y_1}{\partial x_1} & \cdots \\ \vdots & \ddots \end{bmatrix}",
        """
        ⎡ ∂y₁    ⎤
        ⎢ ───  ⋯ ⎥
        ⎢ ∂x₁    ⎥
        ⎢        ⎥
        ⎣  ⋮   ⋱ ⎦
        """,
    ),
    "cases": (
        r"\operatorname{ReLU}(x) = \begin{cases} x & \text{if } x > 0 \\ 0 & \text{otherwise} \end{cases}",
        """
                    ⎧ x   if x > 0
        ReLU(x)  =  ⎨
                    ⎩ 0   otherwise
        """,
    ),
    "a derivation": (
        r"\begin{aligned} (a+b)^2 &= (a+b)(a+b) \\ &= a^2 + 2ab + b^2 \end{aligned}",
        """
        (a + b)²  =  (a + b)(a + b)
                  =  a² + 2ab + b²
        """,
    ),
    "a derivation with notes": (
        r"\begin{aligned} \frac{\partial L}{\partial W} &= X^\top G && \text{(in, out)} \\ b &= 1 && \text{()}"
        r"\end{aligned}",
        """
        ∂L
        ──  =  Xᵀ G    (in, out)
        ∂W

         b  =  1       ()
        """,
    ),
    "braces": (
        r"\underbrace{x^\top W}_{\text{logits}} + \overbrace{b}^{\text{bias}} = z",
        """
                 bias
                 ╭┴╮
         xᵀ W  +  b    =  z
         ╰┬─╯
        logits
        """,
    ),
    "growing brackets": (
        r"\left( \frac{a}{b} \right)^2 + \left[ \frac{1}{2} \right]_{i} + \left\lVert \frac{x}{y} \right\rVert",
        """
        ⎛  a  ⎞²   ⎡  1  ⎤    ║  x  ║
        ⎜ ─── ⎟  + ⎢ ─── ⎥  + ║ ─── ║
        ⎝  b  ⎠    ⎣  2  ⎦ᵢ   ║  y  ║
        """,
    ),
    "braces and angles that grow": (
        r"\left\{ \frac{x}{y} \right\} + \left\langle \frac{x}{y} \right\rangle",
        """
        ⎧  x  ⎫   ╱  x  ╲
        ⎨ ─── ⎬ + ⟨ ─── ⟩
        ⎩  y  ⎭   ╲  y  ╱
        """,
    ),
    "evaluated at a point": (
        r"\left. \frac{df}{dx} \right|_{x=3}",
        """
        df │
        ── │
        dx │ₓ₌₃
        """,
    ),
    "scripts off their line": (
        r"e^{-\frac{x^2}{2\sigma^2}} + x^{2^n} + p_{nd}^2",
        """
         −x²/(2σ²)    2ⁿ
        e          + x   + p²
                            nd
        """,
    ),
    "a fraction as a base gets brackets": (
        r"{\frac{a}{b}}^2",
        """
        ⎛  a  ⎞²
        ⎜ ─── ⎟
        ⎝  b  ⎠
        """,
    ),
    "a small fraction": (
        r"a (1 - a) = \tfrac14 - \left(a - \tfrac12\right)^2 \le \tfrac14",
        """
        a (1 − a)  =  ¼ − (a − ½)²  ≤  ¼
        """,
    ),
    "a binomial": (
        r"\binom{n}{k}",
        """
        ⎛ n ⎞
        ⎜   ⎟
        ⎝ k ⎠
        """,
    ),
    "a long arrow": (
        r"a \xrightarrow{\text{ReLU}} b",
        """
            ReLU
        a  ─────→  b
        """,
    ),
    "sentences side by side": (
        r"u = x^2 \qquad L = u \quad\text{at } x = 3",
        """
        u  =  x²        L  =  u    at x = 3
        """,
    ),
}


@pytest.mark.parametrize("name", PICTURES)
def test_a_construct_looks_as_a_mathematician_would_draw_it(name: str) -> None:
    latex, expected = PICTURES[name]
    assert picture(latex) == drawn(expected)


LINES = {
    r"\frac{f(x+e)-f(x-e)}{2e}": "(f(x + e) − f(x − e))/(2e)",
    r"\frac{\partial L}{\partial W_{ij}}": "∂L/∂Wᵢⱼ",
    r"\partial L/\partial W_{ij}": "∂L/∂Wᵢⱼ",
    r"\frac{\partial^2 L}{\partial w_i \partial w_j}": "∂²L/(∂wᵢ ∂wⱼ)",
    r"\frac{a}{bc} + \frac{ab}{c}": "a/(bc) + ab/c",
    r"\frac{1}{\sigma(z)} + \frac{1}{N(a+b)}": "1/σ(z) + 1/(N(a + b))",
    r"\frac{1}{N} \sum_n x_n": "1/N · Σₙ xₙ",
    r"\frac{\sum_n x_n}{N}": "(Σₙ xₙ)/N",
    r"\frac{a}{b} \frac{c}{d}": "a/b · c/d",
    r"W^\top \frac{\partial L}{\partial z}": "Wᵀ · ∂L/∂z",
    r"\log \frac{a}{b}": "log(a/b)",
    r"\frac{d}{dx} \frac{a}{b}": "d/dx (a/b)",
    r"\frac{d}{dx} x^2": "d/dx x²",
    r"\frac{\frac{a}{b}}{c}": "(a/b)/c",
    r"\frac{a}{\frac{b}{c}}": "a/(b/c)",
    r"x + \frac{-1}{x}": "x + (−1)/x",
    r"\frac{1}{2} x": "½ x",
    r"{\frac{a}{b}}^2": "(a/b)²",
    r"{a + b}^2": "(a + b)²",
    r"x^{n+1} W_{l+1} x^{2^n}": "xⁿ⁺¹ Wₗ₊₁ x^(2ⁿ)",
    r"W^{(l+1)}_{ij}": "W⁽ˡ⁺¹⁾ᵢⱼ",
    r"x_i^2 \delta^k_n": "xᵢ² δᵏₙ",
    r"y_{\text{pred}} n_{\text{in}} a_{2,n} Z_K": "y_pred nᵢₙ a₂,ₙ Z_K",
    r"A^{-1} A^{-\top} A^T A^{\intercal} x^* x^\circ": "A⁻¹ A⁻ᵀ Aᵀ Aᵀ x* x°",
    r"f' f'' f'''": "f′ f″ f‴",
    r"\sqrt{x} \sqrt{2x} \sqrt{x^2} \sqrt[3]{x} \sqrt{s_t}": "√x √(2x) √(x²) ∛x √sₜ",
    r"-x + (-y) = -z, a \cdot -b, \pm 1": "−x + (−y) = −z, a · −b, ±1",
    r"\exp -x \log\sigma(z) \sin^2 x \max(0, x)": "exp −x log σ(z) sin² x max(0, x)",
    r"\|W\|_2 |x| \lVert x - y \rVert^2 [0, 1) \langle a, b \rangle": "‖W‖₂ |x| ‖x − y‖² [0, 1) ⟨a, b⟩",
    r"P(a|b) p(y \mid x)": "P(a|b) p(y ∣ x)",
    r"\mathbb{R}^{n \times m} \mathcal{L} \mathbf{x} \mathrm{d}x": "ℝⁿˣᵐ ℒ x dx",
    r"\nabla_\theta L \partial x\partial y \Delta x": "∇_θ L ∂x ∂y Δx",
    r"a \odot b \times c \to d \Rightarrow e \in f \approx g": "a ⊙ b × c → d ⇒ e ∈ f ≈ g",
    r"\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}": "[1, 2; 3, 4]",
    r"\left( \begin{array}{cc} 1 & 2 \\ 3 & 4 \end{array} \right)": "(1 2; 3 4)",
    r"\begin{cases} x & \text{if } x > 0 \\ 0 & \text{else} \end{cases}": "{ x if x > 0; 0 else }",
    r"\begin{aligned} a &= b \\ &= c \end{aligned}": "a = b = c",
    r"101{,}770 + 3.14": "101,770 + 3.14",
    r"\hat{y} \hat{x} \bar{x}_i": "ŷ x_hat x_barᵢ",
    r"x_iy_j ab 2x 2\pi XW": "xᵢ yⱼ ab 2x 2π XW",
    r"x \not= y \notin z": "x ≠ y ∉ z",
    r"δ·W ≤ ∂L": "δ · W ≤ ∂L",
    "": "",
}


@pytest.mark.parametrize("latex", LINES)
def test_a_formula_on_one_line_is_read_as_it_is_meant(latex: str) -> None:
    assert inline(latex) == LINES[latex]


ASCII = {
    r"\frac{\partial L}{\partial W} = X^\top G": "dL/dW = X^T G",
    r"\sum_{i=1}^{n} \alpha_i x_i \le \sqrt{2}": "sum_(i=1)^n alpha_i x_i <= sqrt(2)",
    r"\mathbb{R}^{n \times m}": "R^(n x m)",
    r"\partial \alpha \Delta x \nabla L 2\pi": "dalpha Delta x grad L 2 pi",
    r"\hat{y} - \bar{x}_i": "y_hat - x_bar_i",
    r"a \odot b \cdot c \to \lVert d \rVert": "a (*) b * c -> ||d||",
    r"e^{-z} x^{2^n} \tfrac12 f''": "e^(-z) x^(2^n) * 1/2 * f''",
    r"\text{the “naïve” way — élan}": 'the "naive" way -- elan',
}


@pytest.mark.parametrize("latex", ASCII)
def test_ascii_says_the_same(latex: str) -> None:
    assert inline(latex, ascii=True) == ASCII[latex]


def test_ascii_draws_too() -> None:
    latex = r"\frac{\partial L}{\partial b_j} = \left( \frac{a}{b} \right)^2 + \sum_{i=1}^n \underbrace{x_i}_{k}"
    assert picture(latex, ascii=True) == drawn(
        """
         dL      /  a  \\^2    n
        ----  =  | --- |   + sum x_i
        db_j     \\  b  /     i=1 '+'
                                  k
        """
    )


# ── breaking ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_wide_formula_breaks_at_its_relations() -> None:
    latex = r"dL = \langle G, dY \rangle = \langle G, dX \, W \rangle + \langle G, X \, dW \rangle"
    assert picture(latex, 39) == drawn(
        """
        dL  =  ⟨G, dY⟩
            =  ⟨G, dX W⟩ + ⟨G, X dW⟩
        """
    )


def test_then_at_plus_and_minus() -> None:
    latex = r"dL = \langle G, dX \, W \rangle + \langle G, X \, dW \rangle - \langle G, db \rangle"
    assert picture(latex, 28) == drawn(
        """
        dL  =  ⟨G, dX W⟩ + ⟨G, X dW⟩
               − ⟨G, db⟩
        """
    )


def test_a_left_side_too_wide_to_stand_before_the_relation_stands_above_it() -> None:
    assert picture(r"f(a, b, c, d, e, f) = g(a, b, c, d)", 24) == drawn(
        """
        f(a, b, c, d, e, f)
            =  g(a, b, c, d)
        """
    )


def test_sentences_go_under_each_other_and_their_gaps_close_up_first() -> None:
    latex = r"u = x^2 \qquad v = 10 - 3u \qquad L = v^2"
    assert picture(latex, 40) == "u  =  x²    v  =  10 − 3u    L  =  v²"
    assert picture(latex, 30) == "u  =  x²        v  =  10 − 3u\nL  =  v²"


def test_an_arrow_goes_with_what_it_leads_to() -> None:
    assert picture(r"u = x + y + z \quad \Rightarrow \quad v = u - 1", 22) == drawn(
        """
        u  =  x + y + z
        ⇒    v  =  u − 1
        """
    )


def test_the_right_side_of_a_derivation_breaks_beside_its_relation() -> None:
    assert picture(r"\begin{aligned} x &= aaaaa + bbbbb + ccccc \\ &= d \end{aligned}", 21) == drawn(
        """
        x  =  aaaaa + bbbbb
              + ccccc
           =  d
        """
    )


def test_words_wrap_and_a_fraction_too_wide_becomes_a_line() -> None:
    assert picture(r"\text{one two three four}", 10) == "one two\nthree four"
    assert picture(r"\frac{a + b + c + d}{x + y}", 12) == "(a + b + c +\nd)/(x + y)"


# ── what cannot be read ──────────────────────────────────────────────────────────────────────────────────────────────

FAULTS = {
    r"x + \foo{y}": (r"`\foo`", 4),
    r"x + \alhpa": (r"Did you mean `\alpha`?", 4),
    r"\begin{tikz} x \end{tikz}": ("`tikz`", 0),
    r"\frac{a}{b": ("closes", None),
    r"a}": ("closes", 1),
    r"x^{2}^{3}": ("Two superscripts", 5),
    r"x_": ("Nothing follows", 1),
    r"\left( x": (r"`\right`", 0),
    r"x \right)": (r"`\left`", 2),
    r"a & b $c$": ("dollar", 6),
    r"\frac{a}": ("ends", None),
    r"\text{日本}": ("one cell", 6),
    "x̂": ("one cell", 1),
    r"\not x": (r"`\not`", 0),
    r"\left x": ("bracket", 0),
}


@pytest.mark.parametrize("latex", FAULTS)
def test_what_the_layout_lacks_is_named_with_its_place(latex: str) -> None:
    words, position = FAULTS[latex]
    with pytest.raises(MathError) as caught:
        inline(latex)
    assert words in caught.value.sentence
    assert position is None or caught.value.position == position


def test_a_formula_nested_without_end_is_refused() -> None:
    with pytest.raises(MathError, match="nested too deeply"):
        display("{" * 3000 + "x" + "}" * 3000, 72)


def test_every_macro_that_is_named_is_known_by_that_name() -> None:
    names = macros()
    assert {"frac", "partial", "sum", "top", "odot", "underbrace", "text", "big", "lVert"} <= set(names)
    assert list(names) == sorted(names)


# ── cost ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_parser_is_loaded_with_the_first_formula() -> None:
    code = (
        "import sys, tutor.mathtext as m\n"
        "assert not any(name.startswith(('pylatexenc', 'numpy')) for name in sys.modules)\n"
        "m.inline('x'); assert 'pylatexenc' in sys.modules and 'numpy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


@pytest.mark.timed
def test_a_display_formula_takes_a_few_milliseconds_at_most() -> None:
    latex = r"\frac{\partial L}{\partial W_{ij}} = \sum_n X_{ni} \, G_{nj}"
    display(latex, 72)
    best = float("inf")
    for width in range(60, 80):
        start = time.perf_counter()
        display(latex + " ", width)
        best = min(best, time.perf_counter() - start)
    assert best < 0.01
