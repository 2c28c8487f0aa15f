"""What trials in conversation misheard: alarms that nobody gave cause for, noes and goodbyes."""

import pytest

from bot.channels.fixed import fixed
from bot.dialogue.reading import read_in_context
from bot.dialogue.replies import MOST_DECLINES
from tests.referral_unit import Unit

WANTS = {"name": "ask_how_to_contact", "confidence": 0.95}


def doubtful(own, risk="passive_ideation"):
    """Return what is recognised when only the classifier takes a message for risk."""
    return {
        "risk": risk,
        "risk_sources": {"patterns": "none", "classifier": risk},
        "risk_scores": {"own": own, "third_party": 0.0},
    }


def told_of_another(score):
    """Return what is recognised when only the classifier takes somebody else to be at risk."""
    return {
        "risk": "third_party",
        "risk_sources": {"patterns": "none", "classifier": "third_party"},
        "risk_scores": {"own": 0.0, "third_party": score},
        "harms": [],
        "harm_sources": {"patterns": [], "classifier": [], "clear": []},
    }


def said(person):
    return {name for bubble in person.seen[-1] for name in bubble.said}


@pytest.mark.parametrize(
    "words",
    [
        "I'm coming back to work after four months off with depression",
        "I'm going to work tomorrow",
        "I'm not allowed to work extra hours on my visa",
        "I'm learning to drive",
    ],
)
def test_going_to_work_is_not_being_unfit_for_it(person, words):
    person.open()
    person.say(words)
    assert not any(name.startswith("utter_route") for name in said(person))


def test_a_small_doubt_about_a_life_now_asks_and_does_not_order(person):
    person.open()
    person.say_as("No! I am not going to type in here any more", **doubtful(0.3, "immediate"))
    assert "116 123" in person.text
    assert "utter_crisis_open_immediate" not in said(person)
    assert person.slot("crisis_kind") == "unsure"


def test_a_clear_sign_of_danger_now_is_answered_as_that(person):
    person.open()
    person.say_as("I have it here with me", **doubtful(0.9, "immediate"))
    assert "utter_crisis_open_immediate" in said(person)


def test_who_says_they_are_safe_when_asked_is_believed_unless_it_is_told_plainly(person):
    person.open()
    person.say_as("it has all been a bit much", risk_scores={"own": 0.21, "third_party": 0.0})
    if person.slot("asked") != "safe_now":
        pytest.fail(person.text)
    person.say_as("Yes I'm safe, I was talking about a complaint", **doubtful(0.25))
    assert person.slot("crisis") == "no"
    assert "utter_crisis_believed" in said(person)
    assert "116 123" in person.seen[-1][0].text


def test_who_says_they_are_safe_and_tells_of_a_wish_to_die_is_not_passed_over(person):
    person.open()
    person.say_as("it has all been a bit much", risk_scores={"own": 0.21, "third_party": 0.0})
    person.say("yes I'm safe but I want to kill myself")
    assert "116 123" in person.seen[-1][0].text
    assert person.slot("crisis") == "asked"


def test_a_doubt_that_was_put_right_is_not_raised_again_by_a_smaller_one(person):
    person.open()
    person.say_as("i just want it to stop", **doubtful(0.4))
    assert person.slot("crisis_kind") == "unsure"
    person.say("no, nobody's hurt and I'm safe, I mean the rota")
    assert person.slot("crisis") == "no"
    person.say("it is only that i hate the rota")
    person.say_as("it's them looking at me that I mind", **doubtful(0.3))
    assert person.slot("crisis") in ("no", "eased")
    assert "utter_crisis_believed" in said(person)
    person.say_as("nothing of me would be missed", **doubtful(0.85))
    assert person.slot("crisis") == "asked"


def put_a_doubt_right(person):
    person.open()
    person.say_as("i just want it over with", **doubtful(0.4))
    person.say("no, nobody's hurt and I'm safe, I mean the rota")
    assert person.slot("crisis") == "no"


def test_a_doubt_put_right_covers_the_next_turns_alone(person):
    put_a_doubt_right(person)
    for words in ("it is the rota", "my registrar is new", "the exam is in may"):
        person.say(words)
    person.say_as("them looking at me is what i mind", **doubtful(0.3))
    assert person.slot("crisis") == "asked"


@pytest.mark.parametrize(
    "words",
    [
        "i stood by the river on sunday. went home after",
        "they'd manage fine on that ward",
        "i keep looking at the drugs cupboard",
        "i mean what is the point",
        "i only meant the tablets",
        "it's about not being here",
    ],
)
def test_a_new_sign_after_a_doubt_put_right_is_asked_about(person, words):
    put_a_doubt_right(person)
    person.say_as(words, **doubtful(0.3))
    assert person.slot("crisis") == "asked"
    assert "116 123" in person.seen[-1][0].text


@pytest.mark.parametrize(
    "words", ["it's about my registrar", "i was talking about the exam", "it is the rota i dread"]
)
def test_what_was_meant_after_a_doubt_put_right_is_believed(person, words):
    put_a_doubt_right(person)
    person.say_as(words, **doubtful(0.3))
    assert "utter_crisis_believed" in said(person)
    assert person.slot("crisis") != "asked"


