"""A run taken elsewhere: a CSV that reads back as it was, an SVG that any viewer takes."""

from __future__ import annotations

import csv
import math
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.made_runs import made_run, steps
from tutor.errors import RunError
from tutor.training import Event, csv_lines, export_csv, export_svg, rename
from tutor.training.export import CHUNK, StepFile
from tutor.training.folder import METRICS_FILE
from tutor.training.metrics import dtype_of, read_metrics
from tutor.training.model import METRICS, TWIN, End
from tutor.training.svg import BOTTOM, COLUMNS, LEFT, RIGHT, TOP

EPOCHS = (Event(0.0, 0, "epoch", epoch=1), Event(0.4, 4, "epoch", epoch=2))
HELD = (
    Event(0.0, 0, "evaluated", epoch=0, held_back=0.1, held_back_loss=2.302585),
    Event(0.4, 4, "evaluated", epoch=1, held_back=0.5, held_back_loss=1.1),
)


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(text.splitlines()))


def test_every_step_reads_back_as_it_was(tmp_path: Path) -> None:
    losses = np.array([2.3025851, 1e-30, float("nan"), float("inf"), 0.1, 3.4e38], dtype="f4")
    run_dir = made_run(tmp_path, losses=losses.tolist(), events=[*EPOCHS, *HELD])
    rows = read("".join(csv_lines(run_dir)))
    assert [int(row["step"]) for row in rows] == [0, 1, 2, 3, 4, 5, 6]
    assert [row["epoch"] for row in rows] == ["0", "1", "1", "1", "1", "2", "2"]
    back = np.array([float(row["loss"]) for row in rows[1:]], dtype="f4")
    np.testing.assert_array_equal(back, losses)
    stored = steps(range(1, 7), losses.tolist())
    assert [float(row["t"]) for row in rows[1:]] == stored["t"].tolist()
    np.testing.assert_array_equal(np.array([float(row["lr"]) for row in rows[1:]], dtype="f4"), stored["lr"])
    assert [
        (row["step"], float(row["held_back_loss"]), float(row["held_back_accuracy"]))
        for row in rows
        if row["held_back_loss"]
    ] == [
        ("0", 2.302585, 0.1),
        ("4", 1.1, 0.5),
    ]


def test_every_so_many_steps_keeps_what_was_measured(tmp_path: Path) -> None:
    run_dir = made_run(tmp_path, losses=[1.0] * 10, events=[*EPOCHS, *HELD])
    assert [row["step"] for row in read("".join(csv_lines(run_dir, every=5)))] == ["0", "4", "5", "10"]


def test_the_twin_stands_beside_its_steps(tmp_path: Path) -> None:
    twin = np.zeros(3, dtype_of(TWIN))
    twin["step"], twin["attempt"] = [1, 2, 4], 1
    twin["loss_difference"], twin["free_loss"] = [1e-16, 0.1, math.nan], [2.0, 3.0, 4.0]
    run_dir = made_run(tmp_path, losses=[1.0] * 4, records_of_twin=twin, events=HELD, mode="lockstep", twin=TWIN)
    rows = read("".join(csv_lines(run_dir)))
    assert [row["free_loss"] for row in rows] == ["", "2.0", "3.0", "", "4.0"]
    assert [row["loss_difference"] for row in rows] == ["", "1e-16", "0.1", "", "nan"]


