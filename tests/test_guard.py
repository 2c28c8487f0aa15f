"""What the program refuses to start with, and that no image of its memory is written."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from rasa.__main__ import create_argument_parser

from bot.agent import load_our_agent, read_sections
from bot.environment import ENFORCED
from bot.paths import ROOT
from bot.privacy.guard import (
    LeakError,
    refuse_channels,
    refuse_environment,
    refuse_parts,
)
from bot.privacy.memory import overwrites, overwriting
from bot.privacy.rasas_command import refuse_options
from bot.server import load_channels
from tests.services import free_port

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


RASA, AS_MODULE = (str(Path(sys.executable).with_name("rasa")),), (sys.executable, "-m", "rasa")


@pytest.mark.parametrize(
    ("command", "named"),
    [
        ((*RASA, "run", "--enable-a"), "--enable-api"),
        ((*RASA, "shell", "--enable-api"), "--enable-api"),
        ((*RASA, "run", "--connector=rest"), "--connector rest"),
        ((*AS_MODULE, "run", "--enable-api"), "--enable-api"),
        ((*AS_MODULE, "run", "--logging-config-file", "logs.yml"), "--logging-config-file"),
        ((*AS_MODULE, "run", "actions", "--debug"), "--debug (-vv)"),
    ],
    ids=lambda value: "_".join(value[-2:]) if isinstance(value, tuple) else "",
)
def test_rasas_own_command_ends_with_one_clear_line(command, named, tmp_path):
    """Rasa's own process, as somebody starts it, in a folder with our files."""
    for name in ("actions", "bot", "domain", "models", "endpoints.yml", "credentials.yml"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "logs.yml").write_text("version: 1\n", encoding="utf-8")
    done = subprocess.run(
        [*command, *(() if "actions" in command else ("--port", str(free_port())))],
        env={**os.environ, "PYTHONWARNINGS": "ignore", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=240,
        cwd=tmp_path,
    )
    assert done.returncode == 2
    (line,) = [each for each in done.stderr.splitlines() if each.startswith("sidedoor: ")]
    assert line.startswith(f"sidedoor: {named} ")
    assert "leave it out" in line or "remove it" in line


@pytest.mark.parametrize(
    ("option", "named"),
    [
        ("--log-f=x", "--log-file"),
        ("--use-s", "--use-syslog"),
        ("-vv", r"--debug \(-vv\)"),
        ("--conn=rest", "--connector rest"),
        ("--cred=theirs.yml", "theirs.yml: rest"),
    ],
)
def test_rasas_options_are_read_as_rasa_reads_them(option, named, tmp_path, monkeypatch):
    shipped = (ROOT / "credentials.yml").read_text(encoding="utf-8")
    (tmp_path / "theirs.yml").write_text(f"{shipped}\nrest: {{}}\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    chosen = create_argument_parser().parse_args(["run", option])
    with pytest.raises(LeakError, match=named):
        refuse_options(chosen)


def test_rasas_own_command_as_it_is_meant_is_let_pass(monkeypatch):
    monkeypatch.chdir(ROOT)
    refuse_options(create_argument_parser().parse_args(["run", "--port", "1", "-v"]))


def test_rasas_own_server_is_set_up_as_ours(tmp_path):
    """No telemetry, no core dump, overwritten memory, and of an error only its kind and place.

    There is no server for its actions: the turn fails, and Rasa would print it.
    """
    port, word = free_port(), "zqnobodymayreadthis"
    environment = {k: v for k, v in os.environ.items() if k not in ENFORCED}
    environment |= {"SIDEDOOR_LOG_LEVEL": "INFO", "SIDEDOOR_DATA": str(tmp_path)}
    environment |= {"HOME": str(tmp_path), "PYTHONWARNINGS": "ignore"}
    with (tmp_path / "out").open("wb") as out:
        process = subprocess.Popen(
            [*AS_MODULE, "run", "--port", str(port)],
            env=environment,
            stdout=out,
            stderr=out,
            cwd=ROOT,
        )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60) as page:
            token = wait_until_served(page, process)["token"]
            assert page.post("/chat/send", json={"token": token, "text": word}).is_success
        started_with = Path(f"/proc/{process.pid}/environ").read_bytes().split(b"\0")
        assert b"RASA_TELEMETRY_ENABLED=false" in started_with
        assert b"PYTHONMALLOC=malloc" in started_with
        limits = Path(f"/proc/{process.pid}/limits").read_text()
        assert re.search(r"Max core file size +0 +0 ", limits)
    finally:
        process.terminate()
        process.wait(60)
    printed = (tmp_path / "out").read_text()
    assert re.search(r"(WARNING|ERROR) rasa\.core\.\S+ \S+\.py:\d+", printed)
    assert word not in printed
    assert "Traceback" not in printed


def wait_until_served(page: httpx.Client, process: subprocess.Popen) -> dict[str, Any]:
    """Open a chat as soon as the server takes it."""
    give_up = time.monotonic() + 500
    while True:
        assert process.poll() is None
        assert time.monotonic() < give_up
        try:
            return page.post("/chat/start", json={}).json()
        except httpx.TransportError:
            time.sleep(0.5)


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
        {"tracker_store": {"type": "SQL", "dialect": "sqlite", "db": "x.db"}},
        {"tracker_store": {"type": "redis", "url": "127.0.0.1"}},
        {"tracker_store": {"url": "http://x"}},
        {"tracker_store": {"type": "robot.Store"}},
        {"tracker_store": None},
        {"nlg": {"url": "http://elsewhere"}},
        {"nlg": {"type": "callback", "url": "http://127.0.0.1"}},
        {"nlg": {"type": "response"}},
        {"nlg": None},
        *(
            {"action_endpoint": {"url": url}}
            for url in (
                "http://elsewhere",
                "http://elsewhere.example.org:5055/webhook",
                "http://127.0.0.1@elsewhere/webhook",
                "http://127.0.0.1.example.org/webhook",
                "http://192.0.2.7/webhook",
                "http://0.0.0.0/webhook",
                "${ACTIONS}",
                "",
                "http://[::1",
                7,
            )
        ),
    ],
    ids=str,
)
def test_a_part_that_would_send_words_elsewhere_is_refused(sections):
    shipped = read_sections(ROOT / "endpoints.yml")
    with pytest.raises(LeakError) as error:
        refuse_parts(Path("endpoints.yml"), {**shipped, **sections})
    assert str(error.value).startswith(f"endpoints.yml: {next(iter(sections))} ")


