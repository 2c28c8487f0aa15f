"""What twenty improvised conversations found to be robotic, repetitive or pushy, and now is not."""

from dataclasses import replace

import pytest
from rasa.shared.core.events import SlotSet
from rasa.shared.core.trackers import DialogueStateTracker
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.talk import ASKS, NOT_NAMED, ActionReplyUnclear
from bot.content import responses
from bot.dialogue.memory import heard_in
from bot.dialogue.replies import (
    ABOUT,
    LISTEN_FIRST,
    MOST_DECLINES,
    NEW_FIRST,
    SUMMARY,
    SUMMARY_AFTER,
    Heard,
    Memory,
    after_safe,
    declined,
    offer_is_due,
    put_right,
    reply_to_talk,
)
from bot.dialogue.wording import Wording
from bot.nlu.taxonomy import labels

NUMBERS = "116 123"


def said(person) -> set[str]:
    """Return the names of the responses of the last turn."""
    return {name for bubble in person.seen[-1] for name in bubble.said}


def moment(name) -> dict[str, str]:
    return {"entity": "moment", "value": name}


def all_responses() -> set[str]:
    return {name for names in responses().values() for name in names}


def titles(person) -> set[str]:
    return {button.title for bubble in person.seen[-1] for button in bubble.buttons}


# A pressed choice answers the question that was asked, and stays with what was told.


def test_nobody_pressed_after_a_death_stays_with_the_death(person):
    person.open()
    while "No one, really" not in titles(person):
        person.say("my dad died three weeks ago and i'm back on the ward already")
    person.press("No one, really")
    assert "utter_pressed_alone_reflect" in said(person)
    rest = said(person) - {"utter_pressed_alone_reflect"}
    assert rest in ({"utter_concern_bereavement_trauma_ask"}, {"utter_listen_ask"})


def test_a_pressed_answer_of_its_own_needs_no_subject_before_it():
    reply = reply_to_talk(Heard(concerns=("lack_of_support",), answer="alone"), Memory())
    assert reply.bubbles[0] == ("utter_pressed_alone_reflect",)
    assert reply.memory.concerns_heard == ("lack_of_support",)


def test_asking_about_the_visa_by_a_button_is_answered(person):
    person.open()
    while "My visa" not in titles(person):
        person.say("if this goes on my record that's my training number and my visa gone")
    person.press("My visa")
    assert "utter_answer_ask_visa_support" in said(person)


# What was told is not dropped when a message names nothing.


def test_a_message_that_names_nothing_is_asked_about_what_was_told():
    told = Memory(talk_turns=1, concerns_heard=("neurodiversity",), last_ask="stage")
    first = reply_to_talk(Heard(), told)
    assert first.bubbles == (("utter_listen_reflect",), ("utter_concern_neurodiversity_ask",))
    second = reply_to_talk(Heard(), first.memory)
    assert second.bubbles == (("utter_listen_reflect",), ("utter_listen_ask",))


def test_harm_to_patients_is_not_presumed_when_nothing_was_said():
    told = Memory(talk_turns=1, concerns_heard=("patient_safety",))
    assert reply_to_talk(Heard(), told).bubbles[-1] == ("utter_listen_ask",)


def test_a_few_words_get_one_short_bubble(person):
    person.open()
    assert len(person.say("since june")) == 1


def test_whoever_is_safe_and_not_on_the_edge_is_asked_about_what_they_told():
    told = Memory(current_stage=None, concerns_heard=("exams_progression",))
    assert after_safe(told) == ("thread", "utter_concern_exams_progression_ask")
    edge = Memory(current_stage="on_the_edge", concerns_heard=("exams_progression",))
    assert after_safe(edge) == ("stage", "utter_stage_on_the_edge_ask")


@pytest.mark.parametrize(
    ("heard", "question"),
    [
        (Heard(stages=("on_the_edge",)), "utter_ask_safe_now"),
        (Heard(concerns=("career_doubt",), uneasy=True), "utter_ask_safe_gently"),
        (Heard(stages=("on_the_edge",), uneasy=True), "utter_ask_safe_now"),
    ],
)
def test_a_small_doubt_about_safety_is_asked_about_gently(heard, question):
    reply = reply_to_talk(heard, Memory())
    assert reply.bubbles[-1] == (question,)
    assert reply.memory.asked == "safe_now"


