"""SCM URLs, checkouts, spec files and source packages that packagers write."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

import koji
import koji.daemon
import pytest

from koji_adjutant.buildroot.files.removal import remove_tree
from koji_adjutant.buildroot.root import BUILD_UID, Buildroot, open_buildroot
from koji_adjutant.buildroot.specification.config import BuildrootConfig
from koji_adjutant.builds.rpms import build_rpms
from koji_adjutant.builds.scm_srpm import check_out_tree, srpm_from_directory
from koji_adjutant.errors import AdjutantError, BuildFailed, SourceError, SpecError
from koji_adjutant.scm.commands import checkout_commands
from koji_adjutant.scm.source import ScmSource
from tests.integration.buildroot.fixtures import NewWorkspace, spec
from tests.support.git_daemon import GitServer, git_daemon
from tests.support.rpm_headers import write_srpm

TIDY = "cd && rm -rf -- scmroot build/* && mkdir build/{RPMS,SPECS,SRPMS,SOURCES,BUILD,BUILDROOT,originals}"


@pytest.fixture(scope="module")
def shared(new_workspace: NewWorkspace, config: BuildrootConfig) -> Iterator[Buildroot]:
    """A buildroot without a network, and checkouts that have the host's: their server is there."""
    with open_buildroot(replace(new_workspace("sources"), network_mode="host"), config) as opened:
        yield opened


@pytest.fixture
def root(shared: Buildroot) -> Iterator[Buildroot]:
    """The same for every case, as new."""
    yield shared
    assert shared.capture(["/bin/bash", "-c", TIDY]) == (0, b"")
    for left in ("checkout", "rebuilt-srpm"):
        remove_tree(shared.workspace.workdir / left)
    for log in shared.workspace.resultdir.iterdir():
        log.unlink()


def packages(root: Buildroot) -> list[str]:
    return [path.name for path in root.workspace.resultdir.glob("*.rpm")]


URLS = {
    "a commit that is an option": "git://h/foo#--upload-pack=x",
    "a commit that is several": "git://h/foo#a..b",
    "a commit that is a refspec": "git://h/foo#+a:b",
    "a host that is an option": "git+ssh://u@-oProxyCommand=x/foo#a",
    "a user that is an option": "git+ssh://-oProxyCommand=x@h/foo#a",
    "a user that is an escaped option": "svn+ssh://%2doProxyCommand=x@h/repo?foo#1",
    "a path that is an option": "git://h/--upload-pack=x#a",
    "a path that leads out": "git://h/...git#a",
    "a module that leads out": "git://h/foo?../..#a",
    "a module that leads out later": "git://h/foo?a/../../b#a",
    "a module that is an option": "git://h/foo?a/-x#a",
    "a module of the host's": "svn://h/repo?/etc#1",
    "a revision in a module": "svn://h/repo?foo@7#1",
    "a transport that runs programs": "git://ext::sh/foo#a",
    "a proxy that is a program": "cvs://;proxy=x@h/cvs?foo#T",
    "a tag that is an option": "cvs://h/cvs?foo#-D",
    "a line's end": "git://h/foo\nx#a",
    "a tab in a commit": "git://h/foo#a\tb",
    "a file of the host's": "file:///etc#a",
    "a file of the host's, by git": "git+file:///etc#a",
    "no repository": "git://h/#a",
    "no commit": "git://h/foo",
}


@pytest.mark.parametrize("name", URLS)
def test_a_url(name: str) -> None:
    with pytest.raises((SourceError, koji.GenericError)):
        checkout_commands(ScmSource.of(koji.daemon.SCM(URLS[name])), PurePosixPath("/checkout"))


