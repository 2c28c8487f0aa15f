"""Questions and acts in ordinary talk, read where they come and not answered twice alike."""

import pytest
import yaml
from rasa.shared.core.events import BotUttered, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot.content import responses
from bot.dialogue.memory import SAID
from bot.dialogue.reading import (
    NEWS_FIRST,
    before_questions,
    news_and_question,
    question_in,
    read_in_context,
    topic_of,
    with_news_first,
)
from bot.dialogue.wording import LATELY, TOLD_ALL, Wording
from bot.nlu.language import read
from bot.nlu.phrases import PhraseTable
from bot.paths import DOMAIN, PATTERNS

ASKED, SIGNS = (PhraseTable.from_file(PATTERNS / f"{name}.yml") for name in ("asked", "signs"))

CONTACT, INFORMATION = {"asked": "contact"}, {"asked": "information"}


def said(person):
    return {name for bubble in person.seen[-1] for name in bubble.said}


def recognised(text, intent="share", confidence=0.5, **more):
    """Return parse data as the recognition gives it, with what the phrases find in `text`."""
    doc = read(text)
    return {
        "text": text,
        "intent": {"name": intent, "confidence": confidence},
        "entities": [],
        "signs": SIGNS.labels_in(doc),
        "asked_about": ASKED.labels_in(doc),
        "risk": "none",
        "harms": [],
        **more,
    }


def intent_in(slots, *args, **more):
    return read_in_context(recognised(*args, **more), slots)["intent"]["name"]


# A yes that something follows.


@pytest.mark.parametrize("intent", ["not_now", "deny", "share", "nlu_fallback", "ask_what_is_kept"])
@pytest.mark.parametrize(
    "words",
    [
        "yeah alright show me. don't want my boss hearing",
        "no i said yes. show me",
        "ok go on, show me. my consultant mustn't know though",
        "yes show me. don't tell my boss",
        "alright then let's see it, as long as my supervisor doesn't hear",
        "yes but i don't want anyone at work to know",
        "I said yes",
    ],
)
def test_a_yes_with_a_condition_accepts_what_was_offered(words, intent):
    assert intent_in(CONTACT, words, intent) == "affirm"
    assert intent_in(INFORMATION, words, intent) == "affirm"
    assert intent_in({"asked": "open"}, words, "not_now") == "not_now"


@pytest.mark.parametrize(
    "words",
    [
        "yeah but not now",
        "ok but i don't want it",
        "no thanks",
        "yes, another time maybe",
        "sure but i've changed my mind",
        "no i don't want my boss hearing",
        "yes but don't show me yet",
    ],
)
def test_a_yes_that_is_taken_back_accepts_nothing(words):
    assert intent_in(CONTACT, words, "not_now") == "not_now"


@pytest.mark.parametrize(
    "words",
    ["yes it is this", "yes it's mostly the nights", "yeah that's exactly it", "yes exactly that"],
)
def test_a_yes_that_says_what_it_is_accepts_no_offer(words):
    for offered in (CONTACT, INFORMATION, {"asked": "message"}):
        assert intent_in(offered, words, "affirm", 0.9) == "share"
    assert intent_in(INFORMATION, "yes please", "affirm", 0.9) == "affirm"
    assert intent_in(INFORMATION, "yes that's fine", "affirm", 0.9) == "affirm"


@pytest.mark.parametrize("intent", ["share", "want_message", "affirm", "nlu_fallback", "not_now"])
@pytest.mark.parametrize(
    "words",
    ["ok do the message then", "the lines, please", "write me a few sentences", "yeah, draft it"],
)
def test_a_message_that_is_offered_is_taken_by_its_name(words, intent):
    assert intent_in({"asked": "message"}, words, intent) == "affirm"
    assert intent_in({"asked": "open"}, words, intent) == intent


@pytest.mark.parametrize(
    "words", ["don't do the message", "no message, please", "forget the lines", "not the email now"]
)
def test_a_message_that_is_refused_by_its_name_is_not_taken(words):
    assert intent_in({"asked": "message"}, words, "not_now") == "not_now"


@pytest.mark.parametrize("words", ["i can't ask my supervisor", "so i can't do it on my own"])
def test_who_cannot_ask_anybody_is_asked_nothing_of_the_unit_unless_it_was_spoken_of(words):
    assert intent_in({"asked": "open"}, words) == "share"
    assert intent_in({"asked": "message", "offer_accepted": True}, words) == "ask_about"
    doubt = {"risk_scores": {"own": 0.4}}
    assert intent_in({"asked": "open", "offer_accepted": True}, words, **doubt) == "share"


def test_a_question_about_safety_that_was_not_understood_is_put_in_plainer_words(person):
    person.open()
    person.say("sat in the car park 40 min this morning and couldn't make myself go in")
    assert person.slot("asked") == "safe_now"
    person.say("sorry, i do not understand your question")
    assert said(person) == {"utter_plainer_safe_now"}
    person.say("no")
    assert "999" in person.seen[-1][0].text


def test_a_yes_after_the_way_back_was_offered_shows_the_contact():
    assert intent_in({"asked": "back"}, "yeah alright show me", "share") == "ask_how_to_contact"


@pytest.mark.parametrize(
    "words",
    ["yeah alright show me. don't want my boss hearing", "yes show me. don't tell my boss"],
)
def test_accepting_gives_the_contact_and_says_that_who_hears_differs(person_in, words):
    person = person_in("wales")
    person.open()
    person.say("what is the psu")
    while person.slot("asked") != "contact":
        person.say("the rota is awful and nobody listens")
    person.say(words)
    assert {"utter_contact_card", "utter_contact_quietly"} <= said(person)
    assert "utter_not_now" not in said(person)


