"""A dashboard with an invented year, on a real server, and staff who sign in to it."""

import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from random import Random

import httpx
import pyotp
import pytest
import uvicorn
from argon2 import PasswordHasher

from bot.dashboard import staff as staff_module
from bot.dashboard.app import create_app, listener, server
from bot.settings import Settings, read_settings
from bot.trends.living import live_through
from bot.trends.synthetic import synthetic_year
from tests.databases import free_port

PASSWORD = "a long enough password"


@pytest.fixture(scope="session", autouse=True)
def weak_hasher():
    """Hash passwords quickly, in tests only."""
    strong = staff_module.HASHER
    staff_module.HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    staff_module._nobody.cache_clear()
    yield
    staff_module.HASHER = strong
    staff_module._nobody.cache_clear()


@pytest.fixture(scope="session")
def year(tmp_path_factory):
    """Return a folder with the releases of an invented year of 8,000 trainees."""
    folder = tmp_path_factory.mktemp("year")
    visits = list(synthetic_year(8_000, 0.05, 2025, Random(8_000)))
    live_through(visits, folder, date(2026, 1, 31))
    return folder


@dataclass
class Clock:
    """Seconds that stand still until they are set."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        """Return the seconds."""
        return self.now


@dataclass
class Served:
    """A dashboard on a port of its own."""

    settings: Settings
    app: object
    clock: Clock
    secrets: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.settings.dashboard_port}"

    @property
    def parts(self):
        """What its pages use."""
        return self.app.state.parts

    def add(self, name: str, role: str, deanery: str = "") -> None:
        """Make an account."""
        secret = self.parts.staff.add(name, name.title(), role, PASSWORD, deanery)
        self.secrets[name] = secret

    def code(self, name: str) -> str:
        """Return a one-time code that was not used yet."""
        self.clock.now += staff_module.STEP_SECONDS
        return pyotp.TOTP(self.secrets[name]).at(int(self.clock.now))

    def browser(self) -> httpx.Client:
        """Return somebody's browser, which sends what browsers send."""
        headers = {"Origin": self.url, "Sec-Fetch-Site": "same-origin"}
        return httpx.Client(base_url=self.url, headers=headers, trust_env=False, timeout=60)

    @contextmanager
    def signed_in(self, name: str):
        """Yield the browser of somebody who has signed in."""
        with self.browser() as client:
            data = {"name": name, "password": PASSWORD, "code": self.code(name)}
            answer = client.post("/sign-in", data=data)
            assert answer.status_code == 303, answer.text
            yield client


@pytest.fixture
def serve():
    """Return a starter of dashboards, which are stopped at the end."""
    running: list[tuple[uvicorn.Server, threading.Thread]] = []

    def start(folder, demo: bool = False, trainees: int | None = None, **more) -> Served:
        port = free_port()
        places = {"port": free_port(), "dashboard_port": port}  # of an assistant that is not there
        chosen = replace(read_settings({}), data=folder, **{**places, **more})
        clock = Clock()
        app = create_app(chosen, clock, demo, trainees=trainees)
        bound = listener("127.0.0.1", port)
        bound.listen(100)  # so that whoever comes before it runs waits
        one = server(app)
        thread = threading.Thread(target=lambda: one.run([bound]), daemon=True)
        thread.start()
        running.append((one, thread))
        return Served(chosen, app, clock)

    yield start
    for one, thread in running:
        one.should_exit = True
        thread.join(10)


@pytest.fixture
def dashboard(serve, year, tmp_path) -> Served:
    """Return a dashboard with a reader, a caseworker and an admin."""
    served = serve(
        year,
        staff_database=f"sqlite:///{tmp_path / 'staff.db'}",
        referrals_database=f"sqlite:///{tmp_path / 'referrals.db'}",
    )
    for role in staff_module.ROLES:
        served.add(role, role)
    return served


def links(html: str) -> set[str]:
    """Return the addresses of this site that a page links to."""
    return {a for a in re.findall(r'(?:href|action)="([^"#]+)"', html) if a.startswith("/")}
