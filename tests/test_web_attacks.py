"""Attacks on the web channel: whatever is sent, nothing fails, leaks or keeps others waiting."""

import asyncio
import json
import shutil
import socket
import sys
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
import yaml
from hypothesis import HealthCheck, given
from hypothesis import settings as example_settings
from hypothesis import strategies as st

from bot.channels.web import ROUTE_HEADER
from bot.channels.web_chats import REMEMBERED, AnswerGoneError, Chat, Chats
from bot.paths import DEANERIES
from tests.program import QUICK, Program, start_program

LISTED = "https://intranet.example"
FLOOD = "https://chat.example"

POST = b"POST /chat/send HTTP/1.1\r\nHost: x\r\n"

EVIL = '"><script src="https://evil.example/x.js"></script><img src=x onerror=alert(1)>{{7*7}}'

LIMITED = """
from bot.environment import prepare

prepare()

import pathlib
import sys

from bot import paths

paths.DEANERIES = pathlib.Path(sys.argv[1])

import asyncio

from bot import cli
from bot.channels import web
from bot.channels.web_limits import Limits, Rate

RIGHT_ASK = web.ask_agent


async def ask(*args, **said):
    if said.get("text") == "slow":
        await asyncio.sleep(3)
    return await RIGHT_ASK(*args, **said)


web.ask_agent = ask
web.Limits = lambda: Limits(Rate(6, 0.001), Rate(40, 0.001), turns_at_once=3)
cli.main(["run"])
"""
"""The program with small limits, slow turns, and local facts from a folder of the test's."""


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """Return the running program, with one site on its list and one proxy in front."""
    started = start_program(
        tmp_path_factory.mktemp("attacked"),
        *QUICK,
        "run",
        settings={
            "SIDEDOOR_ORIGINS": f"{LISTED} wales=https://cymru.example",
            "SIDEDOOR_URL": FLOOD,
            "SIDEDOOR_PROXIES": "1",
        },
    )
    yield started
    assert started.stop() == 0
    assert "Traceback" not in started.printed()
    assert "request failed" not in started.printed()


@pytest.fixture
def client(program):
    """Return a client at an address of its own, as the proxy notes it."""
    with program.client() as client:
        yield client


@pytest.fixture(scope="module")
def tokens() -> list[str]:
    """Return the token of the conversation that is held, if there is one."""
    return []


@pytest.fixture(scope="module")
def limited(tmp_path_factory):
    """Return the program with small limits and a deanery whose facts are scripts."""
    folder = tmp_path_factory.mktemp("limited")
    facts = folder / "deanery"
    shutil.copytree(DEANERIES, facts)
    for name in ("signposts.yml", "wales.yml"):
        rows = yaml.safe_load((facts / name).read_text(encoding="utf-8"))
        if name == "signposts.yml":
            rows["samaritans"]["name"] = EVIL
            rows["samaritans"]["text"] = EVIL
        else:
            rows["unit"] = EVIL
            rows["offer"]["text"] = EVIL
        text = yaml.safe_dump(json.loads(json.dumps(rows, default=str)), allow_unicode=True)
        (facts / name).write_text(text, encoding="utf-8")
    (folder / "limited.py").write_text(LIMITED, encoding="utf-8")
    started = start_program(
        folder,
        sys.executable,
        str(folder / "limited.py"),
        str(facts),
        settings={"SIDEDOOR_PROXIES": "1"},
    )
    yield started
    started.stop()


anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)

fields = st.fixed_dictionaries(
    {},
    optional={
        "token": anything,
        "text": anything,
        "button": anything,
        "id": anything | st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True),
        "deanery": anything | st.sampled_from(["wales", "scotland"]),
    },
)

bodies = st.binary(max_size=300) | st.builds(
    lambda value: json.dumps(value).encode(), fields | anything
)

paths = st.sampled_from(
    ["start", "send", "end", "", "chat.css", "chat.js", "embed.js", "qr.svg", "demo", "icon.svg"]
) | st.text(
    st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="\\"), max_size=30
)

queries = st.dictionaries(
    st.sampled_from(["deanery", "lang", "accent", "embedded", "frame", "x"]),
    st.text(max_size=40),
    max_size=4,
)

printable = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40)