@pytest.mark.parametrize(
    "slots",
    [{"asked": "safe_now"}, {"crisis": "asked"}, {"crisis": "staying"}, {"asked": "route"}],
)
@pytest.mark.parametrize("words", ["am i a bad doctor", "stop", "yes show me", "is it normal"])
def test_an_answer_about_safety_is_left_as_it_was_recognised(slots, words):
    assert intent_in({**CONTACT, **slots}, words, "deny") == "deny"


@pytest.mark.parametrize("more", [{"risk": "passive_ideation"}, {"harms": ["domestic_abuse"]}])
def test_a_risk_or_a_harm_is_never_read_as_a_question(more):
    assert intent_in(CONTACT, "yes show me. am i a bad doctor", "share", **more) == "share"


def test_a_doubt_about_safety_keeps_a_telling_what_it_is():
    words, scores = "is it normal to cry that much", {"own": 0.25, "third_party": 0.0}
    assert intent_in({}, words, "share") == "ask_about"
    assert intent_in({}, words, "share", risk_scores=scores) == "share"
    assert intent_in({}, words, "share", signals={"stage": ["on_the_edge"]}) == "share"


def test_a_doubt_about_safety_is_asked_about_beside_the_answer(person):
    person.open()
    scores = {"own": 0.25, "third_party": 0.0}
    telling = {"name": "share", "confidence": 0.9}
    person.say_as("is it normal to cry that much", risk_scores=scores, intent=telling)
    assert "utter_asked_normal" in said(person)
    assert person.slot("asked") == "safe_now"


# A question after a courtesy.


@pytest.mark.parametrize(("text", "question"), before_questions().parted.items())
def test_a_question_is_parted_from_what_comes_before_it(text, question):
    assert question_in(text) == question


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("not yet. does it cost anything?", "utter_answer_ask_cost"),
        ("cheers, how long is the wait to be seen", "utter_answer_ask_how_soon"),
        ("thanks. are you a real person or a bot", "utter_answer_ask_are_you_a_person"),
        ("you didn't answer. am i a bad doctor", "utter_asked_worth"),
    ],
)
def test_the_question_is_answered_and_not_the_courtesy(person, words, answer):
    person.open()
    person.say("the rota is awful and nobody listens")
    person.say(words)
    assert answer in said(person) or TOLD_ALL in said(person)


def test_thanks_alone_stay_thanks(person):
    person.open()
    person.say("thanks for that")
    assert "utter_answer_thank" in said(person)


# What is asked in plain words.

PLAIN = {
    "if i resign my number can i get it back?": "utter_asked_rule_number",
    "how much notice do i have to give": "utter_asked_rule_notice",
    "how many attempts do i get at part 2": "utter_asked_rule_exam_attempts",
    "isn't there a six week rota rule": "utter_asked_rule_rota_notice",
    "does my cct move if i take six months off": "utter_asked_rule_cct_date",
    "how long am i supernumerary": "utter_asked_rule_supernumerary",
    "do keeping in touch days get paid": "utter_asked_rule_kit_days",
    "what is exception reporting": "utter_asked_exception_reporting",
    "who sponsors my visa": "utter_asked_visa_sponsor",
    "how much sick pay do i get": "utter_asked_rule_leave_and_pay",
    "can my TPD see what i type": "utter_answer_kept_seen",
    "i said can my tpd see what i type. yes or no": "utter_answer_kept_seen",
    "and my trust? i'm on a work pc": "utter_answer_kept_network",
    "am i a bad doctor?": "utter_asked_worth",
    "is it normal to be nervous after 4 months out": "utter_asked_normal",
    "do other f1s feel like this": "utter_asked_normal",
    "who made this thing anyway, the trust?": "utter_asked_who_runs",
    "is this nhs england or a company": "utter_asked_who_runs",
    "and who pays for it": "utter_asked_who_pays",
    "what is a deanery": "utter_asked_define_deanery",
    "what does LTFT stand for": "utter_asked_define_ltft",
    "what's an ES": "utter_asked_define_supervisor",
    "what is a TPD": "utter_asked_define_tpd",
    "what would they actually do with someone like me": "utter_asked_what_they_do",
    "is it counselling? i'm not doing counselling": "utter_asked_counselling",
    "can i contact someone without my es knowing": "utter_answer_told_supervisor",
    "will my supervisor be told if i self refer": "utter_answer_told_supervisor",
    "who would know?": "utter_answer_ask_who_is_told",
    "what happens if i send it off and then change my mind": "utter_asked_change_mind",
    "i'm a clinical fellow not in training, am i eligible": "utter_asked_not_in_training",
    "what are the rare circumstances": "utter_asked_refer_alone",
    "so which educator, could it be my clinical supervisor": "utter_asked_which_educator",
    "can i use the unit again or is it one shot": "utter_asked_go_back",
    "when is the psu open": "utter_asked_opening_hours",
    "how do i know you've deleted it": "utter_asked_prove_deleted",
    "you said half an hour. and then an hour. which is it": "utter_asked_kept_how_long",
    "isn't the unit for trainees who fail though": "utter_asked_only_failing",
    "could the panel throw me off the programme": "utter_asked_arcp_decides",
    "at what point must a doctor tell the gmc they are unwell": "utter_asked_gmc_health",
    "guardian of safe working hours, is that who i need": "utter_asked_speaking_up",
    "who does the CoS, hr or the deanery": "utter_asked_issues_cos",
    "where do i find the sponsorship team": "utter_asked_sponsorship_team",
    "is there a charity for doctors who are broke": "utter_asked_money_help",
    "would you have to pay that back": "utter_asked_pay_back",
    "who paid for this and what does the trust get out of it": "utter_asked_what_deanery_gets",
    "does the unit really do anything for exams": "utter_answer_ask_exams_support",
    "hospital wifi. so IT can see it yes or no": "utter_answer_kept_network",
    "can I self-refer?": "utter_refer_self_anywhere",
    "do i need to tell my supervisor first?": "utter_refer_self_anywhere",
    "can i refer myself to the unit without my tpd knowing": "utter_refer_self_anywhere",
    "what if i sign up and then don't turn up": "utter_asked_stop_going",
    "how do i see their answer then": "utter_asked_their_answer",
    "does the bma give money": "utter_asked_money_help",
    "do i have to say why i need the mornings off": "utter_asked_say_why",
    "which bit of hospital gives a room": "utter_asked_sleep_room",
    "who is above my supervisor if he does nothing": "utter_asked_who_acts",
    "what is a freedom to speak up guardian": "utter_asked_define_ftsu",
    "Sorry, I do not understand this sentence": "utter_plainer_open",
    "simple english please": "utter_plainer_open",
    "why do you keep asking me feelings questions": "utter_asked_stop_asking",
}


