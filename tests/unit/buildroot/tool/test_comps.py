"""Groups of packages from comps.xml."""

from __future__ import annotations

import bz2
import gzip
import lzma
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from koji_adjutant.buildroot.tool.comps import Comps, CompsError, GroupPackage, keep, kept, unpacked

GROUP = "<group><id>{id}</id><name>{name}</name><packagelist>{packages}</packagelist></group>"
REPOMD = '<repomd xmlns="http://linux.duke.edu/metadata/repo">{data}</repomd>'
DATA = '<data type="{kind}"><location href="repodata/{file}"/></data>'


def comps(*documents: str) -> Comps:
    read = Comps()
    for document in documents:
        read.add(f"<comps>{document}</comps>".encode())
    return read


def group(name: str, packages: str, shown: str = "") -> str:
    return GROUP.format(id=name, name=shown or name.title(), packages=packages)


def names(read: Comps, wanted: str) -> list[str]:
    return [package.name for package in read.packages(wanted) or []]


def test_what_belongs_to_an_installation() -> None:
    read = comps(
        group(
            "build",
            """
            <packagereq type="mandatory"> bash </packagereq>
            <packagereq type="default">gcc</packagereq>
            <packagereq type="optional">emacs</packagereq>
            <packagereq type="conditional" requires="bash">bash-doc</packagereq>
            <packagereq>make</packagereq>
            <packagereq basearchonly="true">glibc</packagereq>
            <packagereq type="something">new</packagereq>
            """,
        )
    )
    assert read.packages("build") == [
        GroupPackage("bash"),
        GroupPackage("gcc"),
        GroupPackage("bash-doc", requires="bash"),
        GroupPackage("make"),
        GroupPackage("glibc", base_arch_only=True),
    ]


def test_groups_of_several_repositories_are_one() -> None:
    first = group("build", '<packagereq>bash</packagereq><packagereq type="optional">gcc</packagereq>')
    second = group("build", '<packagereq>gcc</packagereq><packagereq type="optional">bash</packagereq>')
    third = group("build", "<packagereq>make</packagereq>")
    assert names(comps(first, third), "build") == ["bash", "make"]
    assert names(comps(first, second), "build") == ["gcc"]
    assert names(comps(second, first), "build") == ["bash"]
    assert names(comps(first + third), "build") == ["bash", "make"]


def test_what_is_in_no_repository() -> None:
    assert comps(group("build", "")).packages("bu") is None
    assert comps(group("build", "")).packages("build") == []
    assert comps().packages("build") is None


@pytest.mark.parametrize(
    ("wanted", "packages"),
    [
        ("build", ["a"]),
        ("Build Tools", ["a"]),
        ("build tools", ["a"]),
        ("BUILD", ["a"]),
        ("build*", ["a", "b"]),
        ("[bs]*", ["a", "b", "c"]),
        ("Werkzeuge", []),
    ],
)
def test_what_a_group_is_called(wanted: str, packages: list[str]) -> None:
    translated = '<name xml:lang="de">Werkzeuge</name></group>'
    read = comps(
        group("build", "<packagereq>a</packagereq>", "Build Tools").replace("</group>", translated),
        group("build-more", "<packagereq>b</packagereq>"),
        group("srpm", "<packagereq>c</packagereq>"),
    )
    assert names(read, wanted) == packages


def test_an_environment_is_its_groups() -> None:
    environment = """
        <environment><id>desktop</id><name>Desktop</name>
        <grouplist><groupid>one</groupid><groupid>two</groupid><groupid>gone</groupid></grouplist>
        <optionlist><groupid default="true">three</groupid></optionlist></environment>
        """
    groups = [group(name, f"<packagereq>in-{name}</packagereq>") for name in ("one", "two", "three")]
    assert names(comps(environment, *groups), "desktop") == ["in-one", "in-two"]
    more = environment.replace("gone", "three")
    assert names(comps(environment, *groups, more), "desktop") == ["in-one", "in-two", "in-three"]
    assert names(comps(environment.replace("desktop", "one"), *groups), "one") == ["in-one", "in-two"]


@pytest.mark.parametrize("document", [b"", b"<comps>", b"<comps>\xff</comps>"])
def test_what_is_no_xml(document: bytes) -> None:
    with pytest.raises(CompsError, match="not valid XML"):
        Comps().add(document)


def by_program(content: bytes) -> bytes:
    return subprocess.run(["zstd", "-qc"], input=content, stdout=subprocess.PIPE, check=True).stdout


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress, lzma.compress, by_program])
def test_however_it_is_packed(pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    content = b"<comps/>" * 100
    (tmp_path / "comps.xml.packed").write_bytes(pack(content))
    assert unpacked(tmp_path / "comps.xml.packed") == content
    if pack is not bytes:
        (tmp_path / "comps.xml.packed").write_bytes(pack(content)[:-4])
        with pytest.raises(CompsError, match=r"comps\.xml\.packed cannot be unpacked"):
            unpacked(tmp_path / "comps.xml.packed")


def repository(directory: Path, **files: str) -> Path:
    """A repository with one file of each kind."""
    (directory / "repodata").mkdir(parents=True)
    for kind, content in files.items():
        (directory / "repodata" / kind).write_text(content)
    data = "".join(DATA.format(kind=kind, file=kind) for kind in files)
    (directory / "repodata" / "repomd.xml").write_text(REPOMD.format(data=data))
    return directory


def test_groups_are_kept_for_later(tmp_path: Path) -> None:
    own = f"<comps>{group('build', '<packagereq>bash</packagereq>')}</comps>"
    other = f"<comps>{group('build', '<packagereq>make</packagereq>')}</comps>"
    repositories = [
        repository(tmp_path / "first", group=other, group_gz=own),
        repository(tmp_path / "second", group=other),
        repository(tmp_path / "third", primary=""),
    ]
    keep(repositories, tmp_path / "kept")
    shutil.rmtree(tmp_path / "first")
    assert names(kept(["first"], tmp_path / "kept"), "build") == ["bash"]
    assert names(kept(["second", "first", "third"], tmp_path / "kept"), "build") == ["make", "bash"]


def test_whose_groups_cannot_be_read(tmp_path: Path) -> None:
    keep([repository(tmp_path / "own", group="<comps>")], tmp_path / "kept")
    with pytest.raises(CompsError, match="the groups of repository own cannot be read: not valid XML"):
        kept(["own"], tmp_path / "kept")
    (tmp_path / "own" / "repodata" / "group").unlink()
    with pytest.raises(CompsError, match=r"the groups of repository own cannot be read: .*No such file"):
        keep([tmp_path / "own"], tmp_path / "again")
