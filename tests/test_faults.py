"""Faults of every kind in a deployment of several workers; what people see meanwhile, and after.

Everything is real, started as a deployment starts it, on one machine: two workers behind nginx, the
process for Telegram, the dashboard, Redis and PostgreSQL, the latter on a small disk that can be
filled. Each test breaks one thing while people are in mid-turn, and mends it as a service manager
does: by starting again what has ended, and by nothing else. Every message holds a word that nobody
wrote before, which is looked for in every file at the end.

`tests/test_deployment.py` has what concerns routing, rolling and a worker's end in mid-turn.
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pyotp
import pytest
from argon2 import PasswordHasher
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Engine

from bot.channels.conversation import fallback_bubbles
from bot.channels.fixed import fixed
from bot.channels.web import ROUTE_HEADER
from bot.dashboard import staff as staff_module
from bot.dashboard.staff import Staff
from bot.dashboard.tables import open_staff_database
from bot.health import LIVE, READY
from bot.referrals.receipts import read_receipt
from bot.trends.marks import Mark, Marks
from bot.trends.releases import Releases
from tests.databases import absent
from tests.deployed import DASHBOARD, SIDEDOOR, TELEGRAM, Deployed
from tests.referral_unit import Unit
from tests.referrals import DEANERY, cheap_database
from tests.test_canary import Canaries
from tests.test_web_channel import Page

pytestmark = pytest.mark.faults

WORKERS = ("worker-a", "worker-b")
PROGRAM = (sys.executable, "-m", "tests.worker_program")

ORDINARY = "my rota is awful and i am tired"
RISK = "I keep thinking about killing myself"

CARD = [bubble.text for bubble in fallback_bubbles()]
NUMBERS = ("999", "111", "116 123")

BEGAN_AGAIN = fixed("utter_began_again", minutes=60)
NOT_SENT = fixed("utter_referral_not_sent")

PASSWORD = "a long enough password"

OUTAGE_SECONDS = 60

DISK_MEGABYTES = 400

FAKETIME = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))


@dataclass
class Site:
    """A deployment, and people who come to it."""

    deployed: Deployed
    hold: Path
    canaries: Canaries
    unit: Unit | None = None
    staff: Staff | None = None
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(16))

    @property
    def telegram(self):
        """The Bot API."""
        return self.deployed.telegram

    def words(self, said: str) -> str:
        """Return what is said, with a word that nobody wrote before."""
        return f"{said} {self.canaries.text(said)}"

    def page(self, **said: str) -> FaultPage:
        """Return a page with a new conversation."""
        browser = self.deployed.browser(**{ROUTE_HEADER: secrets.token_hex(16)})
        page = FaultPage(browser, site=self)
        page.start(**said)
        return page

    def chat(self) -> Chat:
        """Return somebody new on Telegram, who has begun."""
        chat = Chat(self, int(self.canaries.number("chat id", 10, identifier=True)))
        chat.say("/start")
        return chat

    def page_at(self, worker: str) -> FaultPage:
        """Return a page whose conversation belongs to a worker."""
        for _ in range(40):
            before = self.turns(worker)
            page = self.page()
            if self.turns(worker) > before:
                return page
        raise AssertionError(f"no conversation comes to {worker}")

    def turns(self, *names: str) -> int:
        """Return how many turns these programs have begun since they were started."""
        return sum(self.deployed.programs[n].printed().count("turn\n") for n in names)

    def waiting(self, name: str, how: str = "waiting") -> int:
        """Return how many turns a program has held back, or how often it was `hanging`."""
        return self.deployed.programs[name].printed().count(f"{how}\n")

    @contextmanager
    def held(self, name: str, said: Callable[[], object], how: str = "waiting") -> Iterator[Future]:
        """Have something said whose turn is held back at a program until this ends."""
        self.hold.touch()
        before = self.waiting(name, how)
        try:
            sending = self.pool.submit(said)
            until(lambda: self.waiting(name, how) > before, f"a turn at {name}")
            yield sending
        finally:
            self.hold.unlink(missing_ok=True)

    def kill(self, name: str) -> None:
        """End a program as a lack of memory does."""
        self.deployed.programs[name].process.kill()
        self.deployed.programs[name].process.wait(30)

    def restart(self, *names: str) -> None:
        """Start again what has ended, as a service manager does."""
        fetched = len(self.telegram.fetched)
        self.deployed.start(*names)
        if TELEGRAM in names:
            until(lambda: len(self.telegram.fetched) > fetched, "Telegram to be asked")

    def health(self, name: str, path: str) -> int:
        """Ask a program about its health."""
        with self.deployed.programs[name].client() as client:
            return client.get(path).status_code

    def all_ready(self) -> None:
        """Wait until everything that serves people says so."""
        for name in (*WORKERS, TELEGRAM):
            until(lambda name=name: self.health(name, READY) == 204, f"{name} to be ready")

    def processes(self) -> dict[str, int]:
        """Return the process id of every program."""
        return {name: p.process.pid for name, p in self.deployed.programs.items()}


@dataclass
class FaultPage(Page):
    """A page that sends again, with the same id, what got no answer."""

    site: Site | None = None
    last: str = ""

    def begin(self, words: str) -> str:
        """Write something and return its id; for `again`."""
        self.last = secrets.token_hex(8)
        self.written = self.site.words(words)
        return self.last

    def once(self) -> httpx.Response:
        """Send what was written."""
        return self.send(text=self.written, id=self.last)

    def write(self, words: str) -> list[str]:
        """Write something; return the texts of the answer, which there has to be."""
        self.begin(words)
        answer = self.once()
        assert answer.status_code == 200, answer.text
        return self.texts()

    def texts(self) -> list[str]:
        """Return the texts of the last answer."""
        return [message["text"] for message in self.messages]


@dataclass
class Chat:
    """Somebody's chat on Telegram."""

    site: Site
    number: int

    def write(self, words: str) -> dict:
        """Write something; return its update."""
        return self.site.telegram.say(self.number, self.site.words(words))

    def say(self, words: str) -> list[str]:
        """Write something; return what is answered."""
        before = len(self.texts())
        self.site.telegram.wait_answered(self.write(words), limit=120)
        return self.texts()[before:]

    def texts(self) -> list[str]:
        """Return everything that was answered."""
        return self.site.telegram.texts(self.number)


