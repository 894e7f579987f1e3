"""heat: a small array as a map; the number in each cell says what its shade repeats."""

from __future__ import annotations

from tutor.viz.diagrams.blocks import Kind, Options, real
from tutor.viz.diagrams.sheet import Sheet
from tutor.viz.model import Picture, Role

TALL_UP_TO = 2  # rows that are drawn three lines high
WIDEST_CELL = 11
_LEVELS: tuple[Role, ...] = ("neg4", "neg3", "neg2", "neg1", "zero", "pos1", "pos2", "pos3", "pos4")
_DARK = _LEVELS[:3]  # the ink on these is light


def _read(options: Options) -> tuple[list[list[float]], list[list[str]]]:
    texts = [row.split() for row in options["values"].split(";")]
    values = [[real(text, "A value of the diagram heat") for text in row] for row in texts]
    if not values[0] or len({len(row) for row in values}) > 1:
        raise ValueError('The diagram heat needs rows of equal length, for example values="0.5 -1; 0 2".')
    digits = max(len(text.partition(".")[2]) for row in texts for text in row)
    written = [[f"{value + 0.0:.{digits}f}" for value in row] for row in values]
    longest = max(len(text) for row in written for text in row)
    return values, [[text.rjust(longest) for text in row] for row in written]


def _draw(options: Options, width: int, _step: int | None) -> Picture:
    values, texts = _read(options)
    rows, columns = len(values), len(values[0])
    heads = [_label(options.get("columns", ""), place) for place in range(columns)]
    sides = [_label(options.get("rows", ""), place) for place in range(rows)]
    margin = max(map(len, sides)) + 2 if sides[0] else 0
    least = max(map(len, [*heads, *(text for row in texts for text in row)])) + 2
    cell = max(least, min(WIDEST_CELL, (width - margin) // columns))
    high = 3 if rows <= TALL_UP_TO and columns * cell + margin <= width else 1
    sheet = Sheet()
    sheet.text(0, 0, options.get("title", "").strip(), "bright")
    if "(" not in options.get("title", ""):
        sheet.text(len(options.get("title", "").strip()) + 2, 0, f"({rows}, {columns})", "label")
    for place, head in enumerate(heads):
        sheet.text(margin + place * cell, 1, head.center(cell).rstrip(), "label")
    top = 2 if heads[0] else 1
    largest = max(abs(value) for row in values for value in row)
    for row, (numbers, written) in enumerate(zip(values, texts, strict=True)):
        middle = top + row * high + high // 2
        sheet.text(0, middle, sides[row], "label")
        for column, (value, text) in enumerate(zip(numbers, written, strict=True)):
            level = _level(value, largest)
            for line in range(high):
                shown = text.center(cell) if line == high // 2 else " " * cell
                sheet.text(margin + column * cell, top + row * high + line, shown, _ink(level), level)
    _legend(sheet, margin, top + rows * high + 1, largest)
    return sheet.picture()


def _label(word: str, place: int) -> str:
    return f"{word.strip()} {place}" if word.strip() else ""


def _level(value: float, largest: float) -> Role:
    """The shade of a value; only zero itself has the middle one."""
    if not value:
        return "zero"
    steps = max(1, round(4 * abs(value) / largest))
    return _LEVELS[4 + steps if value > 0 else 4 - steps]


def _ink(level: Role) -> Role:
    return "pos4" if level in _DARK else "neg4"


def _legend(sheet: Sheet, column: int, row: int, largest: float) -> None:
    """From the darkest to the lightest shade, with the numbers at its ends."""
    low, high = f"-{largest:g}", f"{largest:g}" if largest else "0"
    if not largest:
        return
    sheet.text(column, row, f"{low} ", "label")
    column += len(low) + 1
    for place, level in enumerate(_LEVELS):
        sheet.text(column + 2 * place, row, "0 " if level == "zero" else "  ", _ink(level), level)
    sheet.text(column + 2 * len(_LEVELS) + 1, row, f"{high}   darker is lower", "label")


KIND = Kind(("values",), ("title", "rows", "columns"), _draw)
