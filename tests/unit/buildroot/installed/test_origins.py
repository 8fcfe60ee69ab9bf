"""What kojid reports to the hub about a buildroot's packages."""

from __future__ import annotations

import bz2
import gzip
import json
import logging
import lzma
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import koji
import pytest

from koji_adjutant.buildroot.installed.origins import ExternalRepo, RepoFiles, buildroot_list
from koji_adjutant.buildroot.installed.packages import InstalledPackage
from koji_adjutant.errors import BuildrootError

INTERNAL = InstalledPackage("hello", "1", "2", None, "x86_64", "aa", 10, 100)
EXTERNAL = InstalledPackage("bash", "5", "1", 3, "x86_64", "bb", 20, 200)
REPOS = [ExternalRepo(7, "ext", "http://ext.example/$arch/")]
ORIGINS = {
    "hello-1-2.x86_64": "file:///tmp/w/repo_9_premerge/",
    "3:bash-5-1.x86_64": "http://ext.example/x86_64/",
}


def repository(
    directory: Path,
    origins: Mapping[str, str] | None = None,
    rpmlist: list[dict[str, object]] | None = None,
    pack: Callable[[bytes], bytes] = gzip.compress,
) -> RepoFiles:
    (directory / "repodata").mkdir(parents=True)
    data = ""
    if origins is not None:
        text = "".join(f"{nvra}\t{url}\n" for nvra, url in origins.items())
        (directory / "repodata" / "pkgorigins.gz").write_bytes(pack(text.encode()))
        data = '<data type="origin"><location href="repodata/pkgorigins.gz"/></data>'
    (directory / "repodata" / "repomd.xml").write_text(
        f'<repomd xmlns="http://linux.duke.edu/metadata/repo">{data}</repomd>'
    )
    if rpmlist is not None:
        lines = "".join(json.dumps(record) + "\n" for record in rpmlist)
        (directory / "rpmlist.jsonl").write_text(lines)
    return RepoFiles(directory)


def record(package: InstalledPackage, **changes: object) -> dict[str, object]:
    fields = {
        "name": package.name,
        "version": package.version,
        "release": package.release,
        "arch": package.arch,
    }
    return {**fields, "payloadhash": package.payloadhash, "id": 42, **changes}


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress], ids=["gz", "bz2", "xz"])
def test_internal_and_external(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    repo = repository(tmp_path, ORIGINS, [record(INTERNAL)], pack)
    listed = buildroot_list([INTERNAL, EXTERNAL], repo=repo, repo_id=9, external_repos=REPOS, arch="x86_64")
    internal, external = listed
    assert internal == {
        "name": "hello",
        "version": "1",
        "release": "2",
        "epoch": None,
        "arch": "x86_64",
        "payloadhash": "aa",
        "size": 10,
        "buildtime": 100,
        "id": 42,
    }
    assert external["location"] == 7
    assert external["external_repo"]["external_repo_name"] == "ext"
    assert "id" not in external


def test_without_external_repos_origins_are_not_asked_for(tmp_path: Path) -> None:
    repo = repository(tmp_path, None, [record(INTERNAL)])
    (entry,) = buildroot_list([INTERNAL], repo=repo, repo_id=9, external_repos=[], arch="x86_64")
    assert entry["id"] == 42


@pytest.mark.parametrize(
    ("origins", "message"),
    [
        ({}, "No origin for bash-5-1.x86_64"),
        ({"3:bash-5-1.x86_64": "http://other/"}, "Unknown origin for bash-5-1.x86_64: http://other/"),
        ({"3:bash-5-1.x86_64": "file:///w/repo_8_premerge/"}, "Unknown origin for bash-5-1.x86_64"),
        ({"3:bash-5-1.x86_64": "http://ext.example/$arch/"}, "Unknown origin for bash-5-1.x86_64"),
    ],
)
def test_unknown_origins_are_build_errors(tmp_path: Path, origins: dict[str, str], message: str) -> None:
    repo = repository(tmp_path, origins, [])
    with pytest.raises(koji.BuildError, match=message.replace("$", r"\$")):
        buildroot_list([EXTERNAL], repo=repo, repo_id=9, external_repos=REPOS, arch="x86_64")


def test_no_origins_at_all(tmp_path: Path) -> None:
    with pytest.raises(BuildrootError, match="has no pkgorigins"):
        buildroot_list([EXTERNAL], repo=repository(tmp_path), repo_id=9, external_repos=REPOS, arch="x86_64")


def test_a_different_payload_is_a_buildroot_error(tmp_path: Path) -> None:
    repo = repository(tmp_path, None, [record(INTERNAL, payloadhash="cc")])
    with pytest.raises(koji.BuildrootError, match=r"payloadhash: aa mismatch expected cc in rpmlist\.jsonl"):
        buildroot_list([INTERNAL], repo=repo, repo_id=9, external_repos=[], arch="x86_64")


def test_digests_of_different_kinds_are_not_compared(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    package = replace(INTERNAL, payloadhash="sha3-256::aa")
    repo = repository(tmp_path, None, [record(INTERNAL, payloadhash="sha256::bb")])
    (entry,) = buildroot_list([package], repo=repo, repo_id=9, external_repos=[], arch="x86_64")
    assert entry["id"] == record(INTERNAL)["id"]
    assert "is sha3-256::aa here and sha256::bb in rpmlist.jsonl: not compared" in caplog.text
    repo = repository(tmp_path / "other", None, [record(INTERNAL, payloadhash="sha3-256::bb")])
    with pytest.raises(koji.BuildrootError, match="payloadhash: sha3-256::aa mismatch expected sha3-256::bb"):
        buildroot_list([package], repo=repo, repo_id=9, external_repos=[], arch="x86_64")


def test_a_package_that_the_repo_does_not_record_has_no_id(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        (entry,) = buildroot_list(
            [INTERNAL], repo=repository(tmp_path, None, []), repo_id=9, external_repos=[], arch="x86_64"
        )
    assert "id" not in entry
    assert "hello-1-2.x86_64 not found in rpmlist.jsonl" in caplog.text


def test_repos_of_older_hubs_have_no_record(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        (entry,) = buildroot_list(
            [INTERNAL], repo=repository(tmp_path), repo_id=9, external_repos=[], arch="x86_64"
        )
    assert "id" not in entry
    assert "Missing repo content file" in caplog.text
