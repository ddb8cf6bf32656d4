"""A participant's side: what is reported, that nothing is lost, and that no check notices."""

from __future__ import annotations

import io
import json
import time
import urllib.error
from contextlib import suppress
from dataclasses import replace
from email.message import Message
from pathlib import Path

import pytest

from chatkit.classroom import codes
from chatkit.classroom.reporting import board_api, join, records, reports, sending
from chatkit.classroom.reporting.records import ClassRecords, Membership
from chatkit.core import ports
from chatkit.core.errors import CheckFailed, NoJoinCode, NotStarted, ServiceError, SetupError
from chatkit.knowledge.problems import PROBLEMS
from tests.classroom.board.board_testing import OpenBoard

SECRET = "AccessKey=c2VjcmV0; def answer(): return 42"
LIMIT_S = 20.0


@pytest.fixture
def nobody_sends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Events wait until a test sends them."""
    monkeypatch.setattr(sending, "wake", lambda _home: None)


@pytest.fixture
def offline(tmp_path: Path, nobody_sends: None) -> ClassRecords:
    """A class was joined, and nothing answers at its address."""
    records = ClassRecords(tmp_path)
    url = f"http://127.0.0.1:{ports.any_free()}"
    now = time.time()
    records.join(Membership(url, codes.new_code(), "p01", ends=now + 3600, since=now - 60))
    return records


def sent(home: Path) -> None:
    """Wait until the background has sent what waits."""
    sending._senders[home].wait_until_sent(LIMIT_S)


def failed(text: str = "nothing") -> CheckFailed:
    """A check's failure with a text that is nobody's business."""
    return CheckFailed("The function", expected="200", got=text, hint=SECRET)


def test_what_is_sent_is_said_when_joining(board: OpenBoard, number: int, tmp_path: Path) -> None:
    """Before anything is."""
    told = join.join(tmp_path, board.invitation(number)).text
    assert "never" in told
    assert "code, chat, the text of an error, your name" in told
    assert board.events(number) == []


def test_without_a_class_nothing_is_kept(tmp_path: Path) -> None:
    """It is opt-in for everybody."""
    reports.result(tmp_path, "check", "05", failed())
    assert [*tmp_path.iterdir()] == []


def test_a_class_of_last_week_hears_nothing(tmp_path: Path, offline: ClassRecords) -> None:
    """Who forgot to leave it works alone all the same."""
    joined = offline.membership()
    assert joined is not None
    offline.join(replace(joined, ends=time.time() - reports.AFTER_S - 1))
    reports.result(tmp_path, "check", "05", failed())
    assert offline.waiting(9) == []


def test_of_an_error_only_its_kind_is_kept(tmp_path: Path, offline: ClassRecords) -> None:
    """Neither text, nor hint, nor what was got."""
    reports.result(tmp_path, "check", "05", failed(SECRET))
    text = (offline.folder / "outbox.jsonl").read_text(encoding="utf-8")
    assert "AccessKey" not in text
    assert "answer" not in text
    (event,) = offline.waiting(9)
    assert (event["error"], event["passed"], event["section"]) == ("CheckFailed", False, "05")


def test_a_known_cause_is_named_by_its_title(tmp_path: Path, offline: ClassRecords) -> None:
    """The title is the kit's own text, the same for everybody."""
    known = next(problem for problem in PROBLEMS if problem.codes)
    error = ServiceError(400, known.codes[0], SECRET)
    reports.result(tmp_path, "check", "05", error)
    (event,) = offline.waiting(9)
    assert event["cause"] == known.title


def test_an_error_with_a_strange_name_has_none(tmp_path: Path, offline: ClassRecords) -> None:
    """A learner's own type may be called anything."""
    strange = type("Ünlücky <b>", (Exception,), {})
    reports.result(tmp_path, "check", "05", strange())
    assert offline.waiting(9)[0]["error"] == "Exception"


def test_a_report_never_fails_a_check(tmp_path: Path, offline: ClassRecords) -> None:
    """Whatever happens to its files."""
    (offline.folder / "outbox.jsonl").mkdir()
    with reports.reported(tmp_path, "check", "05"):
        pass
    with pytest.raises(CheckFailed), reports.reported(tmp_path, "check", "05"):
        raise failed()