headers = st.fixed_dictionaries(
    {},
    optional={
        "Origin": printable | st.sampled_from([LISTED, "null", "https://cymru.example"]),
        "Sec-Fetch-Site": printable | st.sampled_from(["cross-site", "same-origin"]),
        "Content-Type": printable | st.sampled_from(["application/json", "multipart/form-data"]),
        "Accept-Encoding": printable,
        "X-Forwarded-For": printable,
        "Host": printable,
        "Cookie": printable,
        "Content-Encoding": printable,
    },
)

patient = example_settings(
    deadline=None, max_examples=250, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@patient
@given(
    method=st.sampled_from(["GET", "POST", "OPTIONS", "PUT", "DELETE", "HEAD", "PATCH"]),
    path=paths,
    query=queries,
    sent=headers,
    body=bodies,
)
def test_no_route_fails_whatever_is_sent(program, client, method, path, query, sent, body):
    sent = {name: value.strip() for name, value in sent.items()}
    try:
        request = client.build_request(
            method, f"/chat/{path}", params=query, headers=sent, content=body
        )
        answer = client.send(request)
    except (httpx.InvalidURL, httpx.LocalProtocolError):
        return
    assert answer.status_code in (200, 204, 302, 400, 403, 404, 405, 409, 410, 413, 429)
    assert "set-cookie" not in answer.headers
    if "access-control-allow-origin" in answer.headers:
        assert sent["Origin"] in (LISTED, "https://cymru.example")


@patient
@given(fields=fields)
def test_a_conversation_bears_whatever_is_sent_to_it(client, tokens, fields):
    sent = {"X-Forwarded-For": "192.0.2.9"}
    if not tokens:
        tokens.append(client.post("/chat/start", headers=sent).json()["token"])
    body = json.dumps({**fields, "token": tokens[-1]})
    answer = client.post("/chat/send", content=body.encode(), headers=sent)
    assert answer.status_code in (200, 400, 409, 429)
    assert answer.json()
    if answer.status_code == 429:
        tokens.clear()


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"\r\n\r\n",
        b"GET /chat/ HTTP/1.1\r\n\r\n",
        POST + b"Content-Length: -5\r\n\r\n",
        POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcde",
        POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        POST + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{}",
        b"GET /chat/%ff%00?deanery=%ff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /chat/qr.svg HTTP/1.1\r\nHost: \xff<script>\r\n\r\n",
        b"GET /" + b"a" * 100_000,
        b"GET /chat/ HTTP/1.1\r\n" + b"X: y\r\n" * 20_000,
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 30,
        b"GET http://evil.example/chat/ HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
    ids=lambda sent: repr(sent)[:40],
)
def test_broken_requests_harm_nobody(program, client, sent):
    with socket.create_connection(program.address, 60) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(60)
        try:
            answer = connection.recv(4096)
        except ConnectionResetError:
            answer = b""
    assert b" 500 " not in answer.split(b"\r\n")[0]
    assert client.get("/chat/").status_code == 200


def test_tokens_cannot_be_guessed_or_used_again(client):
    tokens = {client.post("/chat/start").json()["token"] for _ in range(3)}
    assert len({len(token) for token in tokens}) == 1
    token = tokens.pop()
    for wrong in (token[:-1], token + "A", token.swapcase(), f" {token}", token[::-1]):
        answer = client.post("/chat/send", json={"token": wrong, "text": "hello"})
        assert (answer.status_code, answer.json()) == (410, {"error": "conversation_ended"})
    assert client.post("/chat/end", json={"token": token}).json() == {}
    answer = client.post("/chat/send", json={"token": token, "text": "hello"})
    assert answer.status_code == 410


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"token": 5}', b'{"token": "nobody"}'])
def test_ending_what_is_not_there_is_no_error(client, body):
    answer = client.post("/chat/end", content=body)
    assert (answer.status_code, answer.json()) == (200, {})


def test_an_ended_conversation_is_gone_from_the_agent_too(client):
    token = client.post("/chat/start").json()["token"]
    client.post("/chat/send", json={"token": token, "text": "i work in wales"})
    client.post("/chat/end", json={"token": token})
    assert client.post("/chat/send", json={"token": token, "text": "hello"}).status_code == 410


def test_a_message_sent_again_is_answered_once(client):
    token = client.post("/chat/start").json()["token"]
    body = {"token": token, "text": "my rota is awful", "id": "one"}
    first = client.post("/chat/send", json=body)
    assert client.post("/chat/send", json=body).content == first.content
    other = client.post("/chat/send", json={**body, "id": "two"})
    assert other.content != first.content
    assert client.post("/chat/send", json={**body, "text": "x"}).content == first.content


