"""The settings: read in one place, each wrong one told in one line with its mend."""

import pytest

from bot.deanery import deaneries
from bot.paths import ROOT
from bot.settings import (
    LOG_LEVELS,
    SETTINGS,
    AllowedOrigin,
    Settings,
    SettingsError,
    _dotenv,
    read_settings,
)


def test_nothing_has_to_be_set():
    assert read_settings({}) == Settings("127.0.0.1", 5005, "", "WARNING")


def test_what_is_set_is_used():
    environment = {
        "SIDEDOOR_HOST": "::1",
        "SIDEDOOR_PORT": "65535",
        "SIDEDOOR_DEANERY": "wales",
        "SIDEDOOR_LOG_LEVEL": "error",
        "SIDEDOOR_TELEGRAM_TOKEN": "123:Ab_c-d",
        "TELEGRAM_API_URL": "http://127.0.0.1:8081/",
        "SIDEDOOR_TELEGRAM_WEBHOOK": "https://chat.example.org/telegram/updates",
        "SIDEDOOR_REDIS_URL": "redis://127.0.0.1:6379/0",
        "SIDEDOOR_ORIGINS": " https://a.example  wales=http://intranet.wales.example:8080 ",
        "SIDEDOOR_URL": "https://chat.example/",
        "SIDEDOOR_PROXIES": "1",
        "SIDEDOOR_WORKERS": "http://127.0.0.1:5011  http://127.0.0.1:5012",
        "HOME": "/root",
        "sidedoor_port": "no setting of ours",
    }
    assert read_settings(environment) == Settings(
        host="::1",
        port=65535,
        deanery="wales",
        log_level="ERROR",
        telegram_token="123:Ab_c-d",
        telegram_api_url="http://127.0.0.1:8081",
        telegram_webhook="https://chat.example.org/telegram/updates",
        redis_url="redis://127.0.0.1:6379/0",
        origins=(
            AllowedOrigin("https://a.example"),
            AllowedOrigin("http://intranet.wales.example:8080", "wales"),
        ),
        url="https://chat.example",
        proxies=1,
        workers=("http://127.0.0.1:5011", "http://127.0.0.1:5012"),
    )


def test_the_settings_own_name_wins_over_the_other_one():
    environment = {
        "SIDEDOOR_TELEGRAM_API_URL": "http://127.0.0.1:1",
        "TELEGRAM_API_URL": "http://127.0.0.1:2",
    }
    assert read_settings(environment).telegram_api_url == "http://127.0.0.1:1"


def test_the_data_are_in_the_project_unless_elsewhere():
    chosen = read_settings({})
    assert chosen.data == ROOT / "data"
    assert chosen.marks_url == f"sqlite:///{ROOT / 'data' / 'marks.db'}"
    assert chosen.staff_url == f"sqlite:///{ROOT / 'data' / 'staff.db'}"
    elsewhere = read_settings(
        {"SIDEDOOR_DATA": "/var/lib/x", "SIDEDOOR_MARKS_DATABASE": "postgresql://h/marks"}
    )
    assert str(elsewhere.releases) == "/var/lib/x/releases"
    assert elsewhere.marks_url == "postgresql://h/marks"


def test_a_proxy_is_trusted_only_with_a_secret():
    with pytest.raises(SettingsError, match="set SIDEDOOR_PROXY_SECRET too"):
        read_settings({"SIDEDOOR_PROXY_HEADER": "X-Remote-User"})
    chosen = {"SIDEDOOR_PROXY_HEADER": "X-Remote-User", "SIDEDOOR_PROXY_SECRET": "s" * 32}
    assert read_settings(chosen).proxy_header == "X-Remote-User"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("SIDEDOOR_TELEGRAM_TOKEN", "123:abc def"),
        ("SIDEDOOR_TELEGRAM_TOKEN", "abcdef"),
        ("SIDEDOOR_TELEGRAM_TOKEN", "123:abc/../getMe"),
        ("SIDEDOOR_REDIS_URL", "http://user:word@host"),
        ("SIDEDOOR_REDIS_URL", "redis://[word"),
        ("SIDEDOOR_PROXY_SECRET", "hidden"),
        ("SIDEDOOR_MARKS_DATABASE", "mysql://user:hidden@host/x"),
        ("SIDEDOOR_STAFF_DATABASE", "user:hidden@host"),
    ],
)
def test_a_wrong_secret_is_told_without_its_value(variable, value):
    with pytest.raises(SettingsError) as error:
        read_settings({variable: value})
    assert str(error.value).startswith(f"{variable} is wrong; it must be")
    assert value not in str(error.value)


def test_no_secret_is_shown_with_the_settings():
    chosen = read_settings(
        {"SIDEDOOR_TELEGRAM_TOKEN": "123:secret", "SIDEDOOR_REDIS_URL": "redis://:secret@host"}
    )
    assert "secret" not in repr(chosen)


def test_every_setting_says_what_it_is_for():
    assert {setting.variable for setting in SETTINGS if not setting.help} == set()
    for setting in SETTINGS:
        assert setting.read(setting.default) is not None


