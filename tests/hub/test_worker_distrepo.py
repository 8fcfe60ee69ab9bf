"""distRepo and createdistrepo: repositories for users, of packages that are signed as asked."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import koji
import pytest

from tests.hub.builder import ARCH, Builder, make_tag, upload_file
from tests.hub.client import Client
from tests.hub.dist import DistRepo, add_to, import_signature, put_in, tag_with
from tests.hub.drafts import draft
from tests.hub.farm import Farm
from tests.hub.names import unique
from tests.hub.rpms import RpmMaker, RpmSet
from tests.hub.signing import Signer, signer
from tests.support.tool_image import WITHOUT_DNF4

pytestmark = pytest.mark.podman

GENERIC = koji.GenericError.faultCode
ANY_SIGNATURE = {"allow_missing_signatures": True}


@pytest.fixture(scope="module")
def key() -> Iterator[Signer]:
    with signer() as made:
        yield made


@pytest.fixture(scope="module")
def other_key() -> Iterator[Signer]:
    with signer() as made:
        yield made


@pytest.fixture
def made(rpms: RpmMaker) -> RpmSet:
    return rpms.make()


@pytest.fixture
def tag(builder: Builder, made: RpmSet) -> str:
    """A tag with ``made`` in it."""
    return tag_with(builder, made)


@pytest.fixture
def client(farm: Farm, tmp_path: Path) -> Client:
    return Client(farm.hub, farm.hub.admin, tmp_path)


def failed(repo: DistRepo, code: int, sentence: str) -> str:
    """The fault of a repo that must fail: both tasks end with it. The whole text."""
    error = repo.farm.failure(repo.task)
    assert (error.faultCode, str(error).partition("\n")[0]) == (code, sentence)
    assert repo.farm.failure(repo.subtask()).faultCode == code
    assert repo.farm.admin.repoInfo(repo.id)["state"] == koji.REPO_INIT
    return str(error)


@pytest.fixture
def comps(tmp_path: Path) -> Path:
    """A file that describes a group ``core``."""
    file = tmp_path / "comps.xml"
    file.write_text("<comps><group><id>core</id><name>Core</name></group></comps>\n")
    return file


def test_the_client(client: Client, farm: Farm, tag: str, made: RpmSet, comps: Path) -> None:
    output = client("dist-repo", "--wait", "--allow-missing-signatures", "--comps", comps, tag)
    assert f"Creating dist repo for tag {tag}" in output
    info = farm.admin.getRepo(tag, dist=True)
    assert info["state"] == koji.REPO_READY
    found = re.search(r"(\d+) distRepo .* completed successfully", output)
    assert found, output
    repo = DistRepo(farm, tag, info["id"], int(found[1]))
    assert farm.admin.getTaskResult(repo.task) == f"Dist repository #{repo.id} successfully generated"
    name = made.rpm.path.name
    assert repo.locations() == {f"Packages/{name[0]}/{name}"}
    assert repo.package(name) == made.rpm.path.read_bytes()
    assert "<id>core</id>" in repo.metadata("group")


def test_the_subtask(farm: Farm, tag: str, made: RpmSet) -> None:
    repo = DistRepo.made(farm, tag, **ANY_SIGNATURE)
    ((label, child),) = farm.children(repo.task).items()
    assert (label, child["method"], child["arch"], child["weight"]) == (ARCH, "createdistrepo", "noarch", 1.5)
    request = farm.admin.getTaskRequest(repo.subtask())
    assert request[:4] == [tag, repo.id, ARCH, []]
    assert request[4] == farm.admin.getTaskRequest(repo.task)[3]
    assert farm.admin.getTaskResult(repo.subtask()) is None
    assert farm.containers(repo.subtask()) == []


def test_what_is_uploaded(farm: Farm, tag: str, made: RpmSet) -> None:
    repo = DistRepo.made(farm, tag, **ANY_SIGNATURE)
    name = made.rpm.path.name
    manifest = set(json.loads(farm.admin.downloadTaskOutput(repo.subtask(), "repo_manifest")))
    assert {"kojipkgs", "pkglist", "repodata/repomd.xml"} <= {path.removeprefix("./") for path in manifest}
    assert not any(path.endswith(".rpm") for path in manifest)
    assert repo.file("pkglist").decode() == f"Packages/{name[0]}/{name}\n"
    ((listed, entry),) = json.loads(repo.file("kojipkgs")).items()
    assert (listed, entry["name"], entry["sigkey"]) == (name, made.rpm.name, None)
    assert entry["_pkgpath"].endswith(f"/packages/{made.rpm.name}/1/1/{ARCH}/{name}")
    assert "createrepo_c" in repo.log("createrepo.log")


def test_a_tag_without_packages(farm: Farm) -> None:
    repo = DistRepo.made(farm, make_tag(farm.admin))
    assert repo.locations() == set()
    assert repo.file("repodata/EMPTY_REPO")


def test_a_tag_without_arches(farm: Farm, comps: Path) -> None:
    tag = unique("archless")
    farm.admin.createTag(tag, None)
    # without comps the hub fails by itself: it has made no directory
    uploaded = upload_file(farm.admin, comps, f"cli-dist-repo/{unique('comps')}")
    repo = DistRepo.asked_for(farm, tag, arch=[], comps=uploaded)
    error = farm.failure(repo.task)
    assert (error.faultCode, str(error).partition("\n")[0]) == (
        GENERIC,
        "No arches specified nor for the tag!",
    )


def test_a_repo_that_is_done(farm: Farm, tag: str) -> None:
    repo = DistRepo.made(farm, tag, **ANY_SIGNATURE)
    again = farm.worker_task(
        "createdistrepo", tag, repo.id, ARCH, [], farm.admin.getTaskRequest(repo.task)[3]
    )
    error = farm.failure(again)
    assert (error.faultCode, str(error).partition("\n")[0]) == (
        GENERIC,
        f"Repo {repo.id} not in INIT state (got 1)",
    )


def test_the_preferred_key(
    farm: Farm, tag: str, made: RpmSet, key: Signer, other_key: Signer, tmp_path: Path
) -> None:
    """The order of the keys decides, in whatever case they are written; the copies are written by the way."""
    signed = {one.key: import_signature(farm.admin, made.rpm, one, tmp_path) for one in (key, other_key)}
    for first, second in ((key, other_key), (other_key, key)):
        repo = DistRepo.made(farm, tag, "00000000", first.key.upper(), second.key, write_signed_rpms=True)
        assert repo.package(made.rpm.path.name) == signed[first.key]
        rpm = farm.admin.getRPM(made.rpm.path.name.removesuffix(".rpm"))["id"]
        assert repo.log("written_signed_rpms.log") == f"Signed RPM {rpm} is written with {first.key} key.\n"
        (entry,) = json.loads(repo.file("kojipkgs")).values()
        assert entry["sigkey"] == first.key


def test_an_unsigned_package(farm: Farm, tag: str, made: RpmSet, key: Signer) -> None:
    repo = DistRepo.asked_for(farm, tag, key.key.upper())
    text = failed(repo, GENERIC, "Unsigned packages found. See missing_signatures.log.")
    nvra = made.rpm.path.name.removesuffix(".rpm")
    assert nvra in text
    assert repo.log("missing_signatures.log").splitlines() == [
        "Some rpms were missing requested signatures.",
        f"Requested keys: ['{key.key}']",
        "",
        "# RPM name: available keys",
        f"{nvra}: ['']",
    ]


def test_unsigned_packages_are_left_out(
    farm: Farm, builder: Builder, tag: str, made: RpmSet, rpms: RpmMaker, key: Signer, tmp_path: Path
) -> None:
    unsigned = rpms.make()
    add_to(builder, tag, unsigned.srpm, unsigned.rpm)
    signed = import_signature(farm.admin, made.rpm, key, tmp_path)
    repo = DistRepo.made(farm, tag, key.key, skip_missing_signatures=True, write_signed_rpms=True)
    assert repo.files() == {made.rpm.path.name}
    assert repo.package(made.rpm.path.name) == signed
    log = repo.log("missing_signatures.log")
    assert "these files were excluded" in log
    assert f"{unsigned.rpm.path.name.removesuffix('.rpm')}: ['']" in log


def test_unsigned_packages_are_taken_as_they_are(
    farm: Farm, builder: Builder, tag: str, made: RpmSet, rpms: RpmMaker, key: Signer, tmp_path: Path
) -> None:
    unsigned = rpms.make()
    add_to(builder, tag, unsigned.srpm, unsigned.rpm)
    signed = import_signature(farm.admin, made.rpm, key, tmp_path)
    repo = DistRepo.made(farm, tag, key.key, write_signed_rpms=True, **ANY_SIGNATURE)
    assert repo.package(made.rpm.path.name) == signed
    assert repo.package(unsigned.rpm.path.name) == unsigned.rpm.path.read_bytes()


def test_signed_copies_that_have_not_been_written(
    farm: Farm, tag: str, made: RpmSet, key: Signer, tmp_path: Path
) -> None:
    import_signature(farm.admin, made.rpm, key, tmp_path)
    repo = DistRepo.asked_for(farm, tag, key.key)
    failed(repo, GENERIC, "Packages missing from the filesystem. See missing_files.log.")
    copy = f"/data/signed/{key.key}/{ARCH}/{made.rpm.path.name}"
    assert repo.log("missing_files.log").splitlines()[-1].endswith(copy)


def test_debuginfo_apart(farm: Farm, builder: Builder, tag: str, made: RpmSet, rpms: RpmMaker) -> None:
    debug = rpms.make(f"{unique('pkg')}-debuginfo")
    add_to(builder, tag, debug.srpm, debug.rpm)
    repo = DistRepo.made(farm, tag, split_debuginfo=True, **ANY_SIGNATURE)
    assert repo.files() == {made.rpm.path.name}
    name = debug.rpm.path.name
    assert repo.locations(subrepo="debug/") == {f"../Packages/{name[0]}/{name}"}
    assert repo.package(name) == debug.rpm.path.read_bytes()
    assert repo.file("debug/pkglist").decode() == f"../Packages/{name[0]}/{name}\n"
    assert repo.log("createrepo_debug.log")
    together = DistRepo.made(farm, tag, **ANY_SIGNATURE)
    assert together.files() == {made.rpm.path.name, name}


def test_arches(farm: Farm, builder: Builder, rpms: RpmMaker) -> None:
    """Each package where it can be installed, noarch ones everywhere, sources apart."""
    made = rpms.make(noarch_subpackage=True)
    tag = tag_with(builder, made)
    native, noarch = (rpm.path.name for rpm in sorted(made.rpms, key=lambda rpm: rpm.arch == "noarch"))
    repo = DistRepo.made(farm, tag, arch=[ARCH, "aarch64", "src"], **ANY_SIGNATURE)
    assert set(farm.children(repo.task)) == {ARCH, "aarch64", "src"}
    assert repo.files(ARCH) == {native, noarch}
    assert repo.files("aarch64") == {noarch}
    assert repo.files("src") == {made.srpm.path.name}


def test_what_of_a_tag(farm: Farm, builder: Builder, rpms: RpmMaker) -> None:
    """The newest builds and inherited ones, unless asked otherwise; or what the tag had at an event."""
    admin = farm.admin
    inherited, old = rpms.make(), rpms.make()
    new = rpms.make(old.srpm.name, version="2")
    parent, tag = tag_with(builder, inherited), tag_with(builder, old)
    link = {"parent_id": admin.getTag(parent)["id"], "priority": 0, "maxdepth": None}
    admin.setInheritanceData(tag, [link | {"intransitive": False, "noconfig": False, "pkg_filter": ""}])
    event = admin.getLastEvent()["id"]
    add_to(builder, tag, new.srpm, new.rpm)
    names = {one.rpm.path.name: one for one in (inherited, old, new)}
    assert len(names) == 3
    expected: tuple[tuple[dict[str, Any], set[RpmSet]], ...] = (
        ({}, {inherited, new}),
        ({"inherit": False}, {new}),
        ({"inherit": False, "latest": False}, {old, new}),
        ({"event": event}, {inherited, old}),
    )
    for options, packages in expected:
        repo = DistRepo.made(farm, tag, **ANY_SIGNATURE, **options)
        assert repo.files() == {one.rpm.path.name for one in packages}, options


def test_a_draft(farm: Farm, builder: Builder, rpms: RpmMaker) -> None:
    tag, build = make_tag(farm.admin), draft(builder, rpms.make())
    put_in(builder, tag, build)
    repo = DistRepo.asked_for(farm, tag, **ANY_SIGNATURE)
    failed(repo, koji.BuildError.faultCode, f"Draft build: {build['nvr']} is not allowed")


def test_the_last_repo_is_recycled(farm: Farm, tag: str) -> None:
    """Its metadata; packages are looked at again, unless asked otherwise."""
    first = DistRepo.made(farm, tag, **ANY_SIGNATURE)
    assert "--update" not in first.log("createrepo.log")
    second = DistRepo.made(farm, tag, **ANY_SIGNATURE)
    assert "--update" in second.log("createrepo.log")
    assert "--skip-stat" not in second.log("createrepo.log")
    third = DistRepo.made(farm, tag, createrepo_skip_stat=True, **ANY_SIGNATURE)
    assert "--skip-stat" in third.log("createrepo.log")
    assert first.locations() == second.locations() == third.locations()


def test_deltas(farm: Farm, builder: Builder, rpms: RpmMaker) -> None:
    old = rpms.make()
    new = rpms.make(old.srpm.name, version="2")
    tag = tag_with(builder, old)
    base = DistRepo.made(farm, tag, **ANY_SIGNATURE)
    add_to(builder, tag, new.srpm, new.rpm)
    repo = DistRepo.asked_for(farm, tag, delta=[base.id], **ANY_SIGNATURE)
    if farm.finished(repo.task) == "FAILED" and "is built without delta RPMs" in str(farm.failure(repo.task)):
        pytest.skip("the tool image's createrepo_c makes no deltas")
    farm.closed(repo.task)
    assert f'filename="{old.rpm.path.name}"' not in repo.metadata("primary")
    name = f"drpms/{old.rpm.name}-1-1_2-1.{ARCH}.drpm"
    assert f"<filename>{name}</filename>" in repo.metadata("prestodelta")
    assert repo.file(name)


def test_deltas_against_a_repo_of_another_kind(farm: Farm, builder: Builder, tag: str) -> None:
    repo = DistRepo.asked_for(farm, tag, delta=[builder.ready_repo(tag)], **ANY_SIGNATURE)
    failed(repo, GENERIC, "Base repo for deltas must also be a dist repo")


def test_zchunk(farm: Farm, tag: str) -> None:
    repo = DistRepo.asked_for(farm, tag, zck=True, **ANY_SIGNATURE)
    if farm.finished(repo.task) == "FAILED":
        assert "is built without zchunk" in str(farm.failure(repo.task))
    else:
        assert '<data type="primary_zck">' in repo.file("repodata/repomd.xml").decode()


def test_dictionaries_without_zchunk(farm: Farm, tag: str) -> None:
    repo = DistRepo.asked_for(farm, tag, zck_dict_dir="/usr/share/zck", **ANY_SIGNATURE)
    failed(repo, GENERIC, "--zck-dict-dir makes no sense without --zck")


def test_a_callback_of_a_plugin(farm: Farm, tag: str) -> None:
    DistRepo.made(farm, tag, **ANY_SIGNATURE)
    lines = (farm.directory / "builder-plugins/conformance.calls").read_text().splitlines()
    known = [call["known"] for call in map(json.loads, lines) if call["kind"] == "postCreateDistRepo"][-1]
    expected = ["arch", "keys", "opts", "repo_id", "repodir", "session", "tag", "taskinfo"]
    assert known == expected


MULTILIB = """\
[runtime]
white =
black =

