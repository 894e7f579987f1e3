"""The list of runs, and runs side by side, as lines: pure functions of records, a moment and a width."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from textual.content import Content

from tutor.learner import ago
from tutor.training import ENDED, Row, Summary, Tick, duration, mode_words, network_words, optimizer_words, size_words
from tutor.tui.screens.train_view import STATES, number, state

NOTHING = (
    "No run yet.\n\n"
    "A run trains a network with code of yours that passes, in the background: F5 in the Lab starts one,\n"
    "or without a screen: tutor train ID"
)
LEAST_NAME, MOST_NAME = 18, 44
SIDE = 20  # cells for the name of a row where runs stand side by side
LEAST_COLUMN = 12


class Column(NamedTuple):
    """One fact about a run; of those that do not fit, the least important goes first."""

    name: str
    width: int
    importance: int
    said: Callable[[Summary, float], str]
    right: bool = True  # flush right, as numbers stand


def _loss(summary: Summary, now: float) -> str:  # noqa: ARG001
    return "" if summary.tick.loss is None else number(summary.tick.loss)


def _held_back(summary: Summary, now: float) -> str:  # noqa: ARG001
    return "" if summary.tick.held_back is None else f"{summary.tick.held_back:.1%}"


COLUMNS = (
    Column("network", 13, 3, lambda one, _: network_words(one.tick.config), right=False),
    Column("data", 10, 7, lambda one, _: one.tick.config.dataset, right=False),
    Column("by", 9, 2, lambda one, _: one.tick.config.mode.replace("-", " "), right=False),
    Column("device", 8, 1, lambda one, _: one.tick.config.device, right=False),
    Column("loss", 8, 8, _loss),
    Column("held back", 10, 9, _held_back),
    Column("started", 12, 6, lambda one, now: ago(now - one.tick.config.created)),
    Column("took", 12, 4, lambda one, _: duration(one.tick.elapsed)),
    Column("disk", 8, 5, lambda one, _: size_words(one.size)),
)
STATE_WIDTH = 16


def name_of(tick: Tick) -> str:
    """What a run is called: the learner's own title, else its id."""
    return tick.title or tick.config.id


def columns_for(width: int) -> tuple[tuple[Column, ...], int]:
    """The columns that fit beside a name, and how wide that is then."""
    room = width - 4 - STATE_WIDTH - LEAST_NAME
    kept: set[str] = set()
    for column in sorted(COLUMNS, key=lambda column: -column.importance):
        if column.width > room:
            break
        room -= column.width
        kept.add(column.name)
    return tuple(column for column in COLUMNS if column.name in kept), max(1, min(MOST_NAME, LEAST_NAME + room))


def heading(width: int) -> Content:
    """The names of the columns."""
    columns, name_width = columns_for(width)
    cells = "".join(_cell(column.name, column) for column in columns)
    return Content.styled(f"    {'state':<{STATE_WIDTH}}{'run':<{name_width}}{cells}", "$faint").truncate(width)


def row(summary: Summary, now: float, width: int, *, chosen: bool, marked: bool) -> Content:
    """One run in one line."""
    columns, name_width = columns_for(width)
    sign, word, style = STATES[state(summary.tick)]
    cells = "".join(_cell(column.said(summary, now), column) for column in columns)
    name = Content(name_of(summary.tick)).truncate(name_width - 1, ellipsis=True)
    return Content.assemble(
        ("▸ " if chosen else "  ", "$accent"),
        ("* " if marked else "  ", "bold $accent"),
        (f"{sign} {word}".ljust(STATE_WIDTH), style),
        name.stylize("bold $bright" if chosen else "$foreground"),
        " " * (name_width - name.cell_length),
        (cells, "$foreground" if chosen else "$dim"),
    ).truncate(width)


def _cell(text: str, column: Column) -> str:
    room = column.width - 2 if not column.right else column.width - 1
    text = text if len(text) <= room else text[: room - 1] + "…"
    return text.rjust(column.width) if column.right else "  "[: column.width - room] + text.ljust(room)


def title(summaries: Sequence[Summary], marked: int, width: int) -> Content:
    """How many there are, what they take, how many are under way or marked."""
    alive = sum(one.tick.state not in ENDED for one in summaries)
    facts = [f"{len(summaries)} run{'s' * (len(summaries) != 1)}"] if summaries else []
    facts += [f"{alive} under way"] if alive else []
    facts += [f"{marked} marked"] if marked else []
    facts += [size_words(sum(one.size for one in summaries))] if summaries else []
    left, right = Content.styled("Runs", "bold $bright"), Content.styled(" · ".join(facts), "$dim")
    room = width - left.cell_length - right.cell_length
    return left.pad_right(room) + right if room > 0 else left.truncate(width)


def details(summary: Summary, width: int) -> Content:
    """All that is known of the chosen run, in a few lines: what it is, how it is doing, what can be done."""
    tick, config = summary.tick, summary.tick.config
    epochs = f"epoch {min(tick.epoch, config.epochs)}/{config.epochs}"
    what = [config.id] if tick.title else []
    what += [config.challenge, config.dataset, network_words(config), mode_words(config), config.device]
    how = [optimizer_words(config), f"learning rate {tick.lr or config.lr:g}", f"batch {config.batch}"]
    how += [epochs, f"seed {config.seed}", size_words(summary.size)]
    how += [f"again after {config.restarted_from}"] if config.restarted_from else []
    lines = [
        Content.assemble((name_of(tick), "bold $bright"), (" · " + " · ".join(what), "$foreground")),
        Content.styled(" · ".join(how), "$dim"),
    ]
    if tick.end is not None:
        style = "$foreground" if tick.end.state in ("done", "cancelled") else "$bad"
        lines.append(Content.styled(tick.end.reason, style))
    elif tick.seconds_left is not None:
        lines.append(Content.styled(f"about {duration(tick.seconds_left)} left", "$foreground"))
    return Content("\n").join(line.truncate(width, ellipsis=True) for line in lines[:2]) + Content("\n").join(
        [Content(""), *lines[2:]]
    )


# ── side by side ─────────────────────────────────────────────────────────────────────────────────────────────────────


def comparison(ticks: Sequence[Tick], rows: Sequence[Row], width: int) -> Content:
    """Runs side by side: how they came out, what differs, and in a sentence what does not."""
    fits = max(1, (width - SIDE) // LEAST_COLUMN)
    column = min(24, (width - SIDE) // max(1, min(fits, len(ticks))))
    lines = [Content.assemble(" " * SIDE, (_cells([name_of(tick) for tick in ticks], fits, column), "bold $bright"))]
    for kind, words in (("result", ""), ("differs", "What differs")):
        chosen = [one for one in rows if one.kind == kind and any(word != "–" for word in one.words)]
        if words:
            lines += [Content(""), Content.styled(words if chosen else "Every setting is the same.", "$accent")]
        lines += [
            Content.assemble((f"{one.name:<{SIDE}}", "$dim"), (_cells(one.words, fits, column), "$foreground"))
            for one in chosen
        ]
    same = [f"{one.name} {one.words[0]}" for one in rows if one.kind == "same" and one.words[0] != "–"]
    lines += [Content(""), Content.styled("The same", "$accent"), Content.styled(" · ".join(same), "$dim")]
    if len(ticks) > fits:
        lines += [Content(""), Content.styled(f"A wider window has room for the other {len(ticks) - fits}.", "$dim")]
    return Content("\n").join(lines)


def _cells(words: Sequence[str], fits: int, width: int) -> str:
    return "".join(
        (word if len(word) < width else word[: width - 2] + "…").ljust(width) for word in words[:fits]
    ).rstrip()
