"""Signing in: password and code, lock-out, sessions that end, roles, and nobody from elsewhere."""

import time

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from click.testing import CliRunner
from sqlalchemy import insert, select

from bot import cli
from bot.dashboard import sessions as sessions_module
from bot.dashboard import staff as staff_module
from bot.dashboard import tables
from bot.dashboard.audit import UNKNOWN, UNKNOWN_SECONDS, Audit
from bot.dashboard.guard import HEADERS
from bot.dashboard.staff import Staff, StaffError
from bot.database import open_database
from tests.dashboard.conftest import PASSWORD

PATHS = (
    "/",
    "/windows",
    "/windows/2025-01_2025-03",
    "/windows/2025-01_2025-03/report",
    "/windows/2025-01_2025-03/release.json",
    "/windows/2025-01_2025-03/concern.csv",
    "/change",
    "/method",
    "/service",
    "/wording",
    "/audit",
    "/inbox",
    "/inbox/keys",
    f"/inbox/{'0' * 32}",
    f"/inbox/{'0' * 32}/close",
)


def attempt(dashboard, client, name="reader", password=PASSWORD, code=None):
    """Try to sign in."""
    code = dashboard.code(name) if code is None else code
    return client.post("/sign-in", data={"name": name, "password": password, "code": code})


def test_nothing_is_shown_without_signing_in(dashboard):
    with dashboard.browser() as client:
        for path in PATHS:
            answer = client.get(path)
            assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in"), path
            assert answer.content == b""
            assert client.head(path).status_code == 403
        for path in ("/wording", "/inbox/unlock", "/inbox/find", f"/inbox/{'0' * 32}/answer"):
            assert client.post(path, data={"x": "y"}).status_code == 403, path
        assert client.get("/wording", headers={"Cookie": "sidedoor-staff=x"}).status_code == 303


def test_the_first_start_shows_how_to_make_an_account(serve, tmp_path):
    served = serve(tmp_path)
    with served.browser() as client:
        page = client.get("/sign-in").text
        assert "sidedoor staff add" in page
        assert "<form" not in page
        assert client.post("/sign-in", data={"name": "admin", "password": "x"}).status_code == 403
        assert client.get("/windows").status_code == 303


def test_name_password_and_code_are_all_needed(dashboard):
    with dashboard.browser() as client:
        good = dashboard.code("reader")
        for wrong in (
            {"password": "another long password"},
            {"password": ""},
            {"code": "000000" if good != "000000" else "111111"},
            {"code": ""},
        ):
            assert attempt(dashboard, client, **{"code": good, **wrong}).status_code == 403
        for name in ("nobody", "", "READER' --"):
            assert attempt(dashboard, client, name=name, code=good).status_code == 403
        assert attempt(dashboard, client, code=good).status_code == 303
        assert client.get("/windows").status_code == 200


def test_a_code_works_once(dashboard):
    with dashboard.browser() as client:
        code = dashboard.code("reader")
        assert attempt(dashboard, client, code=code).status_code == 303
        assert attempt(dashboard, client, code=code).status_code == 403


def test_five_wrong_tries_lock_the_account_for_a_while(dashboard):
    with dashboard.browser() as client:
        for _ in range(staff_module.MOST_FAILURES):
            assert attempt(dashboard, client, password="wrong password").status_code == 403
        assert attempt(dashboard, client).status_code == 403
        assert attempt(dashboard, client, name="admin").status_code == 303
        dashboard.clock.now += staff_module.LOCK_SECONDS
        assert attempt(dashboard, client).status_code == 303
    log = [(e.who, e.what, e.outcome) for e in dashboard.parts.audit.latest()]
    assert log.count(("reader", "sign in", "refused")) == staff_module.MOST_FAILURES + 1


def test_every_wrong_try_gets_the_same_answer(dashboard):
    with dashboard.browser() as client:
        unknown = attempt(dashboard, client, name="nobody", code="123456")
        wrong = attempt(dashboard, client, password="wrong password")
        for _ in range(staff_module.MOST_FAILURES):
            attempt(dashboard, client, password="wrong password")
        locked = attempt(dashboard, client)
        assert unknown.content == wrong.content == locked.content