CHECKOUTS: Mapping[str, tuple[Mapping[str, str], str, str | None]] = {
    "a filter": ({".gitattributes": "* filter=evil diff=evil merge=evil\n", "x": "1"}, "", None),
    "a hook in the tree": ({"hooks/post-checkout": "#!/bin/sh\ntouch /checkout/ran\n"}, "", None),
    "a configuration in the tree": ({"config": "[core]\n\tfsmonitor = touch /checkout/ran\n"}, "", None),
    "a submodule of a program": (
        {".gitmodules": '[submodule "x"]\npath = x\nurl = ext::touch /checkout/ran\n'},
        "",
        None,
    ),
    "links to the host's files": (
        {"a": "-> /etc/passwd", "b": "-> ../../..", "c/d": "-> /proc/1/root"},
        "",
        None,
    ),
    "a module that is a link to the host": (
        {"sub": "-> /etc"},
        "sub",
        "a link in it leads out of the checkout",
    ),
    "a module that is a link upwards": ({"sub": "-> ../.."}, "sub", "a link in it leads out of the checkout"),
    "names that are options": ({"--x": "1", "-rf/-x": "2"}, "", None),
    "names that a terminal obeys": ({"a\x1b[2J": "1", "b\nc": "2", "\u202ex": "3"}, "", None),
}


@pytest.fixture(scope="module")
def git(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitServer]:
    with git_daemon(tmp_path_factory.mktemp("git")) as server:
        yield server


@pytest.mark.parametrize("name", CHECKOUTS)
def test_a_checkout(root: Buildroot, git: GitServer, name: str) -> None:
    files, module, refusal = CHECKOUTS[name]
    number = list(CHECKOUTS).index(name)
    commit = git.commit(f"pkg{number}", files)
    scm = koji.daemon.SCM(git.url(f"pkg{number}", commit, module))
    scm.use_common = False
    if refusal:
        with pytest.raises(SourceError, match=refusal):
            check_out_tree(root, ScmSource.of(scm))
        return
    tree = check_out_tree(root, ScmSource.of(scm))
    assert [path.name for path in tree.outside.parent.iterdir()] == [f"pkg{number}"]
    for path, text in files.items():
        assert (tree.outside / path).is_symlink() == text.startswith("-> ")
        assert (tree.outside / path).lstat().st_uid == BUILD_UID


SPECS: Mapping[str, tuple[str, str | None]] = {
    "a macro that runs a program": (spec("a").replace("Release: 1", "Release: %(id -u)"), "a-1-1000.src.rpm"),
    "a macro that writes": (
        spec("a").replace("Release: 1", "Release: %(echo x > {victim}; cat {victim} 2>/dev/null || echo 2)"),
        "a-1-2.src.rpm",
    ),
    "a macro in lua that writes": (
        spec("a").replace("Release: 1", "Release: %{lua: print(io.open('{victim}', 'w') and 1 or 2)}"),
        "a-1-2.src.rpm",
    ),
    "a macro in lua that looks at the system": (
        spec("a").replace("Release: 1", "Release: %{lua: print(io.open('/usr/x', 'w') and 1 or 2)}"),
        "a-1-2.src.rpm",
    ),
    "a macro that asks a server of the network": (
        spec("a").replace("Release: 1", "Release: %(ls /sys/class/net | wc -l)"),
        "a-1-1.src.rpm",
    ),
    "a file of the host's in the spec": (spec("a", "%include {victim}\n"), None),
    "a file of the host's as a source": (spec("a", "Source0: {victim}\n"), None),
    "a file of the host's as a source, by links": (spec("a", "Source0: ../../../{victim}\n"), None),
    "a name with slashes": (spec("../../../x"), None),
    "a version with slashes": (spec("a").replace("Version: 1", "Version: ../1"), None),
    "a release with slashes": (spec("a").replace("Release: 1", "Release: 1/../../x"), None),
    "a name with blanks": (spec("a b"), None),
    "packages elsewhere": (spec("a", "%define _srcrpmdir /var/tmp\n"), None),
    "packages of another name": (
        spec("a", "%define _rpmfilename ../../../x.rpm\n%define _srcrpmfilename %{NAME}.src.rpm\n"),
        "a-1-1.src.rpm",
    ),
    "nothing": ("", None),
    "no text": ("\x00\x01\x02", None),
}


