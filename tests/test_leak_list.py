"""Where stock Rasa lets out who writes or what: items that no other test looks at.

`docs/privacy.md` lists every item with its test; `tests/test_privacy_claims.py` ties them together.
"""

import json
import secrets
import socket

import httpx
import pytest
from rasa.core.channels.channel import register
from rasa.core.lock_store import InMemoryLockStore
from sanic import Sanic

from bot.channels.conversation import OPEN, ask_agent
from bot.channels.telegram import TelegramChannel
from bot.channels.web import WebChannel
from bot.dialogue.actions import InProcessActions
from bot.settings import read_settings
from tests.fake_telegram import FakeTelegram
from tests.services import free_port
from tests.serving import serve, stop
from tests.test_telegram import Connected

CHAT, NAME, USER = 7_123_456_789, "Xvpatricia", "xvpatricia99"


@pytest.fixture
def seen(agent, loop, monkeypatch):
    """Hold a turn on Telegram and return what each part of Rasa was given, as text."""
    given = {"message": [], "lock": [], "action": []}
    handle, run, lock = agent.handle_message, agent.action_endpoint.request, agent.lock_store.lock

    async def handled(message):
        given["message"].append(repr(vars(message)))
        return await handle(message)

    async def ran(*args, **kwargs):
        given["action"].append(json.dumps(kwargs["json"], default=repr))
        return await run(*args, **kwargs)

    def locked(conversation, *args, **kwargs):
        given["lock"].append(conversation)
        return lock(conversation, *args, **kwargs)

    monkeypatch.setattr(agent, "handle_message", handled)
    monkeypatch.setattr(agent.action_endpoint, "request", ran)
    monkeypatch.setattr(agent.lock_store, "lock", locked)
    telegram = FakeTelegram()
    connected = Connected(telegram, agent, loop)
    connected.start()
    assert connected.say(CHAT, "my rota is awful and i am tired", first_name=NAME, username=USER)
    tracker = connected.tracker(CHAT)
    connected.stop()
    telegram.stop()
    given["tracker"] = [repr(tracker.current_state()), repr([e.as_dict() for e in tracker.events])]
    return given


@pytest.mark.parametrize("part", ["message", "lock", "action", "tracker"])
def test_no_part_of_rasa_is_told_who_writes(seen, part):
    assert seen[part]
    for told in seen[part]:
        for identifier in (str(CHAT), NAME, USER):
            assert identifier not in told


def test_locks_are_in_memory_under_pseudonyms(agent, seen):
    assert isinstance(agent.lock_store, InMemoryLockStore)
    assert all(len(name) == 32 and int(name, 16) for name in seen["lock"])


def test_actions_run_in_this_process_and_a_turn_connects_to_nobody(agent, loop, monkeypatch):
    reached = []
    monkeypatch.setattr(socket.socket, "connect", lambda _, to: reached.append(to))
    monkeypatch.setattr(socket.socket, "connect_ex", lambda _, to: reached.append(to) or 111)
    assert isinstance(agent.action_endpoint, InProcessActions)
    for said in ({"payload": OPEN}, {"text": "my rota is awful"}, {"text": "what is the psu"}):
        bubbles = loop.run(ask_agent(agent.handle_message, secrets.token_hex(16), "test", **said))
        assert bubbles
    assert reached == []


def test_what_a_page_adds_to_a_message_reaches_nobody(agent, loop, monkeypatch):
    """Stock REST copies a client's metadata into the tracker."""
    given = []
    handle = agent.handle_message

    async def handled(message):
        given.append(repr(vars(message)))
        return await handle(message)

    monkeypatch.setattr(agent, "handle_message", handled)
    port = free_port()
    server = serve(loop, agent, WebChannel(), port)
    more = {"metadata": {"name": NAME}, "sender": USER, "sender_id": USER, "message_id": USER}

    async def talk():
        address = f"http://127.0.0.1:{port}/chat"
        async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
            token = (await client.post(f"{address}/start", json=more)).json()["token"]
            said = {"token": token, "text": "my rota is awful", **more}
            return await client.post(f"{address}/send", json=said)

    assert loop.run(talk()).status_code == 200
    stop(loop, server)
    assert len(given) == 2
    for told in given:
        assert NAME not in told
        assert USER not in told


def test_our_telegram_channel_has_one_route_and_it_takes_updates_only():
    """Stock Telegram has a route that sets a webhook, for whoever asks."""
    chosen = read_settings({"SIDEDOOR_TELEGRAM_TOKEN": "1:x"})
    app = Sanic(f"routes_{secrets.token_hex(4)}", configure_logging=False)
    register([TelegramChannel(chosen)], app, route="/")
    app.finalize()
    assert {(route.path, *route.methods) for route in app.router.routes} == {
        ("telegram/updates", "POST")
    }
