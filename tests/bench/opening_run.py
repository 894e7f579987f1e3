"""Opens a run as the Train screen does and prints, as JSON: ms of CPU to its first chart, MB more, ms of every zoom."""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path

from tutor.tui.screens.train_follow import EVER, Run, Wanted
from tutor.tui.screens.train_series import chart_of
from tutor.tui.screens.train_window import ChartState, zoom
from tutor.viz import Chart, ChartSpec, Series

SIZE = 100, 30


def resident_mb(field: str) -> float:
    """VmRSS, the memory of this process now, or VmHWM, the most that it has had."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(field))
    return int(line.split()[1]) / 1024


def main(run_dir: Path, steps: int) -> None:
    Chart().draw([Series("loss", [1, 2], [1, 2])], ChartSpec(*SIZE))  # what an earlier chart has loaded
    Path("/proc/self/clear_refs").write_text("5")  # VmHWM from now on
    before, began = resident_mb("VmRSS"), time.process_time()
    run, chart, lock = Run(run_dir), Chart(), threading.Lock()
    run.look(Wanted(0, EVER, 1000), lock)
    chart.draw(*chart_of(run, [], ChartState(span=1000), SIZE))
    opened = (time.process_time() - began) * 1e3
    run.read_clock()
    state, zooms = ChartState(span=1000), []
    while state.window is None or state.window[1] - state.window[0] > 1000:
        began = time.process_time()
        state = zoom(state, steps, closer=True, around=steps // 3)
        assert state.window is not None
        run.look(Wanted(*state.window, 1000), lock)
        chart.draw(*chart_of(run, [], state, SIZE))
        zooms.append((time.process_time() - began) * 1e3)
    print(json.dumps({"opened": opened, "more": resident_mb("VmHWM") - before, "zooms": zooms}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
