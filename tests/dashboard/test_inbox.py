"""The inbox over HTTP: roles, locking, reading, answering, and every state that can be met."""

import html
import re
import time
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import update

from bot.answers import answers_for
from bot.dashboard import tries, unlocks
from bot.dashboard.guard import DEMO_DEANERY
from bot.dashboard.inbox_pages import INBOX_ROUTES, MOST_CHARACTERS
from bot.dashboard.invented import invent_tickets, recipe
from bot.dashboard.sessions import IDLE_SECONDS
from bot.referrals.guessing import ALARM, MOST_WRONG
from bot.referrals.tables import guesses, insert_new, tickets, transaction
from tests.dashboard.conftest import PASSWORD
from tests.dashboard.units import DEANERY, ELSEWHERE, NOTE, begin, staffed, unlock
from tests.databases import new_database, postgresql
from tests.referrals import PASSPHRASE, make_unit

DRAFT = "zither-canary, here is what we can do"
FORGED = "0" * 32


@pytest.fixture(scope="module")
def server():
    """Return the URL of a PostgreSQL server."""
    with postgresql() as url:
        yield url


@pytest.fixture(params=["sqlite"])
def unit(request, tmp_path):
    """Return a unit with a key, on the database that the test asks for."""
    if request.param == "sqlite":
        made = begin(f"sqlite:///{tmp_path / 'referrals.db'}")
    else:
        made = begin(new_database(request.getfixturevalue("server")))
    yield made
    made.engine.dispose()


