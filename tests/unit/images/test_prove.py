"""What is said of an image whose tools are missing or do nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from koji_adjutant.images.proof import PROGRAMS
from koji_adjutant.images.tool.prove import FOUND, RUN


def said(path: Path, kind: str = "wrong") -> list[str]:
    """By an interpreter that sees no system packages."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", str(PROGRAMS / "prove.py")],
        env={"PATH": str(path)}, stdout=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    found: list[str] = json.loads(done.stdout.splitlines()[-1])[kind]
    assert done.returncode == 1
    return found


@pytest.fixture
def fakes(tmp_path: Path) -> Path:
    """Programs of all names that succeed and do nothing."""
    for name in (*RUN, *FOUND):
        program = tmp_path / name
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
    return tmp_path


def test_missing_tools_modules_and_resolvers_are_named(tmp_path: Path) -> None:
    found = said(tmp_path)
    assert f"it cannot run {', '.join([*RUN, *FOUND])}" in found
    assert "it has no package resolver: neither python3-dnf nor python3-libdnf5" in found
    assert found[-1].startswith("its rpmbuild builds no package: ")


def test_a_tool_that_fails_has_the_last_word(fakes: Path) -> None:
    (fakes / "createrepo_c").write_text(
        '#!/bin/sh\n[ "$1" = --version ] || { echo no space left; exit 1; }\n'
    )
    assert said(fakes)[-1] == "its createrepo_c makes no repository: no space left"


def test_a_tool_that_does_nothing_is_found_out(fakes: Path) -> None:
    assert said(fakes)[-1] == "its createrepo_c makes no repository, and says nothing"


def test_what_only_some_tasks_need_is_no_fault(fakes: Path) -> None:
    lfs, svn, cvs, ssh, cheetah = said(fakes, "lacking")
    assert lfs == "it has no git-lfs: what git repositories keep with Git LFS cannot be fetched"
    assert svn == "it has no svn: checkouts from svn cannot be done"
    assert cvs == "it has no cvs: checkouts from cvs cannot be done"
    assert ssh == "it has no ssh: checkouts over ssh cannot be done"
    assert cheetah.startswith("its python3 cannot import Cheetah, which python3-cheetah has (")
    assert cheetah.endswith("): wrapperRPM tasks cannot be done")
