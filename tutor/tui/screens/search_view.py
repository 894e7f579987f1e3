"""Found pages as lines: pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.content import Content

from tutor.course import Hit, PageText, excerpt
from tutor.progress import Bookmark

MOST = 50  # pages that are listed
HEIGHT = 3  # lines of a found page: where it is, its line, air


def rows(hits: Sequence[Hit], chosen: int, width: int) -> Content:
    """Every found page: where it is, and the line in which the words stand."""
    lines: list[Content] = []
    for number, hit in enumerate(hits):
        lines += [*_row(hit, number == chosen, width), Content("")]
    return Content("\n").join(lines)


def _row(hit: Hit, chosen: bool, width: int) -> tuple[Content, Content]:
    page = hit.page
    side = "" if page.track == "lesson" else f"{page.track}, "
    where = Content.assemble((f"{side}page {page.section + 1}", "$dim"))
    left = Content.assemble(
        ("▸ " if chosen else "  ", "$accent"),
        (f"{page.lesson[:2]} {page.title}", "$dim"),
        ("  ", ""),
        (page.heading, "bold $bright" if chosen else "$foreground"),
    )
    left = left.truncate(max(1, width - where.cell_length - 2), ellipsis=True)
    text, spans = excerpt(hit, max(20, width - 8))
    line = Content.styled(text, "$dim")
    for start, end in spans:
        line = line.stylize("bold $bright", start, end)
    return left.pad_right(max(2, width - left.cell_length - where.cell_length)) + where, Content("     ") + line


def count(hits: Sequence[Hit], words: str) -> Content:
    """How much was found."""
    if not words.strip():
        return Content.styled("Headings, text, formulas, code and mistakes of every lesson.", "$dim")
    if not hits:
        return Content.styled("No page holds all of these words.", "$dim")
    first = f", the first {MOST} of them here" if len(hits) > MOST else ""
    return Content.styled("1 page" if len(hits) == 1 else f"{len(hits)} pages{first}", "$dim")


def bookmarked(pages: Iterable[PageText], bookmarks: Iterable[Bookmark]) -> tuple[Hit, ...]:
    """The marked pages, as far as there are such pages, in the order of the course, each with its first line."""
    marked = {(page.lesson, page.track, page.section) for page in bookmarks}
    return tuple(
        Hit(page, next((line.text for line in page.lines[1:]), ""), (), 0)
        for page in pages
        if (page.lesson, page.track, page.section) in marked
    )


def bookmark_of(page: PageText) -> Bookmark:
    """What a bookmark on this page is."""
    return Bookmark(page.lesson, page.track, page.section)
