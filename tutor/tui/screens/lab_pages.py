"""Pages that the Lab opens over itself about the last verdict: the tests by tier, and the sweep of a gradient."""

from __future__ import annotations

from functools import partial

from tutor.course import Challenge
from tutor.grading import Report
from tutor.tui.screens.dialogs import Page
from tutor.tui.screens.screen import TutorScreen


def open_tiers(screen: TutorScreen, report: Report | None) -> None:
    """Every case of every tier with what it proves."""
    from tutor.tui.screens.tiers_view import tiers_page

    if report is None or not report.cases:
        screen.notify("Nothing was judged yet: ctrl+s saves and judges.", timeout=4)
    else:
        screen.app.push_screen(Page(f"Tests of {report.challenge}", partial(tiers_page, report)))


def open_sweep(screen: TutorScreen, challenge: Challenge, text: str, report: Report | None, chosen: int) -> None:
    """The step sizes of the chosen gradient, of the first wrong one where what is chosen is none, or of the first."""
    if report is None:
        screen.notify("Nothing was judged yet: ctrl+s saves and judges.", timeout=4)
        return
    from tutor.grading import swept_names
    from tutor.tui.screens.sweep import SweepScreen

    names = swept_names(report)
    if not names:
        screen.notify("This exercise has no gradient by an array: there is no step to choose.", timeout=5)
        return
    wanted = [check.name for check in (*report.checks[chosen : chosen + 1], *filter(None, [report.first_wrong]))]
    name = next((name for name in wanted if name in names), names[0])
    screen.app.push_screen(SweepScreen(challenge, text, report, names, name))
