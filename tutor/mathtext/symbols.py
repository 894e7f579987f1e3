"""What the macros and the characters of a formula stand for: a sign one cell wide, its ASCII spelling, its kind."""

from __future__ import annotations

from tutor.mathtext.tree import Kind, Space, Symbol


def _table(kind: Kind, entries: str) -> dict[str, Symbol]:
    """Lines of `name sign ascii`; an ASCII spelling that is the name is left out."""
    table = {}
    for line in entries.strip().splitlines():
        for entry in line.split(";"):
            name, sign, *plain = entry.split()
            table[name] = Symbol(sign, " ".join(plain) or name, kind)
    return table


_GREEK = _table(
    "letter",
    """
    alpha α; beta β; gamma γ; delta δ; epsilon ε; varepsilon ε epsilon; zeta ζ; eta η; theta θ; vartheta ϑ theta
    iota ι; kappa κ; lambda λ; mu μ; nu ν; xi ξ; pi π; rho ρ; varrho ϱ rho; sigma σ; varsigma ς sigma; tau τ
    upsilon υ; phi φ; varphi φ phi; chi χ; psi ψ; omega ω
    Gamma Γ; Theta Θ; Lambda Λ; Xi Ξ; Pi Π; Sigma Σ; Upsilon Υ; Phi Φ; Psi Ψ; Omega Ω
    """,
)
_ORDINARY = _table(
    "ordinary",
    """
    infty ∞ inf; ell ℓ l; hbar ℏ; emptyset ∅ {}; varnothing ∅ {}; forall ∀ forall; exists ∃ exists; neg ¬ not
    prime ′ '; top ⊤ T; bot ⊥ _|_; angle ∠; checkmark ✓ ok; dagger † +; star ⋆ *; degree ° deg; Re ℜ Re; Im ℑ Im
    ldots … ...; dots … ...; cdots ⋯ ...; vdots ⋮ :; ddots ⋱ ...; dotsc … ...; dotsb ⋯ ...; aleph ℵ; wp ℘ p
    """,
)
_DIFFERENTIALS = _table("differential", "partial ∂ d; nabla ∇ grad; Delta Δ")
_BINARIES = _table(
    "binary",
    """
    cdot · *; times × x; odot ⊙ (*); otimes ⊗ (x); oplus ⊕ (+); ominus ⊖ (-); pm ± +/-; mp ∓ -/+; div ÷ /
    ast ∗ *; circ ∘ o; bullet • *; cup ∪ u; cap ∩ n; setminus ∖ \\; land ∧ and; wedge ∧ and; lor ∨ or; vee ∨ or
    """,
)
_RELATIONS = _table(
    "relation",
    """
    le ≤ <=; leq ≤ <=; ge ≥ >=; geq ≥ >=; ne ≠ !=; neq ≠ !=; approx ≈ ~=; sim ∼ ~; simeq ≃ ~=; cong ≅ ~=; equiv ≡ ==
    propto ∝ prop.to; ll ≪ <<; gg ≫ >>; in ∈ in; notin ∉ not.in; ni ∋ has; subset ⊂ subset; subseteq ⊆ subset.of
    supset ⊃ superset; to → ->; rightarrow → ->; gets ← <-; leftarrow ← <-; mapsto ↦ |->; leftrightarrow ↔ <->
    Rightarrow ⇒ =>; implies ⇒ ==>; Longrightarrow ⇒ ==>; longrightarrow → -->; Leftarrow ⇐ <==; iff ⇔ <=>
    Leftrightarrow ⇔ <=>; Longleftrightarrow ⇔ <=>; longleftarrow ← <--; impliedby ⇐ <==; uparrow ↑ up
    downarrow ↓ down; nearrow ↗ up; searrow ↘ down; mid ∣ |; parallel ∥ ||; perp ⊥ _|_; coloneqq ≔ :=; lt < <; gt > >
    longmapsto ↦ |-->; hookrightarrow ↪ ->; rightsquigarrow ⇝ ~>; doteq ≐ =; triangleq ≜ :=; vdash ⊢ |-; models ⊨ |=
    """,
)
_BIGS = _table("big", "sum Σ; prod Π; coprod ∐; bigcup ⋃ union; bigcap ⋂ intersection; int ∫ int; bigodot ⊙ (*)")
_PUNCTUATION = _table("punctuation", "colon : :; cdotp · *")

# Functions whose subscript stands under them in a display formula.
LIMITS = ("max", "min", "lim", "sup", "inf", "argmax", "argmin", "limsup", "liminf", "det", "gcd")
_WORDS = (
    *("exp", "log", "ln", "lg", "tanh", "sinh", "cosh", "coth", "sin", "cos", "tan", "cot", "arcsin", "arccos"),
    *("arctan", "arg", "dim", "ker", "Pr", "deg", "sec", "csc", "hom", *LIMITS),
)