@pytest.mark.parametrize("name", SPECS)
def test_a_spec(root: Buildroot, tmp_path: Path, name: str) -> None:
    text, made = SPECS[name]
    victim = tmp_path / "victim"
    victim.write_text("Summary: the host's\n")
    victim.chmod(0o666)
    (sources := tmp_path / "a").mkdir()
    (sources / "a.spec").write_text(text.replace("{victim}", str(victim)))
    if made:
        assert srpm_from_directory(root, sources).name == made
    else:
        with pytest.raises((BuildFailed, SourceError)):
            srpm_from_directory(root, sources)
    assert victim.read_text() == "Summary: the host's\n"
    assert packages(root) == ([made] if made else [])


FILES: Mapping[str, tuple[Mapping[str, str], str | type[AdjutantError]]] = {
    "a spec that is an option": ({"-rf.spec": spec("a")}, "a-1-1.src.rpm"),
    "a spec that is a command": ({"$(id).spec": spec("a")}, "a-1-1.src.rpm"),
    "a spec that is two lines": ({"a\nb.spec": spec("a")}, "a-1-1.src.rpm"),
    "a spec with a blank": ({"a b.spec": spec("a")}, "a-1-1.src.rpm"),
    "a spec that is a link to the host": ({"a.spec": "-> /etc/hostname-of-the-host"}, SpecError),
    "a spec that never ends": ({"a.spec": "-> /dev/zero"}, SpecError),
    "a spec that is a directory": ({"a.spec/x": ""}, SpecError),
    "specs that say of each other": ({"b.spec": spec("b"), "c.spec": spec("c")}, SpecError),
    "a link for sources": ({"SPECS/a.spec": spec("a"), "SOURCES": "-> /etc"}, BuildFailed),
}


@pytest.mark.parametrize("name", FILES)
def test_a_source_directory(root: Buildroot, tmp_path: Path, name: str) -> None:
    files, outcome = FILES[name]
    (sources := tmp_path / "a").mkdir()
    for place, text in files.items():
        (sources / place).parent.mkdir(exist_ok=True)
        if text.startswith("-> "):
            (sources / place).symlink_to(text.removeprefix("-> "))
        else:
            (sources / place).write_text(text)
    if isinstance(outcome, str):
        assert srpm_from_directory(root, sources).name == outcome
    else:
        with pytest.raises(outcome) as refusal:
            srpm_from_directory(root, sources)
        assert str(refusal.value).replace("\n", " ").isprintable()


def _text(path: Path) -> Path:
    path.write_text("no package")
    return path


def _nothing(path: Path) -> Path:
    path.touch()
    return path


def _directory(path: Path) -> Path:
    path.mkdir()
    return path


SRPMS: Mapping[str, tuple[Callable[[Path], Path], type[AdjutantError]]] = {
    "no file": (lambda path: path, SourceError),
    "nothing": (_nothing, SourceError),
    "text": (_text, SourceError),
    "a directory": (_directory, SourceError),
    "a header and nothing else": (lambda path: write_srpm(path, BASENAMES=["a.spec"]), BuildFailed),
    "no spec": (lambda path: write_srpm(path, BASENAMES=["a.c"]), BuildFailed),
    "a spec elsewhere": (lambda path: write_srpm(path, BASENAMES=["../../../etc/a.spec"]), BuildFailed),
    "a spec that is an option": (lambda path: write_srpm(path, BASENAMES=["--eval=x.spec"]), BuildFailed),
    "a spec that is a command": (lambda path: write_srpm(path, BASENAMES=["$(id).spec"]), BuildFailed),
    "a name with slashes": (lambda path: write_srpm(path, "../../x", BASENAMES=["a.spec"]), BuildFailed),
    "a requirement that is an option": (
        lambda path: write_srpm(path, BASENAMES=["a.spec"], REQUIRENAME=["--installroot=/"]),
        BuildFailed,
    ),
}


@pytest.mark.parametrize("name", SRPMS)
def test_a_source_package(root: Buildroot, tmp_path: Path, name: str) -> None:
    make, refusal = SRPMS[name]
    srpm = make(tmp_path / "a.src.rpm")
    with pytest.raises(refusal):
        build_rpms(root, srpm, arch="x86_64")
    assert packages(root) == []