@pytest.mark.parametrize("risk", ["active_ideation", "immediate", "self_harm"])
def test_an_act_told_after_a_doubt_put_right_is_asked_about(person, risk):
    put_a_doubt_right(person)
    person.say_as("i stood by the river on sunday. went home after", **doubtful(0.3, risk))
    assert person.slot("crisis") == "asked"
    assert "116 123" in person.seen[-1][0].text


def test_doubts_that_are_let_pass_add_up(person):
    put_a_doubt_right(person)
    person.say_as("them looking at me is what i mind", **doubtful(0.3))
    assert "utter_crisis_believed" in said(person)
    person.say_as("nobody would miss me on there", **doubtful(0.3))
    assert person.slot("crisis") == "asked"


def test_a_doubt_is_no_coming_back_to_it(person):
    person.open()
    person.say_as("i just want it to stop", **doubtful(0.4))
    person.say_as("i said what i said about the diet", **doubtful(0.4))
    assert fixed("utter_crisis_again") not in person.text


def test_worry_that_may_be_for_a_life_is_met_without_a_script_about_suicide(person):
    person.open()
    person.say_as("She's not well and she won't stop working", **told_of_another(0.5))
    assert "999" in person.text
    assert "suicide" not in person.text
    assert person.slot("asked") == "and_you"


def test_who_puts_a_worry_right_is_believed(person):
    person.open()
    person.say_as("I think she might do something", **told_of_another(0.95))
    assert "999" in person.seen[-1][0].text
    person.say("gosh no, nothing like that. she has glandular fever or something")
    assert "utter_other_misread" in said(person)
    person.say("What can I actually say to her?")
    assert "suicide" not in person.text
    person.say("she cancelled her holiday to cover")
    assert not any(name.startswith("utter_other") for name in said(person))


def test_nobody_is_mourned_on_a_likeness(person):
    person.open()
    person.say_as("I think she might do something", **told_of_another(0.95))
    death = {"classifier": ["other_colleague_death"], "clear": ["other_colleague_death"]}
    person.say_as(
        "she cancelled her holiday to cover. she says who else will do it",
        harms=["other_colleague_death"],
        harm_sources={"patterns": [], **death},
    )
    assert "utter_other_died" not in said(person)


def test_a_complaint_is_no_error(person):
    person.open()
    clear = {"patterns": [], "classifier": ["error_today"], "clear": ["error_today"]}
    person.say_as("there's a complaint about me", harms=["error_today"], harm_sources=clear)
    assert "utter_maybe_error_today" in said(person)
    person.say("I didn't get anything wrong. The complaint says I was dismissive.")
    assert not any(name.startswith("utter_route_error") for name in said(person))


@pytest.mark.parametrize(
    "words",
    [
        "Fine, that helps a bit. I'll book with my GP, the one from uni. I'm off to bed",
        "two glasses most nights and i used to not. anyway bye",
        "I'll write to one of the registrars. Thanks I suppose. Goodnight",
    ],
)
def test_a_goodbye_at_the_end_of_a_message_is_heard(person, words):
    person.open()
    person.say("the rota is killing my evenings")
    person.say_as(words, risk="none", risk_scores={"own": 0.0, "third_party": 0.0})
    assert "utter_come_back" in said(person)
    assert person.slot("asked") == "nothing"


@pytest.mark.parametrize("words", ["no i dont want a unit", "you're rather hammering the unit"])
def test_a_no_to_the_unit_is_heard_for_long(person, words):
    person.open()
    person.say("im exhausted and nobody notices")
    person.say_as(words, intent={"name": "share", "confidence": 0.9})
    assert person.slot("declines") >= MOST_DECLINES


def test_a_question_that_begins_with_a_no_does_not_bring_the_offer_back(person):
    person.open()
    person.say("what is the psu")
    for words in ("im exhausted", "it's the rota", "nobody helps", "i cant keep up", "it goes on"):
        person.say(words)
        if person.slot("asked") in ("information", "contact"):
            break
    assert person.slot("asked") in ("information", "contact")
    person.say("no thanks. would my supervisor be told?")
    assert not {"utter_return_information", "utter_return_contact"} & said(person)


@pytest.mark.parametrize("intent", ["share", "object_to_bot"])
def test_a_question_that_was_passed_over_is_owned_up_to(person, intent):
    person.open()
    person.say("im exhausted and nobody notices")
    person.say_as("you didnt answer my question", intent={"name": intent, "confidence": 0.9})
    assert said(person) == {"utter_not_answered"}


def test_whether_somebody_could_ask_us_is_no_question_about_the_unit(person):
    person.open()
    asked = {"name": "ask_who_is_told", "confidence": 0.9}
    person.say_as("could my TPD ask you for a list of who's used it", intent=asked)
    assert "utter_answer_ask_what_is_kept" in said(person)
    person.say_as("would my TPD be told", intent=asked)
    assert "utter_answer_ask_who_is_told" in said(person)


