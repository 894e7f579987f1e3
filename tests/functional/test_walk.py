"""A learner walks through the house once: real keys, a real terminal, the real program."""

from __future__ import annotations

import re
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.ptyscreen import Terminal
from tests.training_runs import LINEAR, SIGMOID
from tests.walk import HOME, PATIENCE, SIZES, Learner, has_curve
from tutor.course import load_challenge, load_quiz, starter
from tutor.training import Watch

NOT_SUMMED = LINEAR.replace("grad_output.sum(axis=0)", "grad_output")
CARRIES_THE_BATCH = "grad_b has shape (5, 3), expected (3,): it still carries the batch."
PASSED = "✓ Passed"
ALONE = ("down", "left")  # in the dialog before a run: without PyTorch, which takes seconds to load
ALSO_OPEN = "Also open in another terminal"

Start = Callable[..., Terminal]


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x36"])
def test_read_answer_write_train(terminal: Start, tmp_path: Path, size: tuple[int, int]) -> None:
    learner = Learner(terminal, tmp_path, size)
    learner.arrive()
    learner.see("Ideas", "Layers", "The whole pass", "Learning", "Further")
    learner.see(re.compile(r"06 +Linear layer +· 20 min"), re.compile(r"09 +Backprop +· 25 min"))
    learner.see(re.compile(r"07 +Activations +· "))

    learner.go_to("Lesson 06", "Lesson 06 Linear layer")
    learner.read("06-linear-layer", wrong={"linear-predict-shape", "linear-predict-bias"})
    result = learner.answer_quiz("06-linear-layer", wrong={"linear-one-cache"}, nonsense={"linear-number-input"})
    count = len(load_quiz(learner.paths.quizzes, "06-linear-layer"))
    assert f"{count - 1} of {count} right at the first try." in result
    learner.press("escape")
    learner.see(HOME, re.compile(rf"06 +Linear .*{count - 1}/{count}"))

    learner.open_lab("linear_scratch")
    learner.see("Not judged yet")
    if size == SIZES[0]:
        _type_a_wrong_version(learner)
    else:
        learner.save_outside("linear_scratch", NOT_SUMMED)
    learner.see_loosely(CARRIES_THE_BATCH)
    learner.look_at_gradients(re.compile(r"✗ grad_b +\(5, 3\) +shape"), re.compile(r"✓ grad_W +\(4, 3\)"))
    learner.press("f2")
    learner.see("Hint 1 of 3", "W[i, j]")
    learner.press("escape")
    learner.see_no_more("esc closes")
    learner.see("hint 1 of 3")
    if size == SIZES[0]:
        _type_the_sum(learner)
    else:
        learner.save_outside("linear_scratch", LINEAR)
    learner.see(PASSED)
    learner.look_at_gradients(re.compile(r"✓ grad_b +\(3,\)"), re.compile(r"stress (\d+)/\1"))

    if size == SIZES[0]:
        learner.start_training(*ALONE)
    else:
        learner.start_training()
        learner.see("PyTorch alone", "✓ Lockstep")
    learner.see("Run 1-linear_scratch on digits", "▸ running", has_curve, re.compile(r"loss \d\.\d"), "held-back")
    learner.train_to_the_end()
    learner.go_home()
    learner.see(re.compile(r"06 +Linear .*1 of 2 passed"), re.compile(r"\b1(/| of )\d+ lessons"))
    learner.quit()


def _type_a_wrong_version(learner: Learner) -> None:
    """Over the `raise` of forward and that of backward, by keyboard."""
    forward, backward = (
        number
        for number, line in enumerate(starter(load_challenge(learner.paths.lessons, "linear_scratch")).split("\n"), 1)
        if "raise NotImplementedError" in line
    )
    learner.replace_line(forward, "forward is empty", "self.x = x", "return x @ self.W + self.b")
    learner.replace_line(
        backward + 1,
        "backward is empty",
        "self.grad_W = self.x.T @ grad_output",
        "self.grad_b = grad_output",
        "return grad_output @ self.W.T",
    )
    learner.press("ctrl+s")


def _type_the_sum(learner: Learner) -> None:
    """Into the line above the cursor, where the wrong version was typed last."""
    here = learner.cursor()
    assert here is not None
    learner.go_to_line(here[0] - 1)
    learner.press("end")
    learner.see(lambda _: (learner.cursor() or (0, ""))[1].strip() == "self.grad_b = grad_output")
    learner.terminal.type(".sum(axis=0)")
    learner.see("grad_output.sum(axis=0)")
    learner.press("ctrl+s")


