"""The software bill of materials lists what is locked, in the published format."""

import json
import re
import subprocess
import sys
from pathlib import Path

import cyclonedx.schema._res as schemas
import jsonschema
import pytest

from bot.governance.sbom import LOCK, locked, sbom
from bot.paths import ROOT


@pytest.fixture(scope="module")
def bill():
    return json.loads(sbom())


def test_the_bill_of_materials_has_every_locked_package(bill):
    lock = LOCK.read_text(encoding="utf-8")
    pinned = set(re.findall(r"^([a-z0-9._-]+)==(\S+)", lock, re.MULTILINE))
    assert len(pinned) > 100
    assert {(c["name"], c["version"]) for c in bill["components"]} == pinned
    hashes = {h["content"] for c in bill["components"] for h in c["hashes"]}
    assert hashes == set(re.findall(r"sha256:([0-9a-f]{64})", lock))


def test_a_package_names_hashes_address_and_licence(bill):
    rasa = next(c for c in bill["components"] if c["name"] == "rasa")
    assert rasa["purl"] == f"pkg:pypi/rasa@{rasa['version']}"
    assert {h["alg"] for h in rasa["hashes"]} == {"SHA-256"}
    assert rasa["licenses"] == [{"license": {"id": "Apache-2.0"}}]
    without = [c["name"] for c in bill["components"] if not c.get("licenses")]
    assert len(without) < 5, without


def test_the_bill_of_materials_is_valid_by_the_published_schema(bill):
    folder = Path(schemas.__file__).parent
    store = {}
    for path in folder.glob("*.SNAPSHOT.schema.json"):
        schema = json.loads(path.read_text(encoding="utf-8"))
        store[f"http://cyclonedx.org/schema/{path.name}"] = schema
    schema = store["http://cyclonedx.org/schema/bom-1.6.SNAPSHOT.schema.json"]
    resolver = jsonschema.RefResolver.from_schema(schema, store=store)
    validator = jsonschema.Draft7Validator(schema, resolver=resolver)
    assert [error.message for error in validator.iter_errors(bill)] == []
    broken = {**bill, "components": [{"version": "1"}]}
    assert list(validator.iter_errors(broken))


def test_a_package_that_is_not_installed_is_listed_without_a_licence():
    lock = f"nowhere-to-be-found==1.0 \\\n    --hash=sha256:{'a' * 64}\n    # via nobody\n"
    (component,) = json.loads(sbom(lock))["components"]
    assert component["purl"] == "pkg:pypi/nowhere-to-be-found@1.0"
    assert "licenses" not in component
    assert [package.hashes for package in locked(lock)] == [("a" * 64,)]


def test_the_same_lock_has_the_same_serial_number(bill):
    assert json.loads(sbom())["serialNumber"] == bill["serialNumber"]
    assert json.loads(sbom("a==1\n"))["serialNumber"] != bill["serialNumber"]


def write_bill(path):
    command = [sys.executable, "-m", "bot.cli", "sbom", "--output", str(path)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_the_command_writes_it_or_says_why_not(tmp_path):
    assert write_bill(tmp_path / "sbom.json").returncode == 0
    written = (tmp_path / "sbom.json").read_text(encoding="utf-8")
    assert json.loads(written)["bomFormat"] == "CycloneDX"
    refused = write_bill(tmp_path / "no" / "sbom.json")
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "choose another file" in refused.stderr