@pytest.mark.parametrize("deanery", ["scotland", "wales", None])
@pytest.mark.parametrize("words", ["ok", "yes", "that's all", "no", "maybe", "dunno"])
@pytest.mark.parametrize("step", [0, 1, 2])
def test_a_bare_answer_within_the_message_to_copy_is_answered_once(person_in, deanery, words, step):
    person = person_in(deanery)
    person.open()
    person.say("help me write a message to them")
    for _ in range(step):
        person._ask(payload=person.seen[-1][-1].buttons[0].payload)
    assert person.slot("requested_slot")
    person.say(words)
    assert 1 <= len(person.seen[-1]) <= 3
    assert "went wrong on my side" not in person.text
    person.say("im so tired")
    assert "went wrong on my side" not in person.text
    person.say("i want to kill myself")
    assert person.slot("crisis") == "asked"


def test_a_message_that_was_offered_and_accepted_goes_on_after_ok(person_in):
    person = person_in("scotland")
    person.open()
    person.say("how do i contact the psu")
    person.press("Yes")
    assert person.slot("requested_slot") == "message_about"
    person.say("ok")
    assert len(person.seen[-1]) <= 3
    assert "went wrong on my side" not in person.text


def test_a_turn_that_is_broken_off_breaks_no_later_one(person, monkeypatch):
    person.open()
    monkeypatch.setattr(person.agent.processor, "max_number_of_predictions", 1)
    person.say("im so tired")
    monkeypatch.undo()
    person.say("would it cost anything?")
    assert "utter_answer_ask_cost" in said(person)


def test_a_deanery_that_is_named_in_the_same_breath_is_not_asked_for(person, referrals_database):
    Unit(referrals_database)
    person.open()
    person.say_as("im in wales and i want to refer myself", intent=WANTS)
    assert "utter_ask_deanery" not in said(person)
    assert person.slot("deanery") == "wales"


def test_what_a_receipt_is_says_where_there_are_none(person_in, referrals_database):
    Unit(referrals_database)
    person = person_in("scotland")
    person.open()
    person.say("what is a receipt?")
    assert "utter_receipt_not_here" in said(person)


def test_what_is_told_in_the_words_of_a_no_is_taken_up_where_nothing_was_offered(person):
    person.open()
    person.say("everyone will know why i was away")
    person.say("i dont want anything on my record")
    assert "utter_not_now" not in said(person)
    assert any(name.startswith("utter_pattern_fear_for_career") for name in said(person))
    person.say("not now")
    assert "utter_not_now" in said(person)


DENIALS = [
    "er no, not suicidal, not at work. just talking about being nervous?",
    "no, i'm at home. not suicidal, just nervous",
    "mate nobody's suicidal",
    "lol no. not suicidal in the slightest",
    "um, i'm not at all suicidal. only nerves",
    "no, nobody's suicidal here. it's only nerves",
]


@pytest.mark.parametrize("words", DENIALS)
@pytest.mark.parametrize("between", [None, "holding the crash bleep makes me feel sick"])
def test_a_plain_not_suicidal_after_a_doubt_is_thanked(person, words, between):
    person.open()
    person.say_as("i keep waiting for something to go wrong", **doubtful(0.4))
    assert person.slot("crisis_kind") == "unsure"
    if between:
        person.say(between)
    person.say(words)
    assert person.slot("crisis") in ("no", "eased")
    assert not any(name.startswith("utter_crisis_stay") for name in said(person))


@pytest.mark.parametrize(
    "words",
    [
        "not suicidal but i don't want to be here",
        "not actively suicidal, i wish i wouldn't wake up",
        "not suicidal, i'd rather be dead though",
        "i'm not suicidal, it would be easier if i was gone",
    ],
)
def test_a_not_suicidal_that_is_left_open_is_not(person, words):
    person.open()
    person.say_as("i keep waiting for something to go wrong", **doubtful(0.4))
    person.say(words)
    assert person.slot("crisis") in ("asked", "staying")


def test_no_not_suicidal_to_whether_they_are_safe_is_no_danger(person):
    person.open()
    person.say_as("it has all been a bit much", risk_scores={"own": 0.21, "third_party": 0.0})
    person.say("no no, i'm not suicidal")
    assert person.slot("crisis") == "no"
    assert "utter_crisis_misread" in said(person)


YES_AND_ON = [
    "yeah. just wanted to tell someone its possible to come out the other side",
    "yes, i only wanted to share how it went with the new post",
    "yeah so the rota came out today",
]


@pytest.mark.parametrize("words", YES_AND_ON)
def test_a_yes_that_talks_on_after_a_doubt_is_asked_again(person, words):
    person.open()
    person.say_as("i keep waiting for something to go wrong", **doubtful(0.4))
    person.say(words)
    assert not any(name.startswith("utter_crisis_yes") for name in said(person))
    assert "utter_crisis_ask_unanswered" in said(person)
    assert not person.slot("crisis_affirmed")


@pytest.mark.parametrize(
    "words",
    ["yes", "yeah most nights", "yes it is", "yeah i think about it", "yeah. i want to be dead"],
)
def test_a_yes_to_a_doubt_is_a_yes(person, words):
    person.open()
    person.say_as("i keep waiting for something to go wrong", **doubtful(0.4))
    person.say(words)
    assert "116 123" in person.text
    assert person.slot("crisis") in ("asked", "staying")
    assert "utter_crisis_ask_unanswered" not in said(person)


