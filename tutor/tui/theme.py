"""The two themes, dark and light, and which of them is meant.

Every colour is one of the 256, so nothing changes where 24-bit colour is missing. Both have the same names; a name says
what a thing is for, and nothing outside this file and `widgets/code_theme.py` says a colour.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from textual.theme import Theme

# A map of numbers with a sign, on either ground: it grows lighter with the number, so it is read in greys too.
SIGNED = {
    "neg4": "#00005f",  # 17
    "neg3": "#0000af",  # 19
    "neg2": "#005faf",  # 25
    "neg1": "#5f87af",  # 67
    "zero": "#949494",  # 246
    "pos1": "#d7af87",  # 180
    "pos2": "#ffaf5f",  # 215
    "pos3": "#ffd787",  # 222
    "pos4": "#ffffd7",  # 230
}
# Paper to ink, in greys 234 to 255 and back.
_GREYS = ("#1c1c1c", "#3a3a3a", "#585858", "#767676", "#949494", "#b2b2b2", "#d0d0d0", "#eeeeee")
ON_DARK = {f"grey{level}": grey for level, grey in enumerate(_GREYS)}
ON_LIGHT = {f"grey{level}": grey for level, grey in enumerate(("#ffffff", *_GREYS[-2::-1]))}

DARK = Theme(
    name="dark",
    dark=True,
    primary="#ffaf5f",  # 215: the accent, and there is one
    accent="#ffaf5f",
    secondary="#87afff",
    foreground="#d0d0d0",  # 252
    background="#121212",  # 233
    surface="#1c1c1c",  # 234: what lies over a screen
    panel="#262626",  # 235: where something is typed
    success="#87d787",  # 114
    warning="#ffd75f",  # 221
    error="#ff8787",  # 210
    variables={
        **SIGNED,
        **ON_DARK,
        "bright": "#eeeeee",  # 255: what matters now
        "dim": "#949494",  # 246
        "faint": "#6c6c6c",  # 242: rules and what is not there yet
        "good": "#87d787",
        "bad": "#ff8787",
        "curve": "#87afff",  # 111
        "curve2": "#d7afff",  # 183
        "curve3": "#5fd7af",  # 79
        "curve4": "#ffd787",  # 222
        "curve5": "#ff87af",  # 211
        "curve6": "#afd75f",  # 149
        "curve7": "#5fd7ff",  # 81
        "cloud": "#585858",  # 240: every value, behind their mean
        "border": "#3a3a3a",  # 237
        "code": "#afd7ff",  # 153: a code span, told from the text without a background
        "code-keyword": "#d7afff",
        "code-value": "#ffd7af",  # 223
        "code-string": "#afd7af",  # 151
        "code-call": "#87afff",
        "code-type": "#ffd75f",
        "code-failed": "#5f0000",  # 52: behind the line that failed
        "block-cursor-background": "#3a3a3a",
        "block-cursor-foreground": "#eeeeee",
        "block-cursor-blurred-background": "#3a3a3a",  # in the palette, where the line of input has the keys
        "block-cursor-blurred-foreground": "#eeeeee",
        "input-cursor-background": "#ffaf5f",
        "input-cursor-foreground": "#121212",
        "scrollbar": "#303030",
        "scrollbar-hover": "#3a3a3a",
        "scrollbar-active": "#585858",
        "scrollbar-background": "#121212",
        "scrollbar-background-hover": "#121212",
        "scrollbar-background-active": "#121212",
        "scrollbar-corner-color": "#121212",
    },
)

# Grey paper, and white what lies over it; the hues are those of the dark one, deep enough to be read.
LIGHT = Theme(
    name="light",
    dark=False,
    primary="#875f00",  # 94
    accent="#875f00",
    secondary="#005faf",
    foreground="#303030",  # 236
    background="#eeeeee",  # 255
    surface="#ffffff",  # 231
    panel="#e4e4e4",  # 254
    success="#005f00",  # 22
    warning="#875f00",
    error="#af0000",  # 124
    variables={
        **SIGNED,
        **ON_LIGHT,
        "bright": "#000000",  # 16
        "dim": "#626262",  # 241
        "faint": "#808080",  # 244
        "good": "#005f00",
        "bad": "#af0000",
        "curve": "#005faf",  # 25
        "curve2": "#8700af",  # 91
        "curve3": "#00875f",  # 29
        "curve4": "#875f00",  # 94
        "curve5": "#d7005f",  # 161
        "curve6": "#5f8700",  # 64
        "curve7": "#0087af",  # 31
        "cloud": "#b2b2b2",  # 249
        "border": "#bcbcbc",  # 250
        "code": "#005f87",  # 24
        "code-keyword": "#8700af",
        "code-value": "#875f00",
        "code-string": "#005f5f",  # 23
        "code-call": "#005faf",
        "code-type": "#87005f",  # 89
        "code-failed": "#ffd7d7",  # 224
        "block-cursor-background": "#d0d0d0",
        "block-cursor-foreground": "#000000",
        "block-cursor-blurred-background": "#d0d0d0",  # in the palette, where the line of input has the keys
        "block-cursor-blurred-foreground": "#000000",
        "input-cursor-background": "#875f00",
        "input-cursor-foreground": "#ffffff",
        "scrollbar": "#c6c6c6",
        "scrollbar-hover": "#bcbcbc",
        "scrollbar-active": "#808080",
        "scrollbar-background": "#eeeeee",
        "scrollbar-background-hover": "#eeeeee",
        "scrollbar-background-active": "#eeeeee",
        "scrollbar-corner-color": "#eeeeee",
    },
)

THEMES = {theme.name: theme for theme in (DARK, LIGHT)}

# viz speaks of roles; this is what they look like.
ROLE_STYLES = {
    "plain": "$foreground",
    "bright": "$bright",
    "dim": "$dim",
    "axis": "$faint",
    "label": "$dim",
    "accent": "$accent",
    "curve": "$curve",
    "curve2": "$curve2",
    "good": "$good",
    "bad": "$bad",
    "mark": "$accent",
    "curve3": "$curve3",
    "curve4": "$curve4",
    "curve5": "$curve5",
    "curve6": "$curve6",
    "curve7": "$curve7",
    "cloud": "$cloud",
    **{name: f"${name}" for name in (*SIGNED, *ON_DARK)},
}


def first_theme(chosen: str, environ: Mapping[str, str] = os.environ) -> Theme:
    """The theme to begin with: TUTOR_THEME, else what was `chosen` last, else what the terminal says of itself, dark.

    The terminal is not asked: its answer would come after the first frame. Some say their colours in COLORFGBG.
    """
    wanted = environ.get("TUTOR_THEME", "").lower()
    on_white = environ.get("COLORFGBG", "").rpartition(";")[2] in ("7", "15")
    return THEMES.get(wanted) or THEMES.get(chosen) or (LIGHT if on_white else DARK)
