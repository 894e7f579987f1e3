"""The two themes can be read, and lose nothing where the terminal has fewer colours, or none."""

from __future__ import annotations

import pytest
from rich.color import ColorType
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter
from textual.theme import Theme

from tutor.tui.few_colors import CUBE, Colours16, Colours256, nearest_of_256
from tutor.tui.no_color import NoColour
from tutor.tui.theme import DARK, LIGHT, ROLE_STYLES, THEMES, first_theme
from tutor.tui.widgets.code_theme import code_looks, syntax_style

BOTH = pytest.mark.parametrize("theme", [DARK, LIGHT], ids=["dark", "light"])
PALETTE = [(r, g, b) for r in CUBE for g in CUBE for b in CUBE] + [(8 + 10 * n,) * 3 for n in range(24)]
READ, SEEN = 4.5, 3.0  # WCAG 2 AA: text that must be read; what need only be seen

CODE = ("code", "code-keyword", "code-value", "code-string", "code-call", "code-type")
WORDS = ("foreground", "bright", "dim", "accent", "warning", "error", "good", "bad", "curve", "curve2", *CODE)


def colours(theme: Theme) -> dict[str, str]:
    """Every colour of a theme by its name."""
    own = {name: getattr(theme, name) for name in ("foreground", "background", "surface", "panel", "accent", "primary")}
    return {**own, "warning": theme.warning, "error": theme.error, "good": theme.success, **theme.variables}


def contrast(one: str, other: str) -> float:
    """The WCAG ratio, 1 to 21."""

    def luminance(colour: str) -> float:
        parts = (part / 255 for part in Color.parse(colour).rgb)
        red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@BOTH
def test_every_colour_is_one_of_the_256(theme: Theme) -> None:
    assert {name: c for name, c in colours(theme).items() if Color.parse(c).rgb not in PALETTE} == {}


def test_both_themes_have_the_same_names() -> None:
    assert colours(DARK).keys() == colours(LIGHT).keys()
    assert {style.removeprefix("$") for style in ROLE_STYLES.values()} <= colours(DARK).keys()


@BOTH
def test_words_can_be_read_and_rules_be_seen(theme: Theme) -> None:
    named = colours(theme)
    pairs = [(word, on, READ) for word in WORDS for on in ("background", "surface")]
    pairs += [(word, "panel", READ) for word in ("foreground", "bright", "dim", "accent")]
    pairs += [("faint", on, SEEN) for on in ("background", "surface")]
    pairs += [("bright", "block-cursor-background", READ), ("foreground", "block-cursor-background", READ)]
    pairs += [("foreground", "code-failed", READ), *((word, "code-failed", SEEN) for word in (*CODE, "dim"))]
    pairs += [(word, "block-cursor-background", SEEN) for word in (*CODE, "dim")]
    pairs += [("input-cursor-foreground", "input-cursor-background", READ)]
    weak = {
        (word, on): contrast(named[word], named[on])
        for word, on, least in pairs
        if contrast(named[word], named[on]) < least
    }
    assert weak == {}


@BOTH
def test_the_code_pane_and_the_lessons_have_the_same_colours(theme: Theme) -> None:
    looks = code_looks(theme.name)
    assert looks.area.base_style == Style(color=theme.foreground, bgcolor=theme.background)
    for name, style in looks.area.syntax_styles.items():
        words = syntax_style(name).split()
        assert style.color is not None and style.color.name == colours(theme)[words[-1].removeprefix("$")]
        assert bool(style.italic) == ("italic" in words)
    assert code_looks("a theme of somebody else's") is not None


def test_which_theme_is_meant() -> None:
    assert first_theme("", {}) is DARK
    assert first_theme("light", {}) is LIGHT
    assert first_theme("", {"COLORFGBG": "0;15"}) is first_theme("", {"COLORFGBG": "0;default;15"}) is LIGHT
    assert first_theme("dark", {"COLORFGBG": "0;15"}) is DARK
    assert first_theme("light", {"TUTOR_THEME": "Dark"}) is DARK
    assert first_theme("light", {"TUTOR_THEME": "mauve"}) is LIGHT
    assert first_theme("mauve", {}) is DARK


