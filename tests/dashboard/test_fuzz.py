"""Anything sent to any route: no server error, no traceback, nothing without signing in."""

import re
import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.routing import Route

from bot.dashboard.pages import ROUTES
from bot.paths import ROOT
from tests.dashboard.units import DEANERY, begin, unlock

OPEN = ("/sign-in", "/dashboard.css")

ENDING = ("/sign-out", "/inbox/lock")
"""What would end what the rest of a test needs."""

NASTY = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [
            "../../signing.key",
            "%2e%2e/%2e%2e/etc/passwd",
            "2025-01_2025-03",
            "{{ 7*7 }}",
            "<script>alert(1)</script>",
            "' OR 1=1 --",
            "\x00",
            "9" * 400,
            "-1",
            "é" * 300,
        ]
    ),
)
FIELDS = (
    *("name", "password", "code", "sentence", "words", "file", "page"),
    *("passphrase", "ticket", "show", "text", "do", "position", "stored", "state", "receipt"),
    *("before", "from", "to", "signed", "role", "done", "all"),
)
HEADER_NAMES = (
    *("host", "origin", "referer", "sec-fetch-site", "content-type", "accept", "accept-encoding"),
    *("x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "forwarded", "authorization"),
    *("x-sidedoor-proxy-secret", "remote-user", "x-http-method-override", "range", "if-none-match"),
    *("if-modified-since", "user-agent", "expect"),
)
COOKIE_NAMES = (
    "sidedoor-staff",
    "sidedoor-inbox",
    "__Host-sidedoor-staff",
    "__Host-sidedoor-inbox",
)
HEADER_VALUE = st.one_of(
    st.text(
        st.characters(min_codepoint=32, max_codepoint=255, categories=("L", "N", "P", "S", "Zs"))
    ),
    st.sampled_from(
        ["null", "same-origin", "https://evil.example", "../../signing.key", "9" * 4_000, "a,b;c=d"]
    ),
).map(lambda value: value.strip().encode("latin-1"))
"""What can be sent in a header at all; the server refuses the rest before it reaches a route."""

EXAMPLES = 25
SAFE = string.ascii_letters + string.digits + "-_.~"


def encoded(value: str) -> str:
    """Return a value as a part of an address."""
    raw = value.encode("utf-8", "surrogatepass")
    return "".join(chr(b) if chr(b) in SAFE else f"%{b:02x}" for b in raw) or "x"


def address(route: Route, one: str, other: str) -> str:
    """Return an address of a route with values in it."""
    path = route.path.replace("{name}", encoded(one)).replace("{facet}", encoded(other))
    return path.replace("{ticket}", encoded(one))


def calm(answer) -> None:
    """Assert that an answer tells nothing of the inside."""
    assert answer.status_code < 500, answer.request.url
    assert "Traceback" not in answer.text
    assert 'File "/' not in answer.text
    assert "<script>alert" not in answer.text


@pytest.mark.parametrize("route", ROUTES, ids=lambda r: f"{min(r.methods)} {r.path}")
def test_no_route_fails_whatever_is_sent(route, dashboard):
    unit = begin(dashboard.settings.referrals_database)
    ticket, _ = unit.send()
    dashboard.parts.staff.set_deanery("admin", DEANERY)
    stranger = dashboard.browser()
    with stranger, dashboard.signed_in("admin") as admin:
        unlock(admin)
        field = st.dictionaries(
            st.sampled_from(FIELDS) | NASTY,
            NASTY,
            max_size=5,
        )

        @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
        @given(
            NASTY | st.just(ticket),
            NASTY,
            field,
            st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD"]),
            st.dictionaries(st.sampled_from(HEADER_NAMES), HEADER_VALUE, max_size=4),
            st.dictionaries(st.sampled_from(COOKIE_NAMES), HEADER_VALUE, max_size=2),
        )
        def fuzz(one, other, fields, method, headers, cookies):
            url = address(route, one, other)
            pairs = "&".join(f"{encoded(k)}={encoded(v)}" for k, v in fields.items())
            for client in (stranger, admin):
                answer = client.request(method, f"{url}?{pairs}")
                calm(answer)
                kind = {"Content-Type": "application/x-www-form-urlencoded"}
                if route.path not in ENDING:
                    calm(client.post(url, content=pairs, headers=kind))
                if client is stranger and route.path not in OPEN:
                    assert answer.status_code in (303, 403, 404, 405)
                    assert "people" not in answer.text
                    assert "canary" not in answer.text
            sent = dict(headers)
            if cookies:
                sent["cookie"] = b"; ".join(k.encode() + b"=" + v for k, v in cookies.items())
            answer = stranger.request(method, f"{url}?{pairs}", headers=sent)
            calm(answer)
            if route.path not in OPEN:
                assert answer.status_code in (303, 400, 403, 404, 405, 413, 415, 421)
                assert "people" not in answer.text
                assert "canary" not in answer.text
            if route.path not in ENDING:
                calm(admin.request(method, f"{url}?{pairs}", headers=headers))

        fuzz()


def test_every_field_that_a_page_reads_is_tried():
    read = re.compile(r"""(?:\.field|\.text|form\.get|\.getlist|typed)\((?:form, )?"([a-z_]+)\"""")
    sources = (ROOT / "bot" / "dashboard").glob("*.py")
    found = {name for path in sources for name in read.findall(path.read_text(encoding="utf-8"))}
    assert len(found) > 15
    assert found <= set(FIELDS)


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"x" * 300_000, {"Content-Type": "application/x-www-form-urlencoded"}, 413),
        (b"a=1&" * 3_000, {"Content-Type": "application/x-www-form-urlencoded"}, 400),
        (b"{}", {"Content-Type": "application/json"}, 415),
        (b"--x", {"Content-Type": "multipart/form-data; boundary=x"}, 415),
        (b"\xff\xfe=%zz", {"Content-Type": "application/x-www-form-urlencoded"}, 403),
        (b"", {}, 403),
    ],
)
def test_strange_bodies_are_refused(body, headers, status, dashboard):
    with dashboard.browser() as client:
        answer = client.post("/sign-in", content=body, headers=headers)
        calm(answer)
        assert answer.status_code == status


def test_what_fails_inside_is_told_without_a_trace(dashboard, monkeypatch, capfd):
    def broken(*_: object) -> None:
        raise KeyError("xyzzy-canary")

    monkeypatch.setattr(dashboard.parts.audit, "latest", broken)
    with dashboard.signed_in("admin") as client:
        answer = client.get("/audit")
    assert answer.status_code == 500
    assert "Something went wrong" in answer.text
    assert "xyzzy" not in answer.text + "".join(capfd.readouterr())
