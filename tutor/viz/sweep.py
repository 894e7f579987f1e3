"""The error of numeric derivatives against the step, both axes logarithmic; a still of which only the marks move."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tutor.viz.chart import ChartSpec, Mark, Still
from tutor.viz.curve import Series
from tutor.viz.model import Picture, Role

ROUNDING = 2.0**-53  # of one number in float64, relative: a smaller error is one of chance
LARGEST_SHOWN = 10.0
# From the one that lies lowest to the one on top. A curve's sign tells it from the others, so that its colour need not.
STYLES: tuple[tuple[str, Role], ...] = (("·", "good"), ("∘", "dim"), ("×", "curve2"), ("braille", "curve"))


class SweepChart:
    """Four curves of errors by name, the last on top; NaN is left out, and what is below rounding is drawn there."""

    def __init__(
        self,
        steps: Sequence[float],
        errors: Mapping[str, Sequence[float]],
        width: int,
        height: int,
        y_label: str = "relative error",
    ) -> None:
        spec = ChartSpec(
            width=width,
            height=height,
            x_label="step h",
            y_label=y_label,
            log_x=True,
            log_y=True,
            signs=tuple(sign for sign, _ in STYLES),
            x_range=(min(steps), max(steps)),
        )
        series = [
            Series(name, steps, np.clip(values, ROUNDING, LARGEST_SHOWN), role)
            for (name, values), (_, role) in zip(errors.items(), STYLES, strict=False)
        ]
        self._still = Still(series, spec)

    def picture(self, cursor: float, kink: float | None = None) -> Picture:
        """The picture with a rule at the cursor, and a dashed one at the distance of a kink."""
        marks = [Mark(kink, "◇", "╎")] if kink else []
        return self._still.picture([*marks, Mark(cursor, "▾", "│")])