[devel]
white =
black =
"""


@pytest.fixture
def multilib(farm: Farm, tmp_path: Path) -> str:
    """python-multilib's configuration, uploaded as the client does it."""
    if find_spec("multilib") is None:
        pytest.skip("python-multilib is not installed")
    if WITHOUT_DNF4 in os.environ:
        pytest.skip("python-multilib works with dnf 4, which the tool image has not")
    file = tmp_path / "multilib.conf"
    file.write_text(MULTILIB)
    return upload_file(farm.admin, file, f"cli-dist-repo/{unique('multilib')}")


def both_arches(builder: Builder, rpms: RpmMaker, tag: str, name: str, **options: Any) -> list[str]:
    """A build for two arches in the tag; the names of its packages, the 32-bit one first."""
    wide, narrow = (rpms.make(name, arch=arch, **options) for arch in (ARCH, "i686"))
    add_to(builder, tag, wide.srpm, wide.rpm, narrow.rpm)
    return [narrow.rpm.path.name, wide.rpm.path.name]


def test_multilib(farm: Farm, builder: Builder, rpms: RpmMaker, multilib: str) -> None:
    """32-bit packages for development, and what they require, are in the 64-bit repo, too."""
    tag = make_tag(farm.admin)
    library, program = unique("lib"), unique("program")
    needed = both_arches(builder, rpms, tag, library)
    devel = both_arches(builder, rpms, tag, f"{library}-devel", requires=f"{library}(x86-32)")
    other = both_arches(builder, rpms, tag, program)
    repo = DistRepo.made(farm, tag, arch=["i686", ARCH], multilib=multilib, **ANY_SIGNATURE)
    assert repo.files("i386") == {needed[0], devel[0], other[0]}
    assert repo.files(ARCH) == {*needed, *devel, other[1]}
    assert repo.package(devel[0], ARCH) == repo.package(devel[0], "i386") != b""
    assert "baseurl=" in repo.log(f"dnf.conf-koji-{ARCH}")


def test_multilib_packages_that_are_missing(
    farm: Farm, builder: Builder, rpms: RpmMaker, multilib: str
) -> None:
    devel = rpms.make(f"{unique('lib')}-devel")
    tag = tag_with(builder, devel)
    repo = DistRepo.asked_for(farm, tag, arch=["i686", ARCH], multilib=multilib, **ANY_SIGNATURE)
    failed(repo, GENERIC, "multilib packages missing. See missing_multilib.log")
    lines = repo.log("missing_multilib.log").splitlines()
    assert lines[0] == "The following multilib files were missing:"
    assert lines[1].endswith(devel.rpm.path.name.replace(ARCH, "i686"))
