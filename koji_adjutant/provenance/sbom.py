"""A bill of materials in SPDX 2.3: the results of a build, and the buildroot that they were made in."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from koji_adjutant import __version__
from koji_adjutant.provenance.resources import (
    BuildrootPackage,
    Resource,
    buildroot_packages,
    package_url,
)
from koji_adjutant.provenance.run import BuildRun
from koji_adjutant.rpm.header import RpmHeader, Tag
from koji_adjutant.rpm.nevra import evr

SOURCE_PACKAGE = ".src.rpm"
_ALGORITHMS = {"sha1": "SHA1", "sha256": "SHA256", "sha384": "SHA384", "sha512": "SHA512", "md5": "MD5"}
"""SPDX's names."""


def spdx(run: BuildRun, results: Sequence[Resource]) -> dict[str, Any]:
    """Return the document about ``results``, those of ``run``.

    Licenses are what the packages say, word for word: many distributions' are no SPDX expressions.
    """
    headers = [RpmHeader(path) for path in run.results]
    licenses = {text: _license_id(text) for header in headers if (text := _text(header, Tag.LICENSE))}
    made = [
        _result(number, header, resource, licenses)
        for number, (header, resource) in enumerate(zip(headers, results, strict=True), 1)
    ]
    if not any(header.is_source for header in headers):
        made += [_source(each) for each in run.sources if each.name.endswith(SOURCE_PACKAGE)]
    sources = [one["SPDXID"] for one in made if one["packageFileName"].endswith(SOURCE_PACKAGE)]
    binaries = [one["SPDXID"] for one in made if one["SPDXID"] not in sources]
    used = [_used(number, package) for number, package in enumerate(buildroot_packages(run.lock), 1)]
    digest = hashlib.sha256("".join(result.digest["sha256"] for result in results).encode()).hexdigest()
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"{run.method} {headers[0].path.name}",
        # with the results' digest: a task that is given back is tried again under the same number
        "documentNamespace": f"{run.invocation}&sbom={digest}",
        "creationInfo": {
            "created": datetime.fromtimestamp(int(run.ended), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "creators": [f"Tool: koji-adjutant-{__version__}"],
        },
        "packages": [*made, *used],
        "hasExtractedLicensingInfos": [
            {"licenseId": name, "extractedText": text, "name": "License tag of the package"}
            for text, name in licenses.items()
        ],
        "relationships": [
            *(_related("SPDXRef-DOCUMENT", "DESCRIBES", one["SPDXID"]) for one in made),
            *(_related(binary, "GENERATED_FROM", source) for binary in binaries for source in sources),
            # it is the source package that requires them
            *(_related(one["SPDXID"], "BUILD_DEPENDENCY_OF", source) for one in used for source in sources),
        ],
    }


def _result(number: int, header: RpmHeader, resource: Resource, licenses: dict[str, str]) -> dict[str, Any]:
    name, version, release = (_text(header, tag) for tag in (Tag.NAME, Tag.VERSION, Tag.RELEASE))
    epoch = header.number(Tag.EPOCH)
    arch = "src" if header.is_source else _text(header, Tag.ARCH)
    vendor, url = _text(header, Tag.VENDOR), _text(header, Tag.URL)
    package = _package(f"SPDXRef-Result-{number}", name, evr(epoch, version, release), resource.digest) | {
        "packageFileName": resource.name,
        "downloadLocation": resource.uri or "NOASSERTION",
        "supplier": f"Organization: {vendor}" if vendor else "NOASSERTION",
        "licenseDeclared": licenses.get(_text(header, Tag.LICENSE), "NOASSERTION"),
        "externalRefs": [
            _purl(package_url(name, f"{version}-{release}", arch, str(epoch) if epoch else None))
        ],
    }
    return package | ({"homepage": url} if url.startswith(("http://", "https://")) else {})


def _source(resource: Resource) -> dict[str, Any]:
    """Return what was built, where it is none of the results."""
    name, version, release = resource.name.removesuffix(SOURCE_PACKAGE).rsplit("-", 2)
    return _package("SPDXRef-Source", name, f"{version}-{release}", resource.digest) | {
        "packageFileName": resource.name,
        "downloadLocation": resource.uri or "NOASSERTION",
        "externalRefs": [_purl(package_url(name, f"{version}-{release}", "src", None))],
    }


def _text(header: RpmHeader, tag: Tag) -> str:
    """Return a text as the header has it, but for bytes that are no UTF-8; "" if there is none."""
    text = header.text(tag) or ""
    return text.encode(errors="surrogateescape").decode(errors="replace")


def _used(number: int, package: BuildrootPackage) -> dict[str, Any]:
    return _package(f"SPDXRef-Buildroot-{number}", package.name, package.evr, package.digest) | {
        "downloadLocation": package.url or "NOASSERTION",
        "externalRefs": [_purl(package.purl)],
    }


def _package(identifier: str, name: str, version: str, digest: Any) -> dict[str, Any]:
    checksums = [
        {"algorithm": _ALGORITHMS[kind], "checksumValue": value}
        for kind, value in digest.items()
        if kind in _ALGORITHMS
    ]
    return {
        "SPDXID": identifier,
        "name": name,
        "versionInfo": version,
        "filesAnalyzed": False,
        "checksums": checksums,
    }


def _purl(locator: str) -> dict[str, str]:
    return {
        "referenceCategory": "PACKAGE-MANAGER",
        "referenceType": "purl",
        "referenceLocator": locator,
    }


def _related(one: str, how: str, other: str) -> dict[str, str]:
    return {"spdxElementId": one, "relationshipType": how, "relatedSpdxElement": other}


def _license_id(text: str) -> str:
    return f"LicenseRef-rpm-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
