"""The program's settings: one list, read from the environment and from `.env`."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from bot.deanery import deaneries
from bot.paths import ROOT

LOG_LEVELS = ("INFO", "WARNING", "ERROR")
"""Levels the program will start with: Rasa's DEBUG prints what people write."""


WEBHOOK_PATH = "/telegram/updates"
"""Path at which updates from Telegram are taken, when Telegram sends them."""


class SettingsError(ValueError):
    """A setting is wrong; the message names it and the mend."""


@dataclass(frozen=True)
class AllowedOrigin:
    """A site that may show the chat: about any deanery, or about one only."""

    origin: str
    deanery: str = ""

    def admits(self, deanery: str) -> bool:
        """Whether the site may show the chat about `deanery`."""
        return self.deanery in ("", deanery)


@dataclass(frozen=True)
class Setting:
    """One setting: the environment variable, its default, what it is for, and how it is read.

    A secret's value is never shown; `also` is another variable that is read when the first is
    not set.
    """

    variable: str
    default: str
    help: str
    read: Callable[[str], object]
    secret: bool = False
    also: str = ""


def _port(value: str) -> int:
    if not re.fullmatch("[0-9]{1,5}", value) or not 1 <= int(value) <= 65535:
        raise SettingsError("must be a port number from 1 to 65535")
    return int(value)


def _deanery(value: str) -> str:
    if value and value not in deaneries():
        raise SettingsError(f"must be empty or one of {', '.join(deaneries())}")
    return value


def _log_level(value: str) -> str:
    if value.upper() not in LOG_LEVELS:
        raise SettingsError(
            f"must be one of {', '.join(LOG_LEVELS)}: anything lower prints what people write"
        )
    return value.upper()


def _host(value: str) -> str:
    if not value or value != value.strip():
        raise SettingsError("must be an address of this machine, such as 127.0.0.1")
    return value


def _token(value: str) -> str:
    if value and not re.fullmatch(r"[0-9]+:[A-Za-z0-9_-]+", value):
        raise SettingsError("must be empty or a bot's token as BotFather gives it: digits:letters")
    return value


def _address(schemes: tuple[str, ...], example: str, optional: bool = True) -> Callable[[str], str]:
    def read(value: str) -> str:
        parts = urlsplit(value)
        if not value and not optional:
            raise SettingsError(f"must be an address such as {example}")
        if value and (parts.scheme not in schemes or not parts.hostname or value != value.strip()):
            raise SettingsError(f"must be an address such as {example}")
        return value.rstrip("/")

    return read


def _webhook(value: str) -> str:
    if value and not urlsplit(value).path.endswith(WEBHOOK_PATH):
        raise SettingsError(f"must be empty or a public https address that ends in {WEBHOOK_PATH}")
    return _address(("https", "http"), f"https://chat.example.org{WEBHOOK_PATH}")(value)


def _origins(value: str) -> tuple[AllowedOrigin, ...]:
    return tuple(_origin(entry) for entry in value.split())


def _origin(entry: str) -> AllowedOrigin:
    deanery, equals, origin = entry.rpartition("=")
    if not re.fullmatch(r"https?://[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?", origin):
        raise SettingsError(
            f"must be origins with spaces between, such as https://intranet.example, in small"
            f" letters, without a path; {origin!r} is none"
        )
    if equals and deanery not in deaneries():
        raise SettingsError(
            f"may limit an origin to a deanery, such as wales=https://intranet.example;"
            f" {deanery!r} is none of {', '.join(deaneries())}"
        )
    return AllowedOrigin(origin, deanery)


def _url(value: str) -> str:
    if value and not re.fullmatch(r"https?://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._~/-]*)?", value):
        raise SettingsError("must be empty or an address such as https://chat.example")
    return value.rstrip("/")


def _proxies(value: str) -> int:
    if not re.fullmatch("[0-9]", value):
        raise SettingsError("must be a number from 0 to 9")
    return int(value)


def _port_or_none(value: str) -> int:
    if value == "0":
        return 0
    try:
        return _port(value)
    except SettingsError:
        raise SettingsError("must be a port number from 1 to 65535, or 0") from None


def _folder(value: str) -> Path:
    if not value or value != value.strip():
        raise SettingsError("must be a folder, such as data or /var/lib/sidedoor")
    return ROOT / value


def _database(value: str) -> str:
    if value and not re.match(r"(sqlite|postgresql)(\+psycopg2)?://", value):
        raise SettingsError(
            "must be empty, or a URL such as postgresql://user:password@host/database"
        )
    return value


def _jobs(value: str) -> bool:
    if value not in ("0", "1"):
        raise SettingsError("must be 1 or 0")
    return value == "1"


