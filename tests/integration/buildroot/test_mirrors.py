"""A repository on servers that behave badly, read by us and by dnf: what dnf gets, we get."""

from __future__ import annotations

import hashlib
import platform
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from koji_adjutant.buildroot.root import open_buildroot
from koji_adjutant.buildroot.specification.config import TagOptions, for_repos
from koji_adjutant.buildroot.workspace import Workspace
from tests.integration.buildroot.fixtures import spec
from tests.integration.buildroot.rpm_repository import make_repository, rpmbuild
from tests.support.web_server import Answer, Site, serving_site

Content = Mapping[str, bytes]
"""The files of a repository by their paths, as they have to be."""


def repository_of(name: str, place: Path) -> Content:
    """Make a repository with one package."""
    rpmbuild(place / "repo", spec(name, "BuildArch: noarch").replace("Version: 1", "Version: 1~rc1^git1"))
    make_repository(place / "repo")
    files = [path for path in (place / "repo").rglob("*") if path.is_file()]
    return {f"/{path.relative_to(place / 'repo')}": path.read_bytes() for path in files}


class EachOnce(Site):
    """Gives one bad answer to the first request for each file."""

    def __init__(self, content: Content, bad: Answer) -> None:
        super().__init__(content)
        self._bad = bad

    def answer(self, path: str) -> Answer:
        again = path in [asked for asked, _range in self.requests[:-1]]
        # no checksum tells dnf that a repomd.xml is another
        good = again or (self._bad.spoilt and path.endswith("repomd.xml"))
        return super().answer(path) if good else self._bad


class PlusIsABlank(Site):
    """Takes a literal plus in a path for a blank, as object storage does."""

    def answer(self, path: str) -> Answer:
        return Answer(404) if "+" in path else super().answer(path)


def labelled(content: Content) -> Site:
    """Says of what is packed that the packing is the server's own."""
    return Site(content, then=Answer(headers={"Content-Encoding": "x-gzip"}))


SITES: Mapping[str, Callable[[Content], Site]] = {
    "503": lambda content: EachOnce(content, Answer(503)),
    "cut": lambda content: EachOnce(content, Answer(cut=10)),
    "corrupt": lambda content: EachOnce(content, Answer(spoilt=True)),
    "plus": PlusIsABlank,
    "x-gzip": labelled,
}


def installed_by_us(workspace: Workspace, repo: Path, url: str, name: str) -> bool:
    config = for_repos([str(repo), url], platform.machine(), "build", network=False, options=TagOptions())
    with open_buildroot(workspace, config) as root:
        root.install([name])
        return any(package.name == name for package in root.installed_packages())


def installed_by_dnf(place: Path, url: str, name: str) -> bool:
    """With the number of retries that koji's configuration has."""
    settings = [f"reposdir={place}", "retries=20", "gpgcheck=0", f"cachedir={place}/cache", "releasever=1"]
    (place / "bad.repo").write_text(f"[bad]\nname=bad\n{url if '=' in url else f'baseurl={url}'}\n")
    options = [f"--installroot={place}/root"]
    options += [f"--setopt={setting}" for setting in settings]
    subprocess.run(["dnf", "-q", "-y", *options, "install", name], check=True)
    command = ["rpm", "--root", str(place / "root"), "-q", name]
    return subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode == 0


@pytest.mark.parametrize("kind", SITES)
def test_what_dnf_gets_from_a_bad_server_we_get(
    workspace: Workspace, repo: Path, tmp_path: Path, kind: str
) -> None:
    name = f"plus++{kind}"
    content = repository_of(name, tmp_path)
    with serving_site(SITES[kind](content)) as url:
        assert installed_by_dnf(tmp_path, url, name)
    with serving_site(SITES[kind](content)) as url:
        assert installed_by_us(workspace, repo, url, name)
    if kind in ("503", "cut", "corrupt"):
        log = (workspace.resultdir / "root.log").read_text()
        assert f"{name}-1~rc1" in log.replace("%2B", "+").replace("%5E", "^")
        assert log.count("; trying again in 0.5 s") >= 2


METALINK = """\
<metalink version="3.0" xmlns="http://www.metalinker.org/"><files><file name="repomd.xml">
<size>{size}</size><verification><hash type="sha256">{digest}</hash></verification>
<resources>
<url protocol="http" type="http" location="XX" preference="100">{stale}/repodata/repomd.xml</url>
<url protocol="http" type="http" location="XX" preference="99">{fresh}/repodata/repomd.xml</url>
</resources></file></files></metalink>
"""


def lists_of(content: Content, stale: str, fresh: str) -> Content:
    """A metalink and a mirror list of two mirrors."""
    repomd = content["/repodata/repomd.xml"]
    about = {"size": len(repomd), "digest": hashlib.sha256(repomd).hexdigest()}
    metalink = METALINK.format(**about, stale=stale, fresh=fresh)
    return {"/metalink": metalink.encode(), "/mirrorlist": f"{stale}\n{fresh}\n".encode()}


@pytest.mark.parametrize("kind", ["metalink", "mirrorlist"])
def test_what_dnf_gets_by_a_list_of_mirrors_we_get(
    workspace: Workspace, repo: Path, tmp_path: Path, kind: str
) -> None:
    """The preferred mirror is behind (a metalink says so), or has nothing."""
    name = f"by-{kind}"
    content = repository_of(name, tmp_path / "new")
    behind = Site(repository_of("other", tmp_path / "old") if kind == "metalink" else {})
    with (
        serving_site(behind) as stale,
        serving_site(Site(content)) as fresh,
        serving_site(Site(lists_of(content, stale, fresh))) as lists,
    ):
        location = f"{kind}={lists}/{kind}"
        assert installed_by_dnf(tmp_path, location, name)
        assert installed_by_us(workspace, repo, location, name)
