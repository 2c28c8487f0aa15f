"""Questions and acts in ordinary talk, read where they come and not answered twice alike."""

import pytest
import yaml
from rasa.shared.core.events import BotUttered, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot.content import responses
from bot.dialogue.memory import SAID
from bot.dialogue.reading import before_questions, question_in, read_in_context
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
    "is there a charity for doctors who are broke": "utter_asked_money_charity",
    "would you have to pay that back": "utter_asked_pay_back",
    "who paid for this and what does the trust get out of it": "utter_asked_what_deanery_gets",
    "does the unit really do anything for exams": "utter_answer_ask_exams_support",
    "hospital wifi. so IT can see it yes or no": "utter_answer_kept_network",
    "whatever. stop": "utter_asked_stop_asking",
    "can I self-refer?": "utter_refer_self_anywhere",
    "do i need to tell my supervisor first?": "utter_refer_self_anywhere",
    "can i refer myself to the unit without my tpd knowing": "utter_refer_self_anywhere",
    "what if i sign up and then don't turn up": "utter_asked_stop_going",
    "how do i see their answer then": "utter_asked_their_answer",
    "does the bma give money": "utter_asked_money_help",
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
