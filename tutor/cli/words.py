"""Records as plain text."""

from __future__ import annotations

from tutor.course import TIERS, Broken
from tutor.grading import Check, Report
from tutor.learner import printable
from tutor.progress import ExerciseState
from tutor.training import Tick, duration

SIGN = {"right": "✓", "not_reached": "·"}


def broken_text(broken: Broken) -> str:
    """A file of the course that cannot be used, and why."""
    return f"✗ {broken.file}{f':{broken.line}' if broken.line else ''}: {broken.reason}"


def exercise_words(state: ExerciseState) -> str:
    """How far the learner is with an exercise."""
    if state.passed:
        return "passed"
    return f"{state.right} of {state.total} right" if state.total else "not right yet" if state.attempts else "new"


def report_text(report: Report) -> str:
    """A verdict: the sentence first, then every array of the pass in order, then what was printed."""
    lines = [("✓ " if report.passed else "✗ ") + report.headline]
    if report.next_step:
        lines.append(f"  {report.next_step}")
    if report.line and f"line {report.line}" not in report.headline:
        lines.append(f"  Line {report.line}.")
    if report.checks:
        width = max(14, *(len(check.name) + 2 for check in report.checks))
        names = f"{'array':<{width}}{'shape':<16}{'error':<10}{'worst at':<10}"
        lines += ["", f"  {names}{'yours':>12}{'expected':>12}{'numeric':>12}"]
        lines += [_row(check, width) for check in report.checks]
        counts = (
            f"{tier} {report.tiers[tier].right}/{report.tiers[tier].total}"
            if report.tiers[tier].judged
            else f"{tier} –"
            for tier in TIERS
        )
        lines += ["", "  " + "   ".join(counts)]
    if report.output.strip():
        lines += ["", "Your output:", printable(report.output).rstrip() + (" … (cut)" if report.output_cut else "")]
    lines += [f"Warning: {printable(warning)}" for warning in report.warnings]
    return "\n".join(lines)


def _row(check: Check, width: int) -> str:
    shape = str(check.actual_shape if check.actual_shape is not None else check.expected_shape)
    error = f"{check.ratio:.0e}" if check.ratio is not None else check.verdict.removeprefix("wrong_").replace("_", " ")
    row = f"{SIGN.get(check.verdict, '✗')} {check.name:<{width}}{shape:<16}{error:<10}"
    if check.worst is not None:
        at = ",".join(map(str, check.worst.index))
        numeric = "–" if check.worst.numeric is None else f"{check.worst.numeric:.5g}"
        row += f"{at:<10}{check.worst.got:>12.5g}{check.worst.expected:>12.5g}{numeric:>12}"
    return row.rstrip()


def tick_text(tick: Tick) -> str:
    """A run in one line."""
    parts = [
        f"{tick.config.id:<22}",
        f"{'paused' if tick.paused else tick.state:<10}",
        f"epoch {min(tick.epoch, tick.config.epochs)}/{tick.config.epochs}",
    ]
    if tick.seconds_left is not None:
        parts.append(f"{duration(tick.seconds_left)} left")
    if tick.loss is not None:
        parts.append(f"loss {tick.loss:.4f}")
    if tick.held_back is not None:
        parts.append(f"held back {tick.held_back:.1%}")
    if tick.steps_per_s:
        parts.append(f"{tick.steps_per_s:,.0f} steps/s")
    return "  ".join(parts)


def end_text(tick: Tick) -> str:
    """How a run ended, in the words of its own reason."""
    return f"{tick.state}: {tick.end.reason}" if tick.end else tick.state
