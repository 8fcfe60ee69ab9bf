"""Source packages to RPMs, in real buildroots."""

from __future__ import annotations

import re
import socket
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from koji_adjutant.buildroot.root import open_buildroot
from koji_adjutant.buildroot.specification.config import BuildrootConfig
from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.builds.decisive import find_decisive
from koji_adjutant.builds.rpms import RpmBuild, build_rpms
from koji_adjutant.errors import BuildFailed, BuildTimeout, DependencyError, SourceError, SpecError
from koji_adjutant.rpm.header import RpmHeader, Tag
from tests.integration.buildroot.fixtures import MakeSrpm, NewWorkspace, spec

C_PROGRAM = spec(
    "yamlish",
    "BuildRequires: gcc\nBuildRequires: libyaml-devel >= 0.2\n",
    build=r"""
    printf '#include <yaml.h>\nint main(void) { return !yaml_get_version_string(); }\n' > yamlish.c
    gcc -g -o yamlish yamlish.c -lyaml
    ./yamlish
    """,
    install="install -D yamlish %{buildroot}%{_bindir}/yamlish",
    files="%{_bindir}/yamlish",
)


def build(workspace: Workspace, config: BuildrootConfig, srpm: Path, arch: str = "x86_64") -> RpmBuild:
    with open_buildroot(workspace, config) as root:
        return build_rpms(root, srpm, arch=arch)


def names(paths: Sequence[Path]) -> list[str]:
    return [path.name for path in paths]


def log(workspace: Workspace, name: str = "build.log") -> str:
    return (workspace.resultdir / name).read_text(errors="replace")


def test_a_c_program_with_a_library(
    workspace: Workspace, config: BuildrootConfig, make_srpm: MakeSrpm
) -> None:
    result = build(workspace, config, make_srpm(C_PROGRAM))
    assert "yamlish-1-1.x86_64.rpm" in names(result.rpms)
    assert result.srpm.name == "yamlish-1-1.src.rpm"
    for path in (*result.rpms, result.srpm):
        header = RpmHeader(path)
        identity = [header.text(tag) for tag in (Tag.VENDOR, Tag.PACKAGER, Tag.DISTRIBUTION)]
        assert identity == ["Koji", "Koji", "Koji"]
    assert "libyaml" in log(workspace, "installed_pkgs.log")
    assert "rpmbuild -bb --noclean --target x86_64 --nodeps" in log(workspace)
    assert re.search(
        r"Start: rpmbuild yamlish.*\n(.*\n)*.*Finish: rpmbuild yamlish", log(workspace, "state.log")
    )


def test_noarch(workspace: Workspace, config: BuildrootConfig, make_srpm: MakeSrpm) -> None:
    text = spec(
        "data",
        "BuildArch: noarch\n",
        install="install -D -m644 /dev/null %{buildroot}/usr/share/data",
        files="/usr/share/data",
    )
    result = build(workspace, config, make_srpm(text), arch="noarch")
    assert names(result.rpms) == ["data-1-1.noarch.rpm"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("echo no package > $huge", "which is no RPM package"),
        ("truncate -s 100G $huge", "with a length of 100 GiB: no package is that large"),
    ],
    ids=["text", "hole"],
)
def test_a_file_that_is_only_called_like_a_package(
    workspace: Workspace, config: BuildrootConfig, make_srpm: MakeSrpm, content: str, sentence: str
) -> None:
    text = spec("huge", install=f"huge=%{{_rpmdir}}/huge-data-1-1.noarch.rpm\n{content}")
    srpm = make_srpm(text)
    with pytest.raises(BuildFailed, match=rf"the build left huge-data-1-1\.noarch\.rpm.* {sentence}"):
        build(workspace, config, srpm)
    assert not (workspace.resultdir / "huge-data-1-1.noarch.rpm").exists()


def test_a_compiler_error(workspace: Workspace, config: BuildrootConfig, make_srpm: MakeSrpm) -> None:
    srpm = make_srpm(spec("broken", build="echo 'in main() {' > broken.c\ngcc -c broken.c"))
    with pytest.raises(BuildFailed) as failure:
        build(workspace, config, srpm)
    assert str(failure.value) == (
        "error building package (arch x86_64), mock exited with status 10; see build.log for more information"
    )
    found = find_decisive(workspace.resultdir / "build.log")
    assert found is not None
    assert any("error: unknown type name" in line for line in found.lines)


