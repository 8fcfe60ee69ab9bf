"""Which packages go into a dist repo, and which copy of each: signed with the key that is preferred."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NotRequired, cast

import koji
from koji.xmlrpcplus import Fault

from koji_adjutant.hub.interface import HubSession, LaterAnswer
from koji_adjutant.hub.rows import TaggedRpm, TagReference
from koji_adjutant.hub.tasks import CreateDistRepoOptions


class DistRpm(TaggedRpm):
    """The hub's row of a package, which goes back to it with what is found out here.

    ``best_key`` is the key of the copy that is taken, ``_pkgpath`` where that is; ``_subrepo`` and
    ``_multilib`` say how it comes into the repository. ``sigkey`` is None where no wanted signature is known.
    """

    best_key: NotRequired[str]
    _pkgpath: NotRequired[str]
    _subrepo: NotRequired[str]
    _multilib: NotRequired[bool]


COMPATIBLE: Mapping[str, Sequence[str]] = {
    "i386": ("athlon", "i686", "i586", "i486", "i386", "noarch"),
    "x86_64": ("amd64", "ia32e", "x86_64", "noarch"),
    "x86_64_v2": ("x86_64_v2", "noarch"),
    "ia64": ("ia64", "noarch"),
    "ppc": ("ppc", "noarch"),
    "ppc64": ("ppc64p7", "ppc64pseries", "ppc64iseries", "ppc64", "noarch"),
    "ppc64le": ("ppc64le", "noarch"),
    "s390": ("s390", "noarch"),
    "s390x": ("s390x", "noarch"),
    "sparc": ("sparcv9v", "sparcv9", "sparcv8", "sparc", "noarch"),
    "sparc64": ("sparc64v", "sparc64", "noarch"),
    "alpha": ("alphaev6", "alphaev56", "alphaev5", "alpha", "noarch"),
    "arm": ("arm", "armv4l", "armv4tl", "armv5tel", "armv5tejl", "armv6l", "armv7l", "noarch"),
    "armhfp": ("armv7hl", "armv7hnl", "noarch"),
    "aarch64": ("aarch64", "noarch"),
    "riscv64": ("riscv64", "noarch"),
    "sw_64": ("sw_64", "noarch"),
    "loongarch64": ("loongarch64", "noarch"),
    "src": ("src",),
}
"""The packages' arches by a repository's."""

WRITE_BATCH = 1000
"""Calls to the hub that are made together."""


@dataclass
class Selection:
    """``rows`` by rpm id, ``keys`` the signatures known for each, ``builddirs`` where each build is."""

    rows: dict[int, DistRpm] = field(default_factory=dict)
    keys: dict[int, list[str]] = field(default_factory=dict)
    builddirs: dict[int, str] = field(default_factory=dict)

    @property
    def unsigned(self) -> list[DistRpm]:
        """Those without a wanted signature, by name."""
        return sorted((row for row in self.rows.values() if row["sigkey"] is None), key=nvra)

    def path(self, row: DistRpm) -> Path:
        """Return the copy of a package to use: the primary one if its signature is of no matter."""
        sigkey = row["sigkey"]
        relative = koji.pathinfo.rpm(row) if sigkey is None else koji.pathinfo.signed(row, sigkey)
        return Path(self.builddirs[row["build_id"]], relative)


def nvra(row: DistRpm) -> str:
    return "{name}-{version}-{release}.{arch}".format_map(row)


def select_rpms(
    session: HubSession, tag: TagReference, arch: str, keys: Sequence[str], opts: CreateDistRepoOptions
) -> Selection:
    """Select the tag's packages for a repository of ``arch``; ``keys`` in order of preference."""
    if arch not in COMPATIBLE:
        raise koji.GenericError(f"No dist repo can be made for the arch {arch}")
    wanted = [key.lower() for key in keys]
    selection = Selection()
    by_key: dict[int, dict[str, DistRpm]] = {}
    for package_arch in COMPATIBLE[arch]:
        rpms, builds = session.listTaggedRPMS(
            tag,
            event=opts["event"],
            arch=package_arch,
            latest=opts["latest"],
            inherit=opts["inherit"],
            rpmsigs=True,
        )
        for build in builds:
            if build.get("draft"):
                raise koji.BuildError(f"Draft build: {build['nvr']} is not allowed")
            selection.builddirs[build["id"]] = koji.pathinfo.build(build)
        for row in rpms:
            by_key.setdefault(row["id"], {})[(row["sigkey"] or "").lower()] = cast(DistRpm, row)
    for rpm_id, signed in by_key.items():
        selection.keys[rpm_id] = list(signed)
        best = next((key for key in wanted if key in signed), None)
        if best is None:
            selection.rows[rpm_id] = next(iter(signed.values())) | {"sigkey": None}
        else:
            selection.rows[rpm_id] = signed[best] | {"best_key": best}
    return selection


def write_signed_copies(session: HubSession, rows: Iterable[DistRpm]) -> str:
    """Have the hub write the signed copies. Returns how it went, for a log.

    One that fails is missing later on.
    """
    signed = [row for row in rows if row.get("best_key")]
    with session.multicall(batch=WRITE_BATCH) as together:
        calls = [(row, together.host.writeSignedRPM(row["id"], row["best_key"])) for row in signed]
    return "".join(_outcome(row, call) for row, call in calls)


def _outcome(row: DistRpm, call: LaterAnswer) -> str:
    try:
        call.result  # noqa: B018  (raises what the hub answered)
    except (koji.GenericError, Fault) as error:
        reason = error.faultString if isinstance(error, Fault) else str(error)
        return f"FAILED: Signed RPM {row['id']} is not written with {row['best_key']} key, error: {reason}\n"
    return f"Signed RPM {row['id']} is written with {row['best_key']} key.\n"


def missing_files_report(missing: Iterable[Path]) -> str:
    """Return the content of missing_files.log."""
    return (
        "Some rpm files were missing.\n"
        "Most likely, you want to create these signed copies.\n\n"
        "Missing files:\n" + "".join(f"{path}\n" for path in sorted(missing))
    )


def missing_signatures_report(selection: Selection, keys: Sequence[str], *, skipped: bool) -> str:
    """Return the content of missing_signatures.log."""
    excluded = "The skip_missing_signatures option was specified, so these files were excluded.\n"
    return (
        "Some rpms were missing requested signatures.\n"
        + (excluded if skipped else "")
        + f"Requested keys: {[key.lower() for key in keys]!r}\n\n"
        + "# RPM name: available keys\n"
        + "".join(f"{nvra(row)}: {selection.keys[row['id']]!r}\n" for row in selection.unsigned)
    )
