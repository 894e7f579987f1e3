"""Other programs that save the learner's file: scripted ones, each as one kind of editor does it, and real ones."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from tests.ptyscreen import Terminal
from tests.screens import Learner


def write_through(path: Path, text: str, mode: str = "w") -> None:
    with path.open(mode) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def in_chunks(path: Path, text: str) -> None:
    """VS Code, nano: the file is emptied, then written piece by piece."""
    with path.open("w") as file:
        for start in range(0, len(text), 1 + len(text) // 4):
            time.sleep(0.004)
            file.write(text[start : start + 1 + len(text) // 4])
            file.flush()


def by_rename(path: Path, text: str) -> None:
    """Helix: a new file takes the place of the old one."""
    write_through(path.with_name(".new~"), text)
    path.with_name(".new~").replace(path)


def by_backup(path: Path, text: str) -> None:
    """vim: the old file is renamed away, a new one written, the old one removed; for a moment there is none."""
    path.replace(path.with_name(f"{path.name}~"))
    time.sleep(0.004)
    write_through(path, text)
    path.with_name(f"{path.name}~").unlink()


def by_copy(path: Path, text: str) -> None:
    """vim with backupcopy: a copy is made beside it, and the file is written in place."""
    shutil.copyfile(path, path.with_name(f"{path.name}~"))
    write_through(path, text)
    path.with_name(f"{path.name}~").unlink()


def by_appending(path: Path, text: str) -> None:
    """`cat >>`: what is new is added at the end, where the old is the beginning of it."""
    before = path.read_text()
    write_through(
        path, text[len(before) :] if text.startswith(before) else text, "a" if text.startswith(before) else "w"
    )


def safely(path: Path, text: str) -> None:
    """Emacs, gedit: a file beside it, forced to the disk, swapped in; the old one stays as a copy."""
    other = path.with_name(f"#{path.name}#")
    write_through(other, text)
    path.with_name(f"{path.name}~").unlink(missing_ok=True)
    os.link(path, path.with_name(f"{path.name}~"))
    other.replace(path)


WRITERS = [in_chunks, by_rename, by_backup, by_copy, by_appending, safely]


def by_vim(folder: Path, path: Path, terminal: Callable[..., Terminal], settings: str) -> Callable[[int], None]:
    """A real vim that stays open; each call changes the first line and saves."""
    vim = terminal(
        ["vim", "-Nu", "NONE", "-i", "NONE", "-n", "--cmd", f"set {settings}", path], env={"HOME": str(folder)}
    )
    vim.wait_for("import numpy")

    def save(number: int) -> None:
        vim.type(f":1s/.*/# save {number}\n:w!\n")

    return save


def by_nano(folder: Path, path: Path, terminal: Callable[..., Terminal], settings: str) -> Callable[[int], None]:
    """The same with a real nano."""
    nano = terminal(["nano", "--ignorercfiles", *settings.split(), path], env={"HOME": str(folder)})
    nano.wait_for("import numpy")

    def save(number: int) -> None:
        nano.press("home", "ctrl+k")
        nano.type(f"# save {number}\n")
        nano.press("up", "ctrl+o", "enter")

    return save


class Vim:
    """A real vim that takes commands from a pipe, so that the test knows when it has saved."""

    def __init__(self, path: Path) -> None:
        self.done = path.parent.parent / "vim-has-saved"
        command = ["vim", "-Nu", "NONE", "-i", "NONE", "-n", "-es", str(path)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, text=True, bufsize=1)

    async def save(self, text: str, someone: Learner) -> None:
        """Save this text over whatever is there, and wait until vim says that it has."""
        assert self.process.stdin is not None
        self.done.unlink(missing_ok=True)
        lines = text.removesuffix("\n").split("\n")
        quoted = ", ".join("'" + line.replace("'", "''") + "'" for line in lines)
        commands = ["e!", "call deletebufline('%', 1, '$')", f"call setline(1, [{quoted}])", "w!"]
        self.process.stdin.write("\n".join([*commands, f"call writefile([], '{self.done}')", ""]))
        self.process.stdin.flush()
        await someone.until(self.done.exists)

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(20)