def until(done: Callable[[], object], what: str, limit: float = 180) -> None:
    """Wait for something; a program that has gone meanwhile is no answer."""
    give_up = time.monotonic() + limit
    while True:
        with suppress(httpx.TransportError):
            if done():
                return
        assert time.monotonic() < give_up, f"waited in vain for {what}"
        time.sleep(0.05)


def once(texts: list[str]) -> None:
    """Check that there is an answer to risk, no bubble of it doubled, and no card."""
    assert texts
    assert texts[: len(CARD)] != CARD
    assert len(texts) == len(set(texts)), texts
    assert all(number in texts[0] for number in NUMBERS), texts


@pytest.fixture(scope="module")
def disk():
    """Return a disk that may be filled, or None where none can be made."""
    # Not among pytest's folders, which PostgreSQL's user may not enter.
    folder = Path(tempfile.mkdtemp(prefix="sidedoor-disk-"))
    size = f"size={DISK_MEGABYTES}m,mode=0755"
    mounting = ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mounting, check=False).returncode != 0:
        folder.rmdir()
        yield None
        return
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)
    folder.rmdir()


@pytest.fixture(scope="module")
def site(tmp_path_factory, disk):
    """Return the running deployment; a unit has a key, and a member of staff an account."""
    folder = tmp_path_factory.mktemp("site")
    hold = folder / "hold"
    deployed = Deployed(folder, PROGRAM, {"HOLD_FILE": str(hold)}, disk=disk)
    try:
        made = Site(deployed, hold, Canaries())
        made.unit = Unit(cheap_database(deployed.settings["SIDEDOOR_REFERRALS_DATABASE"]))
        strong = staff_module.HASHER
        staff_module.HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        made.staff = Staff(open_staff_database(deployed.settings["SIDEDOOR_STAFF_DATABASE"]))
        Marks.open(deployed.settings["SIDEDOOR_MARKS_DATABASE"]).close()
        deployed.start(*WORKERS, TELEGRAM, DASHBOARD)
        deployed.proxy.unlimited()
        deployed.serve(*WORKERS)
        made.all_ready()
        yield made
        staff_module.HASHER = strong
    finally:
        hold.unlink(missing_ok=True)
        deployed.stop()