def test_missing_requirements_are_named(
    workspace: Workspace, config: BuildrootConfig, make_srpm: MakeSrpm
) -> None:
    srpm = make_srpm(spec("needy", "BuildRequires: no-such-devel, gcc >= 9:1\nBuildRequires: make\n"))
    with pytest.raises(DependencyError) as failure:
        build(workspace, config, srpm)
    message = str(failure.value)
    assert "mock exited with status 30; see root.log for more information" in message
    assert message.endswith("nothing provides gcc >= 9:1, no-such-devel")


def test_requirements_that_depend_on_what_is_installed(
    workspace: Workspace, config: BuildrootConfig, make_srpm: MakeSrpm
) -> None:
    preamble = """
    BuildRequires: libyaml-devel
    %if %(test -f /usr/include/yaml.h && echo 1 || echo 0)
    BuildRequires: zlib-devel
    %endif
    """
    srpm = make_srpm(spec("growing", preamble, build="test -f /usr/include/zlib.h"))
    build(workspace, config, srpm)
    assert log(workspace).count("rpmbuild -bs ") == 3


def test_dynamic_requirements(workspace: Workspace, config: BuildrootConfig, make_srpm: MakeSrpm) -> None:
    generate = "echo libyaml-devel\nif [ -f /usr/include/yaml.h ]; then echo zlib-devel; fi\n"
    srpm = make_srpm(
        spec("dynamic", prep="true", generate_buildrequires=generate, build="test -f /usr/include/zlib.h")
    )
    result = build(workspace, config, srpm)
    requires = RpmHeader(result.srpm).texts(Tag.REQUIRENAME)
    assert {"libyaml-devel", "zlib-devel", "rpmlib(DynamicBuildRequires)"} <= set(requires)
    assert result.srpm.name == "dynamic-1-1.src.rpm"
    text = log(workspace)
    # %prep runs once, and the last step checks dependencies
    assert text.count("rpmbuild -br --noclean") == 1
    assert text.count("rpmbuild -br --noprep --noclean") == 2
    assert "rpmbuild -ba --noprep --noclean --target x86_64 /builddir" in text


def test_dynamic_requirements_that_nothing_provides(
    workspace: Workspace, config: BuildrootConfig, make_srpm: MakeSrpm
) -> None:
    srpm = make_srpm(spec("wishful", prep="true", generate_buildrequires="echo 'no-such(thing) >= 3'"))
    with pytest.raises(DependencyError, match=r"nothing provides no-such\(thing\) >= 3"):
        build(workspace, config, srpm)


def test_no_network(workspace: Workspace, config: BuildrootConfig, make_srpm: MakeSrpm) -> None:
    with socket.create_server(("", 0)) as server:
        port = server.getsockname()[1]
        address = socket.gethostbyname(socket.gethostname())
        tries = "\n".join(
            f"if bash -c 'exec 3<>/dev/tcp/{host}/{port}'; then echo REACHED; fi"
            for host in ("127.0.0.1", address)
        )
        build(workspace, config, make_srpm(spec("lonely", build=tries)))
    assert "REACHED" not in [line.strip() for line in log(workspace).splitlines()]
    assert "Network is unreachable" in log(workspace) or "Connection refused" in log(workspace)


def test_not_root_and_no_capabilities(
    workspace: Workspace, config: BuildrootConfig, make_srpm: MakeSrpm
) -> None:
    check = """
    test "$(id -u)" = 1000
    grep -x 'CapBnd:.0000000000000000' /proc/self/status
    """
    build(workspace, config, make_srpm(spec("humble", build=check)))


HOSTILE = {
    "a linked result": "%{buildroot}; ln -s /etc/shadow %{_topdir}/RPMS/evil-1-1.x86_64.rpm",
    "a linked directory": "%{buildroot}; rmdir %{_topdir}/RPMS; ln -s /etc %{_topdir}/RPMS",
    "a linked directory for the SRPM": "%{buildroot}; rm -r %{_topdir}/SRPMS; ln -s /etc %{_topdir}/SRPMS",
    "a pipe": "%{buildroot}; mkfifo %{_topdir}/RPMS/evil-1-1.x86_64.rpm",
    "a path in a name": "%{buildroot}; touch '%{_topdir}/RPMS/--x=$(id).rpm'",
}


