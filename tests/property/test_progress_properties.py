"""The fold does not care about order; an event file survives cuts and flipped bits."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tutor.progress import Event, Store, fold, lines

KINDS = [
    "lesson_read", "question_answered", "exercise_checked", "exercise_passed", "hint_shown", "solution_shown", "reset",
    "position", "welcomed", "bookmark", "something_new",
]  # fmt: skip
names = st.sampled_from(["", "a", "b"])
counts = st.none() | st.integers(0, 3)


def event_lists(max_size: int = 30) -> st.SearchStrategy[list[Event]]:
    """Events with few names and few times, so that they meet; the ids are unique."""
    fields: dict[str, st.SearchStrategy[Any]] = {
        "t": st.sampled_from([-1.0, 0.0, 1.0, 1.5, 2e9]),
        "kind": st.sampled_from(KINDS),
        "lesson": names,
        "exercise": names,
        "question": names,
        "session": names,
        "right": st.none() | st.booleans(),
        "gradients_right": counts,
        "gradients": counts,
        "hint": counts,
        "section": counts,
        "track": st.sampled_from(["", "lesson", "derivation"]),
        "on": st.none() | st.booleans(),
        "screen": st.sampled_from(["", "lab", "lesson"]),
        "headline": st.text(max_size=5),
    }
    return st.lists(st.fixed_dictionaries(fields), max_size=max_size).map(
        lambda rows: [Event(id=f"e{n}", **row) for n, row in enumerate(rows)]
    )


@given(event_lists(), st.data())
def test_order_and_repetition_do_not_matter(events: list[Event], data: st.DataObject) -> None:
    again = data.draw(st.lists(st.sampled_from(events), max_size=5)) if events else []
    shuffled = data.draw(st.permutations(events + again))
    assert fold(shuffled) == fold(events)


@given(event_lists())
def test_an_event_comes_back_as_it_was(events: list[Event]) -> None:
    found = lines.decode(b"".join(map(lines.encode, events)))
    assert found.events == events and not found.damaged and not found.torn


def test_a_file_cut_at_every_byte_is_a_clean_prefix_and_heals() -> None:
    events = [Event(id=f"i-{n}", t=float(n), kind="hint_shown", exercise="π", hint=n) for n in range(4)]
    whole = b"".join(map(lines.encode, events))
    ends = [len(b"".join(map(lines.encode, events[:n]))) for n in range(5)]
    last = Event(id="i-9", t=9.0, kind="welcomed")
    for cut in range(len(whole) + 1):
        complete = sum(end <= cut for end in ends) - 1
        found = lines.decode(whole[:cut])
        assert found.events == events[:complete] and found.damaged == 0
        healed = lines.decode(whole[:cut] + lines.encode(last))
        assert healed.events == [*events[:complete], last] and healed.damaged == bool(found.torn)


@given(event_lists(max_size=6), st.data())
def test_a_flipped_bit_costs_the_lines_it_touches_and_no_more(events: list[Event], data: st.DataObject) -> None:
    whole = bytearray(b"".join(map(lines.encode, [*events, Event(id="last", t=0.0, kind="welcomed")])))
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place] ^= 1 << data.draw(st.integers(0, 7))
    found = lines.decode(bytes(whole))
    lost = len(events) + 1 - len(found.events)
    assert 0 <= lost <= 2  # a newline that is none any more joins two
    if lost:
        assert found.damaged or found.torn
    assert all(event in events or event.id == "last" for event in found.events)


@given(st.binary(max_size=300))
def test_any_bytes_can_be_read(data: bytes) -> None:
    assert lines.decode(data).events == []


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 2), st.booleans()), max_size=12))
def test_instances_that_write_in_turns_all_end_with_the_same_progress(turns: list[tuple[int, bool]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        stores = [Store(home / "events", home / "backup", home / f"state{n}.json", clock=lambda: 1.0) for n in range(3)]
        for who, passed in turns:
            if passed:
                stores[who].record("exercise_passed", exercise=f"x{who}")
            else:
                stores[who].record("exercise_checked", exercise="shared")
        folds = [store.refresh() for store in stores]
        assert folds[0] == folds[1] == folds[2] and folds[0].events == len(turns)
        for store in stores:
            store.close()