# Processes that are killed


def test_a_worker_killed_after_its_turn_was_saved_brings_one_reply(site):
    """It waits a little longer for it, and the reply is the other worker's."""
    first, other = WORKERS
    page = site.page_at(first)
    page.write(ORDINARY)
    page.begin(f"late- {RISK}")
    with site.held(first, page.once) as sending:
        site.kill(first)
    answer = sending.result()
    assert answer.status_code == 200
    once(page.texts())
    assert page.once().json() == answer.json(), "asked again, it is the same reply"
    before = site.turns(other)
    assert page.send(button=page.buttons[0]["id"]).status_code == 200
    assert site.turns(other) == before + 1
    site.restart(first)
    site.all_ready()


def test_whoever_else_talks_when_a_worker_is_killed_gets_one_reply_each(site):
    first, other = WORKERS
    pages = [site.page_at(first) for _ in range(4)] + [site.page_at(other) for _ in range(2)]
    chat = site.chat()
    for page in pages:
        page.begin(f"wait- {RISK}")
    before = site.waiting(first) + site.waiting(other)
    with site.held(first, pages[0].once) as sending:
        others = [site.pool.submit(page.once) for page in pages[1:]]
        everybody = before + len(pages)
        until(lambda: site.waiting(first) + site.waiting(other) == everybody, "all turns")
        site.kill(first)
    for page, told in zip(pages, [sending, *others], strict=True):
        assert told.result().status_code == 200
        once(page.texts())
    once(chat.say(RISK))
    site.restart(first)
    site.all_ready()


def test_the_process_for_telegram_killed_in_mid_turn(site):
    """Silence until it is back; then each message is answered, once. The page notices nothing."""
    chat, page = site.chat(), site.page()
    chat.say(ORDINARY)
    before = len(chat.texts())
    with site.held(TELEGRAM, lambda: chat.write(f"wait- {RISK}")) as writing:
        site.kill(TELEGRAM)
    late = chat.write(ORDINARY)
    once(page.write(RISK))
    assert len(chat.texts()) == before
    site.restart(TELEGRAM)
    site.telegram.wait_answered(writing.result(), late, limit=120)
    answered = chat.texts()[before:]
    once(answered)
    assert answered != CARD
    site.all_ready()


def test_the_process_for_telegram_killed_after_its_turn_was_saved(site):
    chat = site.chat()
    before = len(chat.texts())
    with site.held(TELEGRAM, lambda: chat.write(f"late- {RISK}")) as writing:
        site.kill(TELEGRAM)
    assert len(chat.texts()) == before
    site.restart(TELEGRAM)
    site.telegram.wait_answered(writing.result(), limit=120)
    once(chat.texts()[before:])


def test_nginx_killed_in_mid_turn(site):
    """An open page gets no answer and shows its own numbers; sent again, it is the one reply."""
    page, chat, proxy = site.page_at(WORKERS[0]), site.chat(), site.deployed.proxy
    page.write(ORDINARY)
    page.begin(f"wait- {RISK}")
    before = site.turns(*WORKERS)
    with site.held(WORKERS[0], page.once) as sending:
        for process in proxy.processes():
            os.kill(process, signal.SIGKILL)
        proxy.process.wait(30)
        with pytest.raises(httpx.TransportError):
            sending.result()
        with pytest.raises(httpx.TransportError):
            page.once()
    once(chat.say(RISK))
    proxy.start()
    assert page.once().status_code == 200
    once(page.texts())
    assert site.turns(*WORKERS) == before + 1
    assert page.send(button=page.buttons[0]["id"]).status_code == 200


