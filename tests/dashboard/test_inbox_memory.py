"""What the dashboard's process holds in memory while an inbox is unlocked, and after it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

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
            answer = client.post(f"/inbox/{ticket}/answer", data=sent)
            assert answer.headers["location"].endswith("done=sent")
            assert client.post("/inbox/find", data={"receipt": receipt}).status_code == 303
            assert client.get("/windows").status_code == 200
            assert held(process, secrets) == {"key"}
            assert client.post("/inbox/lock", data={"x": ""}).status_code == 303
            assert client.get("/windows").status_code == 200
            assert held(process, secrets) == set()
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)
