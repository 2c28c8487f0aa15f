"""Random conversations on both channels: none raises, loops or falls silent; risk comes first."""

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from rasa.shared.core.events import ActionExecuted

from bot.deanery import CRISIS_LINES, deaneries, signposts
from bot.referrals.desk import desk
from tests.over_http import both_channels
from tests.referral_unit import Unit
from tests.risk_phrases import EVERY_PHRASE

TOLD = (
    "im fine really, its other people who burn out",
    "everyones tired, you just get on with it",
    "i cant face going in tomorrow",
    "my consultant shouted at me in front of everyone",
    "i failed my exam again and i feel like a fraud",
    "ive been seeing occupational health and its helping",
    "i came through it and i love the job again",
    "i went part time last year",
    "a child died on my shift",
    "one of my patients killed himself",
    "my friend isnt coping, what do i do",
    "im drinking every night to sleep",
    "he touched me in theatre and nobody believed me",
    "what is the psu",
    "who would be told",
    "how do i contact them",
    "help me write a message to them",
    "i have a receipt",
    "my receipt is 1234 5678 9012 3456",
    "send it",
    "skip",
    "wessex",
    "yes",
    "no",
    "dont know",
    "not now",
    "thanks",
    "bye",
    "hello",
    "start again",
    "forget everything",
    "what dose of morphine",
    "fuck off",
    "je suis fatigué et triste au travail",
    "qwe asd zxc",
    "🙂",
)


class Walk(RuleBasedStateMachine):
    """Somebody who types and presses at random."""

    channels = None
    channel = ""

    @initialize(deanery=st.sampled_from([None, "wales", "wessex", "scotland", "northern_ireland"]))
    def arrives(self, deanery):
        """Open a conversation, in some deanery or none."""
        self.person = self.channels.somebody(self.channel, deanery)
        self.person.open()
        self.check()

    @rule(text=st.sampled_from(TOLD))
    def tells(self, text):
        """Type something ordinary."""
        self.person.say(text)
        self.check()

    @rule(text=st.text(max_size=60).filter(str.strip))
    def types_anything(self, text):
        """Type any characters at all."""
        self.person.say(text)
        self.check()

    @rule(which=st.integers(0, 11))
    def presses(self, which):
        """Press one of the buttons of the last turn, if it has any: wording differs each time."""
        if buttons := self.person.buttons:
            self.person.press_button(buttons[which % len(buttons)])
            self.check()

    @rule()
    def comes_back_after_an_hour(self):
        """Let the conversation end, and stay where one is."""
        self.channels.let_an_hour_pass()

    @rule(text=st.sampled_from(EVERY_PHRASE))
    def says_something_of_risk(self, text):
        """Whatever the state, the first bubble of the reply holds the numbers."""
        ended = self.person.tracker is None
        kept = self.person.deanery if self.channel == "web" else None  # the page's own address
        deanery = deaneries().get(kept if ended else self.person.slot("deanery"))
        bubbles = self.person.say(text)
        for number in (signposts()[key] for key in CRISIS_LINES):
            if deanery is None or deanery.nation in number.nations:
                assert number.value in bubbles[0].text
        assert "went wrong on my side" not in bubbles[0].text
        assert self.person.slot("requested_slot") is None
        self.check()

    def check(self):
        """No silence, no fault, no endless turn, short bubbles with at most one question each."""
        bubbles = self.person.seen[-1]
        assert bubbles
        assert "went wrong on my side" not in self.person.text
        assert all(b.text.strip() for b in bubbles)
        assert all(b.text.count("?") <= 1 for b in bubbles)
        assert "{" not in self.person.text
        tracker = self.person.tracker
        if tracker is not None:  # Telegram's own commands end a conversation
            last = [e for e in tracker.events if isinstance(e, ActionExecuted)][-1]
            assert last.action_name == "action_listen"


@pytest.mark.parametrize("channel", ["web", "telegram"])
@pytest.mark.parametrize("units", [(), ("wales", "wessex", "scotland")], ids=["none", "some"])
def test_random_walks(agent, loop, referrals_database, channel, units, monkeypatch):
    """With units that take sealed tickets, and without any."""

    async def no_wait(_):
        return None

    monkeypatch.setattr(desk(), "_sleep", no_wait)
    for deanery in units:
        Unit(referrals_database, deanery)
    with both_channels(agent, loop) as channels:
        Walk.channels, Walk.channel = channels, channel
        Walk.TestCase.settings = settings(
            max_examples=15,
            stateful_step_count=20,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        )
        Walk.TestCase("runTest").runTest()