def test_a_run_outlives_a_killed_tutor_and_is_found_again(terminal: Start, tmp_path: Path) -> None:
    first = Learner(terminal, tmp_path)
    first.arrive()
    first.open_lab("backprop_fill")
    first.press("ctrl+s")
    first.see(re.compile("blank 1 is still empty", re.IGNORECASE))
    first.save_outside("backprop_fill", SIGMOID)
    first.see(PASSED, "class SigmoidLayer")
    first.start_training(*ALONE)
    first.see("Run 1-backprop_fill on digits", "▸ running", has_curve)

    first.terminal.kill(signal.SIGKILL, _app(first.terminal))
    assert first.terminal.wait_exit(PATIENCE) == 137
    assert first.terminal.clean
    assert "The tutor was ended by SIGKILL. What you saved is kept" in first.text
    watch = Watch(first.paths.runs / "1-backprop_fill")
    killed_at = watch.poll().step
    first.terminal.wait_for(lambda _: watch.poll().step > killed_at, PATIENCE)
    assert watch.poll().state == "running"

    second = Learner(terminal, tmp_path)
    second.see(HOME, re.compile(r"Running +backprop_fill on digits +epoch \d+/60"))
    second.press("t")
    second.see("Run 1-backprop_fill on digits", "▸ running", has_curve)
    shown = watch.poll().step
    second.terminal.wait_for(lambda _: watch.poll().step > shown, PATIENCE)
    second.train_to_the_end()
    assert watch.poll().state == "done"
    second.quit()


def _app(terminal: Terminal) -> int:
    """The process that draws: the one child of the supervisor."""
    (child,) = Path(f"/proc/{terminal.pid}/task/{terminal.pid}/children").read_text().split()
    return int(child)


def test_two_tutors_on_one_folder_see_each_other(terminal: Start, tmp_path: Path) -> None:
    one = Learner(terminal, tmp_path)
    one.arrive()
    other = Learner(terminal, tmp_path, SIZES[1])
    other.see(HOME)
    one.go_to("Quiz 06", "Quiz 06 Linear layer")
    one.answer_first("06-linear-layer")
    other.see(re.compile(r"06 +Linear .*◐ .*1/1"), ALSO_OPEN)

    other.go_to("Quiz 06", "Quiz 06 Linear layer")
    other.answer_first("06-linear-layer")
    one.press("escape")
    one.see(HOME, ALSO_OPEN)
    other.press("escape")
    other.see(HOME, ALSO_OPEN)
    one.quit()
    other.quit()


def test_vim_saves_and_the_lab_follows(terminal: Start, tmp_path: Path) -> None:
    vim = shutil.which("vim")
    if vim is None:
        pytest.skip("vim is not installed")
    learner = Learner(terminal, tmp_path, SIZES[1])
    learner.arrive()
    learner.open_lab("linear_scratch")
    learner.save_outside("linear_scratch", NOT_SUMMED)
    learner.see_loosely(CARRIES_THE_BATCH)

    editor = terminal([vim, "-N", "-u", "NONE", learner.paths.implementation("linear_scratch")])
    editor.wait_for("self.grad_b = grad_output", PATIENCE)
    editor.type("/grad_b =\nA.sum(axis=0)")
    editor.press("escape")
    editor.wait_for("grad_b = grad_output.sum(axis=0)", PATIENCE)
    editor.type(":wq\n")
    assert editor.wait_exit(PATIENCE) == 0

    learner.see(PASSED, "self.grad_b = grad_output.sum(axis=0)")
    learner.quit()


def test_resizing_keeps_what_was_typed_and_judged(terminal: Start, tmp_path: Path) -> None:
    learner = Learner(terminal, tmp_path, SIZES[1])
    learner.arrive()
    learner.open_lab("linear_scratch")
    learner.save_outside("linear_scratch", NOT_SUMMED)
    judged = re.compile(r"✗ grad_b +\(5, 3\) +shape")
    learner.see(judged)
    learner.terminal.type("# mine, unsaved")
    learner.see("# mine, unsaved", "· unsaved")

    learner.terminal.resize(*SIZES[0])
    learner.see("# mine, unsaved", "· unsaved", "2 gradients")
    learner.see_loosely(CARRIES_THE_BATCH)
    learner.look_at_gradients(judged)
    learner.terminal.resize(40, 10)
    learner.see("Please make the window", "60x16", "Nothing is lost")
    learner.terminal.resize(*SIZES[1])
    learner.see("# mine, unsaved", "· unsaved", judged)
    learner.terminal.type(", still")  # the cursor is where it was
    learner.see("# mine, unsaved, still")
    learner.quit()


A_COLOUR = re.compile(rb"\x1b\[(?:[\d;]*;)?(?:3[0-8]|4[0-8]|9\d|10\d)(?:;[\d;]*)?m")


@pytest.mark.parametrize(
    ("env", "never"),
    [({"COLORTERM": None}, re.compile(rb"[34]8;2;")), ({"NO_COLOR": "1"}, A_COLOUR)],
    ids=["256 colours", "NO_COLOR"],
)
def test_few_colours_or_none(
    terminal: Start, tmp_path: Path, env: dict[str, str | None], never: re.Pattern[bytes]
) -> None:
    learner = Learner(terminal, tmp_path, SIZES[1], env)
    learner.arrive()
    learner.see("▸ Continue", "Linear layer", "in preparation")
    learner.open_lab("linear_scratch")
    learner.save_outside("linear_scratch", NOT_SUMMED)
    learner.see(CARRIES_THE_BATCH, re.compile(r"✗ grad_b"), re.compile(r"✓ grad_W"), "self.grad_b = grad_output")
    learner.press("f2")
    learner.see("Hint 1 of 3")
    learner.press("escape")
    learner.see_no_more("esc closes")
    learner.quit()
    written = never.search(bytes(learner.terminal.raw))
    assert written is None, written
