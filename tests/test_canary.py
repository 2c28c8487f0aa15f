"""Nothing that somebody writes, and nothing that tells who they are, is left behind anywhere.

Unique strings go through every kind of message on both channels, through success, time-out, an
error in every part, malformed updates and a kill in mid-turn. Then every place is searched.
"""

import hashlib
import hmac
import json
import os
import pickle
import random
import re
import secrets
import signal
import sqlite3
import string
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pytest
import yaml
from redis import Redis

from bot.channels.telegram import LARGEST_UPDATE, SECRET_HEADER
from bot.paths import ROOT
from bot.referrals.receipts import read_receipt
from bot.settings import LOG_LEVELS, WEBHOOK_PATH
from tests.fake_telegram import DROP_BEFORE, GARBAGE, TOKEN, FakeTelegram
from tests.referral_unit import Unit
from tests.referrals import DEANERY, cheap_database
from tests.services import free_port, redis_server
from tests.test_web_channel import Page

PARTS = (
    "SpacyLanguage",
    "ChoiceReader",
    "SentenceEmbeddings",
    "IntentClassifier",
    "FallbackClassifier",
    "SignalClassifier",
    "RiskDetector",
    "CrisisSigns",
    "HarmDetector",
    "SafetyPolicy",
    "FormAnswerPolicy",
    "IndexedRules",
    "ActionReplyToTalk",
    "Wording",
    "EphemeralTrackerStore",
    "TrendsRecorder",
    "Confidant",
    "Sender",
    "channel",
)
"""Parts that fail when a message names them (tests/canary_program.py)."""

TOOLS = {"__pycache__", ".venv", ".git", ".tools", ".hypothesis"} | {
    f".{tool}_cache" for tool in ("mypy", "pytest", "ruff")
}
"""Folders in which tools write, and not the program."""

MARK, LENGTH = "zq", 14
"""What every canary of words begins with, so that a big memory is searched once for all."""

ENCODINGS = ("utf-8", "utf-16-le", "utf-32-le")

MARKED = {
    "utf-8": re.compile(rb"zq[a-z]{14}"),
    "utf-16-le": re.compile(rb"z\x00q\x00(?:[a-z]\x00){14}"),
    "utf-32-le": re.compile(rb"z\x00{3}q\x00{3}(?:[a-z]\x00{3}){14}"),
}


@dataclass
class Canaries:
    """Unique strings, and what each was."""

    texts: dict[str, str] = field(default_factory=dict)
    identifiers: dict[str, str] = field(default_factory=dict)
    key: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    def text(self, what: str) -> str:
        """Return a word that nobody wrote before."""
        word = MARK + "".join(random.choices(string.ascii_lowercase, k=LENGTH))
        self.texts[word] = what
        return word

    def number(self, what: str, digits: int, identifier: bool = False) -> str:
        """Return a number that nobody wrote before."""
        number = str(random.randrange(7 * 10 ** (digits - 1), 8 * 10 ** (digits - 1)))
        (self.identifiers if identifier else self.texts)[number] = what
        return number

    def identifier(self, what: str) -> str:
        """Return a name that nobody has."""
        name = "Xv" + secrets.token_hex(7)
        self.identifiers[name] = what
        return name

    def name_of(self, chat: str) -> str:
        """Return what the conversation of a chat is called in a program that has our key."""
        return hmac.digest(self.key, f"telegram\x00{chat}".encode(), "sha256")[:16].hex()

    def found_in(self, data: bytes, identifiers: bool = True) -> set[str]:
        """Return what of these is in `data`, in any of the encodings that strings have.

        Identifiers are looked for as numbers in binary and as digests as well.
        """
        wanted = {**self.texts, **(self.identifiers if identifiers else {})}
        words = [word for word in wanted if not word.startswith(MARK)]
        found = {w for w in words if any(w.encode(e) in data for e in ENCODINGS)}
        for encoding, pattern in MARKED.items():
            found |= {hit.decode(encoding) for hit in pattern.findall(data)} & {*wanted}
        forms = self.identifiers if identifiers else {}
        found |= {word for word in forms if any(form in data for form in forms_of(word))}
        return {wanted[word] for word in found}

    def found_in_file(self, data: bytes) -> set[str]:
        """Return what of these, and of the conversations' names, is in a file's content."""
        chats = [each for each in self.identifiers if each.isdecimal()]
        names = [bytes.fromhex(self.name_of(chat)) for chat in chats]
        named = any(name in data or name.hex().encode() in data for name in names)
        return self.found_in(data) | ({"name of a conversation"} if named else set())


