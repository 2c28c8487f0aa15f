"""Units' keys: passphrases, recovery, rotation, loss, and the commands for them."""

import os
import subprocess
import sys
from dataclasses import dataclass

import pytest
from sqlalchemy import select

from bot.dashboard.audit import COMMAND_LINE, Audit
from bot.dashboard.tables import open_staff_database
from bot.referrals import kdf
from bot.referrals.desk import Choices
from bot.referrals.errors import DraftOutdated, NoKey, WrongPassphrase
from bot.referrals.expiry import sweep
from bot.referrals.keys import ALPHABET, SHORTEST_PASSPHRASE, KeyChangeError, Keys
from bot.referrals.tables import open_referrals, unit_keys
from tests.referrals import (
    CHEAP,
    DEANERY,
    PASSPHRASE,
    Day,
    cheap_database,
    make_unit,
    open_desk,
    open_inbox,
)

OTHER = "another passphrase, as long"


@dataclass
class Unit:
    """A unit with a key, its code, and both ends of its tickets."""

    engine: object
    code: str
    day: Day

    @property
    def keys(self) -> Keys:
        """The store."""
        return Keys(self.engine, CHEAP, self.day)

    @property
    def inbox(self):
        """The unit's side."""
        return open_inbox(self.engine, self.day)

    @property
    def desk(self):
        """The trainee's side; one that has read no key yet."""
        return open_desk(self.engine, self.day)

    def send(self, loop, note: str) -> str:
        """Send a ticket; return its receipt."""
        desk = self.desk
        sent = desk.send(DEANERY, Choices(), desk.seal(DEANERY, note), None, receipt=True)
        return loop.run(sent)

    def notes(self, passphrase: str = PASSPHRASE) -> set[str]:
        """Read all that can be read."""
        unlocked = self.inbox.unlock(DEANERY, passphrase)
        rows = [row for row in self.inbox.rows(DEANERY) if row.readable]
        return {self.inbox.read(unlocked, row.id).note for row in rows}


@pytest.fixture
def unit(tmp_path):
    engine = cheap_database(f"sqlite:///{tmp_path / 'referrals.db'}")
    yield Unit(engine, make_unit(engine), Day())
    engine.dispose()


def derivations(monkeypatch) -> list:
    """Count derivations from now on."""
    done = []
    real = kdf.argon2id.kdf

    def counted(*arguments, **how):
        done.append(how)
        return real(*arguments, **how)

    monkeypatch.setattr(kdf.argon2id, "kdf", counted)
    return done


def test_the_passphrase_opens_the_key_and_no_other_does(unit):
    assert len(unit.inbox.unlock(DEANERY, PASSPHRASE).keys) == 1
    for wrong in ("", PASSPHRASE + " ", PASSPHRASE.upper(), unit.code):
        with pytest.raises(WrongPassphrase):
            unit.inbox.unlock(DEANERY, wrong)


def test_a_passphrase_typed_on_another_keyboard_is_the_same(tmp_path):
    engine = cheap_database(f"sqlite:///{tmp_path / 'referrals.db'}")
    make_unit(engine, passphrase="le café est fermé à midi")
    assert open_inbox(engine).unlock(DEANERY, "le cafe\u0301 est ferme\u0301 a\u0300 midi")


def test_a_unit_without_a_key_is_told_so(unit):
    with pytest.raises(NoKey, match="sidedoor keys create scotland"):
        unit.inbox.unlock("scotland", PASSPHRASE)
    assert not unit.inbox.has_key("scotland")
    assert unit.inbox.has_key(DEANERY)


def test_an_unlocked_unit_shows_no_key_when_printed(unit):
    unlocked = unit.inbox.unlock(DEANERY, PASSPHRASE)
    assert "PrivateKey" not in repr(unlocked)
    assert "keys" not in repr(unlocked)


