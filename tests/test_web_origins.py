"""Who may show the chat and speak to it."""

import pytest

from bot.channels.web_origins import Origins
from bot.settings import AllowedOrigin

ORIGINS = Origins(
    [
        AllowedOrigin("https://intranet.example"),
        AllowedOrigin("https://cymru.example", "wales"),
    ]
)


@pytest.mark.parametrize(
    ("deanery", "ancestors"),
    [
        ("", "'self' https://intranet.example"),
        ("scotland", "'self' https://intranet.example"),
        ("wales", "'self' https://intranet.example https://cymru.example"),
    ],
)
def test_the_listed_sites_may_frame_the_page_of_their_deanery(deanery, ancestors):
    assert ORIGINS.frame_ancestors(deanery) == ancestors
    assert Origins().frame_ancestors(deanery) == "'self'"


@pytest.mark.parametrize(
    ("headers", "may"),
    [
        ({}, True),
        ({"host": "chat.example", "origin": "https://chat.example"}, True),
        ({"host": "chat.example:8080", "origin": "https://Chat.example:8080"}, True),
        ({"host": "inside:5005", "origin": "https://chat.example"}, False),
        (
            {
                "host": "inside:5005",
                "origin": "https://chat.example",
                "sec-fetch-site": "same-origin",
            },
            True,
        ),
        ({"host": "chat.example", "origin": "https://evil.example"}, False),
        ({"host": "chat.example", "origin": "https://chat.example.evil.example"}, False),
        ({"host": "chat.example", "origin": "null"}, False),
        ({"host": "chat.example", "origin": ""}, False),
        ({"host": "", "origin": "null"}, False),
        ({"host": "chat.example", "origin": "https://["}, False),
        ({"host": "chat.example", "sec-fetch-site": "cross-site"}, False),
        ({"host": "chat.example", "sec-fetch-site": "same-site"}, False),
        ({"host": "x", "origin": "https://intranet.example", "sec-fetch-site": "cross-site"}, True),
        ({"host": "x", "origin": "http://intranet.example", "sec-fetch-site": "cross-site"}, False),
        ({"host": "x", "origin": "https://cymru.example"}, True),
    ],
)
def test_who_may_speak(headers, may):
    assert ORIGINS.may_speak(headers) == may


def test_a_site_of_one_deanery_may_open_no_chat_about_another():
    cymru = {"origin": "https://cymru.example"}
    assert ORIGINS.may_open(cymru, "wales")
    assert not ORIGINS.may_open(cymru, "scotland")
    assert not ORIGINS.may_open(cymru, "")
    assert ORIGINS.may_open({"origin": "https://intranet.example"}, "scotland")
    assert ORIGINS.may_open({}, "scotland")
