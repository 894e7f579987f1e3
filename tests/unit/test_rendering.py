from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.content import Content

from tutor.course import CheckCode, Diagram, Predict, PythonRun, Worked, draw, load_course, load_lesson
from tutor.paths import locate
from tutor.tui.rendering import (
    CODE,
    hanging,
    inline_content,
    markdown_content,
    opening_words,
    python_content,
    sentence,
)
from tutor.tui.screens import lesson_view, question_view, worked_view

WORDS = st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), max_size=200)


def styles_at(content: Content, text: str) -> str:
    """The styles on the first occurrence of a text, outermost first."""
    start = content.plain.index(text)
    return " ".join(str(span.style) for span in content.spans if span.start <= start < span.end)


def test_markup_is_shown_and_never_read() -> None:
    assert markdown_content("a [b]bold[/b] and [red]x[/]").plain == "a [b]bold[/b] and [red]x[/]"
    assert python_content("x = a[b]  # [red]").plain == "x = a[b]  # [red]"


def test_control_characters_cannot_reach_the_terminal() -> None:
    for content in (
        markdown_content("a\x1b[31mb\x07"),
        python_content("a\x1b[31mb\x07"),
        inline_content("a\x1b]0;t\x07b"),
    ):
        assert "\x1b" not in content.plain and "\x07" not in content.plain


def test_each_kind_of_text_has_its_style() -> None:
    content = markdown_content("plain `code x` **strong `within`** *leaning* [words](06-linear-layer)", 80)
    assert content.plain == "plain code x strong within leaning words"
    assert styles_at(content, "plain") == ""
    assert "$code" in styles_at(content, "code")
    assert "bold" in styles_at(content, "strong") and "bold" in styles_at(content, "within")
    assert "italic" in styles_at(content, "leaning")
    assert "underline" in styles_at(content, "words")


def test_a_web_link_shows_where_it_leads() -> None:
    assert markdown_content("[here](https://a.b/c)").plain == "here (https://a.b/c)"
    assert markdown_content("<https://a.b/c>").plain == "https://a.b/c"


def test_lists_hang_behind_their_marks() -> None:
    text = "1. one two three four\n2. five\n   - six seven eight\n\nafter"
    assert markdown_content(text, 14).plain.split("\n") == [
        "1. one two",
        "   three four",
        "2. five",
        "   · six seven",
        "     eight",
        "",
        "after",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("```text\n1 2\n```\n\nWhich `shape` is\nthis?", "Which shape is this?"),
        ("Forward is\n\n```python\ny = x\n```\n\nWhat is `g`?", "Forward is … What is g?"),
        ("What is it?\n\n```python\ny = x\n```", "What is it?"),
        ("Forward was\n\n```python\ny = x\n```", "Forward was …"),
        ("One.\n\nTwo?", "One. Two?"),
        ("```python\ny = x\nz = y\n```", "y = x"),
        ("", ""),
    ],
)
def test_the_opening_words_are_sentences_and_no_code(text: str, words: str) -> None:
    assert opening_words(text).plain == words


def test_a_short_code_span_is_not_broken() -> None:
    assert markdown_content("one two `a * b`", 12).plain == "one two\na * b"
    assert markdown_content("one two `a * b`").plain == "one two a * b"


def test_a_table_is_aligned_and_fits() -> None:
    text = "| thing | shape |\n|---|---|\n| `W` | `(in, out)` |\n| a long name of a thing | `(N,)` |"
    lines = markdown_content(text, 60).plain.split("\n")
    assert lines[0].index("shape") == lines[2].index("(in, out)") == lines[3].index("(N,)")
    assert max(map(len, markdown_content(text, 30).plain.split("\n"))) <= 30


def test_code_keeps_its_lines_and_is_set_in() -> None:
    text = "see\n\n```python\ndef f():\n\n    return 1\n```\n"
    content = markdown_content(text, 40)
    assert content.plain == "see\n\n  def f():\n\n      return 1"
    assert styles_at(content, "return") == styles_at(python_content("return 1"), "return") != ""


def test_python_has_the_colours_of_the_code_pane() -> None:
    from tutor.tui.widgets.code_theme import syntax_style

    content = python_content('é = "ü"  # ö\nreturn f(1)')
    for text, name in (('"ü"', "string"), ("# ö", "comment"), ("return", "keyword.return"), ("f(", "function.call")):
        assert syntax_style(name) and syntax_style(name) in styles_at(content, text)
    assert python_content("def f(:\n  '''").plain == "def f(:\n  '''"  # what does not parse is shown all the same


@given(WORDS, st.integers(20, 100))
def test_no_line_of_prose_is_wider_than_asked(text: str, width: int) -> None:
    content = markdown_content(text.replace("`", "").replace("|", ""), width)
    if not content.plain.startswith("  "):  # not a listing
        assert all(line.cell_length <= width for line in content.split(allow_blank=True))


@given(st.lists(st.text("abc[]", min_size=1, max_size=8), min_size=1), st.integers(12, 60))
def test_hanging_lines_carry_every_word_behind_the_mark(words: list[str], width: int) -> None:
    first, *rest = hanging(Content("> "), " ".join(words), width).plain.split("\n")
    assert first.startswith("> ") and all(line.startswith("  ") for line in rest)
    assert " ".join([first[2:], *(line[2:] for line in rest)]).split() == words


READY = [entry.outline.slug for entry in load_course(locate().lessons).entries if entry.head is not None]


@pytest.mark.parametrize("slug", READY)
def test_every_block_of_every_lesson_fits_in_78_columns(slug: str) -> None:
    lesson = load_lesson(locate().lessons, slug)
    for section in (*lesson.sections, *lesson.intuition, *lesson.math):
        for block in section.blocks:
            if isinstance(block, CheckCode):
                continue
            if isinstance(block, PythonRun):
                content = lesson_view.code(block)
            elif isinstance(block, Predict):
                content = question_view.question_text(draw(block.question, 1), 76)
            elif isinstance(block, Worked):
                content = worked_view.card(block, block.given, block.given, worked_view.Hand(0), 78)
            elif isinstance(block, Diagram):
                steps = range(lesson_view.steps(block) + 1)
                content = Content("\n").join(lesson_view.stepped(block, step, steps[-1], 78) for step in steps)
                heights = {lesson_view.diagram(block, 78, step).plain.count("\n") for step in steps if steps[-1]}
                assert len(heights) <= 1, "the page would jump"
            else:
                content = lesson_view.block(block, 78)
            wide = [line.plain for line in content.split(allow_blank=True) if line.cell_length > 78]
            assert not wide, f"{slug}, {section.title}: {wide[0]}"
            assert "There should be a picture here" not in content.plain
            assert "needs" not in content.plain or "columns" not in content.plain.splitlines()[0]


def test_in_a_sentence_only_code_is_marked() -> None:
    said = sentence("`a1` meets [b]W[/b] in `a1 @ W`.", "bold")
    assert said.plain == "a1 meets [b]W[/b] in a1 @ W."
    assert [said.plain[span.start : span.end] for span in said.spans if CODE in str(span.style)] == ["a1", "a1 @ W"]
    assert sentence("one ` alone", "").plain == "one ` alone"
