from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reading import OTHER, SLUG, small_course
from tutor.course import (
    Hit,
    LessonHead,
    PageText,
    excerpt,
    load_course,
    load_lesson,
    pages_of,
    read_pages,
    search_pages,
)
from tutor.course.search import folded
from tutor.paths import locate


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> tuple[PageText, ...]:
    paths = small_course(tmp_path_factory.mktemp("course"))
    return read_pages(load_course(paths.lessons), paths.lessons)


def places(hits: tuple[Hit, ...]) -> list[tuple[str, str, int]]:
    return [(hit.page.lesson, hit.page.track, hit.page.section) for hit in hits]


def test_every_page_is_read_in_the_order_of_the_course(pages: tuple[PageText, ...]) -> None:
    assert [(page.lesson, page.track) for page in pages] == [
        *[(SLUG, "lesson")] * 4,
        *[(SLUG, "intuition")] * 2,
        *[(SLUG, "derivation")] * 2,
        *[(OTHER, "lesson")] * 2,
    ]
    assert pages[0].heading == "Words and x²" and pages[0].title == "Tiny"


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("paragraph 7", [(SLUG, "lesson", 1)]),
        ("PARA", [(SLUG, "lesson", 1)]),
        ("aragraph", []),  # the beginning of a word
        ("sum", [(SLUG, "lesson", 2), (SLUG, "derivation", 0), (OTHER, "lesson", 0)]),  # a note, a text, a text
        ("sum bias", [(OTHER, "lesson", 0)]),  # all of them
        ("sum nowhere", []),
        ("dL/dW", [(SLUG, "lesson", 0)]),  # of a formula
        ("∂L/∂W", [(SLUG, "lesson", 0)]),
        ("wij", [(SLUG, "lesson", 0)]),
        ("x2", [(SLUG, "lesson", 0), (SLUG, "derivation", 1)]),
        ("slip pen", [(OTHER, "lesson", 1)]),  # of a mistake
        ("step", [(SLUG, "derivation", 0), (SLUG, "derivation", 1)]),
        ("  ", []),
    ],
)
def test_the_pages_that_hold_all_words(
    pages: tuple[PageText, ...], words: str, found: list[tuple[str, str, int]]
) -> None:
    assert places(search_pages(pages, words)) == found


def test_what_a_heading_says_comes_first_and_one_line_before_a_whole_page(tmp_path: Path) -> None:
    paths = small_course(tmp_path)
    (paths.lessons / SLUG / "lesson.md").write_text(
        (paths.lessons / SLUG / "lesson.md").read_text().split("## ")[0]
        + "## One\n\nA cat.\n\nA dog.\n\n## Two\n\nA cat and a dog.\n\n## Three\n\n### Cat, dog\n\nNo.\n"
    )
    hits = search_pages(tuple(pages_of(load_lesson(paths.lessons, SLUG))), "dog cat")
    assert [(hit.page.heading, hit.rank) for hit in hits] == [("Three", 0), ("Two", 1), ("One", 2)]
    assert hits[1].line == "A cat and a dog." and hits[1].spans == ((2, 5), (12, 15))


def test_a_lesson_that_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    paths = small_course(tmp_path)
    (paths.lessons / SLUG / "math.md").write_text("no heading")
    assert {page.lesson for page in read_pages(load_course(paths.lessons), paths.lessons)} == {OTHER}


@given(st.text())
def test_a_folded_text_keeps_the_place_of_every_sign(text: str) -> None:
    assert len(folded(text)) == len(text)


LINES = st.lists(st.sampled_from(["a", "bias", "gradient", "sum", "of"]), min_size=1, max_size=80).map(" ".join)


@given(LINES, st.integers(30, 90))
def test_an_excerpt_fits_and_shows_the_words_where_they_are(line: str, width: int) -> None:
    spans = tuple((at, at + 3) for at in range(len(line)) if line.startswith("sum", at))
    page = PageText("s", "t", "lesson", 0, "h", (), "")
    text, places = excerpt(Hit(page, line, spans, 1), width)
    assert len(text) <= width
    assert all(text[start:end] == "sum" for start, end in places)
    assert bool(places) == bool(spans)


@pytest.mark.timed
def test_the_course_is_found_through_in_no_time() -> None:
    """Twenty lessons as they are typed for: the words of the course's own lessons, as often as it takes."""
    paths = locate()
    course = load_course(paths.lessons)
    ready = sum(isinstance(entry.head, LessonHead) for entry in course.entries)
    pages = read_pages(course, paths.lessons) * (20 // ready + 1)
    best = min(_seconds(pages, words) for words in ("gradient of the bias", "s", "grad_W") for _ in range(3))
    assert best < 0.25


def _seconds(pages: tuple[PageText, ...], words: str) -> float:
    start = time.perf_counter()
    search_pages(pages, words)
    return time.perf_counter() - start
