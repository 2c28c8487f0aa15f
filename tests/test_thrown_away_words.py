"""spaCy's table of words is thrown away, and recognition is the same with the next one."""

import gc

import pytest
from spacy.vocab import Vocab

from bot.nlu.language import pattern_vocabulary, read, spacy_language
from bot.privacy.lifetimes import WORDS_SECONDS
from bot.privacy.words import Words
from tests.clocks import Clock

WORD = "zqthrownaway"

TEXTS = (
    "I keep thinking about killing myself",
    "I gave ten times the dose",
    "she said she would hurt me if I told anyone",
    "I collapsed and there is blood everywhere",
    "I don't want to bother anyone",
    "I'M GOING TO END IT",
    "by e-mail",
    "im an st3 in anaesthetics and my rota is awful",
)


@pytest.fixture
def words(agent):
    """Return what throws words away, under a clock at zero, with an empty table."""
    made = Words(agent, Clock())
    made.renew()
    return made


def holders():
    """Return how many vocabularies in this process know the word."""
    gc.unfreeze()  # what is frozen is not listed
    gc.collect()
    return sum(WORD in each.strings for each in gc.get_objects() if isinstance(each, Vocab))


def sweep(agent, loop, words):
    """Sweep, and wait until the thread that recognises has done what that asks of it."""
    words.sweep()
    loop.run(agent.parse_message("ok"))


def test_messages_are_recognised_as_before(agent, loop, words):
    def recognised():
        return [loop.run(agent.parse_message(text)) for text in TEXTS]

    before = recognised()
    assert {label for data in before for label in data["harms"]}
    assert {label for data in before for label in data["signs"]}
    assert {data["risk"] for data in before} > {"none"}
    words.renew()
    assert recognised() == before


def test_a_word_is_held_for_the_time_stated_and_by_nobody_after(agent, loop, words):
    words.sweep()
    loop.run(agent.parse_message(f"im so tired {WORD}"))
    words.sweep()
    assert holders() == 1
    words._clock.now = WORDS_SECONDS - 1
    words.sweep()
    assert holders() == 1
    words._clock.now = WORDS_SECONDS
    sweep(agent, loop, words)
    assert holders() == 0


@pytest.mark.parametrize("wish", ["please delete my data and forget everything", None])
def test_once_somebody_is_to_be_forgotten_no_word_stays(person, words, wish):
    person.open()
    person.say(f"im so tired {WORD}")
    words.sweep()
    assert holders() == 1
    if wish is None:
        person.loop.run(person.agent.tracker_store.delete(person.conversation))
    else:
        person.say(wish)
    sweep(person.agent, person.loop, words)
    assert holders() == 0
    language = spacy_language()
    words.sweep()
    assert spacy_language() is language  # once is enough


def test_nothing_is_loaded_again_while_nobody_writes(words):
    language = spacy_language()
    words._clock.now = 10 * WORDS_SECONDS
    words.sweep()
    assert spacy_language() is language


def test_patterns_meet_no_words(agent, loop, words):
    before = len(pattern_vocabulary().strings)
    loop.run(agent.parse_message(f"I want to kill myself {WORD}"))
    read(WORD)
    assert len(pattern_vocabulary().strings) == before