@settings(max_examples=40)
@given(
    attempts=st.lists(st.tuples(st.integers(0, 12), st.integers(1, 12)), min_size=1, max_size=4),
    chunk=st.integers(1, 7),
)
def test_steps_that_were_run_again_count_as_the_last(
    tmp_path_factory: pytest.TempPathFactory, attempts: list[tuple[int, int]], chunk: int
) -> None:
    """Each attempt goes back some steps and then makes some more, as a resumed run does."""
    path, at, made = tmp_path_factory.mktemp("run") / METRICS_FILE, 0, []
    for number, (back, more) in enumerate(attempts, 1):
        at = max(0, at - back)
        made.append(steps(range(at + 1, at + more + 1), [number * 100.0 + step for step in range(more)], number))
        at += more
    data = b"".join(part.tobytes() for part in made)
    path.write_bytes(data + b"torn")
    file = StepFile(path, METRICS)
    whole = read_metrics(data)
    np.testing.assert_array_equal(np.concatenate(list(file.chunks(chunk))), whole)
    middle = int(whole["step"][len(whole) // 2])
    np.testing.assert_array_equal(file.between(2, middle), whole[(whole["step"] >= 2) & (whole["step"] <= middle)])


def test_a_long_run_is_read_and_written_a_part_at_a_time(tmp_path: Path) -> None:
    count = 2 * CHUNK + 17
    run_dir = made_run(tmp_path, records=steps(range(1, count + 1), [1.0] * count))
    parts = [part.count("\n") for part in csv_lines(run_dir)]
    assert sum(parts) == 1 + count
    assert max(parts) == CHUNK
    assert export_csv(run_dir, tmp_path / "out.csv", every=1000) == count // 1000
    export_svg(run_dir, tmp_path / "out.svg")
    assert (tmp_path / "out.svg").stat().st_size < 20_000


def test_a_file_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    run_dir = made_run(tmp_path / "runs")
    out = tmp_path / "out.csv"
    out.write_text("mine")
    for write in (export_csv, export_svg):
        with pytest.raises(RunError, match=r"there already.*--force"):
            write(run_dir, out)
    assert out.read_text() == "mine"
    assert export_csv(run_dir, out, force=True) == 3
    with pytest.raises(RunError, match="is a folder"):
        export_csv(run_dir, tmp_path, force=True)
    with pytest.raises(RunError, match="cannot be written"):
        export_csv(run_dir, tmp_path / "nowhere" / "out.csv")
    assert {path.name for path in tmp_path.iterdir()} == {"runs", "out.csv"}  # nothing half-written is left


# ── the picture ──────────────────────────────────────────────────────────────────────────────────────────────────────


def drawn(run_dir: Path, **options: bool) -> ElementTree.Element:
    out = run_dir.parent / "out.svg"
    export_svg(run_dir, out, force=True, **options)
    return ElementTree.fromstring(out.read_text())


def points(root: ElementTree.Element, kind: str) -> list[tuple[float, float]]:
    shapes = [node for node in root.iter() if node.get("class") == kind and node.get("points")]
    pairs = [pair.split(",") for node in shapes for pair in str(node.get("points")).split()]
    return [(float(x), float(y)) for x, y in pairs]


def words(root: ElementTree.Element) -> str:
    return "\n".join(node.text or "" for node in root.iter())


@pytest.mark.parametrize("log_y", [False, True])
@pytest.mark.parametrize("count", [1, 2, 100, 5000])
def test_the_curve_has_a_point_for_each_column_and_stays_in_its_frame(tmp_path: Path, count: int, log_y: bool) -> None:
    rng = np.random.default_rng(0)
    losses = 2 / np.arange(1, count + 1) + 0.1 * rng.random(count)
    run_dir = made_run(tmp_path, losses=losses.tolist(), events=HELD if count > 4 else ())
    root = drawn(run_dir, log_y=log_y)
    curve = points(root, "loss")
    assert len(curve) == min(count, COLUMNS)
    assert len(points(root, "spread")) in (0, 2 * len(curve))
    assert len(points(root, "held")) == (2 if count > 4 else 0)
    assert all(LEFT <= x <= RIGHT and TOP <= y <= BOTTOM for x, y in [*curve, *points(root, "spread")])
    assert [x for x, _ in curve] == sorted(x for x, _ in curve)


def test_what_is_no_number_stays_off_the_paper_and_is_said(tmp_path: Path) -> None:
    losses = [2.0, 3.0, 2.5, 1e30, math.nan, math.inf]
    end = End("diverged", "It ran away.", 6)
    root = drawn(made_run(tmp_path, losses=losses, end=end))
    assert len(points(root, "loss")) == 4
    assert len({round(y) for _, y in points(root, "loss")}) == 4  # the start is not flattened by what ran away
    assert "diverged at step 6" in words(root)
    assert "nan" not in ElementTree.tostring(root, "unicode").replace("ui-sans-serif", "")


@pytest.mark.parametrize("losses", [[], [math.nan], [0.0, 0.0, 0.0], [1e-40] * 5, [-1.0, -2.0]])
@pytest.mark.parametrize("log_y", [False, True])
def test_a_run_with_little_to_draw_draws(tmp_path: Path, losses: list[float], log_y: bool) -> None:
    root = drawn(made_run(tmp_path, losses=losses), log_y=log_y)
    assert ("no points yet" in words(root)) == (not np.isfinite(losses).any())


def test_what_happened_is_marked_and_a_learners_words_stay_words(tmp_path: Path) -> None:
    told = [Event(0.1, 1, "control", "learning rate 0.1 → 0.01"), Event(0.2, 2, "explained", "<b>flat</b> & \x1b[31m")]
    run_dir = made_run(tmp_path, events=told)
    rename(run_dir, '<script> & "mine"')
    root = drawn(run_dir)
    assert '<script> & "mine" · 1-linear_scratch' in words(root)
    assert "1  step 1: learning rate 0.1 → 0.01" in words(root)
    assert "2  step 2: <b>flat</b> & [31m" in words(root)
    assert len([node for node in root.iter() if node.get("class") == "mark"]) == 2
    assert not [node for node in root.iter() if node.tag.endswith("script")]
