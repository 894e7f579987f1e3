"""The page of a lesson by real keys: formulas, pictures that are stepped, worked numbers, side pages, bookmarks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from textual import events
from textual.pilot import Pilot

from tests.reading import HEAD, MISTAKE, OTHER, SLUG, press, shown, small_course, until
from tutor.course import Track
from tutor.paths import Paths
from tutor.progress import Bookmark, Store
from tutor.tui.app import TutorApp
from tutor.tui.opening import Opening
from tutor.tui.screens.bookmarks import BookmarksScreen
from tutor.tui.screens.home import HomeScreen
from tutor.tui.screens.lesson import LessonScreen
from tutor.tui.screens.lesson_blocks import SteppedDiagram
from tutor.tui.screens.lesson_page import LessonPage
from tutor.tui.screens.lesson_worked import WorkedCard
from tutor.tui.screens.search import SearchLine, SearchScreen
from tutor.tui.widgets.answer import AnswerLine
from tutor.tui.widgets.keybar import KeyBar
from tutor.tui.widgets.page_list import PageList

SIZES = [(80, 24), (120, 36)]


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return small_course(tmp_path)


@pytest.fixture
def store(paths: Paths) -> Iterator[Store]:
    with Store.open(paths) as store:
        store.record("welcomed")
        yield store


def app_at(paths: Paths, store: Store, page: int = 0, track: Track = "lesson") -> TutorApp:
    store.record("position", screen="lesson", lesson=SLUG, track=track, section=page)
    return TutorApp(paths, store, Opening("lesson", SLUG))


def lesson_of(pilot: Pilot[int]) -> LessonScreen:
    screen = pilot.app.screen
    assert isinstance(screen, LessonScreen)
    return screen


async def opened(pilot: Pilot[int]) -> LessonScreen:
    await until(pilot, lambda: isinstance(pilot.app.screen, LessonScreen) and "page" in shown(pilot))
    await pilot.pause()
    return lesson_of(pilot)


# ── reading on ───────────────────────────────────────────────────────────────────────────────────────────────────────

EVERY_BLOCK = """
## Every block

TEXT0

```math
\\begin{aligned} a &= \\frac{b}{c} \\\\ &= \\frac{d}{e} \\\\ &= \\frac{f}{g} \\\\ &= \\frac{h}{k} \\end{aligned}
```

TEXT1

| row | square |
|---|---|
| first | 1 |
| second | 4 |
| third | 9 |
| fourth | 16 |
| fifth | 25 |

TEXT2

```text
a listing, line 1

a listing, line 3
a listing, line 4
```

- an item
- another item

```predict
id = "tiny-half"
kind = "number"
text = "How much is a half?"
explain = "So a half is."
answer = "0.5"
[[mistake]]
answer = "2"
why = "That is two."
```

TEXT3

```diagram chain values="x=3|u=6|L=36" ops="2x|u²" slopes="2|12"
```

```diagram shapes steps="x (N, 3)|z = x @ W (N, 4)|L ()" params="W (3, 4)"
```

TEXT4

```predict
id = "tiny-pick"
kind = "one"
text = "Which one?"
explain = "So it is."
[[choice]]
text = "the right one"
why = "Yes, this."
right = true
[[choice]]
text = "the wrong one"
why = "No, not this."
```

```worked
title = "A sum"
given = { x = 2.0, w = -1.5, n = 4 }
rows = [
    { name = "z", value = "w * x", note = "the product" },
    { name = "q", value = "z + n", note = "the sum" },
]
try = "Make q zero."
```

TEXT5

```python run
print("first")
print("second")
print("third")
```
MISTAKE
## The page after it

