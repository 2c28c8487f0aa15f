"""Words are thrown away now and then, with the language that met them; nothing is missed after."""

from bot.nlu.language import read, spacy_language
from bot.privacy.words import Words


def test_everything_is_recognised_after_the_words_were_thrown_away(agent, person):
    Words(agent).renew()
    person.say("i want to kill myself tonight")
    assert person.seen[-1][0].said[0].startswith("utter_crisis_")
    person.say("id rather not ring anyone, they would tell the GMC")
    assert person.seen[-1][0].said[0].startswith("utter_crisis_")


def test_a_harm_and_a_typed_choice_are_recognised_after_it_too(agent, person):
    Words(agent).renew()
    person.say("my consultant keeps touching me and i told him no")
    assert "utter_action_failed" not in {n for b in person.seen[-1] for n in b.said}
    assert person.seen[-1][0].said
    person.say("email me")
    assert person.seen[-1][0].said


def test_nothing_of_the_old_table_is_held(agent):
    read("qzxw is a word that nobody wrote before")
    old = spacy_language().vocab.strings
    assert "qzxw" in old
    Words(agent).renew()
    assert spacy_language().vocab.strings is not old
    assert "qzxw" not in spacy_language().vocab.strings
