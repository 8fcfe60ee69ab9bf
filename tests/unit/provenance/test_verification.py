"""Signing, and finding out what provenance shows; what each kind of bad provenance gets."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, x25519

from koji_adjutant.cli import cli
from koji_adjutant.errors import ProvenanceError
from koji_adjutant.provenance.envelope import PrivateKey, key_id, read_public_key, read_signer
from koji_adjutant.provenance.evidence import PROVENANCE, SBOM, SIGNED, write_evidence
from koji_adjutant.provenance.resources import rpm_resource
from koji_adjutant.provenance.verification import read_origin
from tests.support.keys import write_keys
from tests.unit.provenance.runs import COMMIT, run

STATEMENT_WITH_A_NUMBER = json.dumps(
    {
        "_type": "https://in-toto.io/Statement/v1",
        "predicateType": "https://slsa.dev/provenance/v1",
        "subject": [{"name": "hello", "digest": {"sha256": 5}}],
        "predicate": {
            "buildDefinition": {"resolvedDependencies": [], "externalParameters": {}},
            "runDetails": {"builder": {"id": "a"}, "metadata": {"invocationId": "b"}},
        },
    }
)

KEYS: dict[str, Callable[[], PrivateKey]] = {
    "ed25519": ed25519.Ed25519PrivateKey.generate,
    "P-256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "P-521": lambda: ec.generate_private_key(ec.SECP521R1()),
    "rsa": lambda: rsa.generate_private_key(65537, 2048),
}


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    return write_keys(tmp_path, KEYS["ed25519"]())


@pytest.fixture
def built(tmp_path: Path, keys: tuple[Path, Path]) -> Path:
    """A directory with the results and the evidence of a build."""
    place = tmp_path / "built"
    write_evidence(place, run(place), read_signer(keys[0]))
    return place


def verify(*words: object) -> Result:
    return CliRunner().invoke(cli, ["verify-provenance", *map(str, words)])


@pytest.mark.parametrize("kind", KEYS)
def test_keys_of_all_kinds(tmp_path: Path, kind: str) -> None:
    private, public = write_keys(tmp_path, KEYS[kind]())
    write_evidence(tmp_path / "built", run(tmp_path / "built"), read_signer(private))
    origin = read_origin(tmp_path / "built" / SIGNED, [read_public_key(public)])
    assert origin.builder == "https://koji.example/kojihub?host=builder1"
    (_, other) = write_keys(tmp_path, KEYS[kind](), "other")
    with pytest.raises(ProvenanceError, match="none of the given keys has signed it"):
        read_origin(tmp_path / "built" / SIGNED, [read_public_key(other)])


def test_openssl_finds_the_signature_good(tmp_path: Path) -> None:
    """The message is put together here as DSSE's specification has it, not by our code."""
    private, public = write_keys(tmp_path, KEYS["P-256"]())
    write_evidence(tmp_path / "built", run(tmp_path / "built"), read_signer(private))
    envelope = json.loads((tmp_path / "built" / SIGNED).read_text())
    payload, (signature,) = base64.b64decode(envelope["payload"]), envelope["signatures"]
    kind = envelope["payloadType"]
    message = f"DSSEv1 {len(kind)} {kind} {len(payload)} ".encode() + payload
    (tmp_path / "message").write_bytes(message)
    (tmp_path / "signature").write_bytes(base64.b64decode(signature["sig"]))
    command = ["openssl", "dgst", "-sha256", "-verify", str(public), "-signature", "signature", "message"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout == "Verified OK\n", done.stderr
    assert json.loads(payload) == json.loads((tmp_path / "built" / PROVENANCE).read_text())
    assert signature["keyid"] == key_id(read_public_key(public))


def test_packages_and_the_way_back_to_the_commit(
    tmp_path: Path, built: Path, keys: tuple[Path, Path]
) -> None:
    source = tmp_path / "source"
    write_evidence(source, run(source, "buildSRPMFromSCM"), read_signer(keys[0]))
    given = ["--key", keys[1], "--provenance", built / SIGNED, "--provenance", source / SIGNED]
    result = verify(*given, built / "hello-1.0-1.x86_64.rpm")
    assert result.exit_code == 0, result.output
    assert result.output.startswith(
        "ok    hello-1.0-1.x86_64.rpm: built by https://koji.example/kojihub?host="
    )
    assert f"gitCommit {COMMIT}" in result.output


def test_another_package(built: Path, keys: tuple[Path, Path]) -> None:
    rpm = built / "hello-1.0-1.x86_64.rpm"
    rpm.write_bytes(rpm.read_bytes() + b"more")
    result = verify("--key", keys[1], "--provenance", built / SIGNED, rpm, built / "hello-1.0-1.src.rpm")
    assert result.exit_code == 13
    assert result.output.splitlines()[0] == (
        "FAIL  hello-1.0-1.x86_64.rpm: no provenance given is about a package of this name and content"
    )
    assert result.output.splitlines()[1].startswith("ok    hello-1.0-1.src.rpm: ")


def test_a_package_under_another_name(built: Path, keys: tuple[Path, Path]) -> None:
    """Its name and its place in a repository would be believed, too."""
    other = (built / "hello-1.0-1.x86_64.rpm").rename(built / "openssl-3.0-1.x86_64.rpm")
    result = verify("--key", keys[1], "--provenance", built / SIGNED, other)
    assert (result.exit_code, result.output[:5]) == (13, "FAIL ")


@pytest.mark.parametrize(
    ("expected", "reason"),
    [
        (("--tag", "f45-build"), None),
        (("--tag", "f46-build"), "its build tag was f45-build, not f46-build"),
        (("--source", "git+https://git.example/rpms/"), None),
        (("--source", "git+https://git.example/other/"), "it is from git+https://git.example/rpms/hello"),
    ],
)
def test_what_is_expected(
    tmp_path: Path, built: Path, keys: tuple[Path, Path], expected: tuple[str, str], reason: str | None
) -> None:
    source = tmp_path / "source"
    write_evidence(source, run(source, "buildSRPMFromSCM"), read_signer(keys[0]))
    given = ["--key", keys[1], "--provenance", built / SIGNED, "--provenance", source / SIGNED]
    result = verify(*given, *expected, built / "hello-1.0-1.x86_64.rpm")
    assert result.exit_code == (13 if reason else 0)
    assert (reason or "ok    hello") in result.output


def test_a_source_that_is_not_followed_is_not_the_one_expected(built: Path, keys: tuple[Path, Path]) -> None:
    given = ["--key", keys[1], "--provenance", built / SIGNED, "--source", "git+https://"]
    result = verify(*given, built / "hello-1.0-1.x86_64.rpm")
    assert "as far as the provenance given goes it is from https://koji.example/" in result.output
    assert result.exit_code == 13


def test_a_name_cannot_speak(built: Path, keys: tuple[Path, Path]) -> None:
    other = (built / "hello-1.0-1.x86_64.rpm").rename(built / "x\nok    sudo.rpm: built by nice\x1b[31m")
    missing = built / "missing.rpm"
    result = verify("--key", keys[1], "--provenance", built / SIGNED, missing, other)
    assert result.output.splitlines() == [
        "FAIL  missing.rpm: it cannot be read: No such file or directory",
        "FAIL  x\\nok    sudo.rpm: built by nice\\x1b[31m: "
        "no provenance given is about a package of this name and content",
    ]


def test_the_bill_of_materials_is_vouched_for(built: Path) -> None:
    listed = json.loads((built / PROVENANCE).read_text())["predicate"]["runDetails"]["byproducts"]
    digest = hashlib.sha256((built / SBOM).read_bytes()).hexdigest()
    assert {"name": SBOM, "digest": {"sha256": digest}} in listed


def test_base64_for_urls(built: Path, keys: tuple[Path, Path]) -> None:
    envelope = json.loads((built / SIGNED).read_text())
    (signature,) = envelope["signatures"]
    signature["sig"] = signature["sig"].replace("+", "-").replace("/", "_")
    (built / SIGNED).write_text(json.dumps(envelope))
    assert read_origin(built / SIGNED, [read_public_key(keys[1])]).tag == "f45-build"


def _changed(envelope: dict[str, Any]) -> dict[str, Any]:
    payload = base64.b64decode(envelope["payload"]).replace(b"builder1", b"builder2")
    return {**envelope, "payload": base64.b64encode(payload).decode()}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_changed, "none of the given keys has signed it, or it was changed afterwards"),
        (lambda envelope: {**envelope, "signatures": []}, "none of the given keys has signed it"),
        (
            lambda envelope: {**envelope, "payloadType": "text/plain"},
            "'text/plain', and no in-toto Statement",
        ),
        (lambda envelope: {**envelope, "payload": "%"}, "it is no DSSE envelope"),
        (lambda envelope: {**envelope, "signatures": [{}]}, "it is no DSSE envelope"),
        (lambda _envelope: [], "it is no JSON object"),
    ],
)
def test_bad_envelopes(
    built: Path, keys: tuple[Path, Path], change: Callable[[dict[str, Any]], Any], reason: str
) -> None:
    envelope = built / SIGNED
    envelope.write_text(json.dumps(change(json.loads(envelope.read_text()))))
    with pytest.raises(ProvenanceError) as failure:
        read_origin(envelope, [read_public_key(keys[1])])
    assert str(failure.value).startswith(f"{envelope} shows nothing: ")
    assert reason in str(failure.value)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "Expecting property name"),
        ("{}", "it has no _type"),
        (STATEMENT_WITH_A_NUMBER, "its sha256 is int, not str"),
        ('{"_type": "a", "predicateType": "b"}', "it is a a about b, and not about SLSA provenance"),
    ],
)
def test_what_is_no_provenance(tmp_path: Path, content: str, reason: str) -> None:
    path = tmp_path / PROVENANCE
    path.write_text(content)
    with pytest.raises(ProvenanceError) as failure:
        read_origin(path, None)
    assert str(failure.value).startswith(f"{path} is no provenance: ")
    assert reason in str(failure.value)