IMPOSTER = {"signals": {"stage": [], "pattern": ["perfectionism_imposter"], "concern": []}}


@pytest.mark.parametrize(
    "words",
    ["mate nobody's suicidal. i have imposter syndrome", "no, it's just imposter syndrome"],
)
def test_what_is_named_on_the_way_out_is_gone_on_with(person, words):
    person.open()
    person.say_as("i keep waiting for something to go wrong", **doubtful(0.4))
    person.say_as(words, **IMPOSTER)
    assert "utter_crisis_back_to" in said(person)
    assert "utter_pattern_perfectionism_imposter_ask" in said(person)
    assert person.slot("crisis") == "no"


def test_what_was_told_before_a_doubt_is_gone_on_with(person):
    person.open()
    person.say("i failed my exam")
    person.say_as("i keep waiting for something to go wrong", **doubtful(0.4))
    person.say("can we go back to what i was saying")
    assert "utter_crisis_on_with" in said(person)
    assert "utter_concern_exam_ask" in said(person)


def read_goodbye(recogniser, words):
    """Return the intent of a message that is taken for goodbye alone."""
    parsed = {**recogniser.parse(words), "intent": {"name": "goodbye", "confidence": 0.9}}
    return read_in_context(parsed, {"asked": "open"})["intent"]["name"]


@pytest.mark.parametrize(
    "words",
    [
        "thanks. he's asleep on me now",
        "thank you. she's home now, finally",
        "cheers, they said no by the way",
        "ta. we had a row about it",
    ],
)
def test_who_tells_on_after_thanks_takes_no_leave(recogniser, words):
    assert read_goodbye(recogniser, words) == "share"


@pytest.mark.parametrize(
    "words", ["thanks. he's asleep now, night", "thanks for everything", "thank you, bye", "bye"]
)
def test_who_takes_leave_is_let_go(recogniser, words):
    assert read_goodbye(recogniser, words) == "goodbye"


def test_what_the_offered_unit_does_is_answered_and_the_offer_stays(person):
    person.open()
    person.say("i failed my exam")
    person.say("i can't sleep")
    person.say("my rota is a mess")
    for words in ("i'm so tired of it all", "it doesn't get better", "i can't sleep still"):
        if person.slot("asked") != "information":
            person.say(words)
    if person.slot("asked") != "information":
        pytest.fail(person.text)
    person.say("whats their job exactly? can they find me childcare")
    assert person.slot("asked") == "contact"


def test_who_was_helped_is_not_offered_the_help(person):
    person.open()
    helped = {"signals": {"stage": ["psu_recovery"], "pattern": [], "concern": []}}
    person.say_as("the unit was good to me last year", **helped)
    for words in (
        "work is busy, rota's a mess",
        "i don't sleep that well",
        "still get tired but ok",
        "the exam is soon",
        "i miss my friends",
    ):
        person.say(words)
        assert not any(name.startswith("utter_offer") for name in said(person))


def test_nobody_is_suicidal_is_no_worry_about_somebody(recogniser):
    worry = {"name": "worried_about_someone", "confidence": 0.88}
    parsed = {**recogniser.parse("mate nobody's suicidal"), "intent": worry}
    assert read_in_context(parsed, {"asked": "open"})["intent"]["name"] == "share"


NO_DANGER = [
    "shes taken the kids to her sisters. i found out by text between cases",
    "my husband's packed his bags and left me",
    "we're separating, her solicitor wrote",
    "the mum asked me if she did something wrong",
    "his dad kept asking why",
    "the parents thanked me after their baby was stillborn",
]


@pytest.mark.parametrize("words", NO_DANGER)
def test_a_parting_or_a_patients_family_is_nobody_in_danger(person, words):
    found = told_of_another(0.95)
    found["harms"] = ["other_colleague_now"]
    found["harm_sources"] = {
        "patterns": [],
        "classifier": ["other_colleague_now"],
        "clear": ["other_colleague_now"],
    }
    person.open()
    person.say_as(words, **found)
    assert not any(name.startswith("utter_other") for name in said(person)), person.text


@pytest.mark.parametrize(
    "words",
    [
        "she's taken the kids to her sister's and says she will end it",
        "my husband's packed his bags and left a note",
        "the mum asked me if they'd be better off without her, I'm scared for her",
        "he has moved out and nobody has seen him since",
    ],
)
def test_a_word_of_danger_beside_it_is_still_answered(person, words):
    person.open()
    person.say_as(words, **told_of_another(0.95))
    assert any(name.startswith("utter_other") for name in said(person))
    assert "999" in person.text


@pytest.mark.parametrize(
    ("intent", "confidence", "read"),
    [
        ("clinical_question", 0.5, "share"),
        ("nlu_fallback", 0.5, "share"),
        ("clinical_question", 0.95, "clinical_question"),
        ("ask_what_is_psu", 0.5, "ask_what_is_psu"),
    ],
)
def test_can_we_talk_about_it_is_no_clinical_question(intent, confidence, read):
    found = {"intent": {"name": intent, "confidence": confidence}, "signs": ["wants_to_talk"]}
    assert read_in_context(found, {})["intent"]["name"] == read


