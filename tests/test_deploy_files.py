"""The files of deploy/: linted by the tools they are for, and held to what documents promise."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from bot.channels.conversation import TURN_SECONDS
from bot.dashboard.tables import open_staff_database
from bot.database import DatabaseError
from bot.health import LIVE, READY
from bot.paths import ROOT
from bot.recognition import HANGS_SECONDS
from bot.referrals.tables import open_referrals
from bot.settings import SETTINGS
from bot.trends.marks import Mark, Marks
from bot.watchdog import SHARE
from tests.databases import absent, new_database, postgresql

DEPLOY = ROOT / "deploy"
TOOLS = ROOT / ".tools" / "deploy" / "bin"
UNITS = sorted((DEPLOY / "systemd").glob("sidedoor-*"))
SERVICES = [unit for unit in UNITS if unit.suffix == ".service"]
SCRIPTS = [path for path in sorted(DEPLOY.iterdir()) if path.is_file() and not path.suffix]
SCRIPTS = [path for path in SCRIPTS if os.access(path, os.X_OK)]
NGINX = shutil.which("nginx") or "/usr/sbin/nginx"

RENDER = """
import json, sys
from helm_python.chart import Chart, lint
found = [m for m in lint(sys.argv[1], strict=True)["messages"] if m["severity"] > 1]
with Chart.load(sys.argv[1]) as chart:
    given = chart.render(values=json.loads(sys.argv[2]), name="sidedoor", namespace="care")
