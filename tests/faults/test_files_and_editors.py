"""Files and editors: whatever another program does to the learner's file, one verdict per settled content, no loss.

The rows of the table, in its order: editors' ways to save; a save during a check; what stands in the file's place;
clocks; names; and folders whose changes nobody tells.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import msgspec
import pytest

from tests.editors import WRITERS, Vim, by_appending, by_nano, by_rename, by_vim
from tests.ptyscreen import Terminal
from tests.screens import Learner, challenge, learner, solution
from tutor.course import starter
from tutor.errors import SourceError, StoreError
from tutor.learner import Box, Found, Source, WorkFile, content_hash, look, settled_contents, watching
from tutor.progress import Event
from tutor.progress.lines import whole
from tutor.tui.opening import Opening
from tutor.tui.screens.lab import LabScreen

NAME = "linear_scratch"
LAB = Opening("lab", NAME)
RIGHT = solution(NAME)
STARTER = starter(challenge(NAME))
DEADLINE = 20.0  # seconds
PACE = 0.1  # seconds between the beginnings of two saves: fifty in five seconds


class Watched:
    """A file under the rule of settled contents, and what was told of it."""

    def __init__(self, path: Path) -> None:
        self.found: list[Found] = []
        self._stop = threading.Event()
        self._told = threading.Condition()
        self._thread = threading.Thread(target=self._run, args=(path, look(path).identity), daemon=True)
        self._thread.start()

    def _run(self, path: Path, known: str) -> None:
        for found in settled_contents(path, known, self._stop):
            with self._told:
                self.found.append(found)
                self._told.notify_all()

    @property
    def texts(self) -> list[str]:
        """What was told, in order."""
        return [found.what.text if isinstance(found.what, Source) else str(found.what) for found in self.found]

    def wait(self, words: str) -> str:
        """Wait until the last that was told has these words in it."""
        with self._told:
            assert self._told.wait_for(lambda: self.found and words in self.texts[-1], DEADLINE), self.texts
        return self.texts[-1]

    def has_told(self, seconds: float) -> bool:
        """Wait so long for anything to be told."""
        with self._told:
            return self._told.wait_for(lambda: bool(self.found), seconds)

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(DEADLINE)
        assert not self._thread.is_alive()


@pytest.fixture
def watch() -> Iterator[Callable[[Path], Watched]]:
    started: list[Watched] = []

    def start(path: Path) -> Watched:
        started.append(Watched(path))
        return started[-1]

    yield start
    for one in started:
        one.stop()


@pytest.fixture
def file(tmp_path: Path) -> WorkFile:
    file = WorkFile(tmp_path / "implementations" / "linear.py", tmp_path / "backup")
    file.write(STARTER)
    return file


# ── editors' ways to save ────────────────────────────────────────────────────────────────────────────────────────────


def assert_only_whole(texts: Sequence[str], saved: Sequence[str], slow: Sequence[str]) -> None:
    """Each content at most once, in the order in which they were saved; a part only of a save that took for ever."""
    told = [text for text in texts if text in saved]
    assert [saved.index(text) for text in told] == sorted({saved.index(text) for text in told})
    for text in set(texts) - set(saved):  # a machine that stopped an editor in mid-save for longer than the rule waits
        assert any(late.startswith(text) or "is not there" in text for late in slow), text


@pytest.mark.timed
def test_fifty_saves_in_five_seconds_by_every_kind_of_editor(file: WorkFile, watch: Callable[[Path], Watched]) -> None:
    watched = watch(file.path)
    saved = [f"{RIGHT}# {number}\n" for number in range(50)]
    slow = []
    for number, (writer, text) in enumerate(zip(itertools.cycle(WRITERS), saved, strict=False)):
        if writer is by_appending:
            saved[number] = text = f"{saved[number - 1]}# {number}\n"
        began = time.monotonic()
        writer(file.path, text)
        took = time.monotonic() - began
        if took > watching.SETTLED:
            slow.append(text)
        time.sleep(max(0.0, PACE - took))
    watched.wait(saved[-1])
    assert_only_whole(watched.texts, saved, slow)
    assert len(watched.found) > 25  # most stood for twice as long as the rule waits


Editor = Callable[[Path, Path, Callable[..., Terminal], str], Callable[[int], None]]


@pytest.mark.parametrize(
    ("name", "editor", "settings"),
    [
        ("vim", by_vim, "backupcopy=no"),
        ("vim", by_vim, "backupcopy=yes"),
        ("vim", by_vim, "nowritebackup"),
        ("nano", by_nano, ""),
        ("nano", by_nano, "--backup"),
    ],
)
def test_real_editors(
    file: WorkFile,
    watch: Callable[[Path], Watched],
    terminal: Callable[..., Terminal],
    tmp_path: Path,
    name: str,
    editor: Editor,
    settings: str,
) -> None:
    if not shutil.which(name):
        pytest.skip(f"{name} is not installed")
    file.write(RIGHT)
    rest = RIGHT.split("\n", 1)[1]
    watched = watch(file.path)
    save = editor(tmp_path, file.path, terminal, settings)
    for number in range(4):
        save(number)
        watched.wait(f"# save {number}\n")
    assert watched.texts == [f"# save {number}\n{rest}" for number in range(4)]


def stands(file: Path, text: str) -> bool:
    return file.read_text() == text


def checked(someone: Learner) -> list[str]:
    """The hash of every content that has got a verdict, in order."""
    lines = [line for events in someone.paths.events.glob("*.jsonl") for line in whole(events.read_bytes())]
    found = [msgspec.json.decode(line.partition(b" ")[2], type=Event) for line in lines]
    return [event.code_hash for event in sorted(found, key=lambda e: e.t) if event.kind == "exercise_checked"]


@pytest.mark.timed
@pytest.mark.skipif(not shutil.which("vim"), reason="vim is not installed")
async def test_fifty_saves_in_five_seconds_from_vim_and_the_pane_together(tmp_path: Path, box: Box) -> None:
    async with learner(tmp_path, LAB, box) as someone:
        vim = Vim(someone.file)
        saved: list[str] = []
        try:
            for number in range(25):
                began = time.monotonic()
                saved += [f"# vim {number}\n{RIGHT}", f"# pane {number}\n{RIGHT}"]
                await vim.save(saved[-2], someone)
                someone.lab.pane.show_content(saved[-1])  # before the rule lets anybody notice what vim saved
                someone.lab.action_judge()
                await someone.until(partial(stands, someone.file, saved[-1]))
                await asyncio.sleep(max(0.0, 2 * PACE - (time.monotonic() - began)))
        finally:
            vim.close()
        await someone.judged_on(saved[-1])
        await someone.until(lambda: not any(worker.is_running for worker in someone.lab.workers))
        assert someone.file.read_text() == someone.lab.pane.text == saved[-1]
        assert "Passed" in someone.headline and not someone.lab.stale
        assert set(saved) <= set(someone.kept())  # nothing of either is lost
        hashes = [content_hash(text.encode()) for text in saved]
        await someone.until(lambda: hashes[-1] in checked(someone))
        verdicts = checked(someone)
        assert len(verdicts) == len(set(verdicts)) and set(verdicts) <= set(hashes)  # one a content, of whole ones


# ── saved again during a check ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.timed
async def test_a_save_during_a_check_ends_it_and_only_the_newest_verdict_is_shown(tmp_path: Path, box: Box) -> None:
    endless = RIGHT.replace("    def forward(self, x):\n", "    def forward(self, x):\n        while True: pass\n")
    async with learner(tmp_path, LAB, box) as someone:
        limits = msgspec.structs.replace(someone.lab.challenge.limits, seconds=60)
        screen = LabScreen(msgspec.structs.replace(someone.lab.challenge, limits=limits))
        someone.app.switch_screen(screen)
        await someone.until(lambda: someone.app.screen is screen and screen.is_mounted)
        by_rename(someone.file, endless)
        await someone.until(lambda: "judging …" in someone.said("#title"))
        by_rename(someone.file, RIGHT)
        await someone.judged_on(RIGHT)  # long before the minute
        assert "Passed" in someone.headline
        await someone.until(lambda: checked(someone))
        assert checked(someone) == [content_hash(RIGHT.encode())]


# ── what stands in the file's place ──────────────────────────────────────────────────────────────────────────────────


def deleted(path: Path) -> None:
    path.unlink()


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def a_fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def a_dangling_link(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.parent.parent / "nowhere.py")


def a_gigabyte(path: Path) -> None:
    with path.open("wb") as large:
        large.truncate(1 << 30)


def not_utf8(path: Path) -> None:
    path.write_bytes(b"# caf\xe9\n")


INSTEAD = [
    (deleted, "is not there"),
    (a_folder, "is a folder"),
    (a_fifo, "pipe or a device"),
    (a_dangling_link, "link to a file that is not there"),
    (a_gigabyte, "1024.0 MiB large"),
    (not_utf8, "not UTF-8"),
]


@pytest.mark.parametrize(("change", "words"), INSTEAD)
def test_what_stands_there_is_a_sentence_the_starter_is_offered_and_all_recovers(
    file: WorkFile, watch: Callable[[Path], Watched], change: Callable[[Path], None], words: str
) -> None:
    watched = watch(file.path)
    change(file.path)
    watched.wait(words)
    if change is a_folder:
        with pytest.raises(StoreError, match="Move that folder away"):
            file.reset(STARTER)
        file.path.rmdir()
        file.reset(STARTER)
    else:
        kept = file.reset(STARTER)
        assert (kept is not None and kept.exists()) == (change in (a_gigabyte, not_utf8))
    assert watched.wait("") == STARTER or watched.wait(STARTER)
    by_rename(file.path, RIGHT)
    watched.wait(RIGHT)


async def test_the_lab_says_so_and_f9_brings_the_starter(tmp_path: Path, box: Box) -> None:
    async with learner(tmp_path, LAB, box) as someone:
        for change, words in INSTEAD[:2] + INSTEAD[4:5]:  # the others on their way are seen above
            await someone.save(f"{RIGHT}# {words}\n")
            change(someone.file)
            await someone.told(words)
            assert "F9 starts again from the starter" in someone.banner
            assert someone.lab.pane.text == f"{RIGHT}# {words}\n"  # what stands in the pane is kept
            await someone.press("f9", "y")
            if change is a_folder:
                await someone.told("Move that folder away")
                someone.file.rmdir()
                await someone.press("f9", "y")
            await someone.told("")
            assert someone.file.read_text() == someone.lab.pane.text == STARTER
            assert f"{RIGHT}# {words}\n" in someone.kept()


def test_a_file_that_may_not_be_read_is_a_sentence_and_recovers() -> None:
    with tempfile.TemporaryDirectory() as name, as_somebody_else():
        path = Path(name) / "linear.py"
        Path(name).chmod(0o755)
        os.seteuid(os.getuid())
        path.write_text(RIGHT)
        path.chmod(0)
        if os.getuid() == 0:
            os.seteuid(65534)
        found = look(path)
        assert isinstance(found.what, SourceError) and "chmod u+r" in str(found.what)
        os.seteuid(os.getuid())
        path.chmod(0o644)
        if os.getuid() == 0:
            os.seteuid(65534)
        assert isinstance(look(path).what, Source)


@contextmanager
def as_somebody_else() -> Iterator[None]:
    """Root may read every file: whoever may, ends as who they were."""
    try:
        yield
    finally:
        os.seteuid(os.getuid())


def test_a_link_is_followed_stays_one_and_its_far_end_is_watched(
    file: WorkFile, watch: Callable[[Path], Watched], tmp_path: Path
) -> None:
    far = tmp_path / "elsewhere" / "real.py"
    far.parent.mkdir()
    far.write_text(RIGHT)
    file.path.unlink()
    file.path.symlink_to(far)
    watched = watch(file.path)
    saved = file.save(f"{RIGHT}# here\n", content_hash(RIGHT.encode()))
    assert file.path.is_symlink() and far.read_text() == saved.source.text
    by_rename(far, f"{RIGHT}# there\n")  # no news from that folder: the clock finds it
    watched.wait("# there")
    file.reset(STARTER)
    assert file.path.is_symlink() and far.read_text() == STARTER


# ── clocks ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_hash_decides_and_no_time_of_any_clock(
    file: WorkFile, watch: Callable[[Path], Watched], monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = watch(file.path)
    facts = file.path.stat()
    for number, at in enumerate((facts.st_mtime, time.time() + 1e8, 0.0, facts.st_mtime)):
        monkeypatch.setattr(time, "time", lambda at=at: at)  # and the clock itself jumps
        text = f"# {number}{STARTER[3:]}"  # as long as before
        file.path.write_text(text)
        os.utime(file.path, (at, at))
        watched.wait(text)
        for same in (at + 10, at - 10):
            os.utime(file.path, (same, same))
    file.path.write_text("the end")
    watched.wait("the end")
    assert len(watched.found) == 5  # a new time alone is no news


# ── names ────────────────────────────────────────────────────────────────────────────────────────────────────────────

NAMES = ["two words", "a\nnewline", "\N{ROCKET}", os.fsdecode(b"caf\xe9"), "\x1b[31mred"]


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_every_name_works_and_is_shown_escaped(tmp_path: Path, watch: Callable[[Path], Watched], name: str) -> None:
    try:
        (tmp_path / name).mkdir()
    except OSError:
        pytest.skip("this file system takes no such name")
    file = WorkFile(tmp_path / name / f"{name}.py", tmp_path / name / "backup")
    file.write(STARTER)
    watched = watch(file.path)
    by_rename(file.path, RIGHT)
    watched.wait(RIGHT)
    assert file.reset(STARTER) is not None
    assert [version.read().decode() for version in file.history.all()] == [RIGHT]
    a_folder(file.path)
    with pytest.raises(StoreError) as caught:
        file.save(RIGHT, "")
    for said in (watched.wait("is a folder"), str(caught.value)):
        said.encode()  # no half of a sign
        assert "\n" not in said and "\x1b" not in said


async def test_the_lab_in_a_folder_of_any_name(tmp_path: Path, box: Box) -> None:
    folder = tmp_path / "".join(NAMES)
    folder.mkdir()
    async with learner(folder, LAB, box) as someone:
        assert "Passed" in await someone.save(RIGHT)
        a_folder(someone.file)
        await someone.told("is a folder")
        await someone.press("ctrl+s")
        await someone.told("could not be saved")
        someone.file.rmdir()
        await someone.press("f9", "y")
        await someone.until(lambda: someone.file.is_file())
        await someone.until(lambda: not someone.banner)


# ── folders whose changes nobody tells ───────────────────────────────────────────────────────────────────────────────


def test_where_asked_for_the_folder_is_polled(
    file: WorkFile, watch: Callable[[Path], Watched], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHFILES_FORCE_POLLING", "1")
    monkeypatch.setattr(watching, "LOOK_ANYWAY", 60.0)  # so that it is the polling that finds it
    watched = watch(file.path)
    for number in range(20):  # the first of them may come before the first look at the folder
        by_rename(file.path, f"{RIGHT}# {number}\n")
        if watched.has_told(1.0):
            return
    raise AssertionError("twenty saves, and none was told")


def test_what_is_moved_in_from_another_folder_is_news(
    tmp_path: Path, file: WorkFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "LOOK_ANYWAY", 0.2)
    news = iter(watching._news(file.path.parent, threading.Event()))
    assert not next(news)  # the clock's: from now on the folder is watched
    (tmp_path / "elsewhere.py").write_text(RIGHT)
    (tmp_path / "elsewhere.py").replace(file.path)
    assert any(next(news) for _ in range(10))


@pytest.mark.parametrize("fails", [False, True], ids=["no news ever come", "there are no watches left"])
def test_without_news_the_clock_finds_it(
    file: WorkFile, watch: Callable[[Path], Watched], monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    def silent(_: Path, stop: threading.Event) -> Iterator[object]:
        if fails:
            raise OSError(28, "No space left on device")
        while not stop.wait(watching.LOOK_ANYWAY):
            yield ()

    monkeypatch.setattr(watching, "_news", silent)
    watched = watch(file.path)
    for number in range(2):
        by_rename(file.path, f"{RIGHT}# {number}\n")
        watched.wait(f"# {number}\n")
