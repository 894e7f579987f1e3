"""A learner at the keyboard: reads what stands on the screen, presses keys, and waits for what they do.

Nothing is known of the program but its words and keys. What the learner knows is the subject: the right answers come
from the course's own files, found again by the words on the screen and the numbers in them.
"""

from __future__ import annotations

import itertools
import re
import sys
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from tests.ptyscreen import Terminal
from tutor.course import Asked, Choice, Item, Lesson, Predict, Question, fill_in, load_lesson, load_quiz
from tutor.paths import Paths, locate

PATIENCE = 30.0  # seconds: for a slow machine with other work; nobody waits so long for nothing
SIZES = [(80, 24), (120, 36)]
MOST_PRESSES = 300  # of one key, to get to one place: while a page glides there, one with every frame
HOME = "tutor · backpropagation"
CURSOR = "ffaf5f"  # the one accent, in hexadecimal
_IN_A_FRAME = 2026  # the mode that is on while a frame is being written

_CHOICE = re.compile(r"^\W*(\d)  +(?:\[([x ])\] )?(\S.*)$")


def bare(text: str) -> str:
    """A text without anything that layout, wrapping and Markdown put in or take out."""
    text = re.sub(r"^```.*$", "", text, flags=re.MULTILINE)
    return "".join(sign for sign in text if sign.isalnum() or sign in "_-+=/.,:()[]@<>")