@pytest.mark.parametrize(("words", "answer"), PLAIN.items())
def test_what_is_plainly_asked_gets_its_answer(person, words, answer):
    person.open()
    person.say("the rota is awful and nobody listens")
    person.say(words)
    assert answer in said(person), person.text


def test_no_answer_of_support_begins_with_a_yes():
    texts = [v["text"] for name, v in _variants() if name.startswith("utter_answer_ask_")]
    assert not [text for text in texts if text.lower().startswith("yes")]


@pytest.mark.parametrize("party", ["tpd", "supervisor", "trust", "gmc"])
def test_who_can_read_along_begins_with_a_no(person, party):
    person.open()
    person.say(f"can my {party} see what i type here")
    assert person.seen[-1][0].text.startswith(("No", "Not"))


def test_stop_is_obeyed_without_a_question(person):
    person.open()
    person.say("the rota is awful and nobody listens")
    person.say("stop")
    assert "?" not in person.text
    assert len({b.title for bubble in person.seen[-1] for b in bubble.buttons}) > 1


def test_stop_leaves_the_message(person):
    person.open()
    person.say("help me write a message to them")
    person.say("please stop asking")
    assert "utter_not_now" in said(person)


def test_a_number_is_asked_for_where_there_is_only_a_page(person_in):
    person = person_in("wales")
    person.open()
    person.say("how do i contact them")
    assert "utter_contact_card" in said(person)
    for words in ("by email please", "phone number?", "is there no phone number?"):
        person.say(words)
        assert "utter_asked_no_contact_way" in said(person)
        assert "utter_contact_card" not in said(person)


def test_coming_back_from_sick_leave_is_taken_up(person):
    person.open()
    person.say("im coming back after four months off sick")
    assert "utter_moment_back_from_leave_reflect" in said(person)
    assert "utter_moment_back_from_leave_affirm" in said(person)
    assert "rota" not in person.text


def test_a_long_telling_is_taken_up_and_its_question_answered(person):
    person.open()
    person.say(
        "my consultant tore into me on the round again today in front of the whole team and the "
        "patients and i have been hiding in the loo since. am i a bad doctor?"
    )
    assert "utter_asked_worth" in said(person)


# Whether "it" is this chat, or what goes to a unit.


@pytest.mark.parametrize(
    "words",
    [
        "will my arcp panel see it",
        "if i ask the psw for help will my panel see it",
        "would my tpd be able to see that",
        "if i self refer does my supervisor find out",
    ],
)
def test_at_the_contact_who_sees_it_is_answered_by_the_deanery(person_in, words):
    person = person_in("wessex")
    person.open()
    person.say("how do i contact them")
    person.say(words)
    assert said(person) & {"utter_local_fact_told", "utter_local_fact"}, person.text
    assert not said(person) & {"utter_answer_kept_seen", "utter_answer_told_arcp"}


def test_a_second_party_is_answered_by_the_deanery_too(person_in):
    person = person_in("wessex")
    person.open()
    person.say("who will be told if i contact the unit")
    person.say("does it cost anything")
    person.say("will the arcp panel be told if i contact the unit")
    assert "ARCP panel" in person.text
    assert "utter_local_fact" in said(person)


@pytest.mark.parametrize("words", ["can my tpd see what i type", "will my panel see this chat"])
def test_at_the_contact_the_chat_named_is_the_chat(person_in, words):
    person = person_in("wessex")
    person.open()
    person.say("how do i contact them")
    person.say(words)
    assert "utter_answer_kept_seen" in said(person)


def test_how_soon_is_said_once_where_the_deanery_says_it(person_in):
    person = person_in("wessex")
    person.open()
    person.say("how long is the wait to be seen")
    assert "seven days" in person.text
    assert "utter_answer_ask_how_soon" not in said(person)


def test_changing_ones_mind_is_answered_with_the_deanerys_fact(person_in):
    person = person_in("wessex")
    person.open()
    person.say("what if i refer myself and change my mind")
    assert "programme director" in person.text


def test_words_about_referring_alone_bring_the_fact_and_its_page(person_in):
    person = person_in("wessex")
    person.open()
    person.say("what are the rare circumstances for referring yourself?")
    assert "faqs" in person.text


def test_a_charity_for_money_brings_the_money_first(person_in):
    person = person_in("wales")
    person.open()
    person.say("is there a charity for doctors with debt")
    assert person.text.index("StepChange") < person.text.index("Royal Medical Benevolent")
    assert "Practitioner Health" not in person.text


