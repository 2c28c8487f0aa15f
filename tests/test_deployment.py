"""Two workers behind nginx as it ships, a real Redis and a real PostgreSQL, on one machine.

What a page does is done here: one number a conversation, one id a message, and again with the same
id when no answer came. The tests go on with what the ones before left, in their order.
"""

from __future__ import annotations

import secrets
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from sqlalchemy import create_engine, text

from bot.channels.conversation import fallback_bubbles
from bot.channels.web import ROUTE_HEADER
from bot.health import LIVE, READY
from bot.paths import ROOT
from tests.databases import PostgreSQL, absent, new_database
from tests.program import Program, free_port, start_program
from tests.proxied import NGINX, Proxy, RedisAsShipped

PROGRAM = Path(__file__).with_name("worker_program.py")
ORDINARY = "my rota is awful and i am tired"
RISK = "I keep thinking about killing myself"
"""What brings one choice after the other, and must never get lost."""

CARD = [bubble.text for bubble in fallback_bubbles()]
NUMBERS = ("999", "111", "116 123")


@dataclass
class Site:
    """Everything, and what has happened to it."""

    folder: Path
    redis: RedisAsShipped
    database: PostgreSQL
    marks: str
    proxy: Proxy
    settings: dict[str, str]
    hold: Path
    workers: dict[int, Program] = field(default_factory=dict)
    starts: int = 0

    def start(self, *ports: int) -> None:
        """Start workers at these ports, at the same time."""
        folders = []
        for _ in ports:
            self.starts += 1
            folders.append(self.folder / f"worker-{self.starts}")
            folders[-1].mkdir()

        def begin(folder: Path, port: int) -> Program:
            command = (sys.executable, "-m", "tests.worker_program")
            return start_program(folder, *command, port=port, settings=self.settings)

        with ThreadPoolExecutor() as both:
            self.workers |= dict(zip(ports, both.map(begin, folders, ports), strict=True))

    def turns(self) -> dict[int, int]:
        """Return how many turns each worker has begun."""
        return {port: w.printed().count("turn\n") for port, w in self.workers.items()}

    def waiting(self, port: int) -> int:
        """Return how many turns a worker has held back so far."""
        return self.workers[port].printed().count("waiting\n")

    def health(self, port: int, path: str) -> int:
        """Ask a worker itself about its health."""
        with self.workers[port].client() as client:
            return client.get(path).status_code


class Page:
    """Somebody's page, through the proxy."""

    def __init__(self, site: Site):
        self._site = site
        self._client = httpx.Client(
            base_url=f"http://127.0.0.1:{site.proxy.port}",
            trust_env=False,
            timeout=60,
            headers={ROUTE_HEADER: secrets.token_hex(16)},
        )
        before = site.turns()
        answer = self._client.post("/chat/start", json={})
        assert answer.status_code == 200, answer.text
        self.messages = answer.json()["messages"]
        self.token = answer.json()["token"]
        self.worker = met(before, site.turns())

    def send(self, message: str | None = None, **said: str) -> httpx.Response:
        """Send a message, as often as the page of a patient person would."""
        body = {"token": self.token, "id": message or secrets.token_hex(8), **said}
        answer = self._client.post("/chat/send", json=body)
        if answer.status_code == 200:
            self.messages = answer.json()["messages"]
        return answer

    def say(self, words: str) -> list[str]:
        """Write, and return the texts of the answer."""
        answer = self.send(text=words)
        assert answer.status_code == 200, answer.text
        return texts(answer)

    def press(self) -> httpx.Response:
        """Press the first choice that is offered."""
        return self.send(button=next(b["id"] for m in self.messages for b in m["buttons"]))


def texts(answer: httpx.Response) -> list[str]:
    return [message["text"] for message in answer.json()["messages"]]


def met(before: dict[int, int], after: dict[int, int]) -> int:
    """Return the one worker that had turns in between."""
    (worker,) = [port for port in after if after[port] > before.get(port, 0)]
    return worker