def test_seconds_count_from_the_section_before(tmp_path: Path, offline: ClassRecords) -> None:
    """So the board can tell the pace, whatever clock a machine has."""
    reports.result(tmp_path, "check", "04", failed())
    reports.result(tmp_path, "check", "04", None)
    reports.result(tmp_path, "check", "05", None)
    seconds = [event["seconds"] for event in offline.waiting(9)]
    assert seconds[0] >= 60
    assert seconds[1] >= 60
    assert seconds[2] < 60


def test_what_was_done_offline_catches_up_in_order_and_once(
    board: OpenBoard, number: int, tmp_path: Path, nobody_sends: None
) -> None:
    """With the time at which it happened."""
    join.join(tmp_path, board.invitation(number))
    sections = [f"{section:02}" for section in range(10)] * 3
    for section in sections:
        reports.result(tmp_path, "check", section, None)
    assert join.waiting(tmp_path) == 30
    assert join.settle(tmp_path)
    assert join.settle(tmp_path)
    assert [event["section"] for event in board.events(number)] == sections
    assert join.waiting(tmp_path) == 0


def test_a_clock_that_was_set_in_between_loses_nothing_and_no_order(
    board: OpenBoard, number: int, tmp_path: Path, nobody_sends: None
) -> None:
    """A laptop that begins in 2001 without a network, and hears the time with one."""
    join.join(tmp_path, board.invitation(number))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time", lambda: 1e9)
        reports.result(tmp_path, "check", "01", None)
    reports.result(tmp_path, "check", "02", None)
    with pytest.MonkeyPatch.context() as patch:
        later = time.time() + 7200
        patch.setattr(time, "time", lambda: later)
        reports.result(tmp_path, "check", "03", None)
    reports.result(tmp_path, "check", "04", None)
    assert join.settle(tmp_path)
    found = board.events(number)
    assert [event["section"] for event in found] == ["01", "02", "03", "04"]
    moments = [event["at"] for event in found]
    assert moments == sorted(moments)
    assert time.time() - moments[0] < LIMIT_S
    assert found[1]["seconds"] == 0  # nobody knows


def test_who_has_a_clock_of_next_year_is_in_the_class(
    board: OpenBoard, number: int, tmp_path: Path, nobody_sends: None
) -> None:
    """The class is over after so many seconds, and not at an hour."""
    next_year = time.time() + 365 * 24 * 3600
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time", lambda: next_year)
        join.join(tmp_path, board.invitation(number))
        reports.result(tmp_path, "check", "05", None)
        assert join.settle(tmp_path)
    assert len(board.events(number)) == 1


def test_who_is_in_the_class_types_its_new_address_alone(
    board: OpenBoard, number: int, tmp_path: Path, offline: ClassRecords
) -> None:
    """The instructor's laptop has gone to another network: what waits goes along."""
    joined = offline.membership()
    assert joined is not None
    offline.join(replace(joined, code=board.people[number - 1].code))
    reports.result(tmp_path, "check", "05", None)
    join.join(tmp_path, f" @{board.room}\n")
    assert join.settle(tmp_path)
    assert [event["section"] for event in board.events(number)] == ["05"]


def test_an_address_alone_joins_no_class(tmp_path: Path) -> None:
    """Nobody knows with which code."""
    with pytest.raises(NotStarted, match="no class"):
        join.join(tmp_path, "@127.0.0.1:8070")


def test_an_answer_that_is_lost_counts_nothing_twice(
    board: OpenBoard, number: int, tmp_path: Path, nobody_sends: None
) -> None:
    """The part is sent again, with the same ids."""
    join.join(tmp_path, board.invitation(number))
    reports.result(tmp_path, "check", "05", None)
    before = (tmp_path / "class" / "outbox.jsonl").read_bytes()
    assert join.settle(tmp_path)
    (tmp_path / "class" / "outbox.jsonl").write_bytes(before)
    assert join.settle(tmp_path)
    assert len(board.events(number)) == 1


