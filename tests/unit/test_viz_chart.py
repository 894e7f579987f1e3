"""The chart's behaviour over time: what it keeps, what it draws anew, and what it never shows."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable

import numpy as np
import pytest

from tutor.viz import Chart, ChartSpec, Curve, Mark, Picture, Series, as_text, still
from tutor.viz import chart as chart_module
from tutor.viz.curve import Stroke

STEPS = np.arange(1, 2001)
LOSS = 2.3 * np.exp(-STEPS / 400) + 0.05
SPEC = ChartSpec(60, 15, "step", "loss", x_range=(0, 3000))
Drawing = Callable[[list[Series], ChartSpec], Picture]

FALLING = """\
 loss
3┤
 │
 │⢦
2┤⠈⢧
 │ ⠈⢧⡀
 │   ⠳⣄
 │    ⠘⢦⡀
1┤      ⠙⠢⣄
 │        ⠈⠙⠦⣄⡀
 │            ⠉⠙⠒⠦⢤⣀⣀⡀
0┤                   ⠉⠉⠉⠙⠒⠒⠒⠒⠒⠲⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤
 └┬──────────────────┬──────────────────┬──────────────────┬
  0                 1k                 2k                3k
                             step"""


def live(series: list[Series], spec: ChartSpec) -> Picture:
    return Chart().draw(series, spec)


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Every call of plotext."""
    calls: list[object] = []
    original = chart_module._plotext

    def counted(*arguments: object) -> list[str]:
        calls.append(arguments)
        return original(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(chart_module, "_plotext", counted)
    return calls


def test_a_falling_loss() -> None:
    assert as_text(live([Series("loss", STEPS, LOSS)], SPEC)) == FALLING


def test_the_frame_is_drawn_again_only_when_range_or_size_changes(builds: list[object]) -> None:
    chart, curve = Chart(), Curve("loss")
    curve.extend(STEPS[:100], LOSS[:100])
    chart.draw([curve], SPEC)
    before = len(builds)
    for step, loss in zip(STEPS[100:130].tolist(), LOSS[100:130].tolist(), strict=True):
        curve.append(step, loss)
        chart.draw([curve], SPEC)
    assert before == 1
    assert len(builds) <= 2
    chart.draw([curve], ChartSpec(70, 15, "step", "loss", x_range=(0, 3000)))
    assert len(builds) <= 3


def test_a_whole_run_asks_plotext_a_few_times(builds: list[object]) -> None:
    chart, curve = Chart(), Curve("loss")
    for step, loss in zip(STEPS.tolist(), LOSS.tolist(), strict=True):
        curve.append(step, loss)
        if step % 10 == 0:
            chart.draw([curve], ChartSpec(60, 15, "step", "loss"))
    assert len(builds) <= 25  # of 200 frames, without a fixed x range


def test_rows_that_did_not_change_are_the_same_objects() -> None:
    chart, curve = Chart(), Curve("loss")
    curve.extend(STEPS[:1000], LOSS[:1000])
    first = chart.draw([curve], SPEC)
    assert chart.draw([curve], SPEC) is first
    curve.append(1200, LOSS[1000])
    second = chart.draw([curve], SPEC)
    changed = [row for row, (old, new) in enumerate(zip(first, second, strict=True)) if old is not new]
    assert 1 <= len(changed) <= 2
    assert second == Chart().draw([curve], SPEC)


def test_a_chart_in_use_draws_what_a_new_one_draws() -> None:
    chart, curve = Chart(), Curve("loss")
    for step, loss in zip(STEPS[::40].tolist(), LOSS[::40].tolist(), strict=True):
        curve.append(step, loss)
        used = chart.draw([curve], SPEC)
    assert used == Chart().draw([curve], SPEC)


@pytest.mark.parametrize("drawing", [live, still])
def test_a_diverged_run_shows_a_band_and_keeps_its_scale(drawing: Drawing) -> None:
    loss = np.where(STEPS < 1100, LOSS, np.where(STEPS < 1200, LOSS * 2.0 ** (STEPS - 1100.0), np.nan))
    picture = drawing(
        [Series("loss", STEPS, loss)], ChartSpec(60, 15, "step", "loss", diverged_from=1200, x_range=(0, 3000))
    )
    text = as_text(picture)
    assert "3┤" in text
    assert " diverged " in text
    assert {span.role for line in picture for span in line if "░" in span.text} == {"bad"}


@pytest.mark.parametrize("drawing", [live, still])
def test_nothing_yet_says_so(drawing: Drawing) -> None:
    assert "no points yet" in as_text(drawing([Series("loss", [], [])], SPEC))
    assert "no points yet" in as_text(drawing([Series("loss", [1, 2], [np.nan, np.inf])], SPEC))
    assert "no points yet" in as_text(drawing([], SPEC))
    assert "no points yet" in as_text(drawing([Series("loss", [1], [0.0])], ChartSpec(60, 15, log_y=True)))


@pytest.mark.parametrize("drawing", [live, still])
def test_one_point_is_one_dot(drawing: Drawing) -> None:
    text = as_text(drawing([Series("loss", [800], [2.3])], SPEC))
    assert sum(0x2800 < ord(sign) <= 0x28FF for sign in text) == 1


def test_a_later_curve_is_dotted_and_has_its_own_role() -> None:
    picture = live([Series("training", STEPS, LOSS), Series("held back", [0, 3000], [2, 2], "curve2")], SPEC)
    dotted = "".join(span.text for line in picture[1:-3] for span in line if span.role == "curve2").strip()
    assert dotted.count("⠄") > 25  # a dot in every other cell
    assert as_text(picture).splitlines()[0].endswith("━━ training  ┅┅ held back")


def test_marks_stand_over_their_step() -> None:
    picture = live(
        [Series("loss", STEPS, LOSS)], ChartSpec(60, 15, x_range=(0, 3000), marks=(Mark(1500), Mark(9999, "x")))
    )
    rows = as_text(picture).splitlines()
    assert rows[1].index("▾") in range(29, 33)
    assert "x" not in rows[1]
    assert [span.text.strip() for span in picture[1] if span.role == "mark"] == ["▾"]


def test_a_log_scale_labels_its_powers() -> None:
    text = as_text(
        live([Series("loss", STEPS, 10.0 ** (-STEPS / 400))], ChartSpec(100, 30, "step", "loss", log_y=True))
    )
    for label in ("     1┤", "   0.1┤", "  0.01┤", "  1e-5┤"):
        assert label in text


def test_colours_never_leave_plotext() -> None:
    for drawing in (live, still):
        assert "\x1b" not in as_text(drawing([Series("loss", STEPS, LOSS)], SPEC))


def test_at_most_two_points_a_column_reach_plotext(
    builds: list[tuple[object, int, tuple[list[float], list[float]]]],
) -> None:
    steps = np.arange(100_000)
    still([Series("loss", steps, np.sin(steps))], SPEC)
    assert [len(points[0]) <= 2 * SPEC.width for _, _, points, _ in builds] == [True]  # type: ignore[misc]


def test_charts_in_threads_do_not_share_a_figure() -> None:
    specs = [ChartSpec(40 + 5 * n, 10 + n, f"x{n}", f"y{n}", x_range=(0, 2000)) for n in range(6)]
    expected = [still([Series("loss", STEPS, LOSS)], spec) for spec in specs]
    got: dict[int, Picture] = {}

    def work(number: int) -> None:
        got[number] = still([Series("loss", STEPS, LOSS)], specs[number])

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [got[number] for number in range(6)] == expected


def test_the_face_loads_neither_numpy_nor_plotext() -> None:
    code = "import sys, tutor.viz; print([m for m in ('numpy', 'plotext', 'rich') if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONPATH": ":".join(sys.path)}
    )
    assert done.stdout.strip() == "[]"


