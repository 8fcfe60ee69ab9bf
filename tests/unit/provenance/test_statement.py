"""Provenance: what in-toto's own library says of it, and what it says of a build."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import koji
import pytest
from google.protobuf.json_format import ParseDict
from in_toto_attestation.predicates.provenance.v1.provenance_pb2 import Provenance
from in_toto_attestation.v1.statement import Statement
from in_toto_attestation.v1.statement_pb2 import Statement as StatementMessage

from koji_adjutant.provenance.resources import rpm_resource, source_resource
from koji_adjutant.provenance.statement import statement
from tests.support.rpm_file import BINARY, SIGNATURES, header
from tests.unit.provenance.runs import BASH, COMMIT, URL, run


def test_it_is_what_in_toto_and_slsa_have_published(tmp_path: Path) -> None:
    """Both messages are read without a field that is unknown, or of another type."""
    built = run(tmp_path)
    made = json.loads(
        json.dumps(statement(built, [rpm_resource(path) for path in built.results], built.by_products))
    )
    Statement.copy_from_pb(ParseDict(made, StatementMessage())).validate()
    predicate = ParseDict(made["predicate"], Provenance())
    assert predicate.build_definition.build_type == "urn:koji-adjutant:build-type:buildArch:v1"
    assert predicate.run_details.metadata.finished_on.seconds == 1_800_000_060
    assert predicate.run_details.builder.id == "https://koji.example/kojihub?host=builder1"


def test_what_went_into_the_build(tmp_path: Path) -> None:
    built = run(tmp_path)
    made = statement(built, [rpm_resource(path) for path in built.results], built.by_products)
    source, image, *packages = made["predicate"]["buildDefinition"]["resolvedDependencies"]
    srpm = built.results[0]
    assert source["digest"] == {"sha256": hashlib.sha256(srpm.read_bytes()).hexdigest()}
    assert image == {"name": "tools@sha256:c", "digest": {"sha256": "c" * 64}}
    assert packages == [
        {"name": BASH.nevra, "uri": "http://repo.example/b/bash.rpm", "digest": {"sha256": "a" * 64}}
    ]
    (log,) = made["predicate"]["runDetails"]["byproducts"]
    assert log["digest"] == {"sha256": hashlib.sha256(b"it builds\n").hexdigest()}


@pytest.mark.parametrize(
    ("source", "digest"),
    [
        (URL, {"gitCommit": COMMIT}),
        ("svn+https://svn.example/repos/hello#1234", {}),
        # of others what follows the # is the packager's word
        (f"cvs://cvs.example/root?hello#{COMMIT}", {}),
        (URL.replace("git.example", "me:secret@git.example"), {"gitCommit": COMMIT}),
    ],
)
def test_a_checkout(source: str, digest: dict[str, str]) -> None:
    resource = source_resource(source)
    assert resource.digest == digest
    assert resource.uri == source.replace("me:secret@", "")


def test_signing_leaves_one_digest_as_it_is(tmp_path: Path) -> None:
    """What signing changes is the signature header: here a longer one, in front of the same rest."""
    (_srpm, rpm) = run(tmp_path).results
    before = rpm_resource(rpm)
    content = rpm.read_bytes()
    rpm.write_bytes(content[:96] + _signature_header() + content[_end(rpm) :])
    after = rpm_resource(rpm)
    assert after.digest != before.digest
    assert after.annotations == before.annotations


def _end(rpm: Path) -> int:
    with rpm.open("rb") as file:
        return 96 + int(koji.rpm_hdr_size(file, 96, pad=True))


def _signature_header() -> bytes:
    signatures = header(SIGNATURES, [(268, BINARY, b"a signature of thirty-two bytes.")])
    return signatures + b"\0" * (-len(signatures) % 8)