def sign_in(site: Site, name: str) -> httpx.Client:
    """Return the browser of a new member of staff, signed in."""
    secret = site.staff.add(name, name.title(), "reader", PASSWORD, "")
    address = "http://{}:{}".format(*site.deployed.programs[DASHBOARD].address)
    headers = {"Origin": address, "Sec-Fetch-Site": "same-origin"}
    client = httpx.Client(base_url=address, headers=headers, trust_env=False, timeout=120)
    code = pyotp.TOTP(secret).now()
    answer = client.post("/sign-in", data={"name": name, "password": PASSWORD, "code": code})
    assert answer.status_code == 303, answer.text
    return client


def test_the_dashboard_killed_while_staff_read(site):
    """They get no page until it is back, and are still signed in; trainees notice nothing."""
    page = site.page()
    with closing(sign_in(site, "ann")) as browser:
        assert browser.get("/service").status_code == 200
        reading = [site.pool.submit(browser.get, "/service") for _ in range(6)]
        site.kill(DASHBOARD)
        for one in reading:
            with suppress(httpx.TransportError):
                assert one.result().status_code == 200
        with pytest.raises(httpx.TransportError):
            browser.get("/service")
        once(page.write(RISK))
        site.restart(DASHBOARD)
        assert browser.get("/service").status_code == 200


# Processes that hang


def test_a_worker_whose_recognition_hangs(site):
    """Who writes first gets the card; who writes once it is noticed is answered by another."""
    first, other = WORKERS
    page, neighbour = site.page_at(first), site.page_at(first)
    neighbour.write(ORDINARY)
    with site.held(first, lambda: page.write(f"stuck- {ORDINARY}"), "hanging") as sending:
        until(lambda: site.health(first, LIVE) == 503, "it to be noticed")
        before = site.turns(other)
        once(neighbour.write(RISK))
        assert site.turns(other) == before + 1
        assert sending.result() == CARD
        site.kill(first)
    once(page.write(RISK))
    site.restart(first)
    site.all_ready()


def test_a_worker_that_hangs_as_a_whole(site):
    """The numbers come before the page gives up; sent again, there is one reply, of another."""
    first, other = WORKERS
    page = site.page_at(first)
    page.write(ORDINARY)
    process = site.deployed.programs[first].process
    os.kill(process.pid, signal.SIGSTOP)
    page.begin(RISK)
    body = {"token": page.token, "text": page.written, "id": page.last}
    answer = page.browser.post("/chat/send", json=body, timeout=30)
    assert answer.status_code == 504
    assert all(number in answer.text for number in NUMBERS)
    before = site.turns(other)
    assert page.once().status_code == 200
    once(page.texts())
    assert site.turns(other) == before + 1
    site.kill(first)
    site.restart(first)
    site.all_ready()


# Redis


def test_redis_killed_in_mid_turn(site):
    """Both channels give the help card; afterwards both say that the conversation began again."""
    page, chat = site.page_at(WORKERS[0]), site.chat()
    page.write(ORDINARY)
    chat.say(ORDINARY)
    before = len(chat.texts())
    page.begin(f"wait- {RISK}")
    with (
        site.held(TELEGRAM, lambda: chat.write(f"wait- {RISK}")) as writing,
        site.held(WORKERS[0], page.once) as sending,
    ):
        site.deployed.redis.stop()
    assert sending.result().status_code == 200
    assert page.texts() == CARD
    site.telegram.wait_answered(writing.result(), limit=120)
    assert chat.texts()[before:][:2] == CARD
    assert len(chat.texts()) == before + len(CARD)
    assert [site.health(name, LIVE) for name in (*WORKERS, TELEGRAM)] == [204] * 3
    site.deployed.redis.start()
    page.begin(RISK)
    assert (page.once().status_code, page.once().json()) == (410, {"error": "conversation_ended"})
    once(site.page().write(RISK))
    assert BEGAN_AGAIN in "\n".join(chat.say(ORDINARY))
    once(chat.say(RISK))
    site.all_ready()