def test_a_press_sent_again_is_answered_once(client):
    start = client.post("/chat/start").json()
    button = start["messages"][-1]["buttons"][0]["id"]
    body = {"token": start["token"], "button": button, "id": "press"}
    first = client.post("/chat/send", json=body)
    assert first.status_code == 200
    assert client.post("/chat/send", json=body).content == first.content
    assert client.post("/chat/send", json={**body, "id": "other"}).status_code == 409


def test_a_message_sent_again_while_it_is_answered_is_answered_once(program, client):
    token = client.post("/chat/start").json()["token"]

    def send(_):
        with program.client() as other:
            body = {"token": token, "text": "my rota is awful", "id": "same"}
            return other.post("/chat/send", json=body).content

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(send, range(6)))) == 1


@pytest.mark.parametrize("wrong", ["", " ", "a b", "é", "x" * 65, 5, ["a"], {}, True])
def test_an_id_has_to_be_one(client, wrong):
    token = client.post("/chat/start").json()["token"]
    answer = client.post("/chat/send", json={"token": token, "text": "hello", "id": wrong})
    assert (answer.status_code, answer.json()) == (400, {"error": "id_not_valid"})


def chat() -> Chat:
    return Chats(lambda: 0.0).open(str)[1]


def test_a_turn_goes_on_when_whoever_asked_has_gone():
    async def main():
        told, go = [], asyncio.Event()

        async def turn():
            await go.wait()
            told.append("once")
            return ["answer"]

        one = chat()
        asked = asyncio.ensure_future(one.once("id", turn))
        await asyncio.sleep(0)
        asked.cancel()
        go.set()
        assert await one.once("id", turn) == ["answer"]
        await one.finish()
        return told

    assert asyncio.run(main()) == ["once"]


def test_a_turn_that_fails_can_be_asked_for_again():
    async def main():
        one, tries = chat(), []

        async def turn():
            tries.append(1)
            if len(tries) == 1:
                raise OSError
            return ["answer"]

        with pytest.raises(OSError):  # noqa: PT011
            await one.once("id", turn)
        return await one.once("id", turn)

    assert asyncio.run(main()) == ["answer"]


def test_an_answer_is_not_held_for_long(monkeypatch):
    monkeypatch.setattr("bot.channels.web_chats.RETRY_SECONDS", 0)

    async def main():
        one = chat()

        async def turn():
            return ["answer"]

        await one.once("id", turn)
        await asyncio.sleep(0.01)
        with pytest.raises(AnswerGoneError):
            await one.once("id", turn)
        assert list(one.answers.values()) == [None]
        for number in range(3 * REMEMBERED):
            await one.once(str(number), turn)
        return len(one.answers)

    assert asyncio.run(main()) == REMEMBERED


def test_another_sites_posts_are_refused(client):
    for path in ("start", "send", "end"):
        for sent in (
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Origin": LISTED + ".evil.example"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Origin": FLOOD, "Sec-Fetch-Site": "same-site"},
        ):
            answer = client.post(f"/chat/{path}", json={}, headers=sent)
            assert (answer.status_code, answer.json()) == (403, {"error": "origin_not_allowed"})
            assert "access-control-allow-origin" not in answer.headers


def test_a_listed_site_may_ask_and_read(client):
    before = client.options("/chat/start", headers={"Origin": LISTED})
    assert before.status_code == 204
    assert before.headers["access-control-allow-origin"] == LISTED
    assert before.headers["access-control-allow-headers"] == f"Content-Type, {ROUTE_HEADER}"
    assert "access-control-allow-credentials" not in before.headers
    answer = client.post("/chat/start", json={}, headers={"Origin": LISTED})
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == LISTED
    assert "Origin" in answer.headers["vary"]


def test_a_site_of_one_deanery_speaks_of_no_other(client):
    cymru = {"Origin": "https://cymru.example"}
    assert client.post("/chat/start", json={"deanery": "wales"}, headers=cymru).status_code == 200
    for deanery in ("scotland", "", None):
        answer = client.post("/chat/start", json={"deanery": deanery}, headers=cymru)
        assert (answer.status_code, answer.json()) == (403, {"error": "origin_not_allowed"})


@pytest.mark.parametrize(
    ("query", "ancestors"),
    [
        ("", f"'self' {LISTED}"),
        ("?deanery=scotland", f"'self' {LISTED}"),
        ("?deanery=wales", f"'self' {LISTED} https://cymru.example"),
        ("?deanery=*", f"'self' {LISTED}"),
    ],
)
def test_only_listed_sites_may_frame(client, query, ancestors):
    policy = client.get(f"/chat/{query}").headers["content-security-policy"]
    assert policy.endswith(f"frame-ancestors {ancestors}")
    assert "unsafe" not in policy


