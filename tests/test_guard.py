"""What the program refuses to start with, and that no image of its memory is written."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.agent import load_our_agent, read_sections
from bot.paths import ROOT
from bot.privacy.guard import (
    LeakError,
    refuse_channels,
    refuse_environment,
    refuse_parts,
)
from bot.privacy.memory import overwrites, overwriting
from bot.server import load_channels

SIDEDOOR = str(Path(sys.executable).with_name("sidedoor"))


def run(*command: str, **environment: str) -> subprocess.CompletedProcess:
    """Run a command with some environment more."""
    return subprocess.run(
        command,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=240,
        cwd=ROOT,
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RASA_TELEMETRY_ENABLED", "true"),
        ("RASA_TELEMETRY_ENABLED", "1"),
        ("RASA_TELEMETRY_ENABLED", ""),
        ("RASA_TELEMETRY_WRITE_KEY", "x"),
        ("RASA_EXCEPTION_WRITE_KEY", "x"),
        ("SENTRY_DSN", "https://x@sentry.example/1"),
        ("LOG_LEVEL", "DEBUG"),
        ("LOG_LEVEL", "debug"),
        ("LOG_LEVEL", "10"),
        ("LOG_LEVEL_LIBRARIES", "NOTSET"),
        ("SSLKEYLOGFILE", "/tmp/keys"),
    ],
)
def test_a_variable_that_would_let_words_out_is_refused(name, value):
    with pytest.raises(LeakError) as error:
        refuse_environment({name: value})
    assert str(error.value).startswith(name)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "environment",
    [{}, {"RASA_TELEMETRY_ENABLED": "false"}, {"LOG_LEVEL": "INFO"}, {"SENTRY_DSN": ""}],
)
def test_other_variables_are_let_pass(environment):
    refuse_environment(environment)


@pytest.mark.parametrize("command", ["run", "chat"])
@pytest.mark.parametrize(
    ("name", "value"), [("RASA_TELEMETRY_ENABLED", "true"), ("LOG_LEVEL", "DEBUG")]
)
def test_the_program_does_not_start_with_them(command, name, value):
    done = run(SIDEDOOR, command, **{name: value})
    assert done.returncode == 2
    assert done.stderr.startswith(f"sidedoor: {name} is {value!r}; ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("option", ["--enable-api", "--debug", "-vv", "--connector=rest"])
def test_rasas_options_are_none_of_ours(option):
    done = run(SIDEDOOR, "run", option)
    assert done.returncode == 2
    assert "No such option" in done.stderr


@pytest.mark.parametrize("option", ["--enable-api", "--debug", "-vv", "--log-file=x"])
def test_rasas_own_command_ends_with_them(option, tmp_path):
    script = (
        "import sys; sys.argv = ['/x/rasa', 'run', '--port', '1', sys.argv[1]];"
        "from bot.dialogue.state import EphemeralTrackerStore; EphemeralTrackerStore();"
        "print('made')"
    )
    done = run(sys.executable, "-c", script, option)
    assert done.returncode == 2
    assert "made" not in done.stdout
    assert f"sidedoor: {option.partition('=')[0]} " in done.stderr


@pytest.mark.parametrize(
    "sections",
    [
        {"event_broker": {"type": "pika", "url": "x"}},
        {"event_broker": {"type": "kafka"}},
        {"event_broker": {"type": "file"}},
        {"event_broker": {"type": "sql"}},
        {"event_broker": {"url": "x"}},
        {"event_broker": {"type": "robot.trends.Recorder"}},
        {"event_broker": None},
        {"models": {"url": "http://x"}},
        {"nlu": {"url": "http://x"}},
        {"tracing": {"type": "jaeger"}},
        {"lock_store": {"type": "x.Locks"}},
    ],
    ids=str,
)
def test_a_part_that_would_send_words_elsewhere_is_refused(sections):
    with pytest.raises(LeakError) as error:
        refuse_parts(Path("endpoints.yml"), sections)
    assert str(error.value).startswith(f"endpoints.yml: {next(iter(sections))} ")


def test_an_event_broker_of_ours_is_let_pass():
    refuse_parts(Path("endpoints.yml"), {"event_broker": {"type": "bot.trends.recorder.Recorder"}})


def test_the_shipped_parts_and_channels_are_let_pass():
    refuse_parts(ROOT / "endpoints.yml", read_sections(ROOT / "endpoints.yml"))
    refuse_channels(ROOT / "credentials.yml", read_sections(ROOT / "credentials.yml"))


@pytest.mark.parametrize("channel", ["rest", "socketio", "telegram", "rasa", "slack", "addons.X"])
def test_a_channel_of_rasas_own_is_refused(tmp_path, channel):
    path = tmp_path / "credentials.yml"
    path.write_text(f"bot.channels.web.WebChannel: {{}}\n{channel}: {{}}\n", encoding="utf-8")
    with pytest.raises(LeakError, match=rf"^credentials\.yml: {channel} is not a channel of ours"):
        load_channels(path)


def test_a_broker_of_rasas_own_stops_the_loading(tmp_path, loop):
    path = tmp_path / "endpoints.yml"
    shipped = (ROOT / "endpoints.yml").read_text(encoding="utf-8")
    path.write_text(f"{shipped}\nevent_broker: {{type: file, path: x}}\n", encoding="utf-8")
    with pytest.raises(LeakError, match="event_broker is 'file'"):
        loop.run(load_our_agent(endpoints=path))


def test_telemetry_is_off_whatever_the_home_folder_says(tmp_path):
    script = (
        "from bot.environment import prepare; prepare();"
        "from rasa import telemetry; print(telemetry.is_telemetry_enabled())"
    )
    done = run(sys.executable, "-c", script, HOME=str(tmp_path), RASA_TELEMETRY_ENABLED="true")
    assert done.stdout.strip() == "False"
    assert list(tmp_path.rglob("*.yml")) == []


def test_no_image_of_memory_is_written():
    script = (
        "import os, resource; from bot.privacy.guard import no_core_dumps; no_core_dumps();"
        "print(resource.getrlimit(resource.RLIMIT_CORE)); import ctypes;"
        "print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"
    )
    assert run(sys.executable, "-c", script).stdout.split("\n")[:2] == ["(0, 0)", "0"]


FREED = """
import ctypes, sys
from bot.privacy.memory import overwrite_freed_memory
if sys.argv[1] == "as the program":
    overwrite_freed_memory()
