"""The SELinux module for operators, compiled. A policy in force takes a host that has one."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from koji_adjutant.cli.checks.selinux import CONTAINERS_FILES, LEVEL, MODULE, MODULES_PATHS
from koji_adjutant.config.adjutant import AdjutantOptions
from koji_adjutant.config.kojid import KojidOptions
from tests.support.command import said

PROJECT = Path(__file__).parents[2]
BASE = Path(__file__).with_name("selinux_base.cil")
OURS = PROJECT / "contrib/selinux" / MODULE.name
SHARED = f"system_u:object_r:{CONTAINERS_FILES}:{LEVEL}"

pytestmark = pytest.mark.skipif(
    not (shutil.which("secilc") and shutil.which("matchpathcon", path="/usr/sbin:/usr/bin")),
    reason="SELinux's compiler is not here: `tools/host-packages servers` installs it",
)


@pytest.fixture(scope="module")
def contexts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file contexts of a policy with the module in it, compiled as a host has them."""
    place = tmp_path_factory.mktemp("selinux")
    said(["secilc", "-o", "policy", "-f", "contexts", BASE, OURS], place)
    said(["/usr/sbin/sefcontext_compile", "-p", "policy", "contexts"], place)
    return place / "contexts"


def context(contexts: Path, path: str | Path) -> str:
    return said(["/usr/sbin/matchpathcon", "-n", "-f", contexts, path], contexts.parent).strip()


@pytest.mark.parametrize("path", MODULES_PATHS)
def test_what_containers_share(contexts: Path, path: str) -> None:
    assert context(contexts, path) == SHARED
    assert context(contexts, f"{path}/cache/roots/a1b2/usr/bin/true") == SHARED


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("/var/lib/koji-adjutant2", "system_u:object_r:var_lib_t:s0"),
        ("/var/lib/koji/adjutant", "system_u:object_r:var_lib_t:s0"),
        ("/var/tmp/koji2", "<<none>>"),
    ],
)
def test_nothing_else_is_theirs(contexts: Path, path: str, label: str) -> None:
    assert context(contexts, path) == label


def test_the_directories_are_the_default_ones() -> None:
    assert (str(AdjutantOptions().state_dir), KojidOptions().workdir) == MODULES_PATHS


def test_a_policy_without_containers_is_named(tmp_path: Path) -> None:
    """Rather than contexts that mean nothing: where container-selinux is missing, `semodule` says so."""
    base = tmp_path / "base.cil"
    base.write_text("\n".join(line for line in BASE.read_text().splitlines() if CONTAINERS_FILES not in line))
    done = subprocess.run(
        ["secilc", "-o", "policy", "-f", "contexts", base, OURS],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "filecon" in done.stdout + done.stderr
