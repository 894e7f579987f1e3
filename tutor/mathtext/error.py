from __future__ import annotations


class MathError(ValueError):
    """A formula that cannot be laid out: `sentence` says why, `position` where in the LaTeX."""

    def __init__(self, sentence: str, position: int = 0) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.position = position