@pytest.mark.parametrize("key", deaneries())
def test_every_deanery_may_be_set(key):
    assert read_settings({"SIDEDOOR_DEANERY": key}).deanery == key


@pytest.mark.parametrize("level", LOG_LEVELS)
def test_every_permitted_level_may_be_set(level):
    assert read_settings({"SIDEDOOR_LOG_LEVEL": level}).log_level == level


@pytest.mark.parametrize(
    ("variable", "values", "mend"),
    [
        (
            "SIDEDOOR_PORT",
            ["", "0", "65536", "-1", "+5", "5005.5", "http", " 5005", "²", "५", "9" * 5_000],
            "must be a port number from 1 to 65535",
        ),
        ("SIDEDOOR_HOST", ["", " ", " 127.0.0.1"], "must be an address of this machine"),
        ("SIDEDOOR_DASHBOARD_PORT", ["", "65536", "-1", "00"], "must be a port number from 1"),
        ("SIDEDOOR_DATA", ["", " data"], "must be a folder"),
        ("SIDEDOOR_SUPPRESS", ["", "0", "5", "10", "13", "12.0"], "must be 12 or 7"),
        ("SIDEDOOR_NOISE", ["", "-1", "0.01", "1e3", "nan", "100"], "must be 0, or a number"),
        (
            "SIDEDOOR_DASHBOARD_URL",
            ["trends.example", "https://a/b", "ftp://a"],
            "must be empty, or scheme and host",
        ),
        (
            "SIDEDOOR_WORKERS",
            ["127.0.0.1:5011", "http://a/health", "http://a,http://b"],
            "must be addresses with spaces between",
        ),
        ("SIDEDOOR_PROXY_HEADER", ["X Remote", "X:"], "must be empty, or the name of a header"),
        ("SIDEDOOR_DEANERY", ["atlantis", "Wales", " ", "signposts"], "must be empty or one of"),
        ("SIDEDOOR_TELEGRAM_API_URL", ["", "api", "ftp://x", "http://"], "must be an address such"),
        ("SIDEDOOR_TELEGRAM_WEBHOOK", ["https://x.org", "https://x.org/other"], "must be empty or"),
        (
            "SIDEDOOR_LOG_LEVEL",
            ["DEBUG", "debug", "NOTSET", "CRITICAL", "10", "", "INFO "],
            "must be one of INFO, WARNING, ERROR",
        ),
        (
            "SIDEDOOR_ORIGINS",
            [
                "intranet.example",
                "https://intranet.example/",
                "https://intranet.example/page",
                "HTTPS://intranet.example",
                "https://*.example",
                "https://a.example,https://b.example",
                "https://a.example; script-src *",
                "*",
                "null",
                "'self'",
                "wales=",
            ],
            "must be origins with spaces between, such as https://intranet.example",
        ),
        ("SIDEDOOR_ORIGINS", ["atlantis=https://a.example", "=https://a.example"], "may limit an"),
        ("SIDEDOOR_URL", ["chat.example", "ftp://x", "https://a b"], "must be empty or an address"),
        ("SIDEDOOR_JOBS", ["", "2", "yes"], "must be 1 or 0"),
        ("SIDEDOOR_PROXIES", ["", "-1", "10", "one", "²"], "must be a number from 0 to 9"),
    ],
)
def test_a_wrong_value_is_told_with_its_variable_and_mend(variable, values, mend):
    for value in values:
        with pytest.raises(SettingsError) as error:
            read_settings({variable: value})
        assert str(error.value).startswith(f"{variable} is {value!r}; it {mend}")
        assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["SIDEDOOR_PROT", "SIDEDOOR_", "SIDEDOOR_port", "SIDEDOOR_TOKEN"])
def test_a_mistyped_variable_is_told(name):
    with pytest.raises(SettingsError) as error:
        read_settings({name: "5005"})
    assert str(error.value).startswith(f"{name} is not a setting; known are SIDEDOOR_")


def test_the_file_is_read_as_people_write_it(tmp_path):
    path = tmp_path / ".env"
    path.write_text(
        "# settings\n\nSIDEDOOR_PORT=8080\n SIDEDOOR_DEANERY = 'wales' \r\n"
        'export SIDEDOOR_HOST="0.0.0.0"\nOTHER=a=b\n',
        encoding="utf-8",
    )
    assert _dotenv(path) == {
        "SIDEDOOR_PORT": "8080",
        "SIDEDOOR_DEANERY": "wales",
        "SIDEDOOR_HOST": "0.0.0.0",
        "OTHER": "a=b",
    }


def test_no_file_is_no_setting(tmp_path):
    assert _dotenv(tmp_path / ".env") == {}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"# port\nSIDEDOOR_PORT 8080\n", ".env, line 2: write NAME=value"),
        (b"SIDEDOOR_HOST=\xff\n", ".env: not UTF-8 text; save the file as UTF-8"),
    ],
)
def test_a_wrong_file_gives_one_clear_line(tmp_path, content, message):
    (tmp_path / ".env").write_bytes(content)
    with pytest.raises(SettingsError) as error:
        _dotenv(tmp_path / ".env")
    assert str(error.value) == message