def test_what_changed_is_said_cell_by_cell() -> None:
    chart, curve = Chart(), Curve("loss")
    curve.extend(STEPS[:500], LOSS[:500])
    before = as_cells(chart.draw([curve], SPEC))
    assert chart.changed is None  # the first picture is all new
    for start in range(500, 2000, 100):
        curve.extend(STEPS[start : start + 100], LOSS[start : start + 100])
        after = as_cells(chart.draw([curve], SPEC))
        assert chart.changed
        for line, first, stop in chart.changed:
            before[line][first:stop] = after[line][first:stop]
        assert before == after
    chart.draw([curve], SPEC)
    assert chart.changed == ()


def as_cells(picture: Picture) -> list[list[tuple[str, str]]]:
    """Every cell of a picture: its sign, and its role where that is seen."""
    return [[(sign, span.role) for span in line for sign in span.text] for line in picture]


def test_a_cloud_gives_way_to_the_curve_through_it_and_stands_in_no_legend() -> None:
    cloud, mean = Curve("", "cloud"), Curve("mean")
    cloud.stroke, mean.stroke = "cloud", "solid"
    cloud.extend(STEPS, LOSS - 0.04, LOSS + 0.04)
    mean.extend(STEPS, LOSS)
    alone, both = Chart().draw([mean], SPEC), Chart().draw([cloud, mean], SPEC)
    assert as_text(both).splitlines()[0].split() == ["loss", "━━", "mean"]
    curve = {(y, x): sign for y, x, sign, role in cells(alone) if role == "curve" and sign != " "}
    assert {(y, x): sign for y, x, sign, role in cells(both) if (y, x) in curve} == curve
    assert any(span.role == "cloud" for line in both for span in line)


def cells(picture: Picture) -> list[tuple[int, int, str, str]]:
    """Row, column, sign and role of every cell below the legend."""
    return [(y, x, sign, role) for y, line in enumerate(as_cells(picture)[1:]) for x, (sign, role) in enumerate(line)]


@pytest.mark.parametrize("stroke", ["solid", "dotted", "dashed"])
def test_a_curve_with_a_sign_carries_it_at_its_end(stroke: Stroke) -> None:
    first, second = Series("one", STEPS, LOSS), Series("", STEPS[:1200], LOSS[:1200] + 0.5, "curve3", stroke, "a")
    rows = as_text(live([first, second], SPEC)).splitlines()[1:]
    places = [row.rindex("a") for row in rows if "a" in row]
    assert max(places) in range(24, 27)  # two fifths of the way to 3,000
    assert len(places) <= 3