SHORTEST = 5
"""Bytes of the shortest number that is looked for: a shorter one is met by chance."""


@cache
def forms_of(identifier: str) -> tuple[bytes, ...]:
    """Return what may stand for an identifier: it as a number in binary, and its digests.

    A number of five to eight bytes has those of its shortest form in it, whichever end is first.
    These are looked for with a zero byte beside them, or the length that Python's pickle writes.
    """
    written = identifier.encode()
    digests = [hashlib.new(kind, written).digest() for kind in ("md5", "sha1", "sha256")]
    forms = [*digests, *(digest.hex().encode() for digest in digests)]
    if identifier.isdecimal() and int(identifier) >= 256 ** (SHORTEST - 1):
        length = (int(identifier).bit_length() + 7) // 8
        big, little = (int(identifier).to_bytes(length, end) for end in ("big", "little"))
        forms += [b"\0" + big, little + b"\0", b"\x8a" + bytes([length]) + little]
    return tuple(forms)


@dataclass
class Program:
    """The running program and its places."""

    process: subprocess.Popen
    folder: Path
    port: int
    started: float

    def client(self) -> httpx.Client:
        """Return a browser."""
        return httpx.Client(base_url=f"http://127.0.0.1:{self.port}", trust_env=False, timeout=60)

    def places(self) -> dict[str, bytes]:
        """Return every file that the program can have written, by name."""
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        for top in (ROOT, Path("/tmp"), Path("/var/tmp"), Path("/dev/shm")):
            for folder, below, names in os.walk(top):
                below[:] = [b for b in below if b not in TOOLS and Path(folder, b) != self.folder]
                for path in (Path(folder, name) for name in names):
                    try:
                        if path.is_file() and path.stat().st_mtime >= self.started - 1:
                            files.append(path)
                    except OSError:  # it is gone already, or nobody may look
                        continue
        return {str(path): path.read_bytes() for path in files if os.access(path, os.R_OK)}

    def open_for_writing(self) -> set[str]:
        """Return the regular files that the process holds open for writing."""
        found = set()
        for entry in Path(f"/proc/{self.process.pid}/fdinfo").iterdir():
            flags = int(re.search(r"flags:\s+(\d+)", entry.read_text()).group(1), 8)
            target = os.readlink(f"/proc/{self.process.pid}/fd/{entry.name}")
            if (
                flags & (os.O_WRONLY | os.O_RDWR)
                and target.startswith("/")
                and "/dev/" not in target
            ):
                found.add(target)
        return found

    def memory(self, pid: int | None = None):
        """Yield the process's memory, a mapping at a time."""
        pid = pid or self.process.pid
        try:
            memory = open(f"/proc/{pid}/mem", "rb", buffering=0)  # noqa: SIM115
        except PermissionError:
            reason = "only root may look into the program's memory"
            (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
        with memory:
            for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
                span, rights, *_ = line.split()
                if "w" not in rights or "[vvar" in line:
                    continue
                start, end = (int(number, 16) for number in span.split("-"))
                memory.seek(start)
                try:
                    yield line, memory.read(end - start)
                except (OSError, ValueError):
                    continue


@contextmanager
def running(folder: Path, telegram: FakeTelegram, level: str, **settings: str):
    """Run the program in places of its own, with the fake Telegram."""
    port, started = free_port(), time.time()
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SIDEDOOR_")}
    for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        place = folder / name.lower()
        place.mkdir(exist_ok=True)
        environment[name] = str(place)
    environment |= {
        "PYTHONPATH": str(ROOT),  # wherever the package that is installed lies
        "SIDEDOOR_PORT": str(port),
        "SIDEDOOR_LOG_LEVEL": level,
        "SIDEDOOR_DATA": str(folder / "data"),
        "SIDEDOOR_DASHBOARD_PORT": "0",
        "SIDEDOOR_TELEGRAM_TOKEN": TOKEN,
        "TELEGRAM_API_URL": telegram.url,
        **settings,
    }
    with (folder / "stdout").open("ab") as out, (folder / "stderr").open("ab") as err:
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "tests" / "canary_program.py")],
            env=environment,
            stdout=out,
            stderr=err,
            cwd=folder,
        )
    program = Program(process, folder, port, started)
    try:
        polls = telegram.polls
        give_up = time.monotonic() + 300
        while telegram.polls == polls and not telegram.webhook:
            assert process.poll() is None, (folder / "stderr").read_text()
            assert time.monotonic() < give_up
            time.sleep(0.1)
        yield program
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(300)