def test_he_calls_me_sweetheart_asks_nothing_about_home(person):
    person.open()
    person.say_as(
        "he calls me sweetheart",
        risk="none",
        harms=["domestic_abuse"],
        harm_sources={"patterns": [], "classifier": ["domestic_abuse"], "clear": []},
    )
    assert "utter_maybe_domestic_abuse" not in said(person)


@pytest.mark.parametrize("words", ["i could kill him honestly", "I'd happily strangle him"])
def test_a_turn_of_phrase_is_asked_about_where_it_was_meant_before(person, words):
    person.open()
    person.say("I want to hurt him, I really think I will hurt my consultant")
    person.say("no, I'm not going to")
    person.say(words)
    assert "utter_crisis_ask_harm_to_others" in said(person)
    person.say("figure of speech!! obviously")
    assert "utter_crisis_no_harm_to_others" in said(person)


def test_a_turn_of_phrase_that_was_none_of_danger_is_acknowledged(person):
    person.open()
    person.say("the consultant humiliated me on the round again")
    person.say("i could kill him honestly")
    assert not person.slot("crisis_kind")
    person.say("figure of speech!! obviously")
    assert "utter_taken_as_meant" in said(person) or "utter_maybe_not" in said(person)


@pytest.mark.parametrize(
    "words",
    [
        "part of me wants to make him know how it feels",
        "I want to get my own back",
        "he deserves to suffer",
    ],
)
def test_a_wish_that_somebody_suffers_is_asked_about(person, words):
    person.open()
    person.say(words)
    assert "utter_ask_safe_angry" in said(person)
    person.say("no")
    assert "999" in person.text
    assert "utter_crisis_ask_harm_to_others" in said(person)


@pytest.mark.parametrize(
    "words",
    ["can i complain without him knowing its me", "is there a way to report it anonymously"],
)
def test_complaining_unseen_is_no_question_about_the_unit(person, words):
    person.open()
    person.say(words)
    assert "utter_asked_complain_quietly" in said(person)


@pytest.mark.parametrize(
    "words", ["everything feels pointless", "nothing matters anymore", "life feels so empty"]
)
def test_everything_being_pointless_is_gently_asked_about(person, words):
    person.open()
    person.say(words)
    assert {"utter_ask_safe_gently", "utter_ask_safe_now"} & said(person) or "999" in person.text


def test_sounding_emptied_out_twice_is_gently_asked_about(person):
    person.open()
    person.say("my wife says im a ghost")
    assert "utter_ask_safe_gently" not in said(person)
    person.say("i go through the motions and feel numb")
    assert {"utter_ask_safe_gently", "utter_ask_safe_now"} & said(person)


def test_the_list_of_services_is_given_once_and_says_where_it_holds(person):
    person.open()
    person.say("who else could help me apart from the psu")
    assert "Canopi (Wales)" in person.text
    person.say("what does it cost")
    person.say("is there anybody else i could ring")
    assert "utter_signposts" not in said(person)


def test_a_lie_about_a_result_is_taken_up(person):
    person.open()
    person.say("nothing is going in, i read the same page again")
    assert "utter_moment_nothing_goes_in_reflect" in said(person)
    person.say("told them i passed")
    assert "utter_moment_said_it_went_well_reflect" in said(person)


# A harm that only the classifier heard, and what puts it right


def heard_of(harm, concern=()):
    """Return what is recognised when the classifier alone is clear about a harm."""
    return {
        "risk": "none",
        "risk_sources": {"patterns": "none", "classifier": "none"},
        "risk_scores": {"own": 0.0, "third_party": 0.0},
        "harms": [harm],
        "harm_sources": {"patterns": [], "classifier": [harm], "clear": [harm]},
        "signals": {"stage": [], "pattern": [], "concern": list(concern)},
    }


def nothing_but(concern=(), intent="share"):
    """Return what is recognised of a message in which nobody is harmed."""
    return {
        **heard_of("none", concern),
        "harms": [],
        "harm_sources": {"patterns": [], "classifier": [], "clear": []},
        "intent": {"name": intent, "confidence": 0.9},
    }


HARMLESS = "he always left the porch light on for me after nights"
PUT_RIGHT = [
    "no that's not it. he was my grandad, he died in May",
    "God no. I mean he was my dad, and I miss him",
    "what? no, my brother. we lost him at easter",
    "oh no, it's about my father's death",
    "you've got that wrong, he's my late dad",
    "nobody is hurting me. he's dead, that's all",
]