class Learner:
    """One tutor in one terminal, and somebody in front of it."""

    def __init__(
        self,
        terminal: Callable[..., Terminal],
        folder: Path,
        size: tuple[int, int] = SIZES[0],
        env: Mapping[str, str | None] | None = None,
    ) -> None:
        self.paths: Paths = locate(folder / "user_data")
        command = [sys.executable, "-m", "tutor", "--user-data", self.paths.user_data]
        self.terminal = terminal(command, size=size, env=env)

    # ── looking ──────────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def text(self) -> str:
        """What stands on the screen."""
        return self.terminal.text

    def see(self, *words: str | re.Pattern[str] | Callable[[str], object]) -> str:
        """Wait until all of this is true of one whole frame; return the screen."""

        def seen(terminal: Terminal) -> bool:
            text = terminal.text
            return _IN_A_FRAME not in terminal.modes and all(_holds(word, text) for word in words)

        try:
            return self.terminal.wait_for(seen, PATIENCE)
        except AssertionError as error:
            missing = [word for word in words if not _holds(word, self.text)]
            raise AssertionError(f"not seen: {missing}\n{error}") from None

    def see_loosely(self, words: str) -> str:
        """Wait until these words stand there, however they are wrapped and styled."""
        return self.see(lambda text: bare(words) in bare(text))

    def see_no_more(self, words: str) -> str:
        """Wait until these words are gone."""
        return self.see(lambda text: words not in text)

    # ── pressing ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def press(self, *keys: str) -> None:
        """Press keys."""
        self.terminal.press(*keys)

    def press_until(self, condition: Callable[[str], object], *keys: str) -> str:
        """Press these keys again and again, looking each time, until the condition holds.

        A change on the screen may come of something else: the keys must do no harm when pressed once too often.
        """
        for _ in range(MOST_PRESSES):
            before = self.text
            if condition(before):
                return before
            self.press(*keys)
            self._see_another_than(before)
        raise AssertionError(f"{MOST_PRESSES} times {keys} led nowhere:\n{self.text}")

    def _see_another_than(self, before: str) -> None:
        self.see(lambda text: text != before)

    def _scroll_until(self, condition: Callable[[str], object]) -> str:
        """Read on by lines, which never turns a page."""
        return self.press_until(condition, *["down"] * 8)

    def go_home(self) -> str:
        """To the course map, from wherever this is."""
        self.go_to("Home", "The course map")
        return self.see(HOME, "Continue")

    def quit(self) -> None:
        """Leave the tutor; it ends well and leaves the terminal as it was."""
        self.press("ctrl+q")
        assert self.terminal.wait_exit(PATIENCE) == 0
        assert self.terminal.clean

    # ── the first screens ────────────────────────────────────────────────────────────────────────────────────────────

    def arrive(self) -> str:
        """The very first start: the introduction, then the course map."""
        self.see("Write backpropagation yourself", "ctrl+s", str(self.paths.implementations)[:40], "begin")
        self.press("enter")
        return self.see(HOME, "Continue")

    def go_to(self, words: str, found: str) -> None:
        """Go somewhere by the palette: type these words until this stands there."""
        self.press("ctrl+p")
        self.see("Search")
        self.terminal.type(words)
        self.see(lambda text: words in text and found in text and "Quit" not in text)
        self.press("enter")

    def open_lab(self, exercise: str) -> str:
        """Open the Lab on an exercise."""
        self.go_to(exercise, f"Exercise {exercise}")
        return self.see(f"· {exercise}", "^s judge")

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def read(self, slug: str, wrong: Collection[str] = ()) -> None:
        """Read the open lesson to its end, page by page, answering what it asks: these wrongly, the others right."""
        lesson = load_lesson(self.paths.lessons, slug)
        count = len(lesson.sections)
        for number, section in enumerate(lesson.sections, 1):
            self.see(f"page {number} of {count}")
            self.see_loosely(section.title)
            for question in (block.question for block in section.blocks if isinstance(block, Predict)):
                asked = self._scroll_to(question)
                said = self._give(asked, right=question.id not in wrong)
                self.see_no_more("F7 skip")
                self.see_loosely(said[:60])  # its end may be below the screen
            self._read_on(lesson, number)
        self.press("enter")

    def _read_on(self, lesson: Lesson, number: int) -> None:
        """To the foot of the page and, where one follows, onto the next."""
        last = number == len(lesson.sections)
        foot = bare("answer the quiz" if last else lesson.sections[number].title)
        self._scroll_until(lambda text: foot in bare(text))
        if not last:
            self.press("n")

    def _scroll_to(self, question: Question) -> Asked:
        """Read on until the question and everything that can be picked stand on the screen."""

        def shown(text: str) -> Asked | None:
            asked = asked_in(text, [question])
            listed: list[Choice | Item] = [*asked.choices, *asked.items] if asked is not None else []
            complete = asked is not None and {bare(one.text) for one in listed} <= choices_in(text).keys()
            return asked if complete else None

        asked = shown(self._scroll_until(shown))
        assert asked is not None
        return asked

    # ── answering ────────────────────────────────────────────────────────────────────────────────────────────────────

    def answer_quiz(self, slug: str, wrong: Collection[str] = (), nonsense: Collection[str] = ()) -> str:
        """Answer the quiz that is open, up to its result: these wrongly, and these at first with what is no answer."""
        questions = load_quiz(self.paths.quizzes, slug)
        for number, question in enumerate(questions, 1):
            self.see(f"{number} of {len(questions)}")
            if question.id in nonsense:
                self._see_question(question)
                self._give_nonsense()
            self._answer_here(question, right=question.id not in wrong)
        for number, question in enumerate((q for q in questions if q.id in wrong), 1):
            self.see(f"once more {number} of {len(wrong)}")
            self._answer_here(question, right=True)
        return self.see("right at the first try")

    def answer_first(self, slug: str) -> None:
        """Answer the first question of the quiz that is open, and stay there."""
        question = load_quiz(self.paths.quizzes, slug)[0]
        self._give(self._see_question(question), right=True)
        self.see("✓ Right")

    def _see_question(self, question: Question) -> Asked:
        """Wait until this question stands on the screen; return it with the values it was drawn with."""
        asked = asked_in(self.see(lambda text: asked_in(text, [question])), [question])
        assert asked is not None
        return asked

    def _answer_here(self, question: Question, right: bool) -> None:
        said = self._give(self._see_question(question), right)
        words = ("✓ You knew it", "✗ Not yet") if question.kind == "recall" else ("✓ Right", "✗ Not right")
        self.see(words[0] if right else words[1])
        self.see_loosely(said[:60])  # its end may be below the screen
        before = self.text.splitlines()[0]
        self.press("enter")
        self.see(lambda text: text.splitlines()[0] != before)

    def _give_nonsense(self) -> None:
        """Something that is neither a number nor a shape: refused, and the question stays open."""
        self.terminal.type("a few")
        self.see("a few")
        self.press("enter")
        self.see(re.compile("That is not a (number|shape)"), "⏎ answer")
        self.press(*["backspace"] * len("a few"))
        self.see(re.compile("a (number|shape): "))  # the empty line says again what belongs there

    def _give(self, asked: Asked, right: bool) -> str:
        """Give an answer by keyboard; return the sentence that is due for it, empty where any will do."""
        if asked.choices:
            return self._pick(asked, right)
        if asked.question.kind in ("order", "line", "recall"):
            return self._press(asked, right)
        value, said = (asked.shape or asked.number or asked.answer, "") if right else asked.mistakes[0]
        typed = f"{value:.12g}" if isinstance(value, float) else " ".join(str(value).split())
        self.terminal.type(typed)
        self.see(typed)
        self.press("enter")
        return said

    def _press(self, asked: Asked, right: bool) -> str:
        """Put in order, pick a line, or turn a card."""
        if asked.question.kind == "recall":
            self.see("turns the card")
            self.press("enter")
            self.see("I knew it")
            self.press("1" if right else "2")
            return ""
        if asked.question.kind == "line":
            line = next(line for line in asked.lines if line.right is right)
            self.see(re.compile(r"▸ +\d+  "))  # the code has the keys
            self.press(str(line.number))
            return line.why
        self.see(re.compile(r"▸ \d  "))
        digits = [choices_in(self.text)[bare(item.text)] for item in asked.items]
        for digit in digits if right else digits[::-1]:
            self.press(digit)
        self.press("enter")
        return ""

    def _pick(self, asked: Asked, right: bool) -> str:
        """Pick by digit: the right ones, or one wrong one alone."""
        self.see(re.compile(r"▸ \d  "))  # the choices have the keys
        wanted = [choice for choice in asked.choices if choice.right is right]
        if asked.question.kind == "one":
            self.press(self._digit(wanted[0]))
            return wanted[0].why
        for choice in wanted if right else wanted[:1]:
            digit = self._digit(choice)
            self.press(digit)
            self.see(re.compile(rf"{digit}  \[x\] "))
        self.press("enter")
        return "" if right else f"does not belong: {wanted[0].why}"

    def _digit(self, choice: Choice) -> str:
        """The digit in front of a choice, scrolling to it where it is below the screen."""
        text = self._scroll_until(lambda text: bare(choice.text) in choices_in(text))
        return choices_in(text)[bare(choice.text)]

    # ── writing code ─────────────────────────────────────────────────────────────────────────────────────────────────

    def cursor(self) -> tuple[int, str] | None:
        """Where the cursor stands in the code: the line's number, and what of it stands before the cursor."""
        for row, line in enumerate(self.terminal.lines):
            for column in range(self.terminal.columns):
                number = re.match(r"\s*(\d+) ", line)
                if number and self.terminal.style(column, row).bg == CURSOR:
                    return int(number[1]), line[number.end() : column]
        return None

    def go_to_line(self, number: int) -> None:
        """Move the cursor to a line of the code by the arrow keys."""
        self.see(lambda _: self.cursor())
        here = self.cursor()
        assert here is not None
        self.press(*["down" if number > here[0] else "up"] * abs(number - here[0]))
        self.see(lambda _: (self.cursor() or (0,))[0] == number)

    def replace_line(self, number: int, gone: str, *lines: str) -> None:
        """Type these lines in the place of one; enter keeps its indentation."""
        self.go_to_line(number)
        self.press("home", "ctrl+k")
        self.see_no_more(gone)
        self.terminal.type("\n".join(lines))
        self.see(*lines)

    def save_outside(self, exercise: str, source: str) -> None:
        """Save as another editor does: a new file, renamed over the old one."""
        file = self.paths.implementation(exercise)
        other = file.with_name(f".{file.name}.new")
        other.write_text(source)
        other.replace(file)

    def look_at_gradients(self, *words: str | re.Pattern[str]) -> None:
        """See this beside the code, or where there is no room for both, behind F4."""
        alone = "2 gradients" in self.text
        if alone:
            self.press("f4")
        self.see(*words)
        if alone:
            self.press("1")
            self.see(lambda _: self.cursor())

    # ── training ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def start_training(self, *keys: str) -> None:
        """Start a run from the Lab; these keys change what is chosen, without any it is as it stands there."""
        self.press("f5")
        self.see("Train with your code", "your NumPy beside PyTorch", re.compile(r"1,437 images"))
        self.press(*keys)
        if keys:
            self.see_no_more("your NumPy beside PyTorch")
        self.press("enter")

    def train_to_the_end(self) -> None:
        """Let the run on the screen loose, and see it reach what correct code reaches."""
        self.press("f")
        text = self.see("✓ done", re.compile(r"held-back accuracy \d"))
        assert held_back(text) >= 95.0


