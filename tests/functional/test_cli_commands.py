"""The command line without a screen: reading, answering, judging, and every way in which a line can be wrong."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.program import Done, command, environment, tutor
from tests.ptyscreen import ROOT, Terminal
from tests.training_runs import LINEAR
from tutor.cli.overview import show_home
from tutor.course import Question, list_challenges, load_quiz
from tutor.paths import Paths, locate

LESSON = "06-linear-layer"
NOWHERE = "/dev/null/x"  # cannot be made by anybody, root included


# ── the home screen as text ──────────────────────────────────────────────────────────────────────────────────────────


def test_in_a_pipe_the_home_screen_is_text_with_the_commands_that_go_on(tmp_path: Path) -> None:
    home = tutor(tmp_path)
    assert (home.status, home.err) == (0, "")
    assert "Linear layer" in home.out and "in preparation" in home.out
    line = next(line.strip() for line in home.out.splitlines() if line.startswith("  tutor "))
    assert tutor(tmp_path, *line.split()[1:]).status == 0  # it can be typed as it stands


def test_on_a_dumb_terminal_too(tmp_path: Path, terminal: Callable[..., Terminal]) -> None:
    dumb = terminal(command(tmp_path), env=environment(TERM="dumb"), cwd=ROOT, size=(100, 50))
    assert dumb.wait_exit() == 0
    assert "Linear layer" in dumb.text and b"\x1b" not in dumb.raw


def test_a_broken_lesson_and_a_broken_quiz_stand_in_their_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lessons, quizzes = tmp_path / "lessons", tmp_path / "quizzes"
    quizzes.mkdir()
    head = "+++\ntitle = 'T'\nconcept = 't'\ngoal = 'G'\nminutes = 9\ndifficulty = 'easy'\nobjectives = ['o']\n+++\n"
    for slug, text in (("01-whole", head + "## P\nx\n"), ("02-head", "words\n"), ("03-page", head + "words\n")):
        (lessons / slug).mkdir(parents=True)
        (lessons / slug / "lesson.md").write_text(text)
    listed = "".join(
        f"{{ slug = '{slug}', title = 'L', minutes = 9 }}," for slug in ("01-whole", "02-head", "03-page", "04-later")
    )
    (lessons / "course.toml").write_text(f"[[part]]\ntitle = 'P'\nlesson = [{listed}]\n")
    (quizzes / "01-whole.toml").write_text("\n\nquestion = [\n")
    show_home(Paths(tmp_path / "user_data", lessons, quizzes))
    rows = capsys.readouterr().out.splitlines()
    place = next(number for number, row in enumerate(rows) if row.startswith("   01"))
    assert rows[place].endswith("9 min") and f"✗ {quizzes / '01-whole.toml'}:" in rows[place + 1]
    assert rows[place + 2].startswith("   02") and f"✗ {lessons / '02-head' / 'lesson.md'}:1: " in rows[place + 3]
    assert rows[place + 4].startswith("   03") and f"✗ {lessons / '03-page'}" in rows[place + 5]
    assert rows[place + 6].startswith("   04") and rows[place + 6].endswith("in preparation")


# ── a lesson, its quiz, its exercise ─────────────────────────────────────────────────────────────────────────────────


def answers() -> list[str]:
    """For each question of the quiz its lines: one that is no answer, and one that is (right or wrong)."""
    return [lines_for(question) for question in load_quiz(locate().quizzes, LESSON)]


def lines_for(question: Question) -> str:
    given = {
        "one": "1",
        "several": "1, 2",
        "number": "1e9",
        "shape": "(7777,)",
        "order": " ".join(str(number) for number in range(1, len(question.item) + 1)),
        "line": str(question.line[0].number) if question.line else "",
        "formula": "0",
        "output": "zebra",
        "recall": "2",
    }
    no_answer = {"output": "", "recall": "\nzebra"}.get(question.kind, "zebra")  # a card is turned first
    return f"{no_answer}\n{given[question.kind]}\n"


def test_a_lesson_is_read_its_quiz_answered_and_both_are_remembered(tmp_path: Path) -> None:
    lesson = tutor(tmp_path, "learn", "--plain", "--concept", "linear-layer")
    assert (lesson.status, lesson.err) == (0, "")
    assert lesson.out.startswith("06 Linear layer") and "Answers" in lesson.out

    questions = load_quiz(locate().quizzes, LESSON)
    count, cards = len(questions), sum(question.kind == "recall" for question in questions)
    stopped = tutor(tmp_path, "quiz", "--plain", stdin=answers()[0])  # of the lesson that comes next
    assert (stopped.status, stopped.err) == (0, "")
    assert stopped.out.rstrip().split("\n")[-1].startswith(f"Stopped after 1 of {count} questions: ")

    quiz = tutor(tmp_path, "quiz", "6", "--plain", stdin="".join(answers()))
    assert (quiz.status, quiz.err) == (0, "")
    assert quiz.out.count("] > ") == 2 * count + cards  # what is no answer is asked again, and only that
    right = quiz.out.count("✓ Right.")
    assert quiz.out.count("✗ Not ") == count - right
    assert quiz.out.endswith(f"\n{right} of {count} right.\n")

    remembered = tutor(tmp_path, "progress", "--json").json["lessons"][LESSON]
    assert remembered["read"] and (remembered["quiz_right"], remembered["quiz_asked"]) == (right, count)
    assert f"read, quiz {right}/{count}, linear_scratch new" in tutor(tmp_path).out


def test_bytes_that_are_no_text_are_no_answer(tmp_path: Path) -> None:
    quiz = tutor(tmp_path, "quiz", "6", stdin=b"\xff\xfe\x00\n" + b"9" * 10_000 + b"\n\n")
    assert quiz.status == 0 and "Stopped after" in quiz.out


def test_an_exercise_from_the_starter_to_the_solution(tmp_path: Path) -> None:
    opened = tutor(tmp_path, "challenge", "linear_scratch")
    file = tmp_path / "implementations" / "linear_scratch.py"
    assert opened.status == 0 and str(file) in opened.out and file.is_file()
    started = tutor(tmp_path, "test", "linear_scratch")
    assert (started.status, started.err) == (1, "") and started.out.startswith("✗ ")

    assert tutor(tmp_path, "solution", "linear_scratch").status == 2
    assert tutor(tmp_path, "hint", "linear_scratch").out.startswith("Hint 1 of 3\n")
    assert tutor(tmp_path, "hint", "linear_scratch", "--number", "9").out.startswith("Hint 3 of 3\n")
    asked = tutor(tmp_path, "solution", "linear_scratch")
    assert asked.status == 2 and "--show" in asked.err

    file.write_text(LINEAR)
    passed = tutor(tmp_path, "test", "linear_scratch", "--json")
    assert (passed.status, passed.err) == (0, "")
    assert passed.json["status"] == "passed" and passed.json["challenge"] == "linear_scratch"
    assert "linear_scratch passed" in tutor(tmp_path).out
    solution = tutor(tmp_path, "solution", "linear_scratch")
    assert solution.status == 0 and "class Linear" in solution.out

    asked = tutor(tmp_path, "reset", "linear_scratch")
    assert asked.status == 2 and "--yes" in asked.err and file.read_text() == LINEAR
    reset = tutor(tmp_path, "reset", "linear_scratch", stdin="y\n")
    kept = next(path for path in (tmp_path / "backup").rglob("*.py") if path.read_text() == LINEAR)
    assert reset.status == 0 and str(kept) in reset.out
    assert kept.read_text() == LINEAR != file.read_text()


def test_another_file_is_judged_and_not_remembered(tmp_path: Path) -> None:
    other = tmp_path / "other.py"
    other.write_text(LINEAR)
    data = tmp_path / "data"
    assert tutor(data, "test", "linear_scratch", "--file", other).status == 0
    other.write_bytes(b'x = "\xff"\n')
    unreadable = tutor(data, "test", "linear_scratch", "--file", other, "--json")
    assert unreadable.status == 1 and unreadable.json["status"] == "could_not_run"
    assert "line 1 holds the byte 0xFF" in unreadable.json["headline"]
    assert tutor(data, "progress", "--json").json["exercises"] == {}
    assert not (data / "implementations").exists()


def test_the_list_of_exercises(tmp_path: Path) -> None:
    everything = list_challenges(locate().lessons)
    listed = tutor(tmp_path, "challenge", "--list")
    assert listed.status == 0 and len(listed.out.splitlines()) == len(everything)
    fill = tutor(tmp_path, "challenge", "--list", "--type", "fill", "--concept", "backprop").out
    assert "backprop_fill" in fill and "linear_scratch" not in fill


# ── what goes wrong ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("test linear_scrach", "Did you mean linear_scratch?"),
        ("learn linear-leyer", "Did you mean linear-layer?"),
        ("lern", "Did you mean learn?"),
        ("status 12", "There is no run called '12'"),
        ("test linear_scratch --file /dev/null/x", "does not exist"),
    ],
)
def test_a_name_that_is_not_there_is_one_sentence_with_the_nearest(tmp_path: Path, line: str, says: str) -> None:
    wrong = tutor(tmp_path / "data", *line.split())
    assert (wrong.status, wrong.out) == (2, "")
    assert says in wrong.err and wrong.err.count("\n") == 1
    assert not list((tmp_path / "data").glob("[!s]*"))  # nothing was made but, at most, a snapshot


def test_a_folder_that_cannot_be_written_is_told_and_the_tutor_goes_on(tmp_path: Path) -> None:
    home = tutor(NOWHERE)
    assert home.status == 0 and f"\n{NOWHERE} cannot be written: " in home.out and "Linear layer" in home.out
    lesson = tutor(NOWHERE, "learn", "6")
    assert lesson.status == 0 and "Answers" in lesson.out
    other = tmp_path / "other.py"
    other.write_text(LINEAR)
    assert tutor(NOWHERE, "test", "linear_scratch", "--file", other).status == 0
    own = tutor(NOWHERE, "test", "linear_scratch")
    assert own.status == 2 and "pane" not in own.err
    trained = tutor(NOWHERE, "train", "linear_scratch", "--file", other)
    for told in (lesson, own, trained):
        assert NOWHERE in told.err and told.err.count("\n") == 1
    assert "--user-data DIR" in lesson.err and "--user-data DIR" in own.err


def test_what_could_not_be_stored_is_told_when_the_disk_is_full(tmp_path: Path) -> None:
    limited = "import resource, sys, runpy; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)); sys.argv[0] = 'tutor'; "
    words = [sys.executable, "-c", limited + "runpy.run_module('tutor', run_name='__main__')"]
    run = subprocess.run(
        [*words, "--user-data", str(tmp_path), "hint", "linear_scratch"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment(PYTHONDONTWRITEBYTECODE="1"),
    )
    assert run.returncode == 0 and run.stdout.startswith("Hint 1 of 3")
    assert "not stored" in run.stderr and str(tmp_path) in run.stderr and run.stderr.count("\n") == 1


def break_the_tutor(folder: Path | str, arguments: str, error: str) -> Done:
    """Run a command with `progress` replaced by something that raises."""
    code = f"""
