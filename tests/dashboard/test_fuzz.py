"""Anything sent to any route: no server error, no traceback, nothing without signing in."""

import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.routing import Route

from bot.dashboard.pages import ROUTES
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
)
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

        @settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
        @given(
            NASTY | st.just(ticket),
            NASTY,
            field,
            st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD"]),
        )
        def fuzz(one, other, fields, method):
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

        fuzz()


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
