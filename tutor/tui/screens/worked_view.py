"""A worked example as lines, and how its numbers change by a key: pure functions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from rich.cells import cell_len
from textual.content import Content

from tutor.course import Worked, WorkedValue, aligned, formulas, recompute
from tutor.tui.rendering import CODE, hanging, inline_content

GAP = "  "
WHOLE, FRACTION = 5, 5  # cells of a number at least, before its point and from it on: the column seldom moves
NOTE_GAP = 3  # cells between how a number is made and what it is
NARROWEST_NOTE = 18
AT_REST = (("w", "changes the numbers"),)
AT_WORK = (("↑↓", "choose"), ("←→", "change"), ("0-9", "type"), ("x", "reset"), ("esc", "leave"))
LARGEST = 1e9  # of a number that is given: what is larger says nothing here


class Hand(NamedTuple):
    """The number that is being changed, and what was typed of a new one so far."""

    at: int
    typed: str = ""


# ── numbers ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def step_of(number: int | float) -> float:
    """By how much a key changes a number that began like this: at most a third of it, and so that it leads to 0."""
    if not number:
        return 1 if isinstance(number, int) else 0.5
    size = abs(number)
    power = math.floor(math.log10(size))
    nice = [digit * 10.0**exponent for exponent in (power, power - 1) for digit in (5, 2, 1)]
    fitting = [step for step in nice if step <= size / 3 + 1e-12 and math.isclose(size / step, round(size / step))]
    step = next(iter(fitting), nice[-1])
    return max(1, round(step)) if isinstance(number, int) else step


def stepped(number: float, step: float, by: int) -> float:
    """The next multiple of the step, up or down; 0.1 three times is 0.3."""
    place = number / step
    whole = round(place) if math.isclose(place, round(place), abs_tol=1e-9) else (math.floor, math.ceil)[by < 0](place)
    moved = float(f"{(whole + by) * step:.12g}")
    return moved if abs(moved) <= LARGEST else number


def typed_number(text: str) -> float | None:
    """The number that was typed, as far as it is one: "-", "" and "." are none yet."""
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        return None
    return number if abs(number) <= LARGEST else None


# ── lines ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def card(
    worked: Worked, given: Mapping[str, float], before: Mapping[str, float], hand: Hand | None, width: int
) -> Content:
    """The card: the numbers that may be changed, what follows from them, and what changed against `before`."""
    made, earlier = recompute(worked, given), recompute(worked, before)
    names = [*given, *(value.row.show or value.row.name for value in made)]
    numbers = aligned([*given.values(), *(value.value for value in made)], WHOLE, FRACTION)
    changes = [
        *(_change(before[name], number) for name, number in given.items()),
        *(_change(old.value, new.value) for old, new in zip(earlier, made, strict=True)),
    ]
    column = max(map(cell_len, names))
    padded = [name + " " * (column - cell_len(name)) for name in names]
    cells = list(zip(padded, numbers, changes, strict=True))
    lines = [*hanging(Content(""), worked.title, width - 2, "bold $bright").split(), Content("")]
    for place, cell in enumerate(cells[: len(given)]):
        lines.append(_given(*cell, hand) if hand is not None and hand.at == place else _number(*cell))
    lines.append(Content(""))
    written = formulas(worked)
    for cell, value, formula in zip(cells[len(given) :], made, written, strict=True):
        lines += _row(_number(*cell), formula, max(map(cell_len, written)), value, width - 2)
    if worked.try_:
        lines += [Content(""), *hanging(Content.styled("Try  ", "$dim"), worked.try_, width - 2).split()]
    lines += [Content(""), _keys(AT_WORK if hand else AT_REST)]
    bar = Content.styled("▎ ", "$accent" if hand else "$faint")
    return Content("\n").join(bar + line for line in lines)


def _change(before: float | None, now: float | None) -> str:
    """A sign for what the last key did to a number: it rose, it fell, it came or went."""
    if before == now:
        return " "
    if before is None or now is None:
        return "·"
    return "▴" if now > before else "▾"


def _number(name: str, number: str, change: str) -> Content:
    """A number with its name; one that the last key changed is bright."""
    changed = change != " "
    return Content.assemble(
        (f"  {name}{GAP} ", "$bright" if changed else "$foreground"),
        (f"{number} ", "bold $bright" if changed else "$foreground"),
        (change, "$accent"),
    )


def _given(name: str, number: str, change: str, hand: Hand) -> Content:
    """The number in hand, between two arrows, or as far as it was typed; its point stays where it is."""
    start = Content.assemble(("▸ ", "$accent"), (f"{name}{GAP}", "bold $bright"))
    if hand.typed:
        cursor = Content.styled(" ", "$input-cursor-foreground on $input-cursor-background")
        before = " " * (len(number.rstrip().partition(".")[0]) + 1 - len(hand.typed.partition(".")[0]))
        return start + Content.styled(before + hand.typed, "bold $bright") + cursor
    digits = number.strip()
    before = number[: len(number) - len(number.lstrip())]
    after = number[len(before) + len(digits) + 1 :] + " "
    return start + Content.assemble(
        (f"{before}◂", "$accent"), (digits, "bold $bright"), (f"▸{after}"[: len(after)] + change, "$accent")
    )


def _row(number: Content, formula: str, widest: int, value: WorkedValue, width: int) -> Sequence[Content]:
    """What follows: its number, how it is made, and what it is; where that is too much, in lines of its own."""
    indent = number.cell_length + len(GAP)
    note = (
        Content.styled(value.error, "$warning")
        if value.error
        else inline_content(value.row.note).stylize_before("$dim")
    )
    made = Content.styled(formula, CODE)
    if indent + widest + NOTE_GAP + NARROWEST_NOTE <= width:
        notes = note.wrap(width - indent - widest - NOTE_GAP) or [Content("")]
        first = number + Content(GAP) + made + Content(" " * (widest - cell_len(formula) + NOTE_GAP)) + notes[0]
        return [first.rstrip(), *(line.rstrip().pad_left(indent + widest + NOTE_GAP) for line in notes[1:])]
    room = max(1, width - indent)
    first, *rest = [line.rstrip() for part in (made, note) if part for line in part.wrap(room)]
    return [number + Content(GAP) + first, *(line.pad_left(indent) for line in rest)]


def _keys(keys: Sequence[tuple[str, str]]) -> Content:
    return Content("   ").join(Content.assemble((key, "$accent"), (f" {does}", "$dim")) for key, does in keys)