MACROS: dict[str, Symbol] = {
    **_GREEK,
    **_ORDINARY,
    **_DIFFERENTIALS,
    **_BINARIES,
    **_RELATIONS,
    **_BIGS,
    **_PUNCTUATION,
    **{name: Symbol(name, name, "word") for name in _WORDS},
    **{sign: Symbol(sign, sign, "ordinary") for sign in "%#$&_"},
}
for _name in ("propto", "notin", "subseteq"):
    _old = MACROS[_name]
    MACROS[_name] = Symbol(_old.sign, _old.plain.replace(".", " "), _old.kind)

SPACES: dict[str, Space] = {
    ",": Space("thin"),
    ":": Space("thin"),
    ">": Space("thin"),
    ";": Space("thin"),
    " ": Space("thin"),
    "thinspace": Space("thin"),
    "enspace": Space("thin"),
    "!": Space("none"),
    "quad": Space("quad"),
    "qquad": Space("qquad"),
}

# Delimiters by macro; \left, \right, \big and a bracket on its own take these and the characters ( ) [ ] | < > . /
DELIMITERS: dict[str, str] = {
    "{": "{",
    "}": "}",
    "lbrace": "{",
    "rbrace": "}",
    "lbrack": "[",
    "rbrack": "]",
    "langle": "⟨",
    "rangle": "⟩",
    "lfloor": "⌊",
    "rfloor": "⌋",
    "lceil": "⌈",
    "rceil": "⌉",
    "|": "‖",
    "Vert": "‖",
    "lVert": "‖",
    "rVert": "‖",
    "vert": "|",
    "lvert": "|",
    "rvert": "|",
}
OPENING = {"{", "lbrace", "lbrack", "langle", "lfloor", "lceil", "lVert", "lvert"}
CLOSING = {"}", "rbrace", "rbrack", "rangle", "rfloor", "rceil", "rVert", "rvert"}
DELIMITER_PLAIN = {"⟨": "<", "⟩": ">", "‖": "||", "⌊": "floor(", "⌋": ")", "⌈": "ceil(", "⌉": ")"}

ACCENT_NAMES = {
    "hat": "hat",
    "widehat": "hat",
    "bar": "bar",
    "overline": "bar",
    "tilde": "tilde",
    "widetilde": "tilde",
    "dot": "dot",
    "ddot": "ddot",
    "vec": "vec",
    "overrightarrow": "vec",
    "underline": "underline",
}

BLACKBOARD = {"R": "ℝ", "N": "ℕ", "Z": "ℤ", "Q": "ℚ", "C": "ℂ", "P": "ℙ", "H": "ℍ"}
SCRIPT_LETTERS = {"L": "ℒ", "B": "ℬ", "F": "ℱ", "H": "ℋ", "I": "ℐ", "M": "ℳ", "R": "ℛ", "E": "ℰ"}

# Characters that may stand in a formula as they are, beside letters and digits.
_MINUS = Symbol("−", "-", "binary")
CHARACTERS: dict[str, Symbol] = {
    "+": Symbol("+", "+", "binary"),
    "-": _MINUS,
    "−": _MINUS,
    "*": Symbol("*", "*", "binary"),
    "@": Symbol("@", "@", "binary"),
    "=": Symbol("=", "=", "relation"),
    "<": Symbol("<", "<", "relation"),
    ">": Symbol(">", ">", "relation"),
    ":": Symbol(":", ":", "relation"),
    "/": Symbol("/", "/", "ordinary"),
    "!": Symbol("!", "!", "postfix"),
    "?": Symbol("?", "?", "ordinary"),
    ",": Symbol(",", ",", "punctuation"),
    ";": Symbol(";", ";", "punctuation"),
    ".": Symbol(".", ".", "punctuation"),
    "(": Symbol("(", "(", "open"),
    "[": Symbol("[", "[", "open"),
    ")": Symbol(")", ")", "close"),
    "]": Symbol("]", "]", "close"),
    "|": Symbol("|", "|", "ordinary"),
    '"': Symbol('"', '"', "ordinary"),
    "…": MACROS["ldots"],
    "⟨": Symbol("⟨", "<", "open"),
    "⟩": Symbol("⟩", ">", "close"),
    "‖": Symbol("‖", "||", "ordinary"),
}
for _symbol in MACROS.values():
    if len(_symbol.sign) == 1 and not _symbol.sign.isascii():
        CHARACTERS.setdefault(_symbol.sign, _symbol)

# A relation with a stroke through it.
NEGATED = {"=": "ne", "∈": "notin", "≡": "≢", "≈": "≉"}

SUPERSCRIPTS = dict(
    zip(
        "0123456789+−=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVWαβγδεθφχ×*′″‴†°",
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂᵅᵝᵞᵟᵋᶿᵠᵡˣ*′″‴†°",
        strict=True,
    )
)
SUBSCRIPTS = dict(
    zip(
        "0123456789+−=()aehijklmnoprstuvxβγρφχ,",
        "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ,",
        strict=True,
    )
)
VULGAR = {
    ("1", "2"): "½",
    ("1", "3"): "⅓",
    ("2", "3"): "⅔",
    ("1", "4"): "¼",
    ("3", "4"): "¾",
    ("1", "5"): "⅕",
    ("1", "8"): "⅛",
    ("3", "8"): "⅜",
}