def test_a_moment_is_asked_about_by_what_it_is_about():
    message = {"text": "i missed it on the x-ray", "entities": [moment("missed_something")]}
    reply = reply_to_talk(heard_in(message), Memory())
    assert reply.bubbles == (
        ("utter_moment_missed_something_reflect",),
        ("utter_concern_error_complaint_ask",),
    )


@pytest.mark.parametrize("name", ABOUT)
def test_what_moments_are_about_is_in_the_taxonomy(name):
    assert f"utter_moment_{name}_reflect" in all_responses()
    assert ABOUT[name] in labels("concern")


# The offer waits until something new has been heard out.


@pytest.mark.parametrize(
    ("tellings", "news", "due"),
    [
        (LISTEN_FIRST, False, False),
        (LISTEN_FIRST + 1, False, True),
        (LISTEN_FIRST + 1, True, False),
        (LISTEN_FIRST + NEW_FIRST, True, False),
        (LISTEN_FIRST + NEW_FIRST + 1, True, True),
    ],
)
def test_a_new_trouble_is_heard_out_before_the_unit_is_offered(tellings, news, due):
    assert offer_is_due(Memory(talk_turns=tellings), news) == due


def test_telling_something_new_puts_the_offer_off():
    told = Memory(talk_turns=2, concerns_heard=("workload",))
    assert reply_to_talk(Heard(concerns=("money",)), told).memory.asked == "open"
    assert reply_to_talk(Heard(concerns=("workload",)), told).memory.asked == "information"


# Asking what the unit is, in answer to the offer and out of the blue.


def until_offered(person):
    for _ in range(6):
        person.say("the rota is awful and im exhausted after nights")
        if person.slot("asked") == "information":
            return
    raise AssertionError("nothing was offered")


def test_asking_about_the_unit_when_it_was_offered_takes_the_offer_up(person):
    person.open()
    until_offered(person)
    person.say("ok tell me about this unit")
    assert said(person) == {"utter_about_unit", "utter_offer_contact"}
    person.say("yes")
    assert person.slot("requested_slot") == "deanery"


def test_yes_after_asking_about_the_unit_in_the_middle_of_talk_is_not_lost(person):
    person.open()
    person.say("im exhausted after nights and never sleep properly")
    person.say("ok tell me about this unit")
    assert "utter_offer_contact" in said(person)
    person.say("yes")
    assert person.slot("requested_slot") == "deanery"


def test_what_the_unit_is_is_not_offered_to_somebody_who_was_told():
    told = Memory(talk_turns=4, concerns_heard=("workload",), unit_told=True)
    reply = reply_to_talk(Heard(concerns=("workload",)), told)
    assert reply.bubbles[-1] == ("utter_offer_known_unit",)
    assert reply.memory.asked == "contact"


def test_what_was_heard_is_summed_up_late_and_where_the_message_itself_tells_something():
    told = Memory(
        turn=9,
        talk_turns=SUMMARY_AFTER - 1,
        no_offer_before_turn=99,
        concerns_heard=("workload", "money"),
        concerns_stated=("workload", "money"),
    )
    summed = reply_to_talk(Heard(concerns=("money",)), told)
    assert summed.bubbles[-1] == ("utter_summary",)
    early = replace(told, talk_turns=SUMMARY_AFTER - 2)
    assert reply_to_talk(Heard(concerns=("money",)), early).bubbles[-1] != ("utter_summary",)
    vague = reply_to_talk(Heard(patterns=("minimising",)), told)
    assert vague.bubbles[-1] != ("utter_summary",)


@pytest.mark.parametrize("moment", ["paperwork_behind", "urged_to_talk"])
def test_what_has_words_of_its_own_is_not_asked_about_as_an_exam_or_a_home(moment):
    heard = Heard(moments=(moment,), concerns=("exams_progression",), stages=("denial",))
    reply = reply_to_talk(heard, Memory())
    assert [name for bubble in reply.bubbles for name in bubble] == [
        f"utter_moment_{moment}_{part}" for part in ("reflect", "affirm", "ask")
    ]


# Questions: answered as they were meant, or owned not to be known.


