"""The bill of materials: what SPDX's own library says of it, and what it says of packages."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from spdx_tools.spdx.parser.jsonlikedict.json_like_dict_parser import JsonLikeDictParser
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

from koji_adjutant.provenance.resources import package_url, rpm_resource
from koji_adjutant.provenance.run import BuildRun
from koji_adjutant.provenance.sbom import spdx
from tests.unit.provenance.runs import run


def document(built: BuildRun) -> dict[str, Any]:
    return dict(json.loads(json.dumps(spdx(built, [rpm_resource(path) for path in built.results]))))


def _parsed(made: dict[str, Any]) -> Any:
    parser: Any = JsonLikeDictParser()  # type: ignore[no-untyped-call]
    return parser.parse(made)


@pytest.mark.parametrize("method", ["buildArch", "buildSRPMFromSCM"])
def test_it_is_valid(tmp_path: Path, method: str) -> None:
    parsed = _parsed(document(run(tmp_path, method)))
    assert [each.validation_message for each in validate_full_spdx_document(parsed)] == []


def test_results_and_buildroot(tmp_path: Path) -> None:
    made = document(run(tmp_path))
    packages = {package["SPDXID"]: package for package in made["packages"]}
    source, binary = (packages[f"SPDXRef-Result-{number}"] for number in (1, 2))
    bash = packages["SPDXRef-Buildroot-1"]
    locators = [each["externalRefs"][0]["referenceLocator"] for each in (source, binary, bash)]
    assert locators == [
        "pkg:rpm/hello@1.0-1?arch=src",
        "pkg:rpm/hello@1.0-1?arch=x86_64&epoch=2",
        "pkg:rpm/bash@5.2~rc1-1%5Ex%2By?arch=x86_64&epoch=1",
    ]
    assert (binary["versionInfo"], bash["versionInfo"]) == ("2:1.0-1", "1:5.2~rc1-1^x+y")
    assert bash["checksums"] == [{"algorithm": "SHA256", "checksumValue": "a" * 64}]
    assert binary["supplier"] == "Organization: Example"
    related = {
        (each["spdxElementId"], each["relationshipType"], each["relatedSpdxElement"])
        for each in made["relationships"]
    }
    assert ("SPDXRef-Result-2", "GENERATED_FROM", "SPDXRef-Result-1") in related
    assert ("SPDXRef-Buildroot-1", "BUILD_DEPENDENCY_OF", "SPDXRef-Result-1") in related


def test_a_source_package_that_is_no_result_is_there(tmp_path: Path) -> None:
    built = run(tmp_path)
    made = document(replace(built, results=built.results[1:]))
    related = {(each["spdxElementId"], each["relatedSpdxElement"]) for each in made["relationships"]}
    assert {("SPDXRef-Result-1", "SPDXRef-Source"), ("SPDXRef-Buildroot-1", "SPDXRef-Source")} <= related
    (source,) = [one for one in made["packages"] if one["SPDXID"] == "SPDXRef-Source"]
    assert (source["name"], source["versionInfo"]) == ("hello", "1.0-1")
    assert validate_full_spdx_document(_parsed(made)) == []


def test_texts_in_another_encoding(tmp_path: Path) -> None:
    """Some versions of rpm build such packages."""
    built = run(tmp_path)
    rpm = built.results[1]
    rpm.write_bytes(rpm.read_bytes().replace(b"and Things", b"f\xfcr all.."))
    (_, second) = document(built)["hasExtractedLicensingInfos"]
    assert second["extractedText"] == "GPLv2+ f\ufffdr all.."


def test_a_license_is_there_word_for_word(tmp_path: Path) -> None:
    made = document(run(tmp_path))
    (license_,) = made["hasExtractedLicensingInfos"]
    assert license_["extractedText"] == "GPLv2+ and Things"
    assert {package.get("licenseDeclared") for package in made["packages"][:2]} == {license_["licenseId"]}


def test_a_second_try_is_another_document(tmp_path: Path) -> None:
    built = run(tmp_path)
    first = document(built)["documentNamespace"]
    again = document(replace(built, results=built.results[:1]))["documentNamespace"]
    assert first != again
    assert first.startswith("https://koji.example/kojihub?task=17&sbom=")


def test_package_urls() -> None:
    assert package_url("g++", "1-1", "noarch", "0") == "pkg:rpm/g%2B%2B@1-1?arch=noarch"