@pytest.mark.parametrize("words", PUT_RIGHT)
@pytest.mark.parametrize("harm", ["domestic_abuse", "sexual_harm"])
def test_a_harm_that_was_misread_is_let_go_of_with_all_that_came_with_it(person, harm, words):
    person.open()
    person.say_as(HARMLESS, **heard_of(harm))
    assert f"utter_maybe_{harm}" in said(person)
    assert not person.slot("routes_given")
    person.say_as(words, **nothing_but(["bereavement_trauma"]))
    assert {"utter_maybe_not", "utter_concern_bereavement_trauma_reflect"} <= said(person)
    assert "orry" in person.seen[-1][0].text
    assert person.slot("harm_open") is None
    assert person.slot("asked") == "open"
    person.say_as("is there grief counselling for doctors", **nothing_but((), "ask_other_support"))
    assert "Abuse" not in person.text
    assert not person.slot("routes_given")


def test_what_is_meant_is_asked_where_nothing_in_it_was_recognised(person):
    person.open()
    person.say_as("the man in bay four has his hands", **heard_of("sexual_harm"))
    person.say_as("lord no, he only looks like him", **nothing_but())
    assert {"utter_maybe_not", "utter_maybe_not_ask"} <= said(person)


def test_a_doubt_beside_such_a_no_is_still_asked_about(person):
    person.open()
    person.say_as(HARMLESS, **heard_of("domestic_abuse"))
    low = {**nothing_but(), "risk_scores": {"own": 0.3, "third_party": 0.0}}
    person.say_as("no, it is all a bit much, that is it", **low)
    assert {"utter_maybe_not", "utter_ask_safe_gently"} <= said(person)
    assert person.slot("asked") == "safe_now"


def test_a_harm_is_put_right_later_on_too(person):
    person.open()
    person.say_as(HARMLESS, **heard_of("domestic_abuse"))
    person.say_as("work is busy", **nothing_but(["workload"]))
    assert person.slot("harm_open") == "domestic_abuse"
    person.say_as("why are you asking me that, he's my dad", **nothing_but())
    assert "utter_maybe_not" in said(person)
    assert person.slot("harm_open") is None


@pytest.mark.parametrize("words", ["oh god no", "no", "no, that's not it", "what? no"])
def test_no_such_no_takes_a_stated_harm_back(person, words):
    person.open()
    person.say("my husband hit me again last night")
    assert person.slot("asked") == "safe_from_them"
    person.say(words)
    assert "domestic_abuse" in person.slot("routes_given")
    assert person.slot("crisis_kind") == "unsafe_person"


def test_a_harm_that_a_phrase_tells_beside_the_no_is_answered(person):
    person.open()
    person.say_as(HARMLESS, **heard_of("domestic_abuse"))
    person.say("no, it's not him, it's my brother, my brother hits me")
    assert person.slot("routes_given") == ["domestic_abuse"]


QUIETLY = "Sam hugged everybody at handover, he's been so quiet"


def quietly(**more):
    """Return what is recognised when the classifier alone hears somebody else's danger."""
    found = {**told_of_another(0.97), "harms": ["other_colleague_now"], **more}
    signals = {"stage": [], "pattern": [], "concern": []}
    return {**found, "signals": signals, "intent": {"name": "share", "confidence": 0.9}}


def test_somebodys_danger_that_no_word_tells_is_asked_about_with_the_number(person):
    person.open()
    person.say_as(QUIETLY, **quietly())
    assert "utter_maybe_other_colleague_now" in said(person)
    assert "999" in person.text
    assert "suicide" not in person.text
    assert not person.slot("routes_given")
    person.press("Yes")
    assert person.slot("routes_given") == ["other_colleague_now"]
    assert "999" in person.seen[-1][0].text


@pytest.mark.parametrize("words", ["No, not that", "what? no, he's moving to Bristol"])
def test_and_is_let_go_of_when_it_was_none(person, words):
    person.open()
    person.say_as(QUIETLY, **quietly())
    person.press(words) if words.startswith("No") else person.say_as(words, **nothing_but())
    assert "utter_maybe_not" in said(person)
    assert "And you" not in person.text
    assert not person.slot("routes_given")


def test_told_again_it_is_answered(person):
    person.open()
    person.say_as(QUIETLY, **quietly())
    person.say_as("he's given me his guitar", **quietly())
    assert person.slot("routes_given") == ["other_colleague_now"]


@pytest.mark.parametrize(
    "words",
    [
        "my flatmate says she wants to die",
        "he's left a note and isn't answering",
        "my sister took an overdose",
        "I'm scared for him, he said goodbye to all of us",
        "she told me she'd be better off dead",
    ],
)
def test_a_word_of_somebodys_danger_is_answered_at_once(person, words):
    person.open()
    person.say_as(words, **quietly())
    assert any(name.startswith("utter_other") for name in said(person))
    assert "999" in person.text


@pytest.mark.parametrize(
    "words", ["Jo wants a trial separation", "she said maybe we'd be happier apart"]
)
def test_a_parting_is_taken_up_as_trouble_at_home(person, words):
    person.open()
    person.say_as(words, **nothing_but())
    assert "utter_concern_work_life_family_reflect" in said(person)


def test_who_worries_about_a_parting_is_read_as_telling_their_own():
    worry = {"intent": {"name": "worried_about_someone", "confidence": 0.9}}
    assert read_in_context({**worry, "signs": ["parting"]}, {})["intent"]["name"] == "share"
    stake = {**worry, "signs": ["parting", "life_at_stake"]}
    assert read_in_context(stake, {})["intent"]["name"] == "worried_about_someone"