def test_a_passphrase_costs_one_derivation_however_many_keys_there_are(unit, loop, monkeypatch):
    for number in range(3):
        unit.send(loop, f"note {number}")
        unit.keys.rotate(DEANERY, PASSPHRASE)
    done = derivations(monkeypatch)
    assert len(unit.inbox.unlock(DEANERY, PASSPHRASE).keys) == 4
    assert len(done) == 1


def test_a_passphrase_is_derived_at_the_stated_cost(tmp_path, monkeypatch):
    done = derivations(monkeypatch)
    keys = Keys(open_referrals(f"sqlite:///{tmp_path / 'r.db'}"))
    keys.create(DEANERY, PASSPHRASE)
    assert done == [
        {"opslimit": kdf.PASSPHRASE_COST.passes, "memlimit": kdf.PASSPHRASE_COST.memory}
    ]


def test_rotation_keeps_what_was_sealed_readable_and_seals_to_the_new_key(unit, loop):
    unit.send(loop, "before")
    old = unit.keys.all()[0].key_id
    code = unit.keys.rotate(DEANERY, PASSPHRASE)
    assert code != unit.code
    unit.send(loop, "after")
    assert unit.notes() == {"before", "after"}
    states = {key.key_id: (key.state, key.tickets) for key in unit.keys.all()}
    assert states.pop(old) == ("old", 1)
    assert list(states.values()) == [("active", 1)]


def test_an_old_key_goes_with_its_last_ticket(unit, loop):
    unit.send(loop, "before")
    unit.keys.rotate(DEANERY, PASSPHRASE)
    assert sweep(unit.engine, unit.day()).keys == 0
    unit.day.pass_weeks(14)
    assert sweep(unit.engine, unit.day()) == (1, 1)
    assert [key.state for key in unit.keys.all()] == ["active"]


def test_an_old_key_stays_while_a_reply_needs_it(unit, loop):
    """A reply that was sealed before a rotation belongs to a ticket of a later key, or earlier."""
    desk = unit.desk
    reply = desk.seal(DEANERY, "sealed before the rotation")
    unit.keys.rotate(DEANERY, PASSPHRASE)
    receipt = unit.send(loop, "sent after it")
    opened = loop.run(desk.open(receipt))
    loop.run(desk.reply(opened, reply))
    assert sweep(unit.engine, unit.day()).keys == 0
    unlocked = unit.inbox.unlock(DEANERY, PASSPHRASE)
    (row,) = unit.inbox.rows(DEANERY)
    read = unit.inbox.read(unlocked, row.id)
    assert [message.text for message in read.messages] == ["sealed before the rotation"]


def test_the_recovery_code_sets_a_new_passphrase(unit, loop):
    unit.send(loop, "before")
    unit.keys.rotate(DEANERY, PASSPHRASE)
    unit.send(loop, "after")
    with pytest.raises(WrongPassphrase):
        unit.keys.recover(DEANERY, unit.code, OTHER)
    code = unit.keys.change_passphrase(DEANERY, PASSPHRASE, PASSPHRASE)
    typed = f"  {code.lower().replace('0', 'o').replace('1', 'l').replace('-', ' ')} "
    again = unit.keys.recover(DEANERY, typed, OTHER)
    assert unit.notes(OTHER) == {"before", "after"}
    with pytest.raises(WrongPassphrase):
        unit.inbox.unlock(DEANERY, PASSPHRASE)
    with pytest.raises(WrongPassphrase):
        unit.keys.recover(DEANERY, code, OTHER)
    unit.keys.recover(DEANERY, again, PASSPHRASE)


def test_recovery_codes_are_random_and_easy_to_copy(unit):
    codes = {unit.code, *(unit.keys.rotate(DEANERY, PASSPHRASE) for _ in range(5))}
    assert len(codes) == 6
    for code in codes:
        groups = code.split("-")
        assert [len(group) for group in groups] == [5] * 6
        assert set("".join(groups)) <= set(ALPHABET)