print(json.dumps({"found": found, "rendered": given}))
"""
"""What renders the chart, in an interpreter that has Helm."""

KNOWN = {setting.variable for setting in SETTINGS}


def tool(name: str) -> Path:
    """Return a tool that `make deploy-tools` installs."""
    if not (TOOLS / name).exists():
        absent(f"{name} (make deploy-tools)")
    return TOOLS / name


def run(*command: object, **options) -> subprocess.CompletedProcess:
    return subprocess.run([*map(str, command)], capture_output=True, text=True, **options)


# Containers


@pytest.fixture(scope="module")
def compose():
    """Return compose.yml, with its anchors resolved."""
    return yaml.safe_load((DEPLOY / "compose.yml").read_text(encoding="utf-8"))


def test_yaml_is_as_yamllint_wants_it():
    found = run(tool("yamllint"), "-s", "-c", DEPLOY / ".yamllint", DEPLOY, cwd=ROOT)
    assert (found.stdout, found.returncode) == ("", 0)


def test_every_container_is_read_only_without_rights_limited_and_its_log_ends(compose):
    for name, service in compose["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert not re.match(r"0\b|root", service["user"]), name
        assert service["mem_limit"] == service["memswap_limit"], f"{name}: memory goes to no disk"
        assert service["pids_limit"], name
        assert service["cpus"], name
        assert service["ulimits"]["core"] == 0, name
        assert service["logging"]["options"] == {"max-size": "10m", "max-file": "3"}, name


def test_workers_are_told_by_a_real_turn_and_get_time_to_end_theirs(compose):
    for name in ("worker-1", "worker-2", "telegram"):
        service = compose["services"][name]
        assert READY in service["healthcheck"]["test"][-1]
        assert service["stop_grace_period"] == "60s"
    listed = (DEPLOY / "nginx" / "compose-workers.conf").read_text(encoding="utf-8")
    workers = {name for name in compose["services"] if name.startswith("worker-")}
    assert set(re.findall(r"server ([\w-]+):5005", listed)) == workers
    asked = compose["services"]["dashboard"]["environment"]["SIDEDOOR_WORKERS"].split()
    assert set(asked) == {f"http://{name}:5005" for name in workers}


def test_conversation_state_has_no_volume_and_reaches_nobody_outside(compose):
    redis = compose["services"]["redis"]
    assert [v for v in redis["volumes"] if not v.endswith(":ro")] == []
    assert compose["networks"]["inside"]["internal"] is True
    for name in ("redis", "postgres", "worker-1", "worker-2", "jobs"):
        assert compose["services"][name]["networks"] == ["inside"]


def test_the_dashboards_container_has_no_way_to_the_marks_nor_the_key_that_signs(compose):
    services = compose["services"]
    assert "SIDEDOOR_MARKS_DATABASE" not in services["dashboard"]["environment"]
    assert services["dashboard"]["volumes"] == ["releases:/var/lib/sidedoor/releases:ro"]
    for name in ("worker-1", "worker-2", "telegram", "jobs"):
        marks = services[name]["environment"]["SIDEDOOR_MARKS_DATABASE"]
        assert marks == "postgresql://sidedoor_marks:${MARKS_PASSWORD:?}@postgres/marks"


def test_the_dashboards_role_is_not_let_into_the_marks(init_server):
    url = f"{init_server}marks".replace("//tests@", "//{}@")
    store = Marks.open(url.format("sidedoor_marks"))
    store.change([Mark("2026-05", "people", "any", bytes(16))], [], "2026-05")
    store.close()
    with pytest.raises(DatabaseError):
        Marks.open(url.format("sidedoor"))
    refused = create_engine(url.format("sidedoor"), future=True)
    with pytest.raises(OperationalError, match="permission denied for database"):
        refused.connect()
    open_staff_database(f"{init_server}staff".replace("//tests@", "//sidedoor@")).dispose()
    open_referrals(f"{init_server}referrals".replace("//tests@", "//sidedoor@")).dispose()


@pytest.fixture
def init_server():
    """Return a PostgreSQL that was made as compose.yml has it made."""
    with postgresql() as url:
        made = run(
            *("psql", "--no-psqlrc", "--set", "ON_ERROR_STOP=1"),
            *("--file", DEPLOY / "postgres-init.sql", "-d", f"{url}postgres"),
            env={**os.environ, "STAFF_PASSWORD": "s" * 32, "MARKS_PASSWORD": "m" * 32},
        )
        assert made.returncode == 0, made.stderr
        yield url


def test_only_one_process_takes_updates_of_telegram(compose):
    tokens = {
        name: service["environment"].get("SIDEDOOR_TELEGRAM_TOKEN")
        for name, service in compose["services"].items()
        if "SIDEDOOR_REDIS_URL" in service.get("environment", {})
    }
    assert [name for name, token in tokens.items() if token] == ["telegram"]
    assert compose["services"]["telegram"].get("deploy", {}).get("replicas", 1) == 1


def test_every_setting_that_the_files_name_is_one(compose):
    named = set()
    for service in compose["services"].values():
        named |= {n for n in service.get("environment", {}) if n.startswith("SIDEDOOR_")}
    for path in [*SERVICES, *SCRIPTS, DEPLOY / "Containerfile", DEPLOY / "compose.env.example"]:
        named |= set(re.findall(r"\b(SIDEDOOR_[A-Z_]+)\b", path.read_text(encoding="utf-8")))
    assert named <= KNOWN


def test_the_image_is_not_run_by_root_and_holds_no_secret():
    lines = (DEPLOY / "Containerfile").read_text(encoding="utf-8").splitlines()
    assert "USER 10001:10001" in lines
    installs = [line for line in lines if "pip install" in line and "--editable" not in line]
    assert installs
    assert all("--require-hashes" in line for line in installs)
    ignored = (ROOT / ".containerignore").read_text(encoding="utf-8")
    assert ignored == (ROOT / ".dockerignore").read_text(encoding="utf-8")
    secret = {".env", ".git", "data", "deploy/tls", "deploy/compose.env", "deploy/.env"}
    assert secret <= set(ignored.split("\n"))


# Helm


def rendered(**values) -> list[dict]:
    """Return the chart's objects as Helm makes them."""
    made = run(tool("python"), "-c", RENDER, DEPLOY / "helm", json.dumps(values), check=True)
    answer = json.loads(made.stdout)
    assert answer["found"] == []
    texts = answer["rendered"].values()
    return [each for given in texts for each in yaml.safe_load_all(given) if each]


def pods(objects: list[dict]) -> dict[str, dict]:
    kinds = ("Deployment", "StatefulSet")
    return {
        o["metadata"]["name"]: o["spec"]["template"]["spec"] for o in objects if o["kind"] in kinds
    }


def of(objects: list[dict], kind: str, name: str) -> dict:
    return next(o for o in objects if (o["kind"], o["metadata"]["name"]) == (kind, name))