QUESTIONS = [
    "what if i dont turn up",
    "what happens if I never show up to the sessions",
    "what if I can't make one of the appointments",
]


@pytest.mark.parametrize("words", QUESTIONS)
def test_a_question_of_fact_is_answered_and_the_doubt_asked_about_after_it(person, words):
    person.open()
    person.say_as(words, **doubtful(0.32))
    assert {"utter_asked_stop_going", "utter_ask_safe_gently"} <= said(person)
    assert person.slot("crisis") == "no"
    assert person.slot("asked") == "safe_now"
    person.say("no")
    assert "116 123" in person.text


def test_a_question_of_fact_that_leaves_no_doubt_is_only_answered(person):
    person.open()
    edge = {"stage": ["on_the_edge"], "pattern": ["no_time"], "concern": []}
    person.say_as(QUESTIONS[2], **{**nothing_but((), "ask_about"), "signals": edge})
    assert "utter_asked_stop_going" in said(person)
    assert person.slot("asked") != "safe_now"


@pytest.mark.parametrize("words", ["what if I never wake up", "what if i dont turn up anywhere"])
def test_what_is_no_question_about_the_unit_keeps_its_card(person, words):
    person.open()
    person.say_as(words, asked_about=[], **doubtful(0.45))
    assert "116 123" in person.text
    assert person.slot("crisis") == "asked"


# A doubt that only the classifier raised, and how it ends.


def raise_a_doubt(person, own=0.4):
    person.open()
    person.say_as("i keep reading my own notes from that day", **doubtful(own))
    assert (person.slot("crisis"), person.slot("crisis_kind")) == ("asked", "unsure")


PUT_RIGHT = [
    "no. god no. i mean the risk assessment. i wrote low risk",
    "oh god no, i meant the discharge letter",
    "christ, no. i mean the audit form",
    "no no, i only meant his notes",
    "no of course not. i mean the statement for the coroner",
    "absolutely not, i mean the handover sheet",
]


@pytest.mark.parametrize("words", PUT_RIGHT)
@pytest.mark.parametrize("own", [0.3, 0.7, 0.9])
def test_a_firm_no_put_right_in_plain_words_is_believed_and_owned(person, words, own):
    raise_a_doubt(person)
    person.say_as(words, **doubtful(own))
    assert said(person) & {"utter_crisis_misread", "utter_crisis_back_to"}
    assert person.slot("crisis") == "no"
    assert not person.slot("crisis_affirmed")
    assert "999" not in person.text


@pytest.mark.parametrize(
    "words", ["god no", "no. no. no", "no way. the job is fine", "no, i'm not. it was a long day"]
)
def test_a_firm_no_is_believed_at_a_small_doubt(person, words):
    raise_a_doubt(person)
    person.say_as(words, **doubtful(0.3))
    assert person.slot("crisis") == "no"
    assert "999" not in person.text


@pytest.mark.parametrize(
    "words",
    [
        "god no. but sometimes i wonder",
        "no no, though part of me wishes it",
        "god no, not tonight",
        "no. god no. though i might one day",
        "absolutely not. i can't go on like this",
        "no way. but it crosses my mind driving home",
    ],
)
def test_a_firm_no_that_leaves_something_open_is_no_end(person, words):
    raise_a_doubt(person)
    person.say_as(words, **doubtful(0.4))
    assert person.slot("crisis") in ("asked", "staying")
    assert "116 123" in person.text


@pytest.mark.parametrize(
    "words",
    [
        "no. god no. i want to kill myself though",
        "god no, i'd rather be dead",
        "no no. i mean the tablets, i've taken them all",
    ],
)
def test_danger_told_behind_a_firm_no_has_the_card(person, words):
    raise_a_doubt(person)
    person.say(words)
    assert person.slot("crisis") in ("asked", "staying")
    assert "999" in person.seen[-1][0].text


def test_a_no_at_a_mere_doubt_is_asked_on_and_affirms_nothing(person):
    raise_a_doubt(person)
    no = {"name": "deny", "confidence": 0.9}
    person.say_as("no. it is what it is", intent=no, **doubtful(0.6))
    assert "utter_crisis_no_doubted" in said(person)
    assert "116 123" in person.seen[-1][0].text
    assert person.slot("crisis_question") == "safe"
    assert not person.slot("crisis_affirmed")
    person.say("no")
    assert person.slot("crisis") == "staying"


ELSEWHERE = [
    "the mother sat across from me at the inquest",
    "the statement is due on friday and i can't start it",
    "my registrar has been off sick since march and i cover two wards",
    "everyone says i'll get hardened to it one day",
    "the exam is next week and i've failed it twice",
]


