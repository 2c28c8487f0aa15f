"""The software bill of materials: every locked package, as CycloneDX JSON."""

from __future__ import annotations

import importlib.metadata
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import License
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

from bot.paths import ROOT

LOCK = ROOT / "requirements.lock"

LONGEST_LICENCE = 100
"""Characters from which a licence field holds the licence's text and not its name."""

_PACKAGE = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


@dataclass(frozen=True)
class Locked:
    """A package as `requirements.lock` admits it: any file of it with one of the hashes."""

    name: str
    version: str
    hashes: tuple[str, ...]


def locked(text: str) -> list[Locked]:
    """Return the packages of a lock file's text."""
    found: list[tuple[str, str, list[str]]] = []
    for line in text.splitlines():
        package = _PACKAGE.match(line)
        if package:
            found.append((package[1], package[2], []))
        if found and not line.lstrip().startswith("#"):
            found[-1][2].extend(_HASH.findall(line))
    return [Locked(name, version, tuple(hashes)) for name, version, hashes in found]


def sbom(lock: str | None = None) -> str:
    """Return the bill of materials of a lock file's text, of the project's by default.

    The same lock and the same installed packages give the same bytes, but for the time.
    """
    text = lock if lock is not None else LOCK.read_text(encoding="utf-8")
    own = Component(
        name="sidedoor",
        version=importlib.metadata.version("sidedoor"),
        type=ComponentType.APPLICATION,
        bom_ref="sidedoor",
        licenses=[LicenseFactory().make_from_string("Apache-2.0")],
    )
    bom = Bom(
        serial_number=uuid.uuid5(uuid.NAMESPACE_URL, text),
        metadata=BomMetaData(component=own),
        components=[_component(package) for package in locked(text)],
    )
    bom.register_dependency(own, bom.components)
    outputter = make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6)
    return outputter.output_as_string(indent=1) + "\n"


def _component(package: Locked) -> Component:
    return Component(
        name=package.name,
        version=package.version,
        bom_ref=f"{package.name}=={package.version}",
        purl=PackageURL("pypi", name=package.name, version=package.version),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=one) for one in package.hashes],
        licenses=list(_licences(package)),
    )


def _licences(package: Locked) -> Iterator[License]:
    """Yield what the installed package says of its licence, if it is the locked version."""
    try:
        metadata = importlib.metadata.metadata(package.name)
    except importlib.metadata.PackageNotFoundError:
        return
    if metadata["Version"] != package.version:
        return
    stated = metadata["License-Expression"] or metadata["License"] or ""
    if stated and "\n" not in stated and len(stated) < LONGEST_LICENCE and stated != "UNKNOWN":
        yield LicenseFactory().make_from_string(stated.strip())
        return
    for classifier in metadata.get_all("Classifier") or ():
        if classifier.startswith("License ::") and classifier.count("::") > 1:
            yield LicenseFactory().make_with_name(classifier.rsplit(":: ", 1)[1])