def _suppress(value: str) -> int:
    if value not in ("7", "12"):
        raise SettingsError("must be 12 or 7: others let a rounded figure tell the exact one")
    return int(value)


def _noise(value: str) -> float:
    if not re.fullmatch(r"[0-9]{1,2}(\.[0-9]{1,3})?", value) or 0 < float(value) < 0.1:
        raise SettingsError("must be 0, or a number from 0.1 to 99 such as 0.5")
    return float(value)


def _site(value: str) -> str:
    if value and not re.fullmatch(r"https?://[A-Za-z0-9.\[\]:-]+", value):
        raise SettingsError(
            "must be empty, or scheme and host without a path, such as https://trends.example.nhs.uk"
        )
    return value


def _sites(value: str) -> tuple[str, ...]:
    sites = tuple(value.split())
    if not all(re.fullmatch(r"https?://[A-Za-z0-9.\[\]:-]+", site) for site in sites):
        raise SettingsError(
            "must be addresses with spaces between, such as http://127.0.0.1:5011 http://127.0.0.1:5012"
        )
    return sites


def _header(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9-]*", value):
        raise SettingsError("must be empty, or the name of a header such as X-Remote-User")
    return value


def _secret(value: str) -> str:
    if value and len(value) < 32:
        raise SettingsError("must be empty, or at least 32 characters")
    return value


SETTINGS = (
    Setting("SIDEDOOR_HOST", "127.0.0.1", "Address the web chat listens on.", _host),
    Setting("SIDEDOOR_PORT", "5005", "Port of the web chat.", _port),
    Setting(
        "SIDEDOOR_DEANERY",
        "",
        "Key of the deanery every conversation is about (a file name in deanery/); empty asks.",
        _deanery,
    ),
    Setting("SIDEDOOR_LOG_LEVEL", "WARNING", f"One of {', '.join(LOG_LEVELS)}.", _log_level),
    Setting(
        "SIDEDOOR_TELEGRAM_TOKEN",
        "",
        "Token of the Telegram bot; with it the assistant is on Telegram too. A secret.",
        _token,
        secret=True,
    ),
    Setting(
        "SIDEDOOR_TELEGRAM_API_URL",
        "https://api.telegram.org",
        "Address of the Bot API; `TELEGRAM_API_URL` is read too.",
        _address(("https", "http"), "https://api.telegram.org", optional=False),
        also="TELEGRAM_API_URL",
    ),
    Setting(
        "SIDEDOOR_TELEGRAM_WEBHOOK",
        "",
        "Public address to which Telegram sends updates; empty asks Telegram for them (polling).",
        _webhook,
    ),
    Setting(
        "SIDEDOOR_REDIS_URL",
        "",
        "A Redis that writes nothing to disk, for conversation state; empty keeps it in memory.",
        _address(("redis", "rediss", "unix"), "redis://127.0.0.1:6379/0"),
        secret=True,
    ),
    Setting(
        "SIDEDOOR_ORIGINS",
        "",
        "Sites that may embed the chat, with spaces between; docs/embedding.md has examples.",
        _origins,
    ),
    Setting(
        "SIDEDOOR_URL",
        "",
        "Address by which people reach the assistant; empty takes what the browser asked for.",
        _url,
    ),
    Setting(
        "SIDEDOOR_PROXIES",
        "0",
        "Number of our own proxies in front, which note the address of who asks.",
        _proxies,
    ),
    Setting(
        "SIDEDOOR_DATA",
        "data",
        "Folder for marks, releases, accounts, referrals, keys; a relative one is in the project.",
        _folder,
    ),
    Setting(
        "SIDEDOOR_MARKS_DATABASE",
        "",
        "SQLAlchemy URL of the database of marks; empty is a SQLite file in the data folder.",
        _database,
        secret=True,
    ),
    Setting(
        "SIDEDOOR_STAFF_DATABASE",
        "",
        "SQLAlchemy URL of the dashboard's own database; empty is a SQLite file likewise.",
        _database,
        secret=True,
    ),
    Setting(
        "SIDEDOOR_REFERRALS_DATABASE",
        "",
        "SQLAlchemy URL of the database of sealed referrals; empty is a SQLite file likewise.",
        _database,
        secret=True,
    ),
    Setting(
        "SIDEDOOR_JOBS",
        "1",
        "1 releases trends and ends referrals too; 0 leaves both to the commands that do it.",
        _jobs,
    ),
    Setting(
        "SIDEDOOR_SUPPRESS",
        "12",
        "Counts up to this are not shown in trends: 12, or 7 as in NHS England's own rule.",
        _suppress,
    ),
    Setting(
        "SIDEDOOR_NOISE",
        "0",
        "Privacy loss (epsilon) of one count in trends; 0 adds no noise.",
        _noise,
    ),
    Setting(
        "SIDEDOOR_DASHBOARD_HOST", "127.0.0.1", "Address the staff dashboard listens on.", _host
    ),
    Setting(
        "SIDEDOOR_DASHBOARD_PORT",
        "5006",
        "Port of the staff dashboard; 0 does not start it with the assistant.",
        _port_or_none,
    ),
    Setting(
        "SIDEDOOR_DASHBOARD_URL",
        "",
        "Address that staff type, such as https://trends.example.nhs.uk, if a proxy is in front.",
        _site,
    ),
    Setting(
        "SIDEDOOR_WORKERS",
        "",
        "Addresses of processes whose health the dashboard shows; empty is the web chat's here.",
        _sites,
    ),
    Setting(
        "SIDEDOOR_PROXY_HEADER",
        "",
        "Header in which a trusted proxy names who has signed in; empty asks for a password.",
        _header,
    ),
    Setting(
        "SIDEDOOR_PROXY_SECRET",
        "",
        "Secret of 32 characters or more that the proxy sends in X-Sidedoor-Proxy-Secret.",
        _secret,
        secret=True,
    ),
)