# A word that is quoted, or asked about.


@pytest.mark.parametrize(
    "words",
    [
        "if 1 ct2 in truro types 'bullying' you'd know it's me",
        "if one gp trainee here writes bullying they could guess that it is me",
    ],
)
def test_a_harm_named_in_a_question_about_anonymity_is_not_told(words):
    signals = {"stage": [], "pattern": [], "concern": ["bullying"]}
    parsed = recognised(words, harms=["bullying"], signals=signals)
    read_again = read_in_context(parsed, {})
    assert read_again["intent"]["name"] == "ask_about"
    assert read_again["harms"] == []
    assert read_again["signals"]["concern"] == []


@pytest.mark.parametrize(
    "more",
    [
        {"harms": ["sexual_harm"]},
        {"harms": ["no_home_or_money", "bullying"]},
        {"harms": ["bullying"], "harm_sources": {"patterns": ["bullying"]}},
        {"harms": ["bullying"], "risk": "passive_ideation"},
    ],
)
def test_what_is_told_in_such_a_question_stays_told(more):
    parsed = recognised("if one st5 types that you know it's me", **more)
    assert read_in_context(parsed, {}) == parsed


def test_asking_whether_it_is_bullying_is_believed():
    parsed = recognised("is it bullying or am i being too sensitive", harms=["bullying"])
    read_again = read_in_context(parsed, {})
    assert read_again["intent"]["name"] == "ask_about"
    assert read_again["asked_about"][0] == "making_a_fuss"


# What was passed over.


def test_an_offer_that_was_passed_over_is_not_made_at_every_answer(person_in):
    person = person_in("wessex")
    person.open()
    person.say("how do i contact them")
    again = 0
    for words in (
        "does it cost anything",
        "how soon would it be",
        "is it free",
        "do i have to be ill",
    ):
        person.say(words)
        again += bool(said(person) & {"utter_return_message", "utter_return_referral"})
    assert again == 1


@pytest.mark.parametrize(
    "words", ["thanks, that's all", "cheers that's everything", "ta, thats it"]
)
def test_thanks_that_close_are_not_asked_for_more(person, words):
    person.open()
    person.say("does it cost anything")
    person.say(words)
    assert "utter_come_back" in said(person)


def test_the_contact_is_shown_again_when_it_is_asked_for(person_in):
    person = person_in("wales")
    person.open()
    person.say("how do i contact them")
    person.say("does it cost anything")
    person.say("send me that link again please")
    assert "heiw.nhs.wales" in person.text


def test_neither_a_number_nor_an_address_is_said_to_be_in_the_card(person_in):
    person = person_in("wessex")
    person.open()
    person.say("how do i contact them")
    person.say("have they got a phone number or an email?")
    assert "utter_asked_no_contact_way" in said(person)


def test_naming_the_deanery_can_be_refused(person):
    person.open()
    person.say("who would know?")
    person.press("No, thanks")
    assert "utter_not_now" in said(person)


# The same paragraph again.


def _variants():
    return [(n, v) for names in responses().values() for n, vs in names.items() for v in vs]


def test_an_answer_that_is_used_up_is_not_said_again(person):
    person.open()
    seen = set()
    for _ in range(5):
        person.say("does it cost anything")
        first = person.seen[-1][0].text
        assert first not in seen
        seen.add(first)
    assert TOLD_ALL in said(person)


@pytest.mark.parametrize(
    "words",
    ["does it cost anything", "how do i contact them", "can my tpd see this", "who would know?"],
)
def test_no_sentence_comes_in_two_turns_running(person_in, words):
    person = person_in("wales")
    person.open()
    before = set()
    for _ in range(4):
        person.say(words)
        now = {s for bubble in person.seen[-1] for s in bubble.text.replace("\n", ". ").split(". ")}
        assert not now & before, now & before
        before = now


def test_who_says_that_it_was_said_already_is_not_told_it_again(person):
    person.open()
    person.say("does it cost anything")
    person.say("you already told me that")
    assert said(person) & {TOLD_ALL}


def test_what_may_be_said_again_is_said_again():
    """Wording passes over an answer for some turns only, and never one that may be repeated."""
    names = {name: variants for file in responses().values() for name, variants in file.items()}
    domain = type("Domain", (), {"responses": names})()
    wording = Wording(domain=domain)
    tracker = DialogueStateTracker("x", ())
    for name, number in (("utter_answer_not_english", 0), ("utter_answer_ask_cost", 0)):
        tracker.update(BotUttered("", metadata={SAID: [f"{name}:{number}"]}))
    assert wording._instead("utter_answer_not_english", {}, "test", tracker).endswith("english")
    tracker.update(BotUttered("", metadata={SAID: ["utter_answer_ask_cost:1"]}))
    assert wording._instead("utter_answer_ask_cost", {}, "test", tracker) == TOLD_ALL
    for _ in range(LATELY + 1):
        tracker.update(UserUttered("x"))
    assert wording._instead("utter_answer_ask_cost", {}, "test", tracker) != TOLD_ALL


def test_every_topic_is_answered_and_every_intent_is_one():
    intents = yaml.safe_load((DOMAIN / "intents.yml").read_text(encoding="utf-8"))["intents"]
    known = {next(iter(intent)) for intent in intents}
    names = {name for name, _ in _variants()}
    for label in {row.label for row in ASKED.rows.values()}:
        if label.startswith("ask_"):
            assert label in known
        elif label not in ("said_already", "refer_self", "need_to_tell", "plainer"):
            assert f"utter_asked_{label}" in names


# The phone, named and nothing else.


PHONE = ["by phone", "phone number?", "on the phone please", "or over the phone", "a phone call"]