def test_an_event_broker_of_ours_is_let_pass():
    shipped = read_sections(ROOT / "endpoints.yml")
    ours = {"event_broker": {"type": "bot.trends.recorder.Recorder"}}
    refuse_parts(Path("endpoints.yml"), {**shipped, **ours})


@pytest.mark.parametrize("missing", ["tracker_store", "nlg"])
def test_a_part_without_which_rasa_takes_its_own_has_to_be_named(missing):
    sections = read_sections(ROOT / "endpoints.yml")
    del sections[missing]
    with pytest.raises(LeakError, match=rf"^endpoints\.yml: {missing} is None; use one of ours"):
        refuse_parts(Path("endpoints.yml"), sections)


@pytest.mark.parametrize(
    "endpoint",
    [None, {}, *({"url": f"http://{host}:5055/webhook"} for host in ("127.0.0.1", "[::1]"))],
    ids=str,
)
def test_actions_on_this_machine_are_let_pass(endpoint):
    shipped = read_sections(ROOT / "endpoints.yml")
    refuse_parts(Path("endpoints.yml"), {**shipped, "action_endpoint": endpoint})


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ("tracker_store: {type: SQL}", "theirs.yml: tracker_store"),
        ("nlg: {url: 'http://elsewhere'}", "theirs.yml: nlg"),
        ("action_endpoint: {url: 'http://elsewhere'}", "theirs.yml: action_endpoint"),
        ("", "theirs.yml: tracker_store"),
        (None, "endpoints.yml: tracker_store"),
    ],
)
def test_rasas_own_command_is_refused_parts_of_others(written, named, tmp_path, monkeypatch):
    if written is not None:
        shipped = (ROOT / "endpoints.yml").read_text(encoding="utf-8") if written else ""
        (tmp_path / "theirs.yml").write_text(f"{shipped}\n{written}\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(LeakError, match=named):
        refuse_options(create_argument_parser().parse_args(["run", "--endpoints", "theirs.yml"]))


def test_an_action_server_in_a_folder_without_endpoints_is_let_pass(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refuse_options(create_argument_parser().parse_args(["run", "actions"]))


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
