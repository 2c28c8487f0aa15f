"""The program, killed with -9 between writing a ticket and noting that its sender was told.

With Redis their conversation goes on: they are told with their next message, with a receipt in
place of one that perhaps nobody saw. Without, it has ended: they hand over anew, and the unit is
told of the first one.
"""

import contextlib
import sys
import time

import httpx
import pytest

from bot.paths import ROOT
from bot.referrals.receipts import read_receipt
from tests.program import start_program
from tests.referral_unit import Unit
from tests.referrals import DEANERY, cheap_database
from tests.test_referral_channels import NOTE, refer_on
from tests.test_web_channel import Page

PATIENCE = 30
"""Seconds for which it is waited that something is noted after it was answered."""


class Service:
    """The program that is killed, and started again on the same data."""

    def __init__(self, folder, redis=""):
        """Make the unit's key, and start."""
        (folder / "data").mkdir(parents=True)
        self.unit = Unit(cheap_database(f"sqlite:///{folder / 'data' / 'referrals.db'}"))
        self.folder, self.kill = folder, folder / "kill"
        self.settings = {
            "KILL_FILE": str(self.kill),
            "PYTHONPATH": str(ROOT),
            "SIDEDOOR_REDIS_URL": redis,
            "SIDEDOOR_DATA": str(folder / "data"),
        }
        self.start()

    def start(self):
        """Start it."""
        place = self.folder / f"start-{len(list(self.folder.glob('start-*')))}"
        place.mkdir()
        command = (sys.executable, str(ROOT / "tests" / "killed_program.py"))
        self.program = start_program(place, *command, settings=self.settings)
        self.browser = self.program.client()

    def start_again(self):
        """Start it again, after it was killed and not to be killed any more."""
        assert self.program.process.wait(60) == -9
        self.kill.unlink()
        self.browser.close()
        self.start()

    def stop(self):
        """Stop it."""
        self.browser.close()
        if self.program.process.poll() is None:
            self.program.stop()


@pytest.fixture
def serve(tmp_path):
    """Return a maker of services."""
    made = []

    def make(**more):
        made.append(Service(tmp_path / "service", **more))
        return made[0]

    yield make
    for service in made:
        service.stop()


def send_and_be_killed(service, at) -> Page:
    """Return the page of somebody who sent a ticket, and whose program was killed at a step."""
    service.kill.write_text(at)
    page = refer_on(Page(service.browser).start(deanery=DEANERY), NOTE)
    with contextlib.suppress(httpx.TransportError):
        page.press("Send it")
    service.start_again()
    page.browser = service.browser
    return page


def wait_until_told(service, unshown):
    """Wait until the unit has so many tickets of which it is not noted that it was told."""
    give_up = time.monotonic() + PATIENCE
    while time.monotonic() < give_up:
        if sum(ticket.unshown for ticket in service.unit.tickets()) == unshown:
            return
        time.sleep(0.05)


def the_ticket(service):
    (ticket,) = service.unit.tickets()
    return ticket


def test_without_redis_they_are_told_that_it_ended_and_the_unit_that_nobody_has_the_receipt(serve):
    service = serve()
    page = send_and_be_killed(service, "stored")
    lost = the_ticket(service)
    assert (lost.note, lost.unshown, lost.answerable) == (NOTE, True, False)
    answer = page.send(text="did it go?")
    assert (answer.status_code, answer.json()) == (410, {"error": "conversation_ended"})
    receipt = read_receipt(refer_on(page.start(deanery=DEANERY), NOTE).press("Send it"))
    wait_until_told(service, 1)
    lost, kept = sorted(service.unit.tickets(), key=lambda ticket: ticket.answerable)
    assert (lost.unshown, kept.unshown, kept.answerable) == (True, False, True)
    service.unit.inbox.close(service.unit.unlocked, lost.id)
    service.unit.answer("We had it once")
    assert "We had it once" in page.say(receipt)


def test_with_redis_the_next_message_shows_a_receipt_that_opens_the_only_ticket(
    serve, running_redis
):
    """One program after the other, as each start takes long."""
    service = serve(redis=running_redis.url)
    for at, words in (
        ("written", "send it"),  # the turn was not stored: the summary waits for an answer still
        ("stored", "did it go?"),
        ("told", "what happened there"),
    ):
        page = send_and_be_killed(service, at)
        assert the_ticket(service).unshown, at
        receipt = read_receipt(page.say(words))
        wait_until_told(service, 0)
        ticket = the_ticket(service)
        assert (ticket.note, ticket.unshown, ticket.answerable) == (NOTE, False, True), at
        service.unit.answer("We had it once")
        assert "We had it once" in page.say(receipt), at
        page.press("End it for good")
        page.press("Yes, end it")
        assert service.unit.tickets() == [], at