import sys
import zipfile
import tutor.cli.overview as overview
from tutor.cli import main
def broken(*_): raise {error}
overview._course_lines = broken
sys.exit(main({["--user-data", str(folder), *arguments.split()]!r}))
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, env=environment())
    return Done(run.returncode, run.stdout, run.stderr)


@pytest.mark.parametrize("place", ["folder", NOWHERE])
def test_a_fault_of_ours_is_one_sentence_that_names_the_file_with_the_traceback(tmp_path: Path, place: str) -> None:
    folder = tmp_path / "data" if place == "folder" else place
    failed = break_the_tutor(folder, "progress", r"ZeroDivisionError('one\x1b[2J\ntwo')")
    assert (failed.status, failed.out) == (3, "")
    sentence = next(line for line in failed.err.splitlines() if line.startswith("The tutor failed"))
    assert "ZeroDivisionError: one two" in sentence and "Traceback" not in failed.err and "\x1b" not in failed.err
    file = Path(sentence.split(" are in ")[1].rstrip("."))
    try:
        text = file.read_text()
        assert "Traceback" in text and "in broken" in text
        assert (file.parent == tmp_path / "data") == (place == "folder")
    finally:
        file.unlink()


def test_a_box_that_does_not_start_is_a_fault_of_ours(tmp_path: Path) -> None:
    failed = break_the_tutor(tmp_path, "progress", "__import__('tutor').errors.BoxError('The box does not start.')")
    assert (failed.status, failed.out) == (3, "")
    assert failed.err == "The box does not start. This is a fault of the tutor, not of your code.\n"


