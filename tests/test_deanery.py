"""The local facts: the shipped files, the errors of wrong ones, and what is shown when."""

import re
from datetime import date, timedelta

import pytest

from bot.deanery import (
    FACTS,
    LIFE,
    NATIONS,
    SELF_REFERRAL,
    DeaneryError,
    Fact,
    deaneries,
    signposts,
)
from bot.paths import DEANERIES

VERIFIED = date(2026, 11, 23)

SHIPPED = {
    "east_midlands": "open_notifies_educator",
    "east_of_england": "open",
    "london_kss": "open",
    "north_east": "none",
    "north_west": "unknown",
    "northern_ireland": "open",
    "scotland": "open",
    "south_west": "open",
    "thames_valley": "open",
    "wales": "open",
    "wessex": "discouraged",
    "west_midlands": "unknown",
    "yorkshire_humber": "open",
}

ESSENTIAL = {"emergency", "nhs_111_mental_health", "lifeline_ni", "samaritans", "samaritans_email"}

BANNED = re.compile(
    r"\bjust\b|\bshould\b|\bat least\b|\bresilien|\bjunior|\bweak|\bperformance\b"
    r"|100 ?%|completely anonymous|!|[\"“”]",
    re.IGNORECASE,
)

WORDS_OF_OTHER_THINGS = {
    "reading",
    "bath",
    "sale",
    "wells",
    "rugby",
    "deal",
    "street",
    "bury",
    "down",
}

DEANERY = """\
name: Mercia
unit: Support Unit
nation: england
names: [mercia, tamworth]
self_referral: open
confidentiality:
  text: "It tells nobody."
  source: mercia.example/who
  verified_on: 2026-11-23
referral_note: null
non_engagement: null
offer: null
timing: null
instead: null
contacts:
  - kind: web
    value: https://mercia.example
    text: "The form."
    source: mercia.example
    verified_on: 2026-11-23
  - kind: email
    value: unit@mercia.example
    text: "The address."
    source: mercia.example
    verified_on: null
"""

SIGNPOST = """\
listeners:
  name: Listeners
  value: "123"
  hours: day and night
  nations: [england]
  essential: false
  text: "Someone listens."
  source: listeners.example
  verified_on: 2026-11-23
"""

TIMING = """timing:
  text: "It answers soon."
  source: mercia.example
  verified_on: null
  answer_days: """