@pytest.fixture(scope="module")
def canaries():
    """Return the strings that are sent and looked for."""
    return Canaries()


def on_telegram(telegram: FakeTelegram, canaries: Canaries) -> None:
    """Send every kind of message with canaries, and wait until all are answered."""
    chat = int(canaries.number("chat id", 10, identifier=True))
    who = {
        "first_name": canaries.identifier("name"),
        "username": canaries.identifier("username"),
    }
    canaries.identifiers[TOKEN] = "token"

    def say(text=None, **more):
        return telegram.say(chat, text, **who, **more)

    photo = [{"file_id": "A", "file_unique_id": "B", "width": 9, "height": 9}]
    latitude = "51." + canaries.number("location", 6)
    phone = canaries.number("contact", 11)
    say("/start")
    say(f"/start {canaries.text('start parameter')}")
    say(f"im so tired after nights {canaries.text('text')}")
    say(f"I keep thinking about killing myself {canaries.text('risk')}")
    say(f"/{canaries.text('command')}")
    say(f"/help {canaries.text('command parameter')}")
    say(f"my mail is {canaries.text('e-mail')}@example.org")
    say(photo=photo, caption=canaries.text("caption"))
    say(photo=photo, caption=f"i want to die {canaries.text('caption with risk')}")
    say(location={"longitude": 0.1, "latitude": float(latitude)})
    say(contact={"phone_number": phone, "first_name": canaries.identifier("contact's name")})
    say(document={"file_id": "A", "file_unique_id": "B", "file_name": canaries.text("file name")})
    say(
        canaries.text("forward"),
        forward_origin={
            "type": "hidden_user",
            "date": 1,
            "sender_user_name": canaries.identifier("sender"),
        },
    )
    say(poll={"broken": canaries.text("malformed part")})
    for text in (canaries.text("edit"), f"i want to kill myself {canaries.text('risky edit')}"):
        edited = telegram.message(chat, text, **who)
        telegram.deliver(telegram.update(edited_message={**edited, "edit_date": 1}))
    for part in PARTS:
        say(f"fail-{part} my rota is awful and i am tired {canaries.text(f'error in {part}')}")
    say(f"hang- my rota is awful and i am tired {canaries.text('time-out')}")
    group = {**telegram.message(chat, canaries.text("group"), **who)}
    group["chat"] = {"id": -chat, "type": "group", "title": canaries.identifier("group's title")}
    telegram.deliver(telegram.update(message=group))
    telegram.deliver({**telegram.update(), "message": canaries.text("malformed update")})
    telegram.deliver({**telegram.update(), "message": {"text": canaries.text("no chat")}})
    telegram.faults["sendMessage"].extend(
        [500, DROP_BEFORE, (429, {"retry_after": 1}), 400, GARBAGE]
    )
    last = say(f"good night {canaries.text('last')}")
    telegram.wait_answered(last, limit=240)
    telegram.wait_answered(telegram.press(chat, "", canaries.text("button")), limit=60)
    for gone in ("/forget", "/stop"):
        telegram.wait_answered(say(gone), limit=60)
    telegram.blocked.add(chat)
    telegram.wait_answered(say(f"blocked {canaries.text('blocked')}"), limit=60)