def test_a_run_of_questions_is_not_followed_by_the_same_question_each_time(person):
    person.open()
    person.say("does it cost anything")
    assert any(name.startswith("utter_return") for name in said(person))
    person.say("what happens at the first contact")
    assert not any(name.startswith("utter_return") for name in said(person))


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("does going part time count against me at arcp", "utter_answer_ask_part_time_arcp"),
        ("can they see this on the hospital wifi", "utter_answer_kept_network"),
        ("can my trust see that i opened this page", "utter_answer_kept_network"),
        ("will the home office be told if i contact the psu", "utter_answer_told_home_office"),
    ],
)
def test_a_question_about_one_thing_gets_the_answer_about_that_thing(person, text, answer):
    person.open()
    person.say(text)
    assert answer in said(person)


def unsure(loop, ranking):
    """Return what is said to a message that the fallback took, by its ranking of intents."""
    tracker = Tracker("somebody", {}, {"intent_ranking": ranking}, [], False, None, {}, "listen")
    dispatcher = CollectingDispatcher()
    loop.run(ActionReplyUnclear().run(dispatcher, tracker, {}))
    return dispatcher.messages


def ranked(*names):
    return [{"name": name, "confidence": 0.2} for name in names]


def test_an_unsure_question_names_those_that_may_be_meant(loop):
    (message,) = unsure(loop, ranked("nlu_fallback", "ask_cost", "share", "ask_how_soon"))
    assert message["response"] == "utter_which_question"
    assert message["choices"] == ["ask_cost", "ask_how_soon", "none_of_these"]


@pytest.mark.parametrize("names", [("ask_cost", "deny"), ("deny", "ask_cost", "ask_how_soon")])
def test_what_is_likely_no_question_or_one_alone_is_not_guessed_at(loop, names):
    (message,) = unsure(loop, ranked("nlu_fallback", *names))
    assert message["response"] == "utter_unclear"


def test_only_the_questions_named_are_choices(agent, loop):
    tracker = DialogueStateTracker("somebody", agent.domain.slots)
    choices = ["ask_cost", "none_of_these"]
    bubble = loop.run(
        Wording(domain=agent.domain).generate(
            "utter_which_question", tracker, "test", choices=choices
        )
    )
    assert [b["payload"] for b in bubble["buttons"]] == ["/ask_cost", "/none_of_these"]


def test_every_question_that_is_answered_can_be_named(agent):
    for variant in Wording(domain=agent.domain).responses["utter_which_question"]:
        named = {button["payload"].lstrip("/") for button in variant["buttons"]}
        asked = {i for i in agent.domain.intents if i.startswith(ASKS)} - {*NOT_NAMED}
        assert named == asked | {"none_of_these"}


def test_what_a_unit_says_of_whom_it_tells_is_said_once(person_in):
    person = person_in("wales")
    person.open()
    person.say("would my supervisor be told if i went to the psu")
    assert "utter_local_fact_told" in said(person)
    person.say("and would the arcp panel know")
    assert "utter_answer_told_arcp" in said(person)
    assert "utter_local_fact_told" not in said(person)


# People are met where they come from.


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("someone gave me this link, not sure i need it", "sent_by_somebody"),
        ("my friend used this and told me to try it", "sent_by_somebody"),
        ("just came back to say thank you, im doing well", "came_to_say_thanks"),
        ("i keep checking the ampoules three times", "checking_again"),
        ("i dont know. is it my fault", "my_fault"),
    ],
)
def test_what_somebody_came_with_is_taken_up(person, text, moment):
    person.open()
    person.say(text)
    assert f"utter_moment_{moment}_reflect" in said(person)


@pytest.mark.parametrize(
    "text",
    ["someone to talk to", "i'd like somebody to talk to", "how do i talk to someone about it"],
)
def test_wanting_somebody_to_talk_to_is_not_a_crisis(person, text):
    person.open()
    person.say(text)
    assert person.slot("crisis") == "no"


def test_someone_to_talk_to_answers_the_form_and_the_next_answer_too(person):
    person.open()
    person.say("can you help me write a message to send them")
    person.say("the rota mostly")
    person.say("someone to talk to")
    assert person.slot("crisis") == "no"
    person.say("email")
    assert "by e-mail" in person.text
    assert "talk it through" in person.text