WRONG_DEANERIES = [
    ("name: Mercia\n", "", "mercia.yml: name is missing; write a text, in quotes"),
    ("name: Mercia", "name: 7", "mercia.yml: name is missing; write a text, in quotes"),
    ("unit: Support Unit", 'unit: " "', "mercia.yml: unit is missing; write a text, in quotes"),
    (
        "nation: england",
        "nation: mercia",
        "mercia.yml: nation is 'mercia';"
        " it must be one of england, scotland, wales, northern_ireland",
    ),
    (
        "names: [mercia, tamworth]",
        "names: mercia",
        "mercia.yml: names must be a list of texts",
    ),
    ("[mercia, tamworth]", "[mercia, 7]", "mercia.yml: names must be a list of texts"),
    (
        "self_referral: open",
        "self_referral: maybe",
        "mercia.yml: self_referral is 'maybe'; it must be one of"
        " open, open_notifies_educator, discouraged, none, unknown",
    ),
    (
        "self_referral: open",
        "self_referral: none",
        "mercia.yml: self_referral is none, so instead must say what exists",
    ),
    (
        "self_referral: open",
        "self_referral: discouraged",
        "mercia.yml: self_referral is discouraged, so referral_note must warn of it",
    ),
    (
        "self_referral: open",
        "self_referral: open_notifies_educator",
        "mercia.yml: self_referral is open_notifies_educator, so referral_note must warn of it",
    ),
    (
        "timing: null\n",
        "",
        "mercia.yml: timing is missing; write null if it is not known",
    ),
    (
        "timing: null",
        "timing: soon",
        "mercia.yml, timing: must be a mapping of fields",
    ),
    (
        "timing: null",
        TIMING + "0",
        "mercia.yml, timing: answer_days is 0; write 1 to 90 days",
    ),
    (
        "timing: null",
        TIMING + "91",
        "mercia.yml, timing: answer_days is 91; write 1 to 90 days",
    ),
    (
        "timing: null",
        TIMING + "soon",
        "mercia.yml, timing: answer_days is 'soon'; write 1 to 90 days",
    ),
    (
        "timing: null",
        TIMING + "true",
        "mercia.yml, timing: answer_days is True; write 1 to 90 days",
    ),
    (
        '  text: "It tells nobody."\n',
        "",
        "mercia.yml, confidentiality: text is missing; write a text, in quotes",
    ),
    (
        "  source: mercia.example/who\n",
        "",
        "mercia.yml, confidentiality: source is missing; write a text, in quotes",
    ),
    (
        "who\n  verified_on: 2026-11-23\n",
        "who\n",
        "mercia.yml, confidentiality: verified_on is missing;"
        " write a date as YYYY-MM-DD, or null for a fact nobody has verified",
    ),
    (
        "who\n  verified_on: 2026-11-23",
        "who\n  verified_on: 23 November",
        "mercia.yml, confidentiality: verified_on is '23 November';"
        " it must be a date as YYYY-MM-DD, or null",
    ),
    (
        "who\n  verified_on: 2026-11-23",
        "who\n  verified_on: 2026-13-23",
        "mercia.yml, confidentiality: verified_on is '2026-13-23';"
        " it must be a date as YYYY-MM-DD, or null",
    ),
    (
        "who\n  verified_on: 2026-11-23",
        "who\n  verified_on: 2026",
        "mercia.yml, confidentiality: verified_on is 2026;"
        " it must be a date as YYYY-MM-DD, or null",
    ),
    (
        "  source: mercia.example/who",
        "  source: mercia.example/who\n  colour: red",
        "mercia.yml, confidentiality: unknown field 'colour'; remove it",
    ),
    (
        "kind: web",
        "kind: pigeon",
        "mercia.yml, contact 1: kind is 'pigeon'; it must be one of web, phone, email",
    ),
    (
        "    value: https://mercia.example\n",
        "",
        "mercia.yml, contact 1: value is missing; write a text, in quotes",
    ),
    (
        "kind: email",
        "kind: email\n    hours: late",
        "mercia.yml, contact 2: unknown field 'hours'; remove it",
    ),
    (
        DEANERY[DEANERY.index("contacts:") :],
        "contacts: null\n",
        "mercia.yml: contacts must be a list; write [] if none is known",
    ),
    ("timing: null", "timing: null\nmotto: Go", "mercia.yml: unknown field 'motto'; remove it"),
    (
        "unit: Support Unit",
        "unit: Support: Unit",
        "mercia.yml, line 2: not valid YAML; check indents and quotes",
    ),
    (DEANERY, "", "mercia.yml: must be a mapping of fields"),
    (DEANERY, "- Mercia\n", "mercia.yml: must be a mapping of fields"),
]

WRONG_SIGNPOSTS = [
    (
        "  name: Listeners\n",
        "",
        "signposts.yml, listeners: name is missing; write a text, in quotes",
    ),
    (
        'value: "123"',
        "value: 123",
        "signposts.yml, listeners: value is missing; write a text, in quotes",
    ),
    (
        "  hours: day and night\n",
        "",
        "signposts.yml, listeners: hours is missing; write a text, in quotes",
    ),
    (
        "nations: [england]",
        "nations: england",
        "signposts.yml, listeners: nations must be a list of texts",
    ),
    (
        "nations: [england]",
        "nations: [england, mercia]",
        "signposts.yml, listeners: nations has 'mercia';"
        " known are england, scotland, wales, northern_ireland",
    ),
    (
        "essential: false",
        "essential: perhaps",
        "signposts.yml, listeners: essential must be true or false",
    ),
    (
        "  verified_on: 2026-11-23\n",
        "",
        "signposts.yml, listeners: verified_on is missing;"
        " write a date as YYYY-MM-DD, or null for a fact nobody has verified",
    ),
    (
        "essential: false",
        "essential: false\n  fee: 5",
        "signposts.yml, listeners: unknown field 'fee'; remove it",
    ),
    (SIGNPOST, "listeners: yes\n", "signposts.yml, listeners: must be a mapping of fields"),
    (SIGNPOST, "", "signposts.yml: must be a mapping of fields"),
    (SIGNPOST, "- listeners\n", "signposts.yml: must be a mapping of fields"),
    (
        SIGNPOST,
        "listeners: [\n",
        "signposts.yml, line 2: not valid YAML; check indents and quotes",
    ),
]


def shipped_sentences():
    """Return (where, sentence) for every sentence that the shipped files can show."""
    found = []
    for deanery in deaneries().values():
        found += [(f"{deanery.key} {n}", f.text) for n, f in deanery.facts.items() if f]
        found += [(f"{deanery.key} {c.value}", c.fact.text) for c in deanery.contacts]
    for key, post in signposts().items():
        found += [(key, post.fact.text), (key, post.name), (key, post.hours)]
    return found