def on_the_web(program: Program, canaries: Canaries) -> None:
    """Send every kind of request with canaries."""
    with program.client() as client:
        headers = {
            "User-Agent": canaries.identifier("user agent"),
            "Cookie": canaries.identifier("cookie"),
            "X-Forwarded-For": canaries.identifier("address"),
        }
        client.headers.update(headers)
        token = client.post("/chat/start", json={"deanery": canaries.text("deanery")}).json()[
            "token"
        ]
        canaries.identifiers[token] = "web token"

        def send(**said):
            while True:
                answer = client.post("/chat/send", json={"token": token, **said})
                if answer.status_code != 429:
                    return answer
                time.sleep(int(answer.headers["Retry-After"]))

        assert send(text=f"im so tired after nights {canaries.text('web text')}").status_code == 200
        send(text=f"I keep thinking about killing myself {canaries.text('web risk')}")
        send(text=f"ring 07700 900123 {canaries.text('web phone')}")
        assert send(button=canaries.text("web button")).status_code == 409
        for part in PARTS:
            words = f"fail-{part} my rota is awful and i am tired"
            answer = send(text=f"{words} {canaries.text(f'web error in {part}')}")
            assert answer.status_code == (500 if part == "channel" else 200)
        send(text=f"hang- my rota is awful and i am tired {canaries.text('web time-out')}")
        for body in ('{"text": "%s"', '["%s"]', "%s"):
            client.post("/chat/send", content=body % canaries.text("web malformed"))
        client.get(f"/chat/?{canaries.text('web query')}")
        client.get(f"/{canaries.text('web path')}")


def handing_over(program: Program, telegram: FakeTelegram, canaries: Canaries, unit: Unit) -> None:
    """Give a note, contacts, replies and receipts with canaries, and have the unit answer."""
    with program.client() as client:
        page = Page(client).start(deanery=DEANERY)
        page.say("how do i get in touch with the psu")
        for title in ("Yes", "Things at work", "That's all", "Coaching", "I'll use", "In writing"):
            page.press(title)
        page.send(text=f"fail-RiskDetector my rota is awful {canaries.text('note that failed')}")
        page.send(text=f"I want to kill myself {canaries.text('note with risk')}")
        page.say("no")
        page.say("how do i get in touch with the psu")
        page.say("yes")
        page.say(f"nobody covers my leave and I dread it all {canaries.text('note')}")
        receipt = read_receipt(page.press("Send it"))
        groups = [receipt[at : at + 4] for at in range(0, 16, 4)]
        canaries.texts |= {receipt: "receipt", " ".join(groups): "receipt in groups"}
        unit.answer(f"Thank you, {canaries.text('answer of the unit')}")
        failing = canaries.text("beside a receipt that failed")
        page.send(text=f"fail-InConfidence my receipt is {receipt} {failing}")
        page.say(f"my receipt is {receipt} {canaries.text('beside a receipt')}")
        page.press("Write to them")
        page.say(f"Thursday suits me well, thank you very much {canaries.text('reply')}")
    chat = int(canaries.number("chat id of a referral", 10, identifier=True))

    def say(text):
        telegram.wait_answered(telegram.say(chat, text, first_name="Pat"), limit=60)

    def press(title):
        telegram.wait_answered(telegram.press(chat, title), limit=60)

    say(f"/start {DEANERY}")
    say("how do i get in touch with the psu")
    for title in ("Yes", "My career", "That's all", "Coaching", "Here is how", "By phone"):
        press(title)
    say(f"Sam, {canaries.number('phone number', 11)}, {canaries.text('contact')}@example.org")
    say(f"I would like to talk about leaving medicine, please {canaries.text('telegram note')}")
    press("Send it")
    say(f"/receipt {receipt}")
    say(f"/receipt {receipt[:-1]}")