def test_nobody_is_believed_by_mistake(built: Path, keys: tuple[Path, Path]) -> None:
    rpm = built / "hello-1.0-1.x86_64.rpm"
    without = verify("--provenance", built / PROVENANCE, rpm)
    assert without.exit_code != 0
    assert "give --key with the builders' public key" in str(without.exception)
    assert verify("--unsigned", "--provenance", built / PROVENANCE, rpm).exit_code == 0
    both = verify("--unsigned", "--key", keys[1], "--provenance", built / SIGNED, rpm)
    assert both.exit_code != 0


def test_bad_keys(tmp_path: Path) -> None:
    protected, _ = write_keys(tmp_path, KEYS["P-256"](), "protected", b"secret")
    (tmp_path / "text").write_text("no key\n")
    other, other_public = write_keys(tmp_path, x25519.X25519PrivateKey.generate(), "x25519")
    for path, reason in (
        (protected, "has a password; one without is needed"),
        (tmp_path / "text", "is no private key in PEM"),
        (tmp_path / "missing", "cannot be read: No such file or directory"),
        (other, "a key of a kind that is not used here"),
    ):
        with pytest.raises(ProvenanceError, match=reason):
            read_signer(path)
    for path, reason in (
        (protected, "is no public key in PEM"),
        (tmp_path / "missing", "cannot be read: No such file or directory"),
        (other_public, "a key of a kind that is not used here"),
    ):
        with pytest.raises(ProvenanceError, match=reason):
            read_public_key(path)


def test_a_file_that_is_no_package(built: Path, keys: tuple[Path, Path]) -> None:
    result = verify("--key", keys[1], "--provenance", built / SIGNED, built / "build.log")
    assert result.exit_code == 13
    assert result.output.startswith("FAIL  build.log: build.log is not a readable RPM file: ")


def test_nothing_but_a_name_is_no_resource(tmp_path: Path) -> None:
    """A file with none of the digests is never the same as another with none of them."""
    origin = read_origin(_with_bare_subject(tmp_path), None)
    (rpm,) = [path for path in run(tmp_path).results if path.name.endswith("x86_64.rpm")]
    assert not origin.is_of(rpm_resource(rpm))


def _with_bare_subject(place: Path) -> Path:
    write_evidence(place, run(place), None)
    document = json.loads((place / PROVENANCE).read_text())
    document["subject"] = [{"name": "hello-1.0-1.x86_64.rpm"}]
    (place / PROVENANCE).write_text(json.dumps(document))
    return place / PROVENANCE