def test_redis_that_answers_nothing_for_a_while(site):
    """The help card meanwhile, and nothing is lost: the conversation goes on where it was."""
    page, chat = site.page(), site.chat()
    page.write(ORDINARY)
    chat.say(ORDINARY)
    os.kill(site.deployed.redis.process.pid, signal.SIGSTOP)
    try:
        assert page.write(RISK) == CARD
        assert chat.say(RISK)[:2] == CARD
    finally:
        os.kill(site.deployed.redis.process.pid, signal.SIGCONT)
    once(page.write(RISK))
    once(chat.say(RISK))
    site.all_ready()


# PostgreSQL


NOTE = "nobody covers my leave and I dread it all"

LONG_NOTE = " ".join([NOTE] * 200)
"""A note for which PostgreSQL has to make its files longer."""


def referral(site: Site, note: str = NOTE) -> FaultPage:
    """Return the page of somebody who has only to send what was written for the unit."""
    page = site.page(deanery=DEANERY)
    page.write("how do i get in touch with the psu")
    for title in ("Yes", "Things at work", "That's all", "Coaching", "I'll use", "In writing"):
        page.press(title)
    page.write(note)
    return page


def send_it(page: FaultPage) -> list[str]:
    """Press the button that sends; return what is said."""
    answer = page.send(button=page.button("Send it"))
    assert answer.status_code == 200, answer.text
    return page.texts()


def sent_once(site: Site, page: FaultPage, before: int) -> None:
    """Try again, and check that the unit has one ticket more and the page a receipt."""
    page.press("Try again")
    told = send_it(page)
    assert read_receipt("\n".join(told)), told
    assert len(site.unit.tickets()) == before + 1


def test_postgresql_killed_and_started_while_somebody_hands_over(site):
    """Whoever only talks notices nothing; a referral is said not to have gone, and goes later."""
    page, other, chat = referral(site), site.page(), site.chat()
    before = len(site.unit.tickets())
    site.deployed.database.stop()
    try:
        assert NOT_SENT in send_it(page)
        once(other.write(RISK))
        once(chat.say(RISK))
        once(site.page().write(RISK))
        assert [site.health(name, READY) for name in WORKERS] == [204, 204]
    finally:
        site.deployed.database.start()
    sent_once(site, page, before)


@contextmanager
def locked(site: Site) -> Iterator[None]:
    """Hold every table of marks and referrals, as a runaway job does."""
    engines, held = [], []
    try:
        for name, tables in (
            ("MARKS", "marks, frozen, origin"),
            ("REFERRALS", "tickets, ticket_messages, unit_keys, referral_salt"),
        ):
            engine = create_engine(site.deployed.settings[f"SIDEDOOR_{name}_DATABASE"], future=True)
            engines.append(engine)
            held.append(engine.connect())
            held[-1].execute(text(f"LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE"))
        yield
    finally:
        for connection in held:
            connection.rollback()
            connection.close()
        for engine in engines:
            engine.dispose()


def test_tables_of_postgresql_that_somebody_locks(site):
    """Talk goes on, also at a worker that starts meanwhile; a referral is said not to have gone."""
    page, other = referral(site), site.page()
    before = len(site.unit.tickets())
    with locked(site):
        assert NOT_SENT in send_it(page)
        once(other.write(RISK))
        site.kill(WORKERS[1])
        site.restart(WORKERS[1])
        once(site.page_at(WORKERS[1]).write(RISK))
        site.all_ready()
    sent_once(site, page, before)