def test_a_lost_key_is_said_and_its_tickets_stay_sealed(unit, loop):
    receipt = unit.send(loop, "before")
    stale = unit.desk
    draft = stale.seal(DEANERY, "sealed before the key was lost")
    with pytest.raises(KeyChangeError, match="--lost"):
        unit.keys.create(DEANERY, OTHER)
    unit.keys.create(DEANERY, OTHER, instead_of_lost=True)
    unlocked = unit.inbox.unlock(DEANERY, OTHER)
    (row,) = unit.inbox.rows(DEANERY)
    assert not row.readable
    with pytest.raises(NoKey):
        unit.inbox.read(unlocked, row.id)
    opened = loop.run(unit.desk.open(receipt))
    assert opened.state == "lost"
    with pytest.raises(DraftOutdated):
        loop.run(stale.send(DEANERY, Choices(), draft, None, receipt=True))
    again = stale.seal(DEANERY, "given again")
    loop.run(stale.send(DEANERY, Choices(), again, None, receipt=True))
    assert unit.notes(OTHER) == {"given again"}


def test_parts_sealed_to_different_keys_are_asked_for_again(unit, loop):
    early = unit.desk.seal(DEANERY, "a note")
    unit.keys.rotate(DEANERY, PASSPHRASE)
    late = unit.desk.seal(DEANERY, "a contact")
    with pytest.raises(DraftOutdated):
        loop.run(unit.desk.send(DEANERY, Choices(), early, late, receipt=False))
    assert unit.inbox.rows(DEANERY) == []


def test_a_short_passphrase_is_refused(unit):
    short = "x" * (SHORTEST_PASSPHRASE - 1)
    for change in (
        lambda: unit.keys.create("scotland", short),
        lambda: unit.keys.change_passphrase(DEANERY, PASSPHRASE, short),
        lambda: unit.keys.recover(DEANERY, unit.code, short),
    ):
        with pytest.raises(KeyChangeError, match="20 to 1000 characters"):
            change()
    assert unit.inbox.unlock(DEANERY, PASSPHRASE)


def test_one_units_passphrase_opens_no_other_units_tickets(unit, loop):
    make_unit(unit.engine, "scotland", OTHER)
    unit.send(loop, "for Wales")
    with pytest.raises(WrongPassphrase):
        unit.inbox.unlock(DEANERY, OTHER)
    scotland = unit.inbox.unlock("scotland", OTHER)
    assert unit.inbox.rows("scotland") == []
    (row,) = unit.inbox.rows(DEANERY)
    with pytest.raises(Exception, match="no such ticket"):
        unit.inbox.read(scotland, row.id)


# ---------------------------------------------------------------- commands


@pytest.fixture
def sidedoor(tmp_path):
    """Return a function that runs a command with lines on its input."""

    def run(*command: str, typed: str = ""):
        environment = {**os.environ, "SIDEDOOR_DATA": str(tmp_path / "data")}
        return subprocess.run(
            [sys.executable, "-m", "bot.cli", *command],
            input=typed,
            env=environment,
            capture_output=True,
            text=True,
        )

    return run


def code_in(output: str) -> str:
    """Return the recovery code that was printed."""
    (line,) = [line for line in output.splitlines() if line.startswith("Recovery code: ")]
    return line.removeprefix("Recovery code: ")


def test_a_units_key_is_made_changed_recovered_and_rotated_at_the_command_line(sidedoor, tmp_path):
    made = sidedoor("keys", "create", DEANERY, typed=f"{PASSPHRASE}\n")
    assert made.returncode == 0, made.stderr
    changed = sidedoor("keys", "passphrase", DEANERY, typed=f"{PASSPHRASE}\n{OTHER}\n")
    assert changed.returncode == 0, changed.stderr
    back = sidedoor("keys", "recover", DEANERY, typed=f"{code_in(changed.stdout)}\n{PASSPHRASE}\n")
    assert back.returncode == 0, back.stderr
    turned = sidedoor("keys", "rotate", DEANERY, typed=f"{PASSPHRASE}\n")
    assert turned.returncode == 0, turned.stderr
    listed = sidedoor("keys", "list").stdout
    assert [line.split()[:2] for line in listed.splitlines()] == [
        [DEANERY, "active"],
        [DEANERY, "old"],
    ]
    assert sidedoor("referrals", "sweep").stdout == "0 tickets and 1 keys were deleted.\n"
    engine = open_referrals(f"sqlite:///{tmp_path / 'data' / 'referrals.db'}")
    with engine.connect() as connection:
        assert connection.execute(select(unit_keys.c.state)).all() == [("active",)]
    everything = made.stdout + changed.stdout + back.stdout + turned.stdout
    assert PASSPHRASE not in everything
    assert OTHER not in everything