def test_a_complaint_leaves_a_form(person):
    person.open()
    person.say("how do i contact the psu")
    person.say("you did it again, you're not following me")
    assert "utter_ask_deanery" not in said(person)
    assert person.slot("requested_slot") is None


@pytest.mark.parametrize(
    "text",
    [
        "i don't trust chatbots, you all churn out the same stuff",
        "you did it again, you're not following me",
    ],
)
def test_a_complaint_about_the_talk_is_owned(person, text):
    person.open()
    person.say("the rota is awful")
    person.say(text)
    assert "utter_answer_object_to_bot" in said(person)


def test_that_it_has_nothing_to_do_with_what_was_said_is_owned(person):
    person.open()
    person.say("the rota is awful")
    person.say("that's got nothing to do with what i said")
    assert "utter_had_that_wrong" in said(person)


@pytest.mark.parametrize(
    "text",
    [
        "nobody at home, just me and a rude cat",
        "the cat knocks my tea over",
        "ok bye, keep up the good work",
        "he'd say don't fuss",
    ],
)
def test_an_ordinary_answer_is_taken_for_no_danger(person, text):
    person.open()
    person.say("the rota is awful and im exhausted")
    person.say(text)
    assert NUMBERS not in person.seen[-1][0].text or "utter_step_talked" in said(person)
    assert not any(name.startswith(("utter_route", "utter_crisis")) for name in said(person))


def test_small_talk_in_the_middle_of_talk_is_part_of_it(person):
    person.open()
    person.say("my wife left in march and i go home to an empty flat")
    person.say("well the kitchen is very tidy these days")
    assert not any(name.startswith("utter_act_smalltalk") for name in said(person))


def test_im_all_right_is_not_told_to_go_on(person):
    person.open()
    person.say("my flatmate isnt coping, what do i do")
    person.press("I'm all right")
    assert said(person) == {"utter_act_all_right"}


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("nobody knows", "alone"),
        ("since august", "long"),
        ("third time", "again"),
        ("just my partner knows", "one_person"),
    ],
)
def test_a_few_words_that_answer_stay_with_the_subject(person, words, answer):
    person.open()
    person.say("i failed my mrcp again and i can't face the portfolio")
    heard = person.slot("concerns_heard")
    person.say(words)
    assert f"utter_pressed_{answer}_reflect" in said(person)
    assert person.slot("concerns_heard") == heard
    assert "?" in person.text


@pytest.mark.parametrize("maybe", ["ok maybe", "i don't know", "hmm not sure"])
def test_maybe_to_an_offer_is_met_once_with_what_it_costs(person, maybe):
    person.open()
    until_offered(person)
    offered = person.slot("asked")
    person.say(maybe)
    assert [b.title for b in person.seen[-1][-1].buttons][1:] in (
        ["Leave it for now"],
        ["Another time"],
    )
    assert person.slot("asked") == offered == "information"
    person.say(maybe)
    assert person.slot("asked") == "open"
    assert "utter_not_now" in said(person)


def test_maybe_to_looking_at_ones_deanery_leaves_the_choice(person):
    person.open()
    person.say("does my ES find out")
    assert person.slot("asked") == "deanery"
    person.say("ok maybe")
    assert "?" in person.text
    person.press(person.seen[-1][-1].buttons[0].title)
    assert person.slot("requested_slot") == "deanery"


def test_an_offer_after_maybe_is_taken_with_a_yes(person):
    person.open()
    until_offered(person)
    person.say("maybe")
    person.say("yes ok")
    assert "utter_about_unit" in said(person)


@pytest.mark.parametrize(
    "said_before", [("how do i get in touch with the psu",), ("does my ES find out", "yes")]
)
@pytest.mark.parametrize("yes", ["yeah ok", "yeah go on then", "yes please"])
def test_yes_to_which_deanery_asks_for_it_once_more(person, said_before, yes):
    person.open()
    for text in said_before:
        person.say(text)
    assert person.slot("requested_slot") == "deanery"
    bubbles = person.say(yes)
    assert len(bubbles) == 1
    assert "Show the list" in [button.title for button in bubbles[0].buttons]
    person.press("Show the list")
    assert "Wales" in [button.title for button in person.seen[-1][0].buttons]
    person.press("Wales")
    assert person.slot("requested_slot") is None