def test_tries_with_unknown_names_leave_a_trace_without_the_name_once_a_minute(dashboard):
    def noted() -> list[tuple[str, str, str]]:
        log = dashboard.parts.audit.latest()
        assert not [e for e in log if "hunter2" in f"{e.who} {e.what}"]
        return [(e.who, e.what, e.outcome) for e in log if e.who == UNKNOWN]

    with dashboard.browser() as client:
        for name in ("hunter2", "nobody", "hunter2"):
            assert attempt(dashboard, client, name=name, code="123456").status_code == 403
        assert noted() == [(UNKNOWN, "sign in", "refused")]
        dashboard.clock.now += UNKNOWN_SECONDS
        attempt(dashboard, client, name="hunter2", code="123456")
        assert len(noted()) == 2


def test_a_session_ends_when_idle_when_old_and_when_signed_out(dashboard):
    with dashboard.signed_in("reader") as client:
        dashboard.clock.now += sessions_module.IDLE_SECONDS - 1
        assert client.get("/windows").status_code == 200
        dashboard.clock.now += sessions_module.IDLE_SECONDS
        assert client.get("/windows").status_code == 303
    with dashboard.signed_in("reader") as client:
        began = dashboard.clock.now
        while dashboard.clock.now + 1_000 < began + sessions_module.LONGEST_SECONDS:
            dashboard.clock.now += 1_000
            assert client.get("/method").status_code == 200
        dashboard.clock.now += 1_000
        assert client.get("/method").status_code == 303
    with dashboard.signed_in("reader") as client:
        token = client.cookies["sidedoor-staff"]
        assert client.post("/sign-out").status_code == 303
        client.cookies.set("sidedoor-staff", token)
        assert client.get("/windows").status_code == 303


def test_a_closed_account_and_a_new_password_end_sessions(dashboard):
    for end in (
        lambda: dashboard.parts.staff.set_active("reader", False),
        lambda: dashboard.parts.staff.reset("caseworker", PASSWORD),
    ):
        name = "reader" if dashboard.parts.staff.get("reader") else "caseworker"
        with dashboard.signed_in(name) as client:
            end()
            assert client.get("/windows").status_code == 303
    with dashboard.browser() as client:
        assert attempt(dashboard, client).status_code == 403


def test_tokens_and_passwords_are_not_in_the_database(dashboard, tmp_path):
    with dashboard.signed_in("reader") as client:
        token = client.cookies["sidedoor-staff"]
        held = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
        assert token.encode() not in held
        assert PASSWORD.encode() not in held
        assert b"$argon2id$" in held


def test_the_shipped_hashing_is_strong():
    assert staff_module.PasswordHasher().memory_cost >= 64 * 1024
    assert staff_module.PasswordHasher().type.name == "ID"


@pytest.mark.parametrize(
    ("name", "status"),
    [("reader", (200, 403, 403)), ("caseworker", (200, 400, 403)), ("admin", (200, 400, 200))],
)
def test_roles(name, status, dashboard):
    with dashboard.signed_in(name) as client:
        found = (
            client.get("/wording").status_code,
            client.post("/wording", data={"name": "x"}).status_code,
            client.get("/audit").status_code,
        )
        assert found == status
        page = client.get("/wording").text
        assert ("Sign off what is ticked" in page) == (name != "reader")
        assert ('href="/audit"' in page) == (name == "admin")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "same-origin"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {},
    ],
)
def test_a_form_from_elsewhere_is_refused(headers, dashboard):
    with dashboard.signed_in("admin") as client:
        for name in ("origin", "sec-fetch-site"):
            client.headers.pop(name, None)
        for path in ("/wording", "/sign-out", "/sign-in"):
            answer = client.post(path, data={"sentence": "x"}, headers=headers)
            assert answer.status_code == 403
        assert client.get("/windows").status_code == 200


def test_another_name_for_this_address_is_refused(dashboard):
    with dashboard.browser() as client:
        assert client.get("/sign-in", headers={"Host": "evil.example"}).status_code == 421


def test_every_answer_has_the_headers(dashboard):
    with dashboard.signed_in("reader") as client:
        for path in ("/windows", "/nothing", "/audit", "/dashboard.css", "/sign-in"):
            answer = client.get(path)
            assert (
                HEADERS.items() <= {name: answer.headers[name.lower()] for name in HEADERS}.items()
            )
            assert "server" not in answer.headers