@pytest.mark.parametrize("words", PHONE)
@pytest.mark.parametrize("intent", ["need_help_now", "ask_how_to_contact", "nlu_fallback"])
def test_the_phone_is_an_answer_to_how_to_be_answered(words, intent):
    slots = {"requested_slot": "message_reply"}
    assert intent_in(slots, words, intent) == "inform"


def test_the_phone_named_too_early_is_kept_for_its_question():
    phone = {"entity": "message_reply", "value": "phone"}
    early = recognised("by phone please", "need_help_now", entities=[phone])
    read_early = read_in_context(early, {"requested_slot": "message_help"})
    assert read_early["intent"]["name"] == "inform"
    assert read_early["entities"] == [{**phone, "role": "put_right"}]


@pytest.mark.parametrize(
    "words", ["phone number?", "what's the phone number", "is there a phone number"]
)
def test_a_number_that_is_asked_for_is_the_units(words):
    for slots in ({}, {"requested_slot": "message_help"}, {"crisis": "no"}):
        assert intent_in(slots, words, "need_help_now") == "ask_how_to_contact"
    assert intent_in({"offer_accepted": True}, "phone number?", "need_help_now") == "ask_about"


@pytest.mark.parametrize("words", PHONE)
@pytest.mark.parametrize(
    "slots",
    [
        {"crisis": "asked"},
        {"crisis": "staying", "offer_accepted": True},
        {"crisis": "eased", "turn": 5, "crisis_turn": 4},
    ],
)
def test_during_a_crisis_it_is_the_numbers(words, slots):
    assert intent_in(slots, words, "ask_how_to_contact") == "show_numbers"


@pytest.mark.parametrize(
    "words", ["help", "i need a number now", "please help me by phone now", "who can i phone"]
)
def test_other_wishes_for_help_are_not_taken_for_it(words):
    slots = {"requested_slot": "message_reply"}
    assert intent_in(slots, words, "need_help_now") == "need_help_now"
    risky = {"risk": "passive_ideation"}
    assert intent_in(slots, "by phone", "need_help_now", **risky) == "need_help_now"


# News of somebody else, and then a question.


WORRY = {"routes_given": ["other_colleague_now"]}


def beside_news(text, intent="ask_how_to_contact", whole=None, slots=WORRY):
    """Return how a message is read, if its question has that intent and the rest is calm."""
    told, asked = news_and_question(text)
    calm = {"risk_scores": {"own": 0.0, "third_party": 0.5}}
    return with_news_first(
        recognised(text, "worried_about_someone", **{**calm, **(whole or {})}),
        recognised(told, "worried_about_someone", **calm),
        recognised(asked, intent, 0.9, **calm),
        slots,
    )


@pytest.mark.parametrize(
    "words",
    [
        "she's ok, the police found her. how do i refer myself",
        "police found her, she's safe. who gets told if i go",
        "hes home safe so what is the psu",
        "they found him alive, can i get coaching for my exams",
        "he's fine, his mum is with him - is it confidential",
        "she rang me back, she's alright! does it cost anything?",
    ],
)
def test_good_news_is_taken_and_the_question_beside_it_stays(words):
    found = beside_news(words)
    assert found[NEWS_FIRST] == "alive"
    assert found["intent"]["name"] == "ask_how_to_contact"
    assert found["text"] == words


@pytest.mark.parametrize(
    "words",
    [
        "they found him dead. how do i refer myself",
        "they haven't found her. how do i refer myself",
        "i hope she's ok. how do i refer myself",
        "they found him but he's not breathing. what do i do",
        "she isn't safe. who do i ring",
    ],
)
def test_news_that_ends_no_danger_is_not_passed_by(words):
    assert NEWS_FIRST not in beside_news(words)


def test_more_than_good_news_is_read_as_a_whole():
    words = "she's ok, the police found her. how do i refer myself"
    danger = {"risk": "passive_ideation", "risk_sources": {"patterns": "passive_ideation"}}
    low = {"risk_scores": {"own": 0.3, "third_party": 0.0}}
    own = {"harm_sources": {"patterns": ["domestic_abuse"]}}
    for whole in (danger, low, own):
        assert NEWS_FIRST not in beside_news(words, whole=whole)
    assert NEWS_FIRST not in beside_news(words, intent="share")
    assert NEWS_FIRST not in beside_news(words, slots={})
    assert NEWS_FIRST not in beside_news(words, slots={**WORRY, "crisis": "asked"})


def test_the_news_is_met_before_the_answer(person):
    person.open()
    person.say("i'm worried my mate will end his life")
    person.say("he's fine, his mum is with him. can i get help with exams")
    names = [name for bubble in person.seen[-1] for name in bubble.said]
    assert names[:2] == ["utter_other_alive", "utter_answer_ask_exams_support"]
    assert person.text.count("?") == 1
    assert person.slot("routes_given")[-1] == "other_alive"


def test_the_news_is_met_before_the_way_to_the_unit(person):
    person.open()
    person.say("i think my brother is going to kill himself")
    person.say("he's home safe. how do i contact the unit")
    names = [name for bubble in person.seen[-1] for name in bubble.said]
    assert names == ["utter_other_alive", "utter_ask_deanery"]


def test_the_phone_does_not_bring_the_help_card_into_the_message(person):
    person.open()
    person._ask(payload="/want_message")
    person.press("Exams")
    person.say("by phone please")
    assert said(person) == {"utter_ask_message_help"}
    person.press("Coaching")
    assert "A phone call suits me" in person.text


# A step towards help is no refusal.

