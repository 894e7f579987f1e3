"""Take the README's pictures: the real program in a real terminal, in a throw-away folder.

.venv/bin/python scripts/screenshot.py                  # writes docs/lesson.png, docs/lab.png and docs/train.png
.venv/bin/python scripts/screenshot.py lesson           # one of them
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.ptyscreen import Terminal  # noqa: E402
from tutor.course import load_challenge, solutions  # noqa: E402
from tutor.paths import locate  # noqa: E402
from tutor.training import TrainOptions, cancel, start  # noqa: E402

SIZE = (116, 32)
CELL_WIDTH, CELL_HEIGHT, FONT_SIZE = 10, 21, 17
FOREGROUND, BACKGROUND = "d0d0d0", "121212"
FONTS = (
    "/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf",
    "/usr/share/fonts/dejavu-sans-mono-fonts/DejaVuSansMono.ttf",
    "/System/Library/Fonts/Menlo.ttc",
)
TUTOR = (sys.executable, "-m", "tutor", "--user-data")
BRAILLE_DOTS = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))  # of bits 0 to 7: column, row


def picture(terminal: Terminal) -> Image.Image:
    """Draw what stands on the terminal's screen."""
    columns, rows = SIZE
    path = next((font for font in FONTS if Path(font).exists()), None)
    if path is None:
        sys.exit("No monospaced font was found: install DejaVu Sans Mono.")
    font = ImageFont.truetype(path, FONT_SIZE)
    image = Image.new("RGB", (columns * CELL_WIDTH, rows * CELL_HEIGHT), f"#{BACKGROUND}")
    draw = ImageDraw.Draw(image)
    for row in range(rows):
        for column in range(columns):
            draw_cell(draw, font, terminal.style(column, row), column * CELL_WIDTH, row * CELL_HEIGHT)
    return image


def draw_cell(draw: ImageDraw.ImageDraw, font: ImageFont.FreeTypeFont, cell: Any, x: int, y: int) -> None:
    """Draw one cell; braille is drawn by dots, so that neighbouring cells join."""
    foreground = f"#{FOREGROUND if cell.fg == 'default' else cell.fg}"
    background = f"#{BACKGROUND if cell.bg == 'default' else cell.bg}"
    if cell.reverse:
        foreground, background = background, foreground
    draw.rectangle((x, y, x + CELL_WIDTH - 1, y + CELL_HEIGHT - 1), fill=background)
    code = ord(cell.data[0]) if cell.data else 0x20
    if 0x2800 <= code <= 0x28FF:
        for bit, (across, down) in enumerate(BRAILLE_DOTS):
            if code >> bit & 1:
                left, top = x + 2 + across * 5, y + 2 + down * 5
                draw.rectangle((left, top, left + 2, top + 2), fill=foreground)
    elif cell.data.strip():
        draw.text((x, y), cell.data, font=font, fill=foreground)
        if cell.bold:
            draw.text((x + 1, y), cell.data, font=font, fill=foreground)


def lesson(folder: str) -> None:
    """A page of lesson 03: the gradient on its way back through a graph."""
    with Terminal([*TUTOR, folder, "learn", "03"], size=SIZE) as terminal:
        terminal.wait_for("begin")
        terminal.press("enter")
        for page in range(1, 4):
            terminal.wait_for(f"page {page} of")
            terminal.press("n")
        terminal.wait_for("page 4 of")
        for key in ("1", "6", "enter"):
            terminal.press(key)
        terminal.wait_for("Watch the node")
        for step in range(1, 8):
            terminal.press(".")
            terminal.wait_for(f"step {step} of")
        picture(terminal).save(ROOT / "docs" / "lesson.png", optimize=True)


def lab(folder: str) -> None:
    """The Lab, with a bias gradient that still carries the batch."""
    paths = locate(Path(folder))
    challenge = load_challenge(paths.lessons, "backprop_fill")
    mistake = re.sub(r"self\.grad_b = .*", "self.grad_b = grad_z", dict(solutions(challenge))["vectorised"])
    paths.implementations.mkdir(parents=True)
    paths.implementation(challenge.id).write_text(mistake, encoding="utf-8")
    with Terminal([*TUTOR, folder, "challenge", challenge.id], size=SIZE) as terminal:
        terminal.wait_for("begin")
        terminal.press("enter")
        terminal.wait_for("SigmoidLayer")
        terminal.press("ctrl+s")
        terminal.wait_for("still carries the batch")
        terminal.wait_for("complex step")
        terminal.press("ctrl+s")  # the first check loads NumPy; this one is like all that follow
        terminal.wait_for(re.compile(r"judged in \d\d ms"))
        terminal.wait_for("complex step")
        picture(terminal).save(ROOT / "docs" / "lab.png", optimize=True)


def train(folder: str) -> None:
    """A run on the digits, PyTorch's beside it."""
    paths = locate(Path(folder))
    challenge = load_challenge(paths.lessons, "backprop_fill")
    options = TrainOptions(seed=1, pace=200.0, mode="lockstep")
    config = start(paths, challenge, dict(solutions(challenge))["vectorised"], options)
    with Terminal([*TUTOR, folder], size=SIZE) as terminal:
        terminal.wait_for("begin")
        terminal.press("enter")
        terminal.wait_for("Running")
        terminal.press("t")
        terminal.wait_for(re.compile(r"epoch 4\d/60"), 60)  # PyTorch takes a while to load
        picture(terminal).save(ROOT / "docs" / "train.png", optimize=True)
    cancel(paths.runs / config.id)


PICTURES = {"lesson": lesson, "lab": lab, "train": train}

if __name__ == "__main__":
    for name in sys.argv[1:] or PICTURES:
        with tempfile.TemporaryDirectory() as learner:
            PICTURES[name](learner)