def test_a_postgresql_that_answers_nothing_for_a_while(site):
    """As before; whoever sends a referral waits until the turn is given up, and sends it again."""
    page, other, chat = referral(site), site.page(), site.chat()
    before = len(site.unit.tickets())
    with site.deployed.database.frozen():
        sending = site.pool.submit(send_it, page)
        once(other.write(RISK))
        once(chat.say(RISK))
        once(site.page().write(RISK))
        told = sending.result()
        assert told == CARD or NOT_SENT in told
        assert [site.health(name, READY) for name in WORKERS] == [204, 204]
    if told == CARD:
        page.say("send it")
        until(lambda: len(site.unit.tickets()) == before + 1, "the ticket")
        assert read_receipt("\n".join(page.texts())), page.texts()
    else:
        sent_once(site, page, before)
    site.all_ready()


# A full disk


@contextmanager
def full(disk: Path) -> Iterator[None]:
    """Leave not a byte on the disk."""
    ballast = disk / "ballast"
    try:
        with suppress(OSError), ballast.open("wb", buffering=0) as filling:
            while filling.write(bytes(65_536)):
                pass
        yield
    finally:
        ballast.unlink()


def release(site: Site) -> subprocess.CompletedProcess:
    """Run the job that releases trends, as the timer does."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SIDEDOOR_")}
    return subprocess.run(
        [SIDEDOOR, "release"],
        env={**environment, **site.deployed.settings},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_full_disk_under_the_database_and_the_data_folder(site, disk):
    """People are answered, a referral is said not to have gone, and no half release is left."""
    if disk is None:
        absent("the right to mount a small disk")
    releases = Releases(disk / "data" / "releases")
    store = Marks.open(site.deployed.settings["SIDEDOOR_MARKS_DATABASE"])
    people = [Mark("2025-05", "people", "any", os.urandom(16)) for _ in range(60)]
    store.change(people, [], "2025-05")
    store.close()
    page, other, chat = referral(site, LONG_NOTE), site.page(), site.chat()
    before = len(site.unit.tickets())
    with full(disk):
        assert NOT_SENT in send_it(page)
        once(other.write(RISK))
        once(chat.say(RISK))
        told = release(site)
        assert told.returncode != 0
        assert "Traceback" not in told.stderr + told.stdout
        assert releases.names() == []
    sent_once(site, page, before)
    told = release(site)
    assert told.returncode == 0, told.stderr
    (window,) = [name for name in releases.names() if name.startswith("2025-05")]
    assert f"Released {window}; its marks are destroyed." in told.stdout
    assert releases.read(window).people == 60


# What somebody sends, and what Telegram does


def test_a_message_that_makes_the_model_raise_sent_again_and_again(site):
    """Its writer gets the help card each time, nobody else notices, and no process ends."""
    running = site.processes()
    page, chat = site.page(), site.chat()
    others = [site.page() for _ in range(6)]
    for _ in range(3):
        page.begin(f"poison- {ORDINARY}")
        poisoned = [site.pool.submit(page.once)]
        told_chat = site.pool.submit(chat.say, f"poison- {ORDINARY}")
        told = [site.pool.submit(one.write, RISK) for one in others]
        for one in told:
            once(one.result())
        assert [one.result().status_code for one in poisoned] == [200]
        assert page.texts() == CARD
        assert page.once().status_code == 200, "its page tries the same message again"
        assert page.texts() == CARD
        assert told_chat.result()[: len(CARD)] == CARD
    once(page.write(RISK))
    once(chat.say(RISK))
    assert site.processes() == running
    assert all(p.process.poll() is None for p in site.deployed.programs.values())
    site.all_ready()


def test_telegram_away_for_a_minute(site):
    """What was written before and meanwhile is answered afterwards, once; the page goes on."""
    writer, waiter, late = site.chat(), site.chat(), site.chat()
    page = site.page()
    counts = {chat.number: len(chat.texts()) for chat in (writer, waiter, late)}
    with site.held(TELEGRAM, lambda: waiter.write(f"wait- {RISK}")) as writing:
        site.telegram.down = True
    back = time.monotonic() + OUTAGE_SECONDS
    updates = [writer.write(RISK)]
    once(page.write(RISK))
    while time.monotonic() < back:
        assert page.write(ORDINARY) != CARD
        time.sleep(5)
    updates.append(late.write(RISK))
    site.telegram.down = False
    site.telegram.wait_answered(writing.result(), *updates, limit=180)
    for chat in (writer, waiter, late):
        once(chat.texts()[counts[chat.number] :])
    assert site.health(TELEGRAM, READY) == 204


# Everything that was left behind


def test_nothing_of_it_all_is_in_any_file(site, disk):
    """Logs, marks, sealed referrals, the write-ahead log, and what nginx and Redis print."""
    for name in (*WORKERS, TELEGRAM):
        site.deployed.programs[name].process.send_signal(signal.SIGTERM)
    for name in (*WORKERS, TELEGRAM):
        assert site.deployed.programs[name].process.wait(120) == 0
    engine = create_engine(site.deployed.settings["SIDEDOOR_MARKS_DATABASE"], future=True)
    assert counted(engine) > 0, "what was counted was written, after all that"
    engine.dispose()
    site.deployed.database.stop("fast")
    searched = 0
    for top in {
        site.deployed.folder,
        Path(site.deployed.database.folder),
        disk or Path("/dev/shm"),
    }:
        for path in top.rglob("*"):
            if path.is_file():
                searched += 1
                assert site.canaries.found_in(path.read_bytes()) == set(), path
    assert searched > 100
    for program in site.deployed.folder.glob("*/stderr"):
        assert "Traceback" not in program.read_text()
    site.deployed.database.start()


def counted(engine: Engine) -> int:
    """Return how many marks there are."""
    with engine.connect() as connection:
        return int(connection.scalar(text("SELECT count(*) FROM marks")))


# The clock


@dataclass
class Clock:
    """The wall clock of a deployment's processes, which can be set while they run."""

    file: Path

    def set(self, offset: str) -> None:
        """Set it forward ("+2h") or back ("-1d")."""
        self.file.write_text(offset)

    def environment(self) -> dict[str, str]:
        """Return what lets a process have this clock; what measures durations stays as it is."""
        return {
            "LD_PRELOAD": str(FAKETIME[0]),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_CACHE_DURATION": "1",
        }