def shipped_facts():
    """Return every fact of the shipped files."""
    facts = [post.fact for post in signposts().values()]
    for deanery in deaneries().values():
        facts += [fact for fact in deanery.facts.values() if fact]
        facts += [contact.fact for contact in deanery.contacts]
    return facts


def test_every_shipped_deanery_loads():
    """The deaneries of the United Kingdom are there, each with the kind that is known of it."""
    assert {key: d.self_referral for key, d in deaneries().items()} == SHIPPED


def test_deaneries_come_in_the_order_of_their_names():
    """Choices are offered in the order of the names."""
    names = [deanery.name for deanery in deaneries().values()]
    assert names == sorted(names)


def test_every_nation_has_a_deanery():
    """Nobody in the United Kingdom is left without a deanery to choose."""
    assert {deanery.nation for deanery in deaneries().values()} == set(NATIONS)


def test_every_kind_of_self_referral_is_in_use():
    """Each kind that the assistant knows is shipped, so each is seen in conversation."""
    assert {deanery.self_referral for deanery in deaneries().values()} == set(SELF_REFERRAL)


def test_an_unknown_unit_has_no_invented_details():
    """Where nothing is known, nothing is written."""
    unknown = [d for d in deaneries().values() if d.self_referral == "unknown"]
    assert [d.key for d in unknown if d.contacts or any(d.facts.values())] == []


def test_names_are_unique_across_files():
    """No name leads to two deaneries."""
    names = [name for deanery in deaneries().values() for name in deanery.names]
    assert sorted(set(names)) == sorted(names)


def test_names_are_lower_case_places():
    """Names are in lower case and mean nothing else in ordinary speech."""
    names = {name for deanery in deaneries().values() for name in deanery.names}
    assert {name for name in names if name != name.lower()} == set()
    assert names & WORDS_OF_OTHER_THINGS == set()


@pytest.mark.parametrize(("where", "sentence"), shipped_sentences())
def test_shipped_sentences_keep_the_rules(where, sentence):
    """Sentences are short, free of words that hurt or promise too much, and quote nobody."""
    assert BANNED.search(sentence) is None, where
    assert len(sentence.split()) <= 40, where


def test_every_shipped_fact_names_a_page():
    """A source is an address that somebody can open again."""
    pages = [page for fact in shipped_facts() for page in fact.source.split("; ")]
    assert [page for page in pages if not re.fullmatch(r"[\w-]+(\.[\w-]+)+(/\S*)?", page)] == []


def test_old_addresses_are_not_shown():
    """Mail addresses from before the merger stay hidden until somebody verifies them."""
    contacts = [c for deanery in deaneries().values() for c in deanery.contacts]
    old = [c for c in contacts if c.kind == "email" and c.value.endswith("hee.nhs.uk")]
    assert [c.value for c in old if c.fact.verified_on is not None] == []


def test_the_staff_line_is_not_shipped():
    """A line that nobody could confirm is left out altogether."""
    register = (DEANERIES / "signposts.yml").read_text(encoding="utf-8")
    assert "0300 131 7000" not in register


def test_the_crisis_lines_are_essential():
    """The lines of the crisis card, and only they, are shown whatever their age."""
    assert {key for key, post in signposts().items() if post.essential} == ESSENTIAL


def test_every_nation_has_its_crisis_lines():
    """Everywhere there are an emergency number, a mental health line and a listening line."""
    register = signposts()
    for key in ("emergency", "samaritans", "shout"):
        assert set(register[key].nations) == set(NATIONS)
    lines = register["nhs_111_mental_health"].nations + register["lifeline_ni"].nations
    assert sorted(lines) == sorted(NATIONS)


@pytest.mark.parametrize("today", [date(1999, 1, 1), date(2099, 1, 1)])
def test_only_essential_signposts_are_shown_at_any_age(today):
    """Age never hides an essential number, and always hides the others."""
    assert {key for key, post in signposts().items() if post.shown(today)} == ESSENTIAL


def test_verified_signposts_are_shown_on_their_day_and_unverified_never():
    """What nobody has verified is kept but not shown."""
    posts = [post for post in signposts().values() if not post.essential]
    for post in posts:
        day = post.fact.verified_on
        assert post.shown(day or VERIFIED) is (day is not None), post.key