# ── fewer colours ────────────────────────────────────────────────────────────────────────────────────────────────────


def seen(filter_: LineFilter, text: str, on: str, theme: Theme, **attributes: bool) -> Style:
    """How a piece of text comes out of a filter."""
    style = Style(color=text, bgcolor=on, **attributes)  # type: ignore[arg-type]
    (segment,) = filter_.apply([Segment("x", style)], Color.parse(theme.background or ""))
    assert isinstance(segment.style, Style)
    return segment.style


def number(style: Style, which: str) -> int | None:
    """The number of one of its two colours."""
    colour = getattr(style, which)
    return None if colour is None else colour.number


@BOTH
def test_256_colours_are_exact(theme: Theme) -> None:
    for colour in colours(theme).values():
        style = seen(Colours256(), colour, colour, theme)
        for part in (style.color, style.bgcolor):
            assert part is not None and part.type == ColorType.EIGHT_BIT and part.get_truecolor().hex == colour
    for red, green, blue in PALETTE:
        assert nearest_of_256(red, green, blue) >= 16


@BOTH
def test_in_16_colours_nothing_is_lost(theme: Theme) -> None:
    named, few = colours(theme), Colours16()
    back, marked = named["background"], named["block-cursor-background"]
    ground = number(seen(few, named["foreground"], back, theme), "bgcolor")
    assert ground == (0 if theme.dark else 15)
    for name in (*WORDS, "faint"):
        style = seen(few, named[name], back, theme)
        assert number(style, "bgcolor") == ground != number(style, "color")
        for on in (marked, named["code-failed"], named["input-cursor-background"]):
            style = seen(few, named[name], on, theme)
            assert number(style, "bgcolor") not in (ground, number(style, "color"))
    grounds = [
        number(seen(few, back, named[on], theme), "bgcolor") for on in ("block-cursor-background", "code-failed")
    ]
    grounds.append(number(seen(few, back, named["input-cursor-background"], theme), "bgcolor"))
    assert len(set(grounds)) == 3  # a selection, the line that failed, the cursor
    assert seen(few, named["bright"], back, theme).bold and not seen(few, named["foreground"], back, theme).bold
    hues = {name: number(seen(few, named[name], back, theme), "color") for name in ("accent", "good", "bad", "curve")}
    assert len({*hues.values(), number(seen(few, named["foreground"], back, theme), "color")}) == 5
    plain, faint = (number(seen(few, named[name], back, theme), "color") for name in ("foreground", "faint"))
    assert plain != faint
    for surface in ("surface", "panel"):
        assert number(seen(few, named["foreground"], named[surface], theme), "bgcolor") == ground
    kept = seen(few, named["accent"], back, theme, underline=True, italic=True)
    assert kept.underline and kept.italic


def test_without_colours_backgrounds_are_reverse_and_greys_bold_or_dim() -> None:
    named, none = colours(DARK), NoColour()
    for name in WORDS:
        for on in ("background", "surface", "panel", "block-cursor-background", "code-failed", "accent"):
            style = seen(none, named[name], named[on], DARK)
            assert style.color is not None and style.color.is_default
            assert style.bgcolor is not None and style.bgcolor.is_default
            assert bool(style.reverse) == (on not in ("background", "surface", "panel"))
    styles = {
        name: seen(none, named[name], named["background"], DARK) for name in ("bright", "foreground", "dim", "accent")
    }
    assert {name: (bool(style.bold), bool(style.dim)) for name, style in styles.items()} == {
        "bright": (True, False),
        "foreground": (False, False),
        "dim": (False, True),
        "accent": (False, False),
    }


def test_the_themes_are_named_as_they_are_chosen() -> None:
    assert list(THEMES) == ["dark", "light"]