both = pytest.mark.parametrize("unit", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def desk(serve, tmp_path, unit):
    """Return a dashboard with that unit's caseworkers."""
    return staffed(serve, tmp_path, unit.url)


@pytest.fixture
def ann(desk):
    """Return the browser of a caseworker who has unlocked the inbox."""
    with desk.signed_in("ann") as client:
        unlock(client)
        yield client


def position(page: str) -> str:
    """Return what the form sends to tell what was read."""
    return re.search(r'name="position" value="(\d+)"', page)[1]


def box(page: str) -> str:
    """Return what stands in the box for an answer."""
    found = re.search(r"<textarea[^>]*>\n?(.*?)</textarea>", page, re.DOTALL)[1]
    return html.unescape(found)


def send(client, ticket: str, text: str = DRAFT, at: str | None = None, **more):
    """Send an answer, having read the ticket."""
    if at is None:
        at = position(client.get(f"/inbox/{ticket}").text)
    data = {"text": text, "position": at, "do": "send", **more}
    return client.post(f"/inbox/{ticket}/answer", data=data)


# ------------------------------------------------------------------ who may see it


@pytest.mark.parametrize("name", ["reader", "loose", "admin"])
def test_nobody_but_the_units_caseworkers_sees_anything_of_it(name, desk, unit):
    ticket, _ = unit.send()
    with desk.signed_in(name) as client:
        for route in INBOX_ROUTES:
            path = route.path.replace("{ticket}", ticket)
            for method in route.methods - {"HEAD"}:
                answer = client.request(
                    method,
                    path,
                    **({"data": {"passphrase": PASSPHRASE}} if method == "POST" else {}),
                )
                assert answer.status_code == 403, (method, path)
                assert ticket[:6] not in answer.text
        assert ('href="/inbox"' in client.get("/windows").text) == (name == "loose")
        if name == "loose":
            page = client.get("/inbox").text
            assert "belongs to no unit" in page
            assert "sidedoor staff deanery loose DEANERY" in page
    assert len(desk.parts.unlocks) == 0
    assert unit.row(ticket).unread == 1


def test_another_units_ticket_is_the_same_as_none(desk, unit):
    ticket, receipt = unit.send()
    make_unit(unit.engine, ELSEWHERE)
    with desk.signed_in("sco") as client:
        unlock(client)
        assert ticket[:6] not in client.get("/inbox").text
        answers = [
            client.request(method, path.replace("{ticket}", id_), **more)
            for id_ in (ticket, FORGED)
            for method, path, more in (
                ("GET", "/inbox/{ticket}", {}),
                ("POST", "/inbox/{ticket}/answer", {"data": {"text": DRAFT, "position": "1"}}),
                ("POST", "/inbox/{ticket}/mark", {"data": {"state": "answered"}}),
                ("GET", "/inbox/{ticket}/close", {}),
                ("POST", "/inbox/{ticket}/close", {"data": {"x": ""}}),
            )
        ]
        assert {answer.status_code for answer in answers} == {410}
        for theirs, none in zip(answers[:5], answers[5:], strict=True):
            assert theirs.text.replace(ticket, FORGED) == none.text
        found = client.post("/inbox/find", data={"receipt": receipt})
        assert found.status_code == 404
        assert ticket not in found.text
    row = unit.row(ticket)
    assert (row.state, row.unread) == ("new", 1)


def test_a_caseworker_who_is_moved_to_another_unit_takes_no_key_along(desk, unit, ann):
    ticket, _ = unit.send()
    make_unit(unit.engine, ELSEWHERE)
    desk.parts.staff.set_deanery("ann", ELSEWHERE)
    assert ann.get(f"/inbox/{ticket}").status_code == 423
    desk.parts.staff.set_deanery("ann", DEANERY)
    assert ann.get(f"/inbox/{ticket}").status_code == 423
    assert len(desk.parts.unlocks) == 0


# ------------------------------------------------------------------ locked and unlocked


@both
def test_content_is_shown_only_when_it_is_unlocked(desk, unit):
    ticket, _ = unit.send(weeks=2)
    with desk.signed_in("ann") as client:
        page = client.get("/inbox").text
        assert ticket[:6] in page
        assert "Things at work" not in page
        locked = client.get(f"/inbox/{ticket}")
        assert locked.status_code == 423
        for answer in (page, locked.text):
            assert "canary" not in answer
        assert unit.row(ticket).unread == 1
        unlock(client)
        assert "Things at work; Exams or progression" in client.get("/inbox").text
        assert unit.row(ticket).unread == 1
        page = client.get(f"/inbox/{ticket}").text
        assert html.escape(NOTE) in page
        for said in ("Someone to talk to", "In writing, here", "for 2 weeks"):
            assert said in page
        assert unit.row(ticket).unread == 0
        client.post("/inbox/lock", data={"x": ""})
        assert client.get(f"/inbox/{ticket}").status_code == 423
    assert len(desk.parts.unlocks) == 0


def test_after_unlocking_at_a_ticket_it_is_shown(desk, unit):
    ticket, _ = unit.send()
    with desk.signed_in("ann") as client:
        data = {"passphrase": PASSPHRASE, "ticket": ticket}
        assert client.post("/inbox/unlock", data=data).headers["location"] == f"/inbox/{ticket}"
        for strange in ("//evil.example", "../windows", ticket.upper(), "x" * 32):
            answer = client.post("/inbox/unlock", data={**data, "ticket": strange})
            assert answer.headers["location"] == "/inbox"


def test_a_wrong_passphrase_and_too_many(desk, unit):
    ticket, _ = unit.send()
    with desk.signed_in("ann") as client:
        for number in range(tries.MOST_WRONG):
            data = {"passphrase": "not it", "ticket": ticket if number % 2 else ""}
            answer = client.post("/inbox/unlock", data=data)
            assert answer.status_code == 403
            assert "does not open the unit&#39;s key" in answer.text
        right = {"passphrase": PASSPHRASE}
        answer = client.post("/inbox/unlock", data=right)
        assert answer.status_code == 429
        assert "Too many tries" in answer.text
        with desk.signed_in("bob") as other:
            unlock(other)
        desk.clock.now += tries.PAUSE_SECONDS
        unlock(client)
        assert client.post("/inbox/unlock", data={"passphrase": ""}).status_code == 403


def test_keys_are_tied_to_the_session_and_the_member(desk, unit, ann):
    ticket, _ = unit.send()
    token = ann.cookies["sidedoor-inbox"]
    with desk.signed_in("ann") as another:
        another.cookies.set("sidedoor-inbox", token)
        assert another.get(f"/inbox/{ticket}").status_code == 423
    assert ann.get(f"/inbox/{ticket}").status_code == 423  # whoever copied the cookie locked it
    unlock(ann)
    with desk.signed_in("bob") as bob:
        bob.cookies.set("sidedoor-inbox", ann.cookies["sidedoor-inbox"])
        assert bob.get(f"/inbox/{ticket}").status_code == 423


def test_keys_are_dropped_when_idle_at_sign_out_and_at_a_restart(serve, tmp_path, desk, unit):
    ticket, _ = unit.send()
    with desk.signed_in("ann") as client:
        unlock(client)
        desk.clock.now += unlocks.IDLE_SECONDS - 1
        assert client.get(f"/inbox/{ticket}").status_code == 200
        desk.clock.now += unlocks.IDLE_SECONDS
        assert client.get("/windows").status_code == 200
        assert client.get(f"/inbox/{ticket}").status_code == 423
        unlock(client)
        assert client.post("/sign-out").status_code == 303
        assert "sidedoor-inbox" not in client.cookies
    assert len(desk.parts.unlocks) == 0
    with desk.signed_in("ann") as client:
        unlock(client)
        restarted = serve(tmp_path, referrals_database=unit.url)
        restarted.clock.now = desk.clock.now
        with restarted.browser() as after:
            after.cookies.update(client.cookies)
            assert after.get("/windows").status_code == 200
            assert after.get(f"/inbox/{ticket}").status_code == 423


def test_an_account_that_is_closed_loses_its_keys_without_coming_back(desk, ann):
    assert len(desk.parts.unlocks) == 1
    desk.parts.staff.set_active("ann", False)
    desk.parts.unlocks.sweep()
    assert len(desk.parts.unlocks) == 0


def test_with_single_sign_on_keys_are_tied_to_the_name(serve, tmp_path, unit):
    secret = "s" * 32
    served = serve(
        tmp_path, referrals_database=unit.url, proxy_header="X-User", proxy_secret=secret
    )
    for name in ("ann", "bob"):
        served.parts.staff.add(name, name, "caseworker", None, DEANERY)
    ticket, _ = unit.send()
    ann = {"X-User": "ann", "X-Sidedoor-Proxy-Secret": secret}
    with served.browser() as client:
        data = {"passphrase": PASSPHRASE}
        assert client.post("/inbox/unlock", data=data, headers=ann).status_code == 303
        assert client.get(f"/inbox/{ticket}", headers=ann).status_code == 200
        assert client.get(f"/inbox/{ticket}").status_code == 403
        assert client.get(f"/inbox/{ticket}", headers={**ann, "X-User": "bob"}).status_code == 423


# ------------------------------------------------------------------ the list


def test_the_list_says_what_waits_too_long(desk, unit, ann):
    ids = {weeks: unit.send(weeks=weeks)[0] for weeks in (0, 1, 2, 5)}
    page = ann.get("/inbox").text
    rows = {w: next(r for r in page.split("<tr>") if i[:6] in r) for w, i in ids.items()}
    assert "this week" in rows[0]
    assert "may be late" in rows[1]  # it is a Friday, and the unit says seven days
    assert ">late<" in rows[2]
    assert "5 weeks" in rows[5]
    assert [page.index(ids[w][:6]) for w in (5, 2, 1, 0)] == sorted(
        page.index(i[:6]) for i in ids.values()
    )
    assert "It aims to reply to you within five working days." in page


def test_the_list_is_narrowed_and_has_pages(desk, unit, ann, monkeypatch):
    monkeypatch.setattr("bot.dashboard.inbox_pages.MOST_ROWS", 2)
    for _ in range(5):
        ticket, _ = unit.send()
    ann.post(f"/inbox/{ticket}/mark", data={"state": "in_hand"})
    assert "Waiting (1)" in ann.get("/inbox").text
    assert ticket[:6] in ann.get("/inbox?show=in_hand").text
    assert ticket[:6] not in ann.get("/inbox?show=new").text
    seen = set()
    for number in (1, 2, 3):
        page = ann.get(f"/inbox?page={number}").text
        assert f"Page {number} of 3" in page
        seen |= {i for i in unit.ids() if f"/inbox/{i}" in page}
    assert seen == unit.ids()
    for strange in ("?page=99", "?page=-1", "?page=x", "?show=x"):
        assert ann.get(f"/inbox{strange}").status_code == 200


# ------------------------------------------------------------------ answering


@both
def test_an_answer_is_read_with_the_receipt_and_a_reply_comes_back(desk, unit, ann):
    ticket, receipt = unit.send()
    sent = send(ann, ticket, "First line\r\n\r\nSecond <b>line</b>")
    assert (sent.status_code, sent.headers["location"]) == (303, f"/inbox/{ticket}?done=sent")
    assert "not read yet" in ann.get(f"/inbox/{ticket}").text
    assert unit.answers(receipt) == ["First line\n\nSecond <b>line</b>"]
    page = ann.get(sent.headers["location"]).text
    assert "The answer is sent" in page
    assert "Second &lt;b&gt;line&lt;/b&gt;" in page
    assert "not read yet" not in page
    assert unit.row(ticket).state == "answered"
    unit.reply(receipt, "oboe-canary, thank you")
    assert unit.row(ticket).unread == 1
    assert "oboe-canary" in ann.get(f"/inbox/{ticket}").text


def test_a_stored_answer_goes_into_the_box_beside_what_was_typed(desk, unit, ann):
    ticket, receipt = unit.send()
    stored = answers_for(DEANERY)[0]
    answer = send(ann, ticket, "Dear you,", do="insert", stored=stored.id)
    assert answer.status_code == 200
    assert box(answer.text) == f"Dear you,\n\n{stored.text}"
    assert unit.answers(receipt) == []
    unknown = send(ann, ticket, "Dear you,", do="insert", stored="../../etc/passwd")
    assert box(unknown.text) == "Dear you,"


@pytest.mark.parametrize(
    ("text", "status", "words"),
    [("", 400, "The box is empty"), ("é" * (MOST_CHARACTERS + 1), 400, "too long")],
)
def test_what_cannot_be_sent_is_told_and_stays_in_the_box(text, status, words, unit, ann):
    ticket, receipt = unit.send()
    answer = send(ann, ticket, text)
    assert answer.status_code == status
    assert words in answer.text
    assert box(answer.text) == text
    assert unit.answers(receipt) == []


def test_the_longest_answer_fits(unit, ann):
    ticket, receipt = unit.send()
    longest = "𝄞" * MOST_CHARACTERS
    assert send(ann, ticket, longest).status_code == 303
    assert unit.answers(receipt) == [longest]


@both
def test_two_caseworkers_at_once_and_no_draft_is_lost(desk, unit, ann):
    ticket, receipt = unit.send()
    with desk.signed_in("bob") as bob:
        unlock(bob)
        at = position(bob.get(f"/inbox/{ticket}").text)
        assert send(ann, ticket, "Ann was first").status_code == 303
        late = send(bob, ticket, DRAFT, at)
        assert late.status_code == 409
        assert "Answered meanwhile" in late.text
        assert "Ann was first" in late.text
        assert box(late.text) == DRAFT
        assert unit.answers(receipt) == ["Ann was first"]
        assert send(bob, ticket, box(late.text), position(late.text)).status_code == 303
    assert unit.answers(receipt) == ["Ann was first", DRAFT]


def test_a_reply_meanwhile_is_shown_before_the_answer_goes(unit, ann):
    ticket, receipt = unit.send()
    at = position(ann.get(f"/inbox/{ticket}").text)
    unit.reply(receipt, "I forgot to say something")
    late = send(ann, ticket, DRAFT, at)
    assert late.status_code == 409
    assert "I forgot to say something" in late.text
    assert box(late.text) == DRAFT


def test_an_answer_that_is_sent_twice_is_there_once(unit, ann):
    ticket, receipt = unit.send()
    at = position(ann.get(f"/inbox/{ticket}").text)
    first, second = send(ann, ticket, DRAFT, at), send(ann, ticket, DRAFT, at)
    assert first.headers["location"] == second.headers["location"]
    assert unit.answers(receipt) == [DRAFT]


@pytest.mark.parametrize("at", ["", "x", "-1", "99", "1e3", "0", "٣"])
def test_a_forged_position_sends_nothing(at, unit, ann):
    ticket, receipt = unit.send()
    answer = send(ann, ticket, DRAFT, at)
    assert answer.status_code == 409
    assert box(answer.text) == DRAFT
    assert unit.answers(receipt) == []


def test_who_left_contact_details_is_answered_elsewhere(unit, ann):
    ticket, _ = unit.send(receipt=False, contact="robin@example.org")
    page = ann.get(f"/inbox/{ticket}").text
    assert "robin@example.org" in page
    assert "<textarea" not in page
    assert ann.post(f"/inbox/{ticket}/mark", data={"state": "answered"}).status_code == 303
    assert (unit.row(ticket).state, unit.row(ticket).waiting_weeks) == ("answered", None)
    assert "deleted now" in ann.get(f"/inbox/{ticket}/close").text
    assert ann.post(f"/inbox/{ticket}/close", data={"x": ""}).status_code == 303
    assert unit.ids() == set()


def test_of_a_receipt_that_was_never_shown_the_unit_is_told(unit, ann):
    ticket, _ = unit.send(shown=False)
    page = ann.get(f"/inbox/{ticket}").text
    assert NOTE in page
    assert "not known that its receipt was shown" in page
    assert "<textarea" not in page
    assert "deleted now" in ann.get(f"/inbox/{ticket}/close").text
    assert ann.post(f"/inbox/{ticket}/close", data={"x": ""}).status_code == 303
    assert unit.ids() == set()


def test_marking_and_closing_and_being_opened_again(unit, ann):
    ticket, receipt = unit.send()
    for state in ("in_hand", "new", "answered"):
        assert ann.post(f"/inbox/{ticket}/mark", data={"state": state}).status_code == 303
        assert unit.row(ticket).state == state
    for state in ("closed", "", "lost", "'"):
        assert ann.post(f"/inbox/{ticket}/mark", data={"state": state}).status_code == 400
    assert "opens it again by writing" in ann.get(f"/inbox/{ticket}/close").text
    assert ann.post(f"/inbox/{ticket}/close", data={"x": ""}).headers["location"] == (
        "/inbox?done=closed"
    )
    assert unit.row(ticket).state == "closed"
    assert ticket[:6] not in ann.get("/inbox").text
    assert ticket[:6] in ann.get("/inbox?show=closed").text
    unit.reply(receipt, "One more thing")
    assert unit.row(ticket).state == "new"


# ------------------------------------------------------------------ states


def test_without_a_key_it_says_how_to_make_one(serve, tmp_path, unit):
    served = staffed(serve, tmp_path, unit.url)
    with served.signed_in("sco") as client:
        page = client.get("/inbox").text
        assert "has no key yet" in page
        assert f"sidedoor keys create {ELSEWHERE}" in page
        answer = client.post("/inbox/unlock", data={"passphrase": PASSPHRASE})
        assert "has no key yet" in answer.text
        served.parts.staff.set_deanery("sco", "north_east")
        assert "offers no ticket" in client.get("/inbox").text


def test_a_lost_passphrase_has_a_way_on(desk, unit, ann):
    for page in (ann.get("/inbox/keys").text,):
        assert f"sidedoor keys recover {DEANERY}" in page
        assert f"sidedoor keys rotate {DEANERY}" in page
        assert f"sidedoor keys create {DEANERY} --lost" in page
    with desk.signed_in("bob") as bob:
        assert f"sidedoor keys recover {DEANERY}" in bob.get("/inbox").text


def test_a_ticket_whose_key_is_lost_can_be_seen_to_be_lost(unit, ann):
    ticket, _ = unit.send()
    unit.keys.create(DEANERY, "another long passphrase", instead_of_lost=True)
    page = ann.get("/inbox").text
    assert "Its key is lost" in page
    assert f'href="/inbox/{ticket}"' not in page
    ann.post("/inbox/lock", data={"x": ""})
    unlock(ann, "another long passphrase")
    answer = ann.get(f"/inbox/{ticket}")
    assert answer.status_code == 409
    assert "The key to this ticket is lost" in answer.text
    answer = send(ann, ticket, DRAFT, "1")
    assert answer.status_code == 409
    assert box(answer.text) == DRAFT


def test_a_key_that_was_rotated_meanwhile_asks_to_unlock_again(unit, ann):
    unit.keys.rotate(DEANERY, PASSPHRASE)
    ticket, _ = unit.send()
    answer = ann.get(f"/inbox/{ticket}")
    assert answer.status_code == 423
    assert "key was changed" in answer.text
    unlock(ann)
    assert ann.get(f"/inbox/{ticket}").status_code == 200
    unit.keys.rotate(DEANERY, PASSPHRASE)
    other, _ = unit.send()
    answer = send(ann, other, DRAFT, "1")
    assert answer.status_code == 423
    assert box(answer.text) == DRAFT


def test_a_ticket_that_ended_while_it_was_answered_gives_the_draft_back(unit, ann):
    ticket, receipt = unit.send()
    at = position(ann.get(f"/inbox/{ticket}").text)
    unit.end(receipt)
    answer = send(ann, ticket, DRAFT, at)
    assert answer.status_code == 410
    assert "The ticket has ended" in answer.text
    assert box(answer.text) == DRAFT
    for path in (f"/inbox/{ticket}", f"/inbox/{ticket}/close"):
        assert ann.get(path).status_code == 410


def test_an_expired_ticket_is_gone(unit, ann):
    ticket, _ = unit.send(weeks=14)
    assert ann.get(f"/inbox/{ticket}").status_code == 410
    assert ticket[:6] not in ann.get("/inbox").text


def test_a_ticket_that_was_tampered_with_is_not_shown(unit, ann):
    (first, _), (second, _) = unit.send("one"), unit.send("two")
    with transaction(unit.engine) as connection:
        rows = {r.id: r for r in connection.execute(tickets.select()).all()}
        connection.execute(
            update(tickets).where(tickets.c.id == first).values(public=rows[second].public)
        )
    answer = ann.get(f"/inbox/{first}")
    assert answer.status_code == 409
    assert "The ticket was changed" in answer.text
    assert box(send(ann, first, DRAFT, "1").text) == DRAFT
    assert ann.get(f"/inbox/{second}").status_code == 200
    assert "cannot be opened" in ann.get("/inbox").text


def test_locked_while_typing_keeps_the_draft_in_the_page(desk, unit, ann, tmp_path):
    ticket, receipt = unit.send()
    at = position(ann.get(f"/inbox/{ticket}").text)
    desk.clock.now += unlocks.IDLE_SECONDS
    locked = send(ann, ticket, DRAFT, at)
    assert locked.status_code == 423
    assert "Locked while you were writing" in locked.text
    assert box(locked.text) == DRAFT
    wrong = send(ann, ticket, DRAFT, at, passphrase="not it")
    assert wrong.status_code == 403
    assert box(wrong.text) == DRAFT
    on = send(ann, ticket, DRAFT, at, passphrase=PASSPHRASE)
    assert on.status_code == 200
    assert box(on.text) == DRAFT
    assert html.escape(NOTE) in on.text
    assert unit.answers(receipt) == []
    assert send(ann, ticket, box(on.text), position(on.text)).status_code == 303
    assert unit.answers(receipt) == [DRAFT]


def test_signed_out_while_typing_keeps_the_draft_in_the_page(desk, unit, ann):
    ticket, receipt = unit.send()
    at = position(ann.get(f"/inbox/{ticket}").text)
    desk.clock.now += IDLE_SECONDS
    out = send(ann, ticket, DRAFT, at)
    assert out.status_code == 403
    assert "You are signed out" in out.text
    assert box(out.text) == DRAFT
    assert ticket[:6] not in out.text.replace(f"/inbox/{ticket}/answer", "")
    data = {"name": "ann", "password": PASSWORD, "code": desk.code("ann")}
    assert ann.post("/sign-in", data=data).status_code == 303
    locked = send(ann, ticket, box(out.text), at)
    assert locked.status_code == 423
    on = send(ann, ticket, box(locked.text), at, passphrase=PASSPHRASE)
    assert send(ann, ticket, box(on.text), position(on.text)).status_code == 303
    assert unit.answers(receipt) == [DRAFT]


def test_without_the_database_of_referrals_the_rest_goes_on(serve, tmp_path):
    served = staffed(serve, tmp_path, "postgresql://x:hidden@127.0.0.1:1/y")
    with served.signed_in("ann") as client:
        for path in ("/inbox", "/inbox/keys"):
            answer = client.get(path)
            assert answer.status_code == 503
            assert "cannot be reached" in answer.text
            assert "hidden" not in answer.text
        assert client.post("/inbox/unlock", data={"passphrase": "x"}).status_code == 503
        assert client.get("/windows").status_code == 200
        assert "cannot be reached" in client.get("/service").text


def test_a_database_that_goes_while_somebody_answers_gives_the_draft_back(unit, ann, tmp_path):
    ticket, receipt = unit.send()
    at = position(ann.get(f"/inbox/{ticket}").text)
    file = tmp_path / "referrals.db"
    kept = file.read_bytes()
    unit.engine.dispose()
    file.write_bytes(b"not a database any more" * 100)
    answer = send(ann, ticket, DRAFT, at)
    assert answer.status_code == 503
    assert box(answer.text) == DRAFT
    file.write_bytes(kept)
    assert send(ann, ticket, box(answer.text), at).status_code == 303
    assert unit.answers(receipt) == [DRAFT]


def test_a_failure_inside_gives_the_draft_back(desk, unit, ann, monkeypatch, capfd):
    ticket, _ = unit.send()
    at = position(ann.get(f"/inbox/{ticket}").text)

    def broken(*_: object) -> None:
        raise KeyError(DRAFT)

    monkeypatch.setattr(desk.parts.audit, "note", broken)
    answer = send(ann, ticket, DRAFT, at)
    assert answer.status_code == 500
    assert "may not have been sent" in answer.text
    assert box(answer.text) == DRAFT
    assert "canary" not in "".join(capfd.readouterr())


def test_the_demonstration_has_an_inbox_whose_tickets_are_said_to_be_invented(
    serve, year, tmp_path
):
    invent_tickets(tmp_path / "referrals.db", DEMO_DEANERY, date.today())
    served = serve(
        year,
        demo=True,
        staff_database=f"sqlite:///{tmp_path / 'staff.db'}",
        referrals_database=f"sqlite:///{tmp_path / 'referrals.db'}",
    )
    served.clock.now = time.time()
    with served.browser() as client:
        assert "Every ticket here is invented" in client.get("/inbox").text
        unlock(client, recipe()["passphrase"])
        page = client.get("/inbox").text
        for views in (page, client.get("/inbox?show=answered").text):
            for ticket in set(re.findall(r'href="/inbox/([0-9a-f]{32})"', views)):
                shown = client.get(f"/inbox/{ticket}")
                assert shown.status_code == 200
                assert "Every ticket here is invented" in shown.text
        assert page.count('href="/inbox/') == len(recipe()["tickets"]) + 1  # and the keys
        assert ">late<" in page


# ------------------------------------------------------------------ a receipt on the phone


def test_a_receipt_on_the_phone_leads_to_its_ticket(unit, ann):
    ticket, receipt = unit.send()
    for given in (receipt, receipt.replace(" ", ""), f" {receipt.replace(' ', '-')} "):
        found = ann.post("/inbox/find", data={"receipt": given})
        assert found.headers["location"] == f"/inbox/{ticket}"
    wrong = ann.post("/inbox/find", data={"receipt": "0000 0000 0000 0000"})
    assert wrong.status_code == 404
    assert "No ticket of this unit has that receipt" in wrong.text
    assert ann.post("/inbox/find", data={"receipt": "12"}).status_code == 400


def test_receipts_are_not_looked_for_while_it_is_locked(desk, unit):
    _, receipt = unit.send()
    with desk.signed_in("ann") as client:
        assert client.post("/inbox/find", data={"receipt": receipt}).status_code == 423


# ------------------------------------------------------------------ records, traces, attacks


def test_a_receipt_that_is_refused_here_is_counted_too(desk, ann):
    guessing = desk.parts.referrals._desk._guessing
    for _ in range(MOST_WRONG):  # as if they had been tried, without the waits
        guessing.wrong("ann")
    assert ann.post("/inbox/find", data={"receipt": "1234 5678 9012 3456"}).status_code == 429
    give_up = time.monotonic() + 30
    while not desk.parts.referrals.inbox().guesses().refused and time.monotonic() < give_up:
        time.sleep(0.02)
    assert desk.parts.referrals.inbox().guesses().refused == 1


def test_every_step_is_in_the_audit_log_and_no_content(desk, unit, ann):
    ticket, receipt = unit.send()
    page = ann.get(f"/inbox/{ticket}").text
    at = position(page)
    send(ann, ticket, DRAFT, at)
    send(ann, ticket, "another text", at)
    ann.post(f"/inbox/{ticket}/mark", data={"state": "in_hand"})
    ann.post("/inbox/find", data={"receipt": receipt})
    ann.post("/inbox/unlock", data={"passphrase": "wrong-canary"})
    ann.post(f"/inbox/{ticket}/close", data={"x": ""})
    ann.get(f"/inbox/{FORGED}")
    ann.post("/inbox/lock", data={"x": ""})
    ann.get(f"/inbox/{ticket}")
    named = ticket[:6]
    assert f"<h1>Ticket {named}</h1>" in page
    log = [(e.who, e.what, e.outcome) for e in reversed(desk.parts.audit.latest())][1:]
    assert log == [
        ("ann", "POST /inbox/unlock", "303"),
        ("ann", f"GET /inbox/{named}", "200"),
        ("ann", f"POST /inbox/{named}/answer", "303"),
        ("ann", f"POST /inbox/{named}/answer", "409"),
        ("ann", f"POST /inbox/{named}/mark", "303"),
        ("ann", "POST /inbox/find", "303"),
        ("ann", "POST /inbox/unlock", "403"),
        ("ann", f"POST /inbox/{named}/close", "303"),
        ("ann", f"GET /inbox/{FORGED[:6]}", "410"),
        ("ann", "POST /inbox/lock", "303"),
        ("ann", f"GET /inbox/{named}", "423"),
    ]


def test_the_dashboards_own_database_never_has_a_tickets_id(desk, unit, ann, tmp_path):
    ticket, _ = unit.send()
    ann.get(f"/inbox/{ticket}")
    send(ann, ticket, DRAFT)
    ann.post(f"/inbox/{ticket}/close", data={"x": ""})
    ann.put(f"/inbox/{ticket}/answer")
    ann.get(f"/inbox/{ticket}/nothing")
    ann.post("/inbox/unlock", data={"passphrase": "wrong", "ticket": ticket})
    assert any(f"/inbox/{ticket[:6]}" in entry.what for entry in desk.parts.audit.latest())
    own = Path(desk.parts.audit._engine.url.database)
    files = [path for path in own.parent.rglob(f"{own.name}*") if path.is_file()]
    assert files
    assert not any(ticket[6:].encode() in path.read_bytes() for path in files)


def test_nothing_that_is_read_or_typed_is_on_the_disk(desk, unit, ann, tmp_path, capfd):
    ticket, receipt = unit.send(contact="robin-canary@example.org")
    ann.get(f"/inbox/{ticket}")
    send(ann, ticket, DRAFT, do="insert", stored="more")
    send(ann, ticket, DRAFT)
    desk.clock.now += unlocks.IDLE_SECONDS
    send(ann, ticket, DRAFT, "9", passphrase="wrong-canary")
    unlock(ann)
    ann.post("/inbox/find", data={"receipt": receipt})
    held = b"".join(path.read_bytes() for path in Path(tmp_path).rglob("*") if path.is_file())
    assert ticket.encode() in held
    digits = receipt.replace(" ", "")
    for secret in ("canary", PASSPHRASE, receipt, digits, ann.cookies["sidedoor-inbox"]):
        assert secret.encode() not in held
        assert secret not in "".join(capfd.readouterr())


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "same-site"},
        {},
    ],
)
def test_a_form_from_elsewhere_changes_nothing(headers, unit, ann):
    ticket, receipt = unit.send()
    at = position(ann.get(f"/inbox/{ticket}").text)
    for name in ("origin", "sec-fetch-site"):
        ann.headers.pop(name, None)
    for path, data in (
        (f"/inbox/{ticket}/answer", {"text": DRAFT, "position": at, "do": "send"}),
        (f"/inbox/{ticket}/mark", {"state": "answered"}),
        (f"/inbox/{ticket}/close", {"x": ""}),
        ("/inbox/unlock", {"passphrase": PASSPHRASE}),
        ("/inbox/find", {"receipt": receipt}),
        ("/inbox/lock", {"x": ""}),
    ):
        answer = ann.post(path, data=data, headers=headers)
        assert answer.status_code == 403, path
        assert DRAFT not in answer.text  # else another site could put words into our page
    assert unit.row(ticket).state == "new"
    assert unit.answers(receipt) == []
    assert ann.get(f"/inbox/{ticket}").status_code == 200


