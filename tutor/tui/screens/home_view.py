"""The home screen as lines: a pure function of the course, the progress and a width."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Literal, NamedTuple

from textual.content import Content

from tutor.course import Broken, Course, Entry, LessonHead
from tutor.progress import ExerciseState, LessonState, LevelState, NextStep, Progress, level_states

TWO_COLUMNS = 76
ROOM_FOR_IN_PREPARATION = 46  # below it a lesson in preparation says "later", and a line under the map what that means
GAP = 3


class RunLine(NamedTuple):
    """A training run that is alive, in words."""

    id: str
    text: str


class Item(NamedTuple):
    """Something on the home screen that can be chosen."""

    kind: Literal["continue", "lesson", "run"]
    name: str


class Row(NamedTuple):
    """A line, and what is chosen by it in each column."""

    line: Content
    items: tuple[tuple[Item, int, int], ...] = ()  # item, first cell, cell after the last


Faults = Mapping[str, tuple[Broken, ...]]  # by the slug of the lesson


def home_rows(
    course: Course,
    progress: Progress,
    step: NextStep,
    runs: Sequence[RunLine],
    chosen: Item,
    width: int,
    faults: Faults = MappingProxyType({}),
) -> list[Row]:
    """Everything between the title and the footer."""
    rows = [_continue_row(step, chosen, width), Row(Content(""))]
    columns = _columns(course, width)
    column_width = (width - GAP * (len(columns) - 1)) // len(columns)
    blocks = [_part_rows(course, progress, parts, chosen, column_width, faults) for parts in columns]
    blocks[-1] += _level_rows(level_states(course, progress), column_width)
    for number in range(max((len(block) for block in blocks), default=0)):
        line, items, x = Content(""), [], 0
        for block in blocks:
            row = block[number] if number < len(block) else Row(Content(""))
            items += [(item, x + first, x + last) for item, first, last in row.items]
            x += column_width + GAP
            line = line + row.line.pad_right(max(0, x - GAP - line.cell_length - row.line.cell_length))
            line = line.pad_right(GAP) if block is not blocks[-1] else line
        rows.append(Row(line, tuple(items)))
    if column_width < ROOM_FOR_IN_PREPARATION and any(entry.head is None for entry in course.entries):
        rows.append(Row(Content.assemble(("  later: in preparation", "$faint"))))
    rows += _fault_rows(course, faults, width)
    rows.append(Row(Content("")))
    rows += [_run_row(run, number == 0, chosen, width) for number, run in enumerate(runs)]
    return rows


def _columns(course: Course, width: int) -> list[range]:
    """The parts of each column: where there are two, cut where the longer one is shortest; the levels come last."""
    parts = len(course.parts)
    if width < TWO_COLUMNS or parts < 2:
        return [range(parts)]
    heights = [2 + sum(entry.part == part for entry in course.entries) for part in range(parts)]
    heights[-1] += 2 + len(course.levels) if course.levels else 0
    cut = min(range(1, parts), key=lambda cut: max(sum(heights[:cut]), sum(heights[cut:])))
    return [range(cut), range(cut, parts)]


def _fault_rows(course: Course, faults: Faults, width: int) -> list[Row]:
    """Which file, which line, why: whoever edits the course reads it here, and the rest works."""
    broken = [(entry.outline.number, one) for entry in course.entries for one in faults.get(entry.outline.slug, ())]
    broken += [("", one) for one in course.broken]
    rows: list[Row] = []
    for number, one in broken:
        where = f"{one.file.parent.name}/{one.file.name}" + (f":{one.line}" if one.line else "")
        words = Content.assemble((f"✗ {number} ", "$bad"), (f"{where}: {one.reason}", "$foreground"))
        rows += [Row(line) for line in words.wrap(width)]
    return rows


def _continue_row(step: NextStep, chosen: Item, width: int) -> Row:
    is_chosen = chosen.kind == "continue"
    verb = "Continue" if step.name else "Well done"
    line = Content.assemble(
        ("▸ " if is_chosen else "  ", "$accent"),
        (f"{verb}   ", "bold $accent"),
        (step.title, "bold $bright"),
        (f"  ·  {step.detail}", "$foreground"),
    ).truncate(width, ellipsis=True)
    return Row(line, ((Item("continue", ""), 0, width),))


def _part_rows(course: Course, progress: Progress, parts: range, chosen: Item, width: int, faults: Faults) -> list[Row]:
    rows: list[Row] = []
    for part in parts:
        if rows:
            rows.append(Row(Content("")))
        rows.append(Row(Content.assemble((f"  {part + 1}  ", "$faint"), (course.parts[part], "bold $dim"))))
        for entry in course.entries:
            if entry.part == part:
                item = Item("lesson", entry.outline.slug)
                rows.append(
                    Row(
                        _lesson_line(entry, progress, item == chosen, width, entry.outline.slug in faults),
                        ((item, 0, width),),
                    )
                )
    return rows


def _lesson_line(entry: Entry, progress: Progress, is_chosen: bool, width: int, is_broken: bool) -> Content:
    ready = isinstance(entry.head, LessonHead)
    sign, status, style = ("✗", "broken file", "$bad") if is_broken else lesson_status(entry, progress)
    if width < ROOM_FOR_IN_PREPARATION:
        status = status.removeprefix("quiz ")
    if entry.head is None and width < ROOM_FOR_IN_PREPARATION:
        status = "later"
    name_style = "$bright" if is_chosen else "$foreground" if ready else "$faint"
    right = Content.assemble((f"{sign} {status}", style))
    left = Content.assemble(
        ("▸ " if is_chosen else "  ", "$accent"),
        (f"{entry.outline.number}  ", "$dim" if ready else "$faint"),
        (entry.outline.title, f"bold {name_style}" if is_chosen else name_style),
    ).truncate(width - right.cell_length - 1, ellipsis=True)
    return left.pad_right(width - left.cell_length - right.cell_length) + right


def _level_rows(levels: Sequence[LevelState], width: int) -> list[Row]:
    """The levels below the last part; their sign stands where a lesson's arrow does, for nothing is opened by them."""
    if not levels:
        return []
    rows = [Row(Content("")), Row(Content.assemble(("  Levels", "bold $dim")))]
    for level in levels:
        sign, status, style = level_status(level)
        name_style = "$foreground" if level.ready else "$faint"
        right = Content.assemble((status, style)) if width >= ROOM_FOR_IN_PREPARATION else Content("")
        left = Content.assemble(
            (f"{sign} ", style),
            (f"{level.number:>2}  ", "$dim" if level.ready else "$faint"),
            (level.title, name_style),
        ).truncate(width - right.cell_length - 1, ellipsis=True)
        rows.append(Row(left.pad_right(width - left.cell_length - right.cell_length) + right))
    return rows