def test_every_part_of_the_agent_is_among_those_that_fail():
    config = yaml.safe_load((ROOT / "config.yml").read_text(encoding="utf-8"))
    named = [part["name"] for part in (*config["pipeline"], *config["policies"])]
    assert {name.rpartition(".")[2] for name in named} <= {*PARTS}


def at_each_level(program: Program, telegram: FakeTelegram, canaries: Canaries) -> None:
    """Let parts fail at every level that the program starts with, and go on to DEBUG."""
    chat = int(canaries.number("another chat's id", 10, identifier=True))
    printed = program.folder / "stderr"
    for level in reversed(LOG_LEVELS):
        telegram.faults["sendChatAction"].append(400)  # is told at INFO
        telegram.deliver({**telegram.update(), "message": canaries.text(f"unreadable at {level}")})
        for words in ("fail-ActionReplyToTalk", "fail-RiskDetector", "fail-channel", ""):
            words = f"{words} my rota is awful and i am tired {canaries.text(f'at {level}')}"
            last = telegram.say(chat, words)
        telegram.wait_answered(last)
        assert f" {level} " in printed.read_text()
        assert f" {below(level)} " not in printed.read_text()
        program.process.send_signal(signal.SIGUSR2)


def below(level: str) -> str:
    """Return the level below; nothing of it may have been printed yet."""
    return ("DEBUG", *LOG_LEVELS)[LOG_LEVELS.index(level)]


def test_nothing_is_left_behind(tmp_path):
    """At every level that the program starts with, and at DEBUG, to which a test lowers it."""
    canaries, telegram, left = Canaries(), FakeTelegram(), {}
    (tmp_path / "data").mkdir()
    unit = Unit(cheap_database(f"sqlite:///{tmp_path / 'data' / 'referrals.db'}"))
    data = {"SIDEDOOR_DATA": str(tmp_path / "data"), "CANARY_KEY": canaries.key.hex()}
    with running(tmp_path, telegram, LOG_LEVELS[-1], **data) as program:
        at_each_level(program, telegram, canaries)
        with ThreadPoolExecutor() as both:
            for done in (
                both.submit(on_telegram, telegram, canaries),
                both.submit(on_the_web, program, canaries),
            ):
                done.result()
        handing_over(program, telegram, canaries, unit)
        held = canaries.found_in(json.dumps([asdict(t) for t in unit.tickets()]).encode())
        assert held == {
            "note",
            "answer of the unit",
            "reply",
            "phone number",
            "contact",
            "telegram note",
        }
        assert len(canaries.texts) > 70
        assert program.open_for_writing() <= {f"{tmp_path}/stdout", f"{tmp_path}/stderr"}
        for place, data in program.places().items():
            assert canaries.found_in_file(data) == set(), place
        an_hour_later(program)
        for mapping, data in program.memory():
            for what in canaries.found_in(data, identifiers=False):
                left.setdefault(what, []).append(mapping)
    for place, data in program.places().items():
        assert canaries.found_in_file(data) == set(), place
    assert failed_in(tmp_path) == {*PARTS, "InConfidence"}
    printed = (tmp_path / "stderr").read_text()
    assert " DEBUG rasa." in printed  # it was lowered indeed
    assert "Traceback" not in printed
    for line in printed.splitlines():
        assert not re.search(r"\d{7}", line), line
    telegram.stop()
    assert left == {}


def failed_in(folder: Path) -> set[str]:
    """Return the parts that failed, as the program has told."""
    return set(re.findall(r"^failed: (\w+)$", (folder / "stdout").read_text(), re.MULTILINE))


def an_hour_later(program: Program) -> None:
    """Put the clock on, once everything has been noticed, and wait until all was swept."""
    wait_for_sweeps(program)
    program.process.send_signal(signal.SIGUSR1)
    wait_for_sweeps(program)


def wait_for_sweeps(program: Program) -> None:
    """Wait until everything was swept twice more: once a sweep had begun already."""
    done = program.folder / "stdout"
    wanted = done.read_text().count("swept") + 2
    give_up = time.monotonic() + 120
    while done.read_text().count("swept") < wanted:
        assert time.monotonic() < give_up
        time.sleep(0.2)