def test_what_is_done_to_a_key_at_the_command_line_is_in_the_audit_log(sidedoor, tmp_path):
    made = sidedoor("keys", "create", DEANERY, typed=f"{PASSPHRASE}\n")
    sidedoor("keys", "rotate", DEANERY, typed=f"{OTHER}\n")
    sidedoor("keys", "rotate", DEANERY, typed=f"{PASSPHRASE}\n")
    changed = sidedoor("keys", "passphrase", DEANERY, typed=f"{PASSPHRASE}\n{OTHER}\n")
    code = code_in(changed.stdout)
    sidedoor("keys", "recover", DEANERY, typed=f"{code}\n{PASSPHRASE}\n")
    sidedoor("keys", "create", DEANERY, "--lost", typed=f"{OTHER}\n")
    sidedoor("keys", "list")
    path = tmp_path / "data" / "staff.db"
    log = Audit(open_staff_database(f"sqlite:///{path}")).latest()
    assert {entry.who for entry in log} == {COMMAND_LINE}
    assert [(entry.what, entry.outcome) for entry in reversed(log)] == [
        (f"sidedoor keys {what}", outcome)
        for what, ended in (
            ("create wales", "done"),
            ("rotate wales", "refused"),
            ("rotate wales", "done"),
            ("passphrase wales", "done"),
            ("recover wales", "done"),
            ("create wales --lost", "done"),
        )
        for outcome in ("begun", ended)
    ]
    held = path.read_bytes()
    for secret in (PASSPHRASE, OTHER, code, code_in(made.stdout)):
        assert secret.encode() not in held


def test_a_key_is_not_changed_while_the_audit_log_cannot_be_written(sidedoor, tmp_path):
    sidedoor("keys", "create", DEANERY, typed=f"{PASSPHRASE}\n")
    engine = open_staff_database(f"sqlite:///{tmp_path / 'data' / 'staff.db'}")
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE audit")
    done = sidedoor("keys", "rotate", DEANERY, typed=f"{PASSPHRASE}\n")
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert len(sidedoor("keys", "list").stdout.splitlines()) == 1


@pytest.mark.parametrize(
    ("command", "typed", "words"),
    [
        (("keys", "create", "atlantis"), "", "DEANERY is 'atlantis'; it must be one of"),
        (("keys", "create", DEANERY), "", "the input ended before a line with the new passphrase"),
        (("keys", "create", DEANERY), "short\n", "20 to 1000 characters"),
        (("keys", "rotate", DEANERY), f"{PASSPHRASE}\n", "wales has no key; `sidedoor keys create"),
        (("keys", "recover", DEANERY), f"x\n{PASSPHRASE}\n", "wales has no key"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(sidedoor, command, typed, words):
    done = sidedoor(*command, typed=typed)
    assert done.returncode == 2
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""


def test_the_doctor_says_who_can_be_sent_tickets(sidedoor):
    def said() -> list[str]:
        done = sidedoor("doctor", "--without-model").stdout
        return [line for line in done.splitlines() if "referrals:" in line]

    assert ["no unit has a key" in line for line in said()] == [True]
    sidedoor("keys", "create", DEANERY, typed=f"{PASSPHRASE}\n")
    assert [line.split() for line in said()] == [["ok", "referrals:", "keys", "of", DEANERY]]
    made = sidedoor("keys", "create", "north_east", typed=f"{PASSPHRASE}\n")
    assert "self_referral is none" in made.stdout
    assert any("north_east has a key, but its self_referral is none" in line for line in said())
