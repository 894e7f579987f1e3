"""How Python looks in the code pane: what tree-sitter is asked for, and the colour of each name it answers with."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from rich.style import Style
from textual.widgets.text_area import TextAreaTheme

from tutor.tui.theme import DARK, THEMES

# The colours by their names in the theme.
_STYLES = {
    "comment": "italic $dim",
    "string": "$code-string",
    "string.documentation": "$dim",
    "keyword": "$code-keyword",
    "keyword.function": "$code-keyword",
    "keyword.return": "$code-keyword",
    "keyword.operator": "$code-keyword",
    "conditional": "$code-keyword",
    "repeat": "$code-keyword",
    "include": "$code-keyword",
    "operator": "$foreground",
    "number": "$code-value",
    "float": "$code-value",
    "boolean": "$code-value",
    "constant.builtin": "$code-value",
    "function": "$code-call",
    "function.call": "$code-call",
    "method": "$code-call",
    "method.call": "$code-call",
    "class": "$code-type",
    "type": "$code-type",
}

FOUND = Style(underline=True)  # the one that is selected has its background


class CodeLooks(NamedTuple):
    """What the code pane looks like in a theme."""

    area: TextAreaTheme
    failed_line: Style
    failed_words: Style


def syntax_style(name: str) -> str:
    """The style of what tree-sitter calls so, for Content; "" where it is plain text."""
    return _STYLES.get(name, "")


@cache
def code_looks(theme_name: str) -> CodeLooks:
    """The looks of the code pane in one of the two themes."""
    theme = THEMES.get(theme_name, DARK)
    colours = {"foreground": theme.foreground or "", **theme.variables}
    back, surface, selected = theme.background, theme.surface, colours["block-cursor-background"]
    area = TextAreaTheme(
        name=f"tutor-{theme.name}",
        base_style=Style(color=theme.foreground, bgcolor=back),
        gutter_style=Style(color=colours["faint"], bgcolor=back),
        cursor_style=Style(color=colours["input-cursor-foreground"], bgcolor=colours["input-cursor-background"]),
        cursor_line_style=Style(bgcolor=surface),
        cursor_line_gutter_style=Style(color=colours["dim"], bgcolor=surface),
        bracket_matching_style=Style(bgcolor=selected, bold=True),
        selection_style=Style(bgcolor=selected),
        syntax_styles={name: _rich_style(words, colours) for name, words in _STYLES.items()},
    )
    return CodeLooks(
        area,
        failed_line=Style(bgcolor=colours["code-failed"]),
        failed_words=Style(color=colours["dim"], bgcolor=back, italic=True),
    )


def _rich_style(words: str, colours: Mapping[str, str]) -> Style:
    *attributes, name = words.split()
    return Style(color=colours[name.removeprefix("$")], italic="italic" in attributes)


# Textual's own query asks for every identifier and tests it in Python: 90 ms a key in a file of 300 lines where this
# takes 3. Where two patterns fit the same node the later one is shown.
HIGHLIGHTS = """
(comment) @comment
(string) @string
(interpolation) @none
(module . (comment)* . (expression_statement . (string) @string.documentation .))
(class_definition body: (block . (comment)* . (expression_statement . (string) @string.documentation .)))
(function_definition body: (block . (comment)* . (expression_statement . (string) @string.documentation .)))
[(integer) (float)] @number
[(true) (false)] @boolean
(none) @constant.builtin
(call function: (identifier) @function.call)
(call function: (attribute attribute: (identifier) @method.call))
(decorator) @function
(function_definition name: (identifier) @function)
(class_definition name: (identifier) @type)
((call function: (identifier) @type) (#match? @type "^[A-Z].*[a-z]"))
["and" "in" "is" "not" "or" "del"] @keyword.operator
["def" "lambda"] @keyword.function
["assert" "async" "await" "class" "global" "nonlocal" "pass" "with" "as"] @keyword
["try" "except" "raise" "finally"] @keyword
["return" "yield"] @keyword.return
["from" "import"] @include
["if" "elif" "else" "match" "case"] @conditional
["for" "while" "break" "continue"] @repeat
"""
