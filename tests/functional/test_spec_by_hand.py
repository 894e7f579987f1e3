"""The spec that docs/judging.md writes out is one that works."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.gradings import last_report, row, said
from tutor.course import read_spec
from tutor.learner import Box

GUIDE = (Path(__file__).parents[2] / "docs" / "judging.md").read_text(encoding="utf-8")
DICT = """
class Dense:
    def __init__(self, n_in, n_out):
        pass

    def forward(self, x):
        return x @ self.weight.T + self.bias, x

    def backward(self, g, x):
        return {"x": g @ self.weight, "W": g.T @ x, "b": g.sum(axis=0)}
"""
TUPLE = DICT.replace(
    '{"x": g @ self.weight, "W": g.T @ x, "b": g.sum(axis=0)}', "(g @ self.weight, g.T @ x, g.sum(axis=0))"
)


@pytest.mark.parametrize("source", [DICT, TUPLE], ids=["dict", "tuple"])
def test_the_written_out_spec_judges_both_styles(box: Box, tmp_path: Path, source: str) -> None:
    (tmp_path / "challenge.toml").write_text(re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)[0], encoding="utf-8")
    dense = read_spec(tmp_path / "challenge.toml")
    assert said(last_report(box, dense, source)) == "passed"
    wrong = last_report(box, dense, source.replace("g.T @ x", "g.T @ x / len(x)"))
    assert said(wrong) == "grad_W wrong_value"
    assert "1/5 (the batch size)" in row(wrong, "grad_W").sentence
