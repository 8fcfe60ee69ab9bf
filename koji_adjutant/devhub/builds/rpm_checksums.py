"""Checksums of packages with each of their signatures, made when they are first needed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

import koji

from koji_adjutant.devhub.builds import builds, rpms
from koji_adjutant.devhub.core.api import exported
from koji_adjutant.devhub.core.call import Call

DEFAULT_TYPES = ("md5", "sha256")
"""A real hub's RPMDefaultChecksums."""


def note(call: Call, rpm_id: int, sigkey: str, signed: Path) -> None:
    """Remember the checksums of a signed copy. Raises GenericError if they have been others before."""
    with signed.open("rb") as file:
        _remember(call, rpm_id, sigkey, _checksums(file, DEFAULT_TYPES))


@exported("getRPMChecksums")
def get_rpm_checksums(
    call: Call, rpm_id: Any, checksum_types: Any = None, cacheonly: bool = False
) -> dict[str, dict[str, str | None]]:
    """Look up the checksums of a package with each of its signatures: ``{sigkey: {type: checksum}}``. Those
    that are not known yet are made, or with ``cacheonly`` left None. Raises GenericError for an unknown
    type."""
    if not isinstance(rpm_id, int):
        raise koji.GenericError("rpm_id must be an integer")
    rpm = rpms.get_rpm(call, rpm_id, strict=True)
    types = checksum_types or list(DEFAULT_TYPES)
    if not isinstance(types, list):
        raise koji.GenericError("checksum_type must be a list")
    for kind in types:
        if kind not in koji.CHECKSUM_TYPES:
            raise koji.GenericError(f"Checksum_type {kind} isn't supported")
    answer: dict[str, dict[str, str | None]] = {}
    for row in call.db.all("SELECT sigkey FROM rpmsigs WHERE rpm_id = ?", (rpm_id,)):
        sigkey = row["sigkey"]
        known = _known(call, rpm_id, sigkey)
        lacking = [kind for kind in types if kind not in known]
        if lacking and not cacheonly:
            builddir = Path(call.paths.build(builds.get_build(call, rpm["build_id"])))
            header = (builddir / call.paths.sighdr(rpm, sigkey)).read_bytes()
            with koji.spliced_sig_reader(str(builddir / call.paths.rpm(rpm)), header) as file:
                made = _checksums(file, lacking)
            _remember(call, rpm_id, sigkey, made)
            known |= made
        answer[sigkey] = {kind: known.get(kind) for kind in types}
    return answer


def _known(call: Call, rpm_id: int, sigkey: str) -> dict[str, str]:
    sql = "SELECT checksum_type, checksum FROM rpm_checksum WHERE rpm_id = ? AND sigkey = ?"
    return {row["checksum_type"]: row["checksum"] for row in call.db.all(sql, (rpm_id, sigkey))}


def _remember(call: Call, rpm_id: int, sigkey: str, checksums: dict[str, str]) -> None:
    known = _known(call, rpm_id, sigkey)
    for kind, checksum in checksums.items():
        if known.get(kind, checksum) != checksum:
            raise koji.GenericError(
                f"Calculate checksum is different than checksum in DB for rpm ID {rpm_id}, sigkey {sigkey} "
                f"and checksum type {kind}."
            )
        if kind not in known:
            values = {"rpm_id": rpm_id, "sigkey": sigkey, "checksum_type": kind, "checksum": checksum}
            call.db.insert("rpm_checksum", values)


def _checksums(file: BinaryIO, types: Iterable[str]) -> dict[str, str]:
    digests = {kind: hashlib.new(kind, usedforsecurity=False) for kind in types}
    while chunk := file.read(1 << 20):
        for digest in digests.values():
            digest.update(chunk)
    return {kind: digest.hexdigest() for kind, digest in digests.items()}
