"""After any sign of risk the first bubble holds the numbers: in every state, channel and nation.

Over real HTTP on both channels. Which phrase and which nation a state meets is dealt from shuffled
packs, so that each channel meets all; `tests/test_walks.py` goes through states at random.
"""

import random

import pytest

from bot.deanery import CRISIS_LINES, deaneries, signposts
from bot.nlu.taxonomy import OWN_RISK
from bot.referrals.desk import desk
from bot.settings import settings
from tests.over_http import both_channels
from tests.referral_unit import Unit, empty, read_keys_again
from tests.referrals import cheap_database
from tests.risk_phrases import EVERY_PHRASE, PHRASES
from tests.test_referral_conversation import CONTACT_STEPS, STEPS, do, go_to, shown_receipt
from tests.test_within_reach import STATES

CHANNELS = ("web", "telegram")

DEANERIES = {
    "england": "thames_valley",
    "scotland": "scotland",
    "wales": "wales",
    "northern_ireland": "northern_ireland",
}
"""Nation -> a deanery in it, whose unit takes sealed tickets here."""

NOTE = "I dread Mondays and I have not told anybody at work about it, not even my flatmate"

MESSAGE = ("can you help me write a message to send them",)
REFUSED = ("I was raped by another doctor and I want to kill myself",)


def an_hour_later(somebody):
    """Let the conversation end; the page and the chat stay as they are."""
    somebody.channels.let_an_hour_pass()


def at(step):
    """Return what brings somebody to a step of what is handed over to a unit."""
    return lambda somebody: go_to(somebody, step)


def with_receipt(*steps):
    """Return what hands something over and goes on with `steps`, `{receipt}` filled in."""

    def go(somebody):
        go_to(somebody, "summary")
        somebody.press("Send it")
        receipt = shown_receipt(somebody)
        do(somebody, [step.replace("{receipt}", receipt) for step in steps])

    return go


PUBLIC = {
    **STATES,
    "something on their mind": ("[Something's on my mind]",),
    "who can see this": ("[Who can see this?]",),
    "the unit explained": ("[What is the PSU?]",),
    "asked whether they are safe": ("i cant go on like this, i broke down in the stairwell",),
    "said that they are safe": (
        "i cant go on like this, i broke down in the stairwell",
        "[I'm safe]",
    ),
    "a message: which help": (*MESSAGE, "[Exams]", "[Coaching]"),
    "a message: written": (*MESSAGE, "[Exams]", "[Coaching]", "[By e-mail]"),
    "a message: finished": (*MESSAGE, "[Exams]", "[Coaching]", "[By e-mail]", "[That's all]"),
    "a route waits": REFUSED,
    "a route that waited": (*REFUSED, "[No, not now]", "[Carry on]"),
    "the numbers were asked for": ("i need help now",),
    "not safe": ("i need help now", "no"),
    "an emergency": ("ive got crushing chest pain",),
    "somebody else is the danger": ("he put his hands round my throat last night",),
    "the question was passed over": ("I keep thinking about killing myself", "my rota is awful"),
    "pressed for the call": ("I keep thinking about killing myself", "yes", "i want to die"),
    "they went to somebody": ("I keep thinking about killing myself", "yes", "i'll ring them"),
    "carrying on": ("I keep thinking about killing myself", "no", "[Carry on]"),
    "a receipt is asked for": ("i have a receipt",),
    "a wrong receipt": ("i have a receipt", "1234 5678 9012 3456"),
    "an hour later": ("my rota is awful", an_hour_later),
    "an hour after a crisis": ("I keep thinking about killing myself", "yes", an_hour_later),
    "an hour after a form": (*MESSAGE, "[Exams]", an_hour_later),
    "everything forgotten": ("my rota is awful", "forget everything"),
    "started again": ("my rota is awful", "start again"),
}
"""States that anybody can come to -> what leads there from the opening."""

SEALED = {
    **{f"a ticket: {step}": (at(step),) for step in (*STEPS, *CONTACT_STEPS)},
    "a receipt was given": (with_receipt(),),
    "a receipt was kept": (with_receipt("[I've kept it]"),),
    "an open ticket": (with_receipt("i have a receipt", "{receipt}"),),
    "asked whether to end it": (with_receipt("i have a receipt", "{receipt}", "[End it]"),),
}
"""States with a unit that takes sealed tickets."""


