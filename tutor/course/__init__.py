"""Lessons, quizzes and exercises: read, validated, and handed on as plain frozen data.

The records of `model` are here at once; the functions load their readers (tomli, markdown-it) when first asked for.
A file that cannot be used ends as a ContentError with file, line and reason, a name that is not there as UnknownName.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from tutor.course.model import (
    TIERS,
    Asked,
    Block,
    Broken,
    Case,
    Challenge,
    CheckCode,
    Choice,
    Course,
    Diagram,
    Drive,
    Entry,
    Feedback,
    Fill,
    Judge,
    KnownMistake,
    Lesson,
    LessonHead,
    Limits,
    Math,
    Mistake,
    OutlineLesson,
    Part,
    Predict,
    Prose,
    PythonRun,
    Question,
    Section,
    Tier,
    Train,
)

if TYPE_CHECKING:
    from tutor.course.ask import answer_choices, answer_text, draw, equal, fill_in
    from tutor.course.blank import Blank, blanks
    from tutor.course.challenges import (
        examine_challenge,
        examine_spec,
        hint,
        hints,
        list_challenges,
        load_challenge,
        read_spec,
        solution_files,
        solutions,
        starter,
        why,
    )
    from tutor.course.draws import draw_arguments, number_of, parse_draw, shape_of
    from tutor.course.expressions import ExpressionError
    from tutor.course.faults import find_faults
    from tutor.course.lessons import extra_pages, load_lesson, read_lesson, read_page
    from tutor.course.listing import CHECK_HEADER, expected_output, runnable
    from tutor.course.outline import SLUG, load_course, resolve
    from tutor.course.plain import lesson_text, markdown_text
    from tutor.course.quizzes import load_quiz, read_quiz
    from tutor.course.reader import read_text

# No module is called like a function of the face: once imported, it would take its name.
_HOME = {
    "answer_choices": "ask",
    "answer_text": "ask",
    "draw": "ask",
    "equal": "ask",
    "fill_in": "ask",
    "draw_arguments": "draws",
    "number_of": "draws",
    "parse_draw": "draws",
    "shape_of": "draws",
    "ExpressionError": "expressions",
    "find_faults": "faults",
    "Blank": "blank",
    "blanks": "blank",
    "examine_challenge": "challenges",
    "examine_spec": "challenges",
    "hint": "challenges",
    "hints": "challenges",
    "list_challenges": "challenges",
    "load_challenge": "challenges",
    "read_spec": "challenges",
    "solution_files": "challenges",
    "solutions": "challenges",
    "starter": "challenges",
    "why": "challenges",
    "extra_pages": "lessons",
    "load_lesson": "lessons",
    "read_lesson": "lessons",
    "read_page": "lessons",
    "CHECK_HEADER": "listing",
    "expected_output": "listing",
    "runnable": "listing",
    "SLUG": "outline",
    "load_course": "outline",
    "resolve": "outline",
    "lesson_text": "plain",
    "markdown_text": "plain",
    "load_quiz": "quizzes",
    "read_quiz": "quizzes",
    "read_text": "reader",
}


def __getattr__(name: str) -> object:
    if name in _HOME:
        return getattr(import_module(f"tutor.course.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "CHECK_HEADER",
    "SLUG",
    "TIERS",
    "Asked",
    "Blank",
    "Block",
    "Broken",
    "Case",
    "Challenge",
    "CheckCode",
    "Choice",
    "Course",
    "Diagram",
    "Drive",
    "Entry",
    "ExpressionError",
    "Feedback",
    "Fill",
    "Judge",
    "KnownMistake",
    "Lesson",
    "LessonHead",
    "Limits",
    "Math",
    "Mistake",
    "OutlineLesson",
    "Part",
    "Predict",
    "Prose",
    "PythonRun",
    "Question",
    "Section",
    "Tier",
    "Train",
    "answer_choices",
    "answer_text",
    "blanks",
    "draw",
    "draw_arguments",
    "equal",
    "examine_challenge",
    "examine_spec",
    "expected_output",
    "extra_pages",
    "fill_in",
    "find_faults",
    "hint",
    "hints",
    "lesson_text",
    "list_challenges",
    "load_challenge",
    "load_course",
    "load_lesson",
    "load_quiz",
    "markdown_text",
    "number_of",
    "parse_draw",
    "read_lesson",
    "read_page",
    "read_quiz",
    "read_spec",
    "read_text",
    "resolve",
    "runnable",
    "shape_of",
    "solution_files",
    "solutions",
    "starter",
    "why",
]
