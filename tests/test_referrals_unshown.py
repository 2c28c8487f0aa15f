"""The program, killed with -9 when a ticket was written and its sender not yet answered.

With Redis their conversation goes on, and sending again replaces the ticket whose receipt nobody
saw. Without, it has ended: they hand over anew, and the unit is told of the first one.
"""

import sys

import httpx
import pytest

from bot.paths import ROOT
from bot.referrals.receipts import read_receipt
from tests.program import start_program
from tests.referral_unit import Unit
from tests.referrals import DEANERY, cheap_database
from tests.test_referral_channels import NOTE, refer_on
from tests.test_web_channel import Page


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
        self.kill.touch()
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


def send_and_be_killed(service) -> Page:
    """Return the page of somebody who sent a ticket and was not answered."""
    page = refer_on(Page(service.browser).start(deanery=DEANERY), NOTE)
    with pytest.raises(httpx.TransportError):
        page.press("Send it")
    service.start_again()
    page.browser = service.browser
    (ticket,) = service.unit.tickets()
    assert (ticket.note, ticket.unshown, ticket.answerable) == (NOTE, True, False)
    return page


def test_without_redis_they_are_told_that_it_ended_and_the_unit_that_nobody_has_the_receipt(serve):
    service = serve()
    page = send_and_be_killed(service)
    answer = page.send(text="did it go?")
    assert (answer.status_code, answer.json()) == (410, {"error": "conversation_ended"})
    receipt = read_receipt(refer_on(page.start(deanery=DEANERY), NOTE).press("Send it"))
    lost, kept = sorted(service.unit.tickets(), key=lambda ticket: ticket.answerable)
    assert (lost.unshown, kept.unshown, kept.answerable) == (True, False, True)
    service.unit.inbox.close(service.unit.unlocked, lost.id)
    service.unit.answer("We had it once")
    assert "We had it once" in page.say(receipt)


def test_with_redis_sending_again_replaces_it_and_shows_a_receipt(serve, running_redis):
    service = serve(redis=running_redis.url)
    page = send_and_be_killed(service)
    receipt = read_receipt(page.say("send it"))
    (ticket,) = service.unit.tickets()
    assert (ticket.unshown, ticket.answerable) == (False, True)
    service.unit.answer("We had it once")
    assert "We had it once" in page.say(receipt)
