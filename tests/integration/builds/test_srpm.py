"""Source packages made anew."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from koji_adjutant.buildroot.root import open_buildroot
from koji_adjutant.buildroot.specification.config import BuildrootConfig
from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.builds.scm_srpm import srpm_from_directory
from koji_adjutant.builds.srpm import rebuild_srpm
from koji_adjutant.errors import SpecError
from tests.integration.buildroot.fixtures import MakeSrpm, spec
from tests.support.trees import bury, deep_place

__all__ = ["deep_place"]


def rebuild(workspace: Workspace, config: BuildrootConfig, srpm: Path) -> Path:
    with open_buildroot(workspace, config) as root:
        return rebuild_srpm(root, srpm)


def test_the_tags_macros_apply(workspace: Workspace, config: BuildrootConfig, make_srpm: MakeSrpm) -> None:
    srpm = make_srpm(spec("dated").replace("Release: 1", "Release: 1%{?dist}"))
    tagged = replace(config, macros={**config.macros, "%dist": ".tag7"})
    assert srpm.name != "dated-1-1.tag7.src.rpm"
    assert rebuild(workspace, tagged, srpm).name == "dated-1-1.tag7.src.rpm"


def test_a_file_name_means_nothing(
    workspace: Workspace, config: BuildrootConfig, make_srpm: MakeSrpm, tmp_path: Path
) -> None:
    odd = tmp_path / "--root=$(id) x.src.rpm"
    shutil.copy(make_srpm(spec("plain")), odd)
    assert rebuild(workspace, config, odd).name == "plain-1-1.src.rpm"


def test_two_specs(workspace: Workspace, config: BuildrootConfig, make_srpm: MakeSrpm) -> None:
    """One of them is a source like others, and its name comes first."""
    text = spec("double", "Source0: another.spec\n")
    # it comes from a macro that writes it while the spec is read
    text += "\n%{lua: io.open(rpm.expand('%{_sourcedir}/another.spec'), 'w'):close()}\n"
    assert rebuild(workspace, config, make_srpm(text)).name == "double-1-1.src.rpm"


def test_a_directory_that_is_deeper_than_pythons_stack(
    workspace: Workspace, config: BuildrootConfig, deep_place: Path
) -> None:
    (source := deep_place / "deep").mkdir()
    bury(source)
    (source / "deep.spec").write_text(spec("deep"))
    with open_buildroot(workspace, config) as root:
        assert srpm_from_directory(root, source).name == "deep-1-1.src.rpm"


def test_a_source_package_without_all_of_its_sources(
    workspace: Workspace, config: BuildrootConfig, tmp_path: Path
) -> None:
    (tmp_path / "bare.spec").write_text(spec("bare", "Source0: data\nNoSource: 0"))
    (tmp_path / "data").write_text("left out")
    with (
        open_buildroot(workspace, config) as root,
        pytest.raises(SpecError, match=r"\(NoSource or NoPatch makes bare-1-1\.nosrc\.rpm\)"),
    ):
        srpm_from_directory(root, tmp_path)
