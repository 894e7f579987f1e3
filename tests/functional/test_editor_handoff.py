"""F6: the learner's own editor takes the terminal and gives it back; inside tmux it can stand beside the tutor."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.ptyscreen import Terminal
from tests.walk import PATIENCE, Learner
from tutor.tui.editor import EditorError, editor_command, split_beside

Start = Callable[..., Terminal]
FILE = Path("/somewhere/linear.py")
EXERCISE = "linear_scratch"

# An editor of a few lines: it says what it opened, and does what its keys say.
TINY_EDITOR = f"""#!{sys.executable}
import os, signal, sys, termios, tty
where = sys.argv[1:]
name = where[-1].rpartition("/")[2]
before = termios.tcgetattr(0)
tty.setraw(0)  # before it says that it is there: going raw drops what was typed until then
print("\\x1b[?1049h\\x1b[2J\\x1b[HEDITING", os.getpid(), name, where[:-1], end="\\r\\n", flush=True)
while True:
    key = os.read(0, 1)
    if key == b"w":
        open(where[-1], "a").write("# by the editor\\n")
        print("WRITTEN", end="\\r\\n", flush=True)
    elif key == b"z":
        termios.tcsetattr(0, termios.TCSANOW, before)
        os.kill(os.getpid(), signal.SIGTSTP)
        tty.setraw(0)
        print("AGAIN", end="\\r\\n", flush=True)
    elif key in b"qx":
        termios.tcsetattr(0, termios.TCSANOW, before)
        print("\\x1b[?1049l", end="", flush=True)
        sys.exit(key == b"x")