@dataclass(frozen=True)
class Settings:
    """The settings' values."""

    host: str
    port: int
    deanery: str
    log_level: str
    telegram_token: str = field(default="", repr=False)
    telegram_api_url: str = "https://api.telegram.org"
    telegram_webhook: str = ""
    redis_url: str = field(default="", repr=False)
    origins: tuple[AllowedOrigin, ...] = ()
    url: str = ""
    proxies: int = 0
    data: Path = ROOT / "data"
    marks_database: str = field(default="", repr=False)
    staff_database: str = field(default="", repr=False)
    referrals_database: str = field(default="", repr=False)
    jobs: bool = True
    suppress: int = 12
    noise: float = 0.0
    dashboard_host: str = "127.0.0.1"
    dashboard_port: int = 5006
    dashboard_url: str = ""
    workers: tuple[str, ...] = ()
    proxy_header: str = ""
    proxy_secret: str = field(default="", repr=False)

    @property
    def marks_url(self) -> str:
        """The database of marks."""
        return self.marks_database or f"sqlite:///{self.data / 'marks.db'}"

    @property
    def staff_url(self) -> str:
        """The dashboard's own database: accounts, sessions, sign-offs, who looked at what."""
        return self.staff_database or f"sqlite:///{self.data / 'staff.db'}"

    @property
    def referrals_url(self) -> str:
        """The database of sealed referrals and of units' keys."""
        return self.referrals_database or f"sqlite:///{self.data / 'referrals.db'}"

    @property
    def releases(self) -> Path:
        """The folder of releases."""
        return self.data / "releases"


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings from `environment`.

    Raises:
        SettingsError: naming the variable, its value and what it has to be.
    """
    known = {setting.variable for setting in SETTINGS}
    for name in environment:
        if name.startswith("SIDEDOOR_") and name not in known:
            raise SettingsError(f"{name} is not a setting; known are {', '.join(sorted(known))}")
    values = {}
    for setting in SETTINGS:
        value = environment.get(setting.variable, environment.get(setting.also, setting.default))
        try:
            read = setting.read(value)
        except (SettingsError, ValueError) as error:
            shown = "wrong" if setting.secret else repr(value)
            mend = str(error) if isinstance(error, SettingsError) else "must be an address"
            raise SettingsError(f"{setting.variable} is {shown}; it {mend}") from None
        values[setting.variable.removeprefix("SIDEDOOR_").lower()] = read
    if values["proxy_header"] and not values["proxy_secret"]:
        raise SettingsError(
            "SIDEDOOR_PROXY_HEADER is set; set SIDEDOOR_PROXY_SECRET too, so that nobody but the"
            " proxy can name who has signed in"
        )
    return Settings(**values)  # type: ignore[arg-type]


@lru_cache(maxsize=1)
def settings() -> Settings:
    """Return the settings of this process: the environment's, then `.env`'s, then the defaults."""
    return read_settings({**_dotenv(ROOT / ".env"), **os.environ})


def _dotenv(path: Path) -> dict[str, str]:
    """Return the `NAME=value` lines of `path`, if it exists; `export` before one is let pass."""
    if not path.exists():
        return {}
    values = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        raise SettingsError(".env: not UTF-8 text; save the file as UTF-8") from None
    for number, line in enumerate(lines, 1):
        line = line.strip().removeprefix("export ")
        if not line or line.startswith("#"):
            continue
        name, equals, value = line.partition("=")
        if not equals:
            raise SettingsError(f".env, line {number}: write NAME=value")
        values[name.strip()] = value.strip().strip("\"'")
    return values
