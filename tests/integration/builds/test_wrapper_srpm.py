"""Spec file templates: packagers' programs, rendered where they can do no harm."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from koji_adjutant.buildroot.root import Buildroot, open_buildroot
from koji_adjutant.buildroot.specification.config import BuildrootConfig
from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.builds import scm_srpm, wrapper_srpm
from koji_adjutant.builds.scm_srpm import SCM_ROOT, ScmHooks, SourceTree
from koji_adjutant.builds.spec import SpecRules
from koji_adjutant.builds.wrapper_srpm import Archive, Wrapping, srpm_from_template
from koji_adjutant.errors import BuildTimeout, SpecError
from koji_adjutant.rpm.header import RpmHeader, Tag
from koji_adjutant.scm.checkout import CheckoutOptions
from koji_adjutant.scm.source import ScmSource
from tests.integration.buildroot.fixtures import spec

SOURCE = ScmSource("git://x/y#z", "GIT", "git://", None, "x", "/y", "", "z")
VARIABLES = {"name": "wrapped", "artifacts": {".jar": ["a.jar"]}, "all_artifacts": ["a.jar"]}

Render = Callable[..., Path]


@pytest.fixture
def render(
    workspace: Workspace, config: BuildrootConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Render:
    """The SRPM of a checkout with these files and one archive."""

    def check_out(root: Buildroot, *_: Any) -> SourceTree:
        place = scm_srpm._new_directory(root) / "y"
        shutil.copytree(tmp_path / "checkout", place, symlinks=True)
        scm_srpm._give_to_build_user(place)
        return SourceTree(place, SCM_ROOT / "y", {})

    def make(files: Mapping[str, str], limit: int = 600) -> Path:
        archive = tmp_path / "a.jar"
        archive.write_text("archive")
        (tmp_path / "checkout").mkdir()
        for name, text in files.items():
            file = tmp_path / "checkout" / name
            if text.startswith("-> "):
                file.symlink_to(text.removeprefix("-> "))
            else:
                file.write_text(text)
        with open_buildroot(workspace, replace(config, rpmbuild_timeout=limit)) as root:
            return srpm_from_template(
                root,
                SOURCE,
                Wrapping([Archive(PurePosixPath("packages/a.jar"), archive)], VARIABLES),
                rules=SpecRules(),
                hooks=ScmHooks(),
                options=CheckoutOptions(),
                rendered=lambda _spec: None,
            ).srpm

    monkeypatch.setattr(wrapper_srpm, "check_out_tree", check_out)
    return make


def test_what_a_template_can_do(render: Render, workspace: Workspace) -> None:
    """It is the build user, with its checkout and no network; it may read and write files there."""
    seen = (
        "#import os\n#import socket\n"
        "#silent open('made.txt', 'w').write('made')\n"
        "# uid=$os.getuid() here=$sorted(os.listdir('.')) interfaces=$socket.if_nameindex()"
        " work=$os.access('/work', os.W_OK) root=$os.access('/usr', os.W_OK)\n"
    )
    text = seen + spec("$name", "Source0: $all_artifacts[0]\nSource1: made.txt\n")
    srpm = render({"x.spec.tmpl": text})
    assert list(RpmHeader(srpm).texts(Tag.BASENAMES)) == ["a.jar", "made.txt", "x.spec"]
    rendered = (workspace.resultdir / "x.spec").read_text()
    assert "# uid=1000 here=['a.jar', 'made.txt', 'x.spec.tmpl'] interfaces=[(1, 'lo')]" in rendered
    assert " work=False root=False" in rendered
    assert (workspace.resultdir / "template.log").read_text().startswith("Rendering x.spec.tmpl with Cheetah")


def test_a_template_that_raises(render: Render) -> None:
    with pytest.raises(SpecError) as failure:
        render({"x.spec.tmpl": "Name: $name\n$artifacts['.war']\n"})
    assert str(failure.value).splitlines() == [
        "the spec file template x.spec.tmpl could not be rendered, see template.log for details",
        "KeyError: '.war'",
    ]


def test_a_template_that_never_ends(render: Render) -> None:
    with pytest.raises(BuildTimeout, match=r"rendering x\.spec\.tmpl did not end within 1 seconds"):
        render({"x.spec.tmpl": "#import time\n#silent time.sleep(1000000)\n"}, limit=1)


def test_links_lead_nowhere(render: Render, workspace: Workspace, tmp_path: Path) -> None:
    """Neither a template nor a spec file that is a link reaches a file of the host."""
    secret, victim = tmp_path / "secret", tmp_path / "victim"
    secret.write_text(spec("secret"))
    files = {"a.jar": f"-> {victim}", "x.spec.tmpl": f"-> {secret}"}
    with pytest.raises(SpecError, match="could not be rendered"):
        render(files)
    assert not victim.exists()


def test_a_spec_file_that_is_a_link(render: Render, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    with pytest.raises(SpecError, match="could not be rendered"):
        render({"x.spec.tmpl": spec("$name"), "x.spec": f"-> {victim}"})
    assert not victim.exists()
