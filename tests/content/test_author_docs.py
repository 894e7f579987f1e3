"""The page for authors: every example in it is one that the check would take."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from tutor.authoring.pages import block_problems, read_pages
from tutor.authoring.question_runs import is_run, run_problems
from tutor.authoring.questions import quiz_problems
from tutor.authoring.runs import listing_problems
from tutor.course import (
    CheckCode,
    Diagram,
    Math,
    Mistake,
    Predict,
    PythonRun,
    QuestionKind,
    Worked,
)
from tutor.learner import Box

DOCS = (Path(__file__).parents[2] / "docs" / "authoring.md").read_text()


def test_every_question_of_the_page_for_authors_is_a_good_one(tmp_path: Path) -> None:
    file = tmp_path / "06-linear-layer.toml"
    file.write_text(DOCS.split("```toml\n")[1].split("```")[0])
    problems, located = quiz_problems(file)
    assert [problem.reason for problem in problems if "are needed" not in problem.reason] == []
    assert [question.kind for _, question in located] == list(get_args(QuestionKind))
    with Box() as box:
        for line, question in located:
            if is_run(question):
                assert run_problems(box, file, line, question) == []


def test_every_block_of_the_page_for_authors_is_a_good_one(tmp_path: Path) -> None:
    examples = re.findall(r"`{4}text\n(.*?)`{4}", DOCS, re.S)
    head = DOCS.split("```text\n+++")[1].split("## The first page")[0]
    file = tmp_path / "lesson.md"
    file.write_text("+++" + head + "## Page\n" + "\n".join(examples))
    pages = read_pages(tmp_path)
    assert pages.head is not None
    blocks = [block for _, block in pages.blocks]
    kinds = list(dict.fromkeys(type(block) for block in blocks))
    assert kinds == [Math, Predict, PythonRun, Diagram, Mistake, Worked, CheckCode]
    assert block_problems(pages, frozenset()) == []
    with Box() as box:
        for block in blocks:
            if isinstance(block, PythonRun | CheckCode):
                assert listing_problems(box, file, block) == []