@pytest.mark.parametrize("first", ELSEWHERE[:2])
@pytest.mark.parametrize("second", ELSEWHERE[2:])
def test_talk_of_something_else_twice_leads_out_of_half_a_yes(person, first, second):
    raise_a_doubt(person)
    person.say("half yes")
    assert person.slot("crisis") == "staying"
    calm = {"risk": "none", "risk_scores": {"own": 0.01, "third_party": 0.0}, "harms": []}
    topic = {"signals": {"stage": [], "pattern": [], "concern": ["workload"]}}
    person.say_as(first, **calm, **topic)
    assert "utter_crisis_stay_elsewhere" in said(person)
    assert person.slot("crisis") == "staying"
    person.say_as(second, **calm, **topic)
    assert "utter_crisis_goes_with" in said(person)
    assert person.slot("crisis") == "eased"
    person.say_as("nothing of me would be missed", **doubtful(0.5))
    assert "116 123" in person.seen[-1][0].text
    assert person.slot("crisis") == "asked"


@pytest.mark.parametrize(
    "words",
    [
        "it would be over quickly at least",
        "there's nobody",
        "i can't go on",
        "hm",
        "what's the point",
        "i'm not safe",
    ],
)
def test_what_is_still_about_it_leads_nowhere_else(person, words):
    raise_a_doubt(person)
    person.say("half yes")
    person.say(ELSEWHERE[1])
    low = {"own": 0.25, "third_party": 0.0}
    person.say_as(words, risk_scores=low) if "over" in words else person.say(words)
    assert person.slot("crisis") in ("asked", "staying")
    assert "utter_crisis_goes_with" not in said(person)


def test_where_minutes_count_nothing_else_leads_out(person):
    person.open()
    person.say("im going to end my life tonight")
    for words in ("no", *ELSEWHERE):
        person.say(words)
    assert person.slot("crisis") == "staying"
    assert "999" in person.text


HALF = [
    "you asked that already. ok, half yes. no plan",
    "half a yes",
    "yes and no",
    "well, a bit of both",
    "it's not quite a no",
    "partly yes",
]


@pytest.mark.parametrize("words", HALF)
def test_half_a_yes_is_stayed_with(person, words):
    raise_a_doubt(person)
    person.say("my registrar is on leave this month")
    assert "utter_crisis_passed_over" in said(person)
    person.say_as(words, **doubtful(0.3))
    assert "utter_crisis_ambivalent" in said(person)
    assert (person.slot("crisis"), person.slot("crisis_affirmed")) == ("staying", "not_safe")


def test_half_a_yes_beside_a_question_is_heard_first(person):
    raise_a_doubt(person)
    asked = {"name": "ask_who_is_told", "confidence": 0.9}
    person.say_as("sort of. not really. would this get me reported to the gmc", intent=asked)
    assert {"utter_crisis_ambivalent", "utter_crisis_barrier_told"} <= said(person)
    assert person.slot("crisis") == "staying"


@pytest.mark.parametrize(
    "words",
    [
        "mostly driving to work. it sort of turns up and then goes",
        "it comes and goes",
        "it pops up on the bridge and fades again",
    ],
)
def test_what_comes_and_goes_at_a_doubt_that_deepens_is_asked_about(person, words):
    raise_a_doubt(person)
    person.say_as(words, **doubtful(0.3))
    assert "utter_crisis_half_passive" in said(person)
    assert person.slot("crisis_question") == "half"
    person.say("yes")
    assert person.slot("crisis") == "staying"


NO_RISK = {"risk_sources": {"patterns": "none", "classifier": "none"}, "harms": []}

UNASKED = [
    "before you ask no i'm not suicidal",
    "i'm not suicidal btw",
    "for the record, not suicidal",
    "no suicidal thoughts before you start",
    "and no, i'm not suicidal",
]


@pytest.mark.parametrize("words", UNASKED)
def test_a_denial_before_anything_was_asked_is_taken_and_refuses_no_offer(person, words):
    person.open()
    person.say("nights wear me out")
    person.say("where do i find the psu")
    person.say_as(words, risk="none", risk_scores={"own": 0.05, "third_party": 0.0}, **NO_RISK)
    assert said(person) == {"utter_crisis_denied_first"}
    assert not person.slot("declines")
    assert not person.slot("safety_asked")


@pytest.mark.parametrize(
    "words",
    [
        "before you ask i'm not suicidal, but i don't want to be here",
        "not suicidal. i wish i wouldn't wake up",
        "i'm not actively suicidal",
        "not suicidal at the moment",
    ],
)
def test_a_denial_that_is_left_open_is_not_taken_for_all(person, words):
    person.open()
    person.say(words)
    assert "utter_crisis_denied_first" not in said(person)


def test_a_no_beside_a_question_is_taken_with_it(person):
    person.open()
    person.say("i wouldn't do anything, i just wouldn't mind much if i didn't wake up")
    asked = {"name": "ask_what_is_kept", "confidence": 0.9}
    person.say_as("i told you, no. who sees this. does it go to my TPD", intent=asked)
    assert any(name.startswith("utter_answer_") for name in said(person))
    assert "utter_return_crisis" not in said(person)
    assert person.slot("crisis") == "eased"


def test_who_is_safe_and_wants_to_go_back_is_gone_back_with(person):
    person.open()
    person.say("nights are wearing me out")
    person.say("i wouldn't mind much if i didn't wake up")
    person.say("yeah i'm safe. can we go back to nights")
    assert "utter_crisis_back_to" in said(person)
    assert person.slot("crisis") == "eased"
