"""Every way a file of the course breaks: it is listed in its place with file, line and reason, and the rest works."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tutor.course import Broken, LessonHead, load_course, load_lesson, load_quiz
from tutor.errors import ContentError

HEAD = """+++
title = "T"
concept = "t"
goal = "G"
minutes = 20
difficulty = "easy"
objectives = ["o"]
+++
"""
OUTLINE = """[[part]]
title = "P"
lesson = [
    { slug = "01-whole", title = "Whole", minutes = 10 },
    { slug = "02-other", title = "Other", minutes = 10 },
]
"""

BROKEN: dict[str, tuple[bytes, str, int | None]] = {
    "empty": (b"", "must start with a line `+++`", 1),
    "no front matter": (b"## Page\n", "must start with a line `+++`", 1),
    "never closed": (b"+++\ntitle = 'T'\n", "no closing", 1),
    "half a line": (b"+++\ntitle = \n+++\n", "is no TOML", 2),
    "twice": (b"+++\ntitle = 'T'\ntitle = 'U'\n+++\n", "is no TOML", 3),
    "no goal": (HEAD.replace('goal = "G"\n', "").encode(), "`goal` is missing", 1),
    "a wrong type": (HEAD.replace("20", '"20"').encode(), "`minutes` must be a whole number, not text", 5),
    "nan": (HEAD.replace("20", "nan").encode(), "`minutes` must be a finite number", 5),
    "inf": (HEAD.replace("20", "-inf").encode(), "`minutes` must be a finite number", 5),
    "a date": (HEAD.replace("20", "1979-05-27").encode(), "`minutes` must be a whole number, not date", 5),
    "an unknown key": (HEAD.replace("goal", "gaol").encode(), "did you mean `goal`?", 4),
    "an unknown word": (HEAD.replace("easy", "esay").encode(), "not one of: easy, medium, hard", 6),
    "5,000 digits": (HEAD.replace("20", "9" * 5000).encode(), "thousands of digits", None),
    "400 digits": (HEAD.replace("20", "9" * 400).encode(), "`minutes` is too large a number", 5),
    "deep arrays": (HEAD.replace('["o"]', "[" * 100_000).encode(), "is nested too deeply", None),
    "deep enough to parse": (HEAD.replace('["o"]', "[" * 300 + "]" * 300).encode(), "is nested too deeply", 7),
    "deep keys": (HEAD.replace("goal", "a." * 5000 + "b").encode(), "is nested too deeply", None),
    "a byte order mark": (b"\xef\xbb\xbf" + HEAD.encode(), "byte order mark", 1),
    "Latin-1": (HEAD.replace("G", "é").encode("latin-1"), "is not UTF-8: byte 0xe9", 4),
    "UTF-16": (HEAD.encode("utf-16-le"), "control character U+0000", 1),
    "NUL": (HEAD.replace("G", "\0").encode(), "control character U+0000", 4),
    "an escape sequence": (HEAD.replace("G", "\x1b[2J").encode(), "control character U+001B", 4),
    "an escaped escape": (HEAD.replace("G", "\\u001b[2J").encode(), "`goal` holds the control character U+001B", 4),
    "too large": (HEAD.encode() + b"x" * (1 << 20), "is larger than 1 MiB", None),
}


@pytest.fixture
def lessons(tmp_path: Path) -> Path:
    lessons = tmp_path / "lessons"
    for slug in ("01-whole", "02-other"):
        (lessons / slug).mkdir(parents=True)
        (lessons / slug / "lesson.md").write_text(HEAD + "\n## Page\nWords.\n")
    (lessons / "course.toml").write_text(OUTLINE)
    return lessons


def assert_broken(lessons: Path, reason: str, line: int | None) -> None:
    whole, other = load_course(lessons).entries
    assert isinstance(whole.head, LessonHead)
    assert isinstance(other.head, Broken)
    assert reason in other.head.reason
    assert other.head.line == line
    assert other.head.file == lessons / "02-other" / "lesson.md"
    with pytest.raises(ContentError):
        load_lesson(lessons, "02-other")
    assert load_lesson(lessons, "01-whole").head.title == "T"


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_head_stands_in_its_place_and_the_rest_works(lessons: Path, name: str) -> None:
    raw, reason, line = BROKEN[name]
    (lessons / "02-other" / "lesson.md").write_bytes(raw)
    assert_broken(lessons, reason, line)


def test_a_lesson_that_is_no_plain_file_is_broken(lessons: Path) -> None:
    file = lessons / "02-other" / "lesson.md"
    file.unlink()
    assert_broken(lessons, "is missing", None)
    file.mkdir()
    assert_broken(lessons, "is not a plain file", None)
    file.rmdir()
    os.mkfifo(file)
    assert_broken(lessons, "is not a plain file", None)
    file.unlink()
    file.symlink_to("nowhere")
    assert_broken(lessons, "is missing", None)


def test_windows_line_ends_are_no_fault(lessons: Path) -> None:
    file = lessons / "02-other" / "lesson.md"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert load_lesson(lessons, "02-other").sections[0].title == "Page"


@pytest.mark.parametrize(
    ("text", "reason", "line"),
    [
        ("words\n\n## Page\n", "text stands before the first", 9),
        ("\n", "has no page", 9),
        ("## Page\n```math\nx\n---\nx\n", "the fence ```math is never closed", 10),
        ("## Page\n```math\n\n```\n", "math block: there is no formula", 10),
        ("## Page\n```math\nx\n---\nx\n```\n", "math block: it holds LaTeX alone", 12),
        ("## Page\n```predict\nid = \n```\n", "is no TOML", 11),
        ("## Page\n```predict\nid = 'a'\nkind = 'one'\ntext = 3\nexplain = 'e'\n```\n", "`text` must be text", 13),
        ("## Page\n```predict\nid = 'a'\nkind='number'\ntext='t'\nexplain = 'e'\n```\n", "`answer` is missing", 10),
        ("## Page\n```mistake\ntitle = 't'\nsymptom = 's'\ncause = 'c'\n```\n", "`test` is missing", 10),
        ("## Page\n```mistake\ntitle = 't'\nsymptom = 's'\ncause = 'c'\ntest = ''\n```\n", "must not be empty", 10),
        ("## Page\n```mistake\ntitle='t'\nsymptom='s'\ncause='c'\ntest='t'\nx=1\n```\n", "`x` is not known", 10),
        ("## Page\n```diagram flow a\n```\n", "the info line is", 10),
        ("## Page\n```diagram flow a='\n```\n", "the info line is", 10),
        ("## Page\n```diagram flow\nx\n```\n", "it has no body", 11),
        ("## Page\n```diagram\n```\n", "the info line is", 10),
        ("## Page\n```check\n```\n", "there is no code", 10),
    ],
)
def test_a_broken_page_is_refused_with_its_line(lessons: Path, text: str, reason: str, line: int | None) -> None:
    (lessons / "02-other" / "lesson.md").write_text(HEAD + text)
    with pytest.raises(ContentError) as caught:
        load_lesson(lessons, "02-other")
    assert reason in caught.value.reason
    assert caught.value.line == line
    assert isinstance(load_course(lessons).entries[1].head, LessonHead)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "`part` is missing"),
        ("[[part]]\ntitle = 'P'\nlesson = [{ slug = '01-whole' }]\n", "`part 1.lesson 1.title` is missing"),
        ("part = 3\n", "`part` must be a list, not a whole number"),
    ],
)
def test_a_broken_outline_is_told_and_never_raised(lessons: Path, text: str, reason: str) -> None:
    (lessons / "course.toml").write_text(text)
    course = load_course(lessons)
    assert course.entries == ()
    assert reason in course.broken[0].reason
    with pytest.raises(ContentError):
        load_lesson(lessons, "01-whole")


def test_slugs_that_do_not_fit_are_listed_as_broken(lessons: Path) -> None:
    text = OUTLINE.replace("02-other", "01-whole") + "[[part]]\ntitle = 'Q'\n"
    text += "lesson = [{ slug = '../x', title = 'X', minutes = 1 }]\n"
    (lessons / "course.toml").write_text(text)
    course = load_course(lessons)
    assert [entry.outline.slug for entry in course.entries] == ["01-whole"]
    assert sorted(broken.reason for broken in course.broken) == [
        "`../x` is no slug such as 06-linear-layer",
        "`01-whole` is listed twice",
        "is not listed in course.toml",
    ]


def test_no_lessons_at_all_is_told(tmp_path: Path) -> None:
    assert "is missing" in load_course(tmp_path / "nowhere").broken[0].reason


def test_a_broken_quiz_is_refused(tmp_path: Path) -> None:
    for raw in (b"", b"\xff", b"question = [", b"question = 1", b"[[question]]\n", b"[question]\nid='a'\n"):
        (tmp_path / "01-whole.toml").write_bytes(raw)
        with pytest.raises(ContentError):
            load_quiz(tmp_path, "01-whole")