# No more offers


def declined_twice(person):
    """Turn two offers down."""
    for _ in range(2):
        set_asked(person, "information")
        person.say("no thanks")


def set_asked(person, asked):
    """Bring somebody to where something was offered."""
    tracker = person.loop.run(person.agent.tracker_store.retrieve(person.conversation))
    tracker.update(SlotSet("asked", asked))
    person.loop.run(person.agent.tracker_store.save(tracker))


def test_after_two_refusals_the_unit_is_not_offered_again():
    memory = Memory(turn=40, talk_turns=9)
    assert offer_is_due(memory, news=False)
    once = declined(replace(memory, asked="information"))
    twice = declined(replace(once, asked="contact"))
    assert offer_is_due(replace(once, turn=60), news=False)
    assert not offer_is_due(replace(twice, turn=600), news=False)


def test_a_no_where_nothing_was_offered_is_not_counted():
    memory = Memory(turn=40, talk_turns=9)
    assert declined(replace(memory, asked="open")).declines == 0


def test_the_second_no_is_acknowledged(person):
    person.open()
    declined_twice(person)
    assert "utter_no_more_offers" in said(person)


@pytest.mark.parametrize(
    "words",
    [
        "please stop offering me that unit, ive said no",
        "not for me thanks",
        "ive said no",
        "I already told you no",
        "please don't suggest the psu again",
        "no more offers please",
    ],
)
def test_who_wants_no_more_offers_is_heard_for_good(person, words):
    person.open()
    person.say("the rota is awful")
    person.say(words)
    assert "utter_no_more_offers" in said(person)
    assert person.slot("declines") >= MOST_DECLINES


@pytest.mark.parametrize(
    "words",
    [
        "I was on the unit all night",
        "I said no to the extra shift and he shouted",
        "he never offers anybody a break on the unit",
        "my consultant said no",
        "is it not for me to decide",
    ],
)
def test_words_about_another_no_or_unit_stop_no_offers(person, words):
    person.open()
    person.say(words)
    assert person.slot("declines") == 0


def test_asked_for_it_is_still_there(person_in):
    person = person_in("wales")
    person.open()
    person.say("please stop offering me that unit, ive said no")
    person.say("how do i contact the psu")
    assert "heiw.nhs.wales" in person.text


# The message to copy, only when it was meant


@pytest.mark.parametrize(
    "words",
    [
        "what do i say to my TPD tomorrow",
        "what do i say when i visit",
        "i cant ring the ward, what would i even say",
        "how do i put it to my consultant",
        "i wouldn't know what to say to her",
    ],
)
def test_words_for_somebody_else_begin_no_message(person, words):
    person.open()
    person.say_as(words, intent={"name": "want_message", "confidence": 0.9})
    assert "utter_ask_wording" in said(person)
    assert person.slot("requested_slot") is None


def test_after_asking_yes_begins_the_message_and_no_goes_on(person):
    person.open()
    person.say_as("what would i say", intent={"name": "want_message", "confidence": 0.9})
    person.say("no")
    assert person.slot("requested_slot") is None
    assert "utter_come_back" not in said(person)
    person.say_as("what would i say", intent={"name": "want_message", "confidence": 0.9})
    person.say("yes")
    assert person.slot("requested_slot") == "message_about"


@pytest.mark.parametrize(
    "words",
    ["help me write something to the unit", "can you draft an email", "help me word it to them"],
)
def test_who_names_the_unit_or_a_message_gets_it_at_once(person, words):
    person.open()
    person.say_as(words, intent={"name": "want_message", "confidence": 0.9})
    assert person.slot("requested_slot") == "message_about"


@pytest.mark.parametrize(
    "words", ["i didnt ask for a message", "I don't want a message", "no message please"]
)
def test_a_message_that_was_not_asked_for_is_left(person, words):
    person.open()
    person.say("can you help me write a message to send them")
    person.say(words)
    assert person.slot("requested_slot") is None


def test_in_the_middle_of_the_message_nothing_is_offered(person):
    person.open()
    for words in ("my rota is awful", "exams are going badly", "my boss is never there"):
        person.say(words)
    person.say("can you help me write a message to send them")
    for words in ("stuff at work mainly", "coaching", "email is best, i can't pick up on shift"):
        person.say(words)
        assert not any(name.startswith("utter_offer") for name in said(person))
    assert "by e-mail" in person.text


