"""What events amount to."""

from __future__ import annotations

from typing import Any

from tutor.progress import Bookmark, Event, ExerciseState, LessonState, Position, Progress, fold


def event(number: int, kind: str, **fields: Any) -> Event:
    return Event(id=f"e{number}", t=float(number), kind=kind, **fields)


def test_nothing_yet() -> None:
    assert fold([]) == Progress()


def test_passed_stays_passed_and_attempts_are_counted_once_each() -> None:
    check = event(1, "exercise_checked", exercise="linear", gradients=3, gradients_right=3, headline="all right")
    again = event(3, "exercise_checked", exercise="linear", gradients=3, gradients_right=1, headline="grad_b is off")
    passed = event(2, "exercise_passed", exercise="linear")
    assert fold([check, check, passed, again]).exercises["linear"] == ExerciseState(
        passed=True, attempts=2, right=1, total=3, headline="grad_b is off"
    )


def test_a_reset_forgets_the_verdict_and_nothing_else() -> None:
    check = event(1, "exercise_checked", exercise="linear", gradients=3, gradients_right=3, headline="all right")
    hints = [event(n, "hint_shown", exercise="linear", hint=n) for n in (2, 3)]
    reset = event(4, "reset", exercise="linear")
    assert fold([reset, check, *hints]).exercises["linear"] == ExerciseState(attempts=1, hints=3)
    later = event(5, "exercise_checked", exercise="linear", gradients=3, gradients_right=2)
    assert fold([reset, check, later]).exercises["linear"].right == 2


def test_two_instances_pass_the_same_exercise() -> None:
    both = [Event(id=f"{who}-0", t=1.0, kind=kind, exercise="linear") for who in "ab" for kind in ["exercise_passed"]]
    both += [Event(id=f"{who}-1", t=1.0, kind="exercise_checked", exercise="linear") for who in "ab"]
    assert fold(both).exercises["linear"] == ExerciseState(passed=True, attempts=2)


def answers(session: str, start: int, *right: bool) -> list[Event]:
    return [
        event(start + n, "question_answered", lesson="06", session=session, question=f"q{n}", right=ok)
        for n, ok in enumerate(right)
    ]


def test_the_first_answer_in_a_sitting_counts() -> None:
    retry = event(50, "question_answered", lesson="06", session="s1", question="q0", right=True)
    assert fold([retry, *answers("s1", 1, False, True)]).lessons["06"] == LessonState(quiz_right=1, quiz_asked=2)


def test_the_latest_full_sitting_speaks() -> None:
    first, second, begun = answers("s1", 1, False, False), answers("s2", 11, True, False), answers("s3", 21, True)
    assert fold(first + second + begun).lessons["06"] == LessonState(quiz_right=1, quiz_asked=2)
    assert fold(begun).lessons["06"] == LessonState(quiz_right=1, quiz_asked=1)


def test_where_they_left_off() -> None:
    events = [
        event(1, "position", screen="lesson", lesson="06", section=4),
        event(2, "lesson_read", lesson="06", section=7),
        event(3, "position", screen="lab", exercise="linear"),
        Event(id="e0", t=3.0, kind="position", screen="quiz", lesson="06"),
    ]
    progress = fold(events)
    assert progress.position == Position(screen="lab", exercise="linear")  # same time: the greater id
    assert progress.lessons["06"] == LessonState(read=True, section=7)


def test_each_track_of_a_lesson_has_a_place_of_its_own() -> None:
    events = [
        event(1, "position", lesson="06", section=4),
        event(2, "position", lesson="06", section=2, track="derivation"),
        event(3, "position", lesson="06", section=1, track="intuition"),
        event(4, "position", lesson="06", section=3, track="derivation"),
    ]
    there = LessonState(section=4, track="derivation", side={"derivation": 3, "intuition": 1})
    assert fold(events).lessons["06"] == fold(events[::-1]).lessons["06"] == there
    back = event(5, "position", lesson="06", section=5, track="lesson")
    assert (fold([back, *events]).lessons["06"].section, fold([back, *events]).lessons["06"].track) == (5, "lesson")


def test_a_bookmark_is_set_and_taken_away() -> None:
    events = [
        event(1, "bookmark", lesson="06", section=2, on=True),
        event(2, "bookmark", lesson="06", section=1, track="derivation", on=True),
        event(3, "bookmark", lesson="01", section=0, track="lesson", on=True),
        event(5, "bookmark", lesson="06", section=2, on=False),
    ]
    kept = (Bookmark("01", "lesson", 0), Bookmark("06", "derivation", 1))
    assert fold(events).bookmarks == fold(events[::-1]).bookmarks == kept
    again = event(6, "bookmark", lesson="06", section=2, on=True)
    assert fold([again, *events]).bookmarks == (kept[0], Bookmark("06", "lesson", 2), kept[1])
    assert fold([event(1, "bookmark", lesson="06", on=True)]).bookmarks == ()


def test_an_unknown_kind_is_counted_and_changes_nothing() -> None:
    assert fold([event(1, "badge_won", lesson="06", exercise="linear")]) == Progress(events=1)
    assert fold([event(1, "welcomed")]) == Progress(welcomed=True, events=1)


def test_the_theme_chosen_last_is_kept() -> None:
    events = [event(1, "setting", theme="light"), event(3, "setting", theme="dark"), event(2, "setting", theme="light")]
    assert fold(events).theme == "dark"
    assert fold([event(4, "setting")]).theme == ""
