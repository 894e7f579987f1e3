"""Records as plain text."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from tutor.course import TIERS, Broken
from tutor.grading import VERDICT_WORDS, Check, Report
from tutor.learner import printable
from tutor.progress import ExerciseState
from tutor.training import Event, Row, Tick, duration

if TYPE_CHECKING:
    from tutor.cli.submissions import Submission

COLUMNS = 80
OUTPUT_LINES = 60
LONGEST_NAME = 40  # a column is no wider for a longer name
SIGN = {"right": "✓", "not_reached": "·"}


def broken_text(broken: Broken) -> str:
    """A file of the course that cannot be used, and why."""
    return f"✗ {broken.file}{f':{broken.line}' if broken.line else ''}: {broken.reason}"


def exercise_words(state: ExerciseState) -> str:
    """How far the learner is with an exercise."""
    if state.passed:
        return "passed"
    return f"{state.right} of {state.total} right" if state.total else "not right yet" if state.attempts else "new"


def one_line(text: str) -> str:
    """Foreign text made fit for a place in a line."""
    return " ".join(printable(text).split())


# ── a verdict ────────────────────────────────────────────────────────────────────────────────────────────────────────


def report_text(report: Report) -> str:
    """A verdict: the sentence first, then every array in the order of the pass, then what was printed."""
    lines = _wrapped(report.headline, "✓ " if report.passed else "✗ ") + _wrapped(report.next_step)
    if report.line and f"line {report.line}" not in report.headline.lower():
        lines.append(f"  Line {report.line}.")
    if report.checks:
        lines += ["", *_table(report.checks), "", "  " + _tiers(report)]
    told = [f"Judged as the variant: {report.variant}."] if report.variant and not report.passed else []
    told += [f"Note: {note}" for note in report.notes]
    told += [f"Warning: {warning}" for warning in report.warnings]
    if told:
        lines += ["", *(line for sentence in told for line in _wrapped(sentence))]
    return "\n".join(lines + _output(report))


def _wrapped(text: str, sign: str = "  ") -> list[str]:
    """A sentence in lines behind a sign; no word is cut."""
    return textwrap.wrap(
        one_line(text),
        COLUMNS,
        initial_indent=sign,
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _tiers(report: Report) -> str:
    return "   ".join(
        f"{tier} {count.right}/{count.total}" if count.judged else f"{tier} –"
        for tier, count in ((tier, report.tiers[tier]) for tier in TIERS)
    )


def _output(report: Report) -> list[str]:
    """What was printed, the shown case's first; a call that is not judged is left out, as in the Lab."""
    output = "".join(printed.text for printed in report.outputs) or report.output
    if not output.strip():
        return []
    lines = printable(output).rstrip().split("\n")
    if len(lines) > OUTPUT_LINES:
        end = [f"… ({len(lines) - OUTPUT_LINES} more lines; --json has them)"]
    else:
        end = ["… (cut)"] if report.output_cut else []
    return ["", "Your output:", *lines[:OUTPUT_LINES], *end]


HEADER = ("array", "shape", "verdict", "error", "at", "yours", "expected", "numeric")
NUMBERS = 5  # from this column on they stand flush right


def _table(checks: Sequence[Check]) -> list[str]:
    """A row for each array; its worst cell stands in the row where there is room, else below it where it is wrong."""
    cells = [_cell(check) for check in checks]
    lines = _aligned([HEADER, *((*_facts(check), *cell) for check, cell in zip(checks, cells, strict=True))])
    if max(map(len, lines)) + 2 <= COLUMNS:
        below = [""] * len(checks)
    else:
        lines = _aligned([HEADER[:4], *map(_facts, checks)])
        below = [
            _cell_sentence(cell) if check.verdict != "right" else "" for check, cell in zip(checks, cells, strict=True)
        ]
    rows = ["  " + lines[0]]
    for check, line, sentence in zip(checks, lines[1:], below, strict=True):
        if check.verdict == "wrong_shape":
            line += f"  expected {shape_text(check.expected_shape)}"
        rows += [f"{SIGN.get(check.verdict, '✗')} {line}", *([f"    {sentence}"] if sentence else [])]
    return rows


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            f"{text:>{width}}" if number >= NUMBERS else f"{text:<{width}}"
            for number, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _facts(check: Check) -> tuple[str, str, str, str]:
    shape = check.actual_shape if check.actual_shape is not None else check.expected_shape
    error = "" if check.ratio is None else f"{check.ratio:.0e}"
    return check.name, shape_text(shape), VERDICT_WORDS[check.verdict], error


def shape_text(shape: tuple[int, ...]) -> str:
    """A shape as NumPy writes it."""
    return str(tuple(shape))


def _cell(check: Check) -> tuple[str, str, str, str]:
    """Where the worst cell is and what stands there, with so many digits that wrong and right differ."""
    worst = check.worst
    if worst is None:
        return "", "", "", ""
    digits = 4
    while (
        check.verdict == "wrong_value" and digits < 10 and f"{worst.got:.{digits}g}" == f"{worst.expected:.{digits}g}"
    ):
        digits += 1
    numeric = "–" if worst.numeric is None else f"{worst.numeric:.{digits}g}"
    return ",".join(map(str, worst.index)), f"{worst.got:.{digits}g}", f"{worst.expected:.{digits}g}", numeric