def test_the_cookie_is_kept_from_scripts_and_other_sites(serve, year, tmp_path):
    served = serve(
        year,
        staff_database=f"sqlite:///{tmp_path / 'staff.db'}",
        dashboard_url="https://trends.example.nhs.uk",
    )
    served.add("reader", "reader")
    headers = {"Host": "trends.example.nhs.uk", "Origin": "https://trends.example.nhs.uk"}
    with served.browser() as client:
        data = {"name": "reader", "password": PASSWORD, "code": served.code("reader")}
        cookie = client.post("/sign-in", data=data, headers=headers).headers["set-cookie"]
    assert cookie.startswith("__Host-sidedoor-staff=")
    for part in ("Secure", "HttpOnly", "SameSite=strict", "Path=/"):
        assert part in cookie
    assert "Max-Age" not in cookie
    assert "expires" not in cookie.lower()


# ------------------------------------------------------------------ a trusted proxy


@pytest.fixture
def behind_proxy(serve, year, tmp_path):
    """Return a dashboard to which a proxy names who has signed in."""
    served = serve(
        year,
        staff_database=f"sqlite:///{tmp_path / 'staff.db'}",
        proxy_header="X-Remote-User",
        proxy_secret="s" * 32,
    )
    served.parts.staff.add("jo@trust.example", "Jo", "reader", None)
    return served


def test_a_trusted_proxy_names_who_it_is(behind_proxy):
    right = {"X-Remote-User": "Jo@Trust.example", "X-Sidedoor-Proxy-Secret": "s" * 32}
    with behind_proxy.browser() as client:
        assert client.get("/windows", headers=right).status_code == 200
        assert client.get("/audit", headers=right).status_code == 403
    assert behind_proxy.parts.audit.latest()[0].who == "jo@trust.example"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Remote-User": "jo@trust.example"},
        {"X-Remote-User": "jo@trust.example", "X-Sidedoor-Proxy-Secret": "t" * 32},
        {"X-Remote-User": "jo@trust.example", "X-Sidedoor-Proxy-Secret": ""},
        {"X-Remote-User": "somebody@else", "X-Sidedoor-Proxy-Secret": "s" * 32},
        {"X-Remote-User": "", "X-Sidedoor-Proxy-Secret": "s" * 32},
    ],
)
def test_nobody_else_names_anybody(headers, behind_proxy):
    with behind_proxy.browser() as client:
        assert client.get("/windows", headers=headers).status_code == 403
        named = [(e.who, e.what, e.outcome) for e in behind_proxy.parts.audit.latest()]
        by_proxy = headers.get("X-Sidedoor-Proxy-Secret") == "s" * 32 and headers["X-Remote-User"]
        secret = headers.get("X-Sidedoor-Proxy-Secret")
        forged = [(UNKNOWN, "single sign-on", "refused")] if headers and secret != "s" * 32 else []
        assert named == ([(by_proxy, "GET /windows", "refused")] if by_proxy else forged)
        for _ in range(5):
            client.get("/windows", headers=headers)
        again = [e for e in behind_proxy.parts.audit.latest() if e.who == UNKNOWN]
        assert len(again) == len(forged)
        data = {"name": "jo@trust.example", "password": "", "code": ""}
        assert client.post("/sign-in", data=data, headers=headers).status_code == 404


