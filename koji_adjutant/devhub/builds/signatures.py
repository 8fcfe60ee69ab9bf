"""Signatures of packages: kept apart from the packages, as headers, until a signed copy is written.

packages/…/data/sigcache/<key>/<arch>/<file>.sig   signature headers; key '' is an unsigned package's
packages/…/data/signed/<key>/<arch>/<file>         signed copies
"""

from __future__ import annotations

import base64
import filecmp
import hashlib
from pathlib import Path
from typing import Any

import koji

from koji_adjutant.devhub.builds import builds, rpm_checksums, rpm_headers, rpms
from koji_adjutant.devhub.core.api import exported
from koji_adjutant.devhub.core.call import Call
from koji_adjutant.devhub.core.database import ConstraintError, Row
from koji_adjutant.devhub.core.query import Select, apply_options
from koji_adjutant.devhub.people import users


@exported("queryRPMSigs", "queryOpts")
def query_rpm_sigs(call: Call, rpm_id: Any = None, sigkey: str | None = None, query_opts: Any = None) -> Any:
    """List signatures known for packages: ``[{rpm_id, sigkey, sighash}]``; sigkey '' stands for unsigned."""
    query = Select("rpmsigs").columns("rpm_id", "sigkey", "sighash")
    if rpm_id is not None and not isinstance(rpm_id, int):
        rpm = rpms.get_rpm(call, rpm_id)
        if rpm is None:
            return []
        rpm_id = rpm["id"]
    if rpm_id is not None:
        query.where("rpm_id = ?", rpm_id)
    if sigkey is not None:
        query.where("sigkey = ?", sigkey.lower())
    return apply_options(query.all(call.db), query_opts)


@exported("addRPMSig")
def add_rpm_sig(call: Call, an_rpm: Any, data: str) -> None:
    """Keep a package's signature header (base64), which belongs to that package and no other."""
    users.assert_perm(call, "sign")
    header = base64.b64decode(data)
    rpm, builddir = _internal(call, an_rpm)
    if not builddir.is_dir():
        raise koji.GenericError(f"No such directory: {builddir}")
    digest = rpm_headers.identity_of(header)
    if digest != rpm["payloadhash"]:
        raise koji.GenericError(f"wrong md5 for {_nvra(rpm)}: {digest}")
    store_signature(call, builddir, rpm, header, koji.get_sighdr_key(header) or "")


def store_signature(call: Call, builddir: Path, rpm: Row, header: bytes, sigkey: str) -> None:
    """Record a signature and write its header. Raises GenericError if there is one with that key already."""
    digest = hashlib.md5(header, usedforsecurity=False).hexdigest()
    try:
        call.db.insert("rpmsigs", {"rpm_id": rpm["id"], "sigkey": sigkey, "sighash": digest})
    except ConstraintError as error:
        raise koji.GenericError(f"Signature already exists for package {_nvra(rpm)}, key {sigkey}") from error
    path = builddir / call.paths.sighdr(rpm, sigkey)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(header)


@exported("writeSignedRPM")
def write_signed_rpm(call: Call, an_rpm: Any, sigkey: str, force: bool = False) -> None:
    """Write a signed copy of a package; ``force``: anew."""
    users.assert_perm(call, "sign")
    _write_signed(call, an_rpm, sigkey, force)


@exported("host.writeSignedRPM")
def host_write_signed_rpm(call: Call, an_rpm: Any, sigkey: str, force: bool = False) -> None:
    """Write a signed copy of a package for a builder. A real hub does not check that the caller is one."""
    _write_signed(call, an_rpm, sigkey, force)


def _write_signed(call: Call, an_rpm: Any, sigkey: str, force: bool) -> None:
    sigkey = sigkey.lower()
    rpm, builddir = _internal(call, an_rpm)
    package = builddir / call.paths.rpm(rpm)
    if not package.exists():
        raise koji.GenericError(f"No such path: {package}")
    if not package.is_file():
        raise koji.GenericError(f"Not a regular file: {package}")
    if not query_rpm_sigs(call, rpm["id"], sigkey):
        raise koji.GenericError(f"No cached signature for package {_nvra(rpm)}, key {sigkey}")
    signed = builddir / call.paths.signed(rpm, sigkey)
    if force or not signed.exists():
        header = (builddir / call.paths.sighdr(rpm, sigkey)).read_bytes()
        koji.splice_rpm_sighdr(header, str(package), dst=str(signed))
    rpm_checksums.note(call, rpm["id"], sigkey, signed)


@exported("deleteRPMSig")
def delete_rpm_sig(call: Call, rpminfo: Any, sigkey: str | None = None, all_sigs: bool = False) -> None:
    """Forget a signature, or all of a package, and remove the signed copies; headers are renamed to
    ``….<hash>.save``."""
    users.assert_perm(call, "admin")
    if not all_sigs and not sigkey:
        raise koji.GenericError("No signature specified")
    rpm, builddir = _internal(call, rpminfo)
    found = query_rpm_sigs(call, rpm["id"], None if all_sigs else sigkey)
    if not found:
        raise koji.GenericError(f"{_nvra(rpm)} has no matching signatures to delete")
    for row in found:
        for table in ("rpmsigs", "rpm_checksum"):
            call.db.delete(table, {"rpm_id": rpm["id"], "sigkey": row["sigkey"]})
        (builddir / call.paths.signed(rpm, row["sigkey"])).unlink(missing_ok=True)
        header = builddir / call.paths.sighdr(rpm, row["sigkey"])
        if header.exists():
            _put_aside(header, header.with_name(f"{header.name}.{row['sighash']}.save"))


def _put_aside(header: Path, saved: Path) -> None:
    if saved.exists() and not filecmp.cmp(header, saved, shallow=False):
        raise koji.GenericError(f"Stray header backup file: {saved}")
    header.replace(saved)


def _internal(call: Call, an_rpm: Any) -> tuple[Row, Path]:
    """Find a package of a build's, and the build's directory. Raises GenericError if it is external."""
    rpm = rpms.get_rpm(call, an_rpm, strict=True)
    if rpm["external_repo_id"]:
        raise koji.GenericError(f"Not an internal rpm: {an_rpm} (from {rpm['external_repo_name']})")
    return rpm, Path(call.paths.build(builds.get_build(call, rpm["build_id"])))


def _nvra(rpm: Row) -> str:
    return "{name}-{version}-{release}.{arch}".format_map(rpm)
