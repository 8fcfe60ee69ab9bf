"""Layers: found again by what they consist of, and equal to fresh ones."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from koji_adjutant.buildroot.cache.cache import Cache
from koji_adjutant.buildroot.layers.layers import open_layers
from koji_adjutant.buildroot.layers.verification import verify
from koji_adjutant.buildroot.resolving import resolver
from koji_adjutant.buildroot.root import open_buildroot
from koji_adjutant.buildroot.specification.config import BuildrootConfig, TagOptions, for_repos
from koji_adjutant.buildroot.toolbox import run_tool
from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.builds.rpms import build_rpms
from koji_adjutant.container.interface import VolumeMount
from koji_adjutant.errors import BuildrootError
from tests.integration.buildroot.fixtures import MakeSrpm, NewWorkspace, spec
from tests.integration.buildroot.rpm_repository import rpmbuild

Uses = list[tuple[str, bool]]


def watched(workspace: Workspace) -> tuple[Workspace, Uses]:
    """A workspace, and what it looked for in the cache."""
    uses: Uses = []
    return replace(workspace, cache_used=lambda kind, _key, hit: uses.append((kind, hit))), uses


def containers(workspace: Workspace) -> list[str]:
    """The roles of the containers that were started."""
    log = workspace.resultdir / "container.log"
    return [line.split(", ")[1] for line in log.read_text().splitlines() if ", container " in line]


@pytest.fixture
def own_cache(new_workspace: NewWorkspace, tmp_path: Path) -> Iterator[NewWorkspace]:
    """Workspaces with a cache that nobody has used before."""
    place = Path("/var/tmp") / f"adjutant-test-cache-{os.getpid()}-{tmp_path.name}"
    yield lambda name: replace(new_workspace(name), cache=Cache(place))
    shutil.rmtree(place)


@pytest.fixture
def other_repo(repo: Path, tmp_path: Path) -> Path:
    """The same packages in another place, in other files of metadata, and one package more."""
    other = tmp_path / "other"
    other.mkdir()
    for file in repo.iterdir():
        if file.name != "repodata":
            (other / file.name).symlink_to(file.resolve())
    text = "Name: unrelated\nVersion: 1\nRelease: 1\nSummary: x\nLicense: MIT\nBuildArch: noarch\n"
    rpmbuild(other, f"{text}%description\nx\n%files\n")
    comps = next(repo.glob("repodata/*comps*.xml*"))
    shutil.copy(comps, tmp_path / comps.name)
    subprocess.run(["createrepo_c", "--quiet", "-g", str(tmp_path / comps.name), str(other)], check=True)
    return other


def test_a_build_that_was_done_before_installs_nothing(
    new_workspace: NewWorkspace, config: BuildrootConfig, make_srpm: MakeSrpm
) -> None:
    srpm = make_srpm(spec("needing", "BuildRequires: libyaml-devel\n", build="test -f /usr/include/yaml.h"))
    for name in ("first", "second"):
        workspace, uses = watched(new_workspace(name))
        with open_buildroot(workspace, config) as root:
            build_rpms(root, srpm, arch="x86_64")
        last = workspace
    # one container, nothing resolved, nothing installed
    assert containers(last) == ["build"]
    assert uses == [("root", True), ("buildrequires", True)]
    assert (last.resultdir / "build.log").read_text().count("rpmbuild -bs ") == 1


def test_another_package_with_the_same_needs_installs_nothing(
    new_workspace: NewWorkspace, config: BuildrootConfig, make_srpm: MakeSrpm
) -> None:
    for name in ("one", "other"):
        srpm = make_srpm(spec(name, "BuildRequires: libyaml-devel\n"))
        workspace, uses = watched(new_workspace(name))
        with open_buildroot(workspace, config) as root:
            build_rpms(root, srpm, arch="x86_64")
    assert "install" not in containers(workspace)
    assert ("buildrequires", True) in uses


def test_a_repository_that_changed_elsewhere_gives_the_same_root(
    new_workspace: NewWorkspace, config: BuildrootConfig, other_repo: Path
) -> None:
    with open_buildroot(new_workspace("one"), config) as root:
        key = root.key
    workspace, uses = watched(new_workspace("other"))
    other = for_repos([str(other_repo)], "x86_64", "build", network=False, options=TagOptions())
    with open_buildroot(workspace, other) as root:
        assert root.key == key
        # and what is only in the other one can be installed
        root.install(["unrelated"])
        assert "unrelated" in {package.name for package in root.installed_packages()}
    assert uses[:2] == [("metadata", False), ("root", True)]


def test_what_is_written_to_tmp_is_there_after_an_installation(
    workspace: Workspace, config: BuildrootConfig
) -> None:
    write = "echo here | tee /tmp/x /var/tmp/x /builddir/x"
    with open_buildroot(workspace, config) as root:
        assert root.capture(["sh", "-c", write])[0] == 0
        assert root.install(["libyaml-devel"]).changes
        assert root.capture(["cat", "/tmp/x", "/var/tmp/x", "/builddir/x"]) == (0, b"here\n" * 3)


def test_a_cached_root_is_a_fresh_one(own_cache: NewWorkspace, config: BuildrootConfig) -> None:
    workspace = own_cache("first")
    with open_buildroot(workspace, config) as root:
        root.install(["libyaml-devel"])
        key = root.key
    assert key is not None
    workspace.cache.store.seal()
    again = own_cache("again")
    with (again.resultdir / "verify.log").open("wb") as log:
        base, layer = verify(again, key, log)
    assert (base.damage, base.differences) == ([], [])
    assert (layer.damage, layer.differences) == ([], [])
    assert base.files > 1000 > layer.files
    # all that rpm does anew each time
    names = {line.split(": ")[0] for line in (*base.tolerated, *layer.tolerated)}
    assert {name for name in names if "/rpm/" not in name and "another time" not in name} == set()

    victim = workspace.cache.store.entry(base.key) / "root" / "usr" / "bin" / "bash"
    victim.write_bytes(victim.read_bytes()[:-1] + b"!")
    with (again.resultdir / "verify.log").open("wb") as log:
        base = verify(again, base.key, log)[0]
    assert base.differences == ["usr/bin/bash: another content"]
    assert base.damage == ["root/usr/bin/bash: another mtime, content"]
    assert not base.equal


def test_what_a_resolver_does_to_the_metadata_stays_with_its_task(
    own_cache: NewWorkspace, config: BuildrootConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = own_cache("one")
    store, spoilt = workspace.cache.store, []

    def spoiling(*arguments: Any, mounts: Sequence[VolumeMount], **options: Any) -> int:
        status = run_tool(*arguments, mounts=mounts, **options)
        (cache,) = [mount.source for mount in mounts if mount.target == PurePosixPath("/cache")]
        for file in cache.rglob("*.solv"):
            with file.open("ab") as open_file:
                open_file.write(b"poison")
            spoilt.append(file.name)
        return status

    with open_buildroot(workspace, config) as root:
        store.seal()
        monkeypatch.setattr(resolver, "run_tool", spoiling)
        root.install(["libyaml-devel"])
    (key,) = [usage.key for usage in store.usages() if usage.key.startswith("metadata-")]
    assert spoilt
    assert store.damage(key) == []


@pytest.mark.parametrize(
    "answer",
    [None, {"read": False, "lacking": None, "missing": [], "problems": ["no metadata"], "install": []}],
)
def test_a_resolver_that_fails_leaves_no_metadata_behind(
    answer: dict[str, Any] | None,
    own_cache: NewWorkspace,
    config: BuildrootConfig,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def failing(*_arguments: Any, work: Path, **_options: Any) -> int:
        if answer:
            (work / "plan.json").write_text(json.dumps(answer))
        return 137

    with monkeypatch.context() as patched:
        patched.setattr(resolver, "run_tool", failing)
        with (
            pytest.raises(BuildrootError, match=r"no plan|no metadata"),
            open_buildroot(own_cache("one"), config),
        ):
            pass
    again = own_cache("again")
    with (again.resultdir / "root.log").open("wb") as log, open_layers(again, config, log) as layers:
        assert layers.installed().packages


def test_what_is_not_in_the_cache_cannot_be_verified(own_cache: NewWorkspace, tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as log, pytest.raises(BuildrootError, match="has no layer abc"):
        verify(own_cache("one"), "abc", log)