def test_a_kill_in_mid_turn_leaves_nothing_and_loses_no_message(tmp_path, canaries):
    telegram = FakeTelegram()
    (tmp_path / "redis").mkdir()
    with redis_server(tmp_path / "redis") as redis:
        chat = int(canaries.number("chat id", 10, identifier=True))
        settings = {"SIDEDOOR_REDIS_URL": redis.url, "CANARY_KEY": canaries.key.hex()}
        with running(tmp_path, telegram, "INFO", **settings) as program:
            telegram.wait_answered(telegram.say(chat, f"im tired {canaries.text('before')}"))
            hanging = f"hang- my rota is awful and i am tired {canaries.text('killed')}"
            update = telegram.say(chat, hanging)
            telegram.wait(
                lambda: any(update["update_id"] in ids for ids in telegram.fetched), "the turn"
            )
            time.sleep(1)
            program.process.kill()
            program.process.wait(30)
            assert telegram.acknowledged <= update["update_id"]
            for place, data in program.places().items():
                assert canaries.found_in_file(data) == set(), place
            with Redis.from_url(redis.url) as client:
                (key,) = client.keys()
                assert 0 < client.ttl(key) <= 3_600
                assert key.decode().endswith(canaries.name_of(str(chat)))
            in_redis(redis, canaries, program)
        before = len(telegram.to(chat))
        settings["SIDEDOOR_TELEGRAM_WEBHOOK"] = f"https://chat.example.org{WEBHOOK_PATH}"
        with running(tmp_path, telegram, "INFO", **settings) as program:
            on_the_webhook(program, telegram, canaries, update)
            with program.client() as client:
                page = Page(client).start()
                page.say(f"my rota is awful {canaries.text('on the page, with a Redis')}")
                page.say(f"I want to kill myself {canaries.text('risk on the page, with a Redis')}")
            assert len(telegram.to(chat)) > before
            in_redis(redis, canaries, program)
            an_hour_later(program)
            for mapping, data in program.memory():
                assert canaries.found_in(data, identifiers=False) == set(), mapping
        for place, data in program.places().items():
            assert canaries.found_in_file(data) == set(), place
    telegram.stop()


def in_redis(redis: Any, canaries: Canaries, program: Program) -> None:
    """Look for the strings in everything that a Redis holds, and in its memory."""
    with Redis.from_url(redis.url) as client:
        keys = client.keys()
        held = [key + client.dump(key) for key in keys]
        held += [client.get(key) for key in keys if client.type(key) == b"string"]
    assert held
    assert canaries.found_in(b"\n".join(held)) == set()
    for mapping, data in program.memory(redis.pid):
        assert canaries.found_in(data) == set(), mapping


def test_what_is_forgotten_is_nowhere_in_memory(tmp_path):
    """Not the words, nor the conversation's name, its buttons, the numbers of its messages."""
    canaries, telegram = Canaries(), FakeTelegram()
    telegram._number = random.randrange(10**14, 10**15)
    with running(tmp_path, telegram, "INFO", CANARY_KEY=canaries.key.hex()) as program:
        chat = int(canaries.number("chat id", 10, identifier=True))
        for text in (f"im so tired after nights {canaries.text('words')}", "/start"):
            telegram.wait_answered(telegram.say(chat, text), limit=240)
            for row in [row for message in telegram.to(chat) for row in message["keyboard"]]:
                canaries.texts |= {button["callback_data"]: "button" for button in row}
        canaries.texts[canaries.name_of(str(chat))] = "name of the conversation"
        canaries.texts |= {
            str(message["id"]): "number of a message" for message in telegram.to(chat)
        }
        assert {"name of the conversation", "button"} <= found_in_memory(program, canaries)
        telegram.wait_answered(telegram.say(chat, "/forget"), limit=240)
        assert len(telegram.deleted) > 4
        give_up = time.monotonic() + 300
        while left := found_in_memory(program, canaries):  # the figures' database is written first
            assert time.monotonic() < give_up, left
            wait_for_sweeps(program)
    telegram.stop()