def test_told_beside_the_message_is_taken_up_without_an_offer(person):
    person.open()
    for words in ("my rota is awful", "exams are going badly", "my boss is never there"):
        person.say(words)
    person.say("can you help me write a message to send them")
    person.say("I have been sleeping four hours a night since the new rota came in August")
    assert not any(name.startswith("utter_offer") for name in said(person))
    assert person.slot("requested_slot") == "message_about"


@pytest.mark.parametrize("words", ["ok ill send it tomorrow. night", "not now", "later"])
def test_not_now_after_the_message_ends_with_it(person, words):
    person.open()
    person.say("can you help me write a message to send them")
    for answer in ("stuff at work mainly", "coaching", "email"):
        person.say(answer)
    person.say_as(words, intent={"name": "not_now", "confidence": 0.9})
    assert "utter_step_message" in said(person)


# Where they are


@pytest.mark.parametrize(
    ("words", "deanery"),
    [
        ("im an f2 in london and the nights are killing my sleep", "london_kss"),
        ("wales. cant keep up with the workload", "wales"),
        ("I work on a ward in cardiff and everybody shouts", "wales"),
        ("my sister is in wales and never calls", None),
        ("I failed my exam in cardiff", None),
    ],
)
def test_a_deanery_that_is_told_in_passing_is_kept(person, words, deanery):
    person.open()
    person.say_as(words, intent={"name": "share", "confidence": 0.9})
    assert person.slot("deanery") == deanery


# What is said back is what was said, and a correction is owned and kept.


def message(text, *concerns, named=(), signs=(), entities=()):
    """Return parse data of which `concerns` were recognised."""
    return {
        "text": text,
        "signals": {"concern": list(concerns)},
        "named": list(named),
        "signs": list(signs),
        "entities": list(entities),
    }


def test_what_is_only_recognised_is_not_stated():
    guess = heard_in(message("it all runs together", "sleep_fatigue"))
    assert (guess.concerns, guess.stated) == (("sleep_fatigue",), ())
    named = heard_in(message("I can't sleep", "sleep_fatigue", named=["sleep_fatigue"]))
    assert named.stated == ("sleep_fatigue",)
    assert heard_in(message("", entities=[{"entity": "concern", "value": "money"}])).stated
    assert heard_in(message("failed", entities=[moment("failed_exam")])).stated


def test_a_summary_names_what_was_stated_and_no_guess():
    quiet = Memory(talk_turns=SUMMARY_AFTER, turn=SUMMARY_AFTER, no_offer_before_turn=20)
    guessed = replace(quiet, concerns_heard=("money", "bullying", "workload"))
    told = Heard(concerns=("workload",))
    assert reply_to_talk(told, guessed).memory.last_ask != SUMMARY
    stated = replace(guessed, concerns_stated=("money", "workload"))
    reply = reply_to_talk(told, stated)
    assert reply.bubbles[-1] == ("utter_summary",)
    assert reply.named_concerns == ("money", "workload")


def test_what_the_summary_got_wrong_is_dropped_and_not_taken_up_again():
    named = ("money", "workload")
    summed = Memory(
        talk_turns=6, last_ask=SUMMARY, concerns_heard=named, concerns_stated=named, turn=6
    )
    reply = put_right(Heard(), summed)
    assert reply.bubbles == (("utter_had_that_wrong", "utter_what_is_it_about"),)
    assert reply.memory.concerns_heard == reply.memory.concerns_stated == ()
    later = replace(reply.memory, no_offer_before_turn=20)
    again = reply_to_talk(Heard(concerns=("money",)), later)
    assert again.memory.concerns_heard == ()
    meant = reply_to_talk(Heard(concerns=("money",), stated=("money",)), later)
    assert meant.memory.concerns_heard == ("money",)
    assert "money" not in meant.memory.concerns_denied


def test_a_doubt_about_safety_beside_a_correction_is_asked_about():
    told = Memory(talk_turns=2, concerns_heard=("money",))
    assert put_right(Heard(uneasy=True), told).bubbles[-1] == ("utter_ask_safe_gently",)


