"""The settings: read in one place, each wrong one told in one line with its mend."""

import pytest

from bot.deanery import deaneries
from bot.paths import ROOT
from bot.settings import LOG_LEVELS, SETTINGS, Settings, SettingsError, _dotenv, read_settings


def of_the_assistant(chosen: Settings) -> tuple:
    return chosen.host, chosen.port, chosen.deanery, chosen.log_level


def test_nothing_has_to_be_set():
    assert of_the_assistant(read_settings({})) == ("127.0.0.1", 5005, "", "WARNING")


def test_what_is_set_is_used():
    environment = {
        "SIDEDOOR_HOST": "::1",
        "SIDEDOOR_PORT": "65535",
        "SIDEDOOR_DEANERY": "wales",
        "SIDEDOOR_LOG_LEVEL": "error",
        "HOME": "/root",
        "sidedoor_port": "no setting of ours",
    }
    assert of_the_assistant(read_settings(environment)) == ("::1", 65535, "wales", "ERROR")


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
        ("SIDEDOOR_PROXY_SECRET", "hidden"),
        ("SIDEDOOR_MARKS_DATABASE", "mysql://user:hidden@host/x"),
        ("SIDEDOOR_STAFF_DATABASE", "user:hidden@host"),
    ],
)
def test_a_wrong_secret_is_not_repeated(variable, value):
    with pytest.raises(SettingsError) as error:
        read_settings({variable: value})
    assert str(error.value).startswith(f"{variable} is set; it must be")
    assert "hidden" not in str(error.value)


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
        ("SIDEDOOR_PROXY_HEADER", ["X Remote", "X:"], "must be empty, or the name of a header"),
        ("SIDEDOOR_DEANERY", ["atlantis", "Wales", " ", "signposts"], "must be empty or one of"),
        (
            "SIDEDOOR_LOG_LEVEL",
            ["DEBUG", "debug", "NOTSET", "CRITICAL", "10", "", "INFO "],
            "must be one of INFO, WARNING, ERROR",
        ),
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