def wait_until(done, limit: float = 60) -> None:
    give_up = time.monotonic() + limit
    while not done():
        assert time.monotonic() < give_up
        time.sleep(0.05)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Return two running workers with all that belongs to them."""
    if not Path(NGINX).exists():
        absent("nginx")
    folder = tmp_path_factory.mktemp("site")
    database, redis, proxy = PostgreSQL(), RedisAsShipped(folder), Proxy(folder)
    database.start()
    marks, hold = new_database(database.url), folder / "hold"
    settings = {
        "SIDEDOOR_REDIS_URL": redis.url,
        "SIDEDOOR_MARKS_DATABASE": marks,
        "SIDEDOOR_REFERRALS_DATABASE": new_database(database.url),
        "SIDEDOOR_PROXIES": "1",
        "SIDEDOOR_JOBS": "0",
        "HOLD_FILE": str(hold),
        "PYTHONPATH": str(ROOT),
    }
    made = Site(folder, redis, database, marks, proxy, settings, hold)
    try:
        made.start(free_port(), free_port())
        proxy.serve(*made.workers)
        proxy.start()
        yield made
        proxy.stop()
    finally:
        for worker in made.workers.values():
            worker.process.kill()
            worker.process.wait(30)
        redis.stop()
        database.stop()
        database.remove()


@pytest.fixture
def held(site):
    """Hold back turns that ask for it while the test lasts."""
    site.hold.touch()
    yield
    site.hold.unlink(missing_ok=True)


def page_at(site: Site, worker: int) -> Page:
    """Return a page whose conversation belongs to a worker."""
    for _ in range(60):
        page = Page(site)
        if page.worker == worker:
            return page
    raise AssertionError("no conversation comes to this worker")


def test_a_conversation_stays_with_its_worker_and_all_workers_are_used(site):
    pages = [page_at(site, port) for port in site.workers]
    for page in pages:
        before = site.turns()
        page.say(RISK)
        assert page.press().status_code == 200
        assert met(before, site.turns()) == page.worker
    assert len({page.worker for page in pages}) == 2


def test_a_client_without_the_number_stays_with_a_worker_too(site):
    before = site.turns()
    with httpx.Client(
        base_url=f"http://127.0.0.1:{site.proxy.port}", trust_env=False, timeout=60
    ) as client:
        token = client.post("/chat/start").json()["token"]
        for _ in range(3):
            assert client.post("/chat/send", json={"token": token, "text": "hi"}).status_code == 200
    assert met(before, site.turns())


def test_the_proxy_hands_on_the_page_and_nothing_that_is_for_the_operator(site):
    with httpx.Client(base_url=f"http://127.0.0.1:{site.proxy.port}", trust_env=False) as client:
        page = client.get("/chat/")
        assert page.status_code == 200
        assert "content-security-policy" in page.headers
        assert page.headers["strict-transport-security"] == "max-age=31536000"
        assert "nginx/" not in page.headers["server"]
        for path in (LIVE, READY, "/help.html", "/redis.conf"):
            assert client.get(path).status_code == 404, path
        assert client.get("/chat").headers["location"] == "/chat/"
        large = client.post("/chat/send", content=b"x" * 200_000)
        assert (large.status_code, large.json()) == (413, {"error": "too_large"})
    for port in site.workers:
        assert (site.health(port, LIVE), site.health(port, READY)) == (204, 204)


def test_a_worker_killed_in_mid_turn_loses_no_message_and_doubles_no_reply(site, held):
    """The person sees the dots a little longer, then one reply, from the other worker."""
    first, other = site.workers
    page = page_at(site, first)
    page.say("hello")
    waited = site.waiting(first)
    with ThreadPoolExecutor() as pool:
        sending = pool.submit(page.send, "m1", text=f"wait- {RISK}")
        wait_until(lambda: site.waiting(first) > waited)
        site.workers[first].process.kill()
        site.hold.unlink()
        answer = sending.result()
    assert answer.status_code == 200
    assert texts(answer) != CARD
    again = page.send("m1", text=RISK)
    assert again.json() == answer.json(), "asked again, it is the same reply"
    before = site.turns()
    assert page.press().status_code == 200
    assert met(before, site.turns()) == other
    site.workers[first].process.wait(30)
    site.start(first)
    time.sleep(6)  # the proxy tries it again
    before = site.turns()
    assert page.press().status_code == 200, "what the other worker offered can be pressed here"
    assert met(before, site.turns()) == first


def test_a_worker_that_is_told_to_stop_finishes_its_turn_and_ends(site, held):
    _, other = site.workers
    page = page_at(site, other)
    waited = site.waiting(other)
    with ThreadPoolExecutor() as pool:
        sending = pool.submit(page.send, "m1", text=f"wait- {RISK}")
        wait_until(lambda: site.waiting(other) > waited)
        before = site.turns()
        site.workers[other].process.send_signal(signal.SIGTERM)
        time.sleep(1)
        site.hold.unlink()
        answer = sending.result()
    assert (answer.status_code, texts(answer) != CARD) == (200, True)
    assert site.turns() == before, "nobody else had to answer"
    assert site.workers[other].process.wait(60) == 0
    del site.workers[other]
    page.say(RISK)
    assert page.press().status_code == 200


def test_taking_a_worker_out_of_the_list_and_adding_another_loses_no_conversation(site):
    (first,) = site.workers
    pages = [Page(site) for _ in range(12)]
    site.proxy.serve(first)
    site.proxy.reload()
    for page in pages:
        page.say("hello")
    added = free_port()
    site.start(added)
    site.proxy.serve(first, added)
    site.proxy.reload()
    moved = []
    for page in pages:
        before = site.turns()
        page.say(RISK)
        assert page.press().status_code == 200
        moved.append(met(before, site.turns()))
    assert set(moved) == {first, added}


def test_redis_stopped_and_started(site):
    """Meanwhile everybody gets the help card; afterwards people are told that it began again."""
    pages = [page_at(site, port) for port in site.workers]
    site.redis.stop()
    for page in pages:
        assert page.say(RISK) == CARD
    assert [site.health(port, READY) for port in site.workers] == [503, 503]
    assert [site.health(port, LIVE) for port in site.workers] == [204, 204]
    site.redis.start()
    for page in pages:
        answer = page.send(text=ORDINARY)
        assert (answer.status_code, answer.json()) == (410, {"error": "conversation_ended"})
    assert all(number in Page(site).say(RISK)[0] for number in NUMBERS)
    time.sleep(2)  # a check is good for so long
    assert [site.health(port, READY) for port in site.workers] == [204, 204]


def test_postgresql_stopped_and_started(site):
    """Nobody notices; what is counted meanwhile is written when it is back."""
    page = Page(site)
    site.database.stop()
    assert page.say(RISK) != CARD
    assert page.press().status_code == 200
    assert [site.health(port, READY) for port in site.workers] == [204, 204]
    site.database.start()
    assert page.say(ORDINARY) != CARD


def test_without_workers_the_help_page_is_served_and_marks_were_written(site):
    for worker in site.workers.values():
        worker.process.send_signal(signal.SIGTERM)
    for worker in site.workers.values():
        assert worker.process.wait(60) == 0
    with httpx.Client(base_url=f"http://127.0.0.1:{site.proxy.port}", trust_env=False) as client:
        for answer in (client.get("/chat/"), client.post("/chat/send", json={"text": ORDINARY})):
            assert answer.status_code == 502
            assert answer.text == (ROOT / "deploy" / "help.html").read_text(encoding="utf-8")
            assert "default-src 'none'" in answer.headers["content-security-policy"]
            assert all(number in answer.text for number in NUMBERS)
    engine = create_engine(site.marks, future=True)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM marks")) > 0
    engine.dispose()


def test_the_proxy_wrote_down_nothing(site):
    assert (site.proxy.folder / "printed").read_text() == ""
    written = [path for path in site.proxy.folder.glob("sidedoor-nginx*/**/*") if path.is_file()]
    assert written == []
