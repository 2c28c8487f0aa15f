"""What the dashboard's process holds in memory while an inbox is unlocked, and after it."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pyotp
import pytest

from bot.dashboard.staff import Staff
from bot.dashboard.tables import open_staff_database
from bot.paths import ROOT
from tests.dashboard.conftest import PASSWORD, Clock
from tests.dashboard.test_process import PATIENCE, answers, environment
from tests.dashboard.units import DEANERY, begin, unlock
from tests.databases import free_port
from tests.referrals import PASSPHRASE

NOTE, DRAFT = "xylophone-canary " * 4, "zither-canary " * 4


def held(process: subprocess.Popen, secrets: dict[str, bytes]) -> set[str]:
    """Return the names of the secrets that are in the process's memory."""
    try:
        memory = open(f"/proc/{process.pid}/mem", "rb", buffering=0)  # noqa: SIM115
    except PermissionError:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("only root may look into memory")
    found = set()
    with memory:
        for line in Path(f"/proc/{process.pid}/maps").read_text().splitlines():
            span, rights, *_ = line.split()
            if "w" not in rights or "[vvar" in line:
                continue
            start, end = (int(number, 16) for number in span.split("-"))
            memory.seek(start)
            try:
                data = memory.read(end - start)
            except (OSError, ValueError):
                continue
            found |= {name for name, secret in secrets.items() if secret in data}
    return found


def send_at_once(client: httpx.Client, path: str, form: dict[str, str]) -> bytes:
    """Send a form as one piece, its body behind a long head; return the head of the answer.

    What a server reads into a buffer that it keeps is overwritten only by what is as long: a body
    that comes alone lies where the next request's head will, and this one does not.
    """
    body = urlencode(form).encode()
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in client.cookies.jar)
    head = {
        **client.headers,
        "Host": f"{client.base_url.host}:{client.base_url.port}",
        "Cookie": cookies,
        "Content-Type": "application/x-www-form-urlencoded",
        "Content-Length": str(len(body)),
        "Connection": "close",
        "Padding": "x" * 8_000,
    }
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items())]
    with socket.create_connection((client.base_url.host, client.base_url.port), 60) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)
        answer = b""
        while got := connection.recv(65_536):
            answer += got
    return answer.partition(b"\r\n\r\n")[0]


def test_keys_are_in_memory_while_it_is_unlocked_and_words_no_longer_than_a_request(tmp_path):
    """What is freed is overwritten, as in the assistant's process; see docs/privacy.md."""
    Clock.now, before = time.time(), Clock.now
    try:
        unit = begin(f"sqlite:///{tmp_path / 'referrals.db'}")
        ticket, receipt = unit.send(NOTE)
        (private,) = unit.keys.unlock(DEANERY, PASSPHRASE).keys.values()
    finally:
        Clock.now = before
    staff = Staff(open_staff_database(f"sqlite:///{tmp_path / 'staff.db'}"))
    code = staff.add("ann", "Ann", "caseworker", PASSWORD, DEANERY)
    secrets = {
        "key": bytes(private),
        "note": NOTE.encode().strip(),
        "draft": b"zither-canary",
        "passphrase": PASSPHRASE.encode(),
        "passphrase in a form": PASSPHRASE.replace(" ", "+").encode(),
        "receipt": receipt.encode(),
    }
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "bot.cli", "dashboard"],
        cwd=ROOT,
        env=environment(tmp_path, SIDEDOOR_DASHBOARD_PORT=str(port)),
        stdout=subprocess.DEVNULL,
    )
    try:
        assert answers(port)
        url = f"http://127.0.0.1:{port}"
        headers = {"Origin": url, "Sec-Fetch-Site": "same-origin"}
        with httpx.Client(base_url=url, headers=headers, trust_env=False, timeout=60) as client:
            data = {"name": "ann", "password": PASSWORD, "code": pyotp.TOTP(code).now()}
            assert client.post("/sign-in", data=data).status_code == 303
            assert held(process, secrets) == set()
            unlock(client)
            assert client.get(f"/inbox/{ticket}").status_code == 200
            sent = {"text": DRAFT, "position": "1", "do": "send"}
            answer = send_at_once(client, f"/inbox/{ticket}/answer", sent)
            assert b"done=sent\r\n" in answer + b"\r\n"
            assert client.post("/inbox/find", data={"receipt": receipt}).status_code == 303
            assert client.get("/windows").status_code == 200
            assert held(process, secrets) == {"key"}
            assert client.post("/inbox/lock", data={"x": ""}).status_code == 303
            assert client.get("/windows").status_code == 200
            assert held(process, secrets) == set()
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)
