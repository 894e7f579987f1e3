"""Copying out of the terminal: OSC 52, tmux's own buffer where there is one, and a file that is there in any case.

A terminal never says whether it took OSC 52 (macOS Terminal does not, tmux only when told to), so the file is always
written, and always named.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tutor.files import replace
from tutor.learner.text import shown_path

FILE = "clipboard.txt"  # in the learner's folder
TMUX_SECONDS = 2.0  # for which tmux may think


def keep(text: str, folder: Path, environment: Mapping[str, str] = os.environ) -> str:
    """Put a text where it can be had without OSC 52, and say where; touches the disk, so never on the event loop.

    Inside tmux it goes into tmux's paste buffer too, and from there to the terminal's clipboard: a bare OSC 52 would
    end in tmux, which ignores it as it comes.
    """
    target = folder / FILE
    places = []
    if environment.get("TMUX") and _into_tmux(text):
        places.append("in tmux's paste buffer (prefix ])")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        replace(target, text.encode())
    except OSError as error:
        return f"Also {places[0]}." if places else f"It could not be written to {shown_path(target)}: {error.strerror}."
    return f"Also {' and '.join([*places, f'in {shown_path(target)}'])}."


def _into_tmux(text: str, command: Sequence[str] = ("tmux", "load-buffer", "-w", "-")) -> bool:
    """True where tmux took it; -w (tmux 3.2) sends it on to the terminal, an older one keeps it in its buffer alone."""
    for arguments in (command, [word for word in command if word != "-w"]):
        try:
            done = subprocess.run(
                arguments,
                input=text.encode(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=TMUX_SECONDS,
                check=False,
            )
        except (OSError, subprocess.SubprocessError):
            return False
        if done.returncode == 0:
            return True
    return False


def numpy_text(values: object) -> str:
    """Nested lists of numbers as NumPy text, a row a line: `eval` with `np` gives the very same numbers back."""
    return f"np.array({_nested(values, len('np.array('))})"


def _nested(values: object, indent: int) -> str:
    if not isinstance(values, list):
        return _number(values)
    inner = [_nested(value, indent + 1) for value in values]
    rows = any(isinstance(value, list) for value in values)
    return f"[{(f',{chr(10)}' + ' ' * (indent + 1) if rows else ', ').join(inner)}]"


def _number(value: object) -> str:
    """A number's shortest exact text; one that was not made is NaN."""
    if value is None or value != value:
        return "np.nan"
    text = repr(value)
    return text.replace("inf", "np.inf")