def test_the_background_sends_without_being_asked(
    board: OpenBoard, number: int, tmp_path: Path
) -> None:
    """A check ends at once; its result arrives a moment later."""
    join.join(tmp_path, board.invitation(number))
    reports.result(tmp_path, "check", "05", None)
    sent(tmp_path)
    assert len(board.events(number)) == 1


def test_the_next_process_sends_what_waits(
    board: OpenBoard, number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kernel may be killed in the middle."""
    with monkeypatch.context() as patch:
        patch.setattr(sending, "wake", lambda _home: None)
        join.join(tmp_path, board.invitation(number))
        reports.result(tmp_path, "check", "05", None)
    reports.resume(tmp_path)
    sent(tmp_path)
    assert len(board.events(number)) == 1


def test_a_board_that_does_not_answer_loses_nothing(tmp_path: Path, offline: ClassRecords) -> None:
    """Events wait, in order."""
    for section in ("01", "02"):
        reports.result(tmp_path, "check", section, None)
    assert not join.settle(tmp_path)
    assert [event["section"] for event in offline.waiting(9)] == ["01", "02"]


def test_what_waits_is_bounded_and_keeps_the_newest(
    tmp_path: Path, offline: ClassRecords, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of too much, the oldest result goes that has a newer one like it."""
    monkeypatch.setattr(records, "MOST_WAITING", 4)
    for section in ("01", "02", "02", "03", "02", "04"):
        reports.result(tmp_path, "check", section, failed())
    assert [event["section"] for event in offline.waiting(9)] == ["01", "03", "02", "04"]


def test_a_damaged_line_stops_no_other(
    board: OpenBoard, number: int, tmp_path: Path, nobody_sends: None
) -> None:
    """What cannot be read is left out, what the board refuses is dropped, the rest arrives."""
    join.join(tmp_path, board.invitation(number))
    for section in ("01", "02"):
        reports.result(tmp_path, "check", section, None)
    outbox = tmp_path / "class" / "outbox.jsonl"
    first, second = outbox.read_text(encoding="utf-8").splitlines()
    bad = json.dumps({**json.loads(first), "id": "0" * 32, "section": "<b>"})
    outbox.write_text(f'{first}\n{{"id": \n{bad}\n{second}\n', encoding="utf-8")
    assert join.settle(tmp_path)
    assert [event["section"] for event in board.events(number)] == ["01", "02"]


@pytest.mark.parametrize("at", ["yesterday", None, [], True])
def test_a_time_that_is_none_stops_no_other(
    at: object, board: OpenBoard, number: int, tmp_path: Path, nobody_sends: None
) -> None:
    """Somebody has edited the file, or a program has."""
    join.join(tmp_path, board.invitation(number))
    for section in ("01", "02"):
        reports.result(tmp_path, "check", section, None)
    outbox = tmp_path / "class" / "outbox.jsonl"
    first, second = outbox.read_text(encoding="utf-8").splitlines()
    bad = json.dumps({**json.loads(first), "at": at})
    outbox.write_text(f"{bad}\n{second}\n", encoding="utf-8")
    assert join.settle(tmp_path)
    assert {event["section"] for event in board.events(number)} == {"01", "02"}


@pytest.mark.parametrize("status", [302, 400, 401, 403, 404, 413])
def test_a_networks_sign_in_page_is_no_board(
    status: int, tmp_path: Path, offline: ClassRecords, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it answers drops no result, and ends no class."""
    joined = offline.membership()
    assert joined is not None
    reports.result(tmp_path, "check", "05", None)

    def refuse(*_: object, **__: object) -> None:
        page = io.BytesIO(b"<html>Please sign in</html>")
        raise urllib.error.HTTPError(joined.url, status, "", Message(), page)

    monkeypatch.setattr(board_api._in_the_room, "open", refuse)
    assert not join.settle(tmp_path)
    with pytest.raises(NotStarted, match="is no board"):
        join.leave(tmp_path)
    assert len(offline.waiting(9)) == 1 and offline.membership() is not None


def test_nothing_is_on_its_way_while_one_leaves(
    tmp_path: Path, offline: ClassRecords, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would arrive after the board has deleted the rest, and stay there for good."""
    others: list[bool] = []

    def ask(*_: object) -> dict[str, bool]:
        with ClassRecords(tmp_path).sending() as is_mine:
            others.append(is_mine)
        return {"forgotten": True}

    monkeypatch.setattr(board_api.BoardApi, "ask", ask)
    join.leave(tmp_path)
    assert others == [False] and offline.membership() is None


def test_who_joins_with_another_code_hears_where_the_rest_is(
    board: OpenBoard, number: int, tmp_path: Path, offline: ClassRecords
) -> None:
    """It may be a neighbour's: nothing of theirs is deleted without a word."""
    first = join.join(tmp_path, board.invitation(number))
    assert dict(first.rows)["before"].startswith("you were p01 at ")
    again = join.join(tmp_path, board.invitation(number))
    assert "before" not in dict(again.rows)


def test_leaving_forgets_here_and_there(board: OpenBoard, number: int, tmp_path: Path) -> None:
    """And nothing is reported afterwards."""
    join.join(tmp_path, board.invitation(number))
    reports.result(tmp_path, "check", "05", None)
    sent(tmp_path)
    join.leave(tmp_path)
    reports.result(tmp_path, "check", "06", None)
    assert board.events(number) == []
    assert ClassRecords(tmp_path).membership() is None
    with pytest.raises(NotStarted):
        join.leave(tmp_path)


def test_who_cannot_reach_the_board_stays_in_the_class(
    tmp_path: Path, offline: ClassRecords
) -> None:
    """Else what is there would stay there for good; the sentence says how to leave all the same."""
    with pytest.raises(NotStarted, match="No board answers at .* has ended") as refused:
        join.leave(tmp_path)
    assert "`chatkit class leave --without-board`" in refused.value.hint
    assert offline.membership() is not None


@pytest.mark.parametrize("status", [401, 403])
def test_a_board_that_takes_no_code_any_more_is_left(
    status: int, tmp_path: Path, offline: ClassRecords, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The class has ended there, or the next one has its address."""

    def refuse(*_: object) -> None:
        raise ServiceError(status, "BoardRefused", "No.")

    monkeypatch.setattr(board_api.BoardApi, "ask", refuse)
    told = join.leave(tmp_path).text
    assert "the class has ended" in told.lower() and "deleted with the class" in told
    assert offline.membership() is None


@pytest.mark.parametrize("status", [0, 429, 503])
def test_a_class_can_be_left_without_its_board(
    status: int, tmp_path: Path, offline: ClassRecords, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its instructor has deleted it before it was over: nothing answers, or nothing that helps."""

    def refuse(*_: object) -> None:
        raise ServiceError(status, "BoardRefused", "Please wait a minute.")

    reports.result(tmp_path, "check", "05", None)
    if status:
        monkeypatch.setattr(board_api.BoardApi, "ask", refuse)
        with pytest.raises(ServiceError, match=r"^Please wait a minute. .*--without-board"):
            join.leave(tmp_path)
    told = join.leave(tmp_path, without_board=True).text
    assert "what it has of you is deleted with the class" in told
    assert offline.membership() is None and offline.waiting(9) == []


def test_a_class_that_is_over_can_be_left_without_its_board(
    tmp_path: Path, offline: ClassRecords
) -> None:
    """The instructor has deleted it: nobody stays in it for good."""
    joined = offline.membership()
    assert joined is not None
    offline.join(replace(joined, ends=time.time() - 1))
    assert "The class is over" in join.leave(tmp_path).text
    assert offline.membership() is None


def test_a_hand_is_shown_before_it_goes(
    board: OpenBoard, number: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And lowered with None."""
    join.join(tmp_path, board.invitation(number))
    join.ask(tmp_path, "  What is a hub?  ")
    assert capsys.readouterr().out == f"To the instructor, from p{number:02}: What is a hub?\n"
    join.ask(tmp_path, None)
    sent(tmp_path)
    assert [event["text"] for event in board.events(number)] == ["What is a hub?", ""]


def lower(board: OpenBoard, number: int) -> None:
    """Lower somebody's hand as the instructor does."""
    board.instructor.ask("POST", "hands", {"person": f"p{number:02}"})


@pytest.mark.parametrize("asked", ["And this?", None])
def test_asking_tells_that_the_hand_was_lowered(
    asked: str | None,
    board: OpenBoard,
    number: int,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """By the instructor; once, and not of a hand that one lowers oneself."""
    join.join(tmp_path, board.invitation(number))
    assert join.ask(tmp_path, "Why?").text.startswith("Your hand is up.")
    lower(board, number)
    join.ask(tmp_path, asked)
    join.ask(tmp_path, None)
    join.ask(tmp_path, None)
    assert capsys.readouterr().out.count("The instructor has lowered your hand: Why?\n") == 1


def test_a_check_tells_that_the_hand_was_lowered(
    board: OpenBoard, number: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Once a result has brought it along."""
    join.join(tmp_path, board.invitation(number))
    join.ask(tmp_path, "Why?")
    lower(board, number)
    reports.result(tmp_path, "check", "05", None)
    sent(tmp_path)
    for _ in range(2):
        with reports.reported(tmp_path, "check", "06"):
            pass
    assert capsys.readouterr().out.count("The instructor has lowered your hand: Why?\n") == 1


@pytest.mark.parametrize("error", [None, failed()], ids=["passed", "failed"])
def test_the_next_check_tells_of_it_already(
    board: OpenBoard,
    number: int,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    error: CheckFailed | None,
) -> None:
    """Its own result hears of it, and not the check after it."""
    join.join(tmp_path, board.invitation(number))
    join.ask(tmp_path, "Why?")
    lower(board, number)
    with suppress(CheckFailed), reports.reported(tmp_path, "check", "05"):
        if error is not None:
            raise error
    assert capsys.readouterr().out.endswith("The instructor has lowered your hand: Why?\n")


def test_a_check_does_not_wait_for_a_board_that_is_away(
    tmp_path: Path, offline: ClassRecords, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But for a moment while a hand is up."""
    waited: list[float] = []
    monkeypatch.setattr(sending, "has_arrived", lambda _, limit_s: waited.append(limit_s))
    for hand in ("", "Why?"):
        joined = offline.membership()
        assert joined is not None
        offline.join(replace(joined, hand=hand))
        with reports.reported(tmp_path, "check", "05"):
            pass
    assert waited == [reports.ANSWER_S] and reports.ANSWER_S <= 1


def test_a_hand_is_up_when_the_board_has_it(tmp_path: Path, offline: ClassRecords) -> None:
    """Not before."""
    assert "does not answer" in join.ask(tmp_path, "Why?").text


@pytest.mark.parametrize("text", ["", " ", "x" * 201, "two\nlines", "\u202e", 7], ids=ascii)
def test_a_hand_that_is_no_line_is_refused(
    tmp_path: Path, offline: ClassRecords, text: str
) -> None:
    """With a sentence, before anything is kept."""
    with pytest.raises(SetupError):
        join.ask(tmp_path, text)
    assert offline.waiting(9) == []


def test_a_code_that_is_none_goes_nowhere(tmp_path: Path) -> None:
    """Not to the address behind it either."""
    with pytest.raises(NoJoinCode):
        join.join(tmp_path, "hello@127.0.0.1:1")
    assert [*tmp_path.iterdir()] == []


def test_a_code_without_an_address_says_that_it_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was sent to the board of this machine, if there is one."""
    monkeypatch.setattr(join, "url_of", lambda host, _: f"http://{host}:{ports.any_free()}")
    with pytest.raises(NotStarted, match="No board answers .* no address behind the code"):
        join.join(tmp_path, codes.new_code())


def test_a_wrong_code_joins_nothing(board: OpenBoard, tmp_path: Path) -> None:
    """The board says so in a sentence."""
    with pytest.raises(ServiceError, match="not one of the class"):
        join.join(tmp_path, f"{codes.new_code()}@{board.room}")
    assert ClassRecords(tmp_path).membership() is None


def test_no_secret_is_in_a_repr(offline: ClassRecords) -> None:
    """A traceback or a log shows reprs."""
    membership = offline.membership()
    assert membership is not None
    assert membership.code not in repr(membership)