"""


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    editor = tmp_path / "tiny editor"
    editor.write_text(TINY_EDITOR)
    editor.chmod(0o755)
    return editor


def in_the_lab(terminal: Start, folder: Path, **env: str | None) -> Learner:
    learner = Learner(terminal, folder, (120, 36), {"VISUAL": None, "EDITOR": None, **env})
    learner.arrive()
    learner.open_lab(EXERCISE)
    return learner


def open_editor(learner: Learner) -> int:
    """Press F6 and wait for the tiny editor; its process."""
    learner.press("f6")
    found = re.search(r"EDITING (\d+) ", learner.see(re.compile(r"EDITING \d+ .*\]")))
    assert found
    return int(found[1])


def goes_on(learner: Learner, text: str) -> None:
    """The Lab has the screen and every key again, once."""
    learner.see("^s judge", lambda _: {1049, 2004} <= learner.terminal.modes)
    learner.terminal.type(text)
    learner.see(text)


# ── which editor ─────────────────────────────────────────────────────────────────────────────────────────────────────


def bin_with(folder: Path, *names: str) -> str:
    folder.mkdir()
    for name in names:
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o755)
    return str(folder)


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"VISUAL": "code --wait", "EDITOR": "vi"}, ["code", "--wait", str(FILE)]),
        ({"VISUAL": " ", "EDITOR": "vi -N"}, ["vi", "-N", "+7", str(FILE)]),
        ({"EDITOR": "hx"}, ["hx", f"{FILE}:7"]),
        ({}, ["vi", "+7", str(FILE)]),
    ],
)
def test_the_editor_is_the_learners_own_or_the_first_that_is_here(
    tmp_path: Path, environment: Mapping[str, str], words: list[str]
) -> None:
    path = bin_with(tmp_path / "bin", "vi", "hx", "code")
    assert editor_command({**environment, "PATH": path}, FILE, 7) == words


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"EDITOR": "no-such-editor -x"}, r"no-such-editor.*\$EDITOR names it"),
        ({"VISUAL": "vi 'a"}, r"\$VISUAL cannot be read"),
        ({}, "looked for nano, vim, vi"),
    ],
)
def test_no_editor_is_a_sentence(tmp_path: Path, environment: Mapping[str, str], said: str) -> None:
    with pytest.raises(EditorError) as error:
        editor_command({**environment, "PATH": bin_with(tmp_path / "bin")}, FILE, 1)
    assert re.search(said, str(error.value))


# ── in this terminal ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_there_and_back_saved_before_and_judged_after(terminal: Start, tmp_path: Path, tiny: Path) -> None:
    learner = in_the_lab(terminal, tmp_path, VISUAL=f"'{tiny}' --flag")
    learner.terminal.type("# typed in the pane")
    learner.see("# typed in the pane", "· unsaved")
    open_editor(learner)
    learner.see(f"{EXERCISE}.py ['--flag']")
    file = learner.paths.implementation(EXERCISE)
    assert "# typed in the pane" in file.read_text()
    learner.press("w")
    learner.see("WRITTEN")
    learner.press("q")
    learner.see("^s judge", re.compile(r"judged in \d+ ms"))
    learner.press("ctrl+g")
    last = re.search(r"1 to (\d+)", learner.see(re.compile(r"1 to \d+")))
    assert last
    learner.terminal.type(f"{last[1]}\n")
    learner.see("# by the editor")
    goes_on(learner, "# and on")
    learner.quit()


def test_an_editor_that_dies_or_fails_is_a_sentence(terminal: Start, tmp_path: Path, tiny: Path) -> None:
    learner = in_the_lab(terminal, tmp_path, EDITOR=f"'{tiny}'")
    os.kill(open_editor(learner), signal.SIGKILL)  # in raw mode, on its own screen
    learner.see("was ended by SIGKILL")
    goes_on(learner, "# one")
    open_editor(learner)
    learner.press("x")
    learner.see("ended with status 1")
    goes_on(learner, "# two")
    tiny.write_text("#!/no/such/interpreter\n")
    learner.press("f6")
    learner.see("could not be started")
    goes_on(learner, "# three")
    tiny.unlink()
    learner.press("f6")
    learner.see("$EDITOR names it")
    learner.quit()


def test_an_editor_that_returns_at_once_is_no_fault(terminal: Start, tmp_path: Path) -> None:
    learner = in_the_lab(terminal, tmp_path, EDITOR="true")
    learner.press("f6")
    learner.see(lambda _: learner.terminal.raw.count(b"\x1b[?1049h") == 2)
    goes_on(learner, "# on")
    assert "ended" not in learner.text
    learner.quit()


def test_ctrl_z_in_the_editor_gives_the_prompt_and_fg_the_editor(terminal: Start, tmp_path: Path, tiny: Path) -> None:
    folder = tmp_path / "user_data"
    env = {"PS1": "$ ", "ENV": None, "EDITOR": f"'{tiny}'", "VISUAL": None}
    shell = terminal(["sh", "-i"], env=env, size=(120, 36))
    shell.wait_for("$")
    shell.type(f"{sys.executable} -m tutor --user-data '{folder}' challenge {EXERCISE}\n")
    shell.wait_for("begin", PATIENCE)
    shell.press("enter")
    shell.wait_for("^s judge", PATIENCE)
    shell.press("f6")
    shell.wait_for(re.compile(r"EDITING \d+"), PATIENCE)
    for times in (1, 2):
        shell.press("z")
        # What is typed before the shell has its terminal back goes with the editor's settings.
        shell.wait_for(lambda t, n=times: t.raw.count(b"Stopped") == n and t.text.rstrip().endswith("$"), PATIENCE)  # type: ignore[misc]
        shell.type(f"echo prompt$((40+{times}))\n")
        shell.wait_for(f"prompt4{times}", PATIENCE)
        shell.type("fg\n")
        shell.wait_for(lambda t, n=times: t.raw.count(b"AGAIN") == n, PATIENCE)  # type: ignore[misc]
    shell.press("q")
    shell.wait_for(lambda t: "^s judge" in t.text and 2004 in t.modes, PATIENCE)
    shell.press("ctrl+q")
    shell.wait_for(lambda t: t.clean, PATIENCE)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_the_end_of_the_tutor_ends_the_editor(
    terminal: Start, tmp_path: Path, tiny: Path, number: signal.Signals
) -> None:
    learner = in_the_lab(terminal, tmp_path, EDITOR=f"'{tiny}'")
    editor = open_editor(learner)
    learner.terminal.kill(number)
    assert learner.terminal.wait_exit(PATIENCE) == 128 + number
    learner.terminal.wait_gone_process(editor, PATIENCE)
    assert learner.terminal.termios == learner.terminal.termios_before


def test_a_real_vim(terminal: Start, tmp_path: Path) -> None:
    vim = shutil.which("vim")
    if vim is None:
        pytest.skip("vim is not installed")
    learner = in_the_lab(terminal, tmp_path, EDITOR=f"{vim} -N -u NONE")
    learner.go_to_line(3)
    learner.press("f6")
    learner.see(lambda text: "~" in text or f"{EXERCISE}.py" in text)
    learner.terminal.type("Ofrom vim = 1")
    learner.press("escape")
    learner.see(lambda text: "from vim = 1" in text)
    learner.terminal.type(":w\n")
    learner.see("written")
    learner.terminal.type(":q\n")
    learner.see("^s judge", re.compile(r" 3 +from vim = 1"), "Python cannot read the file")
    goes_on(learner, "# on")
    learner.quit()


# ── beside this terminal ─────────────────────────────────────────────────────────────────────────────────────────────


def test_outside_tmux_a_split_is_a_sentence(terminal: Start, tmp_path: Path, tiny: Path) -> None:
    learner = in_the_lab(terminal, tmp_path, EDITOR=f"'{tiny}'", TMUX=None)
    learner.press("alt+e")
    learner.see("not inside tmux")
    learner.quit()


def test_inside_tmux_the_window_is_split(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(bin_with(tmp_path / "bin"))
    fake, said = folder / "tmux", tmp_path / "said"
    fake.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {said}\n')
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    inside = {"TMUX": "/tmp/tmux-0/default,1,0", "TMUX_PANE": "%3"}
    split_beside(inside, ["vi", "+7", str(FILE)])
    assert said.read_text().split("\n")[:-1] == [
        *("split-window", "-h", "-t", "%3", "-c", str(FILE.parent)),
        *("vi", "+7", str(FILE)),
    ]
    fake.write_text("#!/bin/sh\necho no space for a new pane >&2\nexit 1\n")
    with pytest.raises(EditorError, match="could not split"):
        split_beside(inside, ["vi", str(FILE)])
    fake.unlink()
    with pytest.raises(EditorError, match="does not answer"):
        split_beside(inside, ["vi", str(FILE)])


def test_a_real_tmux_shows_both(terminal: Start, tmp_path: Path, tiny: Path) -> None:
    tmux = shutil.which("tmux")
    if tmux is None:
        pytest.skip("tmux is not installed")
    socket = tmp_path / "tmux"
    command = f"{sys.executable} -m tutor --user-data '{tmp_path / 'user_data'}' challenge {EXERCISE}"
    env = {"EDITOR": f"'{tiny}'", "VISUAL": None}
    shown = terminal([tmux, "-S", socket, "-f", "/dev/null", "new-session", command], size=(160, 36), env=env)
    try:
        shown.wait_for("begin", PATIENCE)
        shown.press("enter")
        shown.wait_for("^s judge", PATIENCE)
        shown.press("alt+e")
        shown.wait_for(lambda t: "^s judge" in t.text and "EDITING" in t.text, PATIENCE)
        shown.press("w")  # the keys are the editor's
        shown.wait_for("WRITTEN", PATIENCE)
        shown.press("q")
        shown.wait_for(lambda t: "EDITING" not in t.text and "judged in" in t.text, PATIENCE)
        shown.press("ctrl+q")
        shown.wait_exit(PATIENCE)
    finally:
        subprocess.run([tmux, "-S", str(socket), "kill-server"], capture_output=True, check=False)
