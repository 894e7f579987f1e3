"""search, and the list of bookmarks: pages of the lessons as plain lines."""

from __future__ import annotations

from collections.abc import Iterable

import click

from tutor.cli.stored import open_store
from tutor.course import Hit, PageText, excerpt, load_course, read_pages, search_pages
from tutor.paths import Paths

WIDTH = 78


@click.command()
@click.argument("words", nargs=-1, required=True)
@click.pass_obj
def search(paths: Paths, words: tuple[str, ...]) -> int:
    """Find the pages of the course that hold all of WORDS.

    Looks at headings, text, formulas, code and mistakes; each word is the beginning of a word, and capitals do not
    count. The exit status is 1 where no page holds them.
    """
    hits = search_pages(read_pages(load_course(paths.lessons), paths.lessons), " ".join(words))
    if not hits:
        click.echo("No page holds all of these words.")
        return 1
    click.echo("\n\n".join(_found(hit) for hit in hits))
    return 0


def show_bookmarks(paths: Paths) -> None:
    """Print the pages that the learner marked."""
    with open_store(paths) as store:
        marked = {(page.lesson, page.track, page.section) for page in store.refresh().bookmarks}
    pages = read_pages(load_course(paths.lessons), paths.lessons) if marked else ()
    lines = _lines(page for page in pages if (page.lesson, page.track, page.section) in marked)
    click.echo(lines or "No page is marked: b in a lesson marks the page that you are reading.")


def _lines(pages: Iterable[PageText]) -> str:
    return "\n".join(map(_where, pages))


def _where(page: PageText) -> str:
    side = "" if page.track == "lesson" else f"{page.track}, "
    return f"{page.lesson[:2]} {page.title}, {side}page {page.section + 1}: {page.heading}"


def _found(hit: Hit) -> str:
    return f"{_where(hit.page)}\n    {excerpt(hit, WIDTH - 4)[0]}"