def test_a_correction_that_says_what_it_is_about_is_owned_and_gone_on_with():
    named = ("money", "workload")
    summed = Memory(talk_turns=6, last_ask=SUMMARY, concerns_heard=named, concerns_stated=named)
    heard = Heard(concerns=("workload", "bullying"), stated=("bullying",))
    reply = put_right(heard, replace(summed, no_offer_before_turn=20))
    assert reply.bubbles[0] == ("utter_had_that_wrong",)
    assert reply.bubbles[1][0] == "utter_concern_bullying_reflect"
    assert reply.memory.concerns_heard == ("bullying",)


def test_no_that_is_not_what_it_is_about_is_owned_in_talk(person):
    person.open()
    person.say("the rota is awful and I never sleep")
    person.say_as("that's not what it's about", signals={})
    assert "utter_had_that_wrong" in said(person)
    assert "utter_taken_as_meant" not in said(person)


@pytest.mark.parametrize("when", ["in the form", "after it"])
def test_what_the_message_is_about_is_put_right(person, when):
    person.open()
    person.say("can you help me write a message to send them")
    person.say("stuff at work mainly")
    if when == "after it":
        person.say("coaching")
        person.say("email")
    person.say_as("that's not what it's about", intent={"name": "share", "confidence": 0.9})
    assert "utter_had_that_wrong" in said(person)
    assert person.slot("requested_slot") == "message_about"
    assert person.slot("message_about") is None


# An exam is not a portfolio.


@pytest.mark.parametrize(
    ("named", "moments", "sitting"),
    [
        (["exam", "exams_progression"], [], "exam"),
        (["panel", "exams_progression"], [], "panel"),
        (["exam", "panel", "exams_progression"], [], None),
        (["exam", "panel", "exams_progression"], ["failed_exam"], "exam"),
        (["panel"], ["failed_arcp"], "panel"),
        ([], [], None),
    ],
)
def test_the_words_say_whether_it_is_an_exam_or_a_panel(named, moments, sitting):
    told = message("…", "exams_progression", named=named, entities=map(moment, moments))
    assert heard_in({**told, "entities": list(map(moment, moments))}).sitting == sitting


def test_an_exam_is_asked_about_as_one_also_later():
    first = reply_to_talk(Heard(concerns=("exams_progression",), sitting="exam"), Memory())
    assert first.bubbles == (("utter_concern_exam_reflect",), ("utter_concern_exam_ask",))
    later = reply_to_talk(Heard(), replace(first.memory, last_ask="listen"))
    assert later.bubbles[-1] == ("utter_concern_exam_ask",)
    panel = reply_to_talk(Heard(concerns=("exams_progression",), sitting="panel"), later.memory)
    assert panel.bubbles[0] == ("utter_concern_panel_reflect",)
    plain = reply_to_talk(Heard(concerns=("exams_progression",)), Memory())
    assert plain.bubbles[0] == ("utter_concern_exams_progression_reflect",)


# A loss, a closed file and a pet name are what they are.


def test_a_stillbirth_is_a_loss_before_anything_else():
    told = message(
        "had a stillbirth", "error_complaint", "physical_health", signs=["lost_pregnancy"]
    )
    assert heard_in(told).concerns == ("bereavement_trauma", "physical_health")
    erred = {**told, "named": ["error_complaint"]}
    assert "error_complaint" in heard_in(erred).concerns


def test_a_file_that_the_unit_closed_is_no_complaint():
    told = message("they closed my case", "error_complaint", entities=[moment("unit_closed")])
    heard = heard_in(told)
    assert heard.concerns == ()
    reply = reply_to_talk(heard, Memory())
    assert reply.bubbles[0] == (
        "utter_moment_unit_closed_reflect",
        "utter_moment_unit_closed_affirm",
    )
    assert reply.bubbles[1] == ("utter_moment_unit_closed_ask",)
    gmc = {**told, "named": ["error_complaint"]}
    assert heard_in(gmc).moments == ()
    assert heard_in(gmc).concerns == ("error_complaint",)


def test_a_pet_name_is_met_as_sexism():
    told = message("he calls me darling", "bullying", signs=["pet_name"])
    assert heard_in(told).concerns == ("discrimination",)
    shouted = {**told, "named": ["bullying"]}
    assert heard_in(shouted).concerns == ("discrimination", "bullying")
