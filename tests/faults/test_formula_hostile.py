"""Whatever is typed as a formula does no harm, and is answered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kinds import FORMULA
from tutor.course import draw
from tutor.grading import answer_formula
from tutor.learner import Box


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    with Box() as box:
        yield box


def reaching(module: str, call: str) -> str:
    """Python's way round every list of forbidden names: from a tuple to any class, to any module."""
    classes = "().__class__.__base__.__subclasses__()"
    return f"[c for c in {classes} if c.__name__ == 'BuiltinImporter'][0].load_module('{module}').{call}"


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('touch {mark}')",
        "[c for c in ().__class__.__base__.__subclasses__() if c.__name__ == 'catch_warnings']",
        "np.lib.format.os.system('touch {mark}')",
        "x.tofile('{mark}')",
        "np.save('{mark}', x)",
        "while True: pass",
        "9**9**9",
        "[n for n in range(10**15)]",
        "np.ones(10**12)",
        "[x] * 10**12",
        "'x' * 10**12",
        "(lambda f: f(f))(lambda f: f(f))",
        "np.linalg.inv(np.zeros((3, 3)))",
        "x.fill(0) or x.T @ g",
        "x.__class__",
        "np.einsum('z', x)",
        "(yield x)",
        "await x",
        "x.T @ g if x.resize(0) else 1",
        "np.seterr(all='raise') and x / 0",
        "()",
        "'\\x1b[2J'",
        "\ud800",
    ],
)
def test_a_hostile_formula_is_answered_and_does_no_harm(box: Box, text: str, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    feedback = answer_formula(draw(FORMULA, 1), text.replace("{mark}", str(mark)), box)
    assert not feedback.right and feedback.sentence.strip()
    assert "\x1b" not in feedback.sentence and len(feedback.sentence) < 600
    assert not mark.exists()
    assert answer_formula(draw(FORMULA, 1), "x.T @ g", box).right  # and the next one is judged as ever


def test_code_that_reaches_a_module_of_python_stays_in_the_box(box: Box, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    feedback = answer_formula(draw(FORMULA, 1), reaching("posix", f"mkdir('{mark}')"), box)
    assert not feedback.right
    assert not mark.exists() or not box.layers().layers["landlock"][0]


def test_a_formula_that_changes_its_arrays_changes_no_right_answer(box: Box) -> None:
    assert not answer_formula(draw(FORMULA, 1), "x.__imul__(0).T @ g.__imul__(0)", box).right
