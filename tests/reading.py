"""What the tests of the lesson share: a small course with a page for each kind of block, and a reader of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from textual.pilot import Pilot

from tutor.paths import Paths

SLUG = "01-tiny"
OTHER = "02-other"

COURSE = """
[[part]]
title = "Part"
lesson = [
    { slug = "01-tiny", title = "Tiny", minutes = 5 },
    { slug = "02-other", title = "Other", minutes = 5 },
]
"""
HEAD = """+++
title = "{title}"
concept = "{concept}"
goal = "See it."
minutes = 5
difficulty = "easy"
objectives = ["see it"]
+++

"""
TINY = """## Words and $x^2$

A slope $\\partial L/\\partial W_{ij}$ in the text, and a price of 5$ or 6$.

```math
\\frac{\\partial L}{\\partial W} = X^\\top G
```

| name | formula |
|---|---|
| a | $X^\\top G$ |

## Pictures

```diagram chain values="x=3|u=6|L=36" ops="2x|u²" slopes="2|12"
```

Between the two.

LONG

```diagram chain values="y=1|v=2" ops="2y" slopes="2"
```

```diagram flow nodes="x:(N, in)|out:(N, out)" edges="@ W + b"
```

## Numbers

```worked
title = "One neuron"
given = { x = 2.0, w = -1.5, n = 4 }
rows = [
    { name = "z", value = "w * x", note = "the sum" },
    { name = "q", show = "1/z", value = "1 / z" },
    { name = "r", value = "q + n" },
]
try = "Make $z$ zero."
```

What stands behind the numbers.

## A question under a picture

```diagram chain values="y=1|v=2" ops="2y" slopes="2"
```

```predict
id = "tiny-number"
kind = "number"
text = "How much is a half?"
explain = "So it is."
answer = "0.5"
[[mistake]]
answer = "2"
why = "That is two."
```

```worked
title = "Behind the question"
given = { x = 2.0 }
rows = [{ name = "z", value = "x + 1" }]
```
""".replace("LONG", "\n\n".join(f"Paragraph {number} of a long page." for number in range(30)))
OTHER_TEXT = "## The other lesson\n\nA bias, and a sum over samples.\n\n## Its second page\n\nNothing.\n"
MISTAKE = """
```mistake
title = "A slip"
symptom = "It is wrong."
cause = "A slip of the pen."
test = "Look again."
```
"""


def small_course(folder: Path) -> Paths:
    """The course in a folder, and a learner's folder beside it."""
    lessons = folder / "lessons"
    for slug, title, text in ((SLUG, "Tiny", TINY), (OTHER, "Other", OTHER_TEXT + MISTAKE)):
        (lessons / slug).mkdir(parents=True)
        (lessons / slug / "lesson.md").write_text(HEAD.format(title=title, concept=slug[3:]) + text)
    (lessons / SLUG / "intuition.md").write_text("## A picture\n\nThink of a tiny thing.\n\n## More\n\nThink on.\n")
    (lessons / SLUG / "math.md").write_text("## Step one\n\nDerive the sum.\n\n## Step two\n\n```math\ny = x^2\n```\n")
    (lessons / "course.toml").write_text(COURSE)
    (folder / "quizzes").mkdir()
    return Paths(user_data=folder / "user_data", lessons=lessons, quizzes=folder / "quizzes")


async def until(pilot: Pilot[int], condition: Callable[[], bool], seconds: float = 20.0) -> None:
    """Let the app work until something holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came to be:\n" + shown(pilot)
        await pilot.pause(0.01)


def shown(pilot: Pilot[int]) -> str:
    """What stands on the screen, as text."""
    strips = pilot.app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)


async def press(pilot: Pilot[int], *keys: str) -> None:
    """Press keys, and let the app take them in."""
    await pilot.press(*keys)
    await pilot.pause()
