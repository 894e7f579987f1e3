"""Reading without a screen: formulas and worked numbers as text, pages that are found, pages that were marked."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.reading import SLUG, small_course
from tutor.cli.finding import search
from tutor.cli.learning import learn
from tutor.course import lesson_text, load_lesson, markdown_text
from tutor.paths import Paths
from tutor.progress import Store


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return small_course(tmp_path)


def test_a_lesson_as_text_has_its_formulas_pictures_and_numbers(paths: Paths) -> None:
    text = lesson_text(load_lesson(paths.lessons, SLUG))
    assert "Words and x²\n------------" in text and "∂Wᵢⱼ in the text, and a price of 5$ or 6$." in text
    assert "    ∂L\n    ──  =  Xᵀ G\n    ∂W\n" in text
    assert "a     Xᵀ G" in text
    assert "u" in text and "24" in text  # the whole picture, its gradients too
    assert "One neuron\n    x     2" in text and "    w    -1.5" in text
    assert "    z    -3        w * x     the sum" in text and "    1/z  -0.3333   1 / z" in text
    assert "    Try: Make z zero." in text


class Ascii(io.StringIO):
    encoding = "ascii"


def test_a_terminal_without_the_signs_gets_others(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", Ascii())
    text = lesson_text(load_lesson(paths.lessons, SLUG))
    assert text.isascii() and "?" not in text.replace("half?", "")
    assert "dL\n    --  =  X^T G\n    dW" in text and "Words and x^2" in text
    assert markdown_text("a · `b` → ∂L/∂x²") == "a * `b` > dL/dx2"


def test_pages_are_found(paths: Paths) -> None:
    found = CliRunner().invoke(search, ["SUM", "sampl"], obj=paths, standalone_mode=False)
    assert found.return_value == 0
    assert found.output == "02 Other, page 1: The other lesson\n    A bias, and a sum over samples.\n"
    two = CliRunner().invoke(search, ["step"], obj=paths, standalone_mode=False)
    assert two.output.startswith("01 Tiny, derivation, page 1: Step one\n")
    none = CliRunner().invoke(search, ["nowhere"], obj=paths, standalone_mode=False)
    assert none.return_value == 1 and none.output == "No page holds all of these words.\n"


def test_bookmarks_are_listed(paths: Paths) -> None:
    def listed() -> str:
        return CliRunner().invoke(learn, ["--bookmarks"], obj=paths, standalone_mode=False).output

    assert "No page is marked" in listed()
    with Store.open(paths) as store:
        store.record("bookmark", lesson=SLUG, track="derivation", section=1, on=True)
        store.record("bookmark", lesson=SLUG, section=0, on=True)
        store.record("bookmark", lesson="99-gone", section=0, on=True)
    assert listed() == "01 Tiny, page 1: Words and x²\n01 Tiny, derivation, page 2: Step two\n"
