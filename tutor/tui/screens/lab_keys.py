"""The Lab's keys, in the order of the footer, and what the help and the palette say of each."""

from __future__ import annotations

from textual.binding import Binding, BindingType

LAB_KEYS: list[BindingType] = [
    Binding("ctrl+s", "judge", "judge", key_display="^s", priority=True, tooltip="Save and judge"),
    Binding("f2", "hint", "hint", tooltip="The next hint; after the third, the solution"),
    Binding("f4", "diff", "diff", tooltip="The first wrong gradient, or the chosen one, cell by cell"),
    Binding("f5", "train", "train", tooltip="Train a network with your code"),
    Binding("f5", "no_network", show=False, tooltip="Nothing to train here: this exercise is not part of a network"),
    Binding("f6", "own_editor", "Own editor", show=False, priority=True, tooltip="Open the file in your own editor"),
    Binding("alt+e", "split_editor", "Split", show=False, tooltip="Open it in a tmux split beside the tutor"),
    Binding("f7", "next", "next", priority=True, tooltip="Go on, once this one is passed"),
    Binding("f8", "run_file", "run", tooltip="Run your file as python would, and show what it prints"),
    Binding("f9", "reset", "Start anew", show=False, tooltip="Start again from the starter; your file is kept"),
    Binding(
        "ctrl+o", "two_versions", "Two versions", show=False, priority=True, tooltip="Choose between pane and file"
    ),
    Binding("alt+h,h", "history", "History", show=False, tooltip="Every version that was judged or replaced"),
    Binding("escape", "stop_run", "Stop", show=False, tooltip="End the run of your file"),
    Binding("t", "tiers", "Tests", show=False, tooltip="Every test by tier, and what it proves"),
    Binding("n", "sweep", "Step sizes", show=False, tooltip="The numeric derivative's error, step by step"),
    Binding("1", "view('code')", "Code", show=False),
    Binding("2", "view('gradients')", "Gradients", show=False),
    Binding("3", "view('output')", "Output", show=False),
    Binding("s", "solution", "Solution", show=False, tooltip="The solutions, once passed or after three hints"),
]
