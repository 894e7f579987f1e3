"""One page of a lesson: its blocks in order, up to the question that it waits for, and the keys that act on them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TypeVar

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from tutor.course import Asked, Block, CheckCode, Diagram, Predict, Prose, PythonRun, Section, Track, Worked, draw
from tutor.tui.screens import lesson_view, quiz_view
from tutor.tui.screens.lesson_blocks import RunBlock, SteppedDiagram
from tutor.tui.screens.lesson_reading import Lines, last_top, next_top
from tutor.tui.screens.lesson_view import Output
from tutor.tui.screens.lesson_worked import WorkedCard
from tutor.tui.widgets.answer import Answer, AnswerLine, Given
from tutor.tui.widgets.flow import Flow

COLUMN = 78  # cells of the widest block of text
BESIDE = 3  # the air at the left of the page, and the scrollbar
BEGINS_AN_ANSWER = "0123456789.-+(["
PASSED = "passed"  # a question that was answered or skipped: the page goes on
RUNNING = "running"  # text, which a screen may begin in the middle of
Where = tuple[Track, int]  # of a block: its track, and its line in that file
Of = TypeVar("Of", bound=Widget)


class Visit:
    """What the learner did on each page while the lesson is open: it is still there when they come back to it."""

    def __init__(self) -> None:
        self.asked: dict[Where, Asked] = {}
        self.given: dict[Where, Given] = {}
        self.outputs: dict[Where, Output] = {}
        self.steps: dict[Where, int] = {}  # how far a picture was stepped
        self.numbers: dict[Where, Mapping[str, float]] = {}  # of worked examples
        self.scrolled: dict[tuple[Track, int], int] = {}  # the first line that was in sight, by track and page

    def widgets(self, place: Where, block: Block) -> list[Widget]:
        """What shows a block: text in its passages, all else in one; nothing for what is not shown."""
        match block:
            case CheckCode():
                return []
            case Prose():
                return [
                    Flow(partial(lesson_view.block, passage), classes=f"block {RUNNING}" if running else "block")
                    for passage, running in lesson_view.passages(block)
                ]
            case _:
                return [self._widget(place, block)]

    def _widget(self, place: Where, block: Block) -> Widget:
        match block:
            case Predict():
                if place not in self.asked:
                    self.asked[place] = draw(block.question, random.randrange(quiz_view.SEEDS))
                answer = Answer(self.asked[place], self.given.get(place))
                answer.add_class("question")
                answer.set_class(place in self.given, PASSED)
                return answer
            case PythonRun():
                return RunBlock(block, self.outputs.get(place))
            case Worked():
                return WorkedCard(block, self.numbers.get(place, block.given))
            case Diagram() if last := lesson_view.steps(block):
                return SteppedDiagram(block, last, self.steps.get(place, 0))
            case Diagram():
                return Flow(partial(lesson_view.block, block), classes="block picture")
            case _:
                return Flow(partial(lesson_view.block, block), classes="block")


class LessonPage(Vertical):
    """The blocks of a page; what follows an open question is hidden until it is answered or skipped."""

    class Opened(Message):
        """More of the page is to be read than before."""

    def __init__(
        self, visit: Visit, track: Track, number: int, section: Section, onward: Callable[[LessonPage], Content]
    ) -> None:
        super().__init__(classes="page")
        self.visit = visit
        self.at = (track, number)  # which page it is
        self.let_go = False  # esc left the question: it does not take the keys again by itself
        self.air = 0  # empty lines below the page, where its last screen could not begin at a whole block without them
        self.places: dict[Widget, Where] = {}
        for block in section.blocks:
            place = (track, block.line)
            self.places.update(dict.fromkeys(visit.widgets(place, block), place))
        self.heading = Static(lesson_view.heading(section), id="heading")
        self._words_onward = lambda _: onward(self)
        self.onward = Flow(self._words_onward, id="onward")

    def compose(self) -> ComposeResult:
        yield self.heading
        yield from self.places
        yield self.onward

    def on_mount(self) -> None:
        self._center()
        self._show_what_is_open()

    def on_resize(self) -> None:
        self._center()

    def _center(self) -> None:
        """The column in the middle; a picture may be wider than it, to the right."""
        self.styles.padding = (0, 0, self.air, max(0, (self.app.size.width - BESIDE - COLUMN) // 2))

    @property
    def body(self) -> VerticalScroll:
        """What scrolls the page."""
        return self.query_ancestor(VerticalScroll)

    @property
    def open_question(self) -> Answer | None:
        """The question that the page waits for."""
        questions = (block for block in self.places if isinstance(block, Answer))
        return next((question for question in questions if not question.has_class(PASSED)), None)

    def shown(self, kind: type[Of]) -> list[Of]:
        """The blocks of a kind that are not behind the open question."""
        return [block for block in self.places if isinstance(block, kind) and not block.has_class("behind")]

    def in_view(self, kind: type[Of]) -> Of | None:
        """The first block of a kind of which most is in sight; None where there is none."""
        top = self.body.scroll_offset.y
        bottom = top + self.body.size.height
        best: tuple[int, Of | None] = (0, None)
        for block in self.shown(kind):
            first, last = self.lines_of(block)
            seen = min(last, bottom) - max(first, top)
            if seen > best[0]:
                best = (seen, block)
        return best[1]

    def nearest(self, kind: type[Of]) -> Of | None:
        """The block of a kind that is in sight, else the next further down, else the first."""
        top = self.body.scroll_offset.y
        below = (block for block in self.shown(kind) if self.lines_of(block)[0] >= top)
        return self.in_view(kind) or next(below, None) or next(iter(self.shown(kind)), None)

    def has(self, kind: type[Widget]) -> bool:
        """Whether the page has such a block, shown or not yet."""
        return any(isinstance(block, kind) for block in self.places)

    def lines_of(self, widget: Widget) -> tuple[int, int]:
        """The first line of a widget and the one after its last, on the page, however it is scrolled."""
        top, node = 0, widget
        while node is not self.body and isinstance(node.parent, Widget):
            top, node = top + node.virtual_region.y, node.parent
        return top, top + widget.virtual_region.height

    # ── reading on ───────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def settled(self) -> bool:
        """Whether all that is to be read has its place: not so in the moment after more of the page has opened."""
        questions = self.shown(Answer)
        said = [question.said for question in questions if question.given is not None]
        return all(block.virtual_region.height for block in (*self.shown(Widget), *said, self.onward))

    @property
    def at_end(self) -> bool:
        """Whether the last line of the page is in sight."""
        return self.lines_of(self.onward)[1] <= self.body.scroll_offset.y + self.body.size.height

    def in_sight(self, widget: Widget) -> bool:
        """Whether all of it is in sight, or all that there is room for."""
        top, bottom = self.lines_of(widget)
        first = self.body.scroll_offset.y
        last = first + self.body.size.height
        return first <= top < bottom <= last or top <= first < last <= bottom

    def wholes(self) -> Iterator[Lines]:
        """The lines of what a screen does not begin in the middle of; of what no screen holds, those of its parts."""
        for block in self.shown(Widget):
            if not block.has_class(RUNNING):
                first, last = self.lines_of(block)
                parts = (
                    [part for part in block.children if part.display] if last - first > self.body.size.height else []
                )
                yield from map(self.lines_of, parts or [block])

    def read_on(self) -> None:
        """A screen further."""
        wholes = list(self.wholes())
        top = next_top(self.body.scroll_offset.y, self.body.size.height, wholes)
        end = self.lines_of(self.onward)[1] + self.onward.styles.margin.bottom
        lowest = max(0, end - self.body.size.height)
        if top > lowest:
            top = last_top(top, lowest, wholes)
        self.leave_air(max(0, top - lowest))
        self.body.scroll_to(y=top, animate=False)

    def leave_air(self, lines: int) -> None:
        """So many empty lines below the page."""
        if lines != self.air:
            self.air = lines
            self._center()

    def _show_what_is_open(self) -> None:
        """Hide what follows an open question, show the rest."""
        behind = False
        for block in self.places:
            block.set_class(behind, "behind")
            behind = behind or block is self.open_question
        self.onward.show(self._words_onward)
        self.post_message(self.Opened())

    # ── questions ────────────────────────────────────────────────────────────────────────────────────────────────────

    def on_answer_placed(self) -> None:
        """A question has come to stand somewhere on the page."""
        self.look_at_question()

    def look_at_question(self) -> None:
        """What is picked from has the keys while all of it is in view; an answer line only takes them when asked to."""
        question = self.open_question if self.is_attached else None
        if question is None or self.app.screen is not self.screen:
            return
        focused = self.screen.focused
        if focused is not None and question not in focused.ancestors_with_self:
            return  # a worked example has the keys
        top, bottom = self.lines_of(question.place)
        first = self.body.scroll_offset.y
        last = first + self.body.size.height
        if self.in_sight(question.place) and not self.let_go and not isinstance(question.place, AnswerLine):
            question.place.focus(scroll_visible=False)
        elif (bottom <= first or last <= top) and focused is not None:
            self.screen.set_focus(None)

    def go_to(self, widget: Widget) -> None:
        """Give a block the keys; the page jumps there, for on a slow way a question would let go of them again."""
        widget.scroll_visible(animate=False, immediate=True)
        self.screen.set_focus(widget, scroll_visible=False)

    def begin_answer(self, event: events.Key) -> None:
        """What begins a number or a shape goes to the answer line; letters stay keys until then."""
        question = self.open_question
        line = question.place if question is not None else None
        if not isinstance(line, AnswerLine) or event.character is None:
            return
        # What was typed faster than the focus moved still arrives here, and belongs behind what began the answer.
        late = self.screen.focused is line and event.is_printable
        begins = event.character in BEGINS_AN_ANSWER and self.screen.focused is None
        steps = event.character == "." and self.in_view(SteppedDiagram) is not None
        if late or (begins and not steps):
            event.stop()
            self.go_to(line)
            line.insert_text_at_cursor(event.character)

    async def answer(self) -> None:
        """Answer what is picked or typed; from elsewhere on the page, go to the question first."""
        question = self.open_question
        if question is None:
            return
        if question.place.has_focus:
            await question.place.action_answer()
        else:
            self.go_to(question.place)

    def on_answer_answered(self, message: Answer.Answered) -> None:
        """One answer is enough, right or wrong: the page goes on."""
        message.stop()
        self._go_on_after(message.answer, message.given)

    def skip(self) -> None:
        """Read on without an answer."""
        question = self.open_question
        if question is not None:
            self._go_on_after(question, question.skip())

    def _go_on_after(self, question: Answer, given: Given) -> None:
        self.visit.given[self.places[question]] = given
        question.add_class(PASSED)
        self.let_go = False
        self.screen.set_focus(None)
        self._show_what_is_open()

    # ── pictures and worked numbers ──────────────────────────────────────────────────────────────────────────────────

    def step(self, by: int) -> None:
        """Step the picture in sight on, or back; where none is, go to one."""
        if not self.settled:
            if self.is_attached:
                self.call_after_refresh(self.step, by)  # which one is in sight is not known yet
            return
        picture = self.in_view(SteppedDiagram) or self.nearest(SteppedDiagram)
        if picture is None:
            return
        picture.move(by)
        self.visit.steps[self.places[picture]] = picture.step
        picture.scroll_visible(animate=False)

    def work(self) -> None:
        """Give the keys to the worked example in sight, or leave it."""
        card = self.nearest(WorkedCard)
        if card is None:
            self.notify("The numbers come after the question.", timeout=3)
        elif card.has_focus:
            self.screen.set_focus(None)
        else:
            self.go_to(card)

    def on_worked_card_changed(self, message: WorkedCard.Changed) -> None:
        """The numbers stay as they are while the lesson is open."""
        message.stop()
        self.visit.numbers[self.places[message.card]] = message.card.given

    # ── code that runs ───────────────────────────────────────────────────────────────────────────────────────────────

    def run(self) -> RunBlock | None:
        """The code in view, which is to run now; None where there is none to run."""
        chosen = self.nearest(RunBlock)
        if chosen is not None and not chosen.running:
            chosen.update(None, running=True)
            return chosen
        return None

    def show_output(self, widget: RunBlock, shown: Output) -> None:
        """What came of it."""
        self.visit.outputs[self.places[widget]] = shown
        if widget.is_attached:
            widget.update(shown, running=False)
