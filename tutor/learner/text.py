"""Makes text that came from a learner's program safe to show: nothing in it can move the cursor or hide a line."""

from __future__ import annotations

import os
import re

_TAB = 4

# One pass, so that taking one sequence out can never leave another behind.
_CONTROL = re.compile(
    r"""
      (?P<newline> \r\n? )
    | (?: \x1b\] | \x9d ) [^\x07\x1b\x9c]{0,4096} (?: \x07 | \x1b\\ | \x9c )    # OSC: titles, links, clipboard
    | (?: \x1b[PX^_] | [\x90\x98\x9e\x9f] ) [^\x1b\x9c]{0,65536} (?: \x1b\\ | \x9c )  # DCS, SOS, PM, APC
    | (?: \x1b\[ | \x9b ) [0-?]* [\ -/]* [@-~]                                  # CSI: colours, cursor, modes
    | \x1b [\ -/]* [0-Z\\^-~]                                                  # other escapes of two or three bytes
    | (?P<lone> [\x00-\x08\x0b-\x1f\x7f] )
    | [\x80-\x9f]                                                              # C1
    | [\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]                            # bidirectional marks and overrides
    | (?P<surrogate> [\ud800-\udfff] )
    """,
    re.VERBOSE,
)


def printable(text: str) -> str:
    """The text as it may be put on a screen: escape sequences gone, lone control characters shown, tabs expanded."""
    if text.isascii() and text.isprintable():  # as names are, of which an answer has hundreds
        return text
    return _CONTROL.sub(_shown, text).expandtabs(_TAB)


def shown_path(path: str | os.PathLike[str]) -> str:
    """A path, or a name, as it may be put on one line: whatever its bytes are, it can be printed and moves nothing."""
    return printable(os.fsencode(path).decode("utf-8", "replace")).replace("\n", "␊")


def _shown(match: re.Match[str]) -> str:
    if match["newline"]:
        return "\n"
    if match["lone"]:
        code = ord(match["lone"])
        return "␡" if code == 0x7F else chr(0x2400 + code)
    return "\N{REPLACEMENT CHARACTER}" if match["surrogate"] else ""