def test_the_launcher_may_be_loaded_and_kept_by_others(client):
    answer = client.get("/chat/embed.js", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["cache-control"] == "max-age=3600"
    assert client.get("/chat/").headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize("host", ["evil.example", '"><script>', "a b", ""])
def test_the_address_for_the_phone_is_the_one_that_was_set(client, host):
    page = client.get("/chat/", headers={"Host": host}).text
    assert f"{FLOOD}/chat/</span>" in page
    assert "evil" not in page


def test_scripts_in_local_facts_stay_text(limited):
    with limited.client() as client:
        page = client.get("/chat/?deanery=wales").text
        page = page.replace(f":{limited.address[1]}/", ":0/")  # the port may hold the digits too
        assert "<script src=" not in page.replace('<script src="chat.js"', "")
        assert "<img src=x" not in page
        assert "49" not in page.split("<header>")[1]
        launcher = client.get("/chat/embed.js").text
        assert "</script" not in launcher
        assert "<img" not in launcher


def send_until_refused(client, token: str, address: str, most: int) -> list[int]:
    answers = []
    for _ in range(most):
        answer = client.post(
            "/chat/send", json={"token": token, "text": "hi"}, headers={"X-Forwarded-For": address}
        )
        answers.append(answer.status_code)
        if answer.status_code == 429:
            assert answer.json() == {"error": "too_fast"}
            assert int(answer.headers["retry-after"]) > 0
            break
    return answers


def test_a_flood_is_refused_and_others_are_served(limited):
    with limited.client() as client:

        def start(address: str) -> httpx.Response:
            return client.post("/chat/start", headers={"X-Forwarded-For": address})

        token = start("198.51.100.1").json()["token"]
        assert send_until_refused(client, token, "198.51.100.1", 20) == [200] * 6 + [429]
        starts = [start("198.51.100.2").status_code for _ in range(12)]
        assert starts == [200] * 8 + [429] * 4
        forged = {"X-Forwarded-For": "203.0.113.99, 198.51.100.2"}
        assert client.post("/chat/start", headers=forged).status_code == 429
        other = start("198.51.100.3")
        assert other.status_code == 200
        assert send_until_refused(client, other.json()["token"], "198.51.100.3", 3) == [200] * 3


def test_more_turns_than_can_be_answered_are_put_off(limited):
    def ask(address: str, **body: str) -> httpx.Response:
        with limited.client() as client:
            sent = {"X-Forwarded-For": address}
            return client.post(f"/chat/{body.pop('to')}", json=body, headers=sent)

    people = [f"203.0.113.{number}" for number in range(3)]
    tokens = [ask(person, to="start").json()["token"] for person in people]
    with ThreadPoolExecutor(3) as pool:
        slow = [
            pool.submit(ask, person, to="send", token=token, text="slow")
            for person, token in zip(people, tokens, strict=True)
        ]
        late = []
        while not any(turn.done() for turn in slow):
            late.append(ask(f"203.0.113.{100 + len(late)}", to="send", token="nobody"))
    refused = [answer for answer in late if answer.status_code == 503]
    assert refused
    assert {(a.json()["error"], a.headers["retry-after"]) for a in refused} == {("busy", "10")}
    assert all(turn.result().status_code == 200 for turn in slow)
    assert ask(people[0], to="send", token=tokens[0], text="hello").status_code == 200


def test_slow_clients_keep_nobody_waiting(program, client):
    slow = [socket.create_connection(program.address, 60) for _ in range(150)]
    try:
        for number, connection in enumerate(slow):
            head = b"POST /chat/send HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n{"
            connection.sendall(head if number % 2 else head[:30])
        token = client.post("/chat/start").json()["token"]
        answer = client.post("/chat/send", json={"token": token, "text": "my rota is awful"})
        assert answer.status_code == 200
        assert answer.json()["messages"]
    finally:
        for connection in slow:
            connection.close()


def test_nothing_of_the_attacks_is_printed(program: Program, client):
    canary = "198.51.100.77"
    client.post("/chat/start", headers={"X-Forwarded-For": canary, "Origin": f"https://{canary}"})
    client.get(f"/chat/?accent={canary}", headers={"Host": canary, "User-Agent": canary})
    assert canary not in program.printed()