The end.
"""


@pytest.fixture
def blocks(paths: Paths) -> Paths:
    """A course whose first page has a block of each kind, with so much text between that screens end anywhere."""
    text = EVERY_BLOCK.replace("MISTAKE", MISTAKE)
    for number, paragraphs in enumerate((3, 2, 5, 1, 4, 2)):
        words = [f"Paragraph {number}.{part} goes on, {'and on, ' * 9}to its end." for part in range(paragraphs)]
        text = text.replace(f"TEXT{number}", "\n\n".join(words))
    (paths.lessons / SLUG / "lesson.md").write_text(HEAD.format(title="Tiny", concept="tiny") + text)
    return paths


def lines_in_sight(pilot: Pilot[int]) -> list[str]:
    """The lines of the page that are on the screen, without the scrollbar."""
    body = lesson_of(pilot).body.region
    return [line[: body.right - 1].strip() for line in shown(pilot).split("\n")[body.y : body.bottom]]


async def settled(pilot: Pilot[int]) -> LessonPage:
    await until(pilot, lambda: (page := lesson_of(pilot).page) is not None and page.settled)
    await pilot.pause()
    page = lesson_of(pilot).page
    assert page is not None
    return page


@pytest.mark.parametrize("key", ["enter", "space"])
@pytest.mark.parametrize("size", SIZES)
async def test_reading_on_passes_no_line_over_and_tears_nothing(
    blocks: Paths, store: Store, size: tuple[int, int], key: str
) -> None:
    async with app_at(blocks, store).run_test(size=size) as pilot:
        lesson = await opened(pilot)
        page, seen = await settled(pilot), set[str]()
        for _ in range(40):
            seen.update(lines_in_sight(pilot))
            question = lesson.open_question
            if question is not None and page.in_sight(question.place):
                await press(pilot, "f7")
            elif page.at_end:
                break
            else:
                await press(pilot, key)
                top, height = lesson.body.scroll_offset.y, lesson.body.size.height
                torn = [lines for lines in page.wholes() if lines[0] < top < lines[1] <= lines[0] + height]
                assert not torn, f"the screen from line {top} on begins in the middle of {torn}"
            assert await settled(pilot) is page
        # All of the page at once, after its last screen: each of its lines was on one of the screens before.
        await pilot.resize_terminal(size[0], 300)
        await until(pilot, lambda: page.at_end and lesson.body.scroll_offset.y == 0)
        await pilot.pause()
        whole = lines_in_sight(pilot)
        assert "Every block" in whole and any("To tell" in line for line in whole) and len(whole) > 130
        assert not set(whole) - seen
        await pilot.resize_terminal(*size)
        lesson.body.scroll_end(animate=False)
        await until(pilot, lambda: page.at_end)
        await press(pilot, key)
        await until(pilot, lambda: "page 2 of 2" in shown(pilot))


async def test_enter_answers_in_sight_and_reads_on_elsewhere(blocks: Paths, store: Store) -> None:
    async with app_at(blocks, store).run_test(size=(80, 24)) as pilot:
        lesson = await opened(pilot)
        page = await settled(pilot)
        question = lesson.open_question
        assert question is not None and not page.in_sight(question.place) and enter_does(pilot) == "read on"
        while not page.in_sight(question.place):
            top = lesson.body.scroll_offset.y
            await press(pilot, "enter")
            assert pilot.app.focused is None and top < lesson.body.scroll_offset.y <= top + lesson.body.size.height
        await until(pilot, lambda: enter_does(pilot) == "answer")
        await press(pilot, "7")
        assert {"next", "previous", "run", "intuition"}.isdisjoint(footer(pilot).values())  # letters are text
        await press(pilot, "enter")
        await until(pilot, lambda: "✗ Not right" in shown(pilot) and enter_does(pilot) == "read on")
        assert "next" in footer(pilot).values() and "run" not in footer(pilot).values()  # the code is not shown yet
        second = lesson.open_question
        assert second is not None
        await settled(pilot)
        top = lesson.body.scroll_offset.y
        await press(pilot, "enter")  # once too often: a screen further, and no further
        assert pilot.app.focused is None and top < lesson.body.scroll_offset.y <= top + lesson.body.size.height
        assert not page.in_sight(second.place)
        while not second.place.has_focus:
            await press(pilot, "enter")
        await press(pilot, "1")
        await until(pilot, lambda: lesson.open_question is None)
        await settled(pilot)
        await until(pilot, lambda: enter_does(pilot) == "read on" and "run" in footer(pilot).values())
        await press(pilot, "w")
        await until(pilot, lambda: isinstance(pilot.app.focused, WorkedCard) and enter_does(pilot) == "")
        await press(pilot, "escape")
        while not page.at_end:
            assert enter_does(pilot) == "read on" and lesson.page is page
            await press(pilot, "enter")
        await until(pilot, lambda: enter_does(pilot) == "next")
        await press(pilot, "enter")
        await until(pilot, lambda: "page 2 of 2" in shown(pilot))


async def test_an_enter_faster_than_the_page_turns_nothing(paths: Paths, store: Store) -> None:
    async with app_at(paths, store, page=3).run_test(size=(80, 24)) as pilot:
        lesson = await opened(pilot)
        page = await settled(pilot)
        await press(pilot, "0", "full_stop", "5")
        for _ in range(4):
            pilot.app.post_message(events.Key("enter", None))
        await until(pilot, lambda: lesson.open_question is None)
        await settled(pilot)
        await until(pilot, lambda: enter_does(pilot) in ("read on", "next"))
        assert lesson.page is page and isinstance(pilot.app.screen, LessonScreen)


def footer(pilot: Pilot[int]) -> dict[str, str]:
    """The keys in the footer, and what they are said to do."""
    bar = pilot.app.screen.query_one(KeyBar)
    return {binding.key: binding.description for binding in bar.bindings()}


def enter_does(pilot: Pilot[int]) -> str:
    """What the footer says of enter, as it stands on the screen."""
    last = shown(pilot).split("\n")[-1]
    return last.partition("⏎ ")[2].partition("   ")[0].strip()


# ── formulas ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("size", SIZES)
async def test_formulas_are_shown_as_mathematics(paths: Paths, store: Store, size: tuple[int, int]) -> None:
    async with app_at(paths, store).run_test(size=size) as pilot:
        await opened(pilot)
        text = shown(pilot)
        assert "Words and x²" in text and "∂Wᵢⱼ" in text and "a price of 5$ or 6$" in text
        assert "  =  Xᵀ G" in text and "Xᵀ G\n" in text
        assert "\\" not in text and "frac" not in text


async def test_a_formula_that_cannot_be_laid_out_stands_as_it_is_written(paths: Paths, store: Store) -> None:
    file = paths.lessons / SLUG / "lesson.md"
    file.write_text(file.read_text().replace("X^\\top G\n```", "\\nosuch{x}\n```").replace("$x^2$", "$\\nosuch$"))
    async with app_at(paths, store).run_test() as pilot:
        await opened(pilot)
        assert "\\nosuch{x}" in shown(pilot) and "Words and $\\nosuch$" in shown(pilot)


# ── pictures ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("size", SIZES)
async def test_the_picture_in_view_is_stepped(paths: Paths, store: Store, size: tuple[int, int]) -> None:
    async with app_at(paths, store, page=1).run_test(size=size) as pilot:
        lesson = await opened(pilot)
        first, second = lesson.query(SteppedDiagram)
        assert (first.step, second.step) == (0, 0) and f"step 0 of {first.last}" in shown(pilot)
        height, below = first.region.height, lesson.body.max_scroll_y
        for step in range(1, first.last + 2):
            await press(pilot, "full_stop")
            assert first.step == min(step, first.last)
            assert f"step {first.step} of {first.last}" in shown(pilot)
            assert (first.region.height, lesson.body.max_scroll_y) == (height, below)  # the page stands still
        await press(pilot, "comma", "comma")
        assert first.step == first.last - 2 and second.step == 0

        lesson.body.scroll_end(animate=False)
        await until(pilot, lambda: lesson.body.scroll_offset.y == lesson.body.max_scroll_y)
        await press(pilot, "full_stop")
        assert first.step == first.last - 2 and second.step == 1

        await press(pilot, "n", "p")
        first, second = lesson.query(SteppedDiagram)
        assert (first.step, second.step) == (first.last - 2, 1)  # as they were left


async def test_a_picture_has_more_room_than_the_text_on_a_wide_screen(paths: Paths, store: Store) -> None:
    async with app_at(paths, store, page=1).run_test(size=(120, 36)) as pilot:
        lesson = await opened(pilot)
        picture, words = lesson.query(SteppedDiagram)[0], lesson.query(".block").exclude(".picture")[0]
        await until(pilot, lambda: picture.region.width > 90)
        assert words.region.width <= 78 and words.region.x == picture.region.x >= 18
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: picture.region.width == words.region.width and words.region.x <= 2)


async def test_stepping_where_no_picture_is_in_view_goes_to_one(paths: Paths, store: Store) -> None:
    async with app_at(paths, store, page=1).run_test(size=(80, 24)) as pilot:
        lesson = await opened(pilot)
        second = list(lesson.query(SteppedDiagram))[1]
        lesson.body.scroll_to(y=20, animate=False)
        await until(pilot, lambda: lesson.body.scroll_offset.y == 20)
        await press(pilot, "full_stop")
        await until(pilot, lambda: second.step == 1 and "step 1 of" in shown(pilot))


async def test_a_step_right_after_the_page_opened_finds_its_picture(paths: Paths, store: Store) -> None:
    file = paths.lessons / SLUG / "lesson.md"
    before, question, behind = file.read_text().rpartition("```predict")
    before, heading, picture = before.rpartition("## A question under a picture")
    words = "\n\n".join(f"Sentence {number}." for number in range(20))
    file.write_text(before + heading + "\n\n" + question + behind + f"\n{words}\n" + picture)
    async with app_at(paths, store, page=3).run_test(size=(80, 24)) as pilot:
        lesson = await opened(pilot)
        page = await settled(pilot)
        diagram = lesson.query_one(SteppedDiagram)
        lesson.action_skip()
        lesson.action_step(1)  # at once: what is behind the question has no place yet
        assert not page.settled
        await until(pilot, lambda: diagram.step == 1 and page.in_sight(diagram) and "step 1 of" in shown(pilot))


async def test_a_point_steps_the_picture_and_begins_no_answer(paths: Paths, store: Store) -> None:
    async with app_at(paths, store, page=3).run_test(size=(80, 40)) as pilot:
        lesson = await opened(pilot)
        await press(pilot, "full_stop")
        assert lesson.query_one(SteppedDiagram).step == 1 and pilot.app.focused is None
        await press(pilot, "w")
        assert pilot.app.focused is None  # those numbers come after the question
        await press(pilot, "0", "full_stop", "5")
        line = pilot.app.focused
        assert isinstance(line, AnswerLine) and line.value == "0.5"
        await press(pilot, "enter")
        await until(pilot, lambda: "Behind the question" in shown(pilot))


async def test_a_page_without_a_picture_has_no_keys_for_it(paths: Paths, store: Store) -> None:
    async with app_at(paths, store).run_test() as pilot:
        lesson = await opened(pilot)
        assert not {"full_stop", "comma", "w", "r"} & lesson.active_bindings.keys()
        await press(pilot, "n")
        assert {"full_stop", "comma"} <= lesson.active_bindings.keys()


# ── worked numbers ───────────────────────────────────────────────────────────────────────────────────────────────────


def row(pilot: Pilot[int], name: str) -> str:
    """The line of a number on the screen, blanks evened."""
    lines = (" ".join(line.lstrip(" ▎▸").rstrip(" ▇▅▄▃▂▁█").split()) for line in shown(pilot).split("\n"))
    return next(line for line in lines if line.startswith(f"{name} "))


@pytest.mark.parametrize("size", SIZES)
async def test_numbers_are_changed_by_arrows(paths: Paths, store: Store, size: tuple[int, int]) -> None:
    async with app_at(paths, store, page=2).run_test(size=size) as pilot:
        lesson = await opened(pilot)
        card = lesson.query_one(WorkedCard)
        assert row(pilot, "z") == "z -3 w * x the sum" and "w changes the numbers" in shown(pilot)
        await press(pilot, "w")
        assert card.has_focus and row(pilot, "x") == "x ◂2▸" and "esc leave" in shown(pilot)
        await press(pilot, "right")
        assert row(pilot, "x") == "x ◂2.5▸ ▴" and row(pilot, "z") == "z -3.75 ▾ w * x the sum"
        await press(pilot, "down", "left")
        assert card.given == {"x": 2.5, "w": -2.0, "n": 4}
        assert row(pilot, "x") == "x 2.5" and row(pilot, "z").startswith("z -5 ▾")  # what the last key changed
        await press(pilot, "down", "right")
        assert card.given["n"] == 5 and isinstance(card.given["n"], int) is False
        assert row(pilot, "r").startswith("r 4.8 ▴")
        await press(pilot, "x")
        assert card.given == {"x": 2.0, "w": -1.5, "n": 4}
        await press(pilot, "escape")
        assert not card.has_focus and isinstance(pilot.app.screen, LessonScreen)
        await press(pilot, "left")
        assert "page 2 of 4" in shown(pilot)  # the arrows turn pages again


async def test_numbers_are_typed(paths: Paths, store: Store) -> None:
    async with app_at(paths, store, page=2).run_test() as pilot:
        lesson = await opened(pilot)
        card = lesson.query_one(WorkedCard)
        await press(pilot, "w", "minus")
        assert card.given["x"] == 2.0 and row(pilot, "x") == "x -"  # no number yet
        await press(pilot, "3", "full_stop", "full_stop", "2", "minus")
        assert card.given["x"] == -3.2 and row(pilot, "x") == "x -3.2"
        await press(pilot, "backspace", "backspace", "enter")
        assert card.given["x"] == -3.0 and row(pilot, "x") == "x ◂-3▸"
        await press(pilot, "enter", "0", "escape")
        assert card.has_focus and card.given["w"] == 0.0  # esc ended the typing, and left the numbers where they were
        assert row(pilot, "1/z") == "1/z · 1 / z divides by zero"
        assert row(pilot, "r") == "r · 1/z + n needs q, which has no value"
        await press(pilot, *"9" * 12)
        assert card.given["w"] == 999_999_999
        await press(pilot, "n", "p")
        card = lesson.query_one(WorkedCard)
        assert card.given == {"x": -3.0, "w": 999_999_999, "n": 4}  # they are still there
        assert pilot.app.focused is None


async def test_keys_that_come_at_once_count_in_their_order(paths: Paths, store: Store) -> None:
    async with app_at(paths, store, page=2).run_test() as pilot:
        card = (await opened(pilot)).query_one(WorkedCard)
        await press(pilot, "w")
        for key in ("down", "7", "backspace", "8", "enter", "down", "9"):
            pilot.app.post_message(events.Key(key, key if len(key) == 1 else None))
        await until(pilot, lambda: card.given == {"x": 2.0, "w": 8.0, "n": 9.0})


async def test_past_its_ends_the_page_moves(paths: Paths, store: Store) -> None:
    file = paths.lessons / SLUG / "lesson.md"
    file.write_text(file.read_text().replace("What stands behind the numbers.", "Behind.\n\n" * 30))
    async with app_at(paths, store, page=2).run_test() as pilot:
        lesson = await opened(pilot)
        await press(pilot, "w", "down", "down")
        assert lesson.body.scroll_offset.y == 0
        await press(pilot, "down")
        assert lesson.body.scroll_offset.y == 1


# ── side pages, and where they left off ──────────────────────────────────────────────────────────────────────────────


async def test_each_track_remembers_its_page_and_its_place(paths: Paths, store: Store) -> None:
    async with app_at(paths, store, page=1).run_test(size=(80, 24)) as pilot:
        lesson = await opened(pilot)
        lesson.body.scroll_to(y=9, animate=False)
        await until(pilot, lambda: lesson.body.scroll_offset.y == 9)
        await press(pilot, "m", "n")
        assert "Step two" in shown(pilot)
        await press(pilot, "i")
        assert "A picture" in shown(pilot)
        await press(pilot, "m")
        assert "Step two" in shown(pilot) and "y  =  x²" in shown(pilot)
        await press(pilot, "m")
        await until(pilot, lambda: lesson.body.scroll_offset.y == 9)
        assert "page 2 of 4" in shown(pilot)
        await press(pilot, "m")
    state = store.refresh().lessons[SLUG]
    assert (state.section, state.track, state.side) == (1, "derivation", {"derivation": 1, "intuition": 0})
    async with TutorApp(paths, store, Opening("lesson", SLUG)).run_test() as pilot:
        await opened(pilot)
        assert "Step two" in shown(pilot)  # the next day
        await press(pilot, "escape")
        assert "page 2 of 4" in shown(pilot)


async def test_a_side_page_read_to_its_end_opens_at_its_beginning(paths: Paths, store: Store) -> None:
    async with app_at(paths, store).run_test() as pilot:
        await opened(pilot)
        await press(pilot, "m", "n", "n")
        assert "Words and x²" in shown(pilot)
        await press(pilot, "m")
        assert "Step one" in shown(pilot)
        await press(pilot, "m")
    assert store.refresh().lessons[SLUG].side == {"derivation": 0}


async def test_a_side_page_that_is_gone_is_not_opened(paths: Paths, store: Store) -> None:
    (paths.lessons / SLUG / "math.md").unlink()
    async with app_at(paths, store, page=5, track="derivation").run_test() as pilot:
        lesson = await opened(pilot)
        assert lesson.track == "lesson" and "page 1 of 4" in shown(pilot)


# ── bookmarks ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_bookmark_is_set_listed_followed_and_taken_away(paths: Paths, store: Store) -> None:
    async with app_at(paths, store).run_test() as pilot:
        await opened(pilot)
        await press(pilot, "b")
        assert "▸ bookmark" in shown(pilot)
        await press(pilot, "b", "b", "n")
        assert "▸ bookmark" not in shown(pilot)
        await press(pilot, "m", "b", "m", "B")
        await until(pilot, lambda: isinstance(pilot.app.screen, BookmarksScreen) and "2 pages" in shown(pilot))
        assert "01 Tiny  Words and x²" in shown(pilot) and "derivation, page 1" in shown(pilot)
        await press(pilot, "down", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, LessonScreen))
        await pilot.pause()
        assert "Step one" in shown(pilot) and "▸ bookmark" in shown(pilot)

        await press(pilot, "B")
        await until(pilot, lambda: "2 pages" in shown(pilot))
        await press(pilot, "down", "x")
        assert "1 page\n" in shown(pilot) and "Step one" not in shown(pilot)
        await press(pilot, "escape")
        assert "Step one" in shown(pilot) and "▸ bookmark" not in shown(pilot)
    assert store.refresh().bookmarks == (Bookmark(SLUG, "lesson", 0),)


async def test_the_palette_finds_the_search_and_the_bookmarks(paths: Paths, store: Store) -> None:
    async with app_at(paths, store).run_test() as pilot:
        await opened(pilot)
        await press(pilot, "f10", *"Bookmarks", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, BookmarksScreen))
        await press(pilot, "escape", "f10", *"Search", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, SearchScreen))


async def test_no_bookmark_yet_says_how_to_set_one(paths: Paths, store: Store) -> None:
    async with TutorApp(paths, store, Opening()).run_test() as pilot:
        await press(pilot, "B")
        await until(pilot, lambda: "b in a lesson marks the page" in shown(pilot))
        await press(pilot, "enter", "x", "escape")
        assert isinstance(pilot.app.screen, HomeScreen)


# ── search ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("size", SIZES)
async def test_a_search_from_home_opens_the_page(paths: Paths, store: Store, size: tuple[int, int]) -> None:
    async with TutorApp(paths, store, Opening()).run_test(size=size) as pilot:
        await until(pilot, lambda: "/ search" in shown(pilot))
        await press(pilot, "slash")
        assert isinstance(pilot.app.focused, SearchLine)
        await press(pilot, *"SUM")
        await until(pilot, lambda: "3 pages" in shown(pilot))
        assert "02 Other  The other lesson" in shown(pilot) and "A bias, and a sum over samples." in shown(pilot)
        await press(pilot, "space", *"sampl")
        await until(pilot, lambda: "1 page\n" in shown(pilot))
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, LessonScreen))
        assert lesson_of(pilot).lesson.slug == OTHER
        await press(pilot, "escape")
        assert isinstance(pilot.app.screen, HomeScreen)


async def test_a_search_in_a_lesson_turns_its_page(paths: Paths, store: Store) -> None:
    async with app_at(paths, store).run_test() as pilot:
        lesson = await opened(pilot)
        await press(pilot, "slash", *"step two")
        await until(pilot, lambda: "1 page\n" in shown(pilot))
        await press(pilot, "enter")
        await until(pilot, lambda: pilot.app.screen is lesson and "Step two" in shown(pilot))
        assert lesson.track == "derivation" and len(pilot.app.screen_stack) == 2


async def test_what_is_not_there_is_said_and_enter_opens_nothing(paths: Paths, store: Store) -> None:
    async with app_at(paths, store).run_test() as pilot:
        await opened(pilot)
        await press(pilot, "slash", *"nowhere")
        await until(pilot, lambda: "No page holds" in shown(pilot))
        await press(pilot, "down", "up", "enter")
        assert isinstance(pilot.app.screen, SearchScreen)


async def test_an_enter_faster_than_the_search_opens_what_was_typed(paths: Paths, store: Store) -> None:
    async with app_at(paths, store).run_test() as pilot:
        lesson = await opened(pilot)
        await press(pilot, "slash")
        search = pilot.app.screen
        assert isinstance(search, SearchScreen)
        await until(pilot, lambda: bool(search.pages))
        search.line.value = "more"
        search.action_open()
        await until(pilot, lambda: pilot.app.screen is lesson and "Think on." in shown(pilot))


async def test_found_pages_by_mouse(paths: Paths, store: Store) -> None:
    async with app_at(paths, store).run_test() as pilot:
        lesson = await opened(pilot)
        await press(pilot, "slash", *"page")
        await until(pilot, lambda: len(pilot.app.screen.query_one(PageList).hits) > 1)
        found = pilot.app.screen.query_one(PageList)
        wanted = found.hits[1].page
        await pilot.click(found, offset=(4, 3), times=2)
        await until(pilot, lambda: isinstance(pilot.app.screen, LessonScreen))
        reading = lesson_of(pilot)
        assert (reading.lesson.slug, reading.track, reading.number) == (wanted.lesson, wanted.track, wanted.section)
        assert lesson in pilot.app.screen_stack