@pytest.mark.parametrize(
    ("verified_on", "today", "fresh"),
    [
        (VERIFIED, VERIFIED, True),
        (VERIFIED, VERIFIED + timedelta(days=LIFE), True),
        (VERIFIED, VERIFIED + timedelta(days=LIFE + 1), False),
        (VERIFIED, VERIFIED - timedelta(days=1), False),
        (None, VERIFIED, False),
    ],
)
def test_a_fact_is_fresh_for_its_life(verified_on, today, fresh):
    """A fact is shown from the day it was verified until its life is over."""
    assert Fact("It helps.", "mercia.example", verified_on).fresh(today) is fresh


@pytest.mark.parametrize(
    ("today", "text", "contacts"),
    [
        (VERIFIED, "It tells nobody.", ["https://mercia.example"]),
        (VERIFIED + timedelta(days=LIFE + 1), None, []),
    ],
)
def test_a_deanery_gives_only_what_is_fresh(tmp_path, today, text, contacts):
    """Expired and unverified facts and contacts stay hidden."""
    (tmp_path / "mercia.yml").write_text(DEANERY, encoding="utf-8")
    mercia = deaneries(tmp_path)["mercia"]
    assert mercia.fact("confidentiality", today) == text
    assert [contact.value for contact in mercia.fresh_contacts(today)] == contacts
    assert {mercia.fact(name, today) for name in FACTS if name != "confidentiality"} == {None}


def test_an_unknown_unit_loads(tmp_path):
    """A deanery of which nothing is known needs no fact and no contact."""
    text = DEANERY[: DEANERY.index("contacts:")] + "contacts: []\n"
    text = text.replace("self_referral: open", "self_referral: unknown")
    (tmp_path / "mercia.yml").write_text(text, encoding="utf-8")
    assert deaneries(tmp_path)["mercia"].self_referral == "unknown"


@pytest.mark.parametrize(("right", "wrong", "message"), WRONG_DEANERIES)
def test_a_wrong_deanery_gives_one_clear_line(tmp_path, right, wrong, message):
    """The error names the file, the field and the mend."""
    assert right in DEANERY
    (tmp_path / "mercia.yml").write_text(DEANERY.replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(DeaneryError) as error:
        deaneries(tmp_path)
    assert str(error.value) == message


@pytest.mark.parametrize(("right", "wrong", "message"), WRONG_SIGNPOSTS)
def test_a_wrong_signpost_gives_one_clear_line(tmp_path, right, wrong, message):
    """The error names the file, the entry, the field and the mend."""
    assert right in SIGNPOST
    (tmp_path / "signposts.yml").write_text(SIGNPOST.replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(DeaneryError) as error:
        signposts(tmp_path)
    assert str(error.value) == message


def test_how_soon_a_unit_answers_is_read_beside_the_sentence(tmp_path):
    """A number of days is there only where the unit says one."""
    (tmp_path / "mercia.yml").write_text(DEANERY, encoding="utf-8")
    assert deaneries(tmp_path)["mercia"].answer_days is None
    deaneries.cache_clear()
    told = DEANERY.replace("timing: null", TIMING + "7", 1)
    (tmp_path / "mercia.yml").write_text(told, encoding="utf-8")
    assert deaneries(tmp_path)["mercia"].answer_days == 7


def test_a_name_in_two_files_gives_one_clear_line(tmp_path):
    """A name must lead to one deanery."""
    (tmp_path / "mercia.yml").write_text(DEANERY, encoding="utf-8")
    other = DEANERY.replace("[mercia, tamworth]", "[Tamworth, northumbria]")
    (tmp_path / "northumbria.yml").write_text(other, encoding="utf-8")
    with pytest.raises(DeaneryError) as error:
        deaneries(tmp_path)
    assert str(error.value) == (
        "northumbria.yml: names has 'tamworth', as has mercia.yml; remove it from one of them"
    )


def test_a_file_in_another_encoding_gives_one_clear_line(tmp_path):
    """Only UTF-8 is read."""
    (tmp_path / "mercia.yml").write_bytes(DEANERY.encode("utf-16"))
    with pytest.raises(DeaneryError) as error:
        deaneries(tmp_path)
    assert str(error.value) == "mercia.yml: not UTF-8 text; save the file as UTF-8"


def test_a_missing_register_gives_one_clear_line(tmp_path):
    """Without the register there are no crisis numbers, so it has to be there."""
    with pytest.raises(DeaneryError) as error:
        signposts(tmp_path)
    assert str(error.value) == f"signposts.yml: the file is missing in {tmp_path}"
