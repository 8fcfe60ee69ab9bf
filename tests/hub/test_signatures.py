"""Signatures of packages: imported as headers, written as signed copies."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import koji
import pytest
import requests

from tests.hub.builder import ARCH, Builder, make_tag
from tests.hub.client import Client
from tests.hub.faults import refused
from tests.hub.names import unique
from tests.hub.rpms import Rpm, RpmMaker, RpmSet, query
from tests.hub.server import Hub
from tests.hub.signing import Signer, signer
from tests.hub.wire import TIMEOUT

GENERIC = koji.GenericError.faultCode
needs_rpm = pytest.mark.skipif(find_spec("rpm") is None, reason="this command needs rpm's Python bindings")


@pytest.fixture(scope="module")
def key() -> Iterator[Signer]:
    with signer() as made:
        yield made


@pytest.fixture
def client(hub: Hub, tmp_path: Path) -> Client:
    return Client(hub, hub.admin, tmp_path)


@pytest.fixture
def made(builder: Builder, rpms: RpmMaker) -> RpmSet:
    """A build of the hub, unsigned."""
    made = rpms.make()
    builder.imported(made.srpm, made.rpm)
    return made


def nvra(rpm: Rpm) -> str:
    return rpm.path.name.removesuffix(".rpm")


def header_of(path: Path) -> bytes:
    header: bytes = koji.rip_rpm_sighdr(str(path))
    return header


def add(session: Any, rpm: Rpm, signed: Path) -> None:
    session.addRPMSig(nvra(rpm), base64.b64encode(header_of(signed)).decode())


def signed_copy(hub: Hub, rpm: Rpm, key: str) -> requests.Response:
    """What is served as the signed copy, if it is."""
    place = f"packages/{rpm.name}/{rpm.version}/{rpm.release}/data/signed/{key}/{rpm.arch}/{rpm.path.name}"
    return requests.get(f"{hub.files_url}/{place}", timeout=TIMEOUT)


def test_a_package_comes_unsigned(admin: Any, made: RpmSet) -> None:
    rpm = admin.getRPM(nvra(made.rpm))
    digest = hashlib.md5(header_of(made.rpm.path), usedforsecurity=False).hexdigest()
    expected = [{"rpm_id": rpm["id"], "sigkey": "", "sighash": digest}]
    assert admin.queryRPMSigs(rpm["id"]) == expected
    assert admin.queryRPMSigs(nvra(made.rpm), sigkey="") == expected


def test_signatures_of_an_unknown_package(admin: Any) -> None:
    assert admin.queryRPMSigs("nope-1-1.noarch") == []
    assert admin.queryRPMSigs(999_999_999) == []


def test_a_signed_copy(admin: Any, hub: Hub, made: RpmSet, key: Signer, tmp_path: Path) -> None:
    signed = key.sign(made.rpm, tmp_path)
    add(admin, made.rpm, signed)
    assert [row["sigkey"] for row in admin.queryRPMSigs(nvra(made.rpm), sigkey=key.key.upper())] == [key.key]
    assert signed_copy(hub, made.rpm, key.key).status_code == requests.codes.not_found
    admin.writeSignedRPM(nvra(made.rpm), key.key.upper())
    assert signed_copy(hub, made.rpm, key.key).content == signed.read_bytes()
    admin.writeSignedRPM(nvra(made.rpm), key.key)  # there already
    admin.writeSignedRPM(nvra(made.rpm), key.key, True)
    assert query(signed, "%{RSAHEADER:pgpsig}").endswith(key.key)


def test_checksums(admin: Any, made: RpmSet, key: Signer, tmp_path: Path) -> None:
    signed = key.sign(made.rpm, tmp_path)
    add(admin, made.rpm, signed)
    rpm = admin.getRPM(nvra(made.rpm))["id"]
    assert admin.getRPMChecksums(rpm, ["sha256"], True)[key.key] == {"sha256": None}
    expected = {
        "": {"sha256": hashlib.sha256(made.rpm.path.read_bytes()).hexdigest()},
        key.key: {"sha256": hashlib.sha256(signed.read_bytes()).hexdigest()},
    }
    assert admin.getRPMChecksums(rpm, ["sha256"]) == expected
    with refused(GENERIC, "Checksum_type crc32 isn't supported"):
        admin.getRPMChecksums(rpm, ["crc32"])


def test_a_signature_twice(admin: Any, made: RpmSet, key: Signer, tmp_path: Path) -> None:
    signed = key.sign(made.rpm, tmp_path)
    add(admin, made.rpm, signed)
    with refused(GENERIC, f"Signature already exists for package {nvra(made.rpm)}, key {key.key}"):
        add(admin, made.rpm, signed)


def test_the_signature_of_another_package(
    admin: Any, made: RpmSet, rpms: RpmMaker, key: Signer, tmp_path: Path
) -> None:
    other = key.sign(rpms.make().rpm, tmp_path)
    with refused(GENERIC, f"wrong md5 for {nvra(made.rpm)}: {query(other, '%{SIGMD5}')}"):
        add(admin, made.rpm, other)


def test_what_is_no_signature(admin: Any, made: RpmSet) -> None:
    with refused(GENERIC, "Invalid rpm header: bad magic"):
        admin.addRPMSig(nvra(made.rpm), base64.b64encode(b"no header at all").decode())


def test_a_copy_with_an_unknown_signature(admin: Any, made: RpmSet) -> None:
    with refused(GENERIC, f"No cached signature for package {nvra(made.rpm)}, key 0123abcd"):
        admin.writeSignedRPM(nvra(made.rpm), "0123abcd")


def test_a_copy_of_an_unknown_package(admin: Any) -> None:
    with refused(GENERIC, "No such rpm"):
        admin.writeSignedRPM("nope-1-1.noarch", "0123abcd")


def test_who_may(user: Any, made: RpmSet) -> None:
    for call in (user.addRPMSig, user.writeSignedRPM):
        with refused(koji.ActionNotAllowed.faultCode, "sign permission required"):
            call(nvra(made.rpm), "")
    with refused(koji.ActionNotAllowed.faultCode, "admin permission required"):
        user.deleteRPMSig(nvra(made.rpm), all_sigs=True)


def test_a_builder_may_write_copies(
    builder: Builder, hub: Hub, made: RpmSet, key: Signer, tmp_path: Path
) -> None:
    signed = key.sign(made.rpm, tmp_path)
    add(builder.admin, made.rpm, signed)
    builder.session.host.writeSignedRPM(nvra(made.rpm), key.key)
    assert signed_copy(hub, made.rpm, key.key).content == signed.read_bytes()


def test_forgetting_a_signature(admin: Any, hub: Hub, made: RpmSet, key: Signer, tmp_path: Path) -> None:
    signed = key.sign(made.rpm, tmp_path)
    add(admin, made.rpm, signed)
    admin.writeSignedRPM(nvra(made.rpm), key.key)
    with refused(GENERIC, "No signature specified"):
        admin.deleteRPMSig(nvra(made.rpm))
    admin.deleteRPMSig(nvra(made.rpm), key.key)
    assert signed_copy(hub, made.rpm, key.key).status_code == requests.codes.not_found
    assert admin.queryRPMSigs(nvra(made.rpm), sigkey=key.key) == []
    with refused(GENERIC, f"{nvra(made.rpm)} has no matching signatures to delete"):
        admin.deleteRPMSig(nvra(made.rpm), key.key)
    add(admin, made.rpm, signed)  # and importing it again


def test_packages_of_a_tag_by_signature(
    admin: Any, builder: Builder, hub: Hub, rpms: RpmMaker, key: Signer, tmp_path: Path
) -> None:
    made, tag = rpms.make(), make_tag(admin)
    build = builder.imported(made.srpm, made.rpm)
    admin.packageListAdd(tag, made.srpm.name, owner=hub.admin.name)
    admin.tagBuildBypass(tag, build["nvr"])
    add(admin, made.rpm, key.sign(made.rpm, tmp_path))
    listed, _builds = admin.listTaggedRPMS(tag, arch=ARCH, rpmsigs=True)
    assert sorted((row["name"], row["sigkey"]) for row in listed) == [
        (made.rpm.name, ""),
        (made.rpm.name, key.key),
    ]


@needs_rpm
def test_import_sig(client: Client, made: RpmSet, hub: Hub, key: Signer, tmp_path: Path) -> None:
    signed = [key.sign(rpm, tmp_path) for rpm in (made.srpm, made.rpm)]
    output = client("import-sig", *signed)
    assert output.count(f"Importing signature [key {key.key}]") == 2
    for rpm, copy in zip((made.srpm, made.rpm), signed, strict=True):
        assert signed_copy(hub, rpm, key.key).content == copy.read_bytes()
    assert client("import-sig", *signed).count("Signature already imported") == 2


@needs_rpm
def test_import_sig_of_an_unsigned_package(client: Client, made: RpmSet) -> None:
    assert "Skipping unsigned package" in client("import-sig", made.rpm.path)


def test_write_signed_rpm(
    client: Client, admin: Any, hub: Hub, made: RpmSet, key: Signer, tmp_path: Path
) -> None:
    for rpm in (made.srpm, made.rpm):
        add(admin, rpm, key.sign(rpm, tmp_path))
    output = client("write-signed-rpm", key.key, f"{made.srpm.name}-1-1")
    assert nvra(made.rpm) in output
    assert signed_copy(hub, made.rpm, key.key).ok


@needs_rpm
def test_downloading_signed_packages(
    client: Client, admin: Any, made: RpmSet, key: Signer, tmp_path: Path
) -> None:
    signed = key.sign(made.rpm, tmp_path)
    add(admin, made.rpm, signed)
    admin.writeSignedRPM(nvra(made.rpm), key.key)
    content = signed.read_bytes()
    signed.unlink()
    client("download-build", "--noprogress", "--key", key.key, "--arch", ARCH, f"{made.srpm.name}-1-1")
    assert (client.directory / made.rpm.path.name).read_bytes() == content


def test_remove_sig(client: Client, admin: Any, made: RpmSet, key: Signer, tmp_path: Path) -> None:
    add(admin, made.rpm, key.sign(made.rpm, tmp_path))
    client("remove-sig", "--sigkey", key.key, nvra(made.rpm))
    assert [row["sigkey"] for row in admin.queryRPMSigs(nvra(made.rpm))] == [""]
    done = client.run("remove-sig", "--all", f"{unique('nope')}-1-1.noarch")
    assert done.returncode != 0
    assert "No such rpm in system" in done.stderr