def found_in_memory(program: Program, canaries: Canaries) -> set[str]:
    """Return what of the texts is in the program's memory now."""
    found = (canaries.found_in(data, identifiers=False) for _, data in program.memory())
    return set().union(*found)


def on_the_webhook(
    program: Program, telegram: FakeTelegram, canaries: Canaries, update: dict[str, Any]
) -> None:
    """Send the update as Telegram does, others, and bodies that Telegram would never send."""
    chat = update["message"]["chat"]["id"]
    secret = {SECRET_HEADER: telegram.webhook["secret_token"]}
    with program.client() as client:

        def send(body: object, headers: dict[str, str] = secret) -> int:
            content = body if isinstance(body, str) else json.dumps(body)
            return client.post(WEBHOOK_PATH, content=content, headers=headers).status_code

        def message(words: str) -> dict[str, Any]:
            return telegram.update(message=telegram.message(chat, words))

        assert send(update) == send(update) == 200
        for words in ("I keep thinking about killing myself", "fail-ActionReplyToTalk im tired"):
            assert send(message(f"{words} {canaries.text('on the webhook')}")) == 200
        assert send(message(canaries.text("without the secret")), {}) == 403
        assert send(f'{{"update_id": {canaries.text("broken body")}') == 200
        assert send({**update, "message": canaries.text("unreadable on the webhook")}) == 200
        assert send(message(canaries.text("too large") + "x" * LARGEST_UPDATE)) == 413
        assert send(message(f"im so tired {canaries.text('last on the webhook')}")) == 200


PLANTED = {
    "a number in a database": lambda chat, key: as_a_row(int(chat)),
    "eight bytes": lambda chat, key: int(chat).to_bytes(8, "big"),
    "eight bytes, the other way": lambda chat, key: int(chat).to_bytes(8, "little"),
    "a pickle": lambda chat, key: pickle.dumps({"chat": int(chat)}),
    "a digest": lambda chat, key: hashlib.sha256(chat.encode()).digest(),
    "a digest in writing": lambda chat, key: hashlib.md5(chat.encode()).hexdigest().encode(),
    "the name": lambda chat, key: hmac.digest(key, b"telegram\0" + chat.encode(), "sha256")[:16],
}
"""In what other forms a chat's id may be left behind -> how it is left so."""


def as_a_row(number: int) -> bytes:
    """Return a database of SQLite with the number in it."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "chats.db")
        with closing(sqlite3.connect(path)) as database, database:
            database.execute("create table chats (id integer)")
            database.execute("insert into chats values (?)", [number])
        return path.read_bytes()


@pytest.mark.parametrize("form", PLANTED)
def test_the_search_finds_an_id_in_other_forms(form):
    canaries = Canaries()
    chat, _ = (canaries.number(what, 10, identifier=True) for what in ("planted", "other"))
    data = b"\x07before" + PLANTED[form](chat, canaries.key) + b"after\x07"
    assert chat.encode() not in data
    found = canaries.found_in_file(data)
    assert found == {"name of a conversation" if form == "the name" else "planted"}


def test_the_search_would_find_what_is_left(tmp_path, canaries):
    """The search itself is tried: a word in memory, and one in a file, are found."""
    word, name = canaries.text("planted"), canaries.identifier("planted name")
    script = f"import time; kept = {word!r} * 3; open('left', 'w').write({name!r}); time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", script], cwd=tmp_path)
    program = Program(process, tmp_path, 0, time.time())
    try:
        while not (tmp_path / "left").exists() or not (tmp_path / "left").read_text():
            time.sleep(0.05)
        found = set()
        for _, data in program.memory():
            found |= canaries.found_in(data)
        assert "planted" in found
        files = set()
        for data in program.places().values():
            files |= canaries.found_in(data)
        assert "planted name" in files
    finally:
        process.kill()
        process.wait(30)