MESSAGE, SHOWN = {"asked": "message"}, {"asked": "open", "next_step": "utter_step_contact"}
AT_DEANERY = {"asked": "contact", "requested_slot": "deanery"}


def topic_in(slots, *args, **more):
    """Return the topic that a message is answered by, if it is read as one."""
    parsed = read_in_context(recognised(*args, **more), slots)
    return topic_of(parsed) if parsed["intent"]["name"] == "ask_about" else None


@pytest.mark.parametrize("intent", ["unsure", "not_now", "share", "deny", "nlu_fallback"])
@pytest.mark.parametrize(
    "words",
    [
        "what would i even say",
        "but how do you even start",
        "i wouldn't know what to put",
        "honestly no idea what to write",
        "im so bad at writing this kind of thing",
        "dunno where to begin",
    ],
)
def test_not_knowing_what_to_write_takes_the_message_that_is_offered(words, intent):
    assert intent_in(MESSAGE, words, intent) == "affirm"
    for offered in (CONTACT, INFORMATION, AT_DEANERY):
        assert topic_in(offered, words, intent) == "first_words"
    assert topic_in({"asked": "open"}, words, intent) is None


@pytest.mark.parametrize(
    "words",
    ["no thanks, i wouldn't know what to say", "not now, what would i even say"],
)
def test_not_knowing_what_to_write_beside_a_no_takes_nothing(words):
    assert intent_in(MESSAGE, words, "not_now") != "affirm"


STEPS_SAID = {
    "i'll send the form tonight": "will_send",
    "right. gonna fill in that form before i lose my nerve": "will_send",
    "ok I'll drop them an email in the morning": "will_write",
    "might write to them on my zero day": "will_write",
    "cheers, i'll give them a ring on thursday": "will_ring",
    "i think i'll call them after nights": "will_ring",
    "I might tell my wife tonight. she doesn't know any of it": "will_tell",
    "going to talk to my mum at the weekend": "will_tell",
    "ok, i'll book in with my gp": "will_tell",
}


@pytest.mark.parametrize("intent", ["not_now", "thank", "unsure", "share", "ask_how_to_contact"])
@pytest.mark.parametrize(("words", "step"), STEPS_SAID.items())
def test_a_step_that_is_named_is_taken_for_one(words, step, intent):
    for slots in (MESSAGE, {**SHOWN, "offer_accepted": True}):
        assert topic_in(slots, words, intent) == step


@pytest.mark.parametrize(("words", "step"), STEPS_SAID.items())
@pytest.mark.parametrize(
    "more",
    [
        {"risk": "passive_ideation"},
        {"harms": ["domestic_abuse"]},
        {"risk_scores": {"own": 0.3}},
        {"signs": ("giving_away",)},
        {"signs": ("farewell",)},
    ],
)
def test_a_step_beside_a_doubt_is_left_as_it_was_recognised(words, step, more):
    assert intent_in(MESSAGE, words, "share", **more) == "share"


@pytest.mark.parametrize("crisis", ["asked", "staying", "eased"])
def test_in_a_crisis_nothing_is_read_as_a_step(crisis):
    for words in STEPS_SAID:
        assert intent_in({**MESSAGE, "crisis": crisis}, words, "share") == "share"


def test_wanting_to_write_before_the_contact_was_shown_is_answered_with_it():
    for intent in ("ask_how_to_contact", "affirm"):
        assert intent_in(CONTACT, "i'll email them", intent) == intent


def test_a_step_is_named_and_kept_for_the_end(person_in):
    person = person_in("wales")
    person.open()
    person.say("how do i contact them")
    person.say("i'll send the form tonight")
    assert said(person) == {"utter_asked_will_send"}
    assert person.slot("declines") == 0
    person.say("bye")
    assert "utter_step_will_send" in said(person)


@pytest.mark.parametrize("words", ["anyway thanks. I'll send the form tonight", "i'll email them"])
def test_a_step_that_is_named_while_the_message_is_made_ends_it_and_is_kept(person_in, words):
    person = person_in("wales")
    person.open()
    person.say("how do i contact them")
    person.press("yes")
    assert person.slot("requested_slot") == "message_about"
    person.say(words)
    assert {name.rpartition("_")[0] for name in said(person)} == {"utter_asked_will"}
    assert person.slot("requested_slot") is None
    assert person.slot("declines") == 0
    person.say("bye")
    assert any(name.startswith("utter_step_will_") for name in said(person))


@pytest.mark.parametrize("words", ["i'll ring my mum", "i won't send the form", "things at work"])
def test_what_is_no_step_to_the_unit_leaves_the_message_as_it_is(words):
    slots = {**MESSAGE, "requested_slot": "message_about"}
    assert topic_in(slots, words, "share") is None
    assert intent_in(slots, words, "share") == "share"


def test_not_knowing_what_to_write_begins_the_message(person_in):
    person = person_in("wales")
    person.open()
    person.say("how do i contact them")
    person.say("what would i even say")
    assert "utter_ask_message_about" in said(person)
    assert person.slot("declines") == 0


def test_not_knowing_what_to_write_inside_the_deanery_question_leaves_it_standing(person):
    person.open()
    person.say("how do i contact them")
    person.say("what would i even say")
    assert "utter_asked_first_words" in said(person)
    assert "utter_not_now" not in said(person)
    person.say("wales")
    assert "utter_contact_card" in said(person)


def test_being_unsure_of_a_message_is_met_once_and_then_left(person_in):
    person = person_in("wales")
    person.open()
    maybe = {"name": "unsure", "confidence": 0.9}
    person.say("how do i contact them")
    person.say_as("hard to say, tbh", intent=maybe)
    assert said(person) == {"utter_message_unsure"}
    assert person.slot("asked") == "message"
    person.say_as("hard to say, tbh", intent=maybe)
    assert said(person) == {"utter_not_now"}