def held_back(screen: str) -> float:
    """The held-back accuracy on a screen, in per cent."""
    found = re.search(r"held-back accuracy (\d+\.\d)%", screen)
    assert found, screen
    return float(found[1])


def has_curve(screen: str) -> bool:
    """Whether a curve stands on the screen: braille dots, and a frame with numbers."""
    return any("\u2801" <= sign <= "\u28ff" for sign in screen) and "┤" in screen


def asked_in(screen: str, questions: Collection[Question]) -> Asked | None:
    """The question that stands on a screen, with the values that were drawn for it; None when there is none."""
    shown = bare(screen)
    for question in questions:
        for values in itertools.product(*question.draw.values()):
            asked = fill_in(question, dict(zip(question.draw, values, strict=True)))
            if bare(asked.text) in shown and all(bare(line) in shown for line in asked.code.split("\n")):
                return asked
    return None


def choices_in(screen: str) -> dict[str, str]:
    """The choices on a screen, bare, and the digit that picks each."""
    found: dict[str, str] = {}
    digit, words = "", ""
    for line in [*screen.splitlines(), ""]:
        begins = _CHOICE.match(line)
        if begins or not bare(line):
            if digit:
                found[bare(words)] = digit
            digit, words = (begins[1], begins[3]) if begins else ("", "")
        else:
            words += line
    return found


def _holds(word: str | re.Pattern[str] | Callable[[str], object], text: str) -> bool:
    if isinstance(word, str):
        return word in text
    if isinstance(word, re.Pattern):
        return word.search(text) is not None
    return bool(word(text))