def _cell_sentence(cell: tuple[str, str, str, str]) -> str:
    at, yours, expected, numeric = cell
    if not yours:
        return ""
    return f"{f'at {at}: ' if at else ''}yours {yours}, expected {expected}, numeric {numeric}"


# ── many verdicts ────────────────────────────────────────────────────────────────────────────────────────────────────


def submission_text(submission: Submission, width: int) -> str:
    """One file of many and its verdict, in a line."""
    name = one_line(submission.file)
    sign = "✓" if submission.report.passed else "✗"
    return f"{sign} {name:<{min(width, LONGEST_NAME)}}  {one_line(submission.report.headline)}"


def count_text(counts: Mapping[str, int]) -> str:
    """How many files passed, failed and could not be run."""
    return ", ".join(
        f"{counts.get(status, 0)} {status.replace('_', ' ')}" for status in ("passed", "failed", "could_not_run")
    )


def report_json(record: Report | Submission) -> bytes:
    """A verdict as one line of JSON; numbers that JSON does not know are the strings "nan", "inf" and "-inf"."""
    if isinstance(record, Report):
        return msgspec.json.encode(_sayable(record))
    return msgspec.json.encode(replace(record, report=_sayable(record.report)))


def _sayable(report: Report) -> Report:
    checks = tuple(_sayable_check(check) for check in report.checks)
    tensors = tuple(
        replace(tensor, **{part: _sayable_value(getattr(tensor, part)) for part in ("yours", "expected", "numeric")})
        for tensor in report.tensors
    )
    return replace(report, checks=checks, tensors=tensors)


def _sayable_check(check: Check) -> Check:
    worst = check.worst and replace(
        check.worst,
        got=_sayable_value(check.worst.got),
        expected=_sayable_value(check.worst.expected),
        numeric=_sayable_value(check.worst.numeric),
    )
    return replace(check, ratio=_sayable_value(check.ratio), worst=worst)


def _sayable_value(value: object) -> object:
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, list) and b"null" in msgspec.json.encode(value):  # as the encoder would say nan
        return [_sayable_value(item) for item in value]
    return value


# ── runs ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


STATE_WORDS = {"timed-out": "out of time", "out-of-memory": "out of memory"}  # the rest is said as it is written


def state_text(tick: Tick) -> str:
    """What a run is doing, in a word or three."""
    return "paused" if tick.paused and tick.state == "running" else STATE_WORDS.get(tick.state, tick.state)


def tick_text(tick: Tick) -> str:
    """A run in one line."""
    return f"{tick.config.id:<22}  {doing_text(tick)}" + (f"  {tick.title}" if tick.title else "")


def doing_text(tick: Tick) -> str:
    """What a run is doing now, in one line."""
    parts = [
        f"{state_text(tick):<10}",
        f"epoch {min(tick.epoch, tick.config.epochs)}/{tick.config.epochs}",
    ]
    if tick.seconds_left is not None:
        parts.append(f"about {duration(tick.seconds_left)} left")
    if tick.loss is not None:
        parts.append(f"loss {tick.loss:.4f}")
    if tick.held_back is not None:
        parts.append(f"held back {tick.held_back:.1%}")
    if tick.steps_per_s:
        parts.append(f"{tick.steps_per_s:,.0f} steps/s")
    return "  ".join(parts)


def end_text(tick: Tick) -> str:
    """How a run ended, in the words of its own reason."""
    return f"{state_text(tick)}: {tick.end.reason}" if tick.end else state_text(tick)


def epoch_text(event: Event, epochs: int) -> str:
    """What was measured after an epoch, in one line."""
    parts = [f"epoch {event.epoch or 0}/{epochs}", f"step {event.step:,}"]
    for name, loss in (("loss", event.loss), ("held-back loss", event.held_back_loss)):
        parts += [f"{name} {loss:.4f}"] if loss is not None else []
    parts += [f"held back {event.held_back:.1%}"] if event.held_back is not None else []
    return "  ".join(parts)


def told_text(event: Event) -> list[str]:
    """What was explained, changed or noted, in lines: the sentence, what to try, what to reread."""
    lines = _wrapped(event.text, f"▾ step {event.step:,}: ")
    lines += _wrapped(event.advice) if event.advice else []
    return lines + ([f"  Reread: tutor learn --plain {event.lesson}"] if event.lesson else [])


def comparison_text(ticks: Sequence[Tick], rows: Sequence[Row]) -> str:
    """Runs side by side: how they came out, what differs, then what they share."""
    names = ["", *(tick.title or tick.config.id for tick in ticks)]
    shown = [row for row in rows if row.kind != "same" and any(word != "–" for word in row.words)]
    lines = _columns([names, *([row.name, *row.words] for row in shown if row.kind == "result")])
    differing = [[row.name, *row.words] for row in shown if row.kind == "differs"]
    lines += ["", "What differs", *_columns(differing)] if differing else ["", "Every setting is the same."]
    same = " · ".join(f"{row.name} {row.words[0]}" for row in rows if row.kind == "same" and row.words[0] != "–")
    return "\n".join([*lines, "", "The same", *_wrapped(same)])


def _columns(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [min(LONGEST_NAME, max(map(len, column))) for column in zip(*rows, strict=True)]
    return [
        "  ".join(f"{one_line(text)[:width]:<{width}}" for text, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