left = 0
for length in (40, 300, 900, 5_000, 60_000):
    words = ("words of somebody " * length)[:length]
    place = id(words) + sys.getsizeof(words) - length - 1
    assert ctypes.string_at(place, length) == words.encode()
    del words
    left += b"somebody" in ctypes.string_at(place + 16, length - 16)
print(left)
"""
"""Looks at the places of freed texts, beyond what the C library itself writes there."""


def test_freed_memory_is_overwritten_in_the_program_that_runs():
    assert run(sys.executable, "-c", FREED, "as the program").stdout.split() == ["0"]
    assert run(sys.executable, "-c", FREED, "otherwise").stdout.split() != ["0"]


def test_pieces_put_aside_by_a_thread_would_not_be():
    """Why overwriting alone is not enough."""
    half = {"PYTHONMALLOC": "malloc", "GLIBC_TUNABLES": "glibc.malloc.perturb=165"}
    assert run(sys.executable, "-c", FREED, "otherwise", **half).stdout.split() == ["3"]


def test_other_settings_of_the_c_library_stay():
    environment = {"GLIBC_TUNABLES": "glibc.malloc.arena_max=2:glibc.malloc.perturb=0", "HOME": "/"}
    made = overwriting(environment)
    assert made["GLIBC_TUNABLES"] == (
        "glibc.malloc.arena_max=2:glibc.malloc.perturb=165:glibc.malloc.tcache_count=0"
    )
    assert made["HOME"] == "/"
    assert overwrites(made)
    assert not overwrites(environment)
    assert not overwrites({**made, "PYTHONMALLOC": "pymalloc"})