def test_nobody_reads_on(tmp_path: Path) -> None:
    """As in `tutor learn 6 | head -1`."""
    reader, writer = os.pipe()
    os.close(reader)
    run = subprocess.run(
        command(tmp_path, "learn", "6", "--plain"), stdout=writer, stderr=subprocess.PIPE, cwd=ROOT, env=environment()
    )
    os.close(writer)
    assert (run.returncode, run.stderr) == (141, b"")


def test_ctrl_c_ends_with_130_and_what_was_answered_is_kept(tmp_path: Path) -> None:
    process = subprocess.Popen(
        command(tmp_path, "quiz", "6"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env=environment(),
    )
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(answers()[0].encode())
    process.stdin.flush()
    while not (line := process.stdout.readline()).startswith(b"2 of "):
        assert line
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (130, b"")
    assert tutor(tmp_path, "progress", "--json").json["lessons"][LESSON]["quiz_asked"] == 1


# ── help, doctor, authors ────────────────────────────────────────────────────────────────────────────────────────────


def test_help_lists_every_verb_in_a_whole_line(tmp_path: Path) -> None:
    told = tutor(tmp_path, "--help", COLUMNS="80").out
    verbs = told.split("Commands:\n")[1].splitlines()
    assert {line.split()[0] for line in verbs} >= {"learn", "quiz", "challenge", "test", "train", "status", "cancel"}
    assert "..." not in told.split("Commands:")[1]


def test_doctor_says_what_works_here(tmp_path: Path) -> None:
    well = tutor(tmp_path, "doctor", TERM="xterm-256color")
    assert (well.status, well.err) == (0, "")
    lessons = f"{len(list(locate().quizzes.glob('*.toml')))} lessons"
    for words in (f"✓ folder                {tmp_path}", "✓ TERM", "strategy", lessons, "PyTorch"):
        assert words in well.out
    few = tutor(tmp_path, "doctor", TERM="xterm", COLORTERM=None, EDITOR="no-such-editor", VISUAL=None).out
    assert "✓ colours               16: " in few and "✗ own editor            There is no editor called" in few
    own = tutor(tmp_path, "doctor", TERM="xterm-256color", COLORTERM=None, EDITOR=sys.executable, VISUAL=None).out
    assert "✓ colours               256 " in own and f"F6 opens {sys.executable}" in own
    ill = tutor(NOWHERE, "doctor", TERM="dumb").out
    assert f"✗ folder                {NOWHERE} cannot be written" in ill and "TERM=xterm-256color" in ill


def test_author_check_of_one_folder(tmp_path: Path) -> None:
    lesson = locate().lessons / LESSON
    well = tutor(tmp_path, "author", "check", lesson)
    assert (well.status, well.err) == (0, "") and well.out.startswith("The course holds")
    (tmp_path / "course" / "lessons").mkdir(parents=True)
    ill = tutor(tmp_path, "author", "check", tmp_path / "course")
    assert ill.status == 1 and "course.toml: is missing" in ill.out and ill.err == "1 problem.\n"
    assert tutor(tmp_path, "author", "check", tmp_path).status == 2


# ── from the command line into the screens ───────────────────────────────────────────────────────────────────────────


def test_a_verb_opens_its_screen_on_the_folder_that_was_named(
    tmp_path: Path, terminal: Callable[..., Terminal]
) -> None:
    screen = terminal(command(tmp_path / "data", "learn", "backprop"), env=environment(TERM="xterm-256color"), cwd=ROOT)
    screen.wait_for("⏎ begin", 30)
    screen.press("enter")
    screen.wait_for("09 Backprop", 30)
    screen.wait_for(lambda _: list((tmp_path / "data" / "events").glob("*.jsonl")), 30)
    screen.press("ctrl+q")
    assert screen.wait_exit(30) == 0 and screen.clean


def test_a_wrong_name_at_a_terminal_is_a_sentence_too(tmp_path: Path, terminal: Callable[..., Terminal]) -> None:
    screen = terminal(command(tmp_path, "learn", "bakprop"), env=environment(TERM="xterm-256color"), cwd=ROOT)
    assert screen.wait_exit(30) == 2
    assert "Did you mean backprop?" in screen.text and screen.clean


# ── installed ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_installed_tutor_brings_its_course(tmp_path: Path) -> None:
    wheel = ["hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run([sys.executable, "-m", *wheel], cwd=ROOT, check=True, capture_output=True)
    site = tmp_path / "site"
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as packed:
        packed.extractall(site)
    run = subprocess.run(
        [sys.executable, "-m", "tutor", "challenge", "--list"],
        cwd=tmp_path,
        env=environment(PYTHONPATH=str(site), HOME=str(tmp_path), XDG_DATA_HOME=str(tmp_path / "share")),
        capture_output=True,
        text=True,
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout == tutor(tmp_path / "data", "challenge", "--list").out
    told = subprocess.run(
        [sys.executable, "-c", "from tutor.paths import locate; print(*map(str, locate().__dict__.values()))"],
        cwd=tmp_path,
        env=environment(PYTHONPATH=str(site), HOME=str(tmp_path), XDG_DATA_HOME=str(tmp_path / "share")),
        capture_output=True,
        text=True,
    )
    folders = told.stdout.split()
    assert all(folder.startswith(str(tmp_path)) for folder in folders), folders