@pytest.mark.parametrize("trick", HOSTILE.values(), ids=HOSTILE.keys())
def test_tricks_with_results(
    workspace: Workspace, config: BuildrootConfig, make_srpm: MakeSrpm, trick: str
) -> None:
    srpm = make_srpm(spec("evil", install=f"mkdir -p {trick}"))
    with pytest.raises(BuildFailed, match=r"^error building package \(arch x86_64\), "):
        build(workspace, config, srpm)
    taken = [path for path in workspace.resultdir.iterdir() if path.name.startswith("evil-1-1.x86_64")]
    assert all(not path.is_symlink() and b"root:" not in path.read_bytes()[:100] for path in taken)


def test_a_process_that_outlives_the_build(
    workspace: Workspace, config: BuildrootConfig, make_srpm: MakeSrpm
) -> None:
    loop = "while :; do cp /etc/passwd %{_topdir}/SOURCES/late; done"
    srpm = make_srpm(spec("lingering", build=f"(setsid bash -c '{loop}' >/dev/null 2>&1 </dev/null &)"))
    with open_buildroot(workspace, config) as root:
        build_rpms(root, srpm, arch="x86_64")
        _status, running = root.capture(["bash", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '"])
    assert b"cp /etc/passwd" not in running


def test_a_build_that_takes_too_long(
    workspace: Workspace, config: BuildrootConfig, make_srpm: MakeSrpm
) -> None:
    srpm = make_srpm(spec("endless", build="sleep 1000"))
    with pytest.raises(
        BuildTimeout,
        match=r"^error building package \(arch x86_64\), mock exited with status 11; see build\.log",
    ):
        build(workspace, replace(config, rpmbuild_timeout=3), srpm)


def test_a_release_by_the_clock(workspace: Workspace, config: BuildrootConfig, make_srpm: MakeSrpm) -> None:
    """The hub would not take the packages, and would say so when all arches have been built."""
    text = spec("clock", "BuildArch: noarch").replace("Release: 1", "Release: %(date +%%s%%N)")
    with (
        open_buildroot(workspace, config) as root,
        pytest.raises(
            SpecError, match=r"release each time it is read.*clock-1-\d+\.noarch\.rpm is of clock-1-"
        ),
    ):
        build_rpms(root, make_srpm(text), arch="x86_64")


def test_no_results(workspace: Workspace, config: BuildrootConfig, make_srpm: MakeSrpm) -> None:
    text = spec("nothing").replace("%files\n", "")
    result = build(workspace, config, make_srpm(text))
    # a spec without %files makes only a source package, and kojid leaves it to its caller to mind
    assert result.rpms == ()


def test_what_is_no_source_package(
    workspace: Workspace,
    config: BuildrootConfig,
    tmp_path: Path,
    new_workspace: NewWorkspace,
    make_srpm: MakeSrpm,
) -> None:
    with pytest.raises(SourceError, match="SRPM file missing"):
        build(workspace, config, tmp_path / "missing.src.rpm")
    (tmp_path / "text.src.rpm").write_text("not an rpm")
    with pytest.raises(SourceError, match=r"text\.src\.rpm"):
        build(new_workspace("text"), config, tmp_path / "text.src.rpm")
    text = spec("binary", "BuildArch: noarch\n")
    binary = build(new_workspace("binary"), config, make_srpm(text), arch="noarch").rpms[0]
    with pytest.raises(SourceError, match="not a source package"):
        build(new_workspace("again"), config, binary)


def test_a_source_package_that_is_cut_off(
    workspace: Workspace, config: BuildrootConfig, make_srpm: MakeSrpm
) -> None:
    srpm = make_srpm(spec("cut"))
    srpm.write_bytes(srpm.read_bytes()[:-100])
    with pytest.raises(
        BuildFailed, match=r"see root\.log for more information\nSource RPM is not installable"
    ):
        build(workspace, config, srpm)
    assert "error: " in log(workspace, "root.log")


def test_which_build_requires_are_used(
    workspace: Workspace, config: BuildrootConfig, make_srpm: MakeSrpm
) -> None:
    more = C_PROGRAM.replace("BuildRequires: gcc\n", "BuildRequires: gcc\nBuildRequires: zlib-devel\n")
    result = build(workspace, replace(config, used_requires=True), make_srpm(more))
    assert "yamlish-1-1.x86_64.rpm" in names(result.rpms)
    said = {line[:16].rstrip(): line[17:] for line in log(workspace, "buildrequires.log").splitlines()[-3:]}
    assert said.keys() == {"not opened", "opened", "in each build"}
    assert said["not opened"].startswith("zlib-devel  (")
    assert said["opened"].startswith("libyaml-devel  (libyaml-dev")
    assert said["in each build"].startswith("gcc  (gcc")