def test_being_unsure_never_ends_the_offers(person_in):
    person = person_in("wales")
    person.open()
    for _ in range(3):
        person.say("how do i contact them")
        for _ in range(2):
            person.say_as("hard to say", intent={"name": "unsure", "confidence": 0.9})
            assert "utter_no_more_offers" not in said(person)
    assert person.slot("declines") == 0


# A colleague, a second time, a statement, and where they are.


@pytest.mark.parametrize(
    "words",
    [
        "she keeps saying she's fine, i did too",
        "he cries in the stairwell. says he's ok",
        "they say they're alright. i said that",
    ],
)
def test_who_tells_of_somebody_else_is_not_taken_for_them(words):
    assert intent_in({"asked": "open"}, words, "share") == "worried_about_someone"


@pytest.mark.parametrize("more", [{"risk": "third_party"}, {"harms": ["other_colleague"]}])
def test_danger_told_of_somebody_else_stays_what_it_is(more):
    words = "she keeps saying she's fine, i did too"
    assert intent_in({"asked": "open"}, words, "share", **more) == "share"


@pytest.mark.parametrize(
    "words",
    [
        "that wasn't my question. can i self refer a second time",
        "do they let you come back if it comes back",
        "would the unit have me again",
        "can i refer myself twice",
        "am i able to go back to them if i need it again",
    ],
)
def test_whether_one_can_go_again_is_answered(words):
    for intent in ("object_to_bot", "ask_does_it_help", "nlu_fallback", "share"):
        assert topic_in({"asked": "open"}, words, intent) == "go_back"


@pytest.mark.parametrize(
    ("words", "topic"),
    [
        ("statement's due thursday. do i say we were two down", "statement_content"),
        ("should i mention the staffing", "statement_content"),
        ("does the report sound like i'm blaming the reg", "statement_content"),
        ("would the family get to read what i wrote", "statement_shared"),
        ("who gets to see the statement", "statement_shared"),
        ("is my statement shared with her husband", "statement_shared"),
        ("what do i put in the statement for the coroner", "statement_content"),
    ],
)
def test_what_a_statement_says_and_who_reads_it_are_answered_apart(words, topic):
    assert topic_in({"asked": "open"}, words, "ask_what_to_do") == topic
    after = {"asked": "open", "routes_given": ["error_today"]}
    assert topic_in(after, words, "share", harms=["error_today"]) == topic
    assert topic_in({"asked": "open"}, words, "share", harms=["error_today"]) is None


WHERE = {
    "gp trainee in swansea": "wales",
    "ST5 gen surg, glasgow": "scotland",
    "does my tpd get told? im in wales": "wales",
    "do they tell the investigators what i say? NIMDTA": "northern_ireland",
    "F2, leeds. who would know": "yorkshire_humber",
}


@pytest.mark.parametrize(("words", "key"), WHERE.items())
@pytest.mark.parametrize("intent", ["ask_who_is_told", "share"])
def test_where_somebody_says_they_are_is_kept_with_any_question(person, words, key, intent):
    person.open()
    person.say_as(words, intent={"name": intent, "confidence": 0.9})
    assert person.slot("deanery") == key


@pytest.mark.parametrize(
    "words",
    [
        "does it differ in wales",
        "my sister is a gp trainee in cardiff, would they tell her tpd",
        "would they tell anyone if i moved to scotland",
    ],
)
def test_a_place_that_is_named_otherwise_is_not_taken_for_theirs(person, words):
    person.open()
    person.say_as(words, intent={"name": "ask_who_is_told", "confidence": 0.9})
    assert person.slot("deanery") is None


# How a unit does things: asked in a few words, which sound like other questions.

HOW = {
    "phone or in person": "how_seen",
    "would it be by video or face to face": "how_seen",
    "in work time or own time": "own_time",
    "can i go on my days off": "own_time",
    "do i need to take study leave to go": "own_time",
    "how many sessions": "how_many_sessions",
    "is there a limit to appointments": "how_many_sessions",
    "do they write notes": "unit_notes",
    "occ health same thing?": "occ_health",
    "isn't this what occupational health is for, or is it different from occ health": "occ_health",
    "who even goes to these units, is it people whove messed up?": "who_goes",
    "can you send it for me": "send_for_me",
    "counselling for couples anywhere, not just for me": "couples",
    "just a human who isn't my boss": "a_human",
    "can they let me come back if i need it again": "go_back",
    "and the cct date?": "rule_cct_date",
    "would the gmc need to know": "gmc_health",
    "could I get moved off stroke for a bit? who do I ask": "change_ward",
    "should i even be operating with a tremor": "operate_shaking",
    "would the pts family be told what i said in the statement": "statement_shared",
    "statement is due friday. do I put the staffing in": "statement_content",
    "oh good, a chatbot": "mocks_bot",
}


@pytest.mark.parametrize(("words", "topic"), HOW.items(), ids=HOW.keys())
def test_how_a_unit_does_things_is_answered_as_that(words, topic):
    for intent in ("ask_how_to_contact", "ask_part_time", "ask_other_support", "nlu_fallback"):
        parsed = read_in_context(recognised(words, intent), {"asked": "open"})
        assert (parsed["intent"]["name"], ASKED.labels_in(read(words))[0]) == ("ask_about", topic)


@pytest.mark.parametrize(
    "words", ["phone or in person", "who goes there", "can you send it for me", "is there a human"]
)
def test_a_danger_is_not_answered_as_a_question_of_detail(words):
    risky = {"risk": "active_ideation"}
    assert intent_in({"asked": "open"}, words, "share", **risky) == "share"
    assert intent_in({"asked": "safe_now"}, words, "share") == "share"