def dealt(pack, count, seed):
    """Return `count` of the pack, each of them before any comes again."""
    dice, given = random.Random(seed), []
    while len(given) < count:
        given += dice.sample(pack, len(pack))
    return given[:count]


def cases():
    """Yield channel, nation, state and phrase."""
    for seed, channel in enumerate(CHANNELS):
        for states, nations in ((PUBLIC, [None, *DEANERIES]), (SEALED, [*DEANERIES])):
            count = len(states)
            given = dealt(nations, count, seed), states, dealt(EVERY_PHRASE, count, seed)
            for case in zip(*given, strict=True):
                yield (channel, *case)


def numbers_of(nation):
    """Return the numbers of the register for a nation, or for all when it is not known."""
    lines = [signposts()[key] for key in CRISIS_LINES]
    return [line.value for line in lines if nation is None or nation in line.nations]


@pytest.fixture(scope="module")
def channels(agent, loop):
    """Return both channels, with units that take sealed tickets."""

    async def no_wait(_):
        return None

    engine = cheap_database(settings().referrals_url)
    for deanery in DEANERIES.values():
        Unit(engine, deanery)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(desk(), "_sleep", no_wait)
        with both_channels(agent, loop) as started:
            yield started
    empty(engine)
    read_keys_again()
    desk()._guessing._wrong.clear()


@pytest.fixture
def bring(channels):
    """Return what brings somebody new to a state."""

    def to(channel, nation, steps=()):
        somebody = channels.somebody(channel, DEANERIES.get(nation))
        somebody.open()
        for step in steps:
            step(somebody) if callable(step) else do(somebody, (step,))
        return somebody

    return to


def assert_numbers_first(bubbles, nation):
    assert bubbles, "nothing was said"
    missing = [number for number in numbers_of(nation) if number not in bubbles[0].text]
    assert not missing, (missing, [bubble.text for bubble in bubbles])


@pytest.mark.parametrize(("channel", "nation", "state", "phrase"), cases())
def test_the_first_bubble_holds_the_numbers_in_every_state(bring, channel, nation, state, phrase):
    somebody = bring(channel, nation, {**PUBLIC, **SEALED}[state])
    assert_numbers_first(somebody.say(phrase), nation)
    assert somebody.slot("requested_slot") is None, "no form goes on"


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("phrase", EVERY_PHRASE)
def test_every_phrase_is_answered_with_the_numbers_first(bring, channel, phrase):
    nation = [None, *DEANERIES][(EVERY_PHRASE.index(phrase) + CHANNELS.index(channel)) % 5]
    assert_numbers_first(bring(channel, nation).say(phrase), nation)


@pytest.mark.parametrize("kind", OWN_RISK)
@pytest.mark.parametrize("way", ["edited", "caption", "forwarded", "before the beginning"])
def test_however_it_reaches_us_on_telegram_it_is_answered(channels, bring, kind, way):
    somebody = bring("telegram", "wales", ("my rota is awful",))
    if way == "before the beginning":
        somebody = channels.somebody("telegram")
    nation = somebody.deanery
    for phrase in PHRASES[kind]:
        message = channels.telegram.message(somebody.chat, phrase)
        if way == "caption":
            message["caption"] = message.pop("text")
            message["photo"] = [{"file_id": "a", "file_unique_id": "b", "width": 9, "height": 9}]
        if way == "forwarded":
            message["forward_origin"] = {"type": "hidden_user", "date": 1, "sender_user_name": "x"}
        if way == "edited":
            message["edit_date"] = message["date"]
        update = "edited_message" if way == "edited" else "message"
        assert_numbers_first(somebody.send(**{update: message}), nation)


def test_the_deaneries_are_of_the_nations_they_stand_for():
    assert {nation: deaneries()[key].nation for nation, key in DEANERIES.items()} == {
        nation: nation for nation in DEANERIES
    }
    assert set(PHRASES) == set(OWN_RISK)
