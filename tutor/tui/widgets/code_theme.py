"""How Python looks in the code pane: what tree-sitter is asked for, and the colour of each name it answers with."""

from __future__ import annotations

from rich.style import Style
from textual.widgets.text_area import TextAreaTheme

_DIM, _KEYWORD, _VALUE = "#8a8a8a", "#d7afff", "#ffd7af"

CODE_THEME = TextAreaTheme(
    name="tutor",
    base_style=Style(color="#d0d0d0", bgcolor="#121212"),
    gutter_style=Style(color="#585858", bgcolor="#121212"),
    cursor_style=Style(color="#121212", bgcolor="#ffaf5f"),
    cursor_line_style=Style(bgcolor="#1c1c1c"),
    cursor_line_gutter_style=Style(color=_DIM, bgcolor="#1c1c1c"),
    bracket_matching_style=Style(bgcolor="#3a3a3a", bold=True),
    selection_style=Style(bgcolor="#3a3a3a"),
    syntax_styles={
        "comment": Style(color=_DIM, italic=True),
        "string": Style(color="#afd7af"),
        "string.documentation": Style(color=_DIM),
        "keyword": Style(color=_KEYWORD),
        "keyword.function": Style(color=_KEYWORD),
        "keyword.return": Style(color=_KEYWORD),
        "keyword.operator": Style(color=_KEYWORD),
        "conditional": Style(color=_KEYWORD),
        "repeat": Style(color=_KEYWORD),
        "include": Style(color=_KEYWORD),
        "operator": Style(color="#d0d0d0"),
        "number": Style(color=_VALUE),
        "float": Style(color=_VALUE),
        "boolean": Style(color=_VALUE),
        "constant.builtin": Style(color=_VALUE),
        "function": Style(color="#87afff"),
        "function.call": Style(color="#87afff"),
        "method": Style(color="#87afff"),
        "method.call": Style(color="#87afff"),
        "class": Style(color="#ffd75f"),
        "type": Style(color="#ffd75f"),
    },
)

FAILED_LINE = Style(bgcolor="#5f0000")
FAILED_WORDS = Style(color=_DIM, bgcolor="#121212", italic=True)
FOUND = Style(bgcolor="#3a3a3a")

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
