"""The one theme. Every colour is one of the 256, so nothing changes where 24-bit colour is missing."""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="tutor-dark",
    dark=True,
    primary="#ffaf5f",  # 215: the accent, and there is one
    accent="#ffaf5f",
    secondary="#87afff",
    foreground="#d0d0d0",  # 252
    background="#121212",  # 233
    surface="#1c1c1c",  # 234
    panel="#262626",  # 235
    success="#87d787",  # 114
    warning="#ffd75f",  # 221
    error="#ff8787",  # 210
    variables={
        "bright": "#eeeeee",  # 255: what matters now
        "dim": "#8a8a8a",  # 245
        "faint": "#585858",  # 240: rules and what is not there yet
        "good": "#87d787",
        "bad": "#ff8787",
        "curve": "#87afff",  # 111
        "curve2": "#d7afff",  # 183
        "border": "#3a3a3a",  # 237
        "block-cursor-background": "#3a3a3a",
        "block-cursor-foreground": "#eeeeee",
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

# viz speaks of roles; this is what they look like.
ROLE_STYLES = {
    "plain": "$foreground",
    "dim": "$dim",
    "axis": "$faint",
    "label": "$dim",
    "accent": "$accent",
    "curve": "$curve",
    "curve2": "$curve2",
    "good": "$good",
    "bad": "$bad",
    "mark": "$accent",
}