# ------------------------------------------------------------------ the command line


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Return a runner of `sidedoor` with a data folder of its own."""
    monkeypatch.setenv("SIDEDOOR_DATA", str(tmp_path))
    cli.settings.cache_clear()
    yield lambda *words, given=None: CliRunner().invoke(cli.main, words, input=given)
    cli.settings.cache_clear()


def test_accounts_are_made_on_the_command_line(run, tmp_path):
    twice = f"{PASSWORD}\n{PASSWORD}\n"
    made = run("staff", "add", "ann", "--full-name", "Ann B", "--role", "admin", given=twice)
    assert made.exit_code == 0, made.output
    assert "Made the account ann (admin)." in made.output
    assert "Secret: " in made.output
    assert PASSWORD not in made.output
    sso = ("staff", "add", "jo@x", "--full-name", "Jo", "--role", "reader", "--single-sign-on")
    assert run(*sso, "--deanery", "wales").exit_code == 0
    assert "single sign-on: Jo, referrals of wales" in run("staff", "list").output
    assert run("staff", "deanery", "jo@x", "scotland").output == (
        "jo@x answers referrals of scotland.\n"
    )
    assert run("staff", "deanery", "jo@x", "").output == "jo@x answers none.\n"
    assert "referrals of" not in run("staff", "list").output
    listed = run("staff", "list").output
    assert "admin       active  password and code: Ann B" in listed
    assert "single sign-on: Jo" in listed
    assert run("staff", "role", "jo@x", "caseworker").exit_code == 0
    assert run("staff", "close", "ann").exit_code == 0
    listed = run("staff", "list").output
    assert "closed" in listed
    assert "caseworker" in listed
    assert run("staff", "open", "ann").exit_code == 0
    again = run("staff", "reset", "ann", given=twice)
    assert "Secret: " in again.output
    assert (tmp_path / "staff.db").stat().st_mode & 0o077 == 0


def test_what_is_done_to_accounts_is_in_the_audit_log(run, tmp_path):
    twice = f"{PASSWORD}\n{PASSWORD}\n"
    add = ("staff", "add", "ann", "--full-name", "Ann B", "--role", "reader", "--deanery", "wales")
    changes = [
        ("staff", "deanery", "ann", "scotland"),
        ("staff", "deanery", "ann", ""),
        ("staff", "role", "ann", "admin"),
        ("staff", "reset", "ann"),
        ("staff", "close", "ann"),
        ("staff", "open", "ann"),
    ]
    for words in (add, *changes):
        assert run(*words, given=twice).exit_code == 0
    assert run("staff", "list").exit_code == 0
    assert run("staff", "role", "nobody", "reader").exit_code == 2
    engine = tables.open_staff_database(f"sqlite:///{tmp_path / 'staff.db'}")
    found = Audit(engine).latest()[::-1]
    engine.dispose()
    assert [entry.what for entry in found] == [
        "staff add ann reader wales",
        *(" ".join(words).strip() for words in changes),
    ]
    assert {(entry.who, entry.outcome) for entry in found} == {("command line", "done")}


@pytest.mark.parametrize(
    ("words", "given", "message"),
    [
        (("add", "ann", "--full-name", "A", "--role", "boss"), PASSWORD, "must be one of reader"),
        (("add", "Ann B", "--full-name", "A", "--role", "reader"), PASSWORD, "small letters"),
        (("add", "ann", "--full-name", " ", "--role", "reader"), PASSWORD, "1 to 120 characters"),
        (("add", "ann", "--full-name", "A", "--role", "reader"), "short", "12 to 200 characters"),
        (("deanery", "nobody", "wales"), None, "there is no account nobody"),
        (("deanery", "ann", "whales"), None, "the deanery is 'whales'; it must be empty or one of"),
        (("role", "nobody", "reader"), None, "there is no account nobody"),
        (("close", "nobody"), None, "there is no account nobody"),
        (("reset", "nobody"), PASSWORD, "there is no account nobody"),
    ],
)
def test_a_wrong_account_is_told_in_one_line(words, given, message, run):
    done = run("staff", *words, given=f"{given}\n{given}\n" if given else None)
    assert done.exit_code == 2
    assert message in done.output
    assert "Traceback" not in done.output


def test_a_name_is_taken_once(tmp_path):
    engine = tables.open_staff_database(f"sqlite:///{tmp_path / 'staff.db'}")
    accounts = Staff(engine, time.time)
    accounts.add("ann", "Ann", "reader", None)
    with pytest.raises(StaffError, match="there is an account ann already"):
        accounts.add("ann", "Ann", "reader", None)
    with engine.connect() as connection:
        assert len(connection.execute(select(tables.staff)).all()) == 1
    engine.dispose()


def test_the_tables_are_those_of_the_revisions(tmp_path):
    url = f"sqlite:///{tmp_path / 'staff.db'}"
    tables.open_staff_database(url).dispose()
    engine = open_database(url)
    with engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), tables.tables)
    engine.dispose()
    assert [d for d in found if "staff_revision" not in str(d)] == []


def test_entries_of_an_earlier_version_lose_the_tickets_id(tmp_path):
    engine = tables.open_staff_database(f"sqlite:///{tmp_path / 'staff.db'}")
    whole, what = "a1b2c3" + "d" * 26, "POST /inbox/{}/answer"
    config = Config()
    config.set_main_option("script_location", str(tables.MIGRATIONS))
    for direction, target in ((command.downgrade, "0002"), (command.upgrade, "head")):
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            direction(config, target)
            if target == "0002":
                row = {"at": 1, "who": "ann", "outcome": "303", "what": what.format(whole)}
                connection.execute(insert(tables.audit), [row, {**row, "what": "GET /windows"}])
    with engine.connect() as connection:
        found = connection.execute(select(tables.audit.c.what).order_by("number")).scalars().all()
    engine.dispose()
    assert found == [what.format("a1b2c3"), "GET /windows"]
    assert whole.encode() not in (tmp_path / "staff.db").read_bytes()