def test_pages_are_kept_nowhere_and_run_nothing(unit, ann):
    ticket, _ = unit.send("<script>alert(1)</script><img src=x>")
    for path in ("/inbox", f"/inbox/{ticket}", f"/inbox/{ticket}/close", "/inbox/keys"):
        answer = ann.get(path)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "<script" not in answer.text
        assert "<img" not in answer.text


def test_the_cookie_of_the_keys_is_kept_from_scripts_and_other_sites(serve, tmp_path, unit):
    served = staffed(serve, tmp_path, unit.url, dashboard_url="https://trends.example.nhs.uk")
    headers = {"Host": "trends.example.nhs.uk", "Origin": "https://trends.example.nhs.uk"}
    with served.browser() as client:
        data = {"name": "ann", "password": PASSWORD, "code": served.code("ann")}
        given = client.post("/sign-in", data=data, headers=headers).headers["set-cookie"]
        session = given.split(";")[0]
        answer = client.post(
            "/inbox/unlock",
            data={"passphrase": PASSPHRASE},
            headers={**headers, "Cookie": session},
        )
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-sidedoor-inbox=")
    for part in ("Secure", "HttpOnly", "SameSite=strict", "Path=/"):
        assert part in cookie
    assert "Max-Age" not in cookie


def test_guessing_is_an_alarm_on_the_page_of_service_health(desk, unit):
    with desk.signed_in("reader") as client:
        assert "guessing receipts" not in client.get("/service").text
        with transaction(unit.engine) as connection:
            row = {"week": "2027-W02", "wrong": ALARM, "refused": 4}
            connection.execute(insert_new(connection, guesses), [row])
        page = client.get("/service").text
        assert "Somebody may be guessing receipts" in page
        assert f"{ALARM} receipts were wrong" in page
