"""The Lab's help on request: hints in stages, then the solutions."""

from __future__ import annotations

from collections.abc import Callable

from textual.content import Content

from tutor.course import Challenge, hint, hints, solutions, why
from tutor.progress import ExerciseState
from tutor.tui.rendering import prose, python_content
from tutor.tui.screens.dialogs import Page, Question
from tutor.tui.screens.screen import TutorScreen


class Coach:
    """Shows hints and solutions over a screen, and records what was shown."""

    def __init__(self, screen: TutorScreen, challenge: Challenge, shown: Callable[[], None]) -> None:
        self.screen = screen
        self.challenge = challenge
        self.shown = shown  # called when a page was closed
        self.count = hints(challenge)
        self._hints = 0  # shown by this screen: the store may take a moment to know
        self._solution = False

    @property
    def state(self) -> ExerciseState:
        """What is known of this exercise."""
        return self.screen.tutor.store.progress.exercises.get(self.challenge.id, ExerciseState())

    @property
    def hints_shown(self) -> int:
        """The highest hint that was shown."""
        return max(self._hints, self.state.hints)

    def hint(self, number: int = 0) -> None:
        """Show a hint, by default the next one that was not seen, or the last."""
        number = number or min(self.hints_shown + 1, self.count)
        if number > self.hints_shown:
            self._hints = number
            self._record("hint_shown", hint=number)
        answers = {"n": "next hint"} if number < self.count else {"s": "show a solution"}
        if number > 1:
            answers["p"] = "previous hint"
        words = hint(self.challenge, number)
        page = Page(f"Hint {number} of {self.count}", lambda width: prose(words, width), answers)

        def closed(key: str | None) -> None:
            self.shown()
            if key == "s":
                self.solution()
            elif key:
                self.hint(number + (1 if key == "n" else -1))

        self.screen.app.push_screen(page, closed)

    def solution(self) -> None:
        """Show the solutions: freely after the pass, on request and marked after the last hint."""
        if self.state.passed or self._solution or self.state.solution_shown:
            self._show_solution(0)
        elif self.hints_shown < self.count:
            self.screen.notify("The solutions open when you pass, or after the third hint (F2).", timeout=5)
        else:
            question = Question(
                "Show a solution?",
                "It is marked as shown, and the exercise comes back for review. Your own file stays as it is.",
                {"y": "show it"},
            )
            self.screen.app.push_screen(question, lambda key: self._show_solution(0) if key else None)

    def _show_solution(self, number: int) -> None:
        passed = self.state.passed
        if not passed and not self._solution and not self.state.solution_shown:
            self._solution = True
            self._record("solution_shown")
        found = solutions(self.challenge)
        label, text = found[number % len(found)]
        code, reasons = python_content(text), why(self.challenge) if passed and number == 0 else ""

        def body(width: int) -> Content:
            return prose(reasons, width) + Content("\n\n") + code if reasons else code

        answers = {"n": "next solution"} if len(found) > 1 else {}
        page = Page(f"Solution {number % len(found) + 1} of {len(found)}: {label}", body, answers)
        self.screen.app.push_screen(page, lambda key: self._show_solution(number + 1) if key == "n" else self.shown())

    def _record(self, kind: str, **fields: object) -> None:
        self.screen.tutor.record(
            kind,  # type: ignore[arg-type]
            exercise=self.challenge.id,
            lesson=self.challenge.lesson,
            **fields,
        )
