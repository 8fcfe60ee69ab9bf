"""Sources from git to source packages, with a real git server."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.builds.scm_srpm import ScmHooks
from koji_adjutant.builds.spec import SpecRules
from koji_adjutant.errors import BuildFailed, SourceError, SpecError
from koji_adjutant.rpm.header import RpmHeader, Tag
from tests.integration.buildroot.fixtures import spec
from tests.integration.scm.conftest import Make
from tests.support.git_daemon import GitServer, git_daemon
from tests.support.trees import DEEP, bury, deep_place

__all__ = ["deep_place"]

MAKEFILE = "sources:\n\techo made > source.txt\n"
SOURCED = spec("pkg", "Source0: source.txt\n", build="grep made %{SOURCE0}")


def test_branch_with_source_command(server: GitServer, make: Make) -> None:
    commit = server.commit("pkg", {"pkg.spec": SOURCED, "Makefile": MAKEFILE})
    made = make(server.url("pkg", "main"), source_cmd=("make", "sources"))
    assert made.srpm.name == "pkg-1-1.src.rpm"
    assert "source.txt" in RpmHeader(made.srpm).texts(Tag.BASENAMES)
    assert made.source["source"].endswith(f"/pkg#{commit}")
    assert made.source["url"] == server.url("pkg", "main")


def test_a_tree_that_is_deeper_than_pythons_stack(deep_place: Path, make: Make) -> None:
    deepest = Path(*["d"] * DEEP, "file")
    with git_daemon(deep_place) as server:
        server.commit("deep", {"deep.spec": spec("deep")})
        bury(deep_place / "deep")
        server.commit("deep", {str(deepest): "content"})
        made = make(server.url("deep", "main"), source_cmd=("grep", "content", str(deepest)))
    assert made.srpm.name == "deep-1-1.src.rpm"


def test_what_plugins_do_around_the_checkout(server: GitServer, make: Make) -> None:
    """Stock scmpolicy asks git which branches have the commit; others write files, or replace them."""
    server.commit("pkg", {"pkg.spec": SOURCED, "Makefile": MAKEFILE, "source.txt": "old"})
    seen: list[str] = []

    def after(sources: Path) -> None:
        branches = ["git", "branch", "--remotes", "--contains", "HEAD"]
        seen.append(subprocess.run(branches, cwd=sources, check=True, capture_output=True, text=True).stdout)
        (sources / "source.txt").unlink()
        (sources / "source.txt").write_text("by a plugin")
        (sources / "source.txt").chmod(0o600)

    made = make(
        server.url("pkg", "main"),
        source_cmd=("grep", "plugin", "source.txt"),
        hooks=ScmHooks(lambda: seen.append("before"), after),
    )
    assert made.srpm.name == "pkg-1-1.src.rpm"
    assert seen[0] == "before"
    assert "origin/main" in seen[1]


def test_a_module_that_leads_to_this_machine(server: GitServer, make: Make) -> None:
    server.commit("pkg", {"pkg.spec": SOURCED, "sub": "-> /etc"})
    seen: list[Path] = []
    with pytest.raises(SourceError, match="a link in it leads out of the checkout"):
        make(server.url("pkg", "main", "sub"), hooks=ScmHooks(after_checkout=seen.append))
    assert seen == []


@pytest.mark.parametrize("length", [40, 10])
def test_an_older_commit(server: GitServer, make: Make, length: int) -> None:
    commit = server.commit("pkg", {"pkg.spec": spec("pkg")})
    server.commit("pkg", {"pkg.spec": spec("pkg").replace("Version: 1", "Version: 2")})
    made = make(server.url("pkg", commit[:length]))
    assert made.srpm.name == "pkg-1-1.src.rpm"
    assert made.source["source"].endswith(f"#{commit}")


def test_a_module_and_common(server: GitServer, make: Make) -> None:
    server.commit("common", {"shared.mk": MAKEFILE})
    server.commit("pkg", {"sub/dir/pkg.spec": SOURCED, "sub/dir/Makefile": "include ../common/shared.mk\n"})
    made = make(server.url("pkg", "main", "sub/dir"), common=True, source_cmd=("make", "sources"))
    assert "source.txt" in RpmHeader(made.srpm).texts(Tag.BASENAMES)


def test_source_layout_of_rpm(server: GitServer, make: Make) -> None:
    server.commit("pkg", {"SPECS/pkg.spec": SOURCED, "SOURCES/source.txt": "made"})
    assert make(server.url("pkg", "main")).srpm.name == "pkg-1-1.src.rpm"


def test_source_layout_of_rpm_where_it_is_off(server: GitServer, make: Make) -> None:
    server.commit("pkg", {"SPECS/pkg.spec": SOURCED, "SOURCES/source.txt": "made"})
    with pytest.raises(SpecError, match="No spec file found"):
        make(server.url("pkg", "main"), rules=SpecRules(support_rpm_source_layout=False))


def test_several_specs(server: GitServer, make: Make) -> None:
    server.commit("pkg", {"pkg.spec": spec("pkg"), "other.spec": spec("other")})
    assert make(server.url("pkg", "main")).srpm.name == "pkg-1-1.src.rpm"


def test_several_specs_and_none_like_the_repository(server: GitServer, make: Make) -> None:
    server.commit("pkg", {"one.spec": spec("one"), "two.spec": spec("two")})
    with pytest.raises(SpecError, match="none is matching SCM checkout dir name"):
        make(server.url("pkg", "main"))


def test_no_spec(server: GitServer, make: Make) -> None:
    server.commit("pkg", {"README": "x"})
    with pytest.raises(SpecError, match=r"^No spec file found$"):
        make(server.url("pkg", "main"))


@pytest.mark.parametrize("revision", ["nothing", "0" * 40])
def test_an_unknown_revision(server: GitServer, make: Make, workspace: Workspace, revision: str) -> None:
    server.commit("pkg", {"pkg.spec": spec("pkg")})
    with pytest.raises(SourceError) as failure:
        make(server.url("pkg", revision))
    assert str(failure.value) == (
        f'Error running GIT command "git reset --hard {revision} --", see checkout.log for details'
    )
    assert revision in (workspace.resultdir / "checkout.log").read_text()


def test_an_unknown_repository(server: GitServer, make: Make) -> None:
    with pytest.raises(
        SourceError, match=r'Error running GIT command "git clone .*/nothing .*see checkout\.log'
    ):
        make(server.url("nothing", "main"))


def test_a_source_command_that_fails(server: GitServer, make: Make) -> None:
    server.commit("pkg", {"pkg.spec": spec("pkg"), "Makefile": "sources:\n\texit 7\n"})
    with pytest.raises(
        BuildFailed, match=r"^error retrieving sources, mock exited with status 2; see build\.log"
    ):
        make(server.url("pkg", "main"), source_cmd=("make", "sources"))


def test_a_missing_source(server: GitServer, make: Make) -> None:
    server.commit("pkg", {"pkg.spec": SOURCED})
    with pytest.raises(
        BuildFailed, match=r"^error building srpm, mock exited with status 10; see build\.log"
    ):
        make(server.url("pkg", "main"))


def test_tags_of_the_build_system(server: GitServer, make: Make, workspace: Workspace) -> None:
    server.commit("pkg", {"pkg.spec": spec("pkg", "Vendor: me\n")})
    assert RpmHeader(make(server.url("pkg", "main")).srpm).text(Tag.VENDOR) == "me"
    assert "Vendor is not allowed to be set in spec file" in (workspace.resultdir / "build.log").read_text()


def test_tags_of_the_build_system_where_they_are_refused(server: GitServer, make: Make) -> None:
    server.commit("pkg", {"pkg.spec": spec("pkg", "Vendor: me\n")})
    with pytest.raises(SpecError, match="Vendor is not allowed to be set in spec file"):
        make(server.url("pkg", "main"), rules=SpecRules(strict_spec_tags=True))


def test_a_spec_that_is_a_link_inside_is_fine(server: GitServer, make: Make) -> None:
    server.commit("pkg", {"packaging/rpm.spec": spec("pkg"), "pkg.spec": "-> packaging/rpm.spec"})
    assert make(server.url("pkg", "main")).srpm.name == "pkg-1-1.src.rpm"


def test_links_to_the_host_lead_nowhere(
    server: GitServer, make: Make, tmp_path: Path, workspace: Workspace
) -> None:
    secret = tmp_path / "secret.spec"
    secret.write_text(spec("secret"))
    server.commit("pkg", {"pkg.spec": f"-> {secret}"})
    with pytest.raises(SpecError, match=r"pkg\.spec cannot be read"):
        make(server.url("pkg", "main"))
    assert (
        "secret" not in (workspace.resultdir / "build.log").read_text()
        if (workspace.resultdir / "build.log").exists()
        else True
    )


def test_checked_out_hooks_and_configuration_do_nothing(
    server: GitServer, make: Make, workspace: Workspace
) -> None:
    attributes = "* filter=evil\n"
    files = {
        "pkg.spec": spec("pkg"),
        ".gitattributes": attributes,
        ".gitmodules": '[submodule "x"]\npath = x\nurl = ext::sh -c id\n',
    }
    server.commit("pkg", files)
    assert make(server.url("pkg", "main")).srpm.exists()
    assert "uid=" not in (workspace.resultdir / "checkout.log").read_text()