PARTY = {"entities": [{"entity": "party", "value": "supervisor"}]}


@pytest.mark.parametrize("words", ["my ES?", "and the tpd", "what about my trust", "my supervisor"])
def test_one_party_more_after_who_is_told_is_that_question_again(words):
    told = {"asked": "deanery", "last_ask": "ask_who_is_told"}
    assert intent_in(told, words, "nlu_fallback", **PARTY) == "ask_who_is_told"
    assert intent_in({"asked": "open"}, words, "nlu_fallback", **PARTY) == "nlu_fallback"


@pytest.mark.parametrize(
    "words", ["my ES knows it all already", "my supervisor told me to go home"]
)
def test_a_party_that_is_told_of_is_no_question(words):
    assert intent_in({"last_ask": "ask_who_is_told"}, words, **PARTY) == "share"


@pytest.mark.parametrize(
    "words",
    ["God bless you. I feel little better now", "bless you for this", "this has helped me a lot"],
)
def test_thanks_in_other_words_are_thanks(words):
    assert intent_in({"asked": "open"}, words) == "thank"


@pytest.mark.parametrize(
    ("words", "more"),
    [
        ("God bless you, goodbye everyone", {}),
        ("God bless you all", {"risk": "immediate"}),
        ("bless you, I feel better now", {"risk_scores": {"own": 0.4}}),
        ("bless him, he tried", {}),
    ],
)
def test_a_blessing_that_may_be_a_last_word_is_not_taken_for_thanks(words, more):
    assert intent_in({"asked": "open"}, words, **more) == "share"


def test_how_to_bring_it_up_is_answered_of_a_colleague_alone():
    open_ = {"asked": "open"}
    for words in ("how do I tell her without outing her", "how do i bring it up with my colleague"):
        for intent in ("share", "worried_about_someone", "want_message", "ask_what_to_do"):
            assert intent_in(open_, words, intent, 0.9) == "ask_about"
    assert intent_in(open_, "how do I bring it up with him", "ask_what_to_do") == "ask_what_to_do"


def test_two_questions_in_one_message_are_both_answered(person_in):
    person = person_in("wales")
    person.open()
    person.say_as(
        "is it free? and who will read it",
        asked_about=["ask_what_is_kept", "ask_cost"],
        intent={"name": "ask_what_is_kept", "confidence": 0.9},
    )
    assert {"utter_answer_ask_cost", "utter_answer_ask_what_is_kept"} <= said(person)


# The deanery is asked for once; who speaks of something else is left alone, and may still say it.


def asks_for_the_contact(person):
    wants = {"name": "ask_how_to_contact", "confidence": 0.95}
    person.open()
    person.say_as("how do i reach them", intent=wants, asked_about=[])
    assert "utter_ask_deanery" in said(person)


def asks_beside(person, words="is it free"):
    person.say_as(words, intent={"name": "ask_cost", "confidence": 0.95}, asked_about=["ask_cost"])
    assert "utter_answer_ask_cost" in said(person)


def test_the_deanery_is_not_asked_for_again_where_something_else_was_asked(person):
    asks_for_the_contact(person)
    for _ in range(2):
        asks_beside(person)
        assert not said(person) & {"utter_ask_deanery", "utter_ask_deanery_again"}
        assert "utter_contact_without_deanery" not in said(person)
        assert person.slot("requested_slot") is None


def test_the_contact_that_was_wanted_still_comes_once_the_deanery_is_named(person):
    asks_for_the_contact(person)
    asks_beside(person)
    person.say_as("wales", intent={"name": "inform", "confidence": 0.95})
    assert "utter_contact_card" in said(person)
    assert person.slot("after_deanery") is None


def test_the_contact_can_be_asked_for_again_after_the_deanery_was_passed_over(person):
    asks_for_the_contact(person)
    asks_beside(person)
    wants = {"name": "ask_how_to_contact", "confidence": 0.95}
    person.say_as("so how do i reach them", intent=wants, asked_about=[])
    assert "utter_ask_deanery" in said(person)
    person.press("Rather not say")
    assert "utter_contact_without_deanery" in said(person)


def test_what_has_to_be_known_first_is_said_once_for_each_deanery(person):
    told = {"utter_before_you_refer", "utter_before_you_refer_too"}
    asks_for_the_contact(person)
    person.press("Wessex")
    assert told & said(person)
    person.say_as("who is told", intent={"name": "ask_who_is_told", "confidence": 0.95})
    assert not told & said(person)
    person.say_as("london", intent={"name": "inform", "confidence": 0.95})
    assert "utter_before_you_refer" in said(person)
    person.say_as("and who is told", intent={"name": "ask_who_is_told", "confidence": 0.95})
    assert not told & said(person)


@pytest.mark.parametrize(
    "words",
    [
        "i told you, no. who sees this. does it go to my TPD",
        "who else sees this, my supervisor?",
        "can my tpd see this",
        "no. who reads this",
        "will the trust be able to see what i'm writing",
    ],
)
def test_who_sees_this_in_a_crisis_is_asked_of_this_chat(words):
    for state in ("asked", "staying"):
        assert intent_in({"crisis": state}, words, "ask_who_is_told") == "ask_what_is_kept"


@pytest.mark.parametrize("words", ["would the unit tell my tpd", "who at the psu is told"])
def test_whom_the_unit_tells_is_asked_of_the_unit_in_a_crisis_too(words):
    assert intent_in({"crisis": "asked"}, words, "ask_who_is_told") == "ask_who_is_told"