def level_status(level: LevelState) -> tuple[str, str, str]:
    """A sign, a few words, and a style for what is known of a level."""
    if level.earned:
        return "✓", "earned", "$good"
    if not level.ready:
        return "·", "in preparation", "$faint"
    if level.passed:
        return "◐", f"{level.passed} of {level.total} passed", "$accent"
    return "·", f"{level.total} to pass", "$dim"


def lesson_status(entry: Entry, progress: Progress) -> tuple[str, str, str]:
    """A sign, a few words, and a style for what is known of a lesson."""
    if entry.head is None:
        return "·", "in preparation", "$faint"
    if not isinstance(entry.head, LessonHead):
        return "✗", "broken file", "$bad"
    lesson = progress.lessons.get(entry.outline.slug, LessonState())
    exercises = [progress.exercises.get(name, ExerciseState()) for name in entry.head.exercises]
    passed = sum(state.passed for state in exercises)
    words = []
    if lesson.quiz_asked:
        words.append(f"quiz {lesson.quiz_right}/{lesson.quiz_asked}")
    if passed:
        words.append("passed" if passed == len(exercises) else f"{passed} of {len(exercises)} passed")
    elif any(state.attempts for state in exercises):
        best = max(exercises, key=lambda state: state.right)
        words.append(f"{best.right} of {best.total} right")
    if lesson.read and lesson.quiz_asked and passed == len(exercises):
        return "✓", " · ".join(words), "$good"
    if lesson.read or lesson.section or words:
        return "◐", " · ".join(words) or ("read" if lesson.read else f"page {lesson.section + 1}"), "$accent"
    return "·", f"{entry.head.minutes} min", "$dim"


def _run_row(run: RunLine, first: bool, chosen: Item, width: int) -> Row:
    item = Item("run", run.id)
    is_chosen = item == chosen
    line = Content.assemble(
        ("▸ " if is_chosen else "  ", "$accent"),
        ("Running   " if first else "          ", "bold $dim"),
        (run.text, "$bright" if is_chosen else "$foreground"),
    ).truncate(width, ellipsis=True)
    return Row(line, ((item, 0, width),))


def items_in_order(rows: Sequence[Row]) -> list[Item]:
    """Everything that can be chosen, in the order of the course: column by column."""
    found: list[tuple[int, int, Item]] = []
    for number, row in enumerate(rows):
        found += [(first, number, item) for item, first, _ in row.items if item.kind == "lesson"]
    lessons = [item for _, _, item in sorted(found, key=lambda entry: (entry[0] > 0, entry[1]))]
    others = [item for row in rows for item, _, _ in row.items if item.kind != "lesson"]
    return [
        *(item for item in others if item.kind == "continue"),
        *lessons,
        *(item for item in others if item.kind == "run"),
    ]