def test_every_pod_is_read_only_without_rights_and_limited():
    made = pods(rendered(telegram=True))
    assert set(made) == {
        f"sidedoor-{name}" for name in ("worker", "nginx", "redis", "telegram", "dashboard")
    }
    for name, pod in made.items():
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert pod["securityContext"]["runAsUser"] > 0, name
        assert pod["automountServiceAccountToken"] is False, name
        assert pod["enableServiceLinks"] is False, f"{name}: they would set SIDEDOOR_PORT"
        for container in pod["containers"]:
            allowed = container["securityContext"]
            assert allowed["readOnlyRootFilesystem"] is True, name
            assert allowed["allowPrivilegeEscalation"] is False, name
            assert allowed["capabilities"] == {"drop": ["ALL"]}, name
            assert set(container["resources"]["limits"]) == {"cpu", "memory"}, name
            settings = [e["name"] for e in container.get("env", [])]
            assert len(settings) == len(set(settings)), name
            assert set(settings) <= KNOWN, name


def test_workers_are_ready_by_a_real_turn_and_roll_one_by_one():
    objects = rendered()
    worker = of(objects, "StatefulSet", "sidedoor-worker")
    container = worker["spec"]["template"]["spec"]["containers"][0]
    assert container["readinessProbe"]["httpGet"]["path"] == READY
    assert container["startupProbe"]["httpGet"]["path"] == READY
    live = container["livenessProbe"]
    assert live["httpGet"]["path"] == LIVE, "a Redis that is down kills none"
    assert HANGS_SECONDS < live["timeoutSeconds"] <= live["periodSeconds"]
    assert live["failureThreshold"] * live["periodSeconds"] > 2 * TURN_SECONDS
    assert worker["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] == 60
    assert of(objects, "PodDisruptionBudget", "sidedoor-worker")["spec"]["maxUnavailable"] == 1


@pytest.mark.parametrize("workers", [2, 5])
def test_the_proxy_and_the_dashboard_know_every_worker(workers):
    objects = rendered(workers=workers)
    listed = of(objects, "ConfigMap", "sidedoor-nginx")["data"]["workers.conf"]
    name = "sidedoor-worker-{0}.sidedoor-worker.care.svc.cluster.local:5005"
    assert re.findall(r"server (\S+)", listed) == [name.format(n) for n in range(workers)]
    settings = pods(objects)["sidedoor-dashboard"]["containers"][0]["env"]
    (asked,) = (each["value"] for each in settings if each["name"] == "SIDEDOOR_WORKERS")
    assert asked.split() == [f"http://{name.format(n)}" for n in range(workers)]


def test_telegram_is_off_or_one_process_that_ends_before_the_next_begins():
    assert "sidedoor-telegram" not in pods(rendered())
    telegram = of(rendered(telegram=True), "Deployment", "sidedoor-telegram")["spec"]
    assert (telegram["replicas"], telegram["strategy"]) == (1, {"type": "Recreate"})


def test_the_dashboards_pod_has_no_way_to_the_marks_nor_the_key_that_signs():
    made = pods(rendered(telegram=True))
    counts = {
        container["name"]: "SIDEDOOR_MARKS_DATABASE" in [e["name"] for e in container["env"]]
        for pod in made.values()
        for container in pod["containers"]
        if "env" in container
    }
    assert counts == {"worker": True, "telegram": True, "jobs": True, "dashboard": False}
    dashboard, _ = made["sidedoor-dashboard"]["containers"]
    assert [mount for mount in dashboard["volumeMounts"] if mount["name"] == "data"] == [
        {
            "name": "data",
            "mountPath": "/var/lib/sidedoor/releases",
            "subPath": "releases",
            "readOnly": True,
        }
    ]


def test_the_chart_ships_the_same_files_as_the_other_ways():
    maps = [o["data"] for o in rendered() if o["kind"] == "ConfigMap"]
    for path in (DEPLOY / "nginx" / "nginx.conf", DEPLOY / "redis.conf", DEPLOY / "help.html"):
        told = path.read_text(encoding="utf-8").strip()
        assert any(m.get(path.name, "").strip() == told for m in maps), path.name


# nginx


def test_nginx_takes_the_configuration_that_ships(tmp_path):
    if not Path(NGINX).exists():
        absent("nginx")
    for path in (DEPLOY / "nginx").glob("*.conf"):
        shutil.copy(path, tmp_path)
    made = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=tests")
    run("openssl", *made, "-keyout", tmp_path / "key", "-out", tmp_path / "crt", check=True)
    listen = (tmp_path / "listen.conf").read_text(encoding="utf-8")
    listen = listen.replace("/etc/sidedoor/tls/tls.crt", f"{tmp_path}/crt")
    listen = listen.replace("/etc/sidedoor/tls/tls.key", f"{tmp_path}/key")
    (tmp_path / "listen.conf").write_text(listen, encoding="utf-8")
    main = (tmp_path / "nginx.conf").read_text(encoding="utf-8")
    (tmp_path / "nginx.conf").write_text(main.replace("/tmp/", f"{tmp_path}/"), encoding="utf-8")
    found = run(NGINX, "-t", "-c", tmp_path / "nginx.conf")
    assert found.returncode == 0, found.stderr


def test_nginx_writes_down_neither_who_nor_what():
    main = (DEPLOY / "nginx" / "nginx.conf").read_text(encoding="utf-8")
    orders = re.sub(r"#.*", "", main)
    assert re.findall(r"\b(?:access_log|error_log)\b[^;]*;", orders) == [
        "error_log stderr emerg;",
        "access_log off;",
    ]
    largest = re.search(r"client_max_body_size (\w+);", orders).group(1)
    assert f"client_body_buffer_size {largest};" in orders, "a larger one would go to a file"
    assert "proxy_max_temp_file_size 0;" in orders
    assert "log_format" not in orders


def test_nginx_gives_up_after_the_worker_and_before_the_page():
    main = (DEPLOY / "nginx" / "nginx.conf").read_text(encoding="utf-8")
    page = (ROOT / "bot" / "channels" / "web_page" / "chat.js").read_text(encoding="utf-8")
    waits = int(re.search(r"proxy_read_timeout (\d+)s;", main).group(1))
    gives_up = int(re.search(r"GIVE_UP_MS = ([\d_]+);", page).group(1)) / 1_000
    assert TURN_SECONDS < waits < gives_up


# systemd


@pytest.fixture(scope="module")
def units(tmp_path_factory):
    """Return a folder with the units, whose commands are where this project is."""
    folder = tmp_path_factory.mktemp("units")
    program = folder / "sidedoor"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    for unit in UNITS:
        told = unit.read_text(encoding="utf-8")
        told = told.replace("/opt/sidedoor/.venv/bin/sidedoor", str(program))
        told = told.replace("/opt/sidedoor/deploy", str(DEPLOY))
        told = re.sub(r"/usr/(s?bin)/(redis-server|nginx)\b", "/usr/bin/env", told)
        (folder / unit.name).write_text(told, encoding="utf-8")
    return folder


def test_systemd_takes_the_units(units):
    if not shutil.which("systemd-analyze"):
        absent("systemd-analyze")
    found = run("systemd-analyze", "verify", *sorted(units.glob("sidedoor-*.*")))
    ours = [line for line in found.stderr.splitlines() if "sidedoor" in line]
    assert ours == []


@pytest.mark.parametrize("unit", SERVICES, ids=lambda path: path.name)
def test_a_service_runs_as_nobody_special_on_a_system_it_cannot_change(unit):
    lines = unit.read_text(encoding="utf-8").splitlines()
    user = "sidedoor-dashboard" if unit.stem == "sidedoor-dashboard" else "sidedoor"
    for line in (f"User={user}", "ProtectSystem=strict", "NoNewPrivileges=yes", "LimitCORE=0"):
        assert line in lines
    assert any(line.startswith("MemoryMax=") for line in lines)
    assert "MemorySwapMax=0" in lines, "memory is not written to disk"
    bounding = next(line for line in lines if line.startswith("CapabilityBoundingSet="))
    assert bounding.partition("=")[2] in ("", "CAP_NET_BIND_SERVICE")


@pytest.mark.parametrize("name", ["worker@", "telegram"])
def test_a_service_that_hangs_is_started_again_and_one_that_is_slow_is_not(name):
    told = (DEPLOY / "systemd" / f"sidedoor-{name}.service").read_text("utf-8")
    for line in ("Type=notify", "NotifyAccess=main", "Restart=always"):
        assert line in told.splitlines()
    silent = int(re.search(r"^WatchdogSec=(\d+)$", told, re.MULTILINE).group(1))
    assert silent / SHARE > HANGS_SECONDS, "a check ends before the next one"
    assert silent > 2 * TURN_SECONDS


def test_the_dashboards_unit_has_no_way_to_the_marks_nor_the_key_that_signs():
    lines = (DEPLOY / "systemd" / "sidedoor-dashboard.service").read_text("utf-8").splitlines()
    data = [line for line in lines if "/var/lib/sidedoor" in line or "StateDirectory" in line]
    assert data == [
        "TemporaryFileSystem=/var/lib/sidedoor:ro",
        "BindReadOnlyPaths=/var/lib/sidedoor/releases",
    ]
    assert [line for line in lines if line.startswith("User=")] == ["User=sidedoor-dashboard"]
    told_marks = {u.name for u in SERVICES if "=/etc/sidedoor/marks\n" in u.read_text("utf-8")}
    assert told_marks == {f"sidedoor-{name}.service" for name in ("worker@", "telegram", "jobs")}


# Scripts


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_are_sound(script):
    if not shutil.which("shellcheck"):
        absent("shellcheck")
    found = run("shellcheck", script)
    assert found.stdout == ""


@pytest.fixture(scope="module")
def server():
    """Return a running PostgreSQL."""
    with postgresql() as url:
        yield url


def fill(url: str, *statements: str) -> None:
    engine = create_engine(url, future=True)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def scalar(url: str, statement: str):
    engine = create_engine(url, future=True)
    with engine.connect() as connection:
        found = connection.scalar(text(statement))
    engine.dispose()
    return found


@pytest.fixture
def kept(server, tmp_path):
    """Return what a running service has: databases by kind, and a data folder."""
    data = tmp_path / "data"
    (data / "releases").mkdir(parents=True)
    (data / "releases" / "2026-01.json").write_text("{}")
    (data / "keys").mkdir()
    (data / "keys" / "signing.key").write_text("key")
    (data / "releases" / ".lock").write_text("")
    staff, referrals = new_database(server), new_database(server)
    fill(
        staff,
        "CREATE TABLE staff (name text)",
        "INSERT INTO staff VALUES ('ann')",
        "CREATE TABLE sessions (token text)",
        "INSERT INTO sessions VALUES ('session-canary')",
        "CREATE TABLE marks (value text)",
        "INSERT INTO marks VALUES ('marks-canary')",
    )
    fill(referrals, "CREATE TABLE tickets (sealed text)", "INSERT INTO tickets VALUES ('sealed')")
    return {
        "SIDEDOOR_DATA": str(data),
        "SIDEDOOR_STAFF_DATABASE": staff,
        "SIDEDOOR_REFERRALS_DATABASE": referrals,
    }


def script(name: str, *arguments: object, **settings: str) -> subprocess.CompletedProcess:
    return run(DEPLOY / name, *arguments, env={**os.environ, **settings})


def test_a_backup_holds_what_may_be_kept_and_comes_back(kept, server, tmp_path):
    folder = tmp_path / "backups"
    made = script("backup", folder, **kept)
    assert made.returncode == 0, made.stderr
    (backup,) = folder.iterdir()
    assert {p.name for p in backup.iterdir()} == {"staff.sql", "referrals.sql", "releases.tar"}
    assert all(p.stat().st_mode & 0o077 == 0 for p in [backup, *backup.iterdir()])
    everything = b"".join(p.read_bytes() for p in backup.iterdir())
    assert b"canary" not in everything
    new = {
        "SIDEDOOR_DATA": str(tmp_path / "new"),
        "SIDEDOOR_STAFF_DATABASE": new_database(server),
        "SIDEDOOR_REFERRALS_DATABASE": new_database(server),
    }
    back = script("restore", backup, **new)
    assert back.returncode == 0, back.stderr
    assert scalar(new["SIDEDOOR_STAFF_DATABASE"], "SELECT name FROM staff") == "ann"
    assert scalar(new["SIDEDOOR_REFERRALS_DATABASE"], "SELECT sealed FROM tickets") == "sealed"
    assert (tmp_path / "new" / "keys" / "signing.key").read_text() == "key"
    assert script("restore", backup, **new).returncode == 2, "nothing that is there is replaced"


def test_old_backups_go_and_none_may_outlive_a_referral(kept, tmp_path):
    folder = tmp_path / "backups"
    old = folder / "sidedoor-2020-01-01T000000"
    old.mkdir(parents=True)
    os.utime(old, (0, 0))
    assert script("backup", folder, 91, **kept).returncode == 2
    assert script("backup", folder, 14, **kept).returncode == 0
    assert not old.exists()
    assert len(list(folder.iterdir())) == 1


def test_a_backup_that_fails_leaves_no_half_one(kept, tmp_path):
    folder = tmp_path / "backups"
    kept["SIDEDOOR_REFERRALS_DATABASE"] += "_missing"
    assert script("backup", folder, **kept).returncode != 0
    assert list(folder.iterdir()) == []
