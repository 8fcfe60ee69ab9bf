"""Repositories of packages that exist in metadata only, made by createrepo_c's library."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import createrepo_c

KINDS = (
    ("primary", createrepo_c.PrimaryXmlFile, createrepo_c.xml_dump_primary),
    ("filelists", createrepo_c.FilelistsXmlFile, createrepo_c.xml_dump_filelists),
    ("other", createrepo_c.OtherXmlFile, createrepo_c.xml_dump_other),
)
SUFFIXES = {createrepo_c.NO_COMPRESSION: "", createrepo_c.GZ: ".gz", createrepo_c.ZSTD: ".zst"}


def package(nvra: str, source: str = "", *, epoch: str = "0", checksum: str = "") -> createrepo_c.Package:
    """``source`` is its source package's file name."""
    made = createrepo_c.Package()
    rest, _, made.arch = nvra.rpartition(".")
    made.name, made.version, made.release = rest.rsplit("-", 2)
    made.epoch, made.rpm_sourcerpm = epoch, source
    made.pkgId = checksum or hashlib.sha256(f"{nvra} {source} {epoch}".encode()).hexdigest()
    made.checksum_type = "sha256"
    made.location_href = f"{nvra}.rpm"
    made.summary = made.description = '<package type="rpm">'
    made.provides = [(made.name, "EQ", "0", "1", "1", False)]
    made.files = [("", "/usr/bin/", made.name)]
    return made


def make_repository(
    directory: Path,
    packages: Iterable[createrepo_c.Package],
    compression: int = createrepo_c.GZ,
    *,
    declared: int | None = None,
) -> str:
    """Its URL; ``declared`` is how many packages it says that it has."""
    made = list(packages)
    repodata = directory / "repodata"
    repodata.mkdir(parents=True)
    index = createrepo_c.Repomd()
    for kind, writer, dump in KINDS:
        path = repodata / f"{kind}.xml{SUFFIXES[compression]}"
        file = writer(str(path), compression)
        file.set_num_of_pkgs(len(made) if declared is None else declared)
        for each in made:
            file.add_chunk(dump(each))
        file.close()
        record = createrepo_c.RepomdRecord(kind, str(path))
        record.fill(createrepo_c.SHA256)
        index.set_record(record)
    (repodata / "repomd.xml").write_text(index.xml_dump())
    return f"file://{directory}/"