def test_the_clock_set_forward_and_back(tmp_path):
    """Conversations go on over a jump of our processes' clock: what they measure is not of it.

    Redis keeps the machine's own: its allocator and libfaketime do not go together.
    """
    if not FAKETIME:
        absent("libfaketime")
    clock = Clock(tmp_path / "clock")
    clock.set("+0")
    hold = tmp_path / "hold"
    settings = {"HOLD_FILE": str(hold), **clock.environment()}
    deployed = Deployed(tmp_path, PROGRAM, settings)
    site = Site(deployed, hold, Canaries())
    try:
        deployed.start(*WORKERS, TELEGRAM)
        deployed.proxy.unlimited()
        deployed.serve(*WORKERS)
        site.all_ready()
        page, chat = site.page(), site.chat()
        page.write(ORDINARY)
        chat.say(ORDINARY)
        for offset in ("+2h", "+1d", "-1d", "-400d", "+0"):
            clock.set(offset)
            time.sleep(2)  # so long a process may go on with what it read before
            once(page.write(RISK))
            once(chat.say(RISK))
            talk(site, site.page(), site.chat())
        site.all_ready()
    finally:
        deployed.stop()


def talk(site: Site, page: FaultPage, chat: Chat) -> None:
    """Hold a short conversation on both channels."""
    assert page.write(ORDINARY) != CARD
    once(page.write(RISK))
    assert chat.say(ORDINARY)[:2] != CARD
    once(chat.say(RISK))
